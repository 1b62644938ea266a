"""Whatever comes instead of an answer of ACS's becomes one of our errors: it says what came, and repeats none of it."""

import json
import re
from collections.abc import Callable

import pytest

from local.simulator.bodies import BytesBody
from local.simulator.wire import Response, acs_error, json_response
from shared.adapters.acs_answers import WORDS_MAX
from shared.api.http_replies import Reply, reply_or_problem
from shared.domain.errors import AcsError, AcsRefused, AcsUnavailable, AcsUncertain

from .acs_under_test import SimulatorAcsUnderTest, running
from .source_under_test import SDK_WARNINGS
from .test_acs_errors import ACTIONS, every_action, failure

pytestmark = SDK_WARNINGS
JSON, HTML = {"Content-Type": "application/json"}, {"Content-Type": "text/html; charset=utf-8"}
SECRET = "the-page-says"
PAGE = f"<!DOCTYPE html><html>{SECRET}</html>".encode()
NONSENSE: dict[str, tuple[dict[str, str], bytes]] = {
    "a page": (HTML, PAGE),
    "a page as JSON": (JSON, PAGE),
    "a page of no kind": ({}, PAGE),
    "a megabyte": (HTML, PAGE * 25_000),
    "nothing": (JSON, b""),
    "null": (JSON, b"null"),
    "an array": (JSON, b"[1]"),
    "deep": (JSON, b"[" * 100_000),
    "a long number": (JSON, b"1" * 10_000),
    "an odd error": (JSON, b'{"error": [1]}'),
    "an odd code": (JSON, b'{"error": {"code": {"a": 1}, "message": ["x"]}}'),
    "odd details": (JSON, b'{"error": {"code": "x y", "details": 7, "innererror": 7}}'),
    "no UTF-8": (JSON, b"\xff\xfe"),
    "a charset that it is not in": ({"Content-Type": "text/html; charset=utf-16"}, b"<html>!"),
    "a charset that nobody knows": ({"Content-Type": "text/html; charset=nobodys"}, PAGE),
    "a charset that is none": ({"Content-Type": "text/html; charset=rot13"}, PAGE),
    "another charset that is none": ({"Content-Type": "application/json; charset=hex"}, b"zz"),
    "XML": ({"Content-Type": "application/xml"}, b"<a/>"),
    "broken XML": ({"Content-Type": "application/xml"}, b"<a"),
    "an odd content type": ({"Content-Type": "\xe9;;=/"}, PAGE),
    "not compressed as it says": (JSON | {"Content-Encoding": "gzip"}, b"garbage"),
    "not deflated as it says": (HTML | {"Content-Encoding": "deflate"}, PAGE),
}
UNCOMPRESSED = {"not compressed as it says", "not deflated as it says"}
REPEATED = {"state", "stop"}  # what the SDK asks again inside, where it cannot read the answer: after seconds


def told_of(acs: SimulatorAcsUnderTest, response: Response, action: str) -> tuple[AcsError, int]:
    """What an action raises when ACS gives an answer, and the status that a caller gets for it."""
    acs.simulator.prepared.append(response)
    with pytest.raises(AcsError) as caught:
        ACTIONS[action](acs, "eyJQ")

    def raised() -> Reply:
        raise caught.value

    return caught.value, reply_or_problem("/", raised).status


def nonsense_for(action: str) -> list[tuple[dict[str, str], bytes]]:
    return [one for name, one in NONSENSE.items() if action not in REPEATED or name not in UNCOMPRESSED]


@pytest.mark.parametrize("action", ACTIONS)
def test_nonsense_for_a_success_is_a_bad_gateway_that_says_what_came(
    simulated_acs: SimulatorAcsUnderTest, action: str
) -> None:
    for headers, body in nonsense_for(action):
        error, status = told_of(simulated_acs, Response(200, headers, BytesBody(body)), action)

        assert isinstance(error, AcsUncertain)
        assert status == 502
        assert re.match(r"ACS answered 200 with |ACS's answer is not compressed as it says", str(error))
        assert SECRET not in str(error)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("status", [201, 202, 206, 302, 308, 400, 403, 404, 499])
def test_nonsense_of_any_status_is_an_error_of_acs(
    simulated_acs: SimulatorAcsUnderTest, status: int, action: str
) -> None:
    accepted = status == 202 and action in {"pause", "resume"}  # without a body
    for headers, body in nonsense_for(action):
        if not (accepted and not body):
            response = Response(status, headers | {"Location": "https://elsewhere.example/"}, BytesBody(body))
            error, told = told_of(simulated_acs, response, action)

            assert isinstance(error, AcsUnavailable)
            assert told == 502
            assert len(str(error)) < 2 * WORDS_MAX
            assert SECRET not in str(error)


@pytest.mark.parametrize(
    ("headers", "body", "said"),
    [
        (HTML, b"x" * 1234, "ACS answered 200 with text/html, 1,234 bytes: no recording in it."),
        (JSON, b"", "ACS answered 200 with an empty body: no recording in it."),
        ({}, b"x", "ACS answered 200 with no known content type, 1 bytes: no recording in it."),
        (JSON, b"{}", "ACS answered 200 with application/json, 2 bytes: no recording in it."),
    ],
)
def test_what_came_is_told_by_status_kind_and_length(
    simulated_acs: SimulatorAcsUnderTest, headers: dict[str, str], body: bytes, said: str
) -> None:
    error = failure(simulated_acs, Response(200, headers, BytesBody(body)), ACTIONS["start"])

    assert (str(error), error.status) == (said, 200)


