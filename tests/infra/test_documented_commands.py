"""Every command that a document or a hook names exists with those options, and what it promises to print is printed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from infra import package
from local.stack import ROOT
from tests.builders import file_ready_event, keep_at_acs
from tests.fakes import Cloud, FakeHost
from tests.unit.app import App

from .bicep_tree import INFRA, read
from .documented_commands import GRAMMAR, SPAN, Command, commands, shell_texts, wrong

DOCUMENTS = sorted([*(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY")), *ROOT.glob("docs/*.md")])
HOOKS = sorted((INFRA / "hooks").glob("*.sh"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
OPERATIONS = ROOT / "docs" / "operations.md"
PROGRAMS = frozenset(GRAMMAR)
OWN = frozenset({"make", "python", "python3", f"python{(ROOT / '.python-version').read_text().strip()}"})
ROUTES = {
    (method.upper(), re.compile(re.sub(r"\{\w+\}", "[^/?]+", path) + r"(\?.*)?")): set(operation["responses"])
    for path, methods in json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"].items()
    for method, operation in methods.items()
} | {("GET", re.compile("/api/openapi.json")): {"200"}}
FUNCTION = re.compile(r"/admin/functions/(\w+)")


def named(path: Path, programs: frozenset[str] = PROGRAMS) -> Iterator[Command]:
    """Every command of these programs in a document, a hook, a workflow or a script's messages."""
    source = path.read_text()
    if path.suffix == ".sh":
        texts: list[str] = [re.sub(r"^\s*#.*$", "", source, flags=re.MULTILINE)]
    elif path.suffix == ".py":
        texts = SPAN.findall(source)
    elif path.suffix == ".yml":
        jobs = yaml.safe_load(source)["jobs"].values()
        texts = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    else:
        texts = list(shell_texts(source))
    for text in texts:
        yield from (command for command in commands(text, programs) if len(command.words) > 1)


@pytest.mark.parametrize(
    "path", [*DOCUMENTS, *HOOKS, *WORKFLOWS, INFRA / "preflight.py"], ids=lambda path: str(path.name)
)
def test_every_command_exists_with_those_options(path: Path) -> None:
    assert [complaint for command in named(path) for complaint in wrong(command)] == []


def test_the_commands_are_found() -> None:
    (deploy, operations) = (list(named(ROOT / "docs" / name)) for name in ("deploy.md", "operations.md"))

    assert min(len(deploy), len(operations)) > 30
    assert {command.words[0] for command in deploy} == {"az", "azd", "curl", "func", "gh"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("az functionapp keys lists -g x", "no such command: az functionapp keys lists -g x"),
        ("azd provision --nostate", "azd provision has no --nostate"),
        ('key="$(az functionapp keys list --group x)"', "az functionapp keys list has no --group"),
        ("echo x | while read -r y; do az rest --verb post; done", "az rest has no --verb"),
        ("cd x && func azure functionapp publish NAME --phyton", "func azure functionapp publish has no --phyton"),
    ],
)
def test_a_command_that_is_none_is_noticed(text: str, complaint: str) -> None:
    assert [found for command in commands(text, PROGRAMS) for found in wrong(command)] == [complaint]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.name))
def test_values_of_the_environment_are_outputs_of_the_templates(path: Path) -> None:
    used = {command.words[3] for command in named(path) if command.words[:3] == ("azd", "env", "get-value")}

    assert used <= set(read(INFRA)["main.bicep"].named("output"))


def test_targets_of_make_are_there() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    used = {
        command.words[1]
        for path in DOCUMENTS
        for command in named(path, frozenset({"make"}))
        if re.fullmatch(r"[a-z]+", command.words[1])
    }

    assert used - targets == set()


