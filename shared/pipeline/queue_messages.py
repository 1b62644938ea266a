"""Messages of the queues: ours name a chunk; any other is kept, and alerted by its length and digest alone.

That happens at its first delivery, by the work trigger itself: five deliveries would not make it a message. It exists
nowhere else, so a delivery that cannot keep it fails, and the queue delivers it again: to the work trigger five times,
then to the poison trigger, for as long as it takes.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import msgspec

from shared.domain.errors import NotUnderstood
from shared.domain.identifiers import DOCUMENT_ID
from shared.domain.log import LogEvent, log
from shared.domain.models import ChunkRef, Messages
from shared.domain.ports import EventStore
from shared.domain.units import attempt
from shared.settings import KEPT_MESSAGES_FOLDER, REJECTED_EVENTS_CONTAINER

RECORDING_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)  # our ids are UUIDs
DIGEST_DIGITS = 8  # in the log, of the SHA-256: enough to find the kept one, too few to guess a short text by


@dataclass(frozen=True)
class Inbox:
    """Reads the messages of a queue."""

    kept: EventStore

    def read(self, queue: str, body: bytes) -> ChunkRef | None:
        """The chunk that a message names; None when the message is none of ours, which is kept and alerted then.

        Raises:
            Transient: it is none of ours and could not be kept; the message must come back.
        """
        try:
            return parse_ref(body)
        except NotUnderstood:
            self.set_aside(queue, body)
            return None

    def set_aside(self, queue: str, body: bytes) -> None:
        """Keep it, then alert: after a crash in between the alert follows when the message is delivered again."""
        digest = hashlib.sha256(body).hexdigest()
        reason = f"It lay on the queue {queue} and is no message of ours; {len(body)} bytes."
        attempt(lambda: self.kept.keep(f"{KEPT_MESSAGES_FOLDER}{digest}.bin", body, reason))
        failure = f"It is no message of ours; it lies in {REJECTED_EVENTS_CONTAINER} now, under {KEPT_MESSAGES_FOLDER}."
        log(LogEvent.MESSAGE_POISONED, queue=queue, bytes=len(body), sha256=digest[:DIGEST_DIGITS], failure=failure)


def parse_ref(body: bytes) -> ChunkRef:
    """The chunk that a message names. The version before had the host write base64 of the same JSON.

    Raises:
        NotUnderstood: it is not a message of ours.
    """
    for read in (bytes, partial(base64.b64decode, validate=True)):
        try:
            ref = msgspec.json.decode(read(body), type=ChunkRef)
        except ValueError:  # msgspec's and binascii's errors both are; the text of either repeats what was read
            continue
        if RECORDING_ID.fullmatch(ref.id) and DOCUMENT_ID.fullmatch(ref.document_id):
            return ref
    raise NotUnderstood("It is not a message of ours.")


def merged(parts: Iterable[Messages]) -> Messages:
    """Everything that several steps want sent."""
    listed = list(parts)
    return Messages(
        transfers=tuple(ref for part in listed for ref in part.transfers),
        deletions=tuple(ref for part in listed for ref in part.deletions),
    )
