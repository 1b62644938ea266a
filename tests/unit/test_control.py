"""Pause, resume and stop under unclear, late and overtaken answers: what callers are told, and what is on the row."""

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.durations import CONTROL_RETRY_SECONDS, EVENT_PATIENCE
from shared.domain.errors import AcsRefused, AcsUnavailable, AcsUncertain, Conflict, ControlUnknown, RecordingUnknown
from shared.domain.statuses import ControlStatus, FilesStatus, RecordingStatus, StartFailure
from tests.builders import RECORDING_ID, a_recording
from tests.fakes import BEGINNING, Cloud, Fault
from tests.unit.controlling import control_of, controlled, during, just_started, line, recorded, rewritten

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
NOT_FOUND = AcsRefused("Recording not found. (404/8522)", status=404, code="8522")
MAX_RECORDING_AND_RETENTION = timedelta(hours=24 + 24)  # the settings' defaults


# Pause and resume


@pytest.mark.parametrize(("action", "confirmed"), [("pause", "paused"), ("resume", "active")])
def test_a_request_is_carried_out_by_acs_before_anybody_is_told(cloud: Cloud, action: str, confirmed: str) -> None:
    row = recorded(cloud, active=action == "pause")

    told = getattr(control_of(cloud), action)(row.id)

    assert (told.control, cloud.recording()) == (confirmed, told)
    assert cloud.acs.recordings[RECORDING_ID].active is (action == "resume")


def test_a_resume_is_written_down_before_acs_is_asked(cloud: Cloud) -> None:
    row = recorded(cloud, active=False, status=RecordingStatus.PAUSED, has_run=False)
    cloud.acs.refuse("resume", AcsRefused("no", status=409, code="1"))

    with pytest.raises(AcsRefused):
        control_of(cloud).resume(row.id)

    assert cloud.recording().has_run


NOT_DONE = {
    "throttled": AcsUnavailable("slow down", status=429),
    "app refused": AcsUnavailable("Not authorized (403/7504)", status=403, code="7504"),
    "no token": AcsUnavailable("no token"),
    "refused": AcsRefused("no", status=409, code="8571"),
}


@pytest.mark.parametrize("act", ["pause", "resume"])
@pytest.mark.parametrize("error", NOT_DONE.values(), ids=NOT_DONE)
def test_what_acs_did_not_do_for_sure_is_told_at_once(
    cloud: Cloud, error: AcsUnavailable | AcsRefused, act: str
) -> None:
    row = recorded(cloud)
    cloud.acs.refuse(act, error)

    with pytest.raises(type(error)) as caught:
        getattr(control_of(cloud), act)(row.id)

    assert caught.value is error
    assert cloud.world.counts["acs.state"] == 0
    assert cloud.recording().control is row.control


@pytest.mark.parametrize("error", NOT_DONE.values(), ids=NOT_DONE)
def test_what_the_sdk_may_have_done_on_an_earlier_try_is_asked_for_in_a_minute(
    cloud: Cloud, error: AcsUnavailable | AcsRefused
) -> None:
    row = recorded(cloud)
    cloud.acs.refuse("pause", error)

    with pytest.raises(type(error)):
        control_of(cloud).pause(row.id)

    assert line(cloud) == BEGINNING + MINUTE


@pytest.mark.parametrize("error", [error for error in NOT_DONE.values() if isinstance(error, AcsUnavailable)])
def test_a_stop_that_acs_never_judged_is_unknown_and_to_be_asked_again(cloud: Cloud, error: AcsUnavailable) -> None:
    row = recorded(cloud)
    cloud.acs.refuse("stop", error)

    with pytest.raises(ControlUnknown) as caught:
        control_of(cloud).stop(row.id)

    assert (caught.value.retry_after_seconds, caught.value.id) == (CONTROL_RETRY_SECONDS, row.id)
    assert (caught.value.status, caught.value.code) == (error.status, error.code)
    assert cloud.recording().ended_at is None


