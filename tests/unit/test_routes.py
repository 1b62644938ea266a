"""What the routes answer, through create_app."""

import base64
import json
from typing import Any

import pytest

from shared.api.request_bodies import EVENT_BYTES_MAX, parse_events
from shared.domain.errors import InvalidRequest
from shared.domain.models import RecordingStatus
from tests.builders import announced_chunk, document_id, file_ready_event, keep_at_acs, start_body
from tests.fakes import Cloud, Fault
from tests.unit.app import App

ROUTES = {
    "start_recording": ("recordings", "POST"),
    "list_recordings": ("recordings", "GET"),
    "get_recording": ("recordings/{id}", "GET"),
    "pause_recording": ("recordings/{id}/pause", "POST"),
    "resume_recording": ("recordings/{id}/resume", "POST"),
    "stop_recording": ("recordings/{id}/stop", "POST"),
    "chunk_content": ("recordings/{id}/chunks/{documentId}/content", "GET"),
    "chunk_metadata": ("recordings/{id}/chunks/{documentId}/metadata", "GET"),
    "replay_recording": ("recordings/{id}/replay", "POST"),
    "replay_failed": ("replay", "POST"),
    "ingest_event": ("events", "POST"),
    "check_consistency": ("consistency", "GET"),
    "recording_state": ("callbacks/recording-state", "POST"),
    "health": ("health", "GET"),
}
ANONYMOUS = {"recording_state", "health"}


def test_every_route_is_there_with_its_method_and_key(app: App) -> None:
    found = {}
    for function in app.indexed:
        trigger: dict[str, Any] = function.get_trigger().get_dict_repr()  # type: ignore[union-attr]  # all have one
        if trigger["type"] == "httpTrigger":
            (method,) = trigger["methods"]
            found[function.get_function_name()] = (trigger["route"], method.value, trigger["authLevel"].value)

    levels = {name: "anonymous" if name in ANONYMOUS else "function" for name in ROUTES}
    assert found == {name: (*route, levels[name]) for name, route in ROUTES.items()}


@pytest.mark.parametrize("host", ["[", "]", "[::1", "", "a b", "\u2100.example"])
def test_a_host_header_that_is_none_makes_no_fault_of_ours(
    app: App, host: str, caplog: pytest.LogCaptureFixture
) -> None:
    status, _, _ = app.http("recording_state", b"[]", host=host)

    assert status == 200
    assert "unknown_fault" not in caplog.text


