"""Completion: a recording is finished once nothing is left to do and nothing is missing."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import msgspec

from shared.control.control_answers import next_question
from shared.control.control_recording import Control
from shared.domain.derived_fields import worst_kind
from shared.domain.durations import EVENT_RETRY_FIRST, FAILED_LOOK, FAILED_STAYS
from shared.domain.errors import AcsError, CatalogConflict, Unforeseen
from shared.domain.log import LogEvent, log
from shared.domain.models import Chunk, Recording
from shared.domain.open_work import OpenWork
from shared.domain.ports import Catalog, ChunkStore, Clock
from shared.domain.recording_rows import in_order, save_recording
from shared.domain.statuses import ChunkStatus, FailureKind, FilesStatus
from shared.domain.units import attempt
from shared.domain.wholeness import UNREAD, has_unknown_reason, what_is_missing
from shared.pipeline.manifest import write_manifest
from shared.pipeline.outbox import Outbox

FEW_CHUNKS = 8  # chosen: more are not read when one of them ends
DECISION_TRIES = 50  # every conflict means that another writer made progress
# What a failed recording says beside how many chunks are lost, by what the failure is about.
WHAT_TO_DO = {
    FailureKind.REJECTED: "Do what each says; the event is kept in rejected-events.",
    FailureKind.CONFLICT: "Neither content was touched: find out which is right, then replay; a chunk may say more.",
    FailureKind.EXPIRED: "No replay brings them back: ACS keeps no file longer.",
}


@dataclass(frozen=True)
class Completion:
    """Decides whether a recording is finished, and writes its manifest.

    Raises:
        CatalogUnavailable, StoreUnavailable: from every method: an outage; the sweep tries again.
    """

    catalog: Catalog
    open_work: OpenWork
    store: ChunkStore
    clock: Clock
    control: Control
    outbox: Outbox

    def end_chunk(self, chunk: Chunk) -> None:
        """Do what follows the last write of a chunk: the alert, the recording's completion, the end of its entry.

        Repeated by whatever finds it undone: an alert may be logged twice, and none is lost to a crash.
        """
        if chunk.status is ChunkStatus.FAILED:
            event = LogEvent.CHUNK_ALTERED if chunk.altered else LogEvent.CHUNK_FAILED
            log(event, id=chunk.id, documentId=chunk.document_id, failure=chunk.failure)
        # Where the recording cannot be decided, say because another chunk's row cannot be read, this chunk has ended
        # all the same. The recording has an entry of its own, by which the sweep tries again and alerts.
        decided: Recording | None = None
        with suppress(Unforeseen):
            decided = attempt(partial(self.decide_in_turn, chunk.id, chunk))
        # Last: until then the sweep still finds what was left undone.
        if decided is not None and decided.files is FilesStatus.COMPLETED:
            self.close(decided, chunk)
        else:
            self.open_work.finish(chunk, self.clock())

    def complete_if_last(self, id: str) -> Recording | None:
        """Complete the recording unless something is left to do.

        Raises:
            RowUnreadable: its row or a chunk's cannot be read; it is not decided.
        """
        decided = self.decide_in_turn(id)
        if decided is not None and decided.files is FilesStatus.COMPLETED:
            self.close(decided)
        return decided

    def decide_in_turn(self, id: str, ended: Chunk | None = None) -> Recording | None:
        """Decide, and anew whenever the recording's row was written meanwhile; `ended` is the chunk that just ended."""
        for _ in range(DECISION_TRIES - 1):
            with suppress(CatalogConflict):
                return self.decide(id, ended)
        return self.decide(id, ended)

    def decide(self, id: str, ended: Chunk | None = None) -> Recording | None:
        """Decide once. The row is read before the chunks: an event that adds chunks writes it, and the write fails."""
        recording = self.catalog.recording(id)
        if recording is None or recording.files is not FilesStatus.TRANSFERRING:
            return recording
        chunks = self.chunks_unless_open(id, ended)
        if chunks is None:
            return recording
        lost = [chunk for chunk in chunks if chunk.status is ChunkStatus.FAILED]
        if lost or not chunks:
            return self.fail(recording, lost)
        if what_is_missing(recording, chunks):
            # Another completion may have removed the entry; put it back so that the sweep waits for the missing chunk.
            self.open_work.watch(recording, next_question(recording, self.clock()))
            return recording
        if self.control.may_run(recording):
            return self.decide_once_ended(recording)
        return self.finish(recording, chunks)

    def chunks_unless_open(self, id: str, ended: Chunk | None) -> list[Chunk] | None:
        """The chunks of a recording as they follow each other; None while something is left to do for one.

        Few are read at once. Of many it is asked first whether one is open: each of them asks when it ends.
        """
        few = self.catalog.few_chunks(id, FEW_CHUNKS) if ended is None or ended.index < FEW_CHUNKS else None
        if few is None and self.catalog.has_open_chunk(id):
            return None
        chunks = in_order(self.catalog.chunks(id) if few is None else few)
        return None if any(chunk.open for chunk in chunks) else chunks

    def decide_once_ended(self, recording: Recording) -> Recording | None:
        """Ask ACS whether a recording whose files are all there has ended; only then it is completed."""
        try:
            observed = self.control.observe(recording)
        except AcsError:
            return recording  # its entry is due in a minute
        if self.control.has_ended(observed):
            return self.decide(recording.id)  # read anew: files may have come meanwhile
        self.open_work.watch(observed, next_question(observed, self.clock()))
        return observed

    def fail(self, recording: Recording, lost: list[Chunk]) -> Recording:
        if not lost:
            return self.give_up(recording, UNREAD, FailureKind.REJECTED, self.clock())
        kind = worst_kind(lost) or FailureKind.CONFLICT  # a failed chunk always has one
        failure = f"{len(lost)} of its chunks could not be saved; each says why. {WHAT_TO_DO.get(kind, '')}".rstrip()
        row = msgspec.structs.replace(recording, expires_at=min(chunk.expires_at for chunk in lost))
        return self.give_up(row, failure, kind, self.clock(), lost)

    def give_up(
        self, recording: Recording, failure: str, kind: FailureKind | None, now: datetime, lost: Sequence[Chunk] = ()
    ) -> Recording:
        """Mark a recording's files as failed, alert, and keep it open; `lost` are the chunks that could not be saved.

        Raises:
            CatalogConflict: its row was written meanwhile.
        """
        files = recording.with_files(FilesStatus.FAILED, now)
        row = msgspec.structs.replace(files, failure=failure, failure_kind=kind, waits_for=None)
        row = self.catalog.save_recording(row, lost)
        self.alert_failure(row, now)
        return row

    def alert_failure(self, recording: Recording, now: datetime, *, in_vain: bool = False) -> None:
        """Log the alert, then mark the entry: the sweep alerts failures whose entry is not marked."""
        log(LogEvent.RECORDING_FAILED, id=recording.id, failure=recording.shown_failure)
        self.keep_open(recording, now, in_vain=in_vain)

    def keep_open(self, recording: Recording, now: datetime, *, in_vain: bool = False) -> None:
        """Count a failed recording as open until it is replayed, for a week at most, and while it may still run.

        `in_vain` says that ACS was asked whether it runs, and did not answer.
        """
        # Of a start that failed ACS has said already that there is no recording, or can never be asked.
        may_run = self.control.may_run(recording) and recording.start_failure is None
        if now - recording.updated_at < FAILED_STAYS or may_run:
            check_at = next_question(recording, now, in_vain=in_vain) if may_run else now + FAILED_LOOK
            self.open_work.watch_failure(recording, check_at)
        else:
            self.close(recording)

    def finish(self, recording: Recording, chunks: list[Chunk]) -> Recording:
        now = self.clock()
        row = msgspec.structs.replace(
            recording.with_files(FilesStatus.COMPLETED, now),
            completed_at=now,
            failure=None,
            failure_kind=None,
            waits_for=None,
        )
        # The manifest first: a status is a fact, and this one says that the manifest is there.
        row = write_manifest(self.store, row, chunks)
        for remark in remarks(row, chunks):
            log(LogEvent.RECORDING_UNUSUAL, id=row.id, failure=remark)  # before the row, so that no crash swallows it
        row = self.catalog.save_recording(row, chunks)
        log(LogEvent.RECORDING_COMPLETED, id=row.id, chunks=len(chunks), bytes=sum(c.bytes or 0 for c in chunks))
        return row

    def reopen(self, recording: Recording, check_at: datetime) -> None:
        """Have a recording decided anew, since something is left to do.

        The entry comes after the row as well: whatever has just ended the recording may be about to remove it.

        Raises:
            CatalogConflict: other writers were first at every try.
        """
        now = self.clock()
        self.open_work.watch(recording, check_at)
        row = save_recording(
            self.catalog,
            recording,
            lambda row: msgspec.structs.replace(
                row.with_files(FilesStatus.TRANSFERRING, now), failure=None, failure_kind=None
            ),
        )
        self.open_work.watch(row, check_at)

    def close(self, recording: Recording, ended: Chunk | None = None) -> None:
        """Remove the entries of a recording and of its last chunk; put the first back if it was reopened just then.

        As long as an event of it is to be sent its own stays, and is due when that is tried again.
        """
        if self.outbox.is_waiting(recording.id):
            keep = self.open_work.watch if recording.shown_failure_kind is None else self.open_work.watch_failure
            keep(recording, self.clock() + EVENT_RETRY_FIRST)
            if ended is not None:
                self.open_work.finish(ended, self.clock())
            return
        self.open_work.close(recording.id, ended)
        current = self.catalog.recording(recording.id)
        if current is not None and (current.files, current.refused) != (recording.files, recording.refused):
            self.open_work.watch(current, next_question(current, self.clock()))


def remarks(recording: Recording, chunks: list[Chunk]) -> Iterator[str]:
    """What a person should know of a recording although nothing of it is missing."""
    if recording.recording_storage_container_url and not all(chunk.own_storage for chunk in chunks):
        yield "ACS could not write to the container of the start; the files that it kept itself were copied."
    if has_unknown_reason(recording, chunks):
        yield "ACS gave an endReason or a sessionEndReason that is not known here; it may say that a part is missing."
