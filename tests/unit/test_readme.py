"""The front door tells the truth: README and code say the same."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from functions import create_app
from shared.domain.models import ChunkStatus, RecordingStatus
from shared.services import Services
from shared.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
MINIMAL = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "ACS_ENDPOINT": "https://contoso.communication.azure.com",
}


class Asked(dict[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__(MINIMAL)
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)


def settings_read_by_code() -> set[str]:
    """Without those under the prefix of a connection, which the text below the table tells of."""
    asked = Asked()
    Settings.from_environment(asked)
    return {name for name in asked.names if "__" not in name}


def settings_in_readme() -> dict[str, str]:
    section = README.partition("## Settings")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)` \|.*\| ([^|]+) \|$", section, re.MULTILINE))


def routes_in_readme() -> set[tuple[str, str]]:
    return set(re.findall(r"^\| `(GET|POST) /api/([^`]+)` \|", README, re.MULTILINE))


def routes_of_the_app() -> set[tuple[str, str]]:
    app = create_app(Services({}))
    triggers = [trigger.get_dict_repr() for function in app.get_functions() if (trigger := function.get_trigger())]
    return {
        (str(method), trigger["route"])
        for trigger in triggers
        if trigger["type"] == "httpTrigger"
        for method in trigger["methods"]
    }


def test_every_setting_that_the_code_reads_is_in_the_table_and_no_other() -> None:
    assert settings_read_by_code() == set(settings_in_readme())


def test_every_setting_is_in_the_example_file_and_no_other() -> None:
    example = json.loads((ROOT / "local.settings.example.json").read_text())["Values"]

    assert set(example) - {"FUNCTIONS_WORKER_RUNTIME"} == settings_read_by_code()


def test_defaults_in_the_table_are_the_code_s() -> None:
    table = {name: default.strip("` ") for name, default in settings_in_readme().items() if default.startswith("`")}

    told = Settings.from_environment(MINIMAL | table)

    assert told == Settings.from_environment(MINIMAL)


def test_every_route_is_in_the_table_and_no_other() -> None:
    assert routes_in_readme() == routes_of_the_app()


@pytest.mark.parametrize("status", [*RecordingStatus, *ChunkStatus])
def test_every_status_is_explained(status: str) -> None:
    assert f"`{status}`" in README


def test_the_two_commands_are_targets() -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert {"demo", "test", "local", "bench", "package", "lock"} <= set(targets)


def test_every_file_that_is_linked_exists() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)

    assert [link for link in links if not (ROOT / link).exists()] == []
