"""Whatever ACS does wrong, the recording ends stored and nothing is deleted too early."""

import hashlib
import json
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest
from azure.storage.queue import QueueClient

from acsrec import Chunk, Recording
from local.simulator.admin_requests import ForeignRecordingRequest
from local.simulator.faults import Action, InjectedFault, Operation
from local.simulator.scripts import EventOptions, Script
from local.stack import CONTAINER, Stack
from shared import settings
from tests.e2e.steps import (
    WAV,
    acs_id,
    differences,
    left_at_acs,
    let_it_be_told,
    let_start_settle,
    record,
    settled,
    violations_of,
)

if TYPE_CHECKING:
    from _pytest.mark.structures import ParameterSet

TWO = Script(chunks=2, chunk_bytes=20_000)

# Each costs the waits of two tries; `contract/copying` has all of them at every position without a wait.
OFTEN: list[Action] = ["unavailable", "htmlBody", "truncate", "wrongContentRange", "loseResponse"]
SELDOM: list[Action] = [
    "tooManyRequests",
    "internalError",
    "badRequestHtml",
    "unauthorized",
    "emptyBody",
    "jsonBody",
    "reset",
    "closeDelimited",
    "chunked",
    "chunkedOpen",
    "ignoreRange",
    "gzip",
    "wrongSignature",
    "redirectLoop",
]


def faults(*often: Action, seldom: Iterable[Action]) -> "list[ParameterSet]":
    """Kinds of faults; the second ones are left to `make prove`."""
    return [
        *(pytest.param(action) for action in often),
        *(pytest.param(one, marks=pytest.mark.prove) for one in seldom),
    ]


# A DELETE that had its look before the copy vanished is refused like the others: no program can call it back.
IN_FLIGHT_SECONDS = 1.0


@pytest.mark.parametrize("action", faults(*OFTEN, seldom=SELDOM))
def test_a_fault_while_a_chunk_is_fetched_only_delays_it(faulty_stack: Stack, action: Action) -> None:
    faulty_stack.simulator.add_fault(InjectedFault(action=action, kind="content", times=2, at=1_000))

    recording = settled(faulty_stack, record(faulty_stack, TWO).id)

    assert [chunk.status for chunk in recording.chunks] == ["deleted", "deleted"]
    assert differences(faulty_stack, recording) == []
    assert violations_of(faulty_stack, recording) == []


@pytest.mark.parametrize("action", faults("unavailable", "jsonBody", seldom=["htmlBody", "truncate", "emptyBody"]))
def test_a_fault_while_metadata_are_fetched_only_delays_the_chunk(faulty_stack: Stack, action: Action) -> None:
    faulty_stack.simulator.add_fault(InjectedFault(action=action, kind="metadata", times=2, at=100))

    recording = settled(faulty_stack, record(faulty_stack, TWO).id)

    assert differences(faulty_stack, recording) == []
    assert violations_of(faulty_stack, recording) == []


@pytest.mark.parametrize(
    "action", faults("unavailable", "loseResponse", seldom=["internalError", "unauthorized", "redirectLoop"])
)
def test_a_fault_while_a_chunk_is_deleted_only_delays_that(faulty_stack: Stack, action: Action) -> None:
    faulty_stack.simulator.add_fault(InjectedFault(action=action, kind="delete", times=2))

    recording = settled(faulty_stack, record(faulty_stack, TWO).id)

    assert [chunk.status for chunk in recording.chunks] == ["deleted", "deleted"]
    assert violations_of(faulty_stack, recording) == []


def test_a_redirect_to_a_host_that_is_not_acs_is_not_followed(faulty_stack: Stack) -> None:
    faulty_stack.simulator.add_fault(
        InjectedFault(action="redirect", kind="content", times=1, status=302, location="https://127.0.0.1/v1/objects/x")
    )

    recording = settled(faulty_stack, record(faulty_stack, TWO).id)

    assert differences(faulty_stack, recording) == []


def two_announced(stack: Stack) -> list[Recording]:
    """Two recordings of one file each, of different lengths, under way."""
    return [record(stack, Script(chunks=1, chunk_bytes=length)) for length in (20_000, 30_000)]


