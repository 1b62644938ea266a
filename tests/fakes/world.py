"""What all fakes share: a clock that stands still until told, and a failpoint around every effect.

An effect is one request to something outside the app. Each has a number, a name such as `store.commit`, and a count
among those of its name; a plan decides by them which fault strikes. After a crash nothing takes effect any more until
the next process begins, whatever threads the dead one had.
"""

import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import msgspec

from shared.domain.errors import (
    AcsUnavailable,
    AcsUncertain,
    CatalogUnavailable,
    SourceUnavailable,
    StoreUnavailable,
    TopicUnavailable,
)

BEGINNING = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


class Crash(BaseException):
    """The process died here."""


class Fault(StrEnum):
    """What may go wrong with an effect."""

    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"
    ERROR_BEFORE = "error without effect"
    TIME_OUT = "time-out without effect"
    ERROR_AFTER = "time-out with effect"
    EMPTY = "empty content"  # source.open: a success with nothing in it
    TRUNCATED = "truncated content"  # source.open: the connection breaks half-way
    HTML = "an error page"  # source.open: a success with another content of the right length
    FLIPPED = "a flipped bit"  # source.open: a content that only a second read tells from the right one
    MISSING = "not found"  # source.open, acs.pause, acs.resume, acs.stop: 404 although it is there
    LOST_ONCE = "answer lost once"  # a write takes effect, its answer is lost, and the adapter sends it again
    ASKED_AGAIN = "asked again"  # source.delete: a redirect, or a refused signature; the adapter asks once more
    STALE = "stale read"  # the row as it was before its last write; the blob before it was committed
    DUPLICATE = "duplicate"  # queue.send: the message arrives twice


class Effect(msgspec.Struct, frozen=True):
    """A request to something outside."""

    number: int
    name: str
    count: int


type Plan = Callable[[Effect], Fault | None]

# What a port raises when nothing took effect, and when it cannot tell.
ERRORS: dict[str, tuple[Callable[[str], Exception], Callable[[str], Exception]]] = {
    "acs": (AcsUnavailable, AcsUncertain),
    "catalog": (CatalogUnavailable, CatalogUnavailable),
    "days": (CatalogUnavailable, CatalogUnavailable),
    "source": (SourceUnavailable, SourceUnavailable),
    "store": (StoreUnavailable, StoreUnavailable),
    "own": (StoreUnavailable, StoreUnavailable),
    "rejected": (StoreUnavailable, StoreUnavailable),
    "letters": (StoreUnavailable, StoreUnavailable),
    "queue": (ConnectionError, ConnectionError),
    "topic": (TopicUnavailable, TopicUnavailable),
    "grid": (ConnectionError, ConnectionError),
    "probe": (ConnectionError, ConnectionError),
}


def no_fault(_: Effect) -> Fault | None:
    return None


def no_wait() -> None:
    """The next piece is there at once."""


class World:
    """The clock, the effects so far, and the faults to come."""

    def __init__(self, plan: Plan = no_fault, now: datetime = BEGINNING) -> None:
        self.now = now
        self.plan = plan
        self.effects: list[Effect] = []
        self.counts: Counter[str] = Counter()
        self.planned: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self.is_dead = False
        self.at_piece: Callable[[], None] = no_wait  # called before every piece of a content: there time may pass
        self.versions = 0
        self.lock = threading.RLock()

    def clock(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by

    def version(self) -> str:
        """An etag that nothing had before."""
        with self.lock:
            self.versions += 1
            return f"v{self.versions}"

    def fail(self, name: str, fault: Fault, times: int = 1) -> None:
        """Have the next effects of a name fail, whatever the plan says."""
        self.planned[name].extend([fault] * times)

    def restart(self) -> None:
        """A new process begins."""
        self.is_dead = False

    def effect(self, name: str) -> "Failpoint":
        """Surround an effect; yields the fault that the fake itself must play.

        Raises:
            Crash: the process dies here, or has died.
        """
        return Failpoint(self, name)

    def written[Answer](self, name: str, write: Callable[[], Answer]) -> Answer:
        """The answer to a write, which is simply sent again when the first one was lost."""
        with self.effect(name) as fault:
            answer = write()
        if fault is Fault.LOST_ONCE:
            with self.effect(name):
                answer = write()
        return answer

    def begun(self, name: str) -> Effect:
        with self.lock:
            self.counts[name] += 1
            effect = Effect(len(self.effects) + 1, name, self.counts[name])
            self.effects.append(effect)
        return effect

    def struck(self, effect: Effect) -> Fault | None:
        """The fault of an effect. A plan may also wait, and so decide which of two workers goes on first."""
        if self.planned[effect.name]:
            return self.planned[effect.name].popleft()
        return self.plan(effect)

    def die(self) -> None:
        self.is_dead = True
        raise Crash

    def live(self) -> None:
        if self.is_dead:
            raise Crash


class Failpoint:
    """One effect, about to happen. A class, since the model passes through millions of them."""

    __slots__ = ("fault", "name", "world")

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.fault: Fault | None = None

    def __enter__(self) -> Fault | None:
        world = self.world
        fault = self.fault = world.struck(world.begun(self.name))
        if fault is Fault.CRASH_BEFORE:
            world.die()
        world.live()
        if fault is Fault.ERROR_BEFORE:
            raise self.errors[0](f"{self.name} failed before it took effect.")
        if fault is Fault.TIME_OUT:
            raise self.errors[1](f"The answer of {self.name} was lost.")
        world.lock.acquire()
        return fault

    def __exit__(self, *_: object) -> None:
        self.world.lock.release()
        if self.fault is Fault.CRASH_AFTER:
            self.world.die()
        if self.fault is Fault.ERROR_AFTER:
            raise self.errors[1](f"The answer of {self.name} was lost.")
        self.world.live()

    @property
    def errors(self) -> tuple[Callable[[str], Exception], Callable[[str], Exception]]:
        """What the port raises when nothing took effect, and when it cannot tell."""
        return ERRORS[self.name.partition(".")[0]]