@pytest.mark.parametrize("act", ["pause", "resume", "stop"])
def test_whatever_goes_wrong_with_a_request_names_the_recording(cloud: Cloud, act: str) -> None:
    row = recorded(cloud, recording_id=None)

    with pytest.raises(Conflict) as caught:
        getattr(control_of(cloud), act)(row.id)

    assert caught.value.id == row.id


def test_whoever_pauses_what_acs_does_not_know_any_more_is_told_of_the_end(cloud: Cloud) -> None:
    row = recorded(cloud)
    cloud.acs.hang_up(RECORDING_ID)

    with pytest.raises(RecordingUnknown, match="it has ended") as caught:
        control_of(cloud).pause(row.id)

    assert (caught.value.status, caught.value.code) == (404, "8522")
    assert cloud.recording().ended_at == BEGINNING


def test_whoever_pauses_what_acs_does_not_know_yet_is_not_told_of_an_end(cloud: Cloud) -> None:
    row = just_started(cloud)
    cloud.acs.hang_up(RECORDING_ID)

    with pytest.raises(RecordingUnknown, match="not know this recording yet") as caught:
        control_of(cloud).pause(row.id)

    assert (caught.value.status, caught.value.code) == (404, "8522")
    assert cloud.recording().ended_at is None


@pytest.mark.parametrize("lost", [Fault.ERROR_AFTER, Fault.TIME_OUT], ids=["carried out", "not carried out"])
@pytest.mark.parametrize("row", [{}, {"start_requested_at": BEGINNING}], ids=["settled", "just started"])
def test_a_lost_resume_is_a_success_if_acs_says_that_it_records(cloud: Cloud, lost: Fault, row: dict[str, Any]) -> None:
    paused = recorded(cloud, active=False, status=RecordingStatus.PAUSED, **row)
    cloud.world.fail("acs.resume", lost)

    if lost is Fault.ERROR_AFTER:
        assert control_of(cloud).resume(paused.id).status is RecordingStatus.ACTIVE
    else:
        with pytest.raises(AcsUnavailable, match=r"acs\.resume was lost"):
            control_of(cloud).resume(paused.id)


@pytest.mark.parametrize("status", [RecordingStatus.ACTIVE, RecordingStatus.PAUSED])
def test_a_lost_pause_is_a_success_if_acs_says_that_it_does_not_record(cloud: Cloud, status: RecordingStatus) -> None:
    row = recorded(cloud, status=status)
    cloud.world.fail("acs.pause", Fault.ERROR_AFTER)

    assert control_of(cloud).pause(row.id).status is RecordingStatus.PAUSED


def test_a_lost_pause_is_no_success_if_acs_says_that_it_records(cloud: Cloud) -> None:
    row = recorded(cloud, status=RecordingStatus.PAUSED)
    cloud.world.fail("acs.pause", Fault.TIME_OUT)

    with pytest.raises(AcsUnavailable, match=r"acs\.pause was lost"):
        control_of(cloud).pause(row.id)

    assert cloud.recording().control is ControlStatus.ACTIVE
    assert line(cloud) == BEGINNING + MINUTE


def test_a_lost_pause_is_no_success_while_inactive_may_mean_that_it_is_about_to_run(cloud: Cloud) -> None:
    row = just_started(cloud, status=RecordingStatus.PAUSED)
    cloud.world.fail("acs.pause", Fault.ERROR_AFTER)

    with pytest.raises(AcsUnavailable, match=r"acs\.pause was lost"):
        control_of(cloud).pause(row.id)


def test_a_lost_pause_is_no_success_if_the_recording_is_over(cloud: Cloud) -> None:
    row = recorded(cloud, status=RecordingStatus.PAUSED)
    cloud.acs.hang_up(RECORDING_ID)
    cloud.world.fail("acs.pause", Fault.TIME_OUT)

    with pytest.raises(AcsUnavailable):
        control_of(cloud).pause(row.id)

    assert cloud.recording().ended_at == BEGINNING


