"""The open-work index: the only owner of "row and index entry".

Each recording and each chunk with something left to do has one entry, under a fixed key, with the time at which it is
due. The sweep reads the entries; the row that an entry points to decides. There is one order for all writes:

    entry, then row, then queue message;    at the end: row, then alert line, then the entry is removed

So whatever dies in between leaves an entry too many or one that is due too early, which costs one check of the row.
An entry that is missing would lose the chunk, and none ever is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from shared.domain.derived_fields import SAVED
from shared.domain.errors import CatalogConflict
from shared.domain.index_entry import IndexEntry
from shared.domain.log import LogEvent
from shared.domain.models import Chunk, ChunkRef, Recording
from shared.domain.ports import Catalog
from shared.domain.statuses import ChunkStatus, FilesStatus


@dataclass(frozen=True)
class OpenWork:
    """Keeps index entries together with their rows.

    Attributes:
        retention: how long ACS keeps a file.
    """

    catalog: Catalog
    retention: timedelta

    def watch(self, recording: Recording, due_at: datetime, chunks: Sequence[Chunk] = ()) -> None:
        """Have a recording checked at a time, and each of these chunks when its row is due.

        Those that failed are at risk, and stay until ACS destroys them.
        """
        open_ones = [chunk_entry(chunk, chunk.due_at) for chunk in chunks if chunk.due_at]
        failed = [failed_entry(chunk) for chunk in chunks if chunk.status is ChunkStatus.FAILED]
        self.catalog.put_entries([self.recording_entry(recording, due_at), *open_ones, *failed])

    def watch_failure(self, recording: Recording, due_at: datetime) -> None:
        """Keep a failed recording, which was alerted, among the open ones."""
        entry = self.recording_entry(recording, due_at)
        self.catalog.put_entries([msgspec.structs.replace(entry, failed=True)])

    def recording_entry(self, recording: Recording, due_at: datetime) -> IndexEntry:
        entry = recording_entry(recording, due_at)
        return msgspec.structs.replace(entry, expires_at=unannounced_until(recording, self.retention))

    def watch_chunks(self, chunks: Iterable[Chunk]) -> None:
        """Have chunks checked when their rows are due."""
        entries = [chunk_entry(chunk, chunk.due_at) for chunk in chunks if chunk.due_at]
        if entries:
            self.catalog.put_entries(entries)

    def postpone(self, chunk: Chunk, due_at: datetime, claimed_until: datetime | None = None, **columns: Any) -> Chunk:
        """Plan a chunk's next step, and release whatever claim there is on it; returns the row as written.

        Args:
            chunk: as its row stands.
            due_at: when the sweep sends it again, unless its message does before.
            claimed_until: the end of a claim that is taken on it now.
            columns: what else changes on the row.

        Raises:
            CatalogConflict: the row was written meanwhile; its entry may be due too early, which costs a check.
        """
        row = msgspec.structs.replace(chunk, due_at=due_at, claimed_until=claimed_until, **columns)
        self.watch_chunks([row])
        try:
            return self.catalog.save_chunk(row)
        except CatalogConflict:
            # Whoever was faster may have taken the chunk: its entry must not be due later than that claim ends. Or may
            # have found its copy gone: it must not be taken for saved.
            current = self.catalog.chunk(chunk.ref) or chunk
            self.refresh(current, min(chunk.due_at or due_at, due_at, current.due_at or due_at))
            raise

    def set_aside(self, entry: IndexEntry, due_at: datetime) -> None:
        """Check again later what cannot be worked on now, and remember that it was alerted."""
        self.look_again(msgspec.structs.replace(entry, told=True), due_at)

    def refresh(self, chunk: Chunk, due_at: datetime, *, failed: bool = False) -> None:
        """Have a chunk's entry say what its row says: when ACS destroys it, and how many warnings were given.

        `failed` says that it failed, and was alerted.
        """
        self.catalog.put_entries([msgspec.structs.replace(chunk_entry(chunk, due_at), failed=failed)])

    def look_again(self, entry: IndexEntry, due_at: datetime) -> None:
        """Check again later what is not there yet."""
        self.catalog.put_entries([msgspec.structs.replace(entry, due_at=due_at)])

    def have_due(self, recording_id: str, due_at: datetime) -> None:
        """Have a recording checked by then, since events of it are to be sent."""
        self.catalog.have_due(recording_id, due_at)

    def finish(self, chunk: Chunk, now: datetime) -> None:
        """Forget a chunk: nothing is left to do, and everything that follows from its last write is done.

        One that failed while ACS still has it is at risk, and stays until ACS destroys it.
        """
        if chunk.status is ChunkStatus.FAILED and chunk.expires_at > now:
            self.catalog.put_entries([failed_entry(chunk)])
        else:
            self.forget(chunk.ref)

    def forget(self, ref: ChunkRef) -> None:
        """Forget a chunk, whatever its row says."""
        self.catalog.remove_entry(ref.id, ref.document_id)

    def close(self, recording_id: str, ended: Chunk | None = None) -> None:
        """Forget a recording, and its last chunk, of which nothing is left to do."""
        if ended is None:
            self.catalog.remove_entry(recording_id)
        else:
            self.catalog.remove_entries(recording_id, ["", ended.document_id])


def recording_entry(recording: Recording, due_at: datetime) -> IndexEntry:
    stuck_since = recording.updated_at if recording.files is FilesStatus.FAILED else None
    return IndexEntry(
        id=recording.id,
        due_at=due_at,
        since=recording.created_at,
        stuck_since=stuck_since,
        warned=recording.warned,
    )


def chunk_entry(chunk: Chunk, due_at: datetime) -> IndexEntry:
    return IndexEntry(
        id=chunk.id,
        document_id=chunk.document_id,
        due_at=due_at,
        since=chunk.created_at,
        expires_at=None if chunk.status in SAVED else chunk.expires_at,
        stuck_since=chunk.stuck_since,
        warned=chunk.warned,
    )


def failed_entry(chunk: Chunk) -> IndexEntry:
    """The entry of a chunk that failed and was alerted: at risk until ACS destroys it."""
    return msgspec.structs.replace(chunk_entry(chunk, chunk.expires_at), failed=True)


def unannounced_until(recording: Recording, retention: timedelta) -> datetime | None:
    """Until when ACS may keep what it did not announce of a recording that has ended; None where that is nothing.

    That is all of it where no event came, what is missing between chunks, and chunks that an event lists unreadably.
    """
    if recording.start_failure is not None or recording.is_empty:
        return None
    if recording.unread_events:
        return recording.expires_at
    if recording.folder is None and recording.files in {FilesStatus.NONE, FilesStatus.FAILED}:
        return recording.ended_at + retention if recording.ended_at else None
    is_incomplete = recording.files is FilesStatus.TRANSFERRING and recording.told == LogEvent.RECORDING_INCOMPLETE
    return (recording.heard_at or recording.updated_at) + retention if is_incomplete else None