def test_json_that_is_too_deep_to_be_read_is_the_sender_s_mistake(app: App, caplog: pytest.LogCaptureFixture) -> None:
    status, problem, _ = app.http("recording_state", b'[{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}]")

    assert (status, problem["status"]) == (400, 400)
    assert "unknown_fault" not in caplog.text


def test_a_start_answers_201_and_where_the_recording_is(app: App) -> None:
    status, recording, headers = app.http("start_recording", start_body(tags={"case": "42"}))

    assert (status, recording["status"], recording["tags"]) == (201, "starting", {"case": "42"})
    assert headers["Location"] == f"/api/recordings/{recording['id']}"


def test_a_key_comes_in_a_header(app: App) -> None:
    headers = {"Idempotency-Key": "k"}
    first = app.http("start_recording", start_body(), headers=headers)

    assert app.http("start_recording", start_body(), headers=headers)[1] == first[1]


def test_a_bad_start_is_a_problem_that_names_the_field(app: App) -> None:
    status, problem, headers = app.http("start_recording", start_body(loud=True))

    assert (status, problem["instance"]) == (400, "/api/path")
    assert "loud" in problem["detail"]
    assert headers.get("Content-Type", "application/problem+json") == "application/problem+json"


def test_a_recording_can_be_controlled(app: App) -> None:
    route = {"id": app.start()}

    assert app.http("pause_recording", route=route)[1]["status"] == "paused"
    assert app.http("resume_recording", route=route)[1]["status"] == "active"
    assert app.http("stop_recording", route=route)[1]["status"] == "stopped"


def test_a_recording_can_be_looked_up(app: App) -> None:
    id = app.start()

    status, recording, _ = app.http("get_recording", route={"id": id.upper()})

    assert (status, recording["id"], recording["chunks"]) == (200, id, [])


@pytest.mark.parametrize("id", ["nobody", "6f1c2d3e-0000-4000-8000-000000000009", "../x", "' or 1 eq 1"])
def test_what_nobody_knows_is_not_found(app: App, id: str) -> None:
    assert app.http("get_recording", route={"id": id})[0] == 404


def test_recordings_can_be_listed(app: App) -> None:
    id = app.start()

    status, page, _ = app.http("list_recordings", params={"status": "starting"})

    assert (status, [recording["id"] for recording in page["recordings"]], page["continuation"]) == (200, [id], None)


def stored(cloud: Cloud, app: App) -> dict[str, str]:
    """The route of a chunk that is stored."""
    keep_at_acs(cloud, 1)
    (message,) = app.event(file_ready_event(1))
    app.queue("chunk_transfer", message)
    return message


@pytest.mark.parametrize("name", ["chunk_content", "chunk_metadata"])
def test_a_link_is_handed_out_and_not_cached(cloud: Cloud, app: App, name: str) -> None:
    status, link, headers = app.http(name, route=stored(cloud, app))

    assert (status, link["expiresAt"], headers["Cache-Control"]) == (200, "2026-11-22T08:15:00.000Z", "no-store")
    assert link["url"].startswith("https://store.example/")


@pytest.mark.parametrize("document", ["nothing", "a/b", "../x", "a" * 129, "' or 1 eq 1"])
def test_a_chunk_that_nobody_knows_is_not_found(cloud: Cloud, app: App, document: str) -> None:
    route = stored(cloud, app) | {"documentId": document}

    assert app.http("chunk_content", route=route)[0] == 404


def test_a_link_can_be_followed_at_once(cloud: Cloud, app: App) -> None:
    status, link, headers = app.http("chunk_content", route=stored(cloud, app), params={"redirect": "True"})

    assert (status, headers["Location"]) == (302, link["url"])


def test_a_replay_sends_and_counts(cloud: Cloud, app: App) -> None:
    app.event(file_ready_event(2))

    status, counted, _ = app.http("replay_recording", outputs=True, route={"id": cloud.recording().id})

    assert (status, counted, len(app.transfers.sent)) == (202, {"transfers": 2, "deletions": 0}, 2)


def test_a_replay_of_all_needs_a_time(app: App) -> None:
    assert app.http("replay_failed", outputs=True)[0] == 400
    assert app.http("replay_failed", outputs=True, params={"since": "2026-11-22"})[0] == 202


def test_an_event_can_be_handed_in(app: App) -> None:
    body = json.dumps([file_ready_event(2)]).encode()

    status, counted, _ = app.http("ingest_event", body, outputs=True)

    assert (status, counted) == (202, {"transfers": 2, "deletions": 0})


def test_events_that_can_be_taken_in_are_sent_although_others_cannot_be(cloud: Cloud, app: App) -> None:
    events = [file_ready_event([announced_chunk(n)], subject_form=1, call_id=f"call-{n}") for n in range(3)]
    cloud.world.fail("catalog.save_recording", Fault.ERROR_BEFORE)

    status, problem, _ = app.http("ingest_event", json.dumps(events).encode(), outputs=True)

    assert (status, [ref["documentId"] for ref in app.transfers.sent]) == (503, [document_id(1), document_id(2)])
    assert "1 of 3 events" in problem["detail"]
    assert "Hand all of them in again" in problem["detail"]


def test_an_event_that_is_not_understood_stops_no_other(cloud: Cloud, app: App) -> None:
    deep = base64.urlsafe_b64encode(b"[" * 20_000).decode()
    events = [{"eventType": "Another"}, file_ready_event(1) | {"data": 5}, file_ready_event(1, recordingId=deep)]

    status, counted, _ = app.http("ingest_event", json.dumps([*events, {}]).encode(), outputs=True)

    assert (status, counted["transfers"], len(cloud.rejected.events)) == (202, 1, 3)


def test_a_recording_that_cannot_be_read_says_what_is_wrong(cloud: Cloud, app: App) -> None:
    """R2."""
    id = app.start()
    cloud.catalog.spoil(id)

    status, problem, _ = app.http("get_recording", route={"id": id})

    assert status == 503
    assert id in problem["detail"]
    assert "column status" in problem["detail"]


def test_a_list_is_answered_beside_a_recording_that_cannot_be_read(cloud: Cloud, app: App) -> None:
    """R2."""
    cloud.catalog.spoil(app.start())

    assert app.http("list_recordings")[:2] == (200, {"recordings": [], "continuation": None})


@pytest.mark.parametrize("body", [b"", b"[", b"[]", b"7", b"[1]", b"[" * 100_000, b" " * (EVENT_BYTES_MAX + 1)])
def test_what_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        parse_events(body)


def test_a_day_can_be_checked(app: App) -> None:
    assert app.http("check_consistency", params={"day": "2026-11-22"})[0] == 200
    assert app.http("check_consistency")[0] == 400


def test_a_callback_is_taken_in(cloud: Cloud, app: App) -> None:
    app.start()
    cloud.acs.begin(str(cloud.recording().recording_id))
    data = {"recordingId": cloud.recording().recording_id}
    body = json.dumps([{"type": "Microsoft.Communication.RecordingStateChanged", "data": data}]).encode()

    status, _, _ = app.http("recording_state", body)

    assert (status, cloud.recording().status) == (200, RecordingStatus.ACTIVE)


def test_health_is_told(cloud: Cloud, app: App) -> None:
    assert app.http("health")[:2] == (200, {"status": "healthy", "failures": {}})
    cloud.world.fail("catalog.recording", Fault.ERROR_BEFORE)

    status, told, _ = app.http("health")

    assert (status, told["status"], list(told["failures"])) == (503, "unhealthy", ["tables"])


def test_an_unknown_fault_is_a_problem_too(cloud: Cloud, app: App) -> None:
    cloud.acs.answers["start"].append(TypeError("internals"))  # type: ignore[arg-type]  # what no port raises

    status, problem, _ = app.http("start_recording", start_body())

    assert status == 500
    assert "internals" not in problem["detail"]
