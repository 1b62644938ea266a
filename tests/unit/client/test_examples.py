"""The examples of the client: what they do about an event, that it may come twice, and that no failure loses one."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from acsrec import Error, Problem, verify
from examples.call_automation import on_callback
from examples.inbox import Inbox
from examples.reactions import react
from examples.worker import work
from tests.builders import CALL_CONNECTION_ID, OUR_ID, SERVER_CALL_ID, a_recording
from tests.unit.client.fake_app import Blob, FakeApp, a_link, answer, chunk_with, problem, shown

MEDIA = b"RIFF" + bytes(500)
CHUNK = chunk_with(MEDIA, metadata_blob=None)
ONE = f"/api/recordings/{OUR_ID}"
EXPIRES = "2026-11-28T03:04:05.000Z"


def an_app(status: str = "completed", content: bytes = MEDIA) -> FakeApp:
    app = FakeApp()
    app.on("GET", ONE, answer(shown(a_recording(status=status), [CHUNK])))
    app.on("GET", f"{ONE}/chunks/{CHUNK.document_id}/content", a_link())
    app.on("GET", "/file", Blob(content).read)
    return app


def an_event(word: str, **data: object) -> dict[str, Any]:
    return {
        "id": f"{OUR_ID}/{word}:1",
        "type": f"CallRecording.{word}",
        "time": "2026-11-27T03:04:05.000Z",
        "data": {"id": OUR_ID, **data},
    }


AT_RISK = an_event("AtRisk", expiresAt=EXPIRES, failure="Storage refuses the copy.")


def test_the_files_of_a_completed_recording_are_fetched_and_proven(tmp_path: Path) -> None:
    react(an_event("Completed"), an_app().client(), tmp_path)

    assert verify(tmp_path / OUR_ID).proven


def test_an_event_that_comes_twice_fetches_nothing_twice(tmp_path: Path) -> None:
    app = an_app()
    for _ in range(2):
        react(an_event("Completed"), app.client(), tmp_path)

    assert len(app.to_storage()) == 1


def test_a_recording_that_was_reopened_is_left_to_its_next_event(tmp_path: Path) -> None:
    react(an_event("Completed"), an_app("transferring").client(), tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_files_that_are_not_whole_are_no_success(tmp_path: Path) -> None:
    with pytest.raises(Error, match="not whole"):
        react(an_event("Completed"), an_app(content=bytes(len(MEDIA))).client(), tmp_path)


def test_an_id_that_leads_out_of_the_folder_is_asked_for_and_leads_nowhere(tmp_path: Path) -> None:
    app = an_app()
    app.on("GET", "/api/recordings/../../etc", problem(404))

    with pytest.raises(Problem, match="404"):
        react(an_event("Completed") | {"data": {"id": "../../etc"}}, app.client(), tmp_path / "recordings")

    assert list(tmp_path.iterdir()) == []


FAILED = an_event("Failed", failureKind="expired", failure="ACS destroyed it.")


def told_by(event: dict[str, Any], folder: Path, **now: Any) -> list[str]:
    """What is told of an event, as the recording is by now."""
    app, told = FakeApp(), list[str]()
    app.on("GET", ONE, answer(shown(a_recording(**now), [])))
    react(event, app.client(), folder, told.append)
    return told


@pytest.mark.parametrize("status", ["transferring", "stopped", "failed"])
def test_what_is_at_risk_is_told_with_its_deadline(status: str, tmp_path: Path) -> None:
    [text] = told_by(AT_RISK, tmp_path, status=status)

    assert all(word in text for word in (OUR_ID, EXPIRES, "Storage refuses the copy."))


def test_a_failure_is_told_as_the_app_has_it_now(tmp_path: Path) -> None:
    [text] = told_by(FAILED, tmp_path, status="failed", failure="Two reads differ.")

    assert OUR_ID in text
    assert "Two reads differ." in text


@pytest.mark.parametrize("event", [AT_RISK, FAILED])
def test_what_was_saved_since_alarms_nobody(event: dict[str, Any], tmp_path: Path) -> None:
    assert told_by(event, tmp_path, status="completed") == []


@pytest.mark.parametrize("type", ["Archived", "Stored", "Started"])
def test_other_types_are_passed_over(type: str, tmp_path: Path) -> None:
    assert told_by(an_event(type), tmp_path, status="transferring") == []


def test_what_failed_waits_on_and_keeps_nothing_else_from_being_handled(tmp_path: Path) -> None:
    inbox, app, told = Inbox(tmp_path / "inbox.db"), FakeApp(), list[str]()
    app.on("GET", ONE, problem(404), answer(shown(a_recording(status="transferring"), [])))
    inbox.put([an_event("Completed"), AT_RISK | {"time": "2026-11-27T03:04:06.000Z"}])

    first = work(inbox, app.client(), tmp_path, told.append)
    waiting = [event["type"] for event in inbox.waiting()]
    second = work(inbox, app.client(), tmp_path, told.append)

    assert (first, waiting, second, inbox.waiting()) == (False, ["CallRecording.Completed"], True, [])
    assert len(told) == 1


def test_what_was_handled_is_not_handled_again_when_it_is_delivered_again(tmp_path: Path) -> None:
    inbox, told = Inbox(tmp_path / "inbox.db"), list[str]()
    for _ in range(2):
        inbox.put([AT_RISK])
        work(inbox, an_app("transferring").client(), tmp_path, told.append)

    assert len(told) == 1


def test_events_are_handled_in_the_order_in_which_they_happened(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox.db")
    later = an_event("Stopped") | {"time": "2026-11-27T03:05:00.000Z"}
    inbox.put([later, an_event("Started")])

    assert [event["type"] for event in inbox.waiting()] == ["CallRecording.Started", "CallRecording.Stopped"]


# As Microsoft's documentation of Call Automation shows it, with ids of its form.
CALL_CONNECTED = {
    "id": "7dec6eed-129c-43f3-a2bf-134ac1978168",
    "source": f"calling/callConnections/{CALL_CONNECTION_ID}",
    "type": "Microsoft.Communication.CallConnected",
    "data": {
        "callConnectionId": CALL_CONNECTION_ID,
        "serverCallId": SERVER_CALL_ID,
        "correlationId": "7a659f41-bd0f-4bae-8ac0-6af79283e1bc",
    },
    "time": "2026-11-27T03:04:05.5556858+00:00",
    "specversion": "1.0",
    "datacontenttype": "application/json",
    "subject": f"calling/callConnections/{CALL_CONNECTION_ID}",
}


def started(app: FakeApp) -> list[tuple[str, object]]:
    return [
        (request.headers["Idempotency-Key"], json.loads(request.content)["callConnectionId"])
        for request in app.requests
    ]


def test_a_call_that_is_connected_is_recorded_by_its_connection_and_once() -> None:
    app = FakeApp()
    app.on("POST", "/api/recordings", answer(shown(), 201))

    for _ in range(2):
        on_callback(CALL_CONNECTED, app.client())

    assert started(app) == [(CALL_CONNECTION_ID, CALL_CONNECTION_ID)] * 2


def test_other_events_of_a_call_start_nothing() -> None:
    on_callback(CALL_CONNECTED | {"type": "Microsoft.Communication.CallDisconnected"}, FakeApp().client())


def test_a_start_that_got_no_answer_is_tried_again_as_the_same() -> None:
    app = FakeApp()
    app.on("POST", "/api/recordings", httpx.ReadTimeout("slow"), answer(shown(), 201))

    on_callback(CALL_CONNECTED, app.client())

    assert started(app) == [(CALL_CONNECTION_ID, CALL_CONNECTION_ID)] * 2
