"""The deployments of infra/cases: their parameters, and how many resources each makes."""

from __future__ import annotations

import re
from pathlib import Path

from .bicep_tree import INFRA, declared, literal, parsed

FOLDER = INFRA / "cases"
# Counted by the compiler's `snapshot` for the cases there were when it was last at hand, and on the syntax tree, which
# gave the same, for all of them.
RESOURCES = {
    "alert-email": 71,
    "always-ready": 70,
    "app-settings": 70,
    "defaults": 70,
    "developer": 76,
    "easy-auth": 71,
    "event-subscription": 71,
    "everything": 95,
    "existing-acs": 69,
    "existing-topic": 68,
    "immutability": 71,
    "manifests-to-a-queue": 71,
    "no-events": 63,
    "nothing-expires": 70,
    "operator": 74,
    "own-storage": 73,
    "topic-to-a-queue": 72,
    "vault": 70,
    "virtual-network": 85,
}


def parameters_of(path: Path) -> dict[str, str]:
    """What a .bicepparam file sets to a value that is written out."""
    assigned = parsed(re.sub(r"(?m)^param ", "var ", path.read_text()).encode())
    values = {found.name: literal(found.default) for found in declared(path.name, assigned)}
    return {name: value for name, value in values.items() if value is not None}
