"""A message that five deliveries did not get done. Poison is a station, not an end: the row plans the next try."""

from functools import partial

import msgspec

from shared.domain.errors import NotUnderstood, RecorderError
from shared.domain.log import LogEvent, log
from shared.domain.models import ChunkRef
from shared.domain.ports import Catalog, Clock
from shared.domain.units import attempt
from shared.pipeline.queue_messages import Inbox, parse_ref
from shared.pipeline.retries import RetryPolicy


class Poison:
    """Takes in what ended in a poison queue. For a message of ours it never raises: a poison queue has no other."""

    def __init__(self, catalog: Catalog, inbox: Inbox, clock: Clock, retries: RetryPolicy) -> None:
        self.catalog = catalog
        self.inbox = inbox
        self.clock = clock
        self.retries = retries

    def take_in(self, queue: str, body: bytes) -> None:
        """Tell, and plan the next try of the chunk if the message names one that is open.

        Raises:
            Transient: the message is none of ours and could not be kept; it must come back.
        """
        ref = self.inbox.read(queue, body)
        if ref is None:
            return
        tell(queue, ref)
        try:
            attempt(partial(self.plan, ref))
        except RecorderError:
            return  # the open-work index still has the chunk; the sweep takes it up

    def plan(self, ref: ChunkRef) -> None:
        chunk = self.catalog.chunk(ref)
        if chunk is None or not chunk.open:
            return
        due = self.clock() + self.retries.longest
        failure = "Its queue message could not be handled five times over; the next try is planned."
        self.catalog.save_chunk(msgspec.structs.replace(chunk, due_at=due, claimed_until=None, failure=failure))
        self.catalog.note_open([chunk.line(due)])


def told(queue: str, body: bytes) -> bool:
    """Tell of a poisoned message without touching its row, which plans the next try by itself.

    Returns:
        Whether it is a message of ours. Any other exists nowhere else, and nothing was told.
    """
    try:
        ref = parse_ref(body)
    except NotUnderstood:
        return False
    tell(queue, ref)
    return True


def tell(queue: str, ref: ChunkRef) -> None:
    log(LogEvent.MESSAGE_POISONED, queue=queue, id=ref.id, documentId=ref.document_id)
