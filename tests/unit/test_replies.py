"""What HTTP callers are told, and what they are not."""

import json
from http import HTTPStatus

import pytest

from shared.api.http_replies import ACS_CODES, Reply, json_reply, reply_or_problem
from shared.api.views import SettingFault
from shared.domain import errors
from shared.domain.errors import (
    AcsError,
    AcsRefused,
    AcsUnavailable,
    AcsUncertain,
    RecorderError,
    SettingsInvalid,
    WrongSetting,
    about,
)

# ACS's codes, with the HTTP status ACS gives them, and what our caller is told.
CODES = [
    (400, "8500", 400),
    (400, "8501", 409),
    (400, "8508", 409),
    (429, "8516", 429),
    (409, "8519", 409),
    (405, "8520", 409),
    (404, "8522", 404),
    (400, "8523", 400),
    (400, "8527", 400),
    (400, "8528", 409),
    (429, "8529", 429),
    (429, "8530", 429),
    (404, "8543", 404),
    (400, "8553", 409),
    (400, "8557", 400),
    (400, "8559", 409),
    (400, "8562", 400),
    (409, "8571", 409),
    (400, "8573", 409),
    (429, "8589", 429),
    (500, "8608", 502),
    (403, "7504", 502),
    (401, "7509", 502),
    (401, "7510", 502),
    (403, "7605", 403),
    (500, "9999", 502),
]
STATUSES = [
    (400, 400),
    (401, 502),
    (403, 502),
    (404, 404),
    (405, 502),
    (409, 409),
    (412, 409),
    (429, 429),
    (500, 502),
    (502, 502),
    (503, 503),
    (504, 502),
]


def told(error: BaseException) -> Reply:
    def act() -> Reply:
        raise error

    return reply_or_problem("/api/recordings", act)


def body(reply: Reply) -> dict[str, object]:
    parsed: dict[str, object] = json.loads(reply.body)
    return parsed


def from_acs(status: int | None, code: str | None = None, retry_after: float | None = None) -> AcsError:
    facts = {"status": status, "code": code, "retry_after_seconds": retry_after}
    if status is None or status >= 500:
        return AcsUncertain("what ACS said", **facts)  # type: ignore[arg-type]  # one dictionary for three arguments
    kind = AcsUnavailable if status == 429 else AcsRefused
    return kind("what ACS said", **facts)  # type: ignore[arg-type]  # as above


def test_every_code_has_its_line_here() -> None:
    assert {code for _, code, _ in CODES} == set(ACS_CODES)


@pytest.mark.parametrize(("status", "code", "ours"), CODES)
def test_each_code_of_acs_has_its_status_and_is_passed_on(status: int, code: str, ours: int) -> None:
    reply = told(from_acs(status, code))

    assert (reply.status, body(reply)["acsCode"], body(reply)["acsStatus"]) == (ours, code, status)


@pytest.mark.parametrize(("status", "ours"), STATUSES)
def test_a_code_that_nobody_knows_goes_by_its_status(status: int, ours: int) -> None:
    assert told(from_acs(status, "1234")).status == ours


@pytest.mark.parametrize(("status", "ours"), STATUSES)
def test_without_a_code_it_is_a_gateway_s_answer_and_never_the_caller_s_fault(status: int, ours: int) -> None:
    blameless = ours if status == 429 or status >= 500 else 502

    assert told(from_acs(status)).status == blameless


def test_no_answer_of_acs_is_a_time_out_of_the_gateway() -> None:
    assert told(from_acs(None)).status == HTTPStatus.GATEWAY_TIMEOUT


def test_an_acs_that_was_never_reached_is_unavailable() -> None:
    assert told(AcsUnavailable("no token")).status == HTTPStatus.SERVICE_UNAVAILABLE


@pytest.mark.parametrize(
    ("status", "code", "ours"),
    [
        (400, "8501", 502),
        (404, "8522", 502),
        (409, None, 502),
        (200, None, 502),
        (429, "8516", 503),
        (503, "8516", 503),
    ],
)
def test_what_may_have_taken_effect_is_never_the_caller_s_fault(status: int, code: str | None, ours: int) -> None:
    reply = told(AcsUncertain("unclear", status=status, code=code))

    assert (reply.status, body(reply)["acsStatus"]) == (ours, status)


def test_an_answer_that_nobody_can_read_is_the_gateway_s_fault_though_its_status_is_not_known() -> None:
    assert told(errors.AcsUnreadable("unreadable")).status == HTTPStatus.BAD_GATEWAY


def test_a_recording_that_acs_does_not_know_is_a_conflict_with_acs_s_code() -> None:
    """Our own 404 says that there is no recording with this id."""
    reply = told(errors.RecordingUnknown("It has ended.", status=404, code="8522"))

    assert (reply.status, body(reply)["acsCode"], body(reply)["acsStatus"]) == (409, "8522", 404)


@pytest.mark.parametrize(("answer", "acs"), [(None, None), (AcsRefused("no", status=403, code="7504"), 403)])
def test_an_unknown_state_is_503_with_what_acs_answered(answer: AcsError | None, acs: int | None) -> None:
    reply = told(errors.ControlUnknown("It did not say.", answer))

    assert (reply.status, body(reply).get("acsStatus")) == (503, acs)
    assert body(reply).get("acsCode") == (answer.code if answer else None)


