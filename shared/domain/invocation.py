"""The invocation: who caused what is written now, and the events that were written meanwhile.

A trigger begins one (`Outbox.invocation`); what it calls writes rows, and each transition writes its event beside the
row, with this caller's name on it. A context variable, since a request has it from its first line to its last, and
nothing in between would do more than hand it on.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta

from shared.domain.recording_event import RecordingEvent

NOBODY = "-"  # what is written outside of an invocation


@dataclass
class Invocation:
    """One run of a function.

    Attributes:
        by: its caller, or the function's own name.
        sends: whether there is a topic, so that what is told is to be sent.
        written: the events that stand in rows now, and were not sent yet.
        spent: how long it has waited for the topic so far.
    """

    by: str
    sends: bool
    written: list[RecordingEvent] = field(default_factory=list)
    spent: timedelta = timedelta(0)


CURRENT: ContextVar[Invocation | None] = ContextVar("invocation", default=None)


@contextmanager
def begin(by: str, *, sends: bool) -> Iterator[Invocation]:
    """Run what is inside as an invocation."""
    invocation = Invocation(by, sends)
    token = CURRENT.set(invocation)
    try:
        yield invocation
    finally:
        CURRENT.reset(token)


def caller() -> str:
    """Who caused what is done now."""
    invocation = CURRENT.get()
    return invocation.by if invocation else NOBODY


def sends_events() -> bool:
    """Whether an event that is written now is to be sent."""
    invocation = CURRENT.get()
    return invocation is not None and invocation.sends


def note_written(events: Iterable[RecordingEvent]) -> None:
    """Remember events that stand in rows now, so that they are sent before the invocation ends."""
    invocation = CURRENT.get()
    if invocation is not None and invocation.sends:
        invocation.written.extend(events)


def may_wait(longest: timedelta) -> bool:
    """Whether this invocation has waited less than so long for the topic."""
    invocation = CURRENT.get()
    return invocation is None or invocation.spent < longest


def note_waited(time: timedelta) -> None:
    """Remember how long this invocation has waited for the topic."""
    invocation = CURRENT.get()
    if invocation is not None:
        invocation.spent += time


def take_written() -> list[RecordingEvent]:
    """The events that were written and not sent yet; afterwards there are none."""
    invocation = CURRENT.get()
    if invocation is None:
        return []
    events, invocation.written = invocation.written, []
    return events
