"""A queue message in the host's hands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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
