"""The tests that a document names, as `path.py::name` below `tests/`, or below the root under `local/`."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)(?:\[(\w+)\])?`")


def names_in(path: str) -> set[str]:
    """The names of the tests of a file, by its syntax tree; none when there is no such file."""
    file = ROOT / path if path.startswith("local/") else ROOT / "tests" / path
    tree = ast.parse(file.read_text()) if file.exists() else ast.Module([], [])
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}
