"""Claims (leases) on chunks: while a worker holds one, no other begins with the chunk."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

import msgspec

from shared.domain.models import Chunk
from shared.domain.ports import Catalog, Clock


@dataclass
class Claim:
    """A worker's claim on a chunk, renewed while it works.

    The row alone says so. The chunk's index entry stays due when it was: the sweep finds the claim and moves it.

    Raises:
        CatalogConflict: from every method: another worker wrote the row, so this one stops.
    """

    catalog: Catalog
    clock: Clock
    lasts: timedelta
    chunk: Chunk

    @classmethod
    def take(cls, catalog: Catalog, clock: Clock, lasts: timedelta, chunk: Chunk) -> Self:
        """Claim a chunk, and count the attempt."""
        claim = cls(catalog, clock, lasts, chunk)
        claim.record(attempts=chunk.attempts + 1)
        return claim

    def renew(self) -> None:
        """Renew the claim once half of it has passed."""
        assert self.chunk.claimed_until
        if self.chunk.claimed_until - self.clock() < self.lasts / 2:
            self.record()

    def record(self, **columns: int | str | datetime | None) -> None:
        """Write what is proven on the row, and renew the claim."""
        until = self.clock() + self.lasts
        row = msgspec.structs.replace(self.chunk, claimed_until=until, due_at=until, **columns)
        self.chunk = self.catalog.save_chunk(row)
