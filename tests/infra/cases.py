"""The deployments of infra/cases: their parameters, and how many resources each makes."""

from __future__ import annotations

import re
from pathlib import Path

from .bicep_tree import INFRA, declared, literal, parsed

FOLDER = INFRA / "cases"
# Counted by the compiler's `snapshot` for the cases there were when it was last at hand, and on the syntax tree, which
# gave the same, for all of them.
RESOURCES = {
    "alert-email": 73,
    "always-ready": 72,
    "app-settings": 72,
    "built-in-roles": 71,
    "defaults": 72,
    "developer": 78,
    "easy-auth": 73,
    "event-subscription": 73,
    "everything": 97,
    "existing-acs": 71,
    "existing-topic": 70,
    "immutability": 73,
    "kept-events": 72,
    "least-privilege": 73,
    "manifests-to-a-queue": 73,
    "no-events": 65,
    "nothing-expires": 72,
    "operator": 76,
    "own-storage": 75,
    "topic-to-a-queue": 74,
    "vault": 72,
    "virtual-network": 87,
}


def parameters_of(path: Path) -> dict[str, str]:
    """What a .bicepparam file sets to a value that is written out."""
    assigned = parsed(re.sub(r"(?m)^param ", "var ", path.read_text()).encode())
    values = {found.name: literal(found.default) for found in declared(path.name, assigned)}
    return {name: value for name, value in values.items() if value is not None}
