"""Event Grid: forms of events, and how they are delivered."""

import json
from typing import Any

import pytest

from local.simulator.admin_requests import ForeignRecordingRequest
from local.simulator.scripts import EventOptions, Script
from local.simulator.settings import BlobAccount

from .memory_blobs import MemoryBlobs
from .support import SDK_WARNINGS, Acs
from .webhook import Received, Webhook, wait_until

pytestmark = SDK_WARNINGS


def announced(received: list[Received]) -> list[dict[str, Any]]:
    """Every event of every POST."""
    documents = [request.document for request in received]
    return [event for one in documents for event in (one if isinstance(one, list) else [one])]


def chunks(event: dict[str, Any]) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = event["data"]["recordingStorageInfo"]["recordingChunks"]
    return listed


def record(acs: Acs, webhook: Webhook, posts: int, count: int = 1, **options: Any) -> list[dict[str, Any]]:
    """Record, and wait for the POSTs that follow."""
    acs.admin.change_settings(event_endpoint=webhook.url)
    acs.record(Script(chunks=count, chunk_bytes=1000, events=EventOptions(**options)))
    return announced(webhook.wait(posts))


def test_one_event_announces_all_chunks(acs: Acs) -> None:
    with Webhook() as webhook:
        (event,) = record(acs, webhook, 1, count=3)

    request, recording = webhook.received[0], acs.admin.recordings()[0]
    assert request.headers["aeg-event-type"] == "Notification"
    assert isinstance(request.document, list)
    assert event["eventType"] == "Microsoft.Communication.RecordingFileStatusUpdated"
    assert event["data"]["recordingContentType"] == "Audio"
    assert [chunk["index"] for chunk in chunks(event)] == [0, 1, 2]
    assert [chunk["documentId"] for chunk in chunks(event)] == [one.document_id for one in recording.documents]


def test_the_announced_locations_work(acs: Acs) -> None:
    with Webhook() as webhook:
        (event,) = record(acs, webhook, 1)
    (chunk,) = chunks(event)

    assert len(acs.download(chunk["contentLocation"]).read()) == 1000
    assert acs.download(chunk["metadataLocation"]).read().startswith(b"{\r\n")
    acs.client.delete_recording(chunk["deleteLocation"])


def test_cloud_events_come_bare_when_alone(acs: Acs) -> None:
    with Webhook() as webhook:
        (event,) = record(acs, webhook, 1, schema="CloudEvents")

    assert event["specversion"] == "1.0"
    assert event["source"].endswith("/communicationservices/local")
    assert isinstance(webhook.received[0].document, dict)
    assert webhook.received[0].headers["content-type"].startswith("application/cloudevents+json")


@pytest.mark.parametrize("form", [1, 2, 3, 4, 5])
def test_a_subject_can_have_every_form_seen(acs: Acs, form: int) -> None:
    with Webhook() as webhook:
        (event,) = record(acs, webhook, 1, subject_form=form)
    recording, call = acs.admin.recordings()[0], acs.admin.calls()[0]

    parts = {
        1: "",
        2: f"/recordingId/{recording.recording_id}",
        3: f"/serverCallId/{call.server_call_id}",
        4: f"/serverCallId/{call.server_call_id}/recordingId/{recording.recording_id}",
        5: f"/callConnectionId/{call.call_connection_id}",
    }
    assert event["subject"] == f"/recording/call/{call.call_id}{parts[form]}"


def test_an_event_can_list_no_file(acs: Acs) -> None:
    with Webhook() as webhook:
        (event,) = record(acs, webhook, 1, omit=("recordingChunks",))

    assert event["data"]["recordingStorageInfo"] == {}


def test_events_can_come_one_per_chunk_and_batched(acs: Acs) -> None:
    with Webhook() as webhook:
        events = record(acs, webhook, 2, count=3, one_event_per_chunk=True, batch_size=2)

    assert sorted(len(request.document) for request in webhook.received) == [1, 2]
    assert sorted(chunks(event)[0]["index"] for event in events) == [0, 1, 2]


def test_events_can_come_twice_with_the_same_id(acs: Acs) -> None:
    with Webhook() as webhook:
        events = record(acs, webhook, 3, duplicates=2)

    assert len({event["id"] for event in events}) == 1


def test_chunks_can_come_shuffled(acs: Acs) -> None:
    with Webhook() as webhook:
        (event,) = record(acs, webhook, 1, count=20, shuffle=True)

    indexes = [chunk["index"] for chunk in chunks(event)]
    assert indexes != sorted(indexes) == list(range(20))


def test_hadr_twins_share_index_but_not_document(acs: Acs) -> None:
    with Webhook() as webhook:
        (event,) = record(acs, webhook, 1, hadr_twins=1)

    assert [chunk["index"] for chunk in chunks(event)] == [0, 0]
    assert len({chunk["documentId"] for chunk in chunks(event)}) == 2