def place_of(stack: Stack, recording: Recording) -> tuple[str, str]:
    """The place of a recording's only document at ACS, and its path."""
    [document] = stack.simulator.wait_for_files(acs_id(recording)).documents
    path = f"/v1/objects/{document.document_id}"
    return f"https://{document.home_host}{path}", path


@pytest.mark.parametrize(("kind", "held_back"), [("content", "delete"), ("delete", "content")])
def test_a_redirect_to_another_document_is_not_followed(
    faulty_stack: Stack, kind: Operation, held_back: Operation
) -> None:
    faulty_stack.simulator.add_fault(InjectedFault(action="unavailable", kind="content", times=None))
    first, second = two_announced(faulty_stack)
    (_, path), (other, other_path) = place_of(faulty_stack, first), place_of(faulty_stack, second)
    target = f"{other}/content/video" if kind == "content" else other
    faulty_stack.simulator.clear_faults()
    # The other document is still there all the while.
    faulty_stack.simulator.add_fault(InjectedFault(action="unavailable", kind=held_back, path=other_path, times=None))
    faulty_stack.simulator.add_fault(InjectedFault(action="redirect", kind=kind, path=path, location=target, times=2))

    ended = [settled(faulty_stack, first.id)]
    faulty_stack.simulator.clear_faults()
    ended.append(settled(faulty_stack, second.id))

    assert [chunk.status for recording in ended for chunk in recording.chunks] == ["deleted", "deleted"]
    assert [differences(faulty_stack, recording) for recording in ended] == [[], []]
    assert [violations_of(faulty_stack, recording) for recording in ended] == [[], []]
    assert [left_at_acs(faulty_stack, recording) for recording in ended] == [[], []]


def test_an_original_is_kept_when_its_copy_vanishes_between_two_tries_to_delete_it(faulty_stack: Stack) -> None:
    faulty_stack.simulator.add_fault(InjectedFault(action="unavailable", kind="delete", times=None))
    id = record(faulty_stack, Script(chunks=1, chunk_bytes=20_000)).id
    chunk = stored_chunk(faulty_stack, id)
    let_it_be_told(faulty_stack, f"recordings/{id}/chunks/{chunk.document_id}")
    with faulty_stack.blobs as blobs:
        blobs.get_blob_client(CONTAINER, chunk.content_blob).delete_blob()

    time.sleep(IN_FLIGHT_SECONDS)
    faulty_stack.simulator.clear_faults()
    recording = settled(faulty_stack, id)

    assert violations_of(faulty_stack, recording) == []
    assert differences(faulty_stack, recording) == []
    assert [chunk.status for chunk in recording.chunks] == ["deleted"]


def stored_chunk(stack: Stack, id: str) -> Chunk:
    """The only chunk of a recording, as soon as it is stored."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for chunk in stack.recorder.get(id).chunks:
            if chunk.status == "stored":
                return chunk
        time.sleep(0.1)
    raise TimeoutError("The chunk was not stored.")


def test_files_that_appear_late_are_waited_for(faulty_stack: Stack) -> None:
    faulty_stack.simulator.add_fault(InjectedFault(action="notReady", kind="content", seconds=2.0))

    recording = settled(faulty_stack, record(faulty_stack, TWO).id)

    assert max(chunk.attempts for chunk in recording.chunks) > 1
    assert differences(faulty_stack, recording) == []


def test_a_start_whose_answer_is_lost_is_one_recording(faulty_stack: Stack) -> None:
    call = faulty_stack.simulator.place_call(script=TWO)
    faulty_stack.simulator.add_fault(InjectedFault(action="loseResponse", kind="start", times=1))

    recording = faulty_stack.recorder.start({"serverCallId": call.server_call_id, **WAV}, key=f"lost-{call.call_id}")

    ours = [one for one in faulty_stack.simulator.recordings() if one.call_id == call.call_id]
    assert [one.recording_id for one in ours] == [recording.recording_id]
    faulty_stack.recorder.stop(recording.id)
    assert settled(faulty_stack, recording.id).origin == "api"


def test_a_start_by_call_connection_is_found_by_its_files_when_its_answer_is_lost(faulty_stack: Stack) -> None:
    """World 0.1. Nothing but the callConnectionId inside ACS's recordingId, which the event names, ties them."""
    script = Script(chunks=2, chunk_bytes=20_000, events=EventOptions(subject_form=2))
    call = faulty_stack.simulator.place_call(script=script)
    faulty_stack.simulator.add_fault(InjectedFault(action="loseResponse", kind="start", times=3))
    body = {"callConnectionId": call.call_connection_id, **WAV}
    faulty_stack.recorder.request("POST", "/recordings", json=body | {"tags": {"call": call.call_id}})
    (ours,) = faulty_stack.recorder.recordings(tags={"call": call.call_id})

    let_start_settle(faulty_stack, ours.id)
    faulty_stack.simulator.end_call(call.call_id)

    recording = settled(faulty_stack, ours.id)
    assert (ours.recording_id, recording.status) == (None, "completed")
    assert [chunk.status for chunk in recording.chunks] == ["deleted", "deleted"]
    assert violations_of(faulty_stack, recording) == []


