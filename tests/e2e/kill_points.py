"""Kill the host before or after one certain request of all that it makes for a recording."""

import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tests.e2e.gateway import Answer, ForwardedRequest, Outcome

type Moment = Literal["before", "after"]

QUIET_SECONDS = 0.25
VARIABLE = re.compile(
    r"0-wus-d\d+-[0-9a-f]+|[0-9a-f]{8}-[0-9a-f-]{27}|(?<=blockid=)[^&]+|[0-9a-f]{32,64}|\b\d{17,18}\b|ey[\w%.-]{30,}"
    r"|(?<=popreceipt=)[^&]+|(?<=open-)\d\d|\d{4}[-/]\d\d[-/]\d\d|(?<=timeout=)\d+|%20\d+|\d{4}-\d\d-\d\dT[\d:.%A-Z]+"
)


@dataclass(frozen=True, slots=True)
class KillPoint:
    """The n-th request of a kind, counted from 1, before it has its effect or after.

    By kind, because requests that run side by side come in another order each time.
    """

    kind: str
    number: int
    moment: Moment


class RequestCounter:
    """Counts the requests of one recording, and kills at one of them if so asked.

    Polls that find no message belong to no recording. How many messages a queue holds is counted here, so that a poll
    which is about to find one is known before it does.
    """

    def __init__(self, kill: Callable[[], None], point: KillPoint | None = None) -> None:
        self.kill = kill
        self.point = point
        self.hit: str | None = None
        self.seen: list[str] = []
        self.marked: list[str] = []
        self.of_kind: Counter[str] = Counter()
        self.waiting: Counter[str] = Counter()
        self.numbers: dict[ForwardedRequest, int] = {}
        self.last = time.monotonic()
        self.lock = threading.Lock()

    def before(self, call: ForwardedRequest) -> Outcome:
        with self.lock:
            if is_poll(call) and self.waiting[queue_of(call)] <= 0:
                return Outcome.PASS
            kind = kind_of(call)
            self.seen.append(kind)
            self.of_kind[kind] += 1
            self.last = time.monotonic()
            self.numbers[call] = self.of_kind[kind]
            fatal = self.point == KillPoint(kind, self.of_kind[kind], "before")
        return self.killed(call) if fatal else Outcome.PASS

    def after(self, call: ForwardedRequest, answer: Answer) -> Outcome:
        with self.lock:
            self.note_messages(call, answer)
            number = self.numbers.pop(call, 0)
            if number:
                self.last = time.monotonic()
            fatal = self.point == KillPoint(kind_of(call), number, "after")
        return self.killed(call) if fatal else Outcome.PASS

    def killed(self, call: ForwardedRequest) -> Outcome:
        self.kill()
        self.hit = kind_of(call)
        return Outcome.RESET

    def note_messages(self, call: ForwardedRequest, answer: Answer) -> None:
        if is_poll(call):
            self.waiting[queue_of(call)] -= answer.body.count(b"<QueueMessage>")
        elif call.service == "queue" and call.method == "POST":
            self.waiting[queue_of(call)] += 1

    def mark(self) -> None:
        """Remember what was seen until the last message was sent, as all that counts: what follows is others' work."""
        with self.lock:
            sent = [number for number, seen in enumerate(self.seen, 1) if seen.startswith("queue POST")]
            self.marked = self.seen[: max(sent, default=0)]

    def points(self) -> list[KillPoint]:
        """Where a run like this one may be killed: at two moments of each request that counts."""
        numbers: Counter[str] = Counter()
        found: list[KillPoint] = []
        for kind in self.marked or self.seen:
            numbers[kind] += 1
            found += [KillPoint(kind, numbers[kind], "before"), KillPoint(kind, numbers[kind], "after")]
        return found

    def wait_until_quiet(self) -> None:
        deadline = time.monotonic() + 10
        while time.monotonic() - self.last < QUIET_SECONDS and time.monotonic() < deadline:
            time.sleep(QUIET_SECONDS / 5)


def is_poll(call: ForwardedRequest) -> bool:
    return call.service == "queue" and call.method == "GET"


def queue_of(call: ForwardedRequest) -> str:
    return call.target.partition("/messages")[0]


def kind_of(call: ForwardedRequest) -> str:
    """What a request is for: everything that differs from recording to recording is taken out."""
    return f"{call.service} {call.method} {VARIABLE.sub('*', call.target)}"
