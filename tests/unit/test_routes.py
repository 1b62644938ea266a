"""What the routes answer, through create_app."""

import base64
import json
from typing import Any

import azure.functions as func
import pytest

from functions import create_app
from shared.api.request_bodies import BODY_BYTES_MAX, EVENT_BYTES_MAX, EVENTS_MAX, parse_events
from shared.domain.errors import InvalidRequest
from shared.domain.statuses import RecordingStatus
from shared.services import Services
from tests.builders import announced_chunk, document_id, file_ready_event, keep_at_acs, start_body
from tests.fakes import ENVIRONMENT, Cloud, Fault
from tests.unit.app import App

ROUTES = {
    "start_recording": ("recordings", "POST"),
    "list_recordings": ("recordings", "GET"),
    "get_recording": ("recordings/{id}", "GET"),
    "recording_events": ("recordings/{id}/events", "GET"),
    "resend_events": ("recordings/{id}/events/resend", "POST"),
    "pause_recording": ("recordings/{id}/pause", "POST"),
    "resume_recording": ("recordings/{id}/resume", "POST"),
    "stop_recording": ("recordings/{id}/stop", "POST"),
    "chunk_content": ("recordings/{id}/chunks/{documentId}/content", "GET"),
    "chunk_metadata": ("recordings/{id}/chunks/{documentId}/metadata", "GET"),
    "export_recording": ("recordings/{id}/exports", "POST"),
    "replay_recording": ("recordings/{id}/replay", "POST"),
    "replay_failed": ("replay", "POST"),
    "rebuild_recordings": ("rebuild", "POST"),
    "ingest_event": ("events", "POST"),
    "check_consistency": ("consistency", "GET"),
    "recording_state": ("callbacks/recording-state", "POST"),
    "health": ("health", "GET"),
    "health_dependencies": ("health/dependencies", "GET"),
    "openapi_document": ("openapi.json", "GET"),
    "console": ("console/{*file}", "GET"),
}
WITH_OUTPUTS = {"replay_recording", "replay_failed", "ingest_event"}
ANONYMOUS = {"recording_state", "health", "openapi_document", "console"}


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


def test_a_caller_s_own_callback_is_taken_only_where_its_host_is_allowed(cloud: Cloud, app: App) -> None:
    """S3."""
    body = start_body(recordingStateCallbackUrl="https://caller.example/back")
    status, problem, _ = app.http("start_recording", body)
    assert (status, cloud.acs.started, cloud.recordings()) == (400, [], [])
    assert "CALLBACK_HOSTS" in problem["detail"]

    cloud.configure(CALLBACK_HOSTS="another.example,caller.example")

    assert App(cloud).http("start_recording", body)[0] == 201
    assert cloud.acs.started[0].recording_state_callback_url == "https://caller.example/back"


def test_a_recording_can_be_controlled(app: App) -> None:
    route = {"id": app.start()}

    assert app.http("pause_recording", route=route)[1]["status"] == "paused"
    assert app.http("resume_recording", route=route)[1]["status"] == "active"
    assert app.http("stop_recording", route=route)[1]["status"] == "stopped"


def test_a_stop_is_answered_though_a_chunk_cannot_be_read(cloud: Cloud, app: App) -> None:
    """What ACS confirmed is told: else a recording could never be known to have stopped."""
    id = app.start()
    app.event(file_ready_event(2))
    (ours,) = {chunk.id for chunk in cloud.chunks()}
    cloud.catalog.spoil(ours, document_id(1))

    status, recording, _ = app.http("stop_recording", route={"id": ours})

    assert (status, ours, recording["endedAt"] is not None, "chunks" in recording) == (200, id, True, False)
    assert app.http("get_recording", route={"id": ours})[0] == 503


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

    assert (status, link["expiresAt"], headers["Cache-Control"]) == (200, "2026-11-22T08:30:00.000Z", "no-store")
    assert link["url"].startswith("https://store.example/")


