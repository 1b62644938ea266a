"""Every error of ACS's says whether it took effect, with ACS's own code, status and wait."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from threading import Thread

import pytest

from local.simulator.bodies import BytesBody
from local.simulator.faults import InjectedFault
from local.simulator.wire import Framing, Response, Sending, acs_error, json_response
from shared.adapters.acs_calls import SdkAcsCalls
from shared.adapters.acs_client import connect
from shared.domain.acs_words import RecordingKind
from shared.domain.errors import AcsError, AcsRefused, AcsUnavailable, AcsUncertain
from shared.domain.ports import AcsState

from .acs_under_test import SimulatorAcsUnderTest, an_audio_request, running, started
from .conftest import no_credential
from .source_under_test import SDK_WARNINGS

pytestmark = SDK_WARNINGS
REFUSALS = [
    (400, "8500"),
    (400, "8501"),
    (404, "8522"),
    (400, "8523"),
    (400, "8527"),
    (400, "8528"),
    (409, "8519"),
    (405, "8520"),
    (400, "8543"),
    (400, "8553"),
    (400, "8559"),
    (400, "8557"),
    (400, "8562"),
    (409, "8571"),
    (400, "8573"),
    (400, "8508"),
    (400, "8608"),
    (412, "8500"),
]
NOT_JUDGED = [(403, "7504"), (401, "7509"), (401, "Denied"), (403, "7605")]

ACTIONS: dict[str, Callable[[SimulatorAcsUnderTest, str], object]] = {
    "start": lambda acs, _: started(acs),
    "pause": lambda acs, recording_id: acs.calls.pause(recording_id),
    "resume": lambda acs, recording_id: acs.calls.resume(recording_id),
    "stop": lambda acs, recording_id: acs.calls.stop(recording_id),
    "state": lambda acs, recording_id: acs.calls.state(recording_id),
}
every_action = pytest.mark.parametrize("act", ACTIONS.values(), ids=ACTIONS)


def failure(
    acs: SimulatorAcsUnderTest, response: Response, act: Callable[[SimulatorAcsUnderTest, str], object]
) -> AcsError:
    """What an action raises when ACS gives an answer once."""
    recording_id = "" if act is ACTIONS["start"] else running(acs)
    acs.simulator.prepared.append(response)
    with pytest.raises(AcsError) as caught:
        act(acs, recording_id)
    return caught.value


@pytest.mark.parametrize(("status", "code"), REFUSALS)
def test_a_refusal_has_the_status_the_code_and_the_words_of_acs(
    simulated_acs: SimulatorAcsUnderTest, status: int, code: str
) -> None:
    error = failure(simulated_acs, acs_error(status, code, "ACS does not want to."), ACTIONS["start"])

    assert isinstance(error, AcsRefused)
    assert (error.status, error.code, error.retry_after_seconds) == (status, code, None)
    assert "ACS does not want to." in str(error)


@every_action
@pytest.mark.parametrize(("status", "code"), NOT_JUDGED)
def test_what_acs_says_of_the_app_is_no_judgement_and_took_no_effect(
    simulated_acs: SimulatorAcsUnderTest, status: int, code: str, act: Callable[[SimulatorAcsUnderTest, str], object]
) -> None:
    error = failure(simulated_acs, acs_error(status, code, "Not now."), act)

    assert isinstance(error, AcsUnavailable)
    assert not isinstance(error, AcsUncertain)
    assert (error.status, error.code) == (status, code)


@every_action
@pytest.mark.parametrize("status", [400, 404, 405, 413])
@pytest.mark.parametrize(("kind", "body"), [("text/html", b"<html></html>"), ("application/json", b"{}")])
def test_a_refusal_without_a_code_is_not_acs_s_judgement(
    simulated_acs: SimulatorAcsUnderTest,
    act: Callable[[SimulatorAcsUnderTest, str], object],
    status: int,
    kind: str,
    body: bytes,
) -> None:
    """A gateway's, or that of a wrong ACS_ENDPOINT: taken for ACS's it would be the key's answer for ever."""
    error = failure(simulated_acs, Response(status, {"Content-Type": kind}, BytesBody(body)), act)

    assert isinstance(error, AcsUnavailable)
    assert not isinstance(error, AcsUncertain)
    assert (error.status, error.code) == (status, None)


