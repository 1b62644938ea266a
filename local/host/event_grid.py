"""The Event Grid webhook, `/runtime/webhooks/eventgrid`, after WebJobs' EventGridExtensionConfigProvider."""

from __future__ import annotations

import json
import re
from concurrent.futures import wait
from typing import TYPE_CHECKING, Any

from local.host.http_messages import Response
from local.host.protocol import TypedData

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.host.bindings import Function
    from local.host.http_messages import Request
    from local.host.invocations import Invoker
    from local.host.keys import Keys
    from local.host.settings import AppSettings

EXTENSION = "eventgrid"
VERBS = frozenset({"GET", "PUT", "POST", "DELETE", "OPTIONS"})
ORIGIN = re.compile(r"eventgrid\.azure\.(net|us|cn|eaglex\.ic\.gov|microsoft\.scloud)")
DEFAULT_ORIGIN = "eventgrid.azure.net"


class EventGridWebhook:
    """Handshakes, and deliveries: one invocation per event, all at the same time."""

    def __init__(self, functions: Mapping[str, Function], keys: Keys, settings: AppSettings, invoker: Invoker) -> None:
        self.functions = functions
        self.keys = keys
        self.settings = settings
        self.invoker = invoker

    def answer(self, extension: str, request: Request) -> Response:
        """The key is asked for first, in handshakes too; then the function is looked up."""
        if extension.lower() != EXTENSION or request.method not in VERBS or not self.functions:
            return Response(404)
        if not self.keys.opens_event_grid(request.key):
            return Response(401)
        name = request.parameter("functionName")
        function = self.functions.get(name or "")
        if function is None or self.settings.is_disabled(function.name):
            return Response.text(404, f"cannot find function: '{name or ''}'")
        if request.method == "OPTIONS":
            return allow_origin(request)
        return self.deliver(function, request)

    def deliver(self, function: Function, request: Request) -> Response:
        kind = request.headers.get("aeg-event-type", "").lower()
        if kind == "unsubscribe":
            return Response(202)
        if kind not in {"subscriptionvalidation", "notification"}:
            return Response(400)
        try:
            document = json.loads(request.body)
        except ValueError:
            # The extension lets the exception pass, and the host answers for it.
            return Response(500)
        return validate(document) if kind == "subscriptionvalidation" else self.notify(function, document)

    def notify(self, function: Function, document: Any) -> Response:
        """202 when every event succeeded; else 500, and Event Grid delivers the whole batch again."""
        events = document if isinstance(document, list) else [document]
        futures = [self.invoker.start(function, event_data(event), event_metadata(event)) for event in events]
        wait(futures)
        if any(future.result().failure is not None for future in futures):
            # What was raised is in the log, and not told to Event Grid.
            return Response.text(500, f"Exception while executing function: Functions.{function.name}")
        return Response(202)


def allow_origin(request: Request) -> Response:
    """CloudEvents abuse protection: the origin that asks may deliver, if it is one of Azure's."""
    asked = request.headers.get("webhook-request-origin", "")
    origin = asked if ORIGIN.fullmatch(asked) else DEFAULT_ORIGIN
    return Response(200, b"", (("Webhook-Allowed-Origin", origin),))


def validate(document: Any) -> Response:
    """Event Grid's own handshake: hand the validation code back."""
    try:
        # In an array the data is an object; a lone event carries it as JSON inside a string.
        data = document[0]["data"] if isinstance(document, list) else json.loads(document["data"])
        code = data["validationCode"]
    except (KeyError, IndexError, TypeError, ValueError):
        return Response(400)
    return Response.json(200, json.dumps({"validationResponse": code}, separators=(",", ":")))


def event_data(event: Any) -> TypedData:
    return TypedData(json=json.dumps(event))


def event_metadata(event: Any) -> dict[str, TypedData]:
    data = event.get("data") if isinstance(event, dict) else None
    return {"data": TypedData(json=json.dumps(data))}
