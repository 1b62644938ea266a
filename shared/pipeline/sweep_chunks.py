"""The sweep of chunks: send again what is due, and warn before ACS destroys what is not stored."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from shared.domain.derived_fields import SAVED
from shared.domain.durations import ORPHAN_PATIENCE, ROW_PATIENCE, WARNINGS
from shared.domain.errors import CatalogConflict
from shared.domain.index_entry import IndexEntry
from shared.domain.log import LogEvent, log
from shared.domain.models import Chunk, ChunkRef, Messages
from shared.domain.open_work import OpenWork
from shared.domain.ports import Catalog, Clock
from shared.domain.recording_rows import readable_recording
from shared.domain.statuses import ChunkStatus
from shared.pipeline.completion import Completion
from shared.pipeline.retries import resend


@dataclass(frozen=True)
class ChunkSweep:
    """Checks the entries of chunks."""

    catalog: Catalog
    open_work: OpenWork
    completion: Completion
    clock: Clock
    message_patience: timedelta

    def check(self, entry: IndexEntry, now: datetime) -> Messages:
        """Send the chunk again if its row is due, too; finish it if a crash left that undone."""
        chunk = self.catalog.chunk(ChunkRef(entry.id, entry.document_id))
        if chunk is None:
            self.without_row(entry, now)
        elif not chunk.open and entry.failed:
            self.open_work.finish(chunk, now)  # it was alerted then
        elif not chunk.open or chunk.due_at is None:
            self.completion.end_chunk(chunk)
        elif chunk.due_at > now:
            self.open_work.watch_chunks([chunk])
        else:
            return resend(self.open_work, chunk, now + self.message_patience)
        return Messages()

    def without_row(self, entry: IndexEntry, now: datetime) -> None:
        """An entry whose row is not there yet, or never will be; both may be written just now."""
        ref = ChunkRef(entry.id, entry.document_id)
        if not is_orphan(entry, now):
            self.open_work.look_again(entry, now + ROW_PATIENCE)
        elif self.catalog.chunk(ref) is None:  # asked twice: an entry too few would lose the chunk
            self.open_work.forget(ref)
        chunk = self.catalog.chunk(ref)
        if chunk is not None and chunk.open:
            self.open_work.watch_chunks([chunk])
        elif chunk is not None:
            self.open_work.finish(chunk, now)  # one that was refused is told with its event

    def warn(self, entry: IndexEntry, now: datetime) -> Messages:
        """Log a warning at each threshold, then record it on the row: a crash repeats a warning and loses none.

        Claimed chunks are skipped until their claim ends: writing the row would break the claim. The row may have moved
        on since the entry was listed: what it says stands, and an entry of what has just ended is not put back.
        """
        level = warnings_due(entry, now)
        chunk = self.catalog.chunk(ChunkRef(entry.id, entry.document_id))
        if chunk is None or (chunk.claimed_until or now) > now:
            return Messages()
        failed = chunk.status is ChunkStatus.FAILED and entry.failed
        if not (chunk.open or failed):
            return Messages()
        with suppress(CatalogConflict):  # a worker has just written it; the next run warns
            if chunk.warned < level and can_be_saved(chunk, now):
                log_risk(chunk, now)
                warned = msgspec.structs.replace(chunk, warned=level)
                chunk = self.catalog.save_chunk(warned, readable_recording(self.catalog, chunk.id))
            told = msgspec.structs.replace(chunk, warned=level)
            self.open_work.refresh(told, chunk.due_at or entry.due_at, failed=failed)
        return Messages()


def can_be_saved(chunk: Chunk, now: datetime) -> bool:
    """Whether there is something to warn of: neither a copy nor, for all that is known, a loss."""
    return not (chunk.status in SAVED or (chunk.status is ChunkStatus.FAILED and chunk.expires_at <= now))


def log_risk(chunk: Chunk, now: datetime) -> None:
    if not can_be_saved(chunk, now):
        return
    log(
        LogEvent.CHUNK_AT_RISK,
        id=chunk.id,
        documentId=chunk.document_id,
        hoursLeft=round((chunk.expires_at - now) / timedelta(hours=1), 1),
        attempts=chunk.attempts,
        failure=chunk.failure,
    )


def warnings_due(entry: IndexEntry, now: datetime) -> int:
    """How many thresholds before its destruction what is not saved has passed."""
    left = entry.expires_at - now if entry.expires_at else timedelta.max
    return sum(left <= threshold for threshold in WARNINGS)


def is_orphan(entry: IndexEntry, now: datetime) -> bool:
    """Whether an entry without a row is left over: its event, which was not acknowledged, must have come again."""
    return now - (entry.since or entry.due_at) > ORPHAN_PATIENCE
