"""What the app under test asked for, in order."""

import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime

KEPT = 20_000


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request to an ACS host, or one CONNECT that was refused."""

    at: datetime
    operation: str
    method: str
    host: str
    path: str
    range: str | None
    auth: str
    """`hmac`, `bearer`, `none`, `other`."""
    status: int
    fault: str | None
    client_request_id: str | None


class RequestLog:
    """The latest requests."""

    def __init__(self) -> None:
        self.entries: deque[LoggedRequest] = deque(maxlen=KEPT)
        self.lock = threading.Lock()

    def add(self, entry: LoggedRequest) -> None:
        with self.lock:
            self.entries.append(entry)

    def all(self) -> list[LoggedRequest]:
        with self.lock:
            return list(self.entries)

    def clear(self) -> None:
        with self.lock:
            self.entries.clear()
