"""Timer triggers: each on a thread of its own, so that a timer never overlaps itself.

The real host also holds a blob lease per timer, so that one instance of many runs it (`[Singleton(Mode=Listener)]`).
There is one host here, and no lease: two local hosts on the same storage would both run their timers.
"""

from __future__ import annotations

import json
import logging
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from local.host.protocol import TypedData
from local.host.schedules import is_frequent

if TYPE_CHECKING:
    from local.host.bindings import Function
    from local.host.invocations import Invoker
    from local.host.schedules import Schedule
    from local.host.timer_status import TimerStatus, TimerStatusStore

# Event.wait cannot sleep for ever; waking up daily costs nothing.
WAIT_MAX_SECONDS = 86400.0

log = logging.getLogger("local.host.timers")


class Timer:
    """Runs one timer function on its schedule and remembers when, after the WebJobs TimerListener."""

    def __init__(
        self,
        function: Function,
        schedule: Schedule,
        invoker: Invoker,
        store: TimerStatusStore | None,
        *,
        run_on_startup: bool,
    ) -> None:
        self.function = function
        self.schedule = schedule
        self.invoker = invoker
        # TimerTriggerAttribute: the monitor is for schedules of a minute and more.
        self.store = None if is_frequent(schedule) else store
        self.run_on_startup = run_on_startup
        self.stopping = threading.Event()
        self.running = threading.Lock()
        self.thread = threading.Thread(target=self.keep_time, name=f"timer-{function.name}", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.stopping.set()

    def is_idle(self) -> bool:
        return not self.running.locked()

    def keep_time(self) -> None:
        status = self.load()
        now = datetime.now(UTC)
        past_due = status is not None and status.schedule == str(self.schedule) and now > status.next
        if past_due or self.run_on_startup:
            self.run(status, past_due=past_due)
        elif status is None or status.schedule != str(self.schedule):
            self.save(last=None)
        while self.wait_until(self.schedule.next_after(datetime.now(UTC))):
            self.run(self.load(), past_due=False)

    def wait_until(self, moment: datetime) -> bool:
        """Sleep; False when the host stops first."""
        while (seconds := (moment - datetime.now(UTC)).total_seconds()) > 0:
            if self.stopping.wait(min(seconds, WAIT_MAX_SECONDS)):
                return False
        return not self.stopping.is_set()

    def run(self, status: TimerStatus | None, *, past_due: bool) -> None:
        with self.running:
            started = datetime.now(UTC)
            self.invoker.start(self.function, timer_data(status, past_due=past_due)).result()
            self.save(last=started)

    def load(self) -> TimerStatus | None:
        if self.store is None:
            return None
        try:
            return self.store.load(self.function.name)
        except Exception as error:  # noqa: BLE001 - a timer goes on without its memory
            log.warning("The status of timer %s could not be read: %s", self.function.name, error)
            return None

    def save(self, last: datetime | None) -> None:
        if self.store is None:
            return
        try:
            self.store.save(self.function.name, self.schedule, last)
        except Exception as error:  # noqa: BLE001 - a timer goes on without its memory
            log.warning("The status of timer %s could not be saved: %s", self.function.name, error)


def timer_data(status: TimerStatus | None, *, past_due: bool) -> TypedData:
    """The TimerInfo the host sends; no status when the monitor is off."""
    document = {
        "Schedule": {"AdjustForDST": True},
        "ScheduleStatus": status.document() if status else None,
        "IsPastDue": past_due,
    }
    return TypedData(json=json.dumps(document))
