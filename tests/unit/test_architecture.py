"""The import rule and the size of things, kept by tests rather than by memory."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.fakes import ENVIRONMENT

ROOT = Path(__file__).parents[2]
PRODUCTION = sorted([ROOT / "function_app.py", *ROOT.glob("functions/**/*.py"), *ROOT.glob("shared/**/*.py")])

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 400

# The folders are the layers: a module imports from its own and from those below.
LAYERS = [
    {"function_app"},
    {"functions"},
    {"shared.services"},
    {"shared.adapters", "shared.api", "shared.pipeline"},
    {"shared.control", "shared.copying"},
    {"shared.settings", "shared.connection_settings", "shared.settings_reader"},
    {"shared.domain"},
]
USE_CASES = {"shared.api", "shared.control", "shared.copying", "shared.pipeline"}
SDKS = {"azure", "jwt", "requests", "aiohttp"}
LAZY = [*(f"azure.{name}" for name in ("storage", "data", "identity", "communication", "core")), *(SDKS - {"azure"})]

# All that indexing imports of the app itself: no use case, nothing of the API. What is not here waits for a first call.
INDEXED = {
    "shared.services",
    "shared.adapters",
    "shared.adapters.connected",
    "shared.settings",
    "shared.settings_reader",
    "shared.connection_settings",
}
INDEXED_OF_DOMAIN = {
    f"shared.domain.{name}"
    for name in ("durations", "errors", "locked_properties", "log", "log_values", "log_words", "urls")
}
INDEXED_LIBRARIES = {"msgspec", "typing_extensions"}  # the second by the first


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module(path): ast.parse(path.read_text()) for path in PRODUCTION}


ADAPTERS = {name for name in MODULES if name.startswith("shared.adapters.")}
FUNCTIONS = {name for name in MODULES if name.split(".")[0] == "functions"}


def statements(tree: ast.AST, *, typing: bool) -> Iterator[ast.AST]:
    """Every statement; those that only a type checker sees when they are asked for."""
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, ast.stmt | ast.excepthandler):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" and not typing:
            continue
        yield node
        yield from statements(node, typing=typing)


@cache
def imports(name: str, *, typing: bool = False) -> set[str]:
    """What a module imports, by the longest names that say it."""
    found: set[str] = set()
    for node in statements(MODULES[name], typing=typing):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def within(name: str, packages: set[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def modules_of(names: set[str]) -> set[str]:
    """The production modules among imported names: a name may be one, or something in one."""
    return {part for name in names for part in (name, name.rpartition(".")[0]) if part in MODULES}


def layer(name: str) -> int:
    return next(number for number, packages in enumerate(LAYERS) if within(name, packages))


def test_every_module_has_its_place() -> None:
    assert [name for name in MODULES if not any(within(name, packages) for packages in LAYERS)] == ["shared"]


@pytest.mark.parametrize("name", sorted(set(MODULES) - {"shared"}))
def test_imports_point_inward(name: str) -> None:
    upward = {other for other in modules_of(imports(name, typing=True)) - {"shared"} if layer(other) < layer(name)}

    assert upward == set()


def test_there_are_no_cycles() -> None:
    graph = {name: modules_of(imports(name)) - {name, "functions", "shared"} for name in MODULES}

    assert len(list(TopologicalSorter(graph).static_order())) == len(graph)


def test_only_the_composition_root_knows_adapters() -> None:
    knowing = {name for name in MODULES if any(within(found, {"shared.adapters"}) for found in imports(name))}

    assert {name for name in knowing if not within(name, {"shared.adapters"})} == {"shared.services"}
    assert {found for found in imports("shared.services") if within(found, {"shared.adapters"})} == {
        "shared.adapters.connected.ConnectedAdapters"
    }


def test_adapters_know_nothing_of_the_use_cases() -> None:
    known = {
        found
        for name in MODULES
        if within(name, {"shared.adapters"})
        for found in modules_of(imports(name, typing=True))
        if within(found, USE_CASES)
    }

    assert known == set()


def test_only_the_edges_know_azure() -> None:
    knowing = {(name, found) for name in MODULES for found in imports(name) if within(found, SDKS)}

    assert {name for name, found in knowing if not within(found, {"azure.functions"})} <= ADAPTERS
    assert {name for name, found in knowing if within(found, {"azure.functions"})} <= FUNCTIONS


def test_production_never_imports_tests_or_the_local_stack() -> None:
    foreign = {"tests", "local", "acsrec"}

    assert not [name for name in MODULES if any(within(found, foreign) for found in imports(name, typing=True))]


@pytest.mark.parametrize("folder", ["tests/", "local/", "infra/", "client/"])
def test_what_is_not_the_app_is_never_deployed(folder: str) -> None:
    assert folder in (ROOT / ".funcignore").read_text().splitlines()


def functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    for name, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                yield name, node


def test_functions_fit_a_screen() -> None:
    lengths = {f"{name}.{node.name}": (node.end_lineno or 0) - node.lineno + 1 for name, node in functions()}

    assert {name: length for name, length in lengths.items() if length > FUNCTION_LINES_MAX} == {}


def test_files_can_be_read_in_one_go() -> None:
    lengths = {path.name: len(path.read_text().splitlines()) for path in PRODUCTION}

    assert {name: length for name, length in lengths.items() if length > FILE_LINES_MAX} == {}


def test_only_replies_and_units_catch_whatever_comes() -> None:
    broad = {
        (name, ast.unparse(node.type) if node.type else "everything")
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
    }

    assert broad == {("shared.api.http_replies", "Exception"), ("shared.domain.units", "Exception")}


def test_the_open_work_index_is_written_in_one_module_only() -> None:
    writers = {
        name
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"put_entries", "remove_entry"}
    }

    assert writers == {"shared.domain.open_work"}


def test_every_module_says_what_it_is_about() -> None:
    assert [name for name, tree in MODULES.items() if not ast.get_docstring(tree)] == []


def test_the_types_of_production_code_are_never_silenced() -> None:
    assert [path.name for path in PRODUCTION if "type: ignore" in path.read_text()] == []


DURATIONS = "shared.domain.durations"
DURATION_CONSTANT = re.compile(r"(?:^|_)(?:MILLISECONDS|SECONDS|MINUTES|HOURS|DAYS|LIFETIME|PATIENCE)(?:_|$)")
DURATION_ARGUMENT = re.compile(r"(?i)seconds|minutes|hours|days|timeout|lifetime|lifespan|leeway|backoff|wait")
UNITS = {0, 1}  # no time, or one of a unit: a calendar day back, milliseconds as such, hours left


def has_number(node: ast.expr | None) -> bool:
    """Whether a number stands in an expression that is more than nothing or one of a unit."""
    literals = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)] if node else []
    return any(isinstance(value, int | float) and value not in UNITS for value in literals)


def defaults(arguments: ast.arguments) -> Iterator[tuple[str, ast.expr | None]]:
    positional = [*arguments.posonlyargs, *arguments.args]
    with_default = positional[len(positional) - len(arguments.defaults) :]
    yield from zip((one.arg for one in with_default), arguments.defaults, strict=True)
    yield from zip((one.arg for one in arguments.kwonlyargs), arguments.kw_defaults, strict=True)


def durations_in(tree: ast.Module) -> Iterator[str]:
    """Constants, default and keyword arguments, dictionary values and timedeltas that say how long something is."""
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            yield from (name for name in map(ast.unparse, targets) if DURATION_CONSTANT.search(name))
    for node in ast.walk(tree):
        named: list[tuple[str, ast.expr | None]] = []
        if isinstance(node, ast.FunctionDef):
            named = list(defaults(node.args))
        elif isinstance(node, ast.Call):
            named = [(keyword.arg or "", keyword.value) for keyword in node.keywords]
            if ast.unparse(node.func).endswith("timedelta") and has_number(node):
                yield ast.unparse(node)
        elif isinstance(node, ast.AnnAssign):
            named = [(ast.unparse(node.target), node.value)]
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            named = [(str(key.value), value) for key, value in pairs if isinstance(key, ast.Constant)]
        yield from (name for name, value in named if DURATION_ARGUMENT.search(name) and has_number(value))


def test_every_duration_stands_in_one_module() -> None:
    others = {name: tree for name, tree in MODULES.items() if name != DURATIONS}

    elsewhere = {(name, found) for name, tree in others.items() for found in durations_in(tree)}

    assert elsewhere == set()


@pytest.mark.parametrize(
    "source",
    [
        "CLAIM_SECONDS = 300",
        "LINK_LIFETIME: Final = 15",
        "PAUSE = timedelta(minutes=5)",
        "def f():\n    return now + datetime.timedelta(0, 60)",
        "def f(patience=timedelta(hours=2)): ...",
        "def f(*, timeout=10): ...",
        "send(read_timeout=5 * 60)",
        "OPTIONS = {'connection_timeout': 20}",
        "class Options:\n    timeout: int = 30",
    ],
)
def test_a_duration_is_found_wherever_it_stands(source: str) -> None:
    assert list(durations_in(ast.parse(source))) != []


@pytest.mark.parametrize("source", ["day = day - timedelta(days=1)", "timedelta(seconds=asked or 0)", "BLOCKS_MAX = 9"])
def test_a_unit_or_a_count_is_no_duration(source: str) -> None:
    assert list(durations_in(ast.parse(source))) == []


def loaded_by(statements: str) -> set[str]:
    """The modules that a fresh process has loaded after some statements."""
    script = f"{statements}; import sys; print(*sys.modules)"
    environment = {"PATH": os.environ["PATH"], **ENVIRONMENT}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_indexing_the_app_imports_what_its_functions_are_registered_with_and_nothing_else() -> None:
    of_any_app = loaded_by("import azure.functions")
    loaded = loaded_by("import function_app") - of_any_app

    own = {name for name in loaded if name in MODULES and not within(name, {"functions", "shared.domain"})}
    assert own - {"shared"} == {"function_app", *INDEXED}
    assert {name for name in loaded if within(name, {"shared.domain"})} == {"shared.domain", *INDEXED_OF_DOMAIN}
    assert {name for name in loaded if within(name, {"functions.replies", "functions.http_requests"})} == set()
    libraries = {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names - {"function_app"}
    assert libraries == {"functions", "shared", *INDEXED_LIBRARIES}


def test_indexing_the_app_imports_no_sdk() -> None:
    assert {name for name in loaded_by("import function_app") if within(name, set(LAZY))} == set()