@every_action
def test_every_action_can_be_refused(
    simulated_acs: SimulatorAcsUnderTest, act: Callable[[SimulatorAcsUnderTest, str], object]
) -> None:
    error = failure(simulated_acs, acs_error(409, "8571", "Recording operation conflict"), act)

    assert isinstance(error, AcsRefused)
    assert error.code == "8571"


def with_wait(status: int, wait: str) -> Response:
    response = acs_error(status, "8516", "Too many requests.")
    return Response(response.status, response.headers | {"Retry-After": wait}, response.body)


@every_action
@pytest.mark.parametrize(("status", "unclear"), [(429, False), (503, True)])
def test_a_throttled_action_tells_the_wait_and_only_at_429_surely_took_no_effect(
    simulated_acs: SimulatorAcsUnderTest,
    status: int,
    act: Callable[[SimulatorAcsUnderTest, str], object],
    *,
    unclear: bool,
) -> None:
    began = time.monotonic()

    error = failure(simulated_acs, with_wait(status, "17"), act)

    assert isinstance(error, AcsUnavailable)
    assert isinstance(error, AcsUncertain) is unclear
    assert (error.status, error.code, error.retry_after_seconds) == (status, "8516", 17)
    assert time.monotonic() - began < 5


def test_a_wait_until_a_date_is_told_in_seconds(simulated_acs: SimulatorAcsUnderTest) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)

    error = failure(simulated_acs, with_wait(503, date), ACTIONS["pause"])

    assert error.retry_after_seconds is not None
    assert 80 < error.retry_after_seconds <= 90


@pytest.mark.parametrize(
    "wait",
    [
        "soon",
        "",
        "Sun, 99 Nov 2026 06:57:21 GMT",
        "Sun, 22 Nov 2026 06:57:21 -0000",
        "Sun, 22 Nov 99999999999999999999 06:57:21 GMT",
        "Sun, 22 Nov 2026 06:57:21 +9999999999999999",
    ],
)
def test_a_wait_that_makes_no_sense_is_none(simulated_acs: SimulatorAcsUnderTest, wait: str) -> None:
    assert failure(simulated_acs, with_wait(429, wait), ACTIONS["start"]).retry_after_seconds is None


@pytest.mark.parametrize(("wait", "seconds"), [("1e300", 3600), ("86400", 3600), ("-1", 0), ("nan", 0), ("inf", 3600)])
def test_an_absurd_wait_is_bounded(simulated_acs: SimulatorAcsUnderTest, wait: str, seconds: float) -> None:
    assert failure(simulated_acs, with_wait(429, wait), ACTIONS["start"]).retry_after_seconds == seconds


@pytest.mark.parametrize(("status", "code"), [(500, "9999"), (500, "8500"), (502, "9999"), (504, "9999"), (408, "1")])
def test_a_start_that_failed_at_acs_may_have_taken_effect(
    simulated_acs: SimulatorAcsUnderTest, status: int, code: str
) -> None:
    error = failure(simulated_acs, acs_error(status, code, "Unknown internal server error."), ACTIONS["start"])

    assert isinstance(error, AcsUncertain)
    assert (error.status, error.code) == (status, code)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/html", b"<!DOCTYPE html><html></html>"),
        ("text/html", b""),
        ("application/json", b"<!DOCTYPE html><html></html>"),
        ("application/json", b""),
        ("application/json", b"[1]"),
        ("application/json", b'"text"'),
        ("application/json", b'{"error": "text"}'),
        ("application/json", b"\xff"),
    ],
)
@pytest.mark.parametrize("status", [400, 404, 500])
def test_an_error_without_the_shape_of_acs_still_has_its_status(
    simulated_acs: SimulatorAcsUnderTest, status: int, kind: str, body: bytes
) -> None:
    error = failure(simulated_acs, Response(status, {"Content-Type": kind}, BytesBody(body)), ACTIONS["start"])

    assert (error.status, error.code) == (status, None)


