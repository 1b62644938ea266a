"""What is asked again, for how long, and what never is."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from acsrec import Problem, StartRequest, Unanswered
from acsrec.retries import backoff, retry_after
from tests.builders import OUR_ID
from tests.unit.client.fake_app import FakeApp, answer, problem, shown

ONE = f"/api/recordings/{OUR_ID}"
START = StartRequest(server_call_id="aHR0c", recording_content_type="audio")


@pytest.mark.parametrize("status", [429, 503])
def test_what_the_app_cannot_do_just_now_is_asked_again_when_it_says(status: int) -> None:
    app = FakeApp()
    app.on("GET", ONE, problem(status, {"Retry-After": "7"}), answer(shown()))

    recording = app.client().get(OUR_ID)

    assert (recording.id, app.slept) == (OUR_ID, [7.0])


def test_without_a_time_the_waits_grow_and_are_spread() -> None:
    app = FakeApp()
    app.on("GET", ONE, *[problem(503)] * 3, answer(shown()))

    app.client().get(OUR_ID)

    assert len(app.slept) == 3
    assert all(most / 2 <= slept <= most for slept, most in zip(app.slept, [0.5, 1.0, 2.0], strict=True))
    assert backoff(1000) <= 10.0


def test_who_is_told_to_come_at_once_waits_all_the_same() -> None:
    app = FakeApp()
    app.on("GET", ONE, *[problem(503, {"Retry-After": "0"})] * 2, answer(shown()))

    app.client().get(OUR_ID)

    assert [slept >= most / 2 for slept, most in zip(app.slept, [0.5, 1.0], strict=True)] == [True, True]


def test_the_tries_end_with_the_time_there_is_and_the_last_answer_counts() -> None:
    app = FakeApp()
    app.on("GET", ONE, problem(503, {"Retry-After": "20"}))

    with pytest.raises(Problem) as caught:
        app.client(patience_seconds=60).get(OUR_ID)

    assert (caught.value.status, caught.value.retry_after) == (503, 20.0)
    assert app.slept == [20.0, 20.0, 20.0]


def test_a_wait_that_is_longer_than_the_time_there_is_is_not_begun() -> None:
    app = FakeApp()
    app.on("GET", ONE, problem(429, {"Retry-After": "3600"}))

    with pytest.raises(Problem):
        app.client().get(OUR_ID)

    assert (len(app.requests), app.slept) == (1, [])


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 500, 502, 504])
def test_another_refusal_is_final(status: int) -> None:
    app = FakeApp()
    app.on("POST", f"{ONE}/stop", problem(status))

    with pytest.raises(Problem):
        app.client().stop(OUR_ID)

    assert len(app.requests) == 1


def test_a_start_keeps_its_key_and_its_body_over_all_tries() -> None:
    app = FakeApp()
    broken = httpx.ReadError("reset")
    app.on("POST", "/api/recordings", problem(429), broken, httpx.ConnectError("refused"), answer(shown(), 201))

    app.client().start(START)

    assert len({request.headers["Idempotency-Key"] for request in app.requests}) == 1
    assert len({request.content for request in app.requests}) == 1
    assert len(app.requests) == 4


def test_each_start_has_a_key_of_its_own_unless_one_is_given() -> None:
    app = FakeApp()
    app.on("POST", "/api/recordings", answer(shown(), 201))
    client = app.client()

    client.start(START)
    client.start(START)
    client.start(START, key="case-42")

    keys = [request.headers["Idempotency-Key"] for request in app.requests]
    assert len(set(keys)) == 3
    assert keys[2] == "case-42"


def test_a_connection_that_is_never_made_is_told_as_nothing_done() -> None:
    app = FakeApp()
    app.on("POST", f"{ONE}/pause", httpx.ConnectError("refused"))

    with pytest.raises(Unanswered, match="Nothing was done") as caught:
        app.client(patience_seconds=5).pause(OUR_ID)

    assert not caught.value.sent
    assert len(app.requests) > 1


def test_a_connection_that_breaks_for_good_is_told_as_not_known() -> None:
    app = FakeApp()
    app.on("POST", f"{ONE}/stop", httpx.ReadTimeout("too long"))

    with pytest.raises(Unanswered, match="is not known") as caught:
        app.client(patience_seconds=5).stop(OUR_ID)

    assert caught.value.sent


def test_what_may_not_be_repeated_is_asked_once_when_its_connection_breaks() -> None:
    app = FakeApp()
    app.on("POST", "/api/other", httpx.ReadError("reset"))

    with pytest.raises(Unanswered):
        app.client().answer("POST", "/other", repeatable=False)

    assert len(app.requests) == 1


@pytest.mark.parametrize("act", ["pause", "resume"])
def test_a_pause_or_resume_that_may_have_been_done_is_not_repeated(act: str) -> None:
    app = FakeApp()
    app.on("POST", f"{ONE}/{act}", httpx.ReadError("reset"))
    client = app.client()

    with pytest.raises(Unanswered, match="ask for the state"):
        (client.pause if act == "pause" else client.resume)(OUR_ID)

    assert len(app.requests) == 1


def test_a_raw_request_is_one_try() -> None:
    app = FakeApp()
    app.on("GET", ONE, problem(503))

    response = app.client().request("GET", f"/recordings/{OUR_ID}")

    assert (response.status_code, len(app.requests)) == (503, 1)


def test_wrong_settings_are_told_at_once() -> None:
    app = FakeApp()
    wrong = {"name": "ACS_ENDPOINT", "mustBe": "a URL"}
    app.on("GET", "/api/health", problem(503, settings=[wrong]))

    with pytest.raises(Problem) as caught:
        app.client().health()

    assert [(fault.name, fault.detail) for fault in caught.value.faults] == [("ACS_ENDPOINT", "a URL")]
    assert len(app.requests) == 1


def test_dependencies_that_do_not_answer_are_an_answer() -> None:
    app = FakeApp()
    app.on("GET", "/api/health/dependencies", answer({"status": "unhealthy", "checks": {"acs": False}}, 503))

    told = app.client().dependencies()

    assert (told.status, told.checks) == ("unhealthy", {"acs": False})


@pytest.mark.parametrize(
    ("given", "seconds"), [("5", 5.0), ("", None), ("soon", None), ("-1", None), ("1e3", None), ("\u0665", None)]
)
def test_a_time_to_come_again_is_a_whole_number_of_seconds(given: str, seconds: float | None) -> None:
    response = httpx.Response(503, headers=[(b"Retry-After", given.encode())])

    assert retry_after(response) == seconds


def test_a_time_to_come_again_may_be_a_date() -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)

    assert 80 < (retry_after(httpx.Response(503, headers={"Retry-After": then})) or 0) <= 90
