"""The deployments of infra/cases: their parameters, and how many resources each makes."""

from __future__ import annotations

import re
from pathlib import Path

from .bicep_tree import INFRA, declared, literal, parsed

FOLDER = INFRA / "cases"
# Counted by the compiler's `snapshot` for the cases there were when it was last at hand, and on the syntax tree, which
# gave the same, for all of them.
RESOURCES = {
    "alert-email": 72,
    "always-ready": 71,
    "app-settings": 71,
    "defaults": 71,
    "developer": 77,
    "easy-auth": 72,
    "event-subscription": 72,
    "everything": 96,
    "existing-acs": 70,
    "existing-topic": 69,
    "immutability": 72,
    "kept-events": 71,
    "manifests-to-a-queue": 72,
    "no-events": 64,
    "nothing-expires": 71,
    "operator": 75,
    "own-storage": 74,
    "topic-to-a-queue": 73,
    "vault": 71,
    "virtual-network": 86,
}


def parameters_of(path: Path) -> dict[str, str]:
    """What a .bicepparam file sets to a value that is written out."""
    assigned = parsed(re.sub(r"(?m)^param ", "var ", path.read_text()).encode())
    values = {found.name: literal(found.default) for found in declared(path.name, assigned)}
    return {name: value for name, value in values.items() if value is not None}
