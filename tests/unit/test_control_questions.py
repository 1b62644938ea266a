"""ACS is asked for a recording's state, and its answer is written unless another one was written meanwhile."""

from datetime import timedelta
from typing import Any

import pytest

from shared.control.control_answers import ended
from shared.control.control_recording import QUESTIONS_MAX
from shared.domain.durations import EVENT_PATIENCE, SETTLE
from shared.domain.errors import CatalogConflict, ControlUnknown, NotFound
from shared.domain.recording_rows import SAVE_TRIES
from shared.domain.statuses import ControlStatus, RecordingStatus
from tests.builders import RECORDING_ID
from tests.fakes import BEGINNING, Cloud, Fault
from tests.unit.controlling import control_of, controlled, during, just_started, line, recorded, rewritten

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
MAX_RECORDING_AND_RETENTION = timedelta(hours=24 + 24)  # the settings' defaults


# Questions


@pytest.mark.parametrize(
    "fields", [{"status": RecordingStatus.STOPPED}, {"recording_id": None}], ids=["ended", "not named"]
)
@pytest.mark.parametrize("question", ["observe", "ask"])
def test_acs_is_not_asked_where_it_cannot_say_anything(cloud: Cloud, question: str, fields: dict[str, Any]) -> None:
    row = recorded(cloud, **fields)

    assert getattr(control_of(cloud), question)(row) == row
    assert cloud.world.counts["acs.state"] == 0


def test_a_row_that_was_forgotten_is_not_asked_about(cloud: Cloud) -> None:
    row = recorded(cloud, control=None, created_at=BEGINNING - 2 * MAX_RECORDING_AND_RETENTION)

    assert control_of(cloud).observe(row) == row
    assert cloud.world.counts["acs.state"] == 0


def test_an_end_that_is_observed_has_the_sweep_look_for_the_event(cloud: Cloud) -> None:
    row = recorded(cloud)
    cloud.acs.hang_up(RECORDING_ID)

    assert control_of(cloud).observe(row).ended_at == BEGINNING
    assert line(cloud) == BEGINNING + EVENT_PATIENCE


def test_what_goes_on_is_left_to_the_line_that_it_has(cloud: Cloud) -> None:
    control_of(cloud).observe(recorded(cloud))

    assert line(cloud) is None


def test_an_answer_that_tells_nothing_new_is_not_written(cloud: Cloud) -> None:
    row = recorded(cloud)

    assert control_of(cloud).ask(row) == row
    assert cloud.recording() == row


def test_an_answer_that_does_not_count_yet_is_asked_for_when_it_does(cloud: Cloud) -> None:
    row = just_started(cloud, active=False, status=RecordingStatus.STARTING)
    cloud.world.advance(SECOND)

    control_of(cloud).ask(row)

    assert line(cloud) == BEGINNING + SECOND + MINUTE


def test_after_silence_acs_is_asked_again_in_a_minute(cloud: Cloud) -> None:
    row = recorded(cloud)
    cloud.world.fail("acs.state", Fault.TIME_OUT)

    with pytest.raises(ControlUnknown, match="did not say in what state"):
        control_of(cloud).ask(row)

    assert (cloud.recording(), line(cloud)) == (row, BEGINNING + MINUTE)


def test_after_silence_about_a_fresh_start_acs_is_asked_once_its_answer_counts(cloud: Cloud) -> None:
    row = recorded(cloud, start_requested_at=BEGINNING + MINUTE)
    cloud.world.fail("acs.state", Fault.TIME_OUT)

    with pytest.raises(ControlUnknown):
        control_of(cloud).ask(row)

    assert line(cloud) == BEGINNING + MINUTE + SETTLE


def test_an_overtaken_question_is_asked_again(cloud: Cloud) -> None:
    row = recorded(cloud, active=False)
    during(cloud, "acs.state", controlled(cloud), times=QUESTIONS_MAX - 1)

    assert control_of(cloud).ask(row).control is ControlStatus.PAUSED
    assert cloud.world.counts["acs.state"] == QUESTIONS_MAX


def test_a_question_that_is_overtaken_every_time_is_left_to_the_sweep(cloud: Cloud) -> None:
    row = recorded(cloud, active=False)
    during(cloud, "acs.state", controlled(cloud), times=QUESTIONS_MAX)

    with pytest.raises(ControlUnknown, match="several requests at once"):
        control_of(cloud).ask(row)

    assert (cloud.recording().control, line(cloud)) == (ControlStatus.ACTIVE, BEGINNING + MINUTE)


def test_an_end_that_somebody_else_heard_of_meanwhile_ends_the_questions(cloud: Cloud) -> None:
    row = recorded(cloud, active=False)
    during(cloud, "acs.state", controlled(cloud, ended_at=BEGINNING))

    assert control_of(cloud).ask(row).ended_at == BEGINNING
    assert cloud.world.counts["acs.state"] == 1


# Writing


def test_an_answer_is_written_with_the_next_version_even_where_it_changes_nothing(cloud: Cloud) -> None:
    row = recorded(cloud, status=RecordingStatus.PAUSED)

    written = control_of(cloud).write(row, lambda row: row)

    assert written is not None
    assert written == cloud.recording()
    assert (written.control_version, written.updated_at) == (row.control_version + 1, BEGINNING)


def test_an_answer_is_not_written_over_another_one(cloud: Cloud) -> None:
    row = recorded(cloud)
    controlled(cloud)()
    before = cloud.recording()

    assert control_of(cloud).write(row, lambda row: ended(row, BEGINNING)) is None
    assert cloud.recording() == before


def test_an_end_is_written_over_any_other_answer(cloud: Cloud) -> None:
    row = recorded(cloud)
    controlled(cloud)()

    written = control_of(cloud).write_always(row, lambda row: ended(row, BEGINNING))

    assert written == cloud.recording()
    assert (written.ended_at, written.control_version) == (BEGINNING, 2)


def test_an_end_that_stands_already_is_not_written_again(cloud: Cloud) -> None:
    row = recorded(cloud, status=RecordingStatus.STOPPED)

    assert control_of(cloud).write_always(row, lambda row: ended(row, BEGINNING)) == row
    assert cloud.recording() == row


@pytest.mark.parametrize("times", [SAVE_TRIES - 1, SAVE_TRIES])
def test_a_row_that_somebody_else_writes_over_and_over_is_given_up_at_last(cloud: Cloud, times: int) -> None:
    row = recorded(cloud)
    during(cloud, "catalog.save_recording", rewritten(cloud), times=times)

    if times < SAVE_TRIES:
        assert control_of(cloud).pause(row.id).control is ControlStatus.PAUSED
    else:
        with pytest.raises(CatalogConflict):
            control_of(cloud).pause(row.id)


def test_whoever_looks_at_a_row_that_others_write_over_and_over_gets_it_as_it_was(cloud: Cloud) -> None:
    row = recorded(cloud, control=ControlStatus.STARTING)
    during(cloud, "catalog.save_recording", rewritten(cloud), times=SAVE_TRIES)

    assert control_of(cloud).refresh(row.id) == row


def test_a_row_that_is_gone_is_not_written(cloud: Cloud) -> None:
    row = recorded(cloud)
    during(cloud, "acs.pause", cloud.catalog.rows.clear)

    with pytest.raises(NotFound):
        control_of(cloud).pause(row.id)