@pytest.mark.parametrize("status", [500, 503])
def test_a_start_is_not_repeated_inside(simulated_acs: SimulatorAcsUnderTest, status: int) -> None:
    simulated_acs.admin.add_fault(InjectedFault(action="status", status=status, kind="start", times=None))

    with pytest.raises(AcsUnavailable):
        started(simulated_acs)

    assert len(simulated_acs.admin.requests("start")) == 1


def test_a_start_whose_answer_was_lost_is_uncertain_and_found_again_under_its_id(
    simulated_acs: SimulatorAcsUnderTest,
) -> None:
    call, id = simulated_acs.place_call(), "24e4b374-bbf0-4d27-a543-4186ef4adf67"
    simulated_acs.admin.add_fault(InjectedFault(action="loseResponse", kind="start"))

    with pytest.raises(AcsUncertain):
        started(simulated_acs, id, server_call_id=call)
    again = started(simulated_acs, id, server_call_id=call)

    [recording] = simulated_acs.admin.recordings()
    assert again.recording_id == recording.recording_id


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_an_action_whose_answer_was_lost_is_uncertain(simulated_acs: SimulatorAcsUnderTest, action: str) -> None:
    recording_id = running(simulated_acs)
    simulated_acs.admin.add_fault(InjectedFault(action="loseResponse", method="POST"))

    with pytest.raises(AcsUncertain):
        getattr(simulated_acs.calls, action)(recording_id)


def test_a_silent_acs_is_uncertain_after_a_while(simulated_acs: SimulatorAcsUnderTest) -> None:
    simulated_acs.admin.add_fault(InjectedFault(action="delay", kind="start", seconds=5))
    began = time.monotonic()

    with (
        connect(None, simulated_acs.simulator.connection_string, no_credential, read_seconds=0.2) as client,
        pytest.raises(AcsUncertain),
    ):
        started(SimulatorAcsUnderTest(simulated_acs.simulator, simulated_acs.admin, SdkAcsCalls(client)))

    assert time.monotonic() - began < 2


@pytest.fixture
def listener() -> Iterator[Callable[[Callable[[socket.socket], None]], int]]:
    """Makes servers that do something to each connection; returns their ports."""
    with ExitStack() as listeners:

        def listen(act: Callable[[socket.socket], None]) -> int:
            server = listeners.enter_context(socket.create_server(("127.0.0.1", 0)))

            def serve() -> None:
                with suppress(OSError):  # closed
                    while True:
                        connection, _ = server.accept()
                        act(connection)
                        connection.close()

            Thread(target=serve, daemon=True).start()
            return int(server.getsockname()[1])

        yield listen


def a_start_at(port: int, monkeypatch: pytest.MonkeyPatch, *, proxied: bool, host: str = "127.0.0.1") -> AcsUnavailable:
    """What a start raises at a server that is none of ACS's, or through one as a proxy."""
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    endpoint = f"https://{host}:{port}/"
    if proxied:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{host}:{port}")
        endpoint = "https://acs.example/"
    with (
        connect(None, f"endpoint={endpoint};accesskey=a2V5", no_credential, read_seconds=1) as client,
        pytest.raises(AcsUnavailable) as caught,
    ):
        SdkAcsCalls(client).start(an_audio_request(server_call_id="a"), "24e4b374", datetime.now(UTC))
    return caught.value


through = pytest.mark.parametrize("proxied", [False, True], ids=["directly", "through a proxy"])


