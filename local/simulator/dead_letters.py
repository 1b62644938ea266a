"""Undeliverable events, written to a container the way Event Grid does it."""

import json
import uuid
from datetime import datetime
from typing import Any

from local.simulator.blobs import OpenAccounts
from local.simulator.clock import Clock, wire_time
from local.simulator.events import Event
from local.simulator.posting import Posted
from local.simulator.settings import CurrentSettings

OUTCOMES = {400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 413: "PayloadTooLarge"}


class DeadLetters:
    """The dead-letter destination, if one is configured."""

    def __init__(self, settings: CurrentSettings, accounts: OpenAccounts, clock: Clock, topic_name: str) -> None:
        self.settings = settings
        self.accounts = accounts
        self.clock = clock
        self.topic_name = topic_name

    def write(self, event: Event, schema: str, attempts: int, posted: Posted, published_at: datetime) -> None:
        current = self.settings.current
        if current.dead_letters is None:
            return
        now = self.clock.now()
        document = event.document(schema) | self.properties(schema, attempts, posted, published_at)
        content = json.dumps([document]).encode()
        folder = f"{self.topic_name}/{current.dead_letter_subscription}/{now:%Y/%m/%d/%H}"
        account = current.dead_letters
        self.accounts.get(account).write(account.container, f"{folder}/{uuid.uuid4()}.json", [content], len(content))

    def properties(self, schema: str, attempts: int, posted: Posted, published_at: datetime) -> dict[str, Any]:
        final = posted.status in self.settings.current.final_statuses
        unreached = "TimedOut" if "timed out" in posted.failure else "GenericError"
        properties = {
            "deadLetterReason": "UndeliverableDueToClientError" if final else "MaxDeliveryAttemptsExceeded",
            "deliveryAttempts": attempts,
            "lastDeliveryOutcome": OUTCOMES.get(posted.status or 0, unreached),
            "publishTime": wire_time(published_at),
            "lastDeliveryAttemptTime": wire_time(self.clock.now()),
        }
        # CloudEvents allows extension names in lower case only.
        return {name.lower(): value for name, value in properties.items()} if schema == "CloudEvents" else properties
