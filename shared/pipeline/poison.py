"""A message that five deliveries did not get done. Poison is a station, not an end: the row plans the next try."""

from functools import partial

import msgspec

from shared.errors import CatalogConflict, CatalogUnavailable, Unforeseen
from shared.log import LogEvent, log
from shared.models import ChunkRef
from shared.pipeline.claims import RetryPolicy
from shared.ports import Catalog, Clock
from shared.units import attempt


class Poison:
    """Takes in what ended in a poison queue; never raises for what it can name, since a poison queue has no other."""

    def __init__(self, catalog: Catalog, clock: Clock, retries: RetryPolicy) -> None:
        self.catalog = catalog
        self.clock = clock
        self.retries = retries

    def take_in(self, queue: str, body: bytes) -> None:
        """Tell, and plan the next try of the chunk if the message names one that is open."""
        try:
            ref = parse_ref(body)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            log(LogEvent.MESSAGE_POISONED, queue=queue, failure=f"It is not a message of ours: {error}.")
            return
        log(LogEvent.MESSAGE_POISONED, queue=queue, id=ref.id, documentId=ref.document_id)
        try:
            attempt(partial(self.plan, ref))
        except (CatalogConflict, CatalogUnavailable, Unforeseen):
            return  # the open-work index still has the chunk; the sweep takes it up

    def plan(self, ref: ChunkRef) -> None:
        chunk = self.catalog.chunk(ref)
        if chunk is None or not chunk.open:
            return
        due = self.clock() + self.retries.longest
        failure = "Its queue message could not be handled five times over; the next try is planned."
        self.catalog.save_chunk(msgspec.structs.replace(chunk, due_at=due, claimed_until=None, failure=failure))
        self.catalog.note_open([chunk.line(due)])


def parse_ref(body: bytes) -> ChunkRef:
    """Raises: msgspec.MsgspecError, UnicodeDecodeError when it is not a message of ours."""
    return msgspec.json.decode(body, type=ChunkRef)