def test_optional_fields_can_be_left_out(acs: Acs) -> None:
    with Webhook() as webhook:
        omit = ("deleteLocation", "metadataLocation", "recordingTypes", "storageType")
        (event,) = record(acs, webhook, 1, omit=omit)

    assert set(chunks(event)[0]) == {"documentId", "index", "endReason", "contentLocation"}
    assert not {"recordingContentType", "recordingChannelType", "recordingFormatType"} & set(event["data"])


def test_locations_can_name_other_hosts(acs: Acs) -> None:
    with Webhook() as webhook:
        (event,) = record(acs, webhook, 1, content_host="eu-storage.asm.skype.com", delete_form="deletedata")

    assert chunks(event)[0]["contentLocation"].startswith("https://eu-storage.asm.skype.com/v1/objects/")
    assert chunks(event)[0]["deleteLocation"].endswith("/content/deletedata")


def test_an_event_can_be_held_and_sent_later(acs: Acs) -> None:
    with Webhook() as webhook:
        acs.admin.change_settings(event_endpoint=webhook.url)
        acs.record(Script(events=EventOptions(never=True)))
        (held,) = acs.admin.events()
        assert held.state == "held"

        acs.admin.redeliver(held.event_id)

        assert announced(webhook.wait(1))[0]["id"] == held.event_id


def test_an_event_is_tried_again_until_it_is_accepted(acs: Acs) -> None:
    with Webhook(statuses=(503, 500)) as webhook:
        record(acs, webhook, 3)
        wait_until(lambda: acs.admin.events()[0].state == "delivered")

    assert [attempt.status for attempt in acs.admin.events()[0].attempts] == [503, 500, 200]


@pytest.mark.parametrize("schema", ["EventGrid", "CloudEvents"])
def test_an_event_nobody_takes_is_dead_lettered(acs: Acs, blobs: MemoryBlobs, schema: str) -> None:
    account = BlobAccount(connection_string="x", container="dead-letters")
    acs.admin.change_settings(delivery_attempts_max=3, dead_letters=account)
    with Webhook(statuses=(503,) * 3) as webhook:
        record(acs, webhook, 3, schema=schema)
        wait_until(lambda: acs.admin.events()[0].state == "deadLettered")

    ((place, name), content) = next(iter(blobs.blobs.items()))
    (letter,) = json.loads(content)
    reason = "deadLetterReason" if schema == "EventGrid" else "deadletterreason"
    assert (place, name.split("/")[:2]) == ("dead-letters", ["local", "recordings"])
    assert letter[reason] == "MaxDeliveryAttemptsExceeded"
    assert letter["id"] == acs.admin.events()[0].event_id


def test_a_client_error_is_dead_lettered_at_once(acs: Acs) -> None:
    with Webhook(statuses=(400,)) as webhook:
        record(acs, webhook, 1)
        wait_until(lambda: acs.admin.events()[0].state == "deadLettered")

    assert len(acs.admin.events()[0].attempts) == 1


def test_an_unreachable_endpoint_counts_as_a_failed_attempt(acs: Acs) -> None:
    acs.admin.change_settings(event_endpoint="http://127.0.0.1:1/nobody", delivery_attempts_max=2)
    acs.record()

    wait_until(lambda: acs.admin.events()[0].state == "deadLettered")

    assert "ConnectionRefused" in acs.admin.events()[0].attempts[0].failure


def test_a_foreign_recording_is_announced_too(acs: Acs) -> None:
    with Webhook() as webhook:
        acs.admin.change_settings(event_endpoint=webhook.url)
        foreign = acs.admin.foreign_recording(
            ForeignRecordingRequest(format_type="mp3", script=Script(chunk_bytes=1000))
        )
        (event,) = announced(webhook.wait(1))

    assert foreign.foreign
    assert foreign.recording_id in event["subject"]
    assert acs.admin.requests() == []


def test_calls_announce_themselves_when_switched_on(acs: Acs) -> None:
    with Webhook() as webhook:
        acs.admin.change_settings(event_endpoint=webhook.url, call_events=True)
        call = acs.admin.place_call()
        webhook.wait(3)
        acs.admin.end_call(call.call_id)
        events = announced(webhook.wait(4))

    names = sorted(event["eventType"].rpartition(".")[2] for event in events)
    assert names == ["CallEnded", "CallParticipantAdded", "CallParticipantAdded", "CallStarted"]
    assert {event["data"]["serverCallId"] for event in events} == {call.server_call_id}


@pytest.mark.parametrize("schema", ["EventGrid", "CloudEvents"])
def test_a_subscriber_can_be_validated(acs: Acs, schema: str) -> None:
    with Webhook() as webhook:
        acs.admin.change_settings(event_endpoint=webhook.url)

        assert acs.admin.validate_subscription(schema).valid


def test_a_subscriber_that_does_not_echo_the_code_is_not_valid(acs: Acs) -> None:
    with Webhook(statuses=(200,)) as webhook:
        acs.admin.change_settings(event_endpoint=webhook.url)

        assert not acs.admin.validate_subscription().valid
