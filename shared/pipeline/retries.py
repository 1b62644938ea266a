"""When a chunk is tried again, by capped back-off and what ACS asks for; when no more; and how it is sent again."""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from shared.domain.durations import SILENCE_RETENTIONS
from shared.domain.errors import CatalogConflict, RecorderError, SourceMissing, Unforeseen
from shared.domain.log import LogEvent, log
from shared.domain.models import Chunk, Messages
from shared.domain.open_work import OpenWork
from shared.domain.statuses import ChunkStatus

DOUBLINGS_MAX = 20  # beyond it any back-off is at its cap


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """When to try again, how long a claim lasts, and how long a message that was sent may wait."""

    claim: timedelta
    message_patience: timedelta
    first: timedelta
    longest: timedelta
    retention: timedelta

    def wait(self, attempts: int, asked_seconds: float | None) -> timedelta:
        """Capped back-off, doubled with each attempt; what ACS asks for counts up to the same cap."""
        backoff = self.first * (1 << min(max(attempts - 1, 0), DOUBLINGS_MAX))
        return min(max(backoff, timedelta(seconds=asked_seconds or 0)), self.longest)

    @property
    def silence(self) -> timedelta:
        """How long a chunk is tried, since it was heard of, while ACS never says that it is gone."""
        return self.retention * SILENCE_RETENTIONS

    def is_over(self, chunk: Chunk, error: RecorderError, now: datetime) -> bool:
        """Whether a failure ends the tries: a 404 once ACS must have destroyed the chunk, anything else long after it.

        No time that an event or metadata give makes it longer: a clock may be wrong.
        """
        heard_at = chunk.heard_at or chunk.created_at
        gone_by = chunk.gone_by or heard_at + self.retention
        over_at = heard_at + self.silence
        return now >= (min(gone_by, over_at) if isinstance(error, SourceMissing) else over_at)


def unproven(chunk: Chunk) -> Chunk:
    """The row without what was proven: its copies are made, or recognised, anew."""
    return msgspec.structs.replace(
        chunk,
        stored_at=None,
        bytes_done=0,
        bytes=None,
        sha256=None,
        content_etag=None,
        content_version=None,
        block_list_digest="",
        metadata_bytes=None,
        metadata_sha256=None,
        metadata_etag=None,
        metadata_version=None,
        start_time=None,
        participants=(),
        pauses=(),
    )


def resend(open_work: OpenWork, chunk: Chunk, due_at: datetime, **columns: Any) -> Messages:
    """The message for the next step of an open chunk, which is due again at `due_at`; none where a worker has it."""
    try:
        row = open_work.postpone(chunk, due_at, **columns)
    except CatalogConflict:
        return Messages()
    return Messages(deletions=(row.ref,)) if row.status is ChunkStatus.STORED else Messages(transfers=(row.ref,))


def alert_unforeseen(chunk: Chunk, error: RecorderError, failure: str) -> None:
    """Alert an `Unforeseen`, but not again where the row already says the `failure` that is about to be written."""
    if isinstance(error, Unforeseen) and chunk.failure != failure:
        log(LogEvent.UNFORESEEN_FAULT, id=chunk.id, documentId=chunk.document_id, failure=str(error))
