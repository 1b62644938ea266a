"""The client stands by itself: it imports nothing of the app, and its package says all that it needs."""

import ast
import sys
import tomllib
from pathlib import Path

import pytest

import acsrec
from tests.unit.test_architecture import FILE_LINES_MAX, FUNCTION_LINES_MAX

ROOT = Path(__file__).parents[3]
CLIENT = ROOT / "client"
MODULES = {path.name: ast.parse(path.read_text()) for path in sorted((CLIENT / "acsrec").glob("*.py"))}
EXAMPLES = {
    f"../examples/{path.name}": ast.parse(path.read_text()) for path in sorted((CLIENT / "examples").glob("*.py"))
}
PROJECT = tomllib.loads((CLIENT / "pyproject.toml").read_text())["project"]


def imported(tree: ast.AST) -> set[str]:
    """The packages that a module imports."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


def test_it_imports_what_its_package_names_and_nothing_else() -> None:
    needed = {requirement.partition(">")[0] for requirement in PROJECT["dependencies"]}
    imports = set().union(*map(imported, MODULES.values())) - set(sys.stdlib_module_names)

    assert imports == needed | {"acsrec"}


def test_the_examples_import_nothing_of_the_app() -> None:
    assert set().union(*map(imported, EXAMPLES.values())) & {"shared", "functions", "local", "infra", "tests"} == set()


def test_the_tests_run_with_versions_that_the_package_allows() -> None:
    locked = dict(
        line.split(" ")[0].split("==")
        for line in (ROOT / "requirements-dev.txt").read_text().splitlines()
        if "==" in line and line[0] != " "
    )
    least = dict(requirement.split(",")[0].split(">=") for requirement in PROJECT["dependencies"])

    assert {name for name, version in least.items() if numbers(locked[name]) < numbers(version)} == set()


def numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


@pytest.mark.parametrize("name", [*MODULES, *EXAMPLES])
def test_a_module_says_what_it_is_and_can_be_read_in_one_go(name: str) -> None:
    tree = (MODULES | EXAMPLES)[name]
    lines = (CLIENT / "acsrec" / name).read_text().splitlines()
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]

    assert ast.get_docstring(tree)
    assert len(lines) <= FILE_LINES_MAX
    assert [one.name for one in functions if (one.end_lineno or 0) - one.lineno >= FUNCTION_LINES_MAX] == []
    assert "type: ignore" not in "\n".join(lines)


def test_it_is_typed_and_has_the_licence_of_the_app() -> None:
    assert (CLIENT / "acsrec" / "py.typed").exists()
    assert (CLIENT / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_it_exports_what_it_says() -> None:
    assert len(set(acsrec.__all__)) == len(acsrec.__all__)
    assert all(hasattr(acsrec, name) for name in acsrec.__all__)


def test_the_command_is_installed_by_set_up() -> None:
    assert PROJECT["scripts"] == {"acsrec": "acsrec.command:app"}
    assert "--no-index --no-deps --no-build-isolation -e ./client" in (ROOT / "Makefile").read_text()
