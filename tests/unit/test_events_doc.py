"""docs/api.md says of events what the code sends: types, keys, fields, waits, an example of each kind, five lines."""

import json
import re
import textwrap
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from shared.domain import blob_names
from shared.domain.durations import (
    EVENT_GIVEN_UP,
    EVENT_RETRY_FIRST,
    EVENT_RETRY_MAX,
    TOPIC_CONNECT_SECONDS,
    TOPIC_READ_SECONDS,
    WARNINGS,
)
from shared.domain.event_data import DATA, FAILED_CHUNKS_MAX, CompletedData, EventData, FailedChunk
from shared.domain.recording_event import SOURCE, CloudEventView, EventType, EventView
from shared.domain.statuses import ChunkStatus, RecordingStatus
from tests.builders import a_chunk
from tests.unit.test_api_doc import blocks, section

EXAMPLES = Path(__file__).parents[2] / "client" / "examples"
EVENTS = section("Events")
PROSE = " ".join(EVENTS.split())
ROWS = {
    type: (key, data)
    for type, key, data in re.findall(r"^\| `(CallRecording\.\w+)` \| `(\S+)` \| (.*?) ?\|$", EVENTS, re.MULTILINE)
}


def fields(struct: type[msgspec.Struct]) -> tuple[str, ...]:
    return struct.__struct_encode_fields__


def named(text: str) -> list[str]:
    """The fields that a text names, in its order."""
    return re.findall(r"`(\w+)`", text)


def test_every_type_is_in_the_table_under_its_key() -> None:
    assert list(ROWS) == [type.value for type in DATA]
    assert [key.partition(":")[0] for key, _ in ROWS.values()] == [type.word for type in DATA]


@pytest.mark.parametrize("type", [type for type in DATA if type is not EventType.FAILED])
def test_the_fields_of_a_type_are_those_that_are_sent(type: EventType) -> None:
    own = [name for name in fields(DATA[type]) if name not in fields(EventData)]

    assert named(ROWS[type][1]) == own


def test_the_fields_of_a_failure_are_those_that_are_sent() -> None:
    own, _, chunk = ROWS[EventType.FAILED][1].partition(f"(the first {FAILED_CHUNKS_MAX} of them: ")

    assert named(own) == [name for name in fields(DATA[EventType.FAILED]) if name not in fields(EventData)]
    assert named(chunk) == list(fields(FailedChunk))


def test_what_every_event_says_is_told() -> None:
    listed = re.findall(r"`data` of every type has (.*?);", PROSE)[0]

    assert named(listed) == list(fields(EventData))


def test_the_example_is_an_event_as_it_is_sent() -> None:
    (text,) = blocks("Events")
    document = json.loads(text)
    data = document["data"]

    event = msgspec.convert(document, CloudEventView)
    msgspec.convert(data, CompletedData)

    assert list(document) == list(fields(CloudEventView))
    assert list(data) == list(fields(CompletedData))
    assert event.source.startswith(SOURCE)
    assert (event.id, event.subject) == (f"{data['id']}/Completed:1", f"recordings/{data['id']}")
    assert event.dataschema == "urn:call-recording:completed:1"
    assert event.time == data["completedAt"]


def test_the_example_is_the_recording_whose_life_is_shown() -> None:
    _, completed = map(json.loads, blocks("One recording"))
    (event,) = map(json.loads, blocks("Events"))

    same = [name for name in fields(CompletedData) if name in completed and name != "chunks"]
    assert [event["data"][name] for name in same] == [completed[name] for name in same]
    assert (event["data"]["chunks"], event["data"]["bytes"]) == (1, completed["chunks"][0]["bytes"])


def test_every_status_and_every_type_has_its_place_in_the_table_of_states() -> None:
    text = section("States and what tells of them")

    assert [status for status in RecordingStatus if f"`{status}`" not in text] == []
    assert f"`{ChunkStatus.STORED}`" in text
    assert [type for type in EventType if f"`.{type.word}`" not in text] == []
    first, last = (warning // timedelta(hours=1) for warning in WARNINGS)
    assert f"{first} and {last} hours before" in text


def test_the_waits_are_those_of_the_code() -> None:
    assert f"within {TOPIC_CONNECT_SECONDS + TOPIC_READ_SECONDS:g} seconds" in PROSE
    assert f"after {EVENT_RETRY_FIRST.seconds // 60} to {EVENT_RETRY_MAX.seconds // 60} minutes" in PROSE
    assert f"After {EVENT_GIVEN_UP // timedelta(hours=1)} hours an alert says so" in PROSE


def test_what_the_list_of_events_answers_is_explained() -> None:
    told = named(PROSE.partition("lists them")[2])

    assert set(fields(EventView)) - {"key", "id", "type", "time"} <= set(told)


def test_no_event_has_a_link_or_a_participant() -> None:
    structs: list[type[msgspec.Struct]] = [*DATA.values(), FailedChunk]
    names = {name.lower() for struct in structs for name in fields(struct)}

    assert "**No links, no participants**" in EVENTS
    assert [name for name in names if re.search("url|link|location|participant", name)] == []


def test_every_example_is_linked_or_imported_by_one_that_is() -> None:
    linked = set(re.findall(r"client/examples/(\w+)\.py", section("Consuming events")))

    assert linked == {path.stem for path in EXAMPLES.glob("*.py")} - {"__init__"}


def test_the_five_lines_are_those_of_the_example() -> None:
    (lines,) = blocks("Consuming events", "python")

    assert len(lines.splitlines()) == 5
    assert lines in (EXAMPLES / "call_automation.py").read_text()
    compile(textwrap.dedent(lines), "docs/api.md", "exec")


def test_the_filter_of_the_event_without_a_topic_picks_manifests_and_nothing_else() -> None:
    (text,) = blocks("Consuming events")
    subject = json.loads(text)["subject"]
    folder = "2026/11/27/7911f906-d914-5bfe-8c55-39c10b5f73c6"
    chunk = a_chunk()

    def picked(blob: str) -> bool:
        return blob.endswith(".json") and "/recording." in f"/{blob}"

    assert "subject ends with `.json` and has `/recording.` in it" in " ".join(section("Consuming events").split())
    assert subject.endswith(blob_names.manifest_blob(folder, 1))
    assert all(picked(blob_names.manifest_blob(folder, number)) for number in (1, 2, 10))
    assert not any(picked(str(blob)) for blob in (chunk.content_blob, chunk.metadata_blob))
