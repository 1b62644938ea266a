"""The open-work index: the only owner of "row and index entry".

Each recording and each chunk with something left to do has one entry, under a fixed key, with the time at which it is
due. The sweep reads the entries; the row that an entry points to decides. There is one order for all writes:

    entry, then row, then queue message;    at the end: row, then alert line, then the entry is removed

So whatever dies in between leaves an entry too many or one that is due too early, which costs one check of the row.
An entry that is missing would lose the chunk, and none ever is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from shared.domain.errors import CatalogConflict
from shared.domain.index_entry import IndexEntry
from shared.domain.models import Chunk, ChunkRef, Recording
from shared.domain.ports import Catalog

FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class OpenWork:
    """Keeps index entries together with their rows."""

    catalog: Catalog

    def entries(self) -> Iterator[IndexEntry]:
        """All entries, due or not; the gauge counts them.

        Raises:
            CatalogUnavailable: Table Storage did not answer; the entries before are valid.
        """
        return self.catalog.due_entries(FOREVER)

    def watch(self, recording: Recording, due_at: datetime, chunks: Iterable[Chunk] = ()) -> None:
        """Have a recording checked at a time, and each of these chunks when its row is due."""
        entries = [chunk_entry(chunk, chunk.due_at) for chunk in chunks if chunk.due_at]
        self.catalog.put_entries([recording_entry(recording, due_at), *entries])

    def watch_failure(self, recording: Recording, due_at: datetime) -> None:
        """Keep a failed recording, which was alerted, among the open ones."""
        self.catalog.put_entries([msgspec.structs.replace(recording_entry(recording, due_at), failed=True)])

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
            # Whoever was faster may have taken the chunk: its entry must not be due later than that claim ends.
            self.refresh(chunk, min(chunk.due_at or due_at, due_at))
            raise

    def set_aside(self, entry: IndexEntry, due_at: datetime) -> IndexEntry:
        """Check again later what cannot be worked on now, and remember that it was alerted; returns the new entry."""
        postponed = msgspec.structs.replace(entry, due_at=due_at, told=True)
        self.catalog.put_entries([postponed])
        return postponed

    def refresh(self, chunk: Chunk, due_at: datetime) -> None:
        """Have a chunk's entry say what its row says: when ACS destroys it, and how many warnings were given."""
        self.catalog.put_entries([chunk_entry(chunk, due_at)])

    def finish(self, ref: ChunkRef) -> None:
        """Forget a chunk: nothing is left to do, and everything that follows from its last write is done."""
        self.catalog.remove_entry(ref.id, ref.document_id)

    def close(self, recording_id: str) -> None:
        """Forget a recording."""
        self.catalog.remove_entry(recording_id)


def recording_entry(recording: Recording, due_at: datetime) -> IndexEntry:
    return IndexEntry(id=recording.id, due_at=due_at, since=recording.created_at)


def chunk_entry(chunk: Chunk, due_at: datetime) -> IndexEntry:
    return IndexEntry(
        id=chunk.id,
        document_id=chunk.document_id,
        due_at=due_at,
        since=chunk.created_at,
        expires_at=chunk.expires_at,
        warned=chunk.warned,
    )