@through
@pytest.mark.parametrize("host", ["127.0.0.1", "nobody.invalid"], ids=["refused", "no such name"])
def test_a_connection_that_was_never_made_surely_took_no_effect(
    monkeypatch: pytest.MonkeyPatch, host: str, *, proxied: bool
) -> None:
    error = a_start_at(9, monkeypatch, proxied=proxied, host=host)

    assert not isinstance(error, AcsUncertain)
    assert error.status is None


BREAKS: dict[str, Callable[[socket.socket], object]] = {
    "closed": lambda _: None,
    "closed after the request": lambda connection: connection.recv(4096),
    "no TLS": lambda connection: connection.sendall(b"HTTP/1.1 503 no\r\n\r\n"),
}


@through
@pytest.mark.parametrize("breaks", BREAKS.values(), ids=BREAKS)
def test_a_connection_that_broke_after_it_was_made_is_uncertain(
    listener: Callable[[Callable[[socket.socket], object]], int],
    monkeypatch: pytest.MonkeyPatch,
    breaks: Callable[[socket.socket], object],
    *,
    proxied: bool,
) -> None:
    assert isinstance(a_start_at(listener(breaks), monkeypatch, proxied=proxied), AcsUncertain)


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("sending", [Sending(cut_at=5), Sending(framing=Framing.CHUNKED_OPEN)], ids=["cut", "open"])
def test_an_answer_that_breaks_off_is_uncertain(
    simulated_acs: SimulatorAcsUnderTest, status: int, sending: Sending
) -> None:
    body = BytesBody(b'{"recordingId": "eyJQ", "recordingState": "active"}')
    broken = Response(status, {"Content-Type": "application/json"}, body, sending)

    error = failure(simulated_acs, broken, ACTIONS["start"])

    assert isinstance(error, AcsUncertain)
    assert error.status is None


def test_a_question_that_fails_once_is_asked_again_inside(simulated_acs: SimulatorAcsUnderTest) -> None:
    recording_id = running(simulated_acs)
    simulated_acs.admin.add_fault(InjectedFault(action="unavailable", kind="get"))

    state = simulated_acs.calls.state(recording_id)

    assert state is not None
    assert [request.status for request in simulated_acs.admin.requests("get")] == [503, 200]


def test_a_stop_whose_answer_was_lost_stopped_the_recording(simulated_acs: SimulatorAcsUnderTest) -> None:
    recording_id = running(simulated_acs)
    simulated_acs.admin.add_fault(InjectedFault(action="loseResponse", kind="stop"))

    with pytest.raises(AcsError) as caught:
        simulated_acs.calls.stop(recording_id)

    assert isinstance(caught.value, AcsUncertain) or caught.value.status == 404
    assert simulated_acs.calls.state(recording_id) is None


UNCLEAR = [
    ("application/json", b""),
    ("application/json", b"null"),
    ("application/json", b"{}"),
    ("application/json", b"[1]"),
    ("application/json", b"\xff"),
    ("application/json", b"<!DOCTYPE html><html></html>"),
    ("text/html", b"<!DOCTYPE html><html></html>"),
    ("application/json", b'{"recordingId": 7, "recordingState": "active"}'),
    ("application/json", b'{"recordingId": "", "recordingState": "active"}'),
]
WITHOUT_STATE = [
    ("application/json", b'{"recordingId": "eyJQ"}'),
    ("application/json", b'{"recordingId": "eyJQ", "recordingState": "going"}'),
    ("application/json", b'{"recordingId": "eyJQ", "recordingState": ["active"]}'),
]


@pytest.mark.parametrize(("kind", "body"), UNCLEAR)
@pytest.mark.parametrize("action", ["start", "state"])
def test_a_success_that_does_not_say_what_is_recorded_is_uncertain(
    simulated_acs: SimulatorAcsUnderTest, action: str, kind: str, body: bytes
) -> None:
    error = failure(simulated_acs, Response(200, {"Content-Type": kind}, BytesBody(body)), ACTIONS[action])

    assert isinstance(error, AcsUncertain)


