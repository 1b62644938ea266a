"""The front door is true: README and code say the same, and its examples are what the app answers."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from functions import create_app
from shared.api.operations import OPERATIONS
from shared.domain.blob_names import saved_as
from shared.domain.durations import (
    CLAIM_SECONDS,
    LINK_LIFETIME,
    MESSAGE_PATIENCE_CLAIMS,
    RENEWAL_SECONDS_MAX,
    RENEWALS_PER_CLAIM,
    RETRY_FIRST_SECONDS,
    RETRY_MAX_SECONDS,
    WARNINGS,
)
from shared.domain.statuses import ChunkStatus, RecordingStatus
from shared.services import Services
from tests.builders import OUR_ID, a_chunk
from tests.fakes import BEGINNING

README = (Path(__file__).parents[2] / "README.md").read_text()
LINES_MAX = 200
FUNCTIONS = create_app(Services({})).get_functions()


def section(title: str) -> str:
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def routes_in_table() -> set[tuple[str, str]]:
    return set(re.findall(r"^\| `(GET|POST) /api/([^`]+)` \|", section("API"), re.MULTILINE))


def routes_of_the_app() -> set[tuple[str, str]]:
    triggers = [trigger.get_dict_repr() for function in FUNCTIONS if (trigger := function.get_trigger())]
    return {
        (str(method), trigger["route"])
        for trigger in triggers
        if trigger["type"] == "httpTrigger"
        for method in trigger["methods"]
    }


def function_names() -> dict[tuple[str, str], str]:
    """The name of the function by (method, route)."""
    found = {}
    for function in FUNCTIONS:
        trigger = function.get_trigger()
        described = trigger.get_dict_repr() if trigger else {}
        if described.get("type") == "httpTrigger":
            (method,) = described["methods"]
            found[str(method), described["route"]] = str(function.get_function_name())
    return found


def test_the_statuses_in_the_table_are_those_of_the_operations() -> None:
    names = function_names()
    rows = re.findall(r"^\| `(GET|POST) /api/([^`]+)` \|.*\| ([^|]+) \|$", section("API"), re.MULTILINE)
    assert len(rows) == len(names)
    for method, route, listed in rows:
        operation = OPERATIONS.get(names[method, route])  # the document's own route is none of them
        if operation is not None:
            statuses = {int(status) for status in re.findall(r"\d{3}", listed)}
            assert set(operation.replies) <= statuses <= {*operation.replies, *operation.problems}, route


def test_it_is_read_in_one_go() -> None:
    assert len(README.splitlines()) <= LINES_MAX


def test_ten_lines_of_python_record_a_call_and_hold_its_files() -> None:
    (lines,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)

    assert len(lines.splitlines()) == 10
    compile(lines, "README.md", "exec")


def test_every_route_is_in_the_table_and_no_other() -> None:
    assert routes_in_table() == routes_of_the_app()


def test_what_the_quickstart_s_steps_become_is_there() -> None:
    rows = re.findall(r"^\| (\d) [^|]+\| ([^|]+) \|", section("From Microsoft's quickstart"), re.MULTILINE)
    told = "\n".join(here for _, here in rows)
    functions = {str(function.get_function_name()) for function in FUNCTIONS}

    assert [number for number, _ in rows] == list("1234567")
    assert set(re.findall(r"`(GET|POST) /api/([^`]+)`", told)) <= routes_of_the_app()
    assert set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", told)) <= functions


@pytest.mark.parametrize("status", [*RecordingStatus, *ChunkStatus])
def test_every_status_is_explained(status: str) -> None:
    assert f"`{status}`" in section("States")


def test_the_mechanism_has_the_durations_of_the_code() -> None:
    text = re.sub(r"\s+", " ", section("How it never loses a chunk"))
    first, last = (warning // timedelta(hours=1) for warning in WARNINGS)

    assert f"to itself ({CLAIM_SECONDS // 60} minutes, renewed each minute)" in text
    assert f"or {CLAIM_SECONDS * MESSAGE_PATIENCE_CLAIMS // 60} minutes after a message that no worker took" in text
    assert min(RENEWAL_SECONDS_MAX, CLAIM_SECONDS // RENEWALS_PER_CLAIM) == 60  # "renewed each minute"
    assert f"by {RETRY_FIRST_SECONDS // 60} to {RETRY_MAX_SECONDS // 60} minutes" in text
    assert f"{first} and {last} hours before `expires_at`" in text


def test_a_link_is_valid_for_as_long_as_it_says_and_saved_under_such_a_name() -> None:
    media = a_chunk().content_blob

    assert f"valid for {LINK_LIFETIME // timedelta(minutes=1)} minutes" in section("API")
    assert f"like `{saved_as(OUR_ID, BEGINNING, 0, media)}`" in section("API")
