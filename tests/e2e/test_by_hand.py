"""What an operator does by hand: hand in an event that never came, replay, and every function at least once."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from local.simulator.admin_requests import ForeignRecordingRequest
from local.simulator.faults import InjectedFault
from local.simulator.scripts import EventOptions, Script
from local.stack import Stack
from tests.e2e.steps import WAV, differences, let_retention_pass, record, settled

ONE = Script(chunks=1, chunk_bytes=20_000)
TRY_SECONDS = 30.0


def test_an_event_that_never_came_is_handed_in(stack: Stack) -> None:
    recording = record(stack, Script(chunks=1, chunk_bytes=20_000, events=EventOptions(never=True)))
    stack.simulator.wait_for_files(recording["recordingId"])
    held = next(one for one in stack.simulator.events() if one.recording_id == recording["recordingId"])

    answer = stack.recorder.ask("POST", "/events", json=held.document)

    assert answer["transfers"] == 1
    assert differences(stack, settled(stack, recording["id"])) == []


def test_a_document_of_others_that_an_event_names_under_ours_is_stored_and_never_deleted(stack: Stack) -> None:
    """Handed in with a key, for a recording of ours whose own event never came."""
    never = Script(chunks=1, chunk_bytes=20_000, events=EventOptions(never=True))
    theirs = stack.simulator.foreign_recording(ForeignRecordingRequest(script=never))
    (document,) = stack.simulator.wait_for_files(theirs.recording_id).documents
    ours = record(stack, never)
    stack.simulator.wait_for_files(ours["recordingId"])
    held = {one.recording_id: one.document for one in stack.simulator.events() if one.state == "held"}
    forged = held[ours["recordingId"]]
    forged["data"]["recordingStorageInfo"] = held[theirs.recording_id]["data"]["recordingStorageInfo"]

    stack.recorder.ask("POST", "/events", json=forged)

    (chunk,) = settled(stack, ours["id"])["chunks"]
    assert (chunk["documentId"], chunk["status"]) == (document.document_id, "stored")
    assert "another call" in chunk["failure"]
    (kept,) = stack.simulator.recording(theirs.recording_id).documents
    assert kept.deleted_at is None


def test_a_chunk_that_expired_fails_its_recording_and_only_a_replay_lifts_it(faulty_stack: Stack) -> None:
    faulty_stack.simulator.add_fault(InjectedFault(action="notReady", kind="content", seconds=600))
    id = record(faulty_stack, ONE)["id"]
    let_retention_pass(faulty_stack, tried_once(faulty_stack, id), id)
    recording = settled(faulty_stack, id, "failed")
    faulty_stack.simulator.clear_faults()

    answer = faulty_stack.recorder.ask("POST", f"/recordings/{recording['id']}/replay")

    assert "destroyed" in recording["chunks"][0]["failure"]
    assert answer["transfers"] == 1


def tried_once(stack: Stack, id: str) -> dict[str, Any]:
    """The chunk after its first try, which reads the metadata: their times would move a deadline edited before."""
    deadline = time.monotonic() + TRY_SECONDS
    while True:
        (chunk,) = settled(stack, id, "transferring")["chunks"]
        if chunk["metadataSha256"] and chunk["failure"]:
            return dict(chunk)
        assert time.monotonic() < deadline, chunk
        time.sleep(0.05)


def test_replay_since_takes_up_what_failed(faulty_stack: Stack) -> None:
    since = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()

    answer = faulty_stack.recorder.request("POST", "/replay", params={"since": since})

    assert answer.status_code == 202


def test_every_function_succeeds_at_least_once_through_the_worker(stack: Stack) -> None:
    call = stack.simulator.place_call(script=ONE)
    started = stack.recorder.start({"serverCallId": call.server_call_id, **WAV})
    stack.recorder.wait(started["id"], "active", seconds=10)
    stack.recorder.pause(started["id"])
    stack.recorder.resume(started["id"])
    stack.recorder.stop(started["id"])
    recording = settled(stack, started["id"])
    chunk = f"/recordings/{recording['id']}/chunks/{recording['chunks'][0]['documentId']}"
    stack.recorder.ask("GET", f"{chunk}/content")
    stack.recorder.ask("GET", f"{chunk}/metadata")
    stack.recorder.list()
    stack.recorder.ask("POST", f"/recordings/{recording['id']}/replay")
    stack.recorder.request("POST", "/replay", params={"since": datetime.now(UTC).isoformat()})
    stack.recorder.ask("GET", "/consistency", params={"day": f"{datetime.now(UTC):%Y-%m-%d}"})
    stack.recorder.ask("POST", "/events", json={"eventType": "Other"})
    stack.recorder.request("GET", "/health")
    stack.recorder.request("GET", "/health/dependencies")
    stack.recorder.ask("GET", "/openapi.json")
    stack.host.fire_timer("sweep")
    for poisoned in ("chunk_transfer_poisoned", "chunk_deletion_poisoned"):
        stack.host.run_function(poisoned, '{"id": "nobody", "documentId": "nothing"}')

    log = stack.host.log_text()

    functions = {function["name"] for function in stack.host.functions}
    assert {name for name in functions if f"Executed 'Functions.{name}' (Succeeded" in log} == functions