@pytest.mark.parametrize(("kind", "body"), WITHOUT_STATE)
def test_a_success_without_a_known_state_says_nothing_of_it(
    simulated_acs: SimulatorAcsUnderTest, kind: str, body: bytes
) -> None:
    error = failure(simulated_acs, Response(200, {"Content-Type": kind}, BytesBody(body)), ACTIONS["state"])

    assert isinstance(error, AcsUncertain)


@pytest.mark.parametrize(("kind", "body"), WITHOUT_STATE)
def test_a_start_that_names_its_recording_was_carried_out_whatever_its_state(
    simulated_acs: SimulatorAcsUnderTest, kind: str, body: bytes
) -> None:
    """Without the id it could not be stopped."""
    simulated_acs.simulator.prepared.append(Response(200, {"Content-Type": kind}, BytesBody(body)))

    assert started(simulated_acs) == AcsState("eyJQ", active=None)


@pytest.mark.parametrize("action", ["start", "state"])
def test_a_state_is_known_in_any_case(simulated_acs: SimulatorAcsUnderTest, action: str) -> None:
    answer = {"recordingId": "eyJQ", "recordingState": "Active"}
    simulated_acs.simulator.prepared.append(json_response(200, answer))

    assert ACTIONS[action](simulated_acs, "eyJQ") == AcsState("eyJQ", active=True)


UNREADABLE = {
    "a charset that it is not in": ("text/html; charset=utf-16", b"<html>!"),
    "deep": ("application/json", b"[" * 100_000),
}


@every_action
@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(("kind", "body"), UNREADABLE.values(), ids=UNREADABLE)
def test_an_answer_that_the_sdk_cannot_read_is_uncertain(
    simulated_acs: SimulatorAcsUnderTest,
    act: Callable[[SimulatorAcsUnderTest, str], object],
    status: int,
    kind: str,
    body: bytes,
) -> None:
    error = failure(simulated_acs, Response(status, {"Content-Type": kind}, BytesBody(body)), act)

    assert isinstance(error, AcsUncertain)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("azureCommunicationServices", RecordingKind.ACS),
        ("Teams", RecordingKind.TEAMS),
        ("teamsCompliance", RecordingKind.TEAMS_COMPLIANCE),
        ("somethingNew", None),
        (None, None),
        (7, None),
        ([], None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("action", ["start", "state"])
def test_whose_recording_it_is_is_read_as_far_as_it_is_known(
    simulated_acs: SimulatorAcsUnderTest, action: str, said: object, kind: RecordingKind | None
) -> None:
    answer = {"recordingId": "eyJQ", "recordingState": "active", "recordingKind": said}
    simulated_acs.simulator.prepared.append(json_response(200, answer))

    assert ACTIONS[action](simulated_acs, "eyJQ") == AcsState("eyJQ", active=True, kind=kind)


@pytest.mark.parametrize("action", ["start", "pause", "resume", "stop", "state"])
@pytest.mark.parametrize("status", [203, 302])
def test_an_answer_that_is_neither_the_success_nor_a_refusal_is_uncertain(
    simulated_acs: SimulatorAcsUnderTest, action: str, status: int
) -> None:
    error = failure(simulated_acs, Response(status, {}, BytesBody(b"")), ACTIONS[action])

    assert isinstance(error, AcsUncertain)


@pytest.mark.parametrize(("kind", "body"), [("text/html", b"<html></html>"), ("application/json", b"{}")])
def test_a_404_that_is_not_acs_s_own_says_nothing_of_a_recording(
    simulated_acs: SimulatorAcsUnderTest, kind: str, body: bytes
) -> None:
    """A gateway's, or that of an endpoint that is none of ACS's: taken for ACS's word it would end everything."""
    error = failure(simulated_acs, Response(404, {"Content-Type": kind}, BytesBody(body)), ACTIONS["state"])

    assert error.status == 404
