"""What happens to one queue message: lease, decode, invoke, then delete, release or poison (WebJobs QueueProcessor)."""

from __future__ import annotations

import json
import logging
from concurrent.futures import wait
from dataclasses import replace
from typing import TYPE_CHECKING

from local.host.encoding import DecodingError, decode
from local.host.protocol import TypedData

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from datetime import datetime

    from local.host.bindings import Function
    from local.host.host_json import QueueSettings
    from local.host.invocations import Invoker
    from local.host.storage_message import MessageQueue, ReceivedMessage
    from local.host.worker import Outcome

POISON_SUFFIX = "-poison"

log = logging.getLogger("local.host.queues")


class QueueProcessor:
    """Processes the messages of one queue function."""

    def __init__(
        self,
        function: Function,
        queue_name: str,
        open_queue: Callable[[str], MessageQueue],
        invoker: Invoker,
        settings: QueueSettings,
        visibility_seconds: float,
        wake: Callable[[str], None],
    ) -> None:
        self.function = function
        self.queue_name = queue_name
        self.open_queue = open_queue
        self.invoker = invoker
        self.settings = settings
        self.visibility_seconds = visibility_seconds
        self.wake = wake

    @property
    def queue(self) -> MessageQueue:
        return self.open_queue(self.queue_name)

    @property
    def poison_queue_name(self) -> str | None:
        """Where hopeless messages go; a poison queue has no poison queue of its own."""
        return None if self.queue_name.endswith(POISON_SUFFIX) else self.queue_name + POISON_SUFFIX

    def receive(self, count_max: int) -> list[ReceivedMessage]:
        return self.queue.receive(count_max, self.visibility_seconds)

    def process(self, message: ReceivedMessage) -> None:
        # Beyond the limit before it even ran: the process died under it, so it is not tried again.
        if message.dequeue_count > self.settings.max_dequeue_count:
            self.poison(message, "its dequeue count is beyond maxDequeueCount")
            return
        try:
            text = decode(message.text, base64_encoded=self.settings.base64)
        except DecodingError as error:
            self.poison(message, str(error))
            return
        outcome, message = self.run(message, text)
        self.complete(message, outcome)

    def run(self, message: ReceivedMessage, text: str) -> tuple[Outcome, ReceivedMessage]:
        """Invoke the function, renewing the lease at half time for as long as it runs."""
        future = self.invoker.start(self.function, TypedData(string=text), trigger_metadata(message, text))
        while not is_done(future, self.visibility_seconds / 2):
            receipt = self.queue.hide(message, self.visibility_seconds)
            if receipt is None:
                log.warning("The lease of message %s is lost: it may run twice", message.message_id)
                break
            message = replace(message, pop_receipt=receipt)
        return future.result(), message

    def complete(self, message: ReceivedMessage, outcome: Outcome) -> None:
        if outcome.failure is None:
            self.queue.delete(message)
        elif self.poison_queue_name is None:
            # Left invisible until the lease ends, so that a failing poison handler does not spin.
            log.warning("Message %s failed in poison queue %s and stays invisible", message.message_id, self.queue_name)
        elif message.dequeue_count >= self.settings.max_dequeue_count:
            self.poison(message, f"it failed {message.dequeue_count} times")
        else:
            self.queue.hide(message, self.settings.visibility_timeout_seconds)

    def poison(self, message: ReceivedMessage, why: str) -> None:
        """Copy the text as it is to the poison queue, then delete the original."""
        name = self.poison_queue_name
        if name is None:
            log.warning("Message %s in %s stays invisible: %s", message.message_id, self.queue_name, why)
            return
        log.warning("Message %s moves from %s to %s: %s", message.message_id, self.queue_name, name, why)
        self.open_queue(name).send(message.text)
        self.queue.delete(message)
        self.wake(name)


def is_done(future: Future[Outcome], seconds: float) -> bool:
    return bool(wait([future], timeout=seconds).done)


def trigger_metadata(message: ReceivedMessage, text: str) -> dict[str, TypedData]:
    """Typed as the host's GrpcMessageConversionExtensions types them: strings as strings, the rest as JSON."""
    return {
        "QueueTrigger": TypedData(string=text),
        "Id": TypedData(string=message.message_id),
        "PopReceipt": TypedData(string=message.pop_receipt),
        "DequeueCount": TypedData(json=json.dumps(message.dequeue_count)),
        "InsertionTime": moment(message.inserted_at),
        "ExpirationTime": moment(message.expires_at),
        "NextVisibleTime": moment(message.visible_at),
    }


def moment(value: datetime) -> TypedData:
    return TypedData(json=json.dumps(value.isoformat()))