def test_an_answer_that_another_one_overtook_is_asked_for_again(cloud: Cloud) -> None:
    row = recorded(cloud)
    during(cloud, "catalog.save_recording", controlled(cloud))

    control_of(cloud).pause(row.id)

    assert (cloud.recording().control, cloud.world.counts["acs.state"]) == (ControlStatus.PAUSED, 1)


def test_a_write_to_the_files_half_does_not_overtake_an_answer(cloud: Cloud) -> None:
    row = recorded(cloud)
    during(cloud, "catalog.save_recording", rewritten(cloud, files=FilesStatus.TRANSFERRING))

    paused = control_of(cloud).pause(row.id)

    assert (paused.control, paused.files) == (ControlStatus.PAUSED, FilesStatus.TRANSFERRING)
    assert cloud.world.counts["acs.state"] == 0


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_what_never_started_cannot_be_controlled(cloud: Cloud, action: str) -> None:
    row = recorded(cloud, start_failure=StartFailure.UNCONFIRMED)

    with pytest.raises(Conflict, match="is failed"):
        getattr(control_of(cloud), action)(row.id)


def test_what_acs_has_not_named_yet_cannot_be_controlled(cloud: Cloud) -> None:
    with pytest.raises(Conflict, match="not known"):
        control_of(cloud).pause(recorded(cloud, recording_id=None).id)


# Stop


@pytest.mark.parametrize(
    "fields",
    [{"status": RecordingStatus.STOPPED}, {"status": RecordingStatus.FAILED, "refused_status": 400}],
    ids=["ended", "refused"],
)
def test_what_is_over_or_was_refused_is_not_stopped_again(cloud: Cloud, fields: dict[str, Any]) -> None:
    row = recorded(cloud, **fields)

    assert control_of(cloud).stop(row.id) == row
    assert cloud.world.counts["acs.stop"] == 0


@pytest.mark.parametrize(
    ("files", "wait"),
    [(FilesStatus.NONE, EVENT_PATIENCE), (FilesStatus.TRANSFERRING, timedelta(0))],
    ids=["no files yet", "files that wait for the end"],
)
def test_after_a_stop_the_sweep_looks_when_there_may_be_something_to_do(
    cloud: Cloud, files: FilesStatus, wait: timedelta
) -> None:
    stopped = control_of(cloud).stop(recorded(cloud, files=files).id)

    assert (stopped.ended_at, cloud.recording()) == (BEGINNING, stopped)
    assert line(cloud) == BEGINNING + wait


def test_a_stop_asks_acs_first_whether_there_is_a_file_to_come(cloud: Cloud) -> None:
    row = recorded(cloud, status=RecordingStatus.PAUSED, active=False, has_run=False)

    stopped = control_of(cloud).stop(row.id)

    assert (stopped.inactive_at, stopped.status) == (BEGINNING, RecordingStatus.EMPTY)


def test_a_stop_of_what_runs_does_not_wait_for_a_question(cloud: Cloud) -> None:
    control_of(cloud).stop(recorded(cloud).id)

    assert cloud.world.counts["acs.state"] == 0


def test_what_acs_says_is_over_is_not_stopped(cloud: Cloud) -> None:
    row = recorded(cloud, status=RecordingStatus.PAUSED, has_run=False)
    cloud.acs.hang_up(RECORDING_ID)

    assert control_of(cloud).stop(row.id).ended_at == BEGINNING
    assert cloud.world.counts["acs.stop"] == 0


def test_an_end_that_only_the_question_for_the_state_confirms_is_one(cloud: Cloud) -> None:
    row = recorded(cloud)
    cloud.world.fail("acs.stop", Fault.ERROR_AFTER)

    assert control_of(cloud).stop(row.id).ended_at == BEGINNING
    assert line(cloud) == BEGINNING + EVENT_PATIENCE


