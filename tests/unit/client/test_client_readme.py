"""client/README.md and README's section on it name commands, options, exit codes and methods that there are."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import acsrec
from acsrec.command import app
from acsrec.command_base import Exit
from acsrec.webhook import Webhook

ROOT = Path(__file__).parents[3]
README = (ROOT / "client" / "README.md").read_text()
FRONT = (ROOT / "README.md").read_text().partition("\n## One recording\n")[2].partition("\n## ")[0]
COMMANDS = {str(one.name or getattr(one.callback, "__name__", "")) for one in app.registered_commands}


def options(command: str) -> set[str]:
    return set(re.findall(r"--[a-z-]+", CliRunner().invoke(app, [command, "--help"]).stdout))


def test_every_command_is_in_the_table() -> None:
    rows = [line for line in README.splitlines() if line.startswith("| `acsrec ")]
    named = {word for row in rows for word in re.findall(r"`(?:acsrec )?([a-z-]+)(?: [A-Z]+)?`", row.split("|")[1])}

    assert named == COMMANDS


@pytest.mark.parametrize("line", [line for line in README.splitlines() if line.startswith("| `acsrec ")])
def test_the_options_of_the_table_are_there(line: str) -> None:
    command = re.findall(r"acsrec ([a-z-]+)", line)[0]

    assert set(re.findall(r"--[a-z-]+", line)) <= options(command)


def test_the_commands_of_the_front_door_are_there() -> None:
    named = re.findall(r"`acsrec ([a-z-]+)", FRONT)

    assert named
    assert set(named) <= COMMANDS


def test_every_exit_code_is_told() -> None:
    assert [int(code) for code in re.findall(r"^\| (\d) \|", README, re.MULTILINE)] == list(Exit)


@pytest.mark.parametrize("example", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_an_example_is_python_and_its_names_are_there(example: str) -> None:
    compile(example, "README.md", "exec")

    assert all(hasattr(acsrec, name) for name in re.findall(r"acsrec\.(\w+)", example))
    assert all(hasattr(acsrec.Client, name) for name in re.findall(r"client\.(\w+)", example))
    assert all(hasattr(Webhook, name) for name in re.findall(r"webhook\.([a-z]\w+)", example))


def test_the_methods_that_are_named_are_there() -> None:
    assert all(hasattr(acsrec.Client, name) for name in re.findall(r"`(\w+)\(\)`", README))
