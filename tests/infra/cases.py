"""The deployments of infra/cases: their parameters, and how many resources each makes."""

from __future__ import annotations

import re
from pathlib import Path

from .bicep_tree import INFRA, declared, literal, parsed

FOLDER = INFRA / "cases"
# Counted by the compiler's `snapshot` for the cases there were when it was last at hand, and on the syntax tree, which
# gave the same, for all of them.
RESOURCES = {
    "alert-email": 69,
    "always-ready": 68,
    "app-settings": 68,
    "defaults": 68,
    "easy-auth": 69,
    "event-subscription": 69,
    "everything": 93,
    "existing-acs": 67,
    "existing-topic": 66,
    "immutability": 69,
    "manifests-to-a-queue": 69,
    "no-events": 61,
    "nothing-expires": 68,
    "operator": 72,
    "own-storage": 71,
    "topic-to-a-queue": 70,
    "vault": 68,
    "virtual-network": 83,
}


def parameters_of(path: Path) -> dict[str, str]:
    """What a .bicepparam file sets to a value that is written out."""
    assigned = parsed(re.sub(r"(?m)^param ", "var ", path.read_text()).encode())
    values = {found.name: literal(found.default) for found in declared(path.name, assigned)}
    return {name: value for name, value in values.items() if value is not None}