def test_a_fault_of_acs_is_a_502_with_its_code_and_the_key_tries_again(faulty_stack: Stack) -> None:
    call = faulty_stack.simulator.place_call(script=TWO)
    fault = InjectedFault(action="internalError", kind="start", times=3)
    faulty_stack.simulator.add_fault(fault)
    body = {"serverCallId": call.server_call_id, **WAV}

    first = faulty_stack.recorder.request(
        "POST", "/recordings", json=body, headers={"Idempotency-Key": f"again-{call.call_id}"}
    )
    second = faulty_stack.recorder.start(body, key=f"again-{call.call_id}")

    assert first.status_code == 502
    assert first.headers["Content-Type"].startswith("application/problem+json")
    assert first.json()["acsCode"] == "9999"
    assert second.recording_id


def test_what_acs_does_not_judge_has_failed_and_the_same_key_asks_anew(faulty_stack: Stack) -> None:
    call = faulty_stack.simulator.place_call(script=TWO)
    faulty_stack.simulator.add_fault(InjectedFault(action="tooManyRequests", kind="start", times=1))
    body, key = {"serverCallId": call.server_call_id, **WAV}, f"anew-{call.call_id}"

    answer = faulty_stack.recorder.request("POST", "/recordings", json=body, headers={"Idempotency-Key": key})
    failed = faulty_stack.recorder.get(answer.json()["id"])
    started = faulty_stack.recorder.start(body, key=key)

    assert answer.status_code == 429
    assert (failed.status, failed.failure_kind) == ("failed", "refused")
    assert (started.id, started.failure) == (failed.id, None)
    assert started.recording_id


def test_a_page_for_an_answer_to_a_start_is_a_502_and_the_row_says_why(faulty_stack: Stack) -> None:
    call = faulty_stack.simulator.place_call(script=TWO)
    faulty_stack.simulator.add_fault(InjectedFault(action="htmlBody", kind="start", times=3))

    answer = faulty_stack.recorder.request("POST", "/recordings", json={"serverCallId": call.server_call_id, **WAV})
    row = faulty_stack.recorder.get(answer.json()["id"])

    assert (answer.status_code, row.status) == (502, "starting")
    assert "no recording in it" in (row.waits_for or "")


def test_a_second_start_of_a_call_names_the_recording_that_runs(faulty_stack: Stack) -> None:
    call = faulty_stack.simulator.place_call(script=TWO)
    body = {"serverCallId": call.server_call_id, **WAV}
    running = faulty_stack.recorder.start(body)

    answer = faulty_stack.recorder.request("POST", "/recordings", json=body)

    assert (answer.status_code, answer.json()["id"]) == (409, running.id)


