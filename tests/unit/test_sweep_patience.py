"""Nothing waits for ever in silence, and nothing alerts for ever: how long the timer waits, and how often it tells."""

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.errors import AcsError, AcsRefused, AcsUnavailable
from shared.domain.open_work import recording_entry
from shared.domain.statuses import ChunkStatus, FailureKind, FilesStatus, RecordingStatus
from shared.pipeline.sweep import ENTRIES_PER_RUN_MAX
from tests.builders import (
    OUR_ID,
    RECORDING_ID,
    a_chunk,
    a_recording,
    announced_chunk,
    document_id,
    file_ready_event,
    keep_at_acs,
    media,
    metadata,
)
from tests.fakes import BEGINNING, Cloud, Effect, FakeHost, Fault, acs_recording_id
from tests.fakes.acs import FakeAcsRecording
from tests.unit.steps import warnings

HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)
PATIENCE = timedelta(hours=30)  # ACS's retention and six hours
SAVED: dict[str, Any] = {"status": ChunkStatus.DELETED, "open": False, "due_at": None}
TRANSFERRING: dict[str, Any] = {"status": RecordingStatus.TRANSFERRING, "folder": "f"}


def recorded(cloud: Cloud, **fields: Any) -> None:
    row = cloud.catalog.save_recording(a_recording(**fields))
    cloud.catalog.link_acs_id(RECORDING_ID, OUR_ID)
    cloud.catalog.put_entries([recording_entry(row, cloud.world.now)])


def with_chunks(cloud: Cloud, *indexes: int, **fields: Any) -> None:
    for index in indexes:
        chunk = a_chunk(index, **SAVED | fields)
        cloud.catalog.written((chunk.id, chunk.document_id), chunk)


def sweep_for(cloud: Cloud, time: timedelta) -> None:
    """Every minute would be true to life; what is due is due by the hour."""
    until = cloud.world.now + time
    while cloud.world.now < until:
        cloud.services.sweep.sweep()
        cloud.world.advance(timedelta(minutes=30))
    cloud.services.sweep.sweep()


def never_answer(cloud: Cloud, error: AcsError) -> None:
    for _ in range(500):
        cloud.acs.refuse("state", error)


# An event that never comes


@pytest.mark.parametrize(
    "error", [AcsUnavailable("broken", status=500), AcsRefused("forbidden", status=403)], ids=["500", "403"]
)
def test_a_recording_that_acs_does_not_tell_of_is_told_within_four_hours_of_its_end(
    cloud: Cloud, caplog: pytest.LogCaptureFixture, error: AcsError
) -> None:
    recorded(cloud, status=RecordingStatus.STOPPED, updated_at=BEGINNING)
    never_answer(cloud, error)

    sweep_for(cloud, 4 * HOUR)

    (told,) = warnings(caplog, "recording_failed")
    assert "ACS does not say" in told
    assert (cloud.recording().status, cloud.recording().failure_kind) == (
        RecordingStatus.FAILED,
        FailureKind.UNANNOUNCED,
    )


# A chunk that never comes


@pytest.mark.parametrize(
    ("recording", "chunk", "told"),
    [
        ({"heard_at": BEGINNING - HOUR}, {}, 1),
        ({"heard_at": BEGINNING - timedelta(minutes=59)}, {}, 0),
        ({"heard_at": None, "updated_at": BEGINNING - HOUR}, {}, 1),
        ({"heard_at": BEGINNING - HOUR, "updated_at": BEGINNING}, {}, 1),
        ({"heard_at": BEGINNING - HOUR}, {"status": ChunkStatus.PENDING, "open": True, "due_at": BEGINNING + HOUR}, 1),
        ({"heard_at": BEGINNING - HOUR}, {"end_reason": "SessionEnded"}, 0),
    ],
    ids=["an hour", "less", "a row of version 0.1", "written since", "a chunk is not saved yet", "nothing is missing"],
)
def test_what_is_missing_is_told_an_hour_after_the_last_event(
    cloud: Cloud, caplog: pytest.LogCaptureFixture, recording: dict[str, Any], chunk: dict[str, Any], told: int
) -> None:
    recorded(cloud, **TRANSFERRING | recording)
    with_chunks(cloud, 0, **{"end_reason": "ChunkMaximumSizeExceeded"} | chunk)

    cloud.services.sweep.sweep()

    assert len(warnings(caplog, "recording_incomplete")) == told
    assert bool(cloud.recording().waits_for) == bool(told)


