"""The simulator shares no code with the app: a mistake made once must not be made on both sides."""

import ast
from pathlib import Path

SIMULATOR = Path(__file__).parents[1]


def imported_roots(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    from_others = {node.module or "." for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in plain | from_others}


def test_the_simulator_imports_nothing_of_the_app() -> None:
    imported = {root for path in SIMULATOR.glob("*.py") for root in imported_roots(path)}

    assert "local" in imported
    assert not {"shared", "functions", "function_app"} & imported