def test_a_resume_that_acs_does_not_allow_is_a_conflict_and_changes_nothing(faulty_stack: Stack) -> None:
    faulty_stack.simulator.change_settings(resume_when_active_code="8573")
    call = faulty_stack.simulator.place_call(script=TWO)
    recording = faulty_stack.recorder.start({"serverCallId": call.server_call_id, **WAV})
    faulty_stack.recorder.wait(recording.id, "active", seconds=10)

    answer = faulty_stack.recorder.request("POST", f"/recordings/{recording.id}/resume")

    faulty_stack.simulator.change_settings(resume_when_active_code="")
    assert (answer.status_code, answer.json()["acsCode"]) == (409, "8573")
    assert faulty_stack.recorder.get(recording.id).status == "active"


def test_a_page_instead_of_acs_s_answer_is_a_bad_gateway_that_says_what_came(faulty_stack: Stack) -> None:
    call = faulty_stack.simulator.place_call(script=TWO)
    recording = faulty_stack.recorder.start({"serverCallId": call.server_call_id, **WAV})
    faulty_stack.recorder.wait(recording.id, "active", seconds=10)
    another = json.dumps({"serverCallId": faulty_stack.simulator.place_call().server_call_id}).encode()
    kinds: list[Operation] = ["start", "pause"]
    for kind in kinds:
        faulty_stack.simulator.add_fault(InjectedFault(action="htmlBody", kind=kind, times=None))

    answers = [
        faulty_stack.recorder.request("POST", "/recordings", content=another),
        faulty_stack.recorder.request("POST", f"/recordings/{recording.id}/pause"),
    ]

    faulty_stack.simulator.clear_faults()
    faulty_stack.recorder.stop(recording.id)
    assert [(answer.status_code, answer.json()["acsStatus"]) for answer in answers] == [(502, 200), (502, 200)]
    assert all(answer.json()["detail"].startswith("ACS answered 200 with text/html, ") for answer in answers)


def test_a_stop_that_acs_answers_with_404_while_it_records_is_no_success(faulty_stack: Stack) -> None:
    call = faulty_stack.simulator.place_call(script=TWO)
    recording = faulty_stack.recorder.start({"serverCallId": call.server_call_id, **WAV})
    faulty_stack.recorder.wait(recording.id, "active", seconds=10)
    faulty_stack.simulator.add_fault(InjectedFault(action="status", status=404, kind="stop", times=1))

    answer = faulty_stack.recorder.request("POST", f"/recordings/{recording.id}/stop")
    stopped = faulty_stack.recorder.stop(recording.id)

    assert (answer.status_code, answer.json()["acsStatus"], answer.json()["acsCode"]) == (503, 404, "8522")
    assert int(answer.headers["Retry-After"]) > 0
    assert stopped.status == "stopped"
    assert differences(faulty_stack, settled(faulty_stack, recording.id)) == []


def test_a_call_that_ends_by_itself_ends_its_recording_as_soon_as_acs_says_so(faulty_stack: Stack) -> None:
    call = faulty_stack.simulator.place_call(script=TWO)
    recording = faulty_stack.recorder.start({"serverCallId": call.server_call_id, **WAV})
    faulty_stack.recorder.wait(recording.id, "active", seconds=10)
    let_start_settle(faulty_stack, recording.id)

    faulty_stack.simulator.end_call(call.call_id)

    completed = settled(faulty_stack, recording.id)
    assert completed.ended_at
    assert differences(faulty_stack, completed) == []


def test_an_earlier_recording_s_event_is_not_about_the_one_that_runs(faulty_stack: Stack) -> None:
    """Nor does it keep that one's stop from asking ACS; the event names the call alone."""
    script = Script(ready_delay_seconds=1.0, events=EventOptions(subject_form=3))
    call = faulty_stack.simulator.place_call(script=script)
    first, second = (start_and_run(faulty_stack, call.server_call_id, stops=stops) for stops in (True, False))

    chunks = settled(faulty_stack, first).chunks
    shown = faulty_stack.recorder.get(second)
    stopped = faulty_stack.recorder.stop(second)

    assert len(chunks) == 1
    assert (shown.status, shown.ended_at, shown.chunks) == ("active", None, ())
    assert stopped.ended_at
    assert faulty_stack.simulator.recording(acs_id(shown)).state == "ended"
    assert [violation for violation in faulty_stack.simulator.violations() if violation.recording_id] == []


