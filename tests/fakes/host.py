"""The platform in small: Event Grid, queues and the timer, delivering at least once.

What a function returns is sent before its trigger counts as done, and each of the two is an effect of its own.
"""

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from shared.domain.errors import RecorderError
from shared.domain.models import Messages
from shared.domain.statuses import RecordingStatus
from shared.services import Services
from shared.settings import DELETION_POISON_QUEUE, DELETION_QUEUE, TRANSFER_POISON_QUEUE, TRANSFER_QUEUE
from tests.fakes.cloud import Cloud
from tests.fakes.world import BEGINNING, Crash, Fault

DELIVERIES_MAX = 5  # then a message goes to the poison queue
LEASE = timedelta(minutes=10)  # how long the listener hides what it received
EVENT_DELIVERIES_MAX = 30  # then an event goes to the dead letters
EVENT_LIFETIME = timedelta(minutes=120)
EVENT_RETRY_FIRST = timedelta(seconds=10)
EVENT_RETRY_MAX = timedelta(minutes=10)
SWEEP_EVERY = timedelta(minutes=1)
ROUNDS_MAX = 2000
POISON = {TRANSFER_QUEUE: TRANSFER_POISON_QUEUE, DELETION_QUEUE: DELETION_POISON_QUEUE}

type Document = Mapping[str, object]


@dataclass(eq=False)
class QueuedMessage:
    """A message on a queue."""

    body: bytes
    deliveries: int = 0
    visible_at: datetime = BEGINNING


@dataclass
class Delivery:
    """An event on its way."""

    document: Document
    published: datetime
    due: datetime
    deliveries: int = 0


class FakeHost:
    """Delivers what there is to the app of a cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.world = cloud.world
        self.queues: dict[str, deque[QueuedMessage]] = {
            name: deque() for name in (TRANSFER_QUEUE, DELETION_QUEUE, TRANSFER_POISON_QUEUE, DELETION_POISON_QUEUE)
        }
        self.events: list[Delivery] = []

    def publish(self, document: Document, times: int = 1) -> None:
        """Event Grid has an event; it delivers it at least that often."""
        self.events += [Delivery(document, self.world.now, self.world.now) for _ in range(times)]

    def lose_messages(self) -> None:
        for queue in self.queues.values():
            queue.clear()

    def settle(self) -> None:
        """Deliver, wait and sweep until nothing is left to do anywhere."""
        for _ in range(ROUNDS_MAX):
            self.work()
            if self.is_quiet():
                return
            self.pass_time()
            self.sweep()
        raise AssertionError("The app never came to rest.")

    def is_quiet(self) -> bool:
        failed = {row.id for row in self.cloud.recordings() if row.status is RecordingStatus.FAILED}
        open_work = [line for line in self.cloud.catalog.open.values() if not (line.failed and line.id in failed)]
        return not (self.events or any(self.queues.values()) or open_work or self.cloud.letters.events)

    def pass_time(self) -> None:
        """Until something is due, at least until the next sweep."""
        due = [line.due_at for line in self.cloud.catalog.open.values()] + [event.due for event in self.events]
        self.world.now = max(self.world.now + SWEEP_EVERY, min(due, default=self.world.now))

    def work(self) -> None:
        """Deliver whatever is there now, in turns, until nothing is."""
        while True:
            due = [event for event in self.events if event.due <= self.world.now]
            waiting = [name for name in self.queues if self.visible(name)]
            if not due and not waiting:
                return
            for event in due:
                self.deliver_event(event)
            for name in waiting:
                self.deliver(name)

    def sweep(self) -> bool:
        return self.invoke(lambda services: services.sweep.sweep())

    def deliver_event(self, event: Delivery) -> None:
        event.deliveries += 1
        if self.invoke(lambda services: services.ingest.ingest(event.document).messages, done="grid.acknowledge"):
            self.events.remove(event)
            return
        wait = EVENT_RETRY_FIRST * 2 ** min(event.deliveries, 10)
        event.due = self.world.now + min(wait, EVENT_RETRY_MAX)
        if event.deliveries >= EVENT_DELIVERIES_MAX or event.due > event.published + EVENT_LIFETIME:
            self.events.remove(event)
            letter = f"{event.published:%Y/%m/%d}/{self.world.version()}.json"
            self.cloud.letters.events[letter] = json.dumps([event.document]).encode()

    def visible(self, name: str) -> list[QueuedMessage]:
        return [message for message in self.queues[name] if message.visible_at <= self.world.now]

    def deliver(self, name: str) -> None:
        """The first message of a queue that is visible."""
        queue = self.queues[name]
        message = self.visible(name)[0]
        queue.remove(message)
        message.deliveries += 1
        if self.invoke(lambda services: self.handle(services, name, message.body), done="queue.remove"):
            return
        if message.deliveries >= DELIVERIES_MAX and name in POISON:
            self.queues[POISON[name]].append(QueuedMessage(message.body))
            return
        if name not in POISON:  # it has no poison queue of its own: what fails there stays invisible, and comes back
            message.visible_at = self.world.now + LEASE
        queue.append(message)

    def handle(self, services: Services, name: str, body: bytes) -> Messages:
        if name not in POISON:
            services.poison.take_in(name, body)
            return Messages()
        ref = services.inbox.read(name, body)
        if ref is None:
            return Messages()
        return services.transfer.transfer(ref) if name == TRANSFER_QUEUE else services.deletion.delete(ref)

    def invoke(self, act: Callable[[Services], Messages], done: str | None = None) -> bool:
        """Whether the invocation succeeded: the function returned, its messages went out, the trigger was told."""
        try:
            with self.cloud.services.invocation(done or "sweep"):
                messages = act(self.cloud.services)
            self.send(messages)
            if done:
                with self.world.effect(done):
                    return True
        except Crash:
            self.cloud.restart()
            return False
        except (RecorderError, ConnectionError):
            return False
        return True

    def send(self, messages: Messages) -> None:
        for name, refs in ((TRANSFER_QUEUE, messages.transfers), (DELETION_QUEUE, messages.deletions)):
            for ref in refs:
                with self.world.effect("queue.send") as fault:
                    copies = 2 if fault is Fault.DUPLICATE else 1
                    self.queues[name].extend(QueuedMessage(msgspec.json.encode(ref)) for _ in range(copies))
