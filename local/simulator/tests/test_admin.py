"""The admin side tells its routes, and what they take; what it refuses it refuses with what would be allowed."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import requests
from azure.core.exceptions import HttpResponseError

from local.simulator.admin_requests import ForeignRecordingRequest
from local.simulator.admin_routes import NoBody
from local.simulator.client import AdminError
from local.simulator.scripts import EventOptions, Script
from local.simulator.simulator import Simulator
from local.simulator.views import RouteView

from .support import SDK_WARNINGS, Acs, refusal
from .webhook import Webhook, wait_until

WRONG: Mapping[str, tuple[str, str, str]] = {
    "POST /faults {action: explode}": ("/faults", '{"action": "explode"}', "$.action`; allowed: badRequestHtml, chunk"),
    "a value in an array": ("/calls", '{"script": {"events": {"omit": ["x"]}}}', "omit[0]`; allowed: contentLocation,"),
    "a number": ("/calls/latest/script", '{"events": {"subjectForm": 9}}', "allowed: 1, 2, 3, 4, 5"),
    "a field": (
        "/calls",
        '{"script": {"chunk": 3}}',
        "unknown field `chunk` - at `$.script`; allowed: chunks, chunkBytes",
    ),
    "a field, at the top": ("/time", '{"seconds": 3}', "unknown field `seconds`; allowed: advanceSeconds"),
    "a field where there is none": ("/calls/latest/end", '{"now": true}', "unknown field `now`; allowed: nothing"),
    "a setting": (
        "/settings",
        '{"auth": "none"}',
        "Invalid enum value 'none' - at `$.auth`; allowed: bearer, either, hmac",
    ),
    "a setting's field": (
        "/settings",
        '{"events": {"scheme": ""}}',
        "`scheme` - at `$.events`; allowed: schema, subject",
    ),
    "a combination": ("/foreign-recordings", '{"formatType": "mp9"}', "allowed: audio, mixed, mp3; audio, mixed, wav"),
    "a range": ("/calls", '{"script": {"chunks": 0}}', "Expected `int` >= 1"),
    "a time": ("/time", '{"advanceSeconds": 1e300}', "too large"),
    "no JSON": ("/calls", "chunks=3", "JSON is malformed"),
    "no text": ("/calls", '{"group": "\udcff"}', "can't decode byte 0xff"),
}


@pytest.fixture
def listed(acs: Acs) -> list[RouteView]:
    return acs.admin.routes()


@pytest.mark.parametrize("path", ["", "/", "/admin", "/admin/"])
def test_the_routes_are_listed_a_line_each(simulator: Simulator, path: str) -> None:
    answer = requests.get(f"{simulator.proxy_url}{path}", timeout=5)

    assert answer.headers["Content-Type"] == "application/json"
    assert len(answer.json()) == len(answer.text.splitlines()) - 2 == len(simulator.admin.routes)


def test_each_route_says_what_it_does_and_shows_a_body_if_it_takes_one(simulator: Simulator) -> None:
    routes = simulator.admin.routes

    assert [route.path for route in routes if not re.fullmatch(r".{6,}", route.does)] == []
    assert [route.path for route in routes if bool(route.example) != (route.reads is not NoBody)] == []


def test_no_route_hides_another(simulator: Simulator) -> None:
    listed = [(route.method, re.sub(r"\{\w+\}", "*", route.path)) for route in simulator.admin.routes]

    assert len(set(listed)) == len(listed)


@SDK_WARNINGS
def test_each_example_works(acs: Acs, listed: list[RouteView], simulator: Simulator) -> None:
    """On a simulator with a call, a recording with its file, and an event."""
    with Webhook() as webhook:
        acs.admin.change_settings(event_endpoint=webhook.url)
        acs.record()
        acs.admin.place_call()
        webhook.wait(1)
        answers = {
            f"{route.method} {route.path}": requests.request(
                route.method,
                simulator.proxy_url + re.sub(r"\{\w+\}", "latest", route.path),
                json=route.example,
                timeout=5,
            )
            for route in listed
        }

    assert {route: answer.text for route, answer in answers.items() if not answer.ok} == {}


def test_an_example_shows_nothing_that_is_not_among_the_fields(listed: list[RouteView]) -> None:
    assert [route.path for route in listed if set(route.example or {}) - set(route.fields)] == []


@pytest.mark.parametrize("wrong", WRONG)
def test_a_refusal_says_what_is_allowed(wrong: str, acs: Acs, simulator: Simulator) -> None:
    acs.admin.place_call()
    path, body, told = WRONG[wrong]
    method = "PUT" if path == "/settings" else "POST"

    answer = requests.request(method, simulator.admin_url + path, data=body.encode(errors="surrogateescape"), timeout=5)

    assert answer.status_code == 400
    assert told in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/calls/latest/end", "/recordings/latest", "/documents/latest/content"])
def test_the_latest_of_nothing_is_not_found(simulator: Simulator, path: str) -> None:
    method = "POST" if path.endswith("end") else "GET"

    assert requests.request(method, simulator.admin_url + path, timeout=5).status_code == 404


def test_an_unknown_route_says_where_the_routes_are(simulator: Simulator) -> None:
    answer = requests.get(f"{simulator.admin_url}/call", timeout=5)

    assert (answer.status_code, answer.json()["detail"]) == (
        404,
        "No route GET /admin/call; GET /admin lists the routes",
    )


def test_the_latest_call_is_the_latest_that_runs(acs: Acs) -> None:
    running = acs.admin.place_call()
    acs.admin.foreign_recording()

    assert acs.admin.end_call("latest").call_id == running.call_id


@SDK_WARNINGS
def test_a_file_that_is_let_expire_is_gone_and_no_other(acs: Acs) -> None:
    first, last = acs.document(), acs.document()

    expired = acs.admin.expire("latest")

    assert (expired.document_id, expired.expired_at is None) == (last.document_id, False)
    with pytest.raises(HttpResponseError) as gone:
        acs.fetch(last)
    assert refusal(gone)[0] == 404
    assert acs.fetch(first) == acs.admin.content(first.document_id)


@SDK_WARNINGS
def test_a_foreign_recording_that_runs_keeps_others_from_the_call_until_the_call_ends(acs: Acs) -> None:
    call = acs.admin.place_call()
    script = Script(chunks=2, chunk_bytes=1000, events=EventOptions(never=True))
    foreign = acs.admin.foreign_recording(ForeignRecordingRequest(call_id="latest", running=True, script=script))
    wait_until(lambda: acs.admin.recording("latest").state == "active")

    with pytest.raises(HttpResponseError) as busy:
        acs.start(call)
    acs.admin.end_call(call.call_id)

    assert refusal(busy) == (400, "8553")
    assert (foreign.call_id, foreign.ended_at) == (call.call_id, None)
    assert len(acs.admin.wait_for_files(foreign.recording_id).documents) == 2


def test_a_foreign_recording_needs_a_call_that_runs_and_is_not_recorded(acs: Acs) -> None:
    request = ForeignRecordingRequest(call_id=acs.admin.place_call().call_id, running=True)
    acs.admin.foreign_recording(request)

    with pytest.raises(AdminError, match=r"400 .*being recorded"):
        acs.admin.foreign_recording(request)
    acs.admin.end_call("latest")
    with pytest.raises(AdminError, match=r"400 .*has ended"):
        acs.admin.foreign_recording(request)


def test_the_client_has_a_method_for_each_route(simulator: Simulator) -> None:
    client = (Path(__file__).parents[1] / "client.py").read_text()
    spoken = {
        (method, re.sub(r"\{[^}]+\}", "*", path)) for method, path in re.findall(r'\("([A-Z]+)", f?"([^"]*)"', client)
    }

    assert spoken == {(route.method, re.sub(r"\{\w+\}", "*", route.path)) for route in simulator.admin.routes}