def test_scripts_of_ours_are_there_and_take_these_options() -> None:
    helped = subprocess.run([sys.executable, package.__file__, "--help"], capture_output=True, text=True, check=True)
    wrong_options = [
        (path.name, str(command))
        for path in DOCUMENTS
        for command in named(path, OWN - {"make"})
        if command.words[1:2] == ("infra/package.py",)
        for option in command.options
        if option not in helped.stdout
    ]
    scripts = {
        command.words[1]
        for path in DOCUMENTS
        for command in named(path, OWN - {"make"})
        if command.words[1].endswith(".py")
    }

    assert wrong_options == []
    assert [script for script in scripts if not (ROOT / script).is_file()] == []


def request_of(command: Command) -> tuple[str, str]:
    """Method and path that a call of curl asks for; no path where the address is a variable's."""
    words = list(command.words)
    method = words[words.index("-X") + 1] if "-X" in words else "POST" if "-d" in words else "GET"
    return method, next((found[0] for word in words if (found := re.search(r"/(api|admin)/.*", word))), "")


def statuses_of(method: str, path: str) -> set[str]:
    """What the app may answer; empty: there is no such route."""
    return next((known for (verb, route), known in ROUTES.items() if verb == method and route.fullmatch(path)), set())


# docs/local.md asks the simulator, too; tests/e2e/test_local_doc.py runs what stands there.
@pytest.mark.parametrize(
    "path", [path for path in DOCUMENTS if path.name != "local.md"], ids=lambda path: str(path.name)
)
def test_what_curl_asks_for_is_a_route_of_the_app(path: Path, cloud: Cloud) -> None:
    functions = set(App(cloud).functions)
    unknown = []
    for command in named(path, frozenset({"curl"})):
        method, asked = request_of(command)
        if triggered := FUNCTION.fullmatch(asked):
            unknown += [] if method == "POST" and triggered[1] in functions else [str(command)]
        elif asked and not statuses_of(method, asked):
            unknown.append(str(command))

    assert unknown == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.name))
def test_a_status_that_is_promised_is_one_of_the_route(path: Path) -> None:
    promised = re.findall(r"`(curl [^`]+)`(?: answers)? (\d{3})\b", path.read_text())

    assert [
        (span, status)
        for span, status in promised
        for command in commands(re.sub(r"\s+", " ", span), frozenset({"curl"}))
        if status not in statuses_of(*request_of(command))
    ] == []


def health(cloud: Cloud) -> str:
    return as_sent(App(cloud).http("health"))


def dependencies(cloud: Cloud) -> str:
    return as_sent(App(cloud).http("health_dependencies"))


def as_sent(reply: tuple[int, object, dict[str, str]]) -> str:
    assert reply[0] == 200
    return json.dumps(reply[1], separators=(",", ":"))


def functions(cloud: Cloud) -> str:
    return str(len(App(cloud).functions))


def chunk(cloud: Cloud) -> str:
    cloud.configure(UNKNOWN_RECORDINGS="manage")
    keep_at_acs(cloud, 1)
    host = FakeHost(cloud)
    host.publish(file_ready_event(1))
    host.settle()
    return cloud.chunk().status.value


# Of what the checklist expects: who prints it here.
PRINTED: dict[str, Callable[[Cloud], str]] = {
    "the app is indexed": functions,
    "its settings are right": health,
    "its roles have arrived, and the way out of a network is open": dependencies,
    "ACS takes tokens, for downloads and deletions too": chunk,
}


def checklist() -> dict[str, str]:
    """What is settled, and what is expected then."""
    section = OPERATIONS.read_text().partition("## What only Azure can settle")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \|.* \| (.+?) \|$", section, re.MULTILINE)
    return {settled: expected for settled, expected in rows if settled not in {"what is settled", "---"}}


def test_what_the_checklist_expects_is_marked_as_azure_s_or_printed_here() -> None:
    ours = {settled for settled, expected in checklist().items() if not expected.endswith("(Azure's)")}

    assert len(checklist()) > 10
    assert ours == set(PRINTED)


@pytest.mark.parametrize("settled", PRINTED)
def test_what_the_checklist_expects_of_the_app_is_what_it_prints(settled: str, cloud: Cloud) -> None:
    told = re.findall(r"`([^`]+)`", checklist()[settled])[-1]

    assert told == PRINTED[settled](cloud)
