"""The host's admin API: status, ping, and running a function that no HTTP request triggers."""

from __future__ import annotations

import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from local.host.bindings import HttpTrigger, QueueTrigger, TimerTrigger
from local.host.event_grid import event_metadata
from local.host.http_messages import Response
from local.host.protocol import TypedData
from local.host.queue_processing import trigger_metadata
from local.host.storage_message import ReceivedMessage
from local.host.timers import timer_data

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.host.bindings import Function
    from local.host.http_messages import Request
    from local.host.invocations import Invoker
    from local.host.keys import Keys
    from local.host.timer_status import TimerStatus

FUNCTIONS_PREFIX = "/admin/functions/"
MESSAGE_DAYS = 7


class AdminApi:
    """Everything under `/admin`; all of it but ping wants the master key."""

    def __init__(
        self,
        functions: Mapping[str, Function],
        keys: Keys,
        invoker: Invoker,
        timer_status: Callable[[str], TimerStatus | None],
    ) -> None:
        self.functions = functions
        self.keys = keys
        self.invoker = invoker
        self.timer_status = timer_status
        self.started = time.monotonic()

    def answer(self, request: Request) -> Response:
        path = request.path.rstrip("/")
        if path.lower() == "/admin/host/ping":
            return Response(200)
        if not self.keys.is_master(request.key):
            return Response(401)
        if path.lower() == "/admin/host/status" and request.method == "GET":
            return Response.json(200, json.dumps(self.status()))
        if path.lower().startswith(FUNCTIONS_PREFIX) and request.method == "POST":
            return self.run(path[len(FUNCTIONS_PREFIX) :], request)
        return Response(404)

    def status(self) -> dict[str, object]:
        return {
            "id": "local",
            "state": "Running",
            "version": "local",
            "processUptime": round((time.monotonic() - self.started) * 1000),
            "running": len(self.invoker.running),
        }

    def run(self, name: str, request: Request) -> Response:
        """Run in the background as the real host does; `?wait=true` is ours, and answers how it went."""
        function = next((one for key, one in self.functions.items() if key.lower() == name.lower()), None)
        if function is None:
            return Response(404)
        try:
            given = json.loads(request.body)["input"]
        except (ValueError, KeyError, TypeError):
            return Response.text(400, 'the body must be {"input": "..."}')
        if isinstance(function.trigger, HttpTrigger):
            return Response.text(400, "an HTTP function is called at its route")
        value, metadata = self.inputs(function, given if isinstance(given, str) else json.dumps(given))
        future = self.invoker.start(function, value, metadata)
        if (request.parameter("wait") or "").lower() != "true":
            return Response(202)
        failure = future.result().failure
        return Response(200) if failure is None else Response.text(500, failure.message)

    def inputs(self, function: Function, text: str) -> tuple[TypedData, dict[str, TypedData]]:
        """What the trigger would have given the function."""
        if isinstance(function.trigger, QueueTrigger):
            return TypedData(string=text), trigger_metadata(invented_message(text), text)
        if isinstance(function.trigger, TimerTrigger):
            return timer_data(self.timer_status(function.name), past_due=False), {}
        return TypedData(json=text), event_metadata(json.loads(text))


def invented_message(text: str) -> ReceivedMessage:
    now = datetime.now(UTC)
    return ReceivedMessage(str(uuid.uuid4()), "", 1, text, now, now + timedelta(days=MESSAGE_DAYS), now)