@pytest.mark.parametrize("document", ["nothing", "a/b", "../x", "a" * 129, "' or 1 eq 1"])
def test_a_chunk_that_nobody_knows_is_not_found(cloud: Cloud, app: App, document: str) -> None:
    route = stored(cloud, app) | {"documentId": document}

    assert app.http("chunk_content", route=route)[0] == 404


def test_a_link_can_be_followed_at_once(cloud: Cloud, app: App) -> None:
    status, link, headers = app.http("chunk_content", route=stored(cloud, app), params={"redirect": "true"})

    assert (status, headers["Location"]) == (302, link["url"])


@pytest.mark.parametrize(("name", "ending"), [("chunk_content", "wav"), ("chunk_metadata", "metadata.json")])
def test_a_link_that_is_followed_at_once_may_be_a_download(cloud: Cloud, app: App, name: str, ending: str) -> None:
    both = {"redirect": "true", "download": "true"}

    status, _, headers = app.http(name, route=stored(cloud, app), params=both)

    assert status == 302
    assert f"-0000.{ending}" in headers["Location"]


@pytest.mark.parametrize("name", ["chunk_content", "chunk_metadata"])
def test_a_copy_that_is_not_there_any_more_is_gone(cloud: Cloud, app: App, name: str) -> None:
    route = stored(cloud, app)
    cloud.store.all.clear()

    status, problem, _ = app.http(name, route=route)

    assert (status, problem["title"]) == (410, "Gone")


def test_a_replay_sends_and_counts(cloud: Cloud, app: App) -> None:
    app.event(file_ready_event(2))

    status, counted, _ = app.http("replay_recording", outputs=True, route={"id": cloud.recording().id})

    assert (status, counted, len(app.transfers.sent)) == (
        202,
        {"transfers": 2, "deletions": 0, "continuation": None},
        2,
    )


def test_a_replay_of_all_needs_a_time(app: App) -> None:
    assert app.http("replay_failed", outputs=True)[0] == 400
    assert app.http("replay_failed", outputs=True, params={"since": "2026-11-22"})[:2] == (
        202,
        {"transfers": 0, "deletions": 0, "continuation": None},
    )


def test_an_event_can_be_handed_in(app: App) -> None:
    body = json.dumps([file_ready_event(2)]).encode()

    status, counted, _ = app.http("ingest_event", body, outputs=True)

    assert (status, counted) == (202, {"transfers": 2, "deletions": 0, "rejected": []})


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
    id = app.start()
    cloud.catalog.spoil(id)

    assert app.http("list_recordings")[:2] == (200, {"recordings": [], "continuation": None, "unreadable": [id]})


@pytest.mark.parametrize("body", [b"", b"[", b"[]", b"7", b"[1]", b"[" * 100_000, b'{"a": "\xff"}'])
def test_what_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        parse_events(body)


def test_a_hundred_events_are_taken_in_at_once_and_no_more(cloud: Cloud, app: App) -> None:
    events = [file_ready_event([announced_chunk(n)], call_id=f"call-{n}") for n in range(EVENTS_MAX + 1)]

    status, problem, _ = app.http("ingest_event", json.dumps(events).encode(), outputs=True)

    assert (status, cloud.recordings(), cloud.rejected.events) == (413, [], {})
    assert "100 are allowed" in problem["detail"]
    assert app.http("ingest_event", json.dumps(events[1:]).encode(), outputs=True)[:2] == (
        202,
        {"transfers": EVENTS_MAX, "deletions": 0, "rejected": []},
    )


def test_a_flood_of_empty_events_in_one_body_is_refused_as_a_whole(cloud: Cloud, app: App) -> None:
    """S10."""
    status, _, _ = app.http("ingest_event", b"[" + b"{}," * 300_000 + b"{}]", outputs=True)

    assert (status, cloud.rejected.events) == (413, {})


READS_NO_BODY = {"openapi_document", "console"}
BODY_LIMITS = dict.fromkeys(ROUTES.keys() - READS_NO_BODY, BODY_BYTES_MAX) | {"ingest_event": EVENT_BYTES_MAX}


