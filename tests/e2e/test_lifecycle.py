"""From start to completed, over HTTP."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from acsrec import Recording
from acsrec.retries import Patience
from local.node import find_package
from local.simulator.admin_requests import ForeignRecordingRequest
from local.simulator.scripts import EventOptions, Script
from local.simulator.tests.sdks import JAVASCRIPT_SDK, JavaScriptSdk, Start
from local.simulator.tests.webhook import wait_until
from local.stack import CONTAINER, OWN_CONTAINER, Stack
from tests.e2e.steps import WAV, acs_id, differences, left_at_acs, record, settled, violations_of
from tests.recording_document import is_manifest

SMALL = Script(chunks=1, chunk_bytes=20_000)


def test_a_recording_of_three_chunks_completes_byte_for_byte(stack: Stack) -> None:
    recording = record(stack, Script(chunks=3, chunk_bytes=(5_000_000, 4_194_304, 30_000)))

    completed = settled(stack, recording.id)

    assert [chunk.status for chunk in completed.chunks] == ["deleted"] * 3
    assert [chunk.index for chunk in completed.chunks] == [0, 1, 2]
    assert differences(stack, completed) == []
    assert violations_of(stack, completed) == []
    assert left_at_acs(stack, completed) == []


def test_the_manifest_is_the_recording_as_the_api_shows_it(stack: Stack) -> None:
    recording = record(stack, SMALL, tags={"case": "42"})

    completed = settled(stack, recording.id)

    with stack.blobs as blobs:
        content = blobs.get_blob_client(CONTAINER, str(completed.manifest_blob)).download_blob().readall()
    assert json.loads(content) == stack.recorder.document(recording.id).json() | {"schemaVersion": 1}
    assert is_manifest(content)


def test_a_link_to_the_content_reads_the_content_and_nothing_else(stack: Stack) -> None:
    recording = settled(stack, record(stack, SMALL).id)
    chunk = recording.chunks[0]

    link = stack.recorder.content_link(recording.id, chunk.document_id)

    assert httpx.get(link.url).content == stack.simulator.content(chunk.document_id)
    assert httpx.delete(link.url).status_code == 403


def test_redirect_leads_to_the_metadata(stack: Stack) -> None:
    recording = settled(stack, record(stack, SMALL).id)
    chunk = recording.chunks[0]

    answer = stack.recorder.request(
        "GET", f"/recordings/{recording.id}/chunks/{chunk.document_id}/metadata?redirect=true"
    )

    assert answer.status_code == 302
    assert httpx.get(answer.headers["Location"]).content == stack.simulator.metadata(chunk.document_id)


def test_a_recording_paused_on_start_and_never_resumed_is_empty(stack: Stack) -> None:
    call = stack.simulator.place_call()
    recording = stack.recorder.start({"serverCallId": call.server_call_id, "pauseOnStart": True})

    stopped = stack.recorder.stop(recording.id)

    assert recording.status == "paused"
    assert stopped.status == "empty"


def test_stopping_twice_is_stopping_once(stack: Stack) -> None:
    recording = record(stack, SMALL)

    again = stack.recorder.stop(recording.id)

    assert again.id == recording.id
    assert settled(stack, recording.id).status == "completed"


@pytest.mark.parametrize("locator", ["serverCallId", "groupCallId", "callConnectionId"])
def test_a_call_can_be_named_in_each_way_that_acs_accepts(stack: Stack, locator: str) -> None:
    call = stack.simulator.place_call(group="8a2c9f6e-0000-4000-8000-00000000000a", script=SMALL)
    names = {
        "serverCallId": call.server_call_id,
        "groupCallId": call.group_call_id,
        "callConnectionId": call.call_connection_id,
    }
    recording = stack.recorder.start({locator: names[locator], **WAV})
    stack.recorder.wait(recording.id, "active", seconds=10)

    stack.recorder.stop(recording.id)

    assert settled(stack, recording.id).origin == "api"


@pytest.mark.parametrize("schema", ["EventGrid", "CloudEvents"])
@pytest.mark.parametrize("form", [1, 2, 3, 4, 5])
def test_every_schema_and_subject_form_ends_completed(stack: Stack, schema: Any, form: Any) -> None:
    script = Script(chunks=2, chunk_bytes=20_000, events=EventOptions(schema=schema, subject_form=form))
    call = stack.simulator.place_call(script=script)
    recording = stack.recorder.start({"serverCallId": call.server_call_id, **WAV})
    stack.recorder.wait(recording.id, "active", seconds=10)

    stack.recorder.stop(recording.id)

    # Forms 1 and 5 name only the call's id, which no row knows yet: the files are stored, as an unknown recording's.
    if form in {1, 5}:
        stored = settled_foreign(stack, acs_id(recording))
        assert [chunk.status for chunk in stored.chunks] == ["stored", "stored"]
    else:
        assert [chunk.status for chunk in settled(stack, recording.id).chunks] == ["deleted", "deleted"]


def settled_foreign(stack: Stack, recording_id: str) -> Recording:
    """The completed recording that holds the documents of a recording of ACS's."""
    documents = {document.document_id for document in stack.simulator.wait_for_files(recording_id).documents}
    for _ in range(100):
        for listed in stack.recorder.recordings(status="completed"):
            recording = stack.recorder.get(listed.id)
            if {chunk.document_id for chunk in recording.chunks} == documents:
                return recording
    raise AssertionError("No completed recording has these documents")


