"""What the app published to its topic, in the order of arrival, repetitions included."""

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Handover:
    """One try to hand an event to a subscriber.

    Attributes:
        to: `webhook` or `queue`.
        status: of the answer; None when there was none.
    """

    to: str
    at: datetime
    status: int | None
    failure: str = ""


@dataclass(eq=False)
class Arrival:
    """One event that the topic took; one that comes twice is two.

    Attributes:
        number: of the arrival, from 1.
        event: as it was published.
        handovers: to the topic's subscribers, every try.
    """

    number: int
    at: datetime
    event: dict[str, Any]
    handovers: list[Handover] = field(default_factory=list)


class Arrivals:
    """The latest arrivals."""

    def __init__(self) -> None:
        self.entries: deque[Arrival] = deque(maxlen=KEPT)
        self.latest = 0
        """Number of the latest arrival, forgotten or not."""
        self.lock = threading.Lock()

    def add(self, events: Iterable[dict[str, Any]], at: datetime) -> list[Arrival]:
        """Keep the events of one request, side by side."""
        with self.lock:
            added = [Arrival(number, at, event) for number, event in enumerate(events, self.latest + 1)]
            self.entries.extend(added)
            self.latest += len(added)
        return added

    def after(self, number: int) -> list[Arrival]:
        """Those with a higher number: all with 0."""
        with self.lock:
            return [arrival for arrival in self.entries if arrival.number > number]

    def clear(self) -> None:
        with self.lock:
            self.entries.clear()
