"""Poison queues: after five failed deliveries an alert, and the next attempt of the chunk."""

from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from shared.domain.errors import NotUnderstood, RecorderError
from shared.domain.log import LogEvent, log
from shared.domain.models import ChunkRef
from shared.domain.open_work import OpenWork
from shared.domain.ports import Catalog, Clock
from shared.domain.units import attempt
from shared.pipeline.queue_messages import Inbox, parse_ref
from shared.pipeline.retries import RetryPolicy


@dataclass(frozen=True)
class Poison:
    """Handles what ended in a poison queue. For a message of this app it never raises: a poison queue has no other."""

    catalog: Catalog
    open_work: OpenWork
    inbox: Inbox
    clock: Clock
    retries: RetryPolicy

    def take_in(self, queue: str, body: bytes) -> None:
        """Log an alert, and plan the next attempt of the chunk if the message names one that is open.

        Raises:
            Transient: the message is none of ours and could not be kept; it must come back.
        """
        ref = self.inbox.read(queue, body)
        if ref is None:
            return
        alert(queue, ref)
        with suppress(RecorderError):  # the open-work index still has the chunk; the sweep sends it again
            attempt(partial(self.plan, ref))

    def plan(self, ref: ChunkRef) -> None:
        chunk = self.catalog.chunk(ref)
        if chunk is None or not chunk.open:
            return
        now = self.clock()
        failure = "Its queue message could not be handled five times over; the next try is planned."
        since = chunk.stuck_since or now
        self.open_work.postpone(chunk, now + self.retries.longest, failure=failure, stuck_since=since)


def alert_if_ours(queue: str, body: bytes) -> bool:
    """Log an alert for a poisoned message if it is of this app; returns whether it is.

    Its row is not touched: it plans the next attempt by itself. Any other message exists nowhere else.
    """
    try:
        ref = parse_ref(body)
    except NotUnderstood:
        return False
    alert(queue, ref)
    return True


def alert(queue: str, ref: ChunkRef) -> None:
    log(LogEvent.MESSAGE_POISONED, queue=queue, id=ref.id, documentId=ref.document_id)