def start_and_run(stack: Stack, server_call_id: str, *, stops: bool) -> str:
    recording = stack.recorder.start({"serverCallId": server_call_id, **WAV})
    stack.recorder.wait(recording.id, "active", seconds=10)
    if stops:
        stack.recorder.stop(recording.id)
    return str(recording.id)


def test_an_event_that_could_not_be_delivered_comes_in_as_a_dead_letter(faulty_stack: Stack) -> None:
    endpoint = faulty_stack.simulator.settings().event_endpoint
    faulty_stack.simulator.change_settings(event_endpoint="http://127.0.0.1:9/nobody")
    recording = record(faulty_stack, TWO)
    wait_for_dead_letter(faulty_stack)
    faulty_stack.simulator.change_settings(event_endpoint=endpoint)

    completed = settled(faulty_stack, recording.id)

    with faulty_stack.blobs as blobs:
        letters = blobs.get_container_client(settings.DEAD_LETTERS_CONTAINER).list_blob_names()
        assert list(letters) == []
    assert differences(faulty_stack, completed) == []


def wait_for_dead_letter(stack: Stack) -> None:
    deadline = time.monotonic() + 20
    with stack.blobs as blobs:
        container = blobs.get_container_client(settings.DEAD_LETTERS_CONTAINER)
        while not list(container.list_blob_names()):
            assert time.monotonic() < deadline, "No dead letter was written"
            time.sleep(0.1)


def test_an_event_of_another_resource_is_kept_and_nothing_is_fetched(faulty_stack: Stack) -> None:
    foreign = faulty_stack.simulator.foreign_recording(
        ForeignRecordingRequest(script=Script(chunks=1, chunk_bytes=20_000, events=EventOptions(never=True)))
    )
    faulty_stack.simulator.wait_for_files(foreign.recording_id)
    held = next(event for event in faulty_stack.simulator.events() if event.recording_id == foreign.recording_id)
    document = {**held.document, "topic": "/subscriptions/somebody/else"}

    answer = faulty_stack.host.post_events("recording_file_ready", [document])

    assert answer.status_code == 202
    with faulty_stack.blobs as blobs:
        kept = list(blobs.get_container_client(settings.REJECTED_EVENTS_CONTAINER).list_blobs(include=["metadata"]))
    assert any("ACS_TOPIC" in blob.metadata["reason"] for blob in kept)
    assert faulty_stack.simulator.recording(foreign.recording_id).documents[0].content_fetches == 0


JUNK = [
    (settings.TRANSFER_QUEUE, "not a message of ours"),
    (settings.TRANSFER_QUEUE, ""),
    (settings.DELETION_QUEUE, "bm90IG91cnM="),
    (settings.DELETION_POISON_QUEUE, "<a>&amp;\u00fc \U0001f399"),
]


def test_messages_that_are_not_ours_are_kept_and_told_once(faulty_stack: Stack) -> None:
    bodies = {hashlib.sha256(text.encode()).hexdigest(): text.encode() for _, text in JUNK}
    for queue, text in JUNK:
        with QueueClient.from_connection_string(faulty_stack.azurite.connection_string, queue) as client:
            client.send_message(text)

    deadline = time.monotonic() + 30
    while not all(told(faulty_stack, digest) for digest in bodies):
        assert time.monotonic() < deadline, "Nobody was told"
        time.sleep(0.1)

    with faulty_stack.blobs as blobs:
        container = blobs.get_container_client(settings.REJECTED_EVENTS_CONTAINER)
        kept = {digest: container.download_blob(f"messages/{digest}.bin").readall() for digest in bodies}
    assert kept == bodies
    assert [len(told(faulty_stack, digest)) for digest in bodies] == [1, 1, 1, 1]


def told(stack: Stack, digest: str) -> list[str]:
    """The alerts about a message."""
    lines = [line["message"] for line in stack.host.log_lines()]
    return [line for line in lines if line.startswith("message_poisoned ") and digest[:8] in line]
