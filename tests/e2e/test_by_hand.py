"""What an operator does by hand: hand in an event that never came, replay, and every function at least once."""

import time
from datetime import UTC, datetime, timedelta

from acsrec import Chunk
from local.simulator.admin_requests import ForeignRecordingRequest
from local.simulator.faults import InjectedFault
from local.simulator.scripts import EventOptions, Script
from local.stack import Stack
from tests.e2e.steps import WAV, acs_id, differences, let_retention_pass, record, settled

ONE = Script(chunks=1, chunk_bytes=20_000)
TRY_SECONDS = 30.0


def test_an_event_that_never_came_is_handed_in(stack: Stack) -> None:
    recording = record(stack, Script(chunks=1, chunk_bytes=20_000, events=EventOptions(never=True)))
    stack.simulator.wait_for_files(acs_id(recording))
    held = next(one for one in stack.simulator.events() if one.recording_id == recording.recording_id)

    answer = stack.recorder.hand_in(held.document)

    assert answer.transfers == 1
    assert differences(stack, settled(stack, recording.id)) == []


def test_a_document_of_others_that_an_event_names_under_ours_is_stored_and_never_deleted(stack: Stack) -> None:
    """Handed in with a key, for a recording of ours whose own event never came."""
    never = Script(chunks=1, chunk_bytes=20_000, events=EventOptions(never=True))
    theirs = stack.simulator.foreign_recording(ForeignRecordingRequest(script=never))
    (document,) = stack.simulator.wait_for_files(theirs.recording_id).documents
    ours = record(stack, never)
    stack.simulator.wait_for_files(acs_id(ours))
    held = {one.recording_id: one.document for one in stack.simulator.events() if one.state == "held"}
    forged = held[acs_id(ours)]
    forged["data"]["recordingStorageInfo"] = held[theirs.recording_id]["data"]["recordingStorageInfo"]

    stack.recorder.hand_in(forged)

    (chunk,) = settled(stack, ours.id).chunks
    assert (chunk.document_id, chunk.status) == (document.document_id, "stored")
    assert "another call" in str(chunk.failure)
    (kept,) = stack.simulator.recording(theirs.recording_id).documents
    assert kept.deleted_at is None


def test_a_chunk_that_expired_fails_its_recording_and_only_a_replay_lifts_it(faulty_stack: Stack) -> None:
    faulty_stack.simulator.add_fault(InjectedFault(action="notReady", kind="content", seconds=600))
    id = record(faulty_stack, ONE).id
    let_retention_pass(faulty_stack, tried_once(faulty_stack, id), id)
    recording = settled(faulty_stack, id, "failed")
    faulty_stack.simulator.clear_faults()

    answer = faulty_stack.recorder.replay(recording.id)

    assert "destroyed" in str(recording.chunks[0].failure)
    assert answer.transfers == 1


def tried_once(stack: Stack, id: str) -> Chunk:
    """The chunk after its first try, which reads the metadata: their times would move a deadline edited before."""
    deadline = time.monotonic() + TRY_SECONDS
    while True:
        (chunk,) = settled(stack, id, "transferring").chunks
        if chunk.metadata_sha256 and chunk.failure:
            return chunk
        assert time.monotonic() < deadline, chunk
        time.sleep(0.05)


def test_replay_since_takes_up_what_failed(faulty_stack: Stack) -> None:
    since = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()

    answer = faulty_stack.recorder.request("POST", "/replay", params={"since": since})

    assert answer.status_code == 202


def test_every_function_succeeds_at_least_once_through_the_worker(stack: Stack) -> None:
    call = stack.simulator.place_call(script=ONE)
    started = stack.recorder.start({"serverCallId": call.server_call_id, **WAV})
    stack.recorder.wait(started.id, "active", seconds=10)
    stack.recorder.pause(started.id)
    stack.recorder.resume(started.id)
    stack.recorder.stop(started.id)
    recording = settled(stack, started.id)
    chunk = recording.chunks[0].document_id
    stack.recorder.content_link(recording.id, chunk)
    stack.recorder.metadata_link(recording.id, chunk)
    stack.recorder.page()
    stack.recorder.events(recording.id)
    stack.recorder.resend_events(recording.id)
    stack.recorder.replay(recording.id)
    list(stack.recorder.replay_since(datetime.now(UTC)))
    list(stack.recorder.consistency(datetime.now(UTC).date()))
    list(stack.recorder.rebuild(datetime.now(UTC).date()))
    stack.recorder.hand_in({"eventType": "Other"})
    stack.recorder.health()
    stack.recorder.dependencies()
    stack.recorder.compose(recording.id)
    stack.recorder.request("GET", "/openapi.json")
    assert stack.host.request("GET", "/api/console/").status_code == 200
    stack.host.fire_timer("sweep")
    for poisoned in ("chunk_transfer_poisoned", "chunk_deletion_poisoned"):
        stack.host.run_function(poisoned, '{"id": "nobody", "documentId": "nothing"}')

    log = stack.host.log_text()

    functions = {function["name"] for function in stack.host.functions}
    assert {name for name in functions if f"Executed 'Functions.{name}' (Succeeded" in log} == functions
