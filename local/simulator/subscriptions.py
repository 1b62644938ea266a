"""The topic's subscriptions: a webhook and a queue, which get every event some time after it was taken."""

import json
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from local.simulator.arrivals import Arrival, Handover
from local.simulator.clock import Clock
from local.simulator.handshake import validate_subscription
from local.simulator.posting import Posted, post
from local.simulator.queues import Queues
from local.simulator.scheduler import Scheduler
from local.simulator.settings import CurrentSettings

TOPIC = "/topics/local"
HEADERS = {"Content-Type": "application/cloudevents+json; charset=utf-8", "aeg-event-type": "Notification"}

type Send = Callable[[dict[str, Any]], Posted]


class Subscriptions:
    """Hands events on as Event Grid does: at least once, in no order, never in the publisher's time."""

    def __init__(self, settings: CurrentSettings, scheduler: Scheduler, clock: Clock, queues: Queues) -> None:
        self.settings = settings
        self.scheduler = scheduler
        self.clock = clock
        self.queues = queues
        self.agreed: set[str] = set()
        """Webhooks that took the handshake."""
        self.handshake = threading.Lock()

    def hand_over(self, arrivals: Sequence[Arrival]) -> None:
        """Let the subscribers of this moment have these events, soon."""
        current = self.settings.current
        sends: dict[str, Send] = {}
        if current.topic_webhook is not None:
            sends["webhook"] = partial(self.to_webhook, current.topic_webhook)
        if current.topic_queue is not None:
            sends["queue"] = partial(self.queues.send, current.topic_queue)
        for arrival in arrivals:
            for name, send in sends.items():
                self.scheduler.later(0, partial(self.attempt, arrival, name, send, 1))

    def attempt(self, arrival: Arrival, name: str, send: Send, tries: int) -> None:
        current = self.settings.current
        posted = send(arrival.event)
        failure = posted.failure or ("" if posted.accepted else posted.body.decode(errors="replace"))
        arrival.handovers.append(Handover(name, self.clock.now(), posted.status, failure))
        over = tries >= current.delivery_attempts_max or posted.status in current.final_statuses
        if not posted.accepted and not over:
            delays = current.retry_delays_seconds or (0.0,)
            delay = delays[min(tries, len(delays)) - 1]
            self.scheduler.later(delay, partial(self.attempt, arrival, name, send, tries + 1))

    def to_webhook(self, url: str, event: dict[str, Any]) -> Posted:
        timeout = self.settings.current.delivery_timeout_seconds
        with self.handshake:
            if url not in self.agreed:
                answer = validate_subscription(url, "CloudEvents", TOPIC, timeout)
                if not answer.valid:
                    return Posted(None, failure=f"the handshake was answered with {answer.status}: {answer.answer}")
                self.agreed.add(url)
        return post(url, json.dumps(event).encode(), HEADERS, timeout)
