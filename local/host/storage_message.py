"""A queue message in the host's hands, and the queue as the listener sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True)
class ReceivedMessage:
    """A message that is ours until `visible_at`, as long as the pop receipt is the latest."""

    message_id: str
    pop_receipt: str
    dequeue_count: int
    text: str
    inserted_at: datetime
    expires_at: datetime
    visible_at: datetime


class MessageQueue(Protocol):
    """What a listener asks of a queue; texts are passed as they are."""

    def receive(self, count_max: int, visibility_seconds: float) -> list[ReceivedMessage]:
        """Up to that many messages, invisible to others from now on; none when the queue does not exist yet."""

    def send(self, text: str) -> None:
        """Add a message, and the queue if need be."""

    def delete(self, message: ReceivedMessage) -> None:
        """Delete, unless the message is somebody else's by now."""

    def hide(self, message: ReceivedMessage, seconds: float) -> str | None:
        """Make it visible after so many seconds from now; the new pop receipt, or None when it is no longer ours."""
