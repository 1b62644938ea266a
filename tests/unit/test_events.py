"""File-ready events: both schemas, five subjects, whatever is optional, and whatever is wrong."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.acs_words import StorageType
from shared.domain.errors import NotUnderstood
from shared.domain.identifiers import normal_recording_id, normal_server_call_id
from shared.domain.wholeness import SESSION_GOES_ON, STILL_RECORDED, plain
from shared.pipeline.file_ready_event import CHUNKS_MAX, FileReady, parse_file_ready
from tests.builders import (
    CALL_CONNECTION_ID,
    CALL_ID,
    RECORDING_ID,
    SERVER_CALL_ID,
    TOPIC,
    Event,
    Schema,
    announced_chunk,
    document_id,
    file_ready_event,
)
from tests.fakes import BEGINNING

EVENTS = Path(__file__).parents[1] / "events"
TEXT = st.text("aZ09-_/:.=%?\x00 äß€\ud800\U0001f600")  # a short alphabet: the whole of Unicode takes a second to load
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
MANY = settings(max_examples=60)


def parsed(document: Event) -> FileReady:
    return parse_file_ready(document, BEGINNING)


def captured(name: str) -> FileReady:
    return parsed(json.loads((EVENTS / name).read_text()))


def with_chunk(**fields: Any) -> Event:
    return file_ready_event([announced_chunk(**fields)])


@pytest.mark.parametrize("schema", ["grid", "cloud"])
def test_both_schemas_say_the_same(schema: Schema) -> None:
    event = parsed(file_ready_event(2, schema))

    assert (event.topic, event.call_id, event.event_time) == (TOPIC, CALL_ID, BEGINNING)
    assert [chunk.document_id for chunk in event.chunks] == [document_id(0), document_id(1)]


def test_the_documented_event_is_read_the_same_in_both_schemas() -> None:
    assert captured("documented_grid.json") == captured("documented_cloud.json")


@pytest.mark.parametrize(
    ("form", "server_call_id", "recording_id"),
    [
        (1, None, None),
        (2, None, RECORDING_ID),
        (3, SERVER_CALL_ID, None),
        (4, SERVER_CALL_ID, RECORDING_ID),
        (5, None, None),
        (6, SERVER_CALL_ID, RECORDING_ID),
    ],
)
def test_each_form_of_the_subject_gives_what_it_holds(
    form: int, server_call_id: str | None, recording_id: str | None
) -> None:
    event = parsed(file_ready_event(subject_form=form))

    assert (event.call_id, event.server_call_id, event.recording_id) == (CALL_ID, server_call_id, recording_id)
    assert event.call_connection_id == (CALL_CONNECTION_ID if form in {5, 6} else None)


@pytest.mark.parametrize("form", [3, 4])
def test_a_server_call_id_may_hold_slashes(form: int) -> None:
    event = parsed(file_ready_event(subject_form=form, server_call_id="ab/cd//ef+/g=="))

    assert event.server_call_id == "ab/cd//ef+/g=="


def test_the_recording_id_of_the_data_wins_over_the_subject_s() -> None:
    event = parsed(file_ready_event(subject_form=4, recordingId="from-data"))

    assert event.recording_id == "from-data"


def test_what_is_optional_by_age_may_be_missing() -> None:
    event = captured("early_2021.json")

    assert event.recording_format_type is None
    assert event.chunks[0].content_location is None


def test_an_event_of_own_storage_has_numbers_as_strings() -> None:
    event = captured("own_storage.json")

    assert (event.recording_duration_ms, event.chunks[0].index) == (6620, 0)


def test_seven_digits_of_a_second_are_read() -> None:
    event = captured("documented_grid.json")

    assert event.recording_start_time == datetime(2021, 7, 27, 15, 20, 23, 608975, UTC)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("AudioVideo", "audioVideo"),
        ("audio", "audio"),
        ("Audio", "audio"),
        ("AUDIOVIDEO", "audioVideo"),
        ("NewAtACS", "NewAtACS"),
    ],
)
def test_enums_are_named_as_requests_name_them_and_unknown_ones_as_they_came(written: str, meant: str) -> None:
    event = parsed(file_ready_event(recordingContentType=written))

    assert event.recording_content_type == meant


@pytest.mark.parametrize("spell", [str.upper, str.lower, str.swapcase])
def test_no_word_of_a_closed_list_depends_on_its_case(spell: Callable[[str], str]) -> None:
    event = parsed(
        file_ready_event(
            [announced_chunk(endReason=spell("ChunkIsBeingRecorded"))],
            recordingContentType=spell("Audio"),
            recordingChannelType=spell("Unmixed"),
            recordingFormatType=spell("Wav"),
            storageType=spell("AzureBlob"),
            sessionEndReason=spell("HandedOverOrTransfered"),
        )
    )

    shown = (event.recording_content_type, event.recording_channel_type, event.recording_format_type)
    assert (shown, event.storage_type) == (("audio", "unmixed", "wav"), StorageType.AZURE_BLOB)
    assert plain(event.session_end_reason) in SESSION_GOES_ON
    assert plain(event.chunks[0].end_reason) == STILL_RECORDED


def test_the_type_of_an_event_does_not_depend_on_its_case() -> None:
    event = file_ready_event()

    assert parsed(event | {"eventType": event["eventType"].lower()}) == parsed(event)


def test_an_event_without_a_time_happened_just_now() -> None:
    assert parsed(file_ready_event(event_time=None)).event_time == BEGINNING


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "1601-01-01T00:00:00Z", "soon"])
def test_a_time_that_cannot_be_meant_is_no_time(time: str) -> None:
    assert parsed(file_ready_event(event_time=time)).event_time == BEGINNING


def test_a_time_without_a_zone_is_utc() -> None:
    assert parsed(file_ready_event(event_time="2026-11-22T09:00:00")).event_time == datetime(
        2026, 11, 22, 9, tzinfo=UTC
    )


@pytest.mark.parametrize("index", [None, -1, True, "one", float("inf"), float("nan"), 10**30, "9" * 5000, [], {}])
def test_an_index_that_is_no_number_is_the_position(index: object) -> None:
    event = parsed(file_ready_event([announced_chunk(0), announced_chunk(1, index=index)]))

    assert event.chunks[1].index == 1


@pytest.mark.parametrize("name", [None, "", "a/b", "a" * 129, "a b", "ä", 7])
def test_a_chunk_without_a_usable_name_does_not_take_the_others_with_it(name: object) -> None:
    event = parsed(file_ready_event([announced_chunk(0, documentId=name), announced_chunk(1)]))

    assert [chunk.document_id for chunk in event.chunks] == [document_id(1)]
    assert "position 0" in event.unreadable[0]


def test_a_chunk_that_is_no_object_is_unreadable() -> None:
    chunks: list[object] = ["nothing"]
    event = file_ready_event(1)
    event["data"]["recordingStorageInfo"]["recordingChunks"] = chunks

    assert "not an object" in parsed(event).unreadable[0]


def test_a_document_that_is_listed_twice_is_one_chunk() -> None:
    assert len(parsed(file_ready_event([announced_chunk(0), announced_chunk(0)])).chunks) == 1


def test_two_thousand_chunks_are_read() -> None:
    assert len(parsed(file_ready_event(2000)).chunks) == 2000


NO_FILES: dict[str, Event] = {
    "an empty list": file_ready_event(0),
    "null": file_ready_event(recordingStorageInfo={"recordingChunks": None}),
    "missing": file_ready_event(recordingStorageInfo={}),
    "no storage info": file_ready_event() | {"data": {}},
}


@pytest.mark.parametrize("document", NO_FILES.values(), ids=NO_FILES.keys())
def test_an_event_may_announce_that_there_is_no_file(document: Event) -> None:
    event = parsed(document)

    assert (event.call_id, event.chunks, event.unreadable) == (CALL_ID, (), ())


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("ACS", StorageType.ACS),
        ("acsstorage", StorageType.ACS),
        ("AzureBlob", StorageType.AZURE_BLOB),
        ("BlobStorage", StorageType.AZURE_BLOB),
        ("somewhere else", None),
        (None, None),
        (7, None),
    ],
)
def test_where_the_files_are_is_read_as_it_was_spelled_over_the_years(said: Any, meant: StorageType | None) -> None:
    assert parsed(file_ready_event(storageType=said)).storage_type is meant


def without(name: str) -> Event:
    event = file_ready_event()
    del event[name]
    return event


MALFORMED: dict[str, Event] = {
    "nothing": {},
    "no data": without("data"),
    "no subject": without("subject"),
    "no type": without("eventType"),
    "another event": file_ready_event() | {"eventType": "Microsoft.Communication.CallStarted"},
    "a cloud event of another type": file_ready_event(1, "cloud") | {"type": "x"},
    "another subject": file_ready_event() | {"subject": "call/1/startedBy/2"},
    "a subject that goes on": file_ready_event() | {"subject": f"/recording/call/{CALL_ID}/else/1"},
    "data of another kind": file_ready_event() | {"data": []},
    "storage info of another kind": file_ready_event(recordingStorageInfo=[]),
    "chunks of another kind": file_ready_event(recordingStorageInfo={"recordingChunks": {}}),
    "too many chunks": file_ready_event(recordingStorageInfo={"recordingChunks": [{}] * (CHUNKS_MAX + 1)}),
}


@pytest.mark.parametrize("document", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_file_ready_event_is_not_understood(document: Event) -> None:
    with pytest.raises(NotUnderstood):
        parsed(document)


@MANY
@given(value=JSON, field=st.sampled_from(["documentId", "index", "endReason", "contentLocation", "deleteLocation"]))
def test_whatever_a_field_of_a_chunk_holds_the_event_is_read(value: object, field: str) -> None:
    assert parsed(with_chunk(**{field: value}))


@MANY
@given(value=JSON, field=st.sampled_from(["recordingStartTime", "recordingDurationMs", "recordingFormatType"]))
def test_whatever_a_field_of_the_data_holds_the_event_is_read(value: object, field: str) -> None:
    data: dict[str, Any] = {field: value}

    assert parsed(file_ready_event(**data))


@MANY
@given(value=JSON, field=st.sampled_from(["id", "topic", "subject", "eventType", "eventTime", "data"]))
def test_whatever_the_envelope_holds_the_event_is_read_or_not_understood(value: object, field: str) -> None:
    with suppress(NotUnderstood):
        parsed(file_ready_event() | {field: value})


def test_half_of_a_character_is_no_text() -> None:
    assert parsed(file_ready_event(sessionEndReason="\ud800")).session_end_reason is None


@pytest.mark.parametrize("other", ["QUI/Zg==", "QUI/Zg", "QUI_Zg", "QUI%2FZg%3D%3D", " QUI/Zg== "])
def test_a_server_call_id_is_the_same_however_it_was_written(other: str) -> None:
    assert normal_server_call_id(other) == normal_server_call_id("QUI/Zg==")


def test_a_recording_id_is_the_same_with_and_without_padding() -> None:
    assert normal_recording_id("abc==") == normal_recording_id("abc")