def test_of_a_recording_that_may_run_nothing_is_missing_yet(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    recorded(cloud, files=FilesStatus.TRANSFERRING, folder="f", heard_at=BEGINNING - PATIENCE)
    cloud.acs.recordings[RECORDING_ID] = FakeAcsRecording(RECORDING_ID, "call", active=True)
    with_chunks(cloud, 0, 2)

    cloud.services.sweep.sweep()

    assert warnings(caplog, "recording_incomplete") == []
    assert cloud.recording().files is FilesStatus.TRANSFERRING


def test_a_gap_is_told_twice_and_then_given_up(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    recorded(cloud, **TRANSFERRING, heard_at=BEGINNING)
    with_chunks(cloud, 0, 2)

    sweep_for(cloud, PATIENCE - HOUR)
    before = cloud.recording().files, len(warnings(caplog, "recording_incomplete"))
    sweep_for(cloud, 3 * DAY)

    assert before == (FilesStatus.TRANSFERRING, 1)
    assert len(warnings(caplog, "recording_incomplete")) == len(warnings(caplog, "recording_failed")) == 1
    row = cloud.recording()
    assert (row.status, row.failure_kind, row.waits_for) == (RecordingStatus.FAILED, FailureKind.UNANNOUNCED, None)
    assert "Chunk 1" in str(row.failure)


def test_a_gap_is_not_given_up_while_a_chunk_can_still_be_saved(cloud: Cloud) -> None:
    recorded(cloud, **TRANSFERRING, heard_at=BEGINNING - PATIENCE)
    with_chunks(cloud, 0)
    with_chunks(cloud, 2, status=ChunkStatus.PENDING, open=True, due_at=BEGINNING + HOUR)

    cloud.services.sweep.sweep()

    assert cloud.recording().files is FilesStatus.TRANSFERRING


def test_a_late_file_reopens_what_was_given_up(cloud: Cloud) -> None:
    keep_at_acs(cloud, 3)
    recorded(cloud, status=RecordingStatus.STOPPED)
    host = FakeHost(cloud)
    host.publish(file_ready_event([announced_chunk(0), announced_chunk(2)]))
    host.work()
    sweep_for(cloud, PATIENCE + HOUR)
    given_up = cloud.recording().status
    keep_at_acs(cloud, 1, first=1)
    host.publish(file_ready_event([announced_chunk(1)], event_time=cloud.world.now))
    host.work()

    assert given_up is RecordingStatus.FAILED
    assert (cloud.recording().status, cloud.recording().failure) == (RecordingStatus.COMPLETED, None)


def test_what_was_given_up_is_told_anew_when_a_late_file_leaves_another_gap(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    keep_at_acs(cloud, 1)
    recorded(cloud, status=RecordingStatus.STOPPED)
    host = FakeHost(cloud)
    host.publish(file_ready_event([announced_chunk(0, endReason="ChunkMaximumSizeExceeded")]))
    host.work()
    sweep_for(cloud, PATIENCE + HOUR)
    keep_at_acs(cloud, 1, first=2)
    host.publish(file_ready_event([announced_chunk(2)], event_time=cloud.world.now))
    host.work()
    sweep_for(cloud, PATIENCE + HOUR)

    assert len(warnings(caplog, "recording_incomplete")) == len(warnings(caplog, "recording_failed")) == 2


@pytest.mark.parametrize("when", ["while it is copied", "once it is stored"])
def test_a_chunk_that_was_still_recorded_completes_its_recording_once_an_event_tells_its_end(
    cloud: Cloud, when: str
) -> None:
    keep_at_acs(cloud, 1)
    recorded(cloud, status=RecordingStatus.STOPPED)
    host = FakeHost(cloud)
    for reason in ("ChunkIsBeingRecorded", "SessionEnded", "SessionEnded"):
        host.publish(file_ready_event([announced_chunk(0, endReason=reason)]))
        if when == "once it is stored":
            host.work()
    host.work()

    assert (cloud.recording().status, cloud.recording().manifests) == (RecordingStatus.COMPLETED, 1)
    assert (cloud.chunk().status, cloud.chunk().end_reason) == (ChunkStatus.DELETED, "SessionEnded")


@pytest.mark.parametrize("when", ["while it is copied", "once it is stored"])
def test_of_a_chunk_that_was_still_recorded_the_file_that_it_became_is_stored_and_only_then_deleted(
    cloud: Cloud, when: str
) -> None:
    keep_at_acs(cloud, 1)
    recorded(cloud, status=RecordingStatus.STOPPED)
    host = FakeHost(cloud)
    host.publish(file_ready_event([announced_chunk(0, endReason="ChunkIsBeingRecorded")]))
    if when == "once it is stored":
        host.work()
    whole, expires = media(size=5000, seed=9), cloud.world.now + timedelta(hours=24)
    cloud.source.add(document_id(0), whole, metadata(0, chunkDuration=60_000), expires)
    host.publish(file_ready_event(1))
    host.work()

    assert (cloud.recording().status, cloud.chunk().status) == (RecordingStatus.COMPLETED, ChunkStatus.DELETED)
    assert cloud.store.blobs[cloud.chunk().content_blob] == whole


def test_an_end_does_not_have_a_copy_count_that_has_the_name_of_the_whole_file(cloud: Cloud) -> None:
    recorded(cloud, **TRANSFERRING | {"folder": f"2026/11/22/{OUR_ID}"})
    with_chunks(cloud, 0, end_reason="ChunkIsBeingRecorded", status=ChunkStatus.STORED)
    FakeHost(cloud).publish(file_ready_event(1))

    assert (cloud.chunk().status, cloud.chunk().end_reason) == (ChunkStatus.STORED, "ChunkIsBeingRecorded")


def test_an_alert_whose_row_cannot_be_written_is_given_again(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    recorded(cloud, **TRANSFERRING, heard_at=BEGINNING - HOUR)
    with_chunks(cloud, 1)
    cloud.world.fail("catalog.save_recording", Fault.ERROR_BEFORE)

    for _ in range(3):
        FakeHost(cloud).sweep()
        cloud.world.advance(HOUR)

    assert len(warnings(caplog, "recording_incomplete")) == 2


# A recording that goes on


@pytest.mark.parametrize("answers", [True, False], ids=["ACS says that it runs", "ACS does not answer"])
def test_a_recording_that_goes_on_for_too_long_is_told_once(
    cloud: Cloud, caplog: pytest.LogCaptureFixture, *, answers: bool
) -> None:
    recorded(cloud, created_at=BEGINNING - DAY)
    cloud.acs.recordings[RECORDING_ID] = FakeAcsRecording(RECORDING_ID, "call", active=True)
    if not answers:
        never_answer(cloud, AcsUnavailable("broken", status=500))

    sweep_for(cloud, 2 * DAY)

    assert len(warnings(caplog, "recording_overdue")) == 1
    assert cloud.recording().status is RecordingStatus.ACTIVE
    assert (OUR_ID, "") in cloud.catalog.open


# An event without files


@pytest.mark.parametrize(
    ("row", "says"),
    [({"status": RecordingStatus.STOPPED}, "ACS announced no file"), ({}, "ACS announced no file")],
    ids=["it was stopped", "its end is not known"],
)
def test_a_recording_whose_event_lists_no_file_says_so_and_is_told_as_that(
    cloud: Cloud, caplog: pytest.LogCaptureFixture, row: dict[str, Any], says: str
) -> None:
    recorded(cloud, **row)
    cloud.services.ingest.ingest(file_ready_event(0))
    at_once = cloud.recording()

    sweep_for(cloud, 2 * HOUR)

    assert says in str(at_once.failure)
    (told,) = warnings(caplog, "recording_failed")
    assert says in told
    assert "no file-ready event came" not in caplog.text
    assert cloud.recording().failure_kind is FailureKind.UNANNOUNCED


def test_a_start_that_was_never_confirmed_but_announced_without_files_says_so(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    cloud.catalog.save_recording(
        a_recording(status=RecordingStatus.STARTING, recording_id=None, created_at=BEGINNING - timedelta(minutes=2))
    )
    cloud.services.ingest.ingest(file_ready_event(0, subject_form=3))

    sweep_for(cloud, DAY + HOUR)

    (told,) = warnings(caplog, "recording_failed")
    assert "lists no file" in told


# ACS that is silent


def silence(cloud: Cloud) -> None:
    """ACS accepts questions, and answers none within their half minute."""

    def plan(effect: Effect) -> Fault | None:
        if effect.name != "acs.state":
            return None
        cloud.world.advance(timedelta(seconds=30))
        return Fault.TIME_OUT

    cloud.world.plan = plan


def many_recordings(cloud: Cloud, count: int = 100, **fields: Any) -> None:
    for number in range(1, count + 1):
        row = a_recording(id=f"{OUR_ID[:-4]}{number:04}", recording_id=acs_recording_id(number), **fields)
        cloud.catalog.put_entries([recording_entry(cloud.catalog.save_recording(row), BEGINNING)])


@pytest.mark.parametrize(
    "fields",
    [{}, {"status": RecordingStatus.STOPPED, "updated_at": BEGINNING - HOUR}],
    ids=["that may run", "that ended without an event"],
)
def test_a_run_in_which_acs_is_silent_ends_all_the_same(cloud: Cloud, fields: dict[str, Any]) -> None:
    many_recordings(cloud, **fields)
    silence(cloud)

    cloud.services.sweep.sweep()

    assert cloud.world.counts["acs.state"] == 2
    assert cloud.world.now - BEGINNING == timedelta(minutes=1)


def test_chunks_are_sent_in_a_run_in_which_acs_is_silent(cloud: Cloud) -> None:
    """However many recordings are due before them."""
    many_recordings(cloud, ENTRIES_PER_RUN_MAX + 1)
    chunk = a_chunk(due_at=BEGINNING + timedelta(seconds=1))
    cloud.catalog.written((chunk.id, chunk.document_id), chunk)
    cloud.services.open_work.watch_chunks([chunk])
    cloud.world.advance(timedelta(minutes=1))
    silence(cloud)

    assert cloud.services.sweep.sweep().transfers == (chunk.ref,)


def test_acs_is_asked_however_long_a_run_worked_on_chunks(cloud: Cloud) -> None:
    recorded(cloud)
    cloud.acs.recordings[RECORDING_ID] = FakeAcsRecording(RECORDING_ID, "call", active=True)
    with_chunks(cloud, 0, status=ChunkStatus.PENDING, open=True, due_at=BEGINNING)
    cloud.services.open_work.watch_chunks(cloud.chunks())

    def plan(effect: Effect) -> None:
        if effect.name == "catalog.chunk":
            cloud.world.advance(2 * HOUR)

    cloud.world.plan = plan
    cloud.services.sweep.sweep()

    assert cloud.world.counts["acs.state"] == 1


def test_a_recording_that_a_silent_run_does_not_ask_about_is_told_as_overdue_all_the_same(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    many_recordings(cloud, created_at=BEGINNING - DAY)
    silence(cloud)

    cloud.services.sweep.sweep()

    assert len(warnings(caplog, "recording_overdue")) == 100


def test_whom_a_silent_run_left_out_is_first_in_the_next_one(cloud: Cloud) -> None:
    many_recordings(cloud)
    silence(cloud)

    for _ in range(50):
        cloud.services.sweep.sweep()

    assert cloud.world.counts["acs.state"] == 100
    assert all(line.due_at > BEGINNING for line in cloud.catalog.open.values())
