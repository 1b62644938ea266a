"""Functions that a test plays: the host's own invoker, over a worker that runs what it is given instead of an app."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from local.host.connections import Connections
from local.host.invocations import Invoker
from local.host.outputs import QueueSender
from local.host.settings import AppSettings
from local.host.worker import Failure, Outcome, Worker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from local.host.protocol import TypedData
    from local.host.worker import Invocation

type Play = Callable[[Invocation], Awaitable[Outcome]]


class PlayedWorker(Worker):
    """A worker without an app."""

    def __init__(self, play: Play) -> None:
        super().__init__(Path())
        self.play = play

    async def invoke(self, invocation: Invocation) -> Outcome:
        return await self.play(invocation)

    def cancel(self) -> None:
        """End what runs, for a test that failed and will not let it end."""
        for task in asyncio.all_tasks(self.loop):
            self.loop.call_soon_threadsafe(task.cancel)


@contextmanager
def playing(play: Play) -> Iterator[Invoker]:
    """An invoker whose functions all do the same, told apart by the invocation's `function_id`."""
    worker = PlayedWorker(play)
    settings = AppSettings({})
    sender = QueueSender(Connections(settings), settings, base64=False, wake=lambda _: None)
    worker.thread.start()
    try:
        yield Invoker(worker, sender, None)
    finally:
        worker.cancel()
        worker.close()
        worker.thread.join()
        worker.loop.close()


def succeeded(returned: TypedData | None = None) -> Outcome:
    return Outcome(returned, {}, None)


def failed() -> Outcome:
    return Outcome(None, {}, Failure("told to fail", "in a test"))
