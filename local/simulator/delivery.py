"""Event Grid's side of a subscription: deliver, try again, and dead-letter in the end."""

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Any

from local.simulator.clock import Clock
from local.simulator.dead_letters import DeadLetters
from local.simulator.events import Event
from local.simulator.posting import Posted, post
from local.simulator.scheduler import Scheduler
from local.simulator.settings import CurrentSettings

CONTENT_TYPES = {
    ("EventGrid", False): "application/json; charset=utf-8",
    ("EventGrid", True): "application/json; charset=utf-8",
    ("CloudEvents", False): "application/cloudevents+json; charset=utf-8",
    ("CloudEvents", True): "application/cloudevents-batch+json; charset=utf-8",
}


class DeliveryState(Enum):
    """How far an event has come."""

    HELD = "held"  #: not sent: it was asked to stay, or there is no endpoint
    PENDING = "pending"  #: to be sent, or to be tried again
    DELIVERED = "delivered"  #: accepted with a 2xx
    DEAD_LETTERED = "deadLettered"  #: given up


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to deliver an event."""

    at: datetime
    status: int | None
    failure: str = ""


@dataclass(eq=False)
class EventRecord:
    """An event and everything that was tried with it."""

    event: Event
    schema: str
    recording_id: str | None
    published_at: datetime
    state: DeliveryState = DeliveryState.HELD
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def document(self) -> dict[str, Any]:
        return self.event.document(self.schema)


class Delivery:
    """Delivers events to the one webhook that is configured."""

    def __init__(
        self, settings: CurrentSettings, scheduler: Scheduler, clock: Clock, dead_letters: DeadLetters
    ) -> None:
        self.settings = settings
        self.scheduler = scheduler
        self.clock = clock
        self.dead_letters = dead_letters
        self.records: list[EventRecord] = []
        self.lock = threading.Lock()

    def publish(self, event: Event, schema: str, recording_id: str | None = None, *, hold: bool = False) -> EventRecord:
        record = EventRecord(event, schema, recording_id, self.clock.now())
        if self.settings.current.event_endpoint is not None and not hold:
            record.state = DeliveryState.PENDING
        with self.lock:
            self.records.append(record)
        return record

    def all(self) -> list[EventRecord]:
        with self.lock:
            return list(self.records)

    def send(self, batch: Sequence[EventRecord], delay_seconds: float = 0.0, tries_before: int = 0) -> None:
        """Deliver events in one POST, after a delay, and again until accepted or given up."""
        self.scheduler.later(delay_seconds, partial(self.attempt, tuple(batch), tries_before))

    def get(self, event_id: str) -> EventRecord:
        """Find an event that admin names.

        Raises:
            LookupError: there is none.
        """
        for record in self.all():
            if record.event.event_id == event_id:
                return record
        raise LookupError(f"No event {event_id}")

    def redeliver(self, record: EventRecord) -> None:
        """Send an event again, whatever became of it.

        Raises:
            LookupError: there is no endpoint to send it to.
        """
        if self.settings.current.event_endpoint is None:
            raise LookupError("No eventEndpoint is configured")
        record.state = DeliveryState.PENDING
        self.send([record])

    def attempt(self, batch: tuple[EventRecord, ...], tries_before: int) -> None:
        current = self.settings.current
        endpoint = current.event_endpoint
        if endpoint is None:
            self.mark(batch, DeliveryState.HELD)
            return
        posted = self.post_batch(batch, endpoint)
        tries = tries_before + 1
        if posted.accepted:
            self.mark(batch, DeliveryState.DELIVERED)
        elif tries >= current.delivery_attempts_max or posted.status in current.final_statuses:
            self.give_up(batch, posted)
        else:
            delays = current.retry_delays_seconds or (0.0,)
            self.send(batch, delays[min(tries, len(delays)) - 1], tries)

    def post_batch(self, batch: tuple[EventRecord, ...], endpoint: str) -> Posted:
        schema, many = batch[0].schema, len(batch) > 1
        documents = [record.document for record in batch]
        # Event Grid's own schema always comes in an array; a single CloudEvent comes bare.
        body = json.dumps(documents if many or schema == "EventGrid" else documents[0]).encode()
        headers = {
            "Content-Type": CONTENT_TYPES[schema, many],
            "aeg-event-type": "Notification",
            "aeg-subscription-name": self.settings.current.dead_letter_subscription.upper(),
            "aeg-delivery-count": str(len(batch[0].attempts)),
        }
        at = self.clock.now()
        posted = post(endpoint, body, headers, self.settings.current.delivery_timeout_seconds)
        for record in batch:
            record.attempts.append(Attempt(at, posted.status, posted.failure))
        return posted

    def give_up(self, batch: tuple[EventRecord, ...], posted: Posted) -> None:
        self.mark(batch, DeliveryState.DEAD_LETTERED)
        for record in batch:
            self.dead_letters.write(record.event, record.schema, len(record.attempts), posted, record.published_at)

    def mark(self, batch: tuple[EventRecord, ...], state: DeliveryState) -> None:
        for record in batch:
            # A duplicate that fails later does not undo a delivery.
            if record.state is not DeliveryState.DELIVERED:
                record.state = state
