"""The host's queue listeners over queues in memory, running functions that a test plays."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local.host.bindings import Function, QueueTrigger
from local.host.encoding import encode
from local.host.queue_processing import QueueProcessor
from local.host.queues import QueueListener

from .memory_queue import MemoryQueue, Notes
from .played import failed, playing, succeeded
from .recorded.queues import POISON, WORK
from .samples import WAIT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from local.host.host_json import QueueSettings
    from local.host.worker import Invocation, Outcome


@dataclass(frozen=True)
class Call:
    """A message as its function got it."""

    queue: str
    text: str
    dequeue_count: int


type Behave = Callable[[Call], Awaitable[bool]]


@dataclass
class Listening:
    """Listeners on `work` and `work-poison`, and everything that they did."""

    settings: QueueSettings
    notes: Notes
    queues: dict[str, MemoryQueue]
    listeners: dict[str, QueueListener] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    def send(self, text: str) -> None:
        """Add a message to `work` in the encoding that the listener expects; nobody notes it."""
        self.queues[WORK].send(encode(text, base64_encoded=self.settings.base64))
        self.notes.lines.pop()
        self.notes.times.pop()

    def start(self) -> None:
        for listener in self.listeners.values():
            listener.start()

    def stop(self) -> None:
        """Like the host: fetch no more. The threads that poll have ended afterwards."""
        for listener in self.listeners.values():
            listener.stop()
            listener.thread.join()

    def asked(self, *methods: str) -> list[str]:
        """The requests with these methods."""
        return [line for line in self.notes.lines if line.split()[0] in methods]

    def asked_of(self, queue: str) -> list[str]:
        return [line for line in self.notes.lines if line.split()[1].startswith(f"{queue}/")]

    def is_idle(self) -> bool:
        return all(listener.is_idle() for listener in self.listeners.values())


@contextmanager
def listening(
    settings: QueueSettings, behave: Behave, *, lease_seconds: float = 6, scale: float = 100
) -> Iterator[Listening]:
    """Listeners that are not started yet; `behave` says whether a call succeeds."""
    notes = Notes(scale)
    rig = Listening(settings, notes, {name: MemoryQueue(name, notes) for name in (WORK, POISON)})

    async def play(invocation: Invocation) -> Outcome:
        metadata = invocation.metadata
        call = Call(invocation.function_id, invocation.value.value, json.loads(metadata["DequeueCount"].value))
        rig.calls.append(call)
        return succeeded() if await behave(call) else failed()

    def wake(name: str) -> None:
        rig.listeners[name].wake()

    with playing(play) as invoker:
        for name in rig.queues:
            function = Function(name, name, QueueTrigger("message", name, "Storage"), (), None, None)
            processor = QueueProcessor(function, name, rig.queues.__getitem__, invoker, settings, lease_seconds, wake)
            rig.listeners[name] = QueueListener(function, processor, settings)
        try:
            yield rig
        finally:
            for listener in rig.listeners.values():
                listener.stop()
                # Waits for nothing: what a failed test keeps running ends with the invoker.
                listener.pool.shutdown(wait=False)


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that is about to happen."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)
