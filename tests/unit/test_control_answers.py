"""What an answer of ACS's makes of a recording's row, and when ACS is asked."""

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from shared.control.control_answers import (
    ended,
    is_settling,
    next_question,
    observed,
    resume_tried,
    settled_at,
    with_control,
)
from shared.domain.acs_words import RecordingKind
from shared.domain.durations import FILES_CAME, LOOK_AGAIN, SETTLE
from shared.domain.ports import AcsState
from shared.domain.statuses import ControlStatus, RecordingStatus, StartFailure
from tests.builders import RECORDING_ID, a_recording
from tests.fakes import BEGINNING

ACTIVE = AcsState(RECORDING_ID, active=True)
INACTIVE = AcsState(RECORDING_ID, active=False)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


# What an answer makes of a row


@pytest.mark.parametrize("state", [None, ACTIVE, INACTIVE], ids=["not found", "active", "inactive"])
def test_a_confirmed_end_stands_whatever_acs_says_later(state: AcsState | None) -> None:
    row = a_recording(status=RecordingStatus.STOPPED)

    assert observed(row, state, BEGINNING + HOUR) == row


def test_an_active_recording_has_run_and_waits_for_nothing() -> None:
    row = a_recording(status=RecordingStatus.PAUSED, has_run=False, waits_for="a word")

    told = observed(replace(row, start_failure=StartFailure.UNCONFIRMED), ACTIVE, BEGINNING)

    assert told == replace(row, control=ControlStatus.ACTIVE, has_run=True, waits_for=None)


def test_inactive_is_paused_once_the_start_has_settled() -> None:
    row = a_recording(start_failure=StartFailure.UNCONFIRMED, waits_for="a word", start_requested_at=BEGINNING)

    told = observed(row, INACTIVE, BEGINNING + SETTLE)

    assert told == replace(row, control=ControlStatus.PAUSED, start_failure=None, waits_for=None)


def test_inactive_tells_nothing_until_the_start_has_settled() -> None:
    row = a_recording(status=RecordingStatus.STARTING, start_requested_at=BEGINNING)

    assert observed(row, INACTIVE, BEGINNING + SETTLE - SECOND) == row


@pytest.mark.parametrize("after", [timedelta(0), SETTLE], ids=["at once", "settled"])
def test_inactive_is_remembered_as_long_as_nothing_speaks_for_a_run(after: timedelta) -> None:
    row = a_recording(status=RecordingStatus.PAUSED, has_run=False, start_requested_at=BEGINNING)

    assert observed(row, INACTIVE, BEGINNING + after).inactive_at == BEGINNING + after


def test_inactive_is_not_remembered_of_what_has_run() -> None:
    assert observed(a_recording(), INACTIVE, BEGINNING).inactive_at is None


@pytest.mark.parametrize("kind", RecordingKind)
@pytest.mark.parametrize("active", [True, False])
def test_whose_recording_it_is_is_kept_as_acs_says(kind: RecordingKind, *, active: bool) -> None:
    told = observed(a_recording(recording_kind=None), AcsState(RECORDING_ID, active, kind), BEGINNING)

    assert told.recording_kind is kind


def test_an_answer_that_does_not_say_whose_recording_it_is_takes_nothing_back() -> None:
    row = a_recording(recording_kind=RecordingKind.TEAMS)

    assert observed(row, ACTIVE, BEGINNING).recording_kind is RecordingKind.TEAMS


def test_not_found_is_the_end_once_the_start_has_settled() -> None:
    row = a_recording(start_requested_at=BEGINNING, waits_for="a word")

    assert observed(row, None, BEGINNING + SETTLE) == replace(row, ended_at=BEGINNING + SETTLE, waits_for=None)


def test_not_found_tells_nothing_until_the_start_has_settled() -> None:
    row = a_recording(start_requested_at=BEGINNING)

    assert observed(row, None, BEGINNING + SETTLE - SECOND) == row


def test_not_found_is_the_end_of_a_recording_that_nobody_here_started() -> None:
    assert observed(a_recording(start_requested_at=None), None, BEGINNING).ended_at == BEGINNING


def test_not_found_after_a_report_that_the_start_failed_means_that_there_is_no_recording() -> None:
    told = observed(a_recording(start_report="no licence", claimed_until=BEGINNING), None, BEGINNING)

    assert (told.start_failure, told.start_failure_reason) == (StartFailure.UNCONFIRMED, "no licence")
    assert (told.ended_at, told.claimed_until) == (None, None)


def test_the_first_confirmation_of_an_end_stands() -> None:
    row = ended(a_recording(), BEGINNING)

    assert ended(row, BEGINNING + HOUR) == row


@pytest.mark.parametrize("answer", ControlStatus)
def test_a_pause_or_resume_that_was_answered_late_reopens_no_end(answer: ControlStatus) -> None:
    row = a_recording(status=RecordingStatus.STOPPED)

    assert with_control(row, answer, BEGINNING) == row


def test_a_confirmed_resume_settles_from_its_answer_on() -> None:
    told = with_control(a_recording(status=RecordingStatus.PAUSED, has_run=False), ControlStatus.ACTIVE, BEGINNING)

    assert (told.control, told.has_run, told.resume_requested_at) == (ControlStatus.ACTIVE, True, BEGINNING)


def test_a_confirmed_pause_changes_nothing_else() -> None:
    row = a_recording()

    assert with_control(row, ControlStatus.PAUSED, BEGINNING) == replace(row, control=ControlStatus.PAUSED)


def test_a_resume_that_was_tried_may_have_made_a_file() -> None:
    row = a_recording(status=RecordingStatus.PAUSED, has_run=False)

    assert resume_tried(row, BEGINNING) == replace(row, resume_requested_at=BEGINNING, has_run=True)


# When ACS is asked


def test_a_recording_has_settled_a_minute_after_its_last_request() -> None:
    row = a_recording(start_requested_at=BEGINNING, resume_requested_at=BEGINNING + HOUR)

    assert settled_at(row) == BEGINNING + HOUR + SETTLE
    assert is_settling(row, BEGINNING + HOUR + SETTLE - SECOND)
    assert not is_settling(row, BEGINNING + HOUR + SETTLE)


def test_a_recording_that_nobody_here_started_has_settled() -> None:
    assert not is_settling(a_recording(start_requested_at=None), BEGINNING)


@pytest.mark.parametrize(
    ("heard_at", "wait"),
    [(None, LOOK_AGAIN), (BEGINNING, MINUTE), (BEGINNING - FILES_CAME, LOOK_AGAIN)],
    ids=["no event", "just heard", "heard a while ago"],
)
def test_acs_is_asked_every_minute_after_an_event_and_else_every_hour(
    heard_at: datetime | None, wait: timedelta
) -> None:
    assert next_question(a_recording(heard_at=heard_at), BEGINNING) == BEGINNING + wait


def test_what_settles_is_asked_about_when_it_has_settled() -> None:
    row = a_recording(start_requested_at=BEGINNING, heard_at=BEGINNING)

    assert next_question(row, BEGINNING + SECOND) == BEGINNING + SETTLE
