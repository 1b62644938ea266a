"""Who works on a chunk until when, and when it is tried again."""

from datetime import datetime, timedelta

import msgspec

from shared.domain.errors import CatalogConflict, RecorderError, Unforeseen
from shared.domain.log import LogEvent, log
from shared.domain.models import Chunk
from shared.domain.ports import Catalog, Clock


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
