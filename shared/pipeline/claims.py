"""Who works on a chunk until when, and when it is tried again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from shared.errors import CatalogConflict, RecorderError, Unforeseen
from shared.log import LogEvent, log
from shared.models import Chunk
from shared.ports import Catalog, Clock

DOUBLINGS_MAX = 20  # beyond it any back-off is at its cap


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """When to try again, and how long a claim lasts."""

    claim: timedelta
    first: timedelta
    longest: timedelta
    retention: timedelta

    def wait(self, attempts: int, asked_seconds: float | None) -> timedelta:
        """Capped back-off, doubled with each attempt; what ACS asks for counts up to the same cap."""
        backoff = self.first * (1 << min(max(attempts - 1, 0), DOUBLINGS_MAX))
        return min(max(backoff, timedelta(seconds=asked_seconds or 0)), self.longest)


class LostClaim(RecorderError):
    """Another worker has taken the chunk; this one stops."""


class Claim:
    """A worker's hold on a chunk; renewed while it works, so that nobody else begins."""

    def __init__(self, catalog: Catalog, clock: Clock, lasts: timedelta, chunk: Chunk) -> None:
        """Take the chunk.

        Raises:
            CatalogConflict: somebody else took it.
        """
        self.catalog = catalog
        self.clock = clock
        self.lasts = lasts
        self.chunk = self.saved(msgspec.structs.replace(chunk, attempts=chunk.attempts + 1))

    def saved(self, chunk: Chunk) -> Chunk:
        until = self.clock() + self.lasts
        return self.catalog.save_chunk(msgspec.structs.replace(chunk, claimed_until=until, due_at=until))

    def renew(self) -> None:
        """Raises: LostClaim when the row was written by somebody else."""
        assert self.chunk.claimed_until
        if self.chunk.claimed_until - self.clock() < self.lasts / 2:
            self.note()

    def note(self, **facts: int | str | datetime | None) -> None:
        """Write proven facts on the row, and hold it for as long again.

        Raises:
            LostClaim: the row was written by somebody else.
        """
        try:
            self.chunk = self.saved(msgspec.structs.replace(self.chunk, **facts))
        except CatalogConflict as error:
            raise LostClaim from error


def tell_unforeseen(chunk: Chunk, error: RecorderError, failure: str) -> None:
    """Tell of what nobody foresaw when it happens, and not again as long as each further try ends the same way.

    Args:
        chunk: as its row stands, with what happened to it last.
        error: what happened now; told only when it is an `Unforeseen`.
        failure: what the row is about to say of it.
    """
    if isinstance(error, Unforeseen) and chunk.failure != failure:
        log(LogEvent.UNFORESEEN_FAULT, id=chunk.id, documentId=chunk.document_id, failure=str(error))
