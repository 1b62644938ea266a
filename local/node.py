"""Node.js and the npm packages that `make setup` installs here: where they are, if they are."""

from __future__ import annotations

import shutil
from pathlib import Path

NODE_MODULES = Path(__file__).parent / "node_modules"


def find_node() -> str | None:
    return shutil.which("node")


def find_package(name: str) -> Path | None:
    """The folder of an npm package; None where it is not installed, or Node is not."""
    folder = NODE_MODULES / name
    return folder if find_node() and (folder / "package.json").exists() else None
