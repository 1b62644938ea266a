"""Claims (leases) on chunks: while a worker holds one, no other begins with the chunk."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

import msgspec

from shared.domain.chunk_facts import ChunkParticipant, ChunkPause
from shared.domain.durations import RENEWAL_SECONDS_MAX, RENEWALS_PER_CLAIM
from shared.domain.models import Chunk
from shared.domain.open_work import OpenWork
from shared.domain.ports import Clock

type Column = int | str | datetime | tuple[ChunkParticipant, ...] | tuple[ChunkPause, ...] | None


@dataclass
class Claim:
    """A worker's claim on a chunk, renewed while it works.

    Taking it has the chunk checked at its end. Renewals write the row alone: the sweep that comes then finds the claim,
    and comes again at its new end.

    Raises:
        CatalogConflict: from every method: another worker wrote the row, so this one stops.
    """

    open_work: OpenWork
    clock: Clock
    lasts: timedelta
    chunk: Chunk

    @classmethod
    def take(cls, open_work: OpenWork, clock: Clock, lasts: timedelta, chunk: Chunk) -> Self:
        """Claim a chunk, and count the attempt."""
        until = clock() + lasts
        row = open_work.postpone(chunk, until, claimed_until=until, attempts=chunk.attempts + 1)
        return cls(open_work, clock, lasts, row)

    def renew(self) -> None:
        """Renew the claim unless it was written just now; cheap, for every piece of what is read."""
        assert self.chunk.claimed_until
        written_at = self.chunk.claimed_until - self.lasts
        if self.clock() - written_at >= min(timedelta(seconds=RENEWAL_SECONDS_MAX), self.lasts / RENEWALS_PER_CLAIM):
            self.write()

    def progress(self, bytes_done: int) -> None:
        """Remember how much is copied; the next write of the row says it, and none is made for it."""
        self.chunk = msgspec.structs.replace(self.chunk, bytes_done=bytes_done)

    def record(self, **columns: Column) -> None:
        """Remember what is proven: the next write of the row says it, and one is made now if the last one is old.

        So a quick copy is not written down twice. A crash before costs its reading again, and never a proof.
        """
        self.chunk = msgspec.structs.replace(self.chunk, **columns)
        self.renew()

    def write(self, **columns: Column) -> None:
        """Write the row now, and renew the claim."""
        until = self.clock() + self.lasts
        row = msgspec.structs.replace(self.chunk, claimed_until=until, due_at=until, **columns)
        self.chunk = self.open_work.catalog.save_chunk(row)
