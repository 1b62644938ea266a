"""The timer looks into recordings that should have ended."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from shared.domain.errors import AcsRefused, AcsUnavailable
from shared.domain.models import Chunk, Messages
from shared.domain.open_work import recording_entry
from shared.domain.statuses import ChunkStatus, FilesStatus, Origin, RecordingStatus, StartFailure
from tests.builders import OUR_ID, RECORDING_ID, a_chunk, a_recording
from tests.fakes import BEGINNING, Cloud, Effect, FakeHost, Fault
from tests.fakes.acs import FakeAcsRecording
from tests.unit.steps import warnings

HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)


def sweep(cloud: Cloud) -> Messages:
    return cloud.services.sweep.sweep()


def recorded(cloud: Cloud, **fields: object) -> None:
    """A recording of ours, with its line in the index due now."""
    row = cloud.catalog.save_recording(a_recording(**fields))
    cloud.catalog.put_entries([recording_entry(row, cloud.world.now)])
    if row.recording_id:
        cloud.acs.recordings[row.recording_id] = FakeAcsRecording(row.recording_id, "call", active=True)


@pytest.mark.parametrize("status", [RecordingStatus.ACTIVE, RecordingStatus.PAUSED])
def test_a_recording_that_acs_no_longer_knows_has_ended(cloud: Cloud, status: RecordingStatus) -> None:
    recorded(cloud, status=status)
    cloud.acs.hang_up(RECORDING_ID)

    sweep(cloud)

    assert cloud.recording().status is RecordingStatus.STOPPED


def test_a_recording_that_never_ran_and_ended_is_empty(cloud: Cloud) -> None:
    recorded(cloud, status=RecordingStatus.PAUSED, has_run=False, inactive_at=BEGINNING)
    cloud.acs.hang_up(RECORDING_ID)

    sweep(cloud)

    assert cloud.recording().status is RecordingStatus.EMPTY
    assert cloud.catalog.open == {}


def test_a_recording_that_goes_on_is_looked_at_again(cloud: Cloud) -> None:
    recorded(cloud)

    sweep(cloud)

    assert cloud.recording().status is RecordingStatus.ACTIVE
    assert cloud.catalog.open[OUR_ID, ""].due_at == BEGINNING + HOUR


@pytest.mark.parametrize(("minutes", "wait"), [(9, timedelta(minutes=1)), (10, HOUR)])
def test_acs_is_asked_again_in_a_minute_when_it_does_not_answer(cloud: Cloud, minutes: int, wait: timedelta) -> None:
    """For ten minutes after the row's last change: a request that was not confirmed is due in a minute."""
    recorded(cloud, updated_at=BEGINNING - timedelta(minutes=minutes))
    cloud.acs.refuse("state", AcsUnavailable("throttled", status=429))

    sweep(cloud)

    assert cloud.catalog.open[OUR_ID, ""].due_at == BEGINNING + wait


@pytest.mark.parametrize(("minutes", "wait"), [(9, timedelta(minutes=1)), (10, HOUR)])
@pytest.mark.parametrize("told", [True, False], ids=["told", "not told"])
def test_so_it_is_about_one_that_failed_and_may_still_run(
    cloud: Cloud, minutes: int, wait: timedelta, *, told: bool
) -> None:
    recorded(cloud, files=FilesStatus.FAILED, updated_at=BEGINNING - timedelta(minutes=minutes))
    with_chunk(cloud, status=ChunkStatus.FAILED, open=False)
    if told:
        cloud.services.open_work.watch_failure(cloud.recording(), BEGINNING)
    cloud.acs.refuse("state", AcsUnavailable("throttled", status=429))

    sweep(cloud)

    assert cloud.catalog.open[OUR_ID, ""].due_at == BEGINNING + wait


