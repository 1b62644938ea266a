"""docs/settings.md says of each setting and of each value in host.json what the code and the file say."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shared.settings import Settings

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "settings.md").read_text()
HOST = json.loads((ROOT / "host.json").read_text())
MINIMAL = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "ACS_ENDPOINT": "https://contoso.communication.azure.com",
}


class RecordingEnvironment(dict[str, str]):
    """An environment that remembers which names were asked for."""

    def __init__(self) -> None:
        super().__init__(MINIMAL)
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)


def settings_read_by_code() -> set[str]:
    """Without those under the prefix of a connection, which have a section of their own."""
    environment = RecordingEnvironment()
    Settings.from_environment(environment)
    return {name for name in environment.names if "__" not in name}


def settings_in_table() -> dict[str, str]:
    table = DOCUMENT.partition("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)` \|.*\| ([^|]+) \|$", table, re.MULTILINE))


def values(tree: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The name and value of every leaf, as JSON writes it."""
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from values(value)
        else:
            yield name, value if isinstance(value, str) else json.dumps(value)


def test_every_setting_that_the_code_reads_is_in_the_table_and_no_other() -> None:
    assert set(settings_in_table()) == settings_read_by_code()


def test_every_setting_is_in_the_example_file_and_no_other() -> None:
    example = json.loads((ROOT / "local.settings.example.json").read_text())["Values"]

    assert set(example) - {"FUNCTIONS_WORKER_RUNTIME"} == settings_read_by_code()


def test_defaults_in_the_table_are_the_code_s() -> None:
    table = {name: default.strip("` ") for name, default in settings_in_table().items() if default.startswith("`")}

    assert Settings.from_environment(MINIMAL | table) == Settings.from_environment(MINIMAL)


def test_every_value_of_host_json_is_in_the_table_with_a_reason_and_no_other() -> None:
    section = DOCUMENT.partition("\n## host.json\n")[2]
    rows = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \| [^|]+ \|$", section, re.MULTILINE)

    assert sorted(rows) == sorted(values({name: HOST[name] for name in HOST if name != "version"}))