@pytest.mark.parametrize("name", sorted(BODY_LIMITS))
def test_a_body_over_the_limit_is_refused_before_it_is_read_whatever_the_route(app: App, name: str) -> None:
    body = b" " * (BODY_LIMITS[name] + 1)

    status, problem, headers = app.http(name, body, outputs=name in WITH_OUTPUTS)

    assert (status, problem["status"], headers["Cache-Control"]) == (413, 413, "no-store")
    assert f"{BODY_LIMITS[name]} are allowed" in problem["detail"]


def test_a_start_at_the_limit_is_taken(app: App) -> None:
    assert app.http("start_recording", start_body().ljust(BODY_BYTES_MAX))[0] == 201


HOSTILE = {
    "arrays": b"[" * 10_000 + b"]" * 10_000,
    "arrays in an array": b"[" * 900 + b"]" * 900,
    "objects": b'{"a":' * 8_000 + b"1" + b"}" * 8_000,
    "arrays in an event": b'[{"type":"x","eventType":"x","data":' + b"[" * 10_000 + b"]" * 10_000 + b"}]",
    "objects in a field": b'{"serverCallId":"x","tags":' + b'{"a":' * 8_000 + b"1" + b"}" * 8_000 + b"}",
    "no UTF-8": b'{"serverCallId": "\xff"}',
    "no UTF-8 in a name": b'[{"\xff": 1}]',
    "no UTF-8 in an event": b'[{"type": "\xed\xa0\x80", "eventType": "\xff"}]',
    "a byte order mark": b'\xef\xbb\xbf{"serverCallId": "x"}',
    "UTF-16": '{"serverCallId": "x"}'.encode("utf-16"),
    "half a surrogate": b'{"serverCallId": "\\ud800", "tags": {"\\udfff": "\\ud800"}}',
    "a number without end": b'{"serverCallId": ' + b"9" * 50_000 + b"}",
    "no number": b'{"serverCallId": NaN}',
    "null characters": b"\x00" * 100,
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("name", sorted(ROUTES.keys() - {"console"}))  # which reads none, and answers no JSON
def test_no_body_makes_a_fault_of_ours(app: App, name: str, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """S8."""
    status, _, _ = app.http(name, HOSTILE[kind], outputs=name in WITH_OUTPUTS, route={"id": "x", "documentId": "x"})

    assert status in {200, 201, 202, 400, 404}
    assert "unknown_fault" not in caplog.text


def test_no_reply_may_be_kept_by_anyone_on_the_way(app: App) -> None:
    answers = [app.http("list_recordings"), app.http("start_recording", start_body()), app.http("start_recording")]

    assert [(status, headers["Cache-Control"]) for status, _, headers in answers] == [
        (200, "no-store"),
        (201, "no-store"),
        (400, "no-store"),
    ]


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


def test_health_asks_nobody(cloud: Cloud, app: App) -> None:
    """S5: anyone may ask."""
    assert app.http("health")[:2] == (200, {"status": "healthy"})
    assert cloud.world.effects == []


def test_health_makes_no_client_of_anything() -> None:
    services = Services(ENVIRONMENT)
    functions = {str(one.get_function_name()): one.get_user_function() for one in create_app(services).get_functions()}

    functions["health"](func.HttpRequest(method="GET", url="http://localhost/api/health", body=b""))

    assert set(vars(services)) - {"environment", "clock", "writers", "lock"} == {"settings"}


def test_dependencies_are_told_by_name(cloud: Cloud, app: App) -> None:
    well = {"tables": True, "recordingsStorage": True, "runtimeStorage": True, "acs": True}
    assert app.http("health_dependencies")[:2] == (200, {"status": "healthy", "checks": well})
    cloud.world.fail("probe.tables", Fault.ERROR_BEFORE)

    status, told, _ = app.http("health_dependencies")

    assert (status, told) == (503, {"status": "unhealthy", "checks": well | {"tables": False}})


def test_an_unknown_fault_is_a_problem_too(cloud: Cloud, app: App) -> None:
    cloud.acs.answers["start"].append(TypeError("internals"))  # type: ignore[arg-type]  # what no port raises

    status, problem, _ = app.http("start_recording", start_body())

    assert status == 500
    assert "internals" not in problem["detail"]
