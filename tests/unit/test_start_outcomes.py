"""A start that was surely not carried out, one that may have been, and one of a call that is being recorded already."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace

from shared.api.http_replies import Reply, reply_or_problem
from shared.control.start_recording import START_TRIES
from shared.domain.durations import MAX_RECORDING_HOURS, SETTLE, START_SECONDS_MAX
from shared.domain.errors import (
    AcsError,
    AcsRefused,
    AcsUnavailable,
    AcsUncertain,
    CatalogUnavailable,
    Conflict,
    RecorderError,
)
from shared.domain.models import Recording
from shared.domain.statuses import FailureKind, FilesStatus, RecordingStatus
from tests.builders import SERVER_CALL_ID, a_recording, a_start_request, file_ready_event
from tests.fakes import Cloud, Crash, Effect, Fault

KEY = "case-42"
MINUTE = timedelta(minutes=1)
# What ACS never judged, as an error of its port.
NOT_JUDGED: dict[str, Callable[[], AcsError]] = {
    "429": lambda: AcsUnavailable("Too many requests. (429/8516)", status=429, code="8516", retry_after_seconds=7),
    "401": lambda: AcsUnavailable("Denied (401)", status=401),
    "403": lambda: AcsUnavailable("Not authorized (403/7504)", status=403, code="7504"),
    "a gateway's 404": lambda: AcsUnavailable("ACS answered 404 (404)", status=404),
    "no token": lambda: AcsUnavailable("The app's identity got no token (ReadTimeout), so the request was not sent."),
}
UNCLEAR: dict[str, Callable[[], AcsError]] = {
    "500": lambda: AcsUncertain("Unknown internal error. (500/9999)", status=500, code="9999"),
    "503": lambda: AcsUncertain("Service unavailable. (503)", status=503),
    "503, come again": lambda: AcsUncertain("Service unavailable. (503)", status=503, retry_after_seconds=9),
    "a page": lambda: AcsUncertain("ACS answered 200 without saying what it records.", status=200),
    "lost": lambda: AcsUncertain("ACS did not answer: ServiceResponseTimeoutError."),
}
JUDGED: dict[str, Callable[[], AcsError]] = {
    "400": lambda: AcsRefused("Action is invalid (400/8501)", status=400, code="8501"),
    "404": lambda: AcsRefused("No such call (404/8522)", status=404, code="8522"),
}
not_judged = pytest.mark.parametrize("answer", NOT_JUDGED.values(), ids=NOT_JUDGED)
unclear = pytest.mark.parametrize("answer", UNCLEAR.values(), ids=UNCLEAR)
judged = pytest.mark.parametrize("answer", JUDGED.values(), ids=JUDGED)
whoever_repeats = pytest.mark.parametrize("key", [KEY, None], ids=["with a key", "without a key"])
type Answer = Callable[[], AcsError]
type Problem = dict[str, object]


def start(cloud: Cloud, key: str | None = KEY, **fields: object) -> Recording:
    return cloud.services.starts.start(a_start_request(**fields), key)


def refused(cloud: Cloud, answer: Answer, key: str | None = KEY, times: int = 1) -> RecorderError:
    """What a start raises when ACS answers so, as often as said."""
    for _ in range(times):
        cloud.acs.refuse("start", answer())
    with pytest.raises(RecorderError) as caught:
        start(cloud, key)
    cloud.acs.answers.clear()
    return caught.value


def left_unclear(cloud: Cloud, answer: Answer = UNCLEAR["lost"], key: str | None = KEY) -> RecorderError:
    return refused(cloud, answer, key, times=START_TRIES)


def problem(error: RecorderError) -> tuple[int, Problem]:
    """The status and the problem document that the caller gets."""

    def act() -> Reply:
        raise error

    reply = reply_or_problem("/api/recordings", act)
    document: Problem = json.loads(reply.body)
    return reply.status, document


# Surely not carried out


@whoever_repeats
@not_judged
def test_what_acs_never_judged_has_failed_at_once(cloud: Cloud, answer: Answer, key: str | None) -> None:
    refused(cloud, answer, key)

    row = cloud.recording()
    assert (row.status, row.shown_failure_kind, row.waits_for) == (RecordingStatus.FAILED, FailureKind.REFUSED, None)
    assert row.claimed_until is None
    assert not row.judged


@not_judged
def test_the_failure_of_what_acs_never_judged_says_that_the_same_key_asks_anew(cloud: Cloud, answer: Answer) -> None:
    refused(cloud, answer)

    assert str(answer()) in str(cloud.recording().shown_failure)
    assert "the same Idempotency-Key asks ACS anew" in str(cloud.recording().shown_failure)


@pytest.mark.parametrize(
    ("answer", "status"),
    [("429", 429), ("401", 502), ("403", 502), ("a gateway's 404", 502), ("no token", 503)],
    ids=NOT_JUDGED,
)
def test_the_problem_document_of_what_acs_never_judged_has_the_id_and_what_to_do(
    cloud: Cloud, answer: str, status: int
) -> None:
    told, document = problem(refused(cloud, NOT_JUDGED[answer]))

    assert (told, document["id"]) == (status, cloud.recording().id)
    assert "Nothing was started; the same request with the same Idempotency-Key" in str(document["detail"])


def test_without_a_key_what_acs_never_judged_is_to_be_started_again(cloud: Cloud) -> None:
    _, document = problem(refused(cloud, NOT_JUDGED["429"], None))

    assert "Nothing was started; start it again." in str(document["detail"])
    assert document["acsCode"] == "8516"


@not_judged
def test_the_same_key_starts_what_acs_never_judged_on_the_same_row(cloud: Cloud, answer: Answer) -> None:
    refused(cloud, answer)
    first = cloud.recording()
    cloud.world.advance(10 * MINUTE)

    started = start(cloud)

    assert (started.id, started.created_at) == (first.id, first.created_at)
    assert (started.status, started.shown_failure, started.refused_status) == (RecordingStatus.STARTING, None, None)
    assert started.recording_id
    assert len(cloud.recordings()) == 1


def test_asking_anew_is_another_start_for_acs(cloud: Cloud) -> None:
    refused(cloud, NOT_JUDGED["429"])
    first = cloud.recording()
    cloud.world.advance(MINUTE)

    started = start(cloud)

    assert started.repeatability_request_id != first.repeatability_request_id
    assert started.repeatability_first_sent == cloud.world.now
    assert cloud.acs.first_sent[str(started.repeatability_request_id)] == {cloud.world.now}


def test_what_acs_does_not_judge_twice_has_failed_twice(cloud: Cloud) -> None:
    refused(cloud, NOT_JUDGED["403"])

    refused(cloud, NOT_JUDGED["429"])

    assert "8516" in str(cloud.recording().shown_failure)
    assert start(cloud).recording_id


@judged
def test_what_acs_judged_is_refused_for_good(cloud: Cloud, answer: Answer) -> None:
    refused(cloud, answer)

    with pytest.raises(AcsRefused) as again:
        start(cloud)

    assert cloud.recording().judged
    assert again.value.id == cloud.recording().id
    assert cloud.acs.started == []


def test_a_row_of_version_0_1_that_had_no_token_is_asked_anew(cloud: Cloud) -> None:
    refused(cloud, NOT_JUDGED["no token"])
    row = cloud.recording()
    cloud.catalog.written((row.id, ""), replace(row, refused_status=0))

    assert start(cloud).recording_id


@not_judged
def test_a_stop_of_what_was_never_started_is_success_unasked(cloud: Cloud, answer: Answer) -> None:
    refused(cloud, answer)

    assert cloud.services.control.stop(cloud.recording().id).refused
    assert cloud.world.counts["acs.stop"] == 0


def test_of_two_that_ask_anew_at_once_one_does(cloud: Cloud) -> None:
    refused(cloud, NOT_JUDGED["429"])
    inner: list[RecorderError] = []

    def plan(effect: Effect) -> None:
        if effect.name == "acs.start" and not inner:
            with pytest.raises(Conflict) as caught:
                start(cloud)
            inner.append(caught.value)

    cloud.world.plan = plan

    assert start(cloud).recording_id
    assert inner[0].id == cloud.recording().id
    assert len(cloud.acs.started) == 1


def test_a_sweep_that_closes_a_refusal_leaves_a_start_that_began_meanwhile_open(cloud: Cloud) -> None:
    refused(cloud, NOT_JUDGED["429"])
    cloud.world.advance(SETTLE)

    def plan(effect: Effect) -> Fault | None:
        if effect.name == "catalog.remove_entry" and effect.count == 1:
            cloud.world.fail("acs.start", Fault.CRASH_BEFORE)
            with pytest.raises(Crash):
                start(cloud)
            cloud.restart()
        return None

    cloud.world.plan = plan
    cloud.services.sweep.sweep()

    assert cloud.recording().status is RecordingStatus.STARTING
    assert (cloud.recording().id, "") in cloud.catalog.open


def test_a_start_that_was_asked_anew_is_given_up_by_its_last_try(cloud: Cloud) -> None:
    refused(cloud, NOT_JUDGED["429"])
    cloud.world.advance(timedelta(hours=MAX_RECORDING_HOURS))
    left_unclear(cloud)
    cloud.world.advance(10 * MINUTE)

    cloud.services.sweep.sweep()

    assert cloud.recording().status is RecordingStatus.STARTING


# Perhaps carried out


@whoever_repeats
@unclear
def test_what_acs_may_have_carried_out_keeps_starting(cloud: Cloud, answer: Answer, key: str | None) -> None:
    left_unclear(cloud, answer, key)

    row = cloud.recording()
    assert (row.status, row.claimed_until, row.shown_failure) == (RecordingStatus.STARTING, None, None)
    assert str(answer()) in str(row.waits_for)
    assert "its file-ready event" in str(row.waits_for)
    assert ("the same Idempotency-Key again" in str(row.waits_for)) is (key is not None)


@pytest.mark.parametrize(
    ("answer", "status"),
    [("500", 502), ("503", 503), ("503, come again", 503), ("a page", 502), ("lost", 504)],
    ids=UNCLEAR,
)
def test_the_problem_document_of_an_unclear_start_has_the_id_and_what_to_do(
    cloud: Cloud, answer: str, status: int
) -> None:
    told, document = problem(left_unclear(cloud, UNCLEAR[answer]))

    assert (told, document["id"]) == (status, cloud.recording().id)
    assert "with the same Idempotency-Key again: it drives this start on" in str(document["detail"])


def test_without_a_key_the_problem_document_says_what_to_watch(cloud: Cloud) -> None:
    _, document = problem(left_unclear(cloud, key=None))

    assert "cannot be repeated" in str(document["detail"])
    assert f"watch recording {cloud.recording().id}, whose waitsFor" in str(document["detail"])


@unclear
def test_the_same_key_drives_an_unclear_start_on_under_its_repeatability_id(cloud: Cloud, answer: Answer) -> None:
    left_unclear(cloud, answer)
    first = cloud.recording()
    cloud.world.advance(MINUTE)

    started = start(cloud)

    assert started.recording_id
    assert started.repeatability_request_id == first.repeatability_request_id
    assert started.repeatability_first_sent == first.repeatability_first_sent
    assert started.waits_for is None


@whoever_repeats
@pytest.mark.parametrize("carried_out", [True, False])
def test_the_problem_document_of_a_start_that_could_not_be_written_down_says_what_to_do(
    cloud: Cloud, key: str | None, *, carried_out: bool
) -> None:
    """ACS records it, whoever is told that storage does not answer; nothing else would say so."""
    if not carried_out:
        cloud.acs.refuse("start", UNCLEAR["503, come again"]())
    asked: list[Effect] = []

    def fail_once_acs_was_asked(effect: Effect) -> Fault | None:
        asked.extend([effect] if effect.name == "acs.start" else [])
        return Fault.ERROR_BEFORE if asked and effect.name.startswith("catalog.") else None

    cloud.world.plan = fail_once_acs_was_asked
    with pytest.raises(CatalogUnavailable) as caught:
        start(cloud, key)
    told, document = problem(caught.value)

    assert (told, document["id"], len(cloud.acs.recordings)) == (503, cloud.recording().id, carried_out)
    assert "Whether it was started is not known" in str(document["detail"])


@pytest.mark.parametrize(("answer", "tries"), [("500", START_TRIES), ("503, come again", 1)])
def test_acs_is_asked_again_at_once_unless_it_says_when(cloud: Cloud, answer: str, tries: int) -> None:
    left_unclear(cloud, UNCLEAR[answer])

    assert cloud.world.counts["acs.start"] == tries


LATER = NOT_JUDGED | JUDGED
later = pytest.mark.parametrize("answer", LATER.values(), ids=LATER)


@later
def test_no_answer_to_a_later_try_says_what_became_of_an_unclear_one(cloud: Cloud, answer: Answer) -> None:
    cloud.acs.refuse("start", UNCLEAR["lost"]())
    cloud.acs.refuse("start", answer())

    with pytest.raises(AcsUncertain) as caught:
        start(cloud)

    assert caught.value.code == answer().code
    assert (cloud.recording().status, cloud.recording().claimed_until) == (RecordingStatus.STARTING, None)
    assert str(answer()) in str(cloud.recording().waits_for)


@later
def test_nor_does_one_in_a_later_request(cloud: Cloud, answer: Answer) -> None:
    left_unclear(cloud)

    told, document = problem(refused(cloud, answer))

    assert cloud.recording().status is RecordingStatus.STARTING
    assert told >= 500
    assert "Whether it was started is not known" in str(document["detail"])


def test_stop_does_not_succeed_unasked_after_an_unclear_start_and_a_refusal(cloud: Cloud) -> None:
    left_unclear(cloud)
    refused(cloud, NOT_JUDGED["403"])

    with pytest.raises(Conflict):
        cloud.services.control.stop(cloud.recording().id)


@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER])
def test_a_start_whose_process_died_says_what_it_waits_for_and_is_unclear(cloud: Cloud, fault: Fault) -> None:
    cloud.world.fail("acs.start", fault)
    with pytest.raises(Crash):
        start(cloud)
    cloud.restart()
    assert "its file-ready event" in str(cloud.recording().waits_for)
    cloud.world.advance(timedelta(seconds=START_SECONDS_MAX))

    refused(cloud, NOT_JUDGED["429"])

    assert cloud.recording().status is RecordingStatus.STARTING


def overtaken(cloud: Cloud, answer: Answer) -> RecorderError:
    """A first try that is answered so late that another request has driven the start on, and has heard nothing."""

    def plan(effect: Effect) -> None:
        if effect.name == "acs.start" and effect.count == 1:
            cloud.world.advance(timedelta(seconds=START_SECONDS_MAX))
            left_unclear(cloud)
            cloud.acs.refuse("start", answer())

    cloud.world.plan = plan
    with pytest.raises(RecorderError) as caught:
        start(cloud)
    return caught.value


@later
def test_a_late_refusal_does_not_say_what_became_of_another_try(cloud: Cloud, answer: Answer) -> None:
    error = overtaken(cloud, answer)

    assert isinstance(error, AcsUncertain)
    assert cloud.recording().status is RecordingStatus.STARTING


def test_a_late_answer_does_not_release_the_claim_of_another_request(cloud: Cloud) -> None:
    def plan(effect: Effect) -> Fault | None:
        if effect.name == "acs.start" and effect.count == 1:
            cloud.world.advance(timedelta(seconds=START_SECONDS_MAX))
            cloud.world.fail("acs.start", Fault.CRASH_BEFORE)
            with pytest.raises(Crash):
                start(cloud)
            cloud.restart()
            cloud.acs.refuse("start", UNCLEAR["503, come again"]())
        return None

    cloud.world.plan = plan
    with pytest.raises(AcsUncertain):
        start(cloud)

    with pytest.raises(Conflict, match="in flight"):
        start(cloud)


def test_an_event_that_came_meanwhile_leaves_nothing_to_wait_for(cloud: Cloud) -> None:
    def plan(effect: Effect) -> None:
        if effect.name == "acs.start" and effect.count == 1:
            cloud.services.ingest.ingest(file_ready_event(1))

    cloud.world.plan = plan
    left_unclear(cloud)

    assert (cloud.recording().files, cloud.recording().waits_for) == (FilesStatus.TRANSFERRING, None)


# Being recorded already


def already() -> AcsError:
    return AcsRefused("Recording is already in progress (400/8553)", status=400, code="8553")


def test_of_a_call_that_is_being_recorded_the_recording_that_runs_is_named(cloud: Cloud) -> None:
    running = start(cloud, "another")

    told, document = problem(refused(cloud, already))

    assert (told, document["id"], document["acsCode"]) == (409, running.id, "8553")
    assert f"Recording {running.id} of this call is starting" in str(document["detail"])


def test_it_is_named_again_to_the_same_key(cloud: Cloud) -> None:
    running = start(cloud, "another")
    refused(cloud, already)

    with pytest.raises(AcsRefused) as again:
        start(cloud)

    assert again.value.id == running.id


def test_the_running_one_is_named_before_newer_ones_that_failed_or_were_not_answered(cloud: Cloud) -> None:
    running = start(cloud, "another")
    cloud.world.advance(MINUTE)
    refused(cloud, already, "a third")
    left_unclear(cloud, key="a fourth")

    assert refused(cloud, already).id == running.id


def test_where_none_was_answered_the_newest_unanswered_one_is_named(cloud: Cloud) -> None:
    left_unclear(cloud, key="another")
    unanswered = cloud.recording()

    assert refused(cloud, already).id == unanswered.id


def test_a_recording_that_nobody_started_here_is_not_named(cloud: Cloud) -> None:
    error = refused(cloud, already)

    assert (error.id, error.advice) == (cloud.recording().id, "")


def test_a_recording_that_has_ended_is_not_named(cloud: Cloud) -> None:
    cloud.catalog.save_recording(a_recording(status=RecordingStatus.STOPPED, server_call_id=SERVER_CALL_ID))

    assert refused(cloud, already).advice == ""


def test_a_catalog_that_does_not_answer_keeps_no_refusal_back(cloud: Cloud) -> None:
    start(cloud, "another")
    cloud.world.fail("catalog.listed_of_call", Fault.ERROR_BEFORE)

    assert isinstance(refused(cloud, already), AcsRefused)
