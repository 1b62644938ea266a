"""A storage queue in memory, which notes what it is asked the way the service's log has it."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from local.host.storage_message import ReceivedMessage


@dataclass
class Stored:
    """A message in the queue."""

    message_id: str
    text: str
    dequeue_count: int = 0
    receipt: str = ""
    visible_at: float = 0.0


@dataclass
class Notes:
    """Requests to several queues in one order; `scale` says how many seconds one second of the test stands for."""

    scale: float = 1.0
    lines: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def add(self, line: str, **values: float | str) -> None:
        self.times.append(time.monotonic())
        self.lines.append(line.format(**values))

    def seconds(self, seconds: float) -> int:
        return round(seconds * self.scale)


class MemoryQueue:
    """Everything that `MessageQueue` asks for; one that was not created has no messages."""

    def __init__(self, name: str, notes: Notes | None = None) -> None:
        self.name = name
        self.notes = notes or Notes()
        self.messages: dict[str, Stored] = {}
        self.numbers = itertools.count(1)
        self.lock = threading.Lock()
        self.received = 0

    def receive(self, count_max: int, visibility_seconds: float) -> list[ReceivedMessage]:
        with self.lock:
            now = time.monotonic()
            visible = [message for message in self.messages.values() if message.visible_at <= now][:count_max]
            for message in visible:
                message.dequeue_count += 1
                self.give_receipt(message, visibility_seconds)
            self.received += len(visible)
            self.note(
                "GET {name}/messages?numofmessages={count}&visibilitytimeout={seconds}",
                count=count_max,
                seconds=self.notes.seconds(visibility_seconds),
            )
            return [received(message) for message in visible]

    def send(self, text: str) -> None:
        with self.lock:
            message_id = str(next(self.numbers))
            self.messages[message_id] = Stored(message_id, text)
            self.note("POST {name}/messages")

    def delete(self, message: ReceivedMessage) -> None:
        with self.lock:
            self.note("DELETE {name}/messages/{{id}}?popreceipt={{receipt}}")
            if self.ours(message):
                del self.messages[message.message_id]

    def hide(self, message: ReceivedMessage, seconds: float) -> str | None:
        with self.lock:
            self.note(
                "PUT {name}/messages/{{id}}?popreceipt={{receipt}}&visibilitytimeout={seconds}",
                seconds=self.notes.seconds(seconds),
            )
            found = self.ours(message)
            return self.give_receipt(found, seconds) if found else None

    def ours(self, message: ReceivedMessage) -> Stored | None:
        found = self.messages.get(message.message_id)
        return found if found and found.receipt == message.pop_receipt else None

    def give_receipt(self, message: Stored, seconds: float) -> str:
        message.receipt = f"receipt-{next(self.numbers)}"
        message.visible_at = time.monotonic() + seconds
        return message.receipt

    def note(self, line: str, **values: float | str) -> None:
        self.notes.add(line, name=self.name, **values)


def received(message: Stored) -> ReceivedMessage:
    now = datetime.now(UTC)
    return ReceivedMessage(
        message.message_id, message.receipt, message.dequeue_count, message.text, now, now, visible_at=now
    )
