"""The sweep of recordings: ask ACS about those that may still run, complete, give up, and alert what a crash left."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Unpack

import msgspec

from shared.control.control_answers import next_question, unconfirmed
from shared.control.control_recording import Control
from shared.domain.durations import ACS_PATIENCE, EVENT_PATIENCE, FILE_PATIENCE, LOOK_AGAIN, ROW_PATIENCE
from shared.domain.errors import AcsError, CatalogConflict
from shared.domain.index_entry import IndexEntry
from shared.domain.log import LogEvent, log
from shared.domain.log_values import LogFields
from shared.domain.models import Chunk, Messages, Recording
from shared.domain.open_work import OpenWork, unannounced_until
from shared.domain.ports import Catalog, Clock
from shared.domain.statuses import ChunkStatus, FailureKind, FilesStatus, RecordingStatus
from shared.domain.wholeness import what_is_missing
from shared.pipeline.completion import Completion
from shared.pipeline.sweep_chunks import is_orphan, warnings_due

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
    retention: timedelta

    def check(self, entry: IndexEntry, now: datetime, ask_until: datetime) -> Messages:
        """Do what is left to do for a recording; its chunks have entries of their own, so nothing is sent.

        Args:
            entry: the recording's.
            now: when the run began.
            ask_until: when ACS is asked no more. Where it is slow or silent, what is left to be asked about stays due
                for the next run: a run that outlasts its time would send nothing.
        """
        recording = self.catalog.recording(entry.id)
        if recording is None:
            self.without_row(entry, now)
        elif recording.refused:
            self.completion.close(recording)  # the caller was answered at once
        else:
            self.check_row(recording, entry, now, ask_until)
        return Messages()

    def without_row(self, entry: IndexEntry, now: datetime) -> None:
        """An entry whose row is not there yet, or never will be; both may be written just now."""
        if not is_orphan(entry, now):
            self.open_work.look_again(entry, now + ROW_PATIENCE)
        elif self.catalog.recording(entry.id) is None:  # asked twice: an entry too few would lose the recording
            self.open_work.close(entry.id)
        recording = self.catalog.recording(entry.id)
        if recording is not None:
            self.open_work.watch(recording, now)

    def ask(self, recording: Recording) -> tuple[Recording, bool]:
        """The recording with ACS's word on it where the end is not confirmed, and whether ACS was asked in vain."""
        try:
            return self.control.observe(recording), False
        except AcsError:
            return recording, True

    def warn(self, entry: IndexEntry, now: datetime) -> Messages:
        """Tell that ACS is about to destroy what it did not announce of a recording; that it waits is alerted already.

        The row may have moved on since the entry was listed: what it says stands.
        """
        recording = self.catalog.recording(entry.id)
        at_risk = unannounced_until(recording, self.retention) if recording is not None else None
        if recording is None or at_risk is None or at_risk <= now:
            return Messages()
        level = warnings_due(entry, now)
        if recording.warned < level:
            with suppress(CatalogConflict):  # it has just changed; the next run sees how
                warned = msgspec.structs.replace(recording, warned=level)
                recording = self.catalog.save_recording(warned, at_risk=at_risk)
        self.open_work.look_again(msgspec.structs.replace(entry, warned=recording.warned), entry.due_at)
        return Messages()

    def tell_overdue(self, recording: Recording, now: datetime) -> Recording:
        overdue = now - asked_at(recording) >= self.max_recording
        if overdue and self.control.may_run(recording) and recording.status in UNDECIDED:
            return self.tell_once(LogEvent.RECORDING_OVERDUE, recording, status=recording.status)
        return recording

    def tell_once(
        self, event: LogEvent, recording: Recording, waits_for: str | None = None, **fields: Unpack[LogFields]
    ) -> Recording:
        """Log an alert unless it was the last one given; the row says so afterwards, so that no crash swallows it."""
        if recording.told == event:
            return recording
        log(event, **LogFields(id=recording.id, **fields))
        told = msgspec.structs.replace(recording, told=event, waits_for=waits_for or recording.waits_for)
        try:
            return self.catalog.save_recording(told)
        except CatalogConflict:
            return recording  # it has just changed; the next check sees how

    def check_row(self, recording: Recording, entry: IndexEntry, now: datetime, ask_until: datetime) -> None:
        put_off = self.control.may_run(recording) and self.clock() >= ask_until
        row, in_vain = (recording, True) if put_off else self.ask(recording)
        row = self.tell_overdue(row, now)
        if row.start_failure is not None:
            self.check_failure(row, entry, now, in_vain=in_vain)
        elif row.files is FilesStatus.FAILED:
            self.check_failed_files(row, entry, now, in_vain=in_vain)
        else:
            if row.files is FilesStatus.TRANSFERRING:
                self.check_transferring(row, now)
            elif row.files is FilesStatus.NONE and not self.control.may_run(row) and not row.is_empty:
                self.check_without_files(row, now, ask_until)
            if not put_off:
                self.plan_next(self.catalog.recording(row.id) or row, now, in_vain=in_vain)

    def plan_next(self, recording: Recording, now: datetime, *, in_vain: bool) -> None:
        """Plan the next check; none where nothing is left to come. A failure's entry was written with its alert."""
        if recording.start_failure is not None or recording.files is FilesStatus.FAILED:
            return
        if self.control.may_run(recording):
            self.open_work.watch(recording, next_question(recording, now, in_vain=in_vain))
        elif recording.files is FilesStatus.COMPLETED or recording.status is RecordingStatus.EMPTY:
            self.completion.close(recording)
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
        given_up = self.nothing_can_come(recording, now) and what_is_missing(recording, chunks) is not None
        if any(chunk.open for chunk in chunks) or (chunks and not lost and not given_up):
            self.completion.reopen(recording, now)  # a replay reset the chunks and died before the recording
        else:
            self.check_failure(recording, entry, now, in_vain=in_vain)

    def check_transferring(self, recording: Recording, now: datetime) -> None:
        """Complete it if a crash left that undone; alert when it has ended and something is missing."""
        may_run = self.control.may_run(recording)
        decided = recording if may_run else self.completion.complete_if_last(recording.id) or recording
        if decided.files is not FilesStatus.TRANSFERRING:
            return
        chunks = list(self.catalog.chunks(recording.id))
        left = [chunk for chunk in chunks if chunk.open]
        # A slow worker may have removed the entry that a replay had just written: what is overdue gets one again.
        self.open_work.watch_chunks(chunk for chunk in left if chunk.due_at and chunk.due_at <= now)
        if not may_run:
            self.check_whole(decided, chunks, now)

    def check_whole(self, recording: Recording, chunks: list[Chunk], now: datetime) -> None:
        """Alert what is missing an hour after the last event, and give it up once nothing can come any more."""
        missing = what_is_missing(recording, chunks)
        if missing is None:
            return
        if self.nothing_can_come(recording, now) and not any(chunk.open for chunk in chunks):
            failure = f"{missing} Nothing more can come: ACS keeps no file that long. What was announced is saved."
            self.give_up(recording, failure, now)
        elif now - last_news(recording) >= EVENT_PATIENCE:
            self.tell_once(LogEvent.RECORDING_INCOMPLETE, recording, waits_for=missing, failure=missing)

    def nothing_can_come(self, recording: Recording, now: datetime) -> bool:
        """Whether ACS must have destroyed whatever it did not announce."""
        return now - last_news(recording) >= self.retention + FILE_PATIENCE

    def check_without_files(self, recording: Recording, now: datetime, ask_until: datetime) -> None:
        """Give up a recording whose start was never confirmed, or that ended and whose event never came."""
        if recording.recording_id is None:
            if now - asked_at(recording) >= self.max_recording:
                event = "its file-ready event lists no file" if recording.heard_at else "no file-ready event came"
                reason = f"{recording.start_report or 'ACS never confirmed the start.'} And {event}."
                row = self.control.write(recording, partial(unconfirmed, reason=reason))
                if row is not None:
                    self.completion.alert_failure(row, now)
        elif now - (recording.ended_at or recording.updated_at) >= EVENT_PATIENCE:
            self.give_up_files(recording, recording.recording_id, now, ask_until)

    def give_up_files(self, recording: Recording, recording_id: str, now: datetime, ask_until: datetime) -> None:
        """Fail a recording without files, unless ACS still knows it: then its event is late."""
        try:
            is_done = self.clock() < ask_until and self.control.acs.state(recording_id) is None
        except AcsError:
            is_done = False
        if is_done or now - (recording.ended_at or recording.updated_at) >= ACS_PATIENCE:
            waited = "within an hour" if is_done else "for hours, and ACS does not say that none will"
            failure = f"It ended, and no file-ready event came {waited}. Hand it in (POST /api/events) or replay."
            # Where an event came that lists no file, the row says so.
            self.give_up(recording, recording.failure or failure, now)

    def give_up(self, recording: Recording, failure: str, now: datetime) -> None:
        with suppress(CatalogConflict):  # it has just changed; the next check sees how
            self.completion.give_up(recording, failure, FailureKind.UNANNOUNCED, now)


def asked_at(recording: Recording) -> datetime:
    """When ACS was last asked to start it; of one that nobody started here, when it was first heard of."""
    return recording.start_requested_at or recording.created_at


def last_news(recording: Recording) -> datetime:
    """When its last event came; of a row of version 0.1 when it was written last."""
    return recording.heard_at or recording.updated_at