def test_a_start_in_flight_is_looked_at_when_it_must_have_been_answered(cloud: Cloud) -> None:
    claim = BEGINNING + timedelta(seconds=90)
    recorded(cloud, status=RecordingStatus.STARTING, recording_id=None, claimed_until=claim)

    sweep(cloud)

    assert cloud.catalog.open[OUR_ID, ""].due_at == claim


def test_a_recording_that_goes_on_for_too_long_is_told(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    recorded(cloud, created_at=BEGINNING - DAY)

    sweep(cloud)

    assert len(warnings(caplog, "recording_overdue")) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"created_at": BEGINNING - DAY + timedelta(seconds=1)},
        {"created_at": BEGINNING - DAY, "start_requested_at": BEGINNING - HOUR},
        {"created_at": BEGINNING - DAY, "status": RecordingStatus.STOPPED},
        {"created_at": BEGINNING - DAY, "status": RecordingStatus.STARTING, "recording_id": None},
    ],
    ids=["not so long", "started anew", "ended", "without a name of ACS's"],
)
def test_nothing_else_is_told_as_going_on_for_too_long(
    cloud: Cloud, fields: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    recorded(cloud, **fields)
    cloud.acs.refuse("state", AcsUnavailable("throttled", status=429))

    sweep(cloud)

    assert warnings(caplog, "recording_overdue") == []


def test_acs_s_silence_changes_nothing(cloud: Cloud) -> None:
    recorded(cloud)
    cloud.acs.refuse("state", AcsUnavailable("throttled", status=429))

    sweep(cloud)

    assert cloud.recording().status is RecordingStatus.ACTIVE


def test_a_start_that_was_never_confirmed_is_given_up_one_day(cloud: Cloud) -> None:
    recorded(cloud, status=RecordingStatus.STARTING, recording_id=None, created_at=BEGINNING - DAY)

    sweep(cloud)

    assert cloud.recording().status is RecordingStatus.FAILED


def test_a_start_that_was_not_confirmed_yet_is_waited_for(cloud: Cloud) -> None:
    recorded(cloud, status=RecordingStatus.STARTING, recording_id=None)

    sweep(cloud)

    assert cloud.recording().status is RecordingStatus.STARTING


def stopped_long_ago(cloud: Cloud) -> None:
    recorded(cloud, status=RecordingStatus.STOPPED, updated_at=BEGINNING - HOUR)


def test_a_recording_whose_event_never_came_is_alerted(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    stopped_long_ago(cloud)
    cloud.acs.hang_up(RECORDING_ID)

    sweep(cloud)

    assert cloud.recording().status is RecordingStatus.FAILED
    assert len(warnings(caplog, "recording_failed")) == 1


def test_a_recording_that_acs_still_knows_is_waited_for(cloud: Cloud) -> None:
    stopped_long_ago(cloud)

    sweep(cloud)

    assert cloud.recording().status is RecordingStatus.STOPPED


def test_acs_s_silence_about_an_ended_recording_changes_nothing(cloud: Cloud) -> None:
    stopped_long_ago(cloud)
    cloud.acs.refuse("state", AcsUnavailable("throttled", status=429))

    sweep(cloud)

    assert cloud.recording().status is RecordingStatus.STOPPED


def test_a_recording_that_has_just_ended_is_waited_for(cloud: Cloud) -> None:
    recorded(cloud, status=RecordingStatus.STOPPED, updated_at=BEGINNING - timedelta(minutes=59))
    cloud.acs.hang_up(RECORDING_ID)

    sweep(cloud)

    assert cloud.recording().status is RecordingStatus.STOPPED


def test_a_recording_that_changes_at_that_moment_is_looked_at_again(cloud: Cloud) -> None:
    stopped_long_ago(cloud)
    cloud.acs.hang_up(RECORDING_ID)
    cloud.catalog.save_recording(cloud.recording())
    cloud.world.fail("catalog.recording", Fault.STALE)

    sweep(cloud)

    assert cloud.recording().status is RecordingStatus.STOPPED
    assert (OUR_ID, "") in cloud.catalog.open


@pytest.mark.parametrize("status", [RecordingStatus.COMPLETED, RecordingStatus.EMPTY])
def test_the_line_of_a_recording_that_has_ended_is_closed(cloud: Cloud, status: RecordingStatus) -> None:
    recorded(cloud, status=status)

    sweep(cloud)

    assert cloud.catalog.open == {}


def test_the_line_of_a_refused_start_is_closed_since_its_caller_was_told(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    recorded(cloud, status=RecordingStatus.FAILED, refused_status=400)

    sweep(cloud)

    assert cloud.catalog.open == {}
    assert "recording_failed" not in caplog.text


def test_a_failure_that_a_crash_kept_from_being_told_is_told_once(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    recorded(cloud, status=RecordingStatus.FAILED, failure="it is lost")

    for _ in range(3):
        sweep(cloud)
        cloud.world.advance(timedelta(hours=2))

    assert caplog.text.count("recording_failed") == 1
    assert [line.failed for line in cloud.catalog.open.values()] == [True]


def test_a_failed_start_that_a_crash_kept_from_being_told_is_told_once(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    recorded(cloud, status=RecordingStatus.STARTING, recording_id=None, start_failure=StartFailure.UNCONFIRMED)

    for _ in range(3):
        sweep(cloud)
        cloud.world.advance(timedelta(hours=2))

    assert len(warnings(caplog, "recording_failed")) == 1
    assert [line.failed for line in cloud.catalog.open.values()] == [True]


def test_a_failure_that_the_timer_finds_is_told_once(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    recorded(cloud, status=RecordingStatus.STOPPED, updated_at=BEGINNING - DAY)
    cloud.acs.hang_up(RECORDING_ID)

    for _ in range(3):
        sweep(cloud)
        cloud.world.advance(2 * HOUR)

    assert len(warnings(caplog, "recording_failed")) == 1


@pytest.mark.parametrize(
    ("chunk", "ends"),
    [
        (a_chunk(), RecordingStatus.TRANSFERRING),
        (a_chunk(status=ChunkStatus.DELETED, open=False, due_at=None), RecordingStatus.COMPLETED),
        (a_chunk(status=ChunkStatus.FAILED, open=False, due_at=None), RecordingStatus.FAILED),
    ],
    ids=["open", "saved", "lost"],
)
def test_a_failure_that_is_none_any_more_is_decided_anew(cloud: Cloud, chunk: Chunk, ends: RecordingStatus) -> None:
    """A replay lifted the chunks, and died before it came to the recording."""
    recorded(cloud, status=RecordingStatus.FAILED, folder="f", failure="a chunk could not be saved")
    cloud.catalog.written((chunk.id, chunk.document_id), chunk)

    sweep(cloud)
    sweep(cloud)

    assert cloud.recording().status is ends


def test_an_open_chunk_without_a_line_is_found_by_its_recording(cloud: Cloud) -> None:
    recorded(cloud, status=RecordingStatus.TRANSFERRING)
    chunk = a_chunk(due_at=BEGINNING)
    cloud.catalog.written((chunk.id, chunk.document_id), chunk)

    sweep(cloud)

    assert sweep(cloud) == Messages(transfers=(chunk.ref,))


def test_a_failure_stays_in_sight_for_a_week(cloud: Cloud) -> None:
    recorded(cloud, status=RecordingStatus.FAILED, failure="it is lost")
    sweep(cloud)

    cloud.world.advance(timedelta(days=8))
    sweep(cloud)

    assert cloud.catalog.open == {}


def test_a_recording_that_is_replayed_does_not_count_as_failed_any_more(cloud: Cloud) -> None:
    """Even when the worker that failed it was slower than the replay, and wrote its line last."""
    recorded(cloud, status=RecordingStatus.TRANSFERRING)
    chunk = a_chunk()
    cloud.catalog.written((chunk.id, chunk.document_id), chunk)
    cloud.catalog.put_entries([replace(recording_entry(cloud.recording(), cloud.world.now), failed=True)])

    sweep(cloud)

    assert not cloud.catalog.open[OUR_ID, ""].failed


@pytest.mark.parametrize("knows", [True, False], ids=["knows it", "refuses to say"])
def test_a_recording_without_an_event_is_told_of_in_time_whatever_acs_says(
    cloud: Cloud, caplog: pytest.LogCaptureFixture, *, knows: bool
) -> None:
    recorded(cloud, status=RecordingStatus.STOPPED, updated_at=BEGINNING - 6 * HOUR)
    if not knows:
        cloud.acs.refuse("state", AcsRefused("forbidden", status=403))

    sweep(cloud)

    assert len(warnings(caplog, "recording_failed")) == 1
    assert cloud.recording().status is RecordingStatus.FAILED


def test_a_recording_whose_end_acs_does_not_confirm_is_told_although_nobody_started_it_here(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    recorded(
        cloud,
        origin=Origin.EVENT,
        created_at=BEGINNING - DAY,
        control=None,
        ended_at=None,
        status=RecordingStatus.TRANSFERRING,
        heard_at=BEGINNING - DAY,
    )
    cloud.acs.refuse("state", AcsRefused("forbidden", status=403))

    sweep(cloud)

    assert len(warnings(caplog, "recording_overdue")) == 1


# What one look at a recording does, and when the next one is


def due(cloud: Cloud) -> timedelta | None:
    """How long until the recording is looked at again."""
    line = cloud.catalog.open.get((OUR_ID, ""))
    return line.due_at - cloud.world.now if line else None


def with_chunk(cloud: Cloud, **fields: Any) -> Chunk:
    chunk = a_chunk(**fields)
    return cloud.catalog.written((chunk.id, chunk.document_id), chunk)


def with_saved_chunk(cloud: Cloud, **fields: Any) -> Chunk:
    saved: dict[str, Any] = {"status": ChunkStatus.DELETED, "open": False, "due_at": None}
    return with_chunk(cloud, **saved | fields)


def test_a_start_that_was_never_confirmed_is_told_once(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    recorded(cloud, status=RecordingStatus.STARTING, recording_id=None, created_at=BEGINNING - DAY)
    sweep(cloud)
    at_once = len(warnings(caplog, "recording_failed"))

    for _ in range(2):
        cloud.world.advance(2 * HOUR)
        sweep(cloud)

    assert cloud.recording().start_failure is StartFailure.UNCONFIRMED
    assert (at_once, len(warnings(caplog, "recording_failed"))) == (1, 1)


def test_a_start_that_is_confirmed_at_that_moment_is_not_told_as_a_failure(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    recorded(cloud, status=RecordingStatus.STARTING, recording_id=None, created_at=BEGINNING - DAY)
    confirmed = replace(cloud.recording(), recording_id=RECORDING_ID, control_version=1)

    def plan(effect: Effect) -> None:
        if (
            effect.name == "catalog.save_recording"
            and effect.count == cloud.world.counts["catalog.save_recording"] == 2
        ):
            cloud.catalog.written((OUR_ID, ""), confirmed)

    cloud.world.plan = plan
    sweep(cloud)

    assert (cloud.recording().recording_id, cloud.recording().start_failure) == (RECORDING_ID, None)
    assert [*warnings(caplog, "recording_failed"), *warnings(caplog, "unforeseen_fault")] == []


@pytest.mark.parametrize("files", FilesStatus)
def test_acs_is_asked_once_about_a_recording_that_runs(cloud: Cloud, files: FilesStatus) -> None:
    recorded(cloud, files=files, updated_at=BEGINNING - 2 * HOUR)
    with_saved_chunk(cloud)

    sweep(cloud)

    assert cloud.world.counts["acs.state"] == 1


def test_a_recording_whose_end_acs_has_not_confirmed_is_not_given_up(cloud: Cloud) -> None:
    recorded(cloud, updated_at=BEGINNING - 2 * HOUR)
    cloud.acs.refuse("state", AcsUnavailable("throttled", status=429))
    cloud.acs.hang_up(RECORDING_ID)

    sweep(cloud)

    assert cloud.recording().files is FilesStatus.NONE


@pytest.mark.parametrize("status", [RecordingStatus.COMPLETED, RecordingStatus.EMPTY])
def test_what_needs_no_event_has_not_failed_for_want_of_one(
    cloud: Cloud, status: RecordingStatus, caplog: pytest.LogCaptureFixture
) -> None:
    recorded(cloud, status=status, updated_at=BEGINNING - 2 * HOUR)
    cloud.acs.hang_up(RECORDING_ID)

    sweep(cloud)

    assert cloud.recording().status is status
    assert warnings(caplog, "sweep_interrupted") == []


def test_an_event_is_missed_an_hour_after_the_end_whatever_was_written_since(cloud: Cloud) -> None:
    recorded(cloud, status=RecordingStatus.STOPPED, ended_at=BEGINNING - HOUR, updated_at=BEGINNING)
    cloud.acs.hang_up(RECORDING_ID)

    sweep(cloud)

    assert cloud.recording().status is RecordingStatus.FAILED


@pytest.mark.parametrize(
    ("fields", "wait"),
    [
        ({"files": FilesStatus.COMPLETED}, HOUR),
        ({"files": FilesStatus.TRANSFERRING, "heard_at": BEGINNING}, timedelta(minutes=1)),
        ({"status": RecordingStatus.TRANSFERRING, "heard_at": BEGINNING}, HOUR),
        ({"status": RecordingStatus.STOPPED, "heard_at": BEGINNING}, HOUR),
    ],
    ids=["it runs on", "it runs on and an event came", "it ended and waits for chunks", "it ended without files"],
)
def test_a_recording_with_something_to_come_is_looked_at_again(
    cloud: Cloud, fields: dict[str, Any], wait: timedelta
) -> None:
    recorded(cloud, **fields)
    with_chunk(cloud, due_at=BEGINNING + DAY)

    sweep(cloud)

    assert due(cloud) == wait


@pytest.mark.parametrize("row", [{}, {"has_run": False, "inactive_at": BEGINNING}], ids=["ran", "never ran"])
def test_files_that_wait_keep_the_line_of_an_ended_recording(cloud: Cloud, row: dict[str, Any]) -> None:
    recorded(cloud, status=RecordingStatus.TRANSFERRING, **row)
    with_chunk(cloud, due_at=BEGINNING + DAY)

    sweep(cloud)

    assert due(cloud) == HOUR


def test_a_recording_whose_chunks_are_saved_is_completed_by_its_own_line(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    """And is not told as incomplete, however long that took."""
    recorded(cloud, status=RecordingStatus.TRANSFERRING, folder="f", updated_at=BEGINNING - 2 * HOUR)
    with_saved_chunk(cloud)

    sweep(cloud)

    assert cloud.recording().status is RecordingStatus.COMPLETED
    assert cloud.catalog.open == {}
    assert warnings(caplog, "recording_incomplete") == []


def test_a_recording_whose_manifest_was_written_long_ago_is_not_told_as_incomplete(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    recorded(cloud, status=RecordingStatus.TRANSFERRING, folder="f")
    with_saved_chunk(cloud)
    cloud.world.fail("catalog.save_recording", Fault.ERROR_BEFORE)
    FakeHost(cloud).sweep()
    cloud.world.advance(2 * HOUR)

    sweep(cloud)

    assert cloud.recording().completed_at == BEGINNING
    assert warnings(caplog, "recording_incomplete") == []


def test_a_chunk_that_is_not_due_gets_no_line_from_its_recording(cloud: Cloud) -> None:
    recorded(cloud, status=RecordingStatus.TRANSFERRING)
    with_chunk(cloud, due_at=BEGINNING + HOUR)

    sweep(cloud)

    assert list(cloud.catalog.open) == [(OUR_ID, "")]
