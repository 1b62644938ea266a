"""POST /api/events says what of the events was not taken in, and why: success cannot be mistaken."""

import json
from typing import Any

import pytest

from shared.pipeline.rejected_events import LISTED_MAX
from tests.builders import (
    OUR_ID,
    RECORDING_ID,
    TOPIC,
    Event,
    a_recording,
    announced_chunk,
    document_id,
    file_ready_event,
)
from tests.fakes import BEGINNING, Cloud
from tests.unit.app import App

EVENT_ID = file_ready_event()["id"]


def handed_in(cloud: Cloud, *events: Event) -> Any:
    status, answer, _ = App(cloud).http("ingest_event", json.dumps(events).encode(), outputs=True)
    assert status == 202
    return answer


def rejected(cloud: Cloud, *events: Event) -> list[tuple[str | None, str | None, str]]:
    return [(one["event"], one["documentId"], one["reason"]) for one in handed_in(cloud, *events)["rejected"]]


@pytest.mark.parametrize(
    ("event", "id", "why"),
    [
        ({}, None, "not of type Microsoft.Communication.RecordingFileStatusUpdated"),
        ({"id": "7", "eventType": "Another"}, "7", "not of type"),
        ({"id": "\ud800"}, None, "not of type"),
        ({"id": 7}, None, "not of type"),
        (file_ready_event(1) | {"subject": "/else"}, EVENT_ID, "subject"),
        (file_ready_event(1) | {"data": 5}, EVENT_ID, "data is missing"),
        (file_ready_event(0), EVENT_ID, "ACS announced no file"),
    ],
)
def test_an_event_that_is_kept_as_rejected_is_told_with_the_reason(
    cloud: Cloud, event: Event, id: str | None, why: str
) -> None:
    ((told, document, reason),) = rejected(cloud, event)

    assert (told, document, len(cloud.rejected.events)) == (id, None, 1)
    assert why in reason


def test_an_event_of_another_topic_is_told() -> None:
    ((_, document, reason),) = rejected(Cloud(ACS_TOPIC=f"{TOPIC}-another"), file_ready_event(1))

    assert document is None
    assert "does not come from ACS_TOPIC" in reason


def test_an_event_that_is_ignored_is_told_and_not_kept() -> None:
    cloud = Cloud(UNKNOWN_RECORDINGS="ignore")

    ((id, document, reason),) = rejected(cloud, file_ready_event(1))

    assert (id, document, cloud.rejected.events, cloud.catalog.rows) == (EVENT_ID, None, {}, {})
    assert "UNKNOWN_RECORDINGS is ignore" in reason


def test_a_kept_event_that_is_ignored_now_is_kept_no_longer() -> None:
    cloud = Cloud(ACS_TOPIC=f"{TOPIC}-another")
    rejected(cloud, file_ready_event(1))
    cloud.configure(UNKNOWN_RECORDINGS="ignore")

    cloud.services.replay.since(BEGINNING)

    assert cloud.rejected.events == {}


def test_a_refused_chunk_is_told_beside_those_that_proceed(cloud: Cloud) -> None:
    hostile = announced_chunk(1, contentLocation="https://evil.example/v1/objects/x")

    answer = handed_in(cloud, file_ready_event([announced_chunk(0), hostile]))

    (one,) = answer["rejected"]
    assert (answer["transfers"], one["event"], one["documentId"]) == (1, EVENT_ID, document_id(1))
    assert one["reason"] == cloud.chunk(1).failure


def test_a_chunk_that_cannot_be_read_is_told_by_its_position(cloud: Cloud) -> None:
    ((_, document, reason),) = rejected(cloud, file_ready_event([announced_chunk(0), {}]))

    assert document is None
    assert "position 1" in reason


def test_a_chunk_that_is_copied_and_never_deleted_is_told(cloud: Cloud) -> None:
    answer = handed_in(cloud, file_ready_event([announced_chunk(0, deleteLocation="https://evil.example/x")]))

    assert (answer["transfers"], answer["rejected"][0]["documentId"]) == (1, document_id(0))


def test_an_event_whose_row_cannot_be_read_is_told(cloud: Cloud) -> None:
    cloud.catalog.save_recording(a_recording())
    cloud.catalog.link_acs_id(RECORDING_ID, OUR_ID)
    cloud.catalog.spoil(OUR_ID)

    ((id, _, reason),) = rejected(cloud, file_ready_event(1))

    assert id == EVENT_ID
    assert "column status" in reason


def test_a_duplicate_is_a_success(cloud: Cloud) -> None:
    handed_in(cloud, file_ready_event(1))

    assert handed_in(cloud, file_ready_event(1)) == {"transfers": 0, "deletions": 0, "rejected": []}


def test_a_rejected_event_that_comes_again_is_rejected_again(cloud: Cloud) -> None:
    refused = file_ready_event([announced_chunk(0, contentLocation=None)])

    assert rejected(cloud, refused) == rejected(cloud, refused) != []


def test_of_thousands_the_first_are_listed_and_the_others_counted(cloud: Cloud) -> None:
    listed = rejected(cloud, file_ready_event([{}] * (LISTED_MAX + 7)))

    assert len(listed) == LISTED_MAX + 1
    assert "7 more" in listed[-1][2]


@pytest.mark.parametrize(
    "fields",
    [
        {"contentLocation": None},
        {"contentLocation": f"https://storage.asm.skype.com/v1/objects/{document_id(9)}/content/video"},
    ],
)
def test_where_no_setting_helps_nobody_is_sent_to_the_settings(cloud: Cloud, fields: dict[str, str | None]) -> None:
    ((_, _, reason),) = rejected(cloud, file_ready_event([announced_chunk(0, **fields)]))

    assert "hand the event in with the right URLs" in reason
    assert "correct the settings" not in reason
    assert cloud.services.replay.recording(cloud.recording().id).messages.transfers == ()
    assert "replay" not in str(cloud.recording().failure)


@pytest.mark.parametrize("url", ["https://host.example/v1/objects/x/content/video", "https://own.example/a/b.wav"])
def test_where_a_setting_may_help_it_is_named(cloud: Cloud, url: str) -> None:
    ((_, _, reason),) = rejected(cloud, file_ready_event([announced_chunk(0, contentLocation=url)]))

    assert "RECORDING_HOST_SUFFIXES, BYOS_CONTAINERS" in reason


def test_an_event_with_the_right_url_lifts_what_no_setting_helped(cloud: Cloud) -> None:
    rejected(cloud, file_ready_event([announced_chunk(0, contentLocation=None)]))

    assert handed_in(cloud, file_ready_event(1)) == {"transfers": 1, "deletions": 0, "rejected": []}
