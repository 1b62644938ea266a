"""The deployments of infra/cases: their parameters, and how many resources each makes."""

from __future__ import annotations

import re
from pathlib import Path

from .bicep_tree import INFRA, declared, literal, parsed

FOLDER = INFRA / "cases"
# Counted by the compiler's `snapshot` for the cases there were when it was last at hand, and on the syntax tree, which
# gave the same, for all of them.
RESOURCES = {
    "alert-email": 77,
    "always-ready": 76,
    "app-settings": 76,
    "built-in-roles": 75,
    "defaults": 76,
    "developer": 82,
    "easy-auth": 77,
    "event-subscription": 77,
    "everything": 103,
    "existing-acs": 75,
    "existing-topic": 74,
    "immutability": 77,
    "kept-events": 76,
    "least-privilege": 77,
    "listeners": 93,
    "manifests-to-a-queue": 77,
    "no-events": 69,
    "nothing-expires": 76,
    "operator": 80,
    "own-storage": 79,
    "topic-to-a-queue": 78,
    "vault": 76,
    "virtual-network": 93,
}


def parameters_of(path: Path) -> dict[str, str]:
    """What a .bicepparam file sets to a value that is written out."""
    assigned = parsed(re.sub(r"(?m)^param ", "var ", path.read_text()).encode())
    values = {found.name: literal(found.default) for found in declared(path.name, assigned)}
    return {name: value for name, value in values.items() if value is not None}