def test_an_error_that_is_none_of_acs_s_is_told_likewise(simulated_acs: SimulatorAcsUnderTest) -> None:
    error = failure(simulated_acs, Response(404, HTML, BytesBody(b"x" * 1234)), ACTIONS["pause"])

    assert str(error) == "ACS answered 404 with text/html, 1,234 bytes: no error of ACS's in it (404)"


@every_action
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(
    simulated_acs: SimulatorAcsUnderTest, act: Callable[[SimulatorAcsUnderTest, str], object], status: int
) -> None:
    """Its target would get the request without a signature, and would decide in ACS's place."""
    here = f"https://{simulated_acs.simulator.components.resource.endpoint_host}/calling/recordings/elsewhere"
    recording_id = "" if act is ACTIONS["start"] else running(simulated_acs)
    simulated_acs.simulator.prepared.append(Response(status, {"Location": here}))
    simulated_acs.simulator.seen.clear()

    with pytest.raises(AcsUncertain) as caught:
        act(simulated_acs, recording_id)

    assert caught.value.status == status
    assert len(simulated_acs.simulator.seen) == 1


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_an_accepted_request_may_be_answered_with_a_document(simulated_acs: SimulatorAcsUnderTest, action: str) -> None:
    simulated_acs.simulator.prepared.append(json_response(202, {"operationId": "7"}))

    ACTIONS[action](simulated_acs, "eyJQ")


@pytest.mark.parametrize("id", ["a" * 1025, "a\ud800", "a\n", "\u00e9", "\x00"])
@pytest.mark.parametrize("action", ["start", "state"])
def test_an_id_that_cannot_be_one_is_none(simulated_acs: SimulatorAcsUnderTest, action: str, id: str) -> None:
    body = json.dumps({"recordingId": id, "recordingState": "active"}).encode()

    error = failure(simulated_acs, Response(200, JSON, BytesBody(body)), ACTIONS[action])

    assert isinstance(error, AcsUncertain)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Two\r\n  lines.", "Two lines. (409/8571)"),
        ("x" * 100_000, f"{'x' * WORDS_MAX} (409/8571)"),
        ("a\ud800b", "a?b (409/8571)"),
        ("   ", "ACS refused it without a word (409/8571)"),
        (7, "ACS refused it without a word (409/8571)"),
        (None, "ACS refused it without a word (409/8571)"),
    ],
)
def test_words_of_acs_can_be_written_anywhere(simulated_acs: SimulatorAcsUnderTest, said: object, told: str) -> None:
    """They stand on the row, whose column would not take a long text, and in UTF-8, which has no lone surrogates."""
    response = json_response(409, {"error": {"code": "8571", "message": said}})

    error = failure(simulated_acs, response, ACTIONS["pause"])

    assert str(error) == told


@pytest.mark.parametrize(
    ("said", "code"), [(8571, "8571"), ("BadRequest", "BadRequest"), ("Not_Found-1.2", "Not_Found-1.2")]
)
def test_a_code_is_a_number_or_a_word(simulated_acs: SimulatorAcsUnderTest, said: object, code: str) -> None:
    error = failure(simulated_acs, json_response(400, {"error": {"code": said, "message": "no"}}), ACTIONS["pause"])

    assert isinstance(error, AcsRefused)
    assert error.code == code


@pytest.mark.parametrize("said", ["", "a b", "x" * 65, "\u00e9", ["8571"], {"a": 1}, 7.5, None])
def test_what_is_no_code_is_none(simulated_acs: SimulatorAcsUnderTest, said: object) -> None:
    error = failure(simulated_acs, json_response(400, {"error": {"code": said, "message": "no"}}), ACTIONS["pause"])

    assert isinstance(error, AcsUnavailable)
    assert (error.code, str(error)) == (None, "no (400)")


# What ACS says of the app


@every_action
@pytest.mark.parametrize(
    "response",
    [
        acs_error(401, "Denied", "Denied by the resource provider."),
        acs_error(403, "7504", "Insufficient permissions."),
        acs_error(400, "7509", "HMAC validation error."),
        acs_error(400, "7510", "Managed identity validation error."),
        Response(401),
        Response(403, HTML, BytesBody(PAGE)),
    ],
)
def test_of_a_key_that_acs_does_not_take_the_setting_is_named(
    simulated_acs: SimulatorAcsUnderTest, response: Response, act: Callable[[SimulatorAcsUnderTest, str], object]
) -> None:
    error = failure(simulated_acs, response, act)

    assert type(error) is AcsUnavailable
    assert "Check ACS_CONNECTION_STRING: its access key" in str(error)


@every_action
def test_a_teams_meeting_that_may_not_be_recorded_says_nothing_of_the_app(
    simulated_acs: SimulatorAcsUnderTest, act: Callable[[SimulatorAcsUnderTest, str], object]
) -> None:
    error = failure(simulated_acs, acs_error(403, "7605", "Not authorized."), act)

    assert str(error) == "Not authorized. (403/7605)"


@every_action
@pytest.mark.parametrize("code", ["8516", "8529", "8530", "8589"])
def test_a_throttle_is_no_judgement_whatever_its_status(
    simulated_acs: SimulatorAcsUnderTest, code: str, act: Callable[[SimulatorAcsUnderTest, str], object]
) -> None:
    error = failure(simulated_acs, acs_error(400, code, "Too many requests."), act)

    assert type(error) is AcsUnavailable
