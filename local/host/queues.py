"""Queue triggers: one listener per queue function, after the WebJobs QueueListener and QueueProcessor."""

from __future__ import annotations

import logging
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.host.bindings import Function
    from local.host.host_json import QueueSettings
    from local.host.queue_processing import QueueProcessor
    from local.host.storage_message import ReceivedMessage

POLL_MIN_SECONDS = 0.1

log = logging.getLogger("local.host.queues")


def a_fifth_more_or_less() -> float:
    return random.uniform(0.8, 1.2)


class Backoff:
    """How long to wait after empty polls (RandomizedExponentialBackoffStrategy)."""

    def __init__(self, max_seconds: float, jitter: Callable[[], float] = a_fifth_more_or_less) -> None:
        self.max_seconds = max_seconds
        self.jitter = jitter
        self.exponent = 0

    def found(self) -> None:
        """A message came: begin again."""
        self.exponent = 0

    def next_delay(self) -> float:
        """100 ms, then 100 ms plus 100, 200, 400 ... ms give or take a fifth, up to the maximum."""
        added = self.jitter() * 2 ** (self.exponent - 1) * POLL_MIN_SECONDS if self.exponent else 0.0
        # Beyond this the sum only overflows.
        self.exponent = min(self.exponent + 1, 40)
        return min(POLL_MIN_SECONDS + added, self.max_seconds)


class QueueListener:
    """Polls one queue and processes up to `batchSize + newBatchThreshold` of its messages at a time."""

    def __init__(self, function: Function, processor: QueueProcessor, settings: QueueSettings) -> None:
        self.function = function
        self.processor = processor
        self.settings = settings
        self.backoff = Backoff(settings.max_polling_seconds)
        self.stopping = threading.Event()
        self.woken = threading.Event()
        self.in_process = 0
        self.changed = threading.Condition()
        self.pool = ThreadPoolExecutor(settings.batch_size + settings.new_batch_threshold, f"queue-{function.name}")
        self.thread = threading.Thread(target=self.listen, name=f"poll-{function.name}", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def wake(self) -> None:
        """Poll at once: this host just sent something to the queue (SharedQueueWatcher)."""
        self.woken.set()

    def stop(self) -> None:
        """Fetch no more; what is in process goes on."""
        self.stopping.set()
        self.woken.set()
        with self.changed:
            self.changed.notify_all()

    def listen(self) -> None:
        while not self.stopping.is_set():
            # Cleared before polling: a message sent during the poll must not be slept over.
            self.woken.clear()
            messages = self.fetch()
            if not messages:
                self.woken.wait(self.backoff.next_delay())
                continue
            self.backoff.found()
            for message in messages:
                self.begin(message)
            self.wait_for_new_batch_threshold()

    def fetch(self) -> list[ReceivedMessage]:
        try:
            return self.processor.receive(self.settings.batch_size)
        except Exception as error:  # noqa: BLE001 - the storage may be away for a while; a listener outlives that
            log.warning("Polling for %s failed, trying again: %s", self.function.name, error)
            return []

    def begin(self, message: ReceivedMessage) -> None:
        with self.changed:
            self.in_process += 1
        self.pool.submit(self.process, message)

    def process(self, message: ReceivedMessage) -> None:
        try:
            self.processor.process(message)
        except Exception:  # the lease runs out and the message comes back, exactly as after a crash
            log.exception("Message %s for %s stays invisible until its lease ends", message.message_id, self.function)
        finally:
            with self.changed:
                self.in_process -= 1
                self.changed.notify_all()

    def wait_for_new_batch_threshold(self) -> None:
        with self.changed:
            self.changed.wait_for(
                lambda: self.in_process <= self.settings.new_batch_threshold or self.stopping.is_set()
            )

    def is_idle(self) -> bool:
        return self.in_process == 0
