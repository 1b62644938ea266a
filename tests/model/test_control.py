"""Whoever is told that recording ended, or paused, or runs, is told so by ACS, whatever goes wrong on the way."""

import os

import pytest
from msgspec.structs import replace

from shared.domain.statuses import ControlStatus, RecordingStatus, StartFailure
from tests.builders import a_recording
from tests.fakes import BEGINNING
from tests.model.control import (
    CONTESTS,
    SCRIPTS,
    ControlRun,
    ControlScenario,
    every_order,
    play_script,
)
from tests.model.faults import FixedFaults
from tests.model.search import every_fault, pairs
from tests.model.violation import Violation

FIRST_FAULTS = 12  # about so many of them for each script; the long form takes every one
PREEMPTIONS = int(os.environ.get("MODEL_PREEMPTIONS", "2"))  # the long form takes three
ENDS = {
    "start, stop": RecordingStatus.STOPPED,
    "start, run, stop": RecordingStatus.STOPPED,
    "start, run, pause, resume, stop": RecordingStatus.STOPPED,
    "start, run, pause, and go on paused": RecordingStatus.PAUSED,
    "start, run, pause, resume, and go on": RecordingStatus.ACTIVE,
    "start paused, stop": RecordingStatus.EMPTY,
    "start paused, stop hours later": RecordingStatus.EMPTY,
    "start paused, resume, stop": RecordingStatus.STOPPED,
    "start, run, hear of an earlier recording, go on": RecordingStatus.ACTIVE,
    "start, hear of it, go on": RecordingStatus.ACTIVE,
    "start, hear of another, hear that it failed, go on": RecordingStatus.ACTIVE,
    "start, run, pause, hear that it failed, hang up, stop": RecordingStatus.STOPPED,
    "start, and again": RecordingStatus.ACTIVE,
    "start in vain": RecordingStatus.FAILED,
    "start in vain, again an hour later, run": RecordingStatus.ACTIVE,
    "start in vain twice, again, stop": RecordingStatus.STOPPED,
    "start in vain, hear of its file": RecordingStatus.TRANSFERRING,
}


@pytest.mark.parametrize("name", ENDS)
def test_undisturbed_it_ends_as_it_should(name: str) -> None:
    run = ControlRun(name, FixedFaults({}))
    for act in SCRIPTS[name]:
        run.perform(act)
    run.scenario.rest(1, 1, 1)

    row = run.scenario.row()
    assert row is not None
    assert row.status is ENDS[name]


@pytest.mark.parametrize("name", SCRIPTS)
def test_with_one_fault_anywhere_nobody_is_told_an_untruth(name: str) -> None:
    totals = every_fault(play_script, name)

    assert totals.violations[:5] == []
    assert totals.runs > 100


@pytest.mark.prove
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SCRIPTS)
def test_with_a_pair_of_faults_anywhere_nobody_is_told_an_untruth(name: str) -> None:
    totals = pairs(play_script, name, FIRST_FAULTS)

    assert totals.violations[:5] == []
    assert totals.runs > 100


@pytest.mark.parametrize("name", CONTESTS)
@pytest.mark.parametrize("preemptions", [1, pytest.param(PREEMPTIONS, marks=pytest.mark.prove)])
def test_in_every_order_of_two_acts_nobody_is_told_an_untruth(name: str, preemptions: int) -> None:
    totals = every_order(name, preemptions)

    assert totals.violations[:5] == []
    assert totals.runs > 1


def test_the_oracle_notices_an_end_that_acs_did_not_confirm() -> None:
    scenario = ControlScenario()
    scenario.start()
    row = scenario.row()
    assert row is not None

    ended = a_recording(status=RecordingStatus.STOPPED, id=row.id, recording_id=row.recording_id)
    with pytest.raises(Violation, match="recording ended"):
        scenario.oracle.row_written(row, ended)


def test_the_oracle_notices_a_refused_start_that_acs_carried_out() -> None:
    scenario = ControlScenario()
    scenario.start()
    row = scenario.row()
    assert row is not None

    refused = replace(row, start_failure=StartFailure.REFUSED)
    with pytest.raises(Violation, match="nothing was started"):
        scenario.oracle.row_written(row, refused)


def test_the_oracle_notices_a_write_to_both_halves() -> None:
    scenario = ControlScenario()
    before = a_recording(recording_id=None)

    both = a_recording(recording_id=None, control=ControlStatus.PAUSED, heard_at=BEGINNING, control_version=1)
    with pytest.raises(Violation, match="both halves"):
        scenario.oracle.row_written(before, both)


def test_the_judge_notices_a_row_that_tells_another_state_than_acs() -> None:
    scenario = ControlScenario()
    scenario.start()
    for recording in scenario.live():
        scenario.cloud.acs.begin(recording.recording_id)

    with pytest.raises(Violation, match="The row says starting, ACS active"):
        scenario.judge(soon=False)