def test_a_recording_that_nobody_asked_us_for_is_stored_and_kept_at_acs(stack: Stack) -> None:
    foreign = stack.simulator.foreign_recording(ForeignRecordingRequest(script=Script(chunks=2, chunk_bytes=20_000)))

    recording = settled_foreign(stack, foreign.recording_id)

    assert recording.origin == "event"
    assert [chunk.status for chunk in recording.chunks] == ["stored", "stored"]
    assert len(left_at_acs(stack, recording)) == 2


@pytest.mark.skipif(find_package(JAVASCRIPT_SDK) is None, reason=f"{JAVASCRIPT_SDK} is not installed: run `make setup`")
def test_a_recording_that_the_javascript_sdk_started_is_completed_here(stack: Stack) -> None:
    call = stack.simulator.place_call(script=SMALL)
    with JavaScriptSdk(stack.announcement.connection_string, stack.announcement.environment()) as sdk:
        recording_id = sdk.start(Start(locator="serverCallId", value=call.server_call_id))
        wait_until(lambda: sdk.state(recording_id) == "active")
        sdk.stop(recording_id)

    recording = settled_foreign(stack, recording_id)

    assert recording.recording_id == recording_id
    assert differences(stack, recording) == []


def test_twins_of_an_index_are_both_kept(stack: Stack) -> None:
    recording = record(stack, Script(chunks=2, chunk_bytes=20_000, events=EventOptions(hadr_twins=1)))

    completed = settled(stack, recording.id)

    assert [chunk.index for chunk in completed.chunks] == [0, 0, 1, 1]
    assert differences(stack, completed) == []


def test_missing_optional_fields_keep_the_original_where_its_metadata_is_unknown(stack: Stack) -> None:
    events = EventOptions(omit=("metadataLocation", "recordingTypes", "endReason", "sessionEndReason"))
    recording = record(stack, Script(chunks=1, chunk_bytes=20_000, events=events))

    completed = settled(stack, recording.id)

    assert completed.chunks[0].status == "stored"
    assert len(left_at_acs(stack, completed)) == 1


def test_a_chunk_without_a_delete_location_is_finished_when_stored(stack: Stack) -> None:
    recording = record(stack, Script(chunks=1, chunk_bytes=20_000, events=EventOptions(omit=("deleteLocation",))))

    completed = settled(stack, recording.id)

    assert completed.chunks[0].status == "stored"
    assert differences(stack, completed) == []


def test_a_chunk_in_our_own_container_is_verified_where_it_lies(stack: Stack) -> None:
    container = f"{stack.azurite.blob_url.rstrip('/')}/{OWN_CONTAINER}"

    recording = record(stack, Script(chunks=2, chunk_bytes=20_000), recordingStorageContainerUrl=container)

    completed = settled(stack, recording.id)
    assert [chunk.status for chunk in completed.chunks] == ["stored", "stored"]
    assert all(chunk.content_blob.startswith(container) for chunk in completed.chunks)
    assert all(chunk.sha256 for chunk in completed.chunks)


def test_a_chunk_that_acs_could_not_export_is_transferred_like_any_other(stack: Stack) -> None:
    container = f"{stack.azurite.blob_url.rstrip('/')}/{OWN_CONTAINER}"

    recording = record(
        stack, Script(chunks=1, chunk_bytes=20_000, export_fails=True), recordingStorageContainerUrl=container
    )

    completed = settled(stack, recording.id)
    assert completed.chunks[0].status == "deleted"
    assert (completed.storage_type, completed.recording_kind) == ("acs", "azureCommunicationServices")
    assert differences(stack, completed) == []


@pytest.mark.parametrize("count", [15, pytest.param(50, marks=pytest.mark.prove)])
def test_many_recordings_at_once_with_every_event_twice_and_shuffled_all_complete(stack: Stack, count: int) -> None:
    chance = random.Random(20261122)
    scripts = [
        Script(
            chunks=(chunks := chance.randint(1, 5)),
            chunk_bytes=tuple(chance.randint(1_000, 60_000) for _ in range(chunks)),
            events=EventOptions(duplicates=1, shuffle=True, one_event_per_chunk=chance.random() < 0.5),
        )
        for _ in range(count)
    ]
    with ExitStack() as running, ThreadPoolExecutor(count) as callers:
        # With their events they are more requests at once than an instance takes: callers come again.
        caller = stack.client(running, Patience(60))
        recordings = list(callers.map(lambda script: record(stack, script, caller), scripts))

        completed = list(callers.map(lambda one: caller.wait(one.id, seconds=100, poll_seconds=2), recordings))

    assert {recording.status for recording in completed} == {"completed"}
    assert [len(recording.chunks) for recording in completed] == [script.chunks for script in scripts]
    assert [name for recording in completed for name in differences(stack, recording)] == []
    assert [reason for recording in completed for reason in violations_of(stack, recording)] == []
