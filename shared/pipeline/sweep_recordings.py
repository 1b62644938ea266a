"""The sweep of recordings: ask ACS about those that may still run, complete, give up, and alert what a crash left."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from shared.control.control_answers import next_question, unconfirmed
from shared.control.control_recording import Control
from shared.domain.durations import ACS_PATIENCE, EVENT_PATIENCE, LOOK_AGAIN
from shared.domain.errors import AcsError, CatalogConflict
from shared.domain.log import LogEvent, log
from shared.domain.models import ChunkStatus, FailureKind, FilesStatus, IndexEntry, Messages, Recording, RecordingStatus
from shared.domain.open_work import OpenWork
from shared.domain.ports import Catalog, Clock
from shared.pipeline.completion import Completion
from shared.pipeline.sweep_chunks import drop_orphan

# What a recording shows whose end ACS has not confirmed; the last where ACS never said anything of it.
UNDECIDED = frozenset(
    {RecordingStatus.STARTING, RecordingStatus.ACTIVE, RecordingStatus.PAUSED, RecordingStatus.TRANSFERRING}
)


@dataclass(frozen=True)
class RecordingSweep:
    """Checks the entries of recordings."""

    catalog: Catalog
    open_work: OpenWork
    completion: Completion
    control: Control
    clock: Clock
    max_recording: timedelta

    def check(self, entry: IndexEntry, now: datetime) -> Messages:
        """Do what is left to do for a recording; its chunks have entries of their own, so nothing is sent."""
        recording = self.catalog.recording(entry.id)
        if recording is None:
            drop_orphan(self.open_work, entry, now)
        elif recording.refused:
            self.completion.close(recording)  # the caller was answered at once
        else:
            self.check_row(recording, entry, now)
        return Messages()

    def ask(self, recording: Recording, now: datetime) -> tuple[Recording, bool]:
        """The recording with ACS's word on it where the end is not confirmed, and whether ACS was asked in vain."""
        in_vain = False
        try:
            row = self.control.observe(recording)
        except AcsError:
            row, in_vain = recording, True
        overdue = now - asked_at(row) >= self.max_recording
        if overdue and self.control.may_run(row) and row.status in UNDECIDED:
            log(LogEvent.RECORDING_OVERDUE, id=row.id, status=row.status)
        return row, in_vain

    def check_row(self, recording: Recording, entry: IndexEntry, now: datetime) -> None:
        row, in_vain = self.ask(recording, now)
        if row.start_failure is not None:
            self.check_failure(row, entry, now, in_vain=in_vain)
        elif row.files is FilesStatus.FAILED:
            self.check_failed_files(row, entry, now, in_vain=in_vain)
        else:
            if row.files is FilesStatus.TRANSFERRING:
                self.check_transferring(row, now)
            elif row.files is FilesStatus.NONE and not self.control.may_run(row) and not row.is_empty:
                self.check_without_files(row, now)
            self.plan_next(self.catalog.recording(row.id) or row, now, in_vain=in_vain)

    def plan_next(self, recording: Recording, now: datetime, *, in_vain: bool) -> None:
        """Plan the next check; none where nothing is left to come. A failure's entry was written with its alert."""
        if recording.start_failure is not None or recording.files is FilesStatus.FAILED:
            return
        if self.control.may_run(recording):
            self.open_work.watch(recording, next_question(recording, now, in_vain=in_vain))
        elif recording.files is FilesStatus.COMPLETED or recording.status is RecordingStatus.EMPTY:
            self.open_work.close(recording.id)
        else:
            # A start in flight may be answered just now, and the answer plans no check.
            claim = recording.claimed_until
            self.open_work.watch(recording, claim if claim and claim > now else now + LOOK_AGAIN)

    def check_failure(self, recording: Recording, entry: IndexEntry, now: datetime, *, in_vain: bool) -> None:
        """Alert a failure if a crash left that undone, and keep it open."""
        act = self.completion.keep_open if entry.failed else self.completion.alert_failure
        act(recording, now, in_vain=in_vain)

    def check_failed_files(self, recording: Recording, entry: IndexEntry, now: datetime, *, in_vain: bool) -> None:
        """Decide a failure anew when its chunks say otherwise."""
        chunks = list(self.catalog.chunks(recording.id))
        lost = any(chunk.status is ChunkStatus.FAILED for chunk in chunks)
        if any(chunk.open for chunk in chunks) or (chunks and not lost):
            self.completion.reopen(recording, now)  # a replay reset the chunks and died before the recording
        else:
            self.check_failure(recording, entry, now, in_vain=in_vain)

    def check_transferring(self, recording: Recording, now: datetime) -> None:
        """Complete it if a crash left that undone; alert when nothing is left to do and yet a chunk is missing."""
        may_run = self.control.may_run(recording)
        decided = recording if may_run else self.completion.complete_if_last(recording.id) or recording
        if decided.files is not FilesStatus.TRANSFERRING:
            return
        left = [chunk for chunk in self.catalog.chunks(recording.id) if chunk.open]
        # A slow worker may have removed the entry that a replay had just written: what is overdue gets one again.
        self.open_work.watch_chunks(chunk for chunk in left if chunk.due_at and chunk.due_at <= now)
        if not left and not may_run and now - decided.updated_at >= EVENT_PATIENCE:
            log(LogEvent.RECORDING_INCOMPLETE, id=recording.id, since=decided.updated_at)

    def check_without_files(self, recording: Recording, now: datetime) -> None:
        """Give up a recording whose start was never confirmed, or that ended and whose event never came."""
        if recording.recording_id is None:
            if now - asked_at(recording) >= self.max_recording:
                reason = "ACS never confirmed the start, and no file-ready event came."
                row = self.control.write(recording, partial(unconfirmed, reason=reason))
                if row is not None:
                    self.completion.alert_failure(row, now)
        elif now - (recording.ended_at or recording.updated_at) >= EVENT_PATIENCE:
            self.give_up_files(recording, recording.recording_id, now)

    def give_up_files(self, recording: Recording, recording_id: str, now: datetime) -> None:
        """Fail a recording without files, unless ACS still knows it: then its event is late."""
        try:
            is_done = self.control.acs.state(recording_id) is None
        except AcsError:
            is_done = False
        if is_done or now - (recording.ended_at or recording.updated_at) >= ACS_PATIENCE:
            waited = "within an hour" if is_done else "for hours, and ACS does not say that none will"
            failure = f"It ended, and no file-ready event came {waited}. Hand it in (POST /api/events) or replay."
            with suppress(CatalogConflict):  # it has just changed; the next check sees how
                self.completion.give_up(recording, failure, FailureKind.UNANNOUNCED, now)


def asked_at(recording: Recording) -> datetime:
    """When ACS was last asked to start it; of one that nobody started here, when it was first heard of."""
    return recording.start_requested_at or recording.created_at
