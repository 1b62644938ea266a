"""Queue output bindings: what a function set on its `func.Out` parameters goes to the queues."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local.host.encoding import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.host.bindings import Function
    from local.host.connections import Connections
    from local.host.protocol import TypedData
    from local.host.settings import AppSettings


class QueueSender:
    """Sends the queue outputs of finished functions, and wakes the listeners of the queues it sent to."""

    def __init__(
        self, connections: Connections, settings: AppSettings, *, base64: bool, wake: Callable[[str], None]
    ) -> None:
        self.connections = connections
        self.settings = settings
        self.base64 = base64
        self.wake = wake

    def send(self, function: Function, outputs: Mapping[str, TypedData]) -> None:
        """Send every message, one after the other as the host's collector does; the first failure ends it."""
        for binding in function.queue_outputs:
            if binding.parameter not in outputs:
                continue
            queue_name = self.settings.expand(binding.queue_name)
            queue = self.connections.queue(binding.connection, queue_name)
            for text in message_texts(outputs[binding.parameter]):
                queue.send(encode(text, base64_encoded=self.base64))
            self.wake(queue_name)


def message_texts(output: TypedData) -> list[str]:
    """One text per message: a JSON array has one per element, anything else is one message."""
    if output.kind == "bytes":
        return [bytes(output.value).decode()]
    if output.kind != "json":
        return [str(output.value)]
    value = json.loads(output.value)
    return [text_of(item) for item in value] if isinstance(value, list) else [text_of(value)]


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