@pytest.mark.parametrize(
    "error", [NOT_FOUND, AcsUnavailable("gone away", code="8522", retry_after_seconds=7)], ids=["404", "503"]
)
def test_a_stop_that_nothing_confirms_is_unknown(cloud: Cloud, error: AcsRefused | AcsUnavailable) -> None:
    row = recorded(cloud)
    cloud.acs.refuse("stop", error)

    with pytest.raises(ControlUnknown, match="did not confirm") as caught:
        control_of(cloud).stop(row.id)

    assert caught.value.code == "8522"
    assert cloud.recording().ended_at is None


@pytest.mark.parametrize("code", [None, "500"])
def test_a_stop_that_failed_for_want_of_an_answer_is_unknown_whatever_its_code(cloud: Cloud, code: str | None) -> None:
    row = recorded(cloud)
    cloud.acs.refuse("stop", AcsUnavailable("gone away", code=code))

    with pytest.raises(ControlUnknown, match="did not confirm"):
        control_of(cloud).stop(row.id)


def test_a_refused_stop_of_what_acs_still_knows_is_a_refusal(cloud: Cloud) -> None:
    row = recorded(cloud)
    refusal = AcsRefused("no", status=409, code="1")
    cloud.acs.refuse("stop", refusal)

    with pytest.raises(AcsRefused) as caught:
        control_of(cloud).stop(row.id)

    assert caught.value is refusal


def test_a_refused_stop_of_what_acs_does_not_know_any_more_is_an_end(cloud: Cloud) -> None:
    row = recorded(cloud)
    cloud.acs.hang_up(RECORDING_ID)
    cloud.acs.refuse("stop", AcsRefused("no", status=409, code="1"))

    assert control_of(cloud).stop(row.id).ended_at == BEGINNING


@pytest.mark.parametrize("act", ["pause", "resume", "stop"])
def test_what_keeps_acs_from_saying_the_state_is_told_with_its_code(cloud: Cloud, act: str) -> None:
    row = recorded(cloud)
    cloud.acs.refuse(act, AcsUncertain("gone away", status=500, code="9999"))
    cloud.acs.refuse("state", AcsUnavailable("Not authorized. (403/7504)", status=403, code="7504"))

    with pytest.raises(ControlUnknown, match=r"Not authorized\. \(403/7504\)") as caught:
        getattr(control_of(cloud), act)(row.id)

    assert (caught.value.status, caught.value.code) == (403, "7504")


# Rows of the version before


def test_a_row_of_the_version_before_is_over_once_nothing_of_it_can_be_left(cloud: Cloud) -> None:
    forgotten = recorded(cloud, control=None, created_at=BEGINNING - MAX_RECORDING_AND_RETENTION - SECOND)

    assert control_of(cloud).has_ended(forgotten)
    assert not control_of(cloud).may_run(forgotten)
    assert control_of(cloud).stop(forgotten.id) == forgotten


@pytest.mark.parametrize(
    "fields",
    [
        {"control": None, "created_at": BEGINNING - MAX_RECORDING_AND_RETENTION},
        {"control": ControlStatus.ACTIVE, "created_at": BEGINNING - 2 * MAX_RECORDING_AND_RETENTION},
        {"control": None, "heard_at": BEGINNING, "created_at": BEGINNING - 2 * MAX_RECORDING_AND_RETENTION},
    ],
    ids=["not old enough", "ACS said something", "an event came"],
)
def test_any_other_row_is_over_only_when_acs_says_so(cloud: Cloud, fields: dict[str, Any]) -> None:
    row = a_recording(**fields)

    assert not control_of(cloud).has_ended(row)
    assert control_of(cloud).may_run(row)


def test_acs_cannot_be_asked_about_what_it_has_not_named(cloud: Cloud) -> None:
    assert not control_of(cloud).may_run(a_recording(recording_id=None))
