"""What a verified callback may teach, and what it never decides: ACS is asked, and its answer is written."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from shared.control.state_callbacks import START_FAILED, STATE_CHANGED
from shared.domain.acs_words import RecordingKind
from shared.domain.derived_fields import waits_for
from shared.domain.durations import SETTLE
from shared.domain.errors import AcsUncertain, ControlUnknown
from shared.domain.open_work import recording_entry
from shared.domain.statuses import ControlStatus, FailureKind, RecordingStatus
from tests.builders import CALL_CONNECTION_ID, CALL_ID, OUR_ID, RECORDING_ID, SERVER_CALL_ID, a_start_request
from tests.fakes import BEGINNING, Cloud, Effect, Fault
from tests.unit.callbacks import at_acs, event, post, start, take_in


@pytest.fixture
def verified() -> Cloud:
    return Cloud(CALLBACK_AUDIENCE="resource")


# Signed: what it teaches


def test_a_signed_callback_teaches_acs_s_id(verified: Cloud) -> None:
    start(verified)
    at_acs(verified, active=True)

    take_in(verified, post(event()))

    assert (verified.recording().recording_id, verified.recording().status) == (RECORDING_ID, RecordingStatus.ACTIVE)
    assert verified.catalog.acs_ids == {RECORDING_ID: OUR_ID}
    assert verified.catalog.open == {}  # its answer counts: nothing has to be asked again


def test_an_id_that_acs_does_not_know_is_not_taught(verified: Cloud) -> None:
    start(verified)

    take_in(verified, post(event()))

    assert (verified.recording().recording_id, verified.catalog.acs_ids) == (None, {})


def test_an_id_is_not_taught_while_acs_is_silent(verified: Cloud) -> None:
    start(verified)
    at_acs(verified, active=True)
    verified.world.fail("acs.state", Fault.TIME_OUT)

    take_in(verified, post(event()))

    assert (verified.recording().recording_id, verified.catalog.acs_ids) == (None, {})


@pytest.mark.parametrize("id", ["../../calling", "a/b", "a?b", " ", "é", "x" * 1025])
def test_what_is_no_id_of_acs_s_is_not_asked_about(verified: Cloud, id: str) -> None:
    start(verified)

    take_in(verified, post(event(recordingId=id)))

    assert verified.world.counts["acs.state"] == 0


def test_of_two_undecided_starts_of_a_call_neither_is_taught(verified: Cloud) -> None:
    start(verified)
    start(verified, id="another")
    at_acs(verified, active=True)

    take_in(verified, post(event()))

    assert verified.catalog.acs_ids == {}


@pytest.mark.parametrize(
    "other",
    [
        {"recording_id": "another", "status": RecordingStatus.ACTIVE},
        {"status": RecordingStatus.FAILED, "refused_status": 400},
        {"status": RecordingStatus.COMPLETED},
    ],
    ids=["live", "refused", "of an event"],
)
def test_other_recordings_of_the_call_do_not_keep_the_only_undecided_one_from_being_taught(
    verified: Cloud, other: dict[str, Any]
) -> None:
    start(verified)
    start(verified, id="another", **other)
    at_acs(verified, active=True)

    take_in(verified, post(event()))

    assert verified.catalog.acs_ids[RECORDING_ID] == OUR_ID


def test_a_start_that_is_decided_is_not_what_a_callback_is_about(verified: Cloud) -> None:
    start(verified, recording_id="another", status=RecordingStatus.ACTIVE)
    at_acs(verified, active=True)

    take_in(verified, post(event()))

    assert RECORDING_ID not in verified.catalog.acs_ids


def test_a_callback_that_does_not_say_when_the_recording_began_is_about_one_that_was_started_before(
    verified: Cloud,
) -> None:
    start(verified)
    at_acs(verified, active=True)

    take_in(verified, post(event(startDateTime=None)))

    assert verified.catalog.acs_ids == {RECORDING_ID: OUR_ID}


def test_a_start_that_came_after_the_recording_began_is_not_what_a_callback_is_about(verified: Cloud) -> None:
    start(verified, created_at=BEGINNING + timedelta(minutes=5))
    at_acs(verified, active=True)
    verified.world.advance(timedelta(minutes=10))

    take_in(verified, post(event()))

    assert verified.catalog.acs_ids == {}


@pytest.mark.parametrize("raised", [1, 0], ids=["by ACS's answer", "by an event"])
def test_a_start_that_got_its_id_meanwhile_keeps_it(
    verified: Cloud, raised: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    start(verified)
    at_acs(verified, active=True)

    def answered(effect: Effect) -> None:
        if effect.name == "catalog.link_acs_id":
            row = verified.recording()
            key = (row.id, "")
            version = row.control_version + raised
            verified.catalog.written(key, replace(row, recording_id="its own", control_version=version))

    verified.world.plan = answered
    take_in(verified, post(event()))

    assert verified.recording().recording_id == "its own"
    assert "callback_unused" not in caplog.text


def test_what_a_start_waited_for_is_over_once_its_id_is_taught(
    verified: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    start(verified, start_requested_at=BEGINNING, waits_for="Whether ACS started it.")
    at_acs(verified, active=False)

    take_in(verified, post(event()))

    assert (verified.recording().status, verified.recording().waits_for) == (RecordingStatus.STARTING, None)
    assert "recording_started" in caplog.text


def test_an_id_that_is_taught_soon_after_the_start_has_the_sweep_ask_once_the_answer_counts(verified: Cloud) -> None:
    start(verified, start_requested_at=BEGINNING)
    at_acs(verified, active=False)

    take_in(verified, post(event()))
    verified.acs.begin(RECORDING_ID)
    verified.world.advance(SETTLE)
    verified.services.sweep.sweep()

    assert verified.recording().status is RecordingStatus.ACTIVE


def test_what_a_kill_left_half_taught_is_taught_by_the_next_callback(verified: Cloud) -> None:
    start(verified)
    at_acs(verified, active=True)
    verified.catalog.link_acs_id(RECORDING_ID, OUR_ID)

    take_in(verified, post(event(serverCallId=None)))

    assert (verified.recording().recording_id, verified.recording().status) == (RECORDING_ID, RecordingStatus.ACTIVE)


def test_what_acs_answers_is_written_and_not_what_the_callback_says(verified: Cloud) -> None:
    start(verified)
    at_acs(verified, active=False)

    take_in(verified, post(event(state="active", recordingKind="teams")))

    row = verified.recording()
    assert (row.status, row.recording_kind) == (RecordingStatus.PAUSED, RecordingKind.ACS)


def test_a_signed_callback_without_acs_s_id_teaches_nothing(verified: Cloud) -> None:
    start(verified)

    take_in(verified, post(event(recordingId=None)))

    assert verified.recording().recording_id is None


def test_of_several_signed_callbacks_in_one_post_the_first_one_teaches(verified: Cloud) -> None:
    start(verified)
    at_acs(verified, active=True)

    take_in(verified, post(event(recordingId="another"), event()))

    assert verified.catalog.acs_ids == {}


@pytest.mark.parametrize("fields", [{"serverCallId": None, "recordingId": None}, {"serverCallId": "another"}])
def test_a_signed_callback_about_nothing_of_ours_changes_nothing(verified: Cloud, fields: dict[str, Any]) -> None:
    start(verified)
    before = verified.recording()

    take_in(verified, post(event(**fields)))

    assert verified.recording() == before


# Signed: the ids of calls


BY_CONNECTION = {"server_call_id": None, "call_connection_id": CALL_CONNECTION_ID}


def test_a_start_by_call_connection_is_taught_its_id_too(verified: Cloud) -> None:
    start(verified, **BY_CONNECTION)
    at_acs(verified, active=True)

    take_in(verified, post(event(callConnectionId=CALL_CONNECTION_ID)))

    assert verified.catalog.acs_ids == {RECORDING_ID: OUR_ID}


def test_the_recorder_s_own_connection_is_stored_nowhere(verified: Cloud) -> None:
    start(verified)
    at_acs(verified, active=True)

    take_in(verified, post(event(callConnectionId="the recorder's own", correlationId=CALL_ID)))

    assert "the recorder's own" not in str(msgspec.to_builtins(verified.recording()))
    assert not any("the recorder's own" in str(key) for key in verified.catalog.lists)


def test_starts_of_one_call_by_different_ids_are_several(verified: Cloud) -> None:
    start(verified)
    start(verified, id="another", **BY_CONNECTION)
    at_acs(verified, active=True)

    take_in(verified, post(event(callConnectionId=CALL_CONNECTION_ID)))

    assert verified.catalog.acs_ids == {}


@pytest.mark.parametrize("known", [None, RECORDING_ID], ids=["taught", "known"])
def test_the_call_ids_of_what_acs_confirms_are_kept_as_clues(verified: Cloud, known: str | None) -> None:
    start(verified, recording_id=known, **BY_CONNECTION)
    at_acs(verified, active=True)

    take_in(verified, post(event(callConnectionId=CALL_CONNECTION_ID, correlationId=CALL_ID)))

    row = verified.recording()
    assert (row.clue_server_call_id, row.clue_call_id, row.server_call_id) == (SERVER_CALL_ID, CALL_ID, None)


@pytest.mark.parametrize("kind", [STATE_CHANGED, START_FAILED])
def test_what_acs_does_not_confirm_leaves_no_clue(verified: Cloud, kind: str) -> None:
    start(verified, **BY_CONNECTION)

    take_in(verified, post(event(kind, callConnectionId=CALL_CONNECTION_ID, correlationId=CALL_ID)))

    assert (verified.recording().clue_server_call_id, verified.recording().clue_call_id) == (None, None)


def test_an_unsigned_callback_leaves_no_clue(cloud: Cloud) -> None:
    start(cloud, recording_id=RECORDING_ID, **BY_CONNECTION)
    at_acs(cloud, active=True)

    take_in(cloud, post(event(correlationId=CALL_ID)))

    assert (cloud.recording().clue_server_call_id, cloud.recording().clue_call_id) == (None, None)


# Signed: a failed start is told, and decides nothing

# World §2.4: what the start named, whether ACS's answer came, and what the report names.
REPORTS = {
    "by serverCallId, lost": ({}, None, {"serverCallId"}),
    "by serverCallId, answered, its id": ({}, RECORDING_ID, {"recordingId"}),
    "by serverCallId, answered, the call": ({}, RECORDING_ID, {"serverCallId"}),
    "by callConnectionId, lost": (BY_CONNECTION, None, {"callConnectionId"}),
    "by callConnectionId, lost, both": (BY_CONNECTION, None, {"callConnectionId", "serverCallId"}),
    "by callConnectionId, answered": (BY_CONNECTION, RECORDING_ID, {"callConnectionId"}),
}


@pytest.mark.parametrize("case", REPORTS)
def test_a_reported_failure_ends_the_start_where_acs_can_be_asked_and_else_explains_it(
    verified: Cloud, case: str
) -> None:
    named, answer, names = REPORTS[case]
    start(verified, recording_id=answer, **named)
    ids = {"recordingId": RECORDING_ID, "serverCallId": SERVER_CALL_ID, "callConnectionId": CALL_CONNECTION_ID}

    take_in(verified, post(event(START_FAILED, **{name: ids[name] if name in names else None for name in ids})))

    row = verified.recording()
    ended = (RecordingStatus.FAILED, FailureKind.UNANNOUNCED)
    assert (row.status, row.shown_failure_kind) == (ended if answer else (RecordingStatus.STARTING, None))
    assert "ACS reported" in str(waits_for(row) or row.shown_failure)


def test_a_reported_failure_says_what_the_start_waits_for(verified: Cloud) -> None:
    start(verified)

    take_in(verified, post(event(START_FAILED, recordingId=None, resultInformation={"code": 400, "subCode": 8508})))

    assert verified.recording().status is RecordingStatus.STARTING
    assert "8508" in str(waits_for(verified.recording()))


def test_a_failure_that_is_reported_while_the_answer_is_still_awaited_explains_the_start(verified: Cloud) -> None:
    def reported(effect: Effect) -> None:
        if effect.name == "acs.start" and effect.count == 1:
            take_in(verified, post(event(START_FAILED, recordingId=None)))

    verified.world.plan = reported
    for _ in range(3):
        verified.acs.refuse("start", AcsUncertain("No answer."))
    with pytest.raises(AcsUncertain):
        verified.services.starts.start(a_start_request(), None)

    assert "ACS reported" in str(waits_for(verified.recording()))


def test_a_reported_failure_is_told_since_the_caller_heard_that_it_starts(
    verified: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    start(verified)

    take_in(verified, post(event(START_FAILED, recordingId=None)))

    assert [record.levelname for record in caplog.records if "recording_failed" in record.message] == ["ERROR"]


def test_a_failure_that_is_reported_twice_is_told_once(verified: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    start(verified)

    take_in(verified, post(event(START_FAILED, recordingId=None)))
    take_in(verified, post(event(START_FAILED, recordingId=None)))

    assert caplog.text.count("recording_failed") == 1


def test_what_acs_writes_about_a_failure_stays_out_of_the_log(
    verified: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    start(verified)
    said = {"code": 400, "subCode": 8608, "message": "participant 4:+15550100"}

    take_in(verified, post(event(START_FAILED, recordingId=None, resultInformation=said)))

    assert "8608" in caplog.text
    assert "15550100" not in caplog.text


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (None, "no code given"),
        ({"code": 200}, "no code given"),
        ({"code": 500}, "500"),
        ({"code": 500, "subCode": 8608}, "8608"),
    ],
)
def test_a_failure_is_told_by_its_code(verified: Cloud, result: dict[str, int] | None, told: str) -> None:
    start(verified)

    take_in(verified, post(event(START_FAILED, recordingId=None, resultInformation=result)))

    assert f"({told})" in str(waits_for(verified.recording()))


def test_a_failure_that_acs_s_own_word_overtakes_is_not_written(verified: Cloud) -> None:
    start(verified, recording_id=RECORDING_ID)
    verified.world.fail("acs.state", Fault.ERROR_BEFORE)

    def plan(effect: Effect) -> None:
        if effect.name == "catalog.save_recording" and effect.count == 2:  # the first one was the start
            row = verified.recording()
            verified.catalog.written((row.id, ""), replace(row, control=ControlStatus.ACTIVE, control_version=1))

    verified.world.plan = plan
    take_in(verified, post(event(START_FAILED)))

    assert verified.recording().start_report is None


def test_a_failure_of_another_recording_of_the_call_is_not_the_start_s(verified: Cloud) -> None:
    start(verified, recording_id=RECORDING_ID)

    take_in(verified, post(event(START_FAILED, recordingId="another")))

    assert verified.recording().start_report is None


def test_a_reported_failure_of_what_acs_does_not_know_is_the_start_s_end(verified: Cloud) -> None:
    start(verified, recording_id=RECORDING_ID)

    take_in(verified, post(event(START_FAILED)))

    recording = verified.recording()
    assert (recording.status, recording.shown_failure_kind) == (RecordingStatus.FAILED, FailureKind.UNANNOUNCED)
    assert recording.ended_at is None


def test_of_two_undecided_starts_of_a_call_neither_is_reported_as_failed(verified: Cloud) -> None:
    start(verified)
    start(verified, id="another")

    take_in(verified, post(event(START_FAILED, recordingId=None)))

    assert {row.start_report for row in verified.recordings()} == {None}


@pytest.mark.parametrize(
    "status", [RecordingStatus.ACTIVE, RecordingStatus.PAUSED, RecordingStatus.STOPPED, RecordingStatus.COMPLETED]
)
def test_a_failure_of_what_has_started_changes_nothing(
    verified: Cloud, caplog: pytest.LogCaptureFixture, status: RecordingStatus
) -> None:
    start(verified, status=status, recording_id=RECORDING_ID)
    at_acs(verified, active=status is RecordingStatus.ACTIVE)
    before = verified.recording()

    take_in(verified, post(event(START_FAILED)))

    assert replace(verified.recording(), hinted_at=None, etag="") == replace(before, etag="")
    assert "recording_failed" not in caplog.text


def test_a_recording_of_which_a_stranger_says_that_it_failed_ends_as_acs_says(verified: Cloud) -> None:
    start(verified, recording_id=RECORDING_ID, status=RecordingStatus.PAUSED)
    verified.world.fail("acs.state", Fault.ERROR_BEFORE)
    take_in(verified, post(event(START_FAILED)))
    verified.acs.hang_up(RECORDING_ID)

    ended = verified.services.control.observe(verified.recording())

    assert (ended.status, ended.start_failure) == (RecordingStatus.STOPPED, None)


def test_a_reported_failure_does_not_end_what_acs_records(verified: Cloud) -> None:
    start(verified, recording_id=RECORDING_ID)
    at_acs(verified, active=True)

    take_in(verified, post(event(START_FAILED)))
    stopped = verified.services.control.stop(OUR_ID)

    assert verified.acs.recordings == {}
    assert stopped.status is RecordingStatus.STOPPED


# A failure that was reported


def test_a_failure_that_acs_s_own_word_refuted_says_nothing_of_the_end(verified: Cloud) -> None:
    start(verified, recording_id=RECORDING_ID)
    at_acs(verified, active=True)
    take_in(verified, post(event(START_FAILED)))
    verified.acs.hang_up(RECORDING_ID)

    verified.services.control.observe(verified.recording())

    assert (verified.recording().status, verified.recording().start_failure) == (RecordingStatus.STOPPED, None)


def test_stopping_a_start_that_failed_is_success_once_acs_says_that_there_is_none(verified: Cloud) -> None:
    start(verified, recording_id=RECORDING_ID)
    take_in(verified, post(event(START_FAILED)))

    assert verified.services.control.stop(OUR_ID).status is RecordingStatus.FAILED


def test_stopping_a_start_that_failed_is_no_success_while_acs_is_silent(verified: Cloud) -> None:
    start(verified, recording_id=RECORDING_ID)
    take_in(verified, post(event(START_FAILED)))
    verified.world.fail("acs.state", Fault.ERROR_BEFORE)

    with pytest.raises(ControlUnknown):
        verified.services.control.stop(OUR_ID)


def test_a_start_that_failed_is_not_asked_about_for_ever(verified: Cloud) -> None:
    start(verified, recording_id=RECORDING_ID)
    verified.catalog.put_entries([recording_entry(verified.recording(), verified.world.now)])
    take_in(verified, post(event(START_FAILED)))

    for _ in range(3):
        verified.world.advance(timedelta(days=5))
        verified.services.sweep.sweep()

    assert verified.catalog.open == {}


def test_a_start_that_is_given_up_says_what_acs_reported_of_it(verified: Cloud) -> None:
    start(verified)
    verified.catalog.put_entries([recording_entry(verified.recording(), BEGINNING)])
    take_in(verified, post(event(START_FAILED, recordingId=None)))

    verified.world.advance(timedelta(days=2))
    verified.services.sweep.sweep()

    assert verified.recording().status is RecordingStatus.FAILED
    assert "ACS reported" in str(verified.recording().shown_failure)