def test_keys_that_could_not_be_fetched_are_503_and_no_status_of_acs_s() -> None:
    reply = told(errors.CallbackKeysMissing())

    assert (reply.status, "acsStatus" in body(reply)) == (503, False)


@pytest.mark.parametrize("kind", [errors.Conflict, AcsUnavailable, errors.CatalogUnavailable])
def test_a_problem_names_the_recording_that_it_is_about_and_says_what_to_do(kind: type[RecorderError]) -> None:
    error = kind("It did not work.")
    error.id, error.advice = "6f1c", "Ask again."

    document = body(told(error))

    assert (document["id"], document["detail"]) == ("6f1c", "It did not work. Ask again.")


def test_an_error_is_about_the_first_recording_that_it_was_said_to_be_about() -> None:
    with pytest.raises(errors.Conflict) as caught, about("outer"), about("inner"):
        raise errors.Conflict("x")

    assert caught.value.id == "inner"


def test_a_fault_of_acs_is_never_ours() -> None:
    assert told(from_acs(500, "9999")).status != HTTPStatus.INTERNAL_SERVER_ERROR


def test_how_long_acs_wants_to_be_left_alone_is_passed_on() -> None:
    assert told(from_acs(429, "8529", 17.4)).headers == {"Retry-After": "17"}


@pytest.mark.parametrize("seconds", [0.0, 0.4])
def test_nobody_is_told_to_come_again_at_once(seconds: float) -> None:
    assert told(from_acs(503, "9999", seconds)).headers == {"Retry-After": "1"}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InvalidRequest("x"), 400),
        (errors.CallbackRefused("x"), 401),
        (errors.NotFound("x"), 404),
        (errors.Conflict("x"), 409),
        (errors.KeyReused("x"), 422),
        (errors.CatalogConflict("x"), 409),
        (errors.CatalogUnavailable("x"), 503),
        (errors.StoreUnavailable("x"), 503),
        (errors.SourceUnavailable("x"), 503),
        (errors.NotUnderstood("x"), 500),
    ],
)
def test_each_error_has_its_status(error: RecorderError, status: int) -> None:
    assert told(error).status == status


def test_a_problem_document_has_the_fields_of_rfc_9457() -> None:
    reply = told(errors.NotFound("There is no recording with this id."))

    assert reply.content_type == "application/problem+json"
    assert body(reply) == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is no recording with this id.",
        "instance": "/api/recordings",
    }


def test_an_error_without_a_message_has_its_docstring() -> None:
    assert body(told(errors.Conflict()))["detail"] == "The recording is not in a state that allows this."


def test_an_unknown_fault_tells_an_id_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    reply = told(KeyError("internals"))

    incident = json.loads(caplog.messages[0].partition(" ")[2])["incident"]
    assert reply.status == HTTPStatus.INTERNAL_SERVER_ERROR
    assert incident in str(body(reply)["detail"])
    assert b"internals" not in reply.body


def test_an_unknown_fault_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    told(KeyError("internals"))

    traceback = json.loads(caplog.messages[0].partition(" ")[2])["traceback"]
    assert traceback.startswith("builtins.KeyError: [withheld]\n  shared/api/http_replies.py:")
    assert caplog.records[0].exc_info is None  # which somebody else's formatter would write out


def test_a_process_that_is_told_to_stop_stops() -> None:
    with pytest.raises(SystemExit):
        told(SystemExit())


def test_what_went_well_is_passed_on() -> None:
    reply = json_reply(SettingFault(name="ä", must_be="b"), HTTPStatus.CREATED, {"Location": "/x"})

    assert reply_or_problem("/", lambda: reply) == Reply(
        status=HTTPStatus.CREATED,
        body='{"name":"ä","mustBe":"b"}'.encode(),
        content_type="application/json",
        headers={"Location": "/x"},
    )


@pytest.mark.parametrize(
    "error",
    [
        from_acs(429, "8529"),
        from_acs(503),
        AcsUnavailable("No connection."),
        errors.CatalogUnavailable(),
        SettingsInvalid([WrongSetting("A", "set")]),
    ],
    ids=["throttled", "unavailable", "no connection", "our storage", "settings"],
)
def test_whoever_is_to_come_again_is_told_when_even_where_acs_does_not_say(error: RecorderError) -> None:
    reply = told(error)

    assert reply.status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
    assert reply.headers["Retry-After"] == "5"


def test_a_reply_that_is_no_problem_document_says_when_to_come_again_too() -> None:
    unhealthy = json_reply(SettingFault(name="a", must_be="b"), HTTPStatus.SERVICE_UNAVAILABLE)

    assert reply_or_problem("/", lambda: unhealthy).headers["Retry-After"] == "5"


def test_wrong_settings_are_a_list_under_one_sentence() -> None:
    def fail() -> Reply:
        raise SettingsInvalid([WrongSetting("A", "set"), WrongSetting("B", "a number")])

    reply = reply_or_problem("/api/health", fail)

    problem = json.loads(reply.body)
    assert (reply.status, reply.content_type) == (HTTPStatus.SERVICE_UNAVAILABLE, "application/problem+json")
    assert problem["settings"] == [{"name": "A", "mustBe": "set"}, {"name": "B", "mustBe": "a number"}]
    assert problem["detail"].count(".") == 1
