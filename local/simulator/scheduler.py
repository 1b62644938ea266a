"""Things that happen later: recordings become active, files become ready, deliveries are tried again."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable


class Scheduler:
    """Runs callables after a delay, each on its own thread; what is still due when it stops is dropped."""

    def __init__(self) -> None:
        self.due: list[tuple[float, int, Callable[[], None]]] = []
        self.order = itertools.count()
        self.changed = threading.Condition()
        self.stopped = False
        self.thread = threading.Thread(target=self.run, name="simulator-scheduler", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        with self.changed:
            self.stopped = True
            self.changed.notify()
        self.thread.join()

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        with self.changed:
            heapq.heappush(self.due, (time.monotonic() + seconds, next(self.order), action))
            self.changed.notify()

    def run(self) -> None:
        while (action := self.next_due()) is not None:
            # Daemons, not a pool: a webhook that hangs must not keep the simulator from ending.
            threading.Thread(target=action, name="simulator-later", daemon=True).start()

    def next_due(self) -> Callable[[], None] | None:
        with self.changed:
            while not self.stopped:
                wait = self.due[0][0] - time.monotonic() if self.due else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self.due)[2]
                self.changed.wait(wait)
        return None
