"""When a chunk is tried again: capped back-off, and what ACS asks for."""

from datetime import timedelta

import msgspec

from shared.domain.errors import RecorderError, Unforeseen
from shared.domain.log import LogEvent, log
from shared.domain.models import Chunk

DOUBLINGS_MAX = 20  # beyond it any back-off is at its cap


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """When to try again, and how long a claim lasts."""

    claim: timedelta
    first: timedelta
    longest: timedelta
    retention: timedelta

    def wait(self, attempts: int, asked_seconds: float | None) -> timedelta:
        """Capped back-off, doubled with each attempt; what ACS asks for counts up to the same cap."""
        backoff = self.first * (1 << min(max(attempts - 1, 0), DOUBLINGS_MAX))
        return min(max(backoff, timedelta(seconds=asked_seconds or 0)), self.longest)


def alert_unforeseen(chunk: Chunk, error: RecorderError, failure: str) -> None:
    """Log an alert for an unforeseen fault when it happens, not again while each further attempt ends the same way.

    Args:
        chunk: as its row stands, with the failure of the attempt before.
        error: what happened now; only an `Unforeseen` is alerted.
        failure: what the row is about to say of it.
    """
    if isinstance(error, Unforeseen) and chunk.failure != failure:
        log(LogEvent.UNFORESEEN_FAULT, id=chunk.id, documentId=chunk.document_id, failure=str(error))
