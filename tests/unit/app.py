"""The app's functions as plain functions, as the worker calls them."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import azure.functions as func

from functions import create_app
from tests.builders import Event, start_body
from tests.fakes import Cloud
from tests.unit.documented import check_reply

type Sent = list[dict[str, str]]


class Output(func.Out[list[str]]):
    """An output binding; the host sends what was set."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def set(self, val: list[str]) -> None:
        self.messages = val

    def get(self) -> list[str]:
        return self.messages

    @property
    def sent(self) -> Sent:
        return [json.loads(message) for message in self.messages]


class App:
    """The functions of the app by name, as plain functions."""

    def __init__(self, cloud: Cloud) -> None:
        self.indexed = create_app(cloud.services).get_functions()
        self.functions: dict[str, Callable[..., Any]] = {
            str(function.get_function_name()): function.get_user_function() for function in self.indexed
        }
        self.transfers = Output()
        self.deletions = Output()

    def http(
        self, name: str, body: bytes = b"", *, outputs: bool = False, host: str = "localhost", **request: dict[str, str]
    ) -> Any:
        """(status, parsed body, headers) of a request."""
        params = request.get("params", {})
        asked = func.HttpRequest(
            method="POST",
            url=f"http://{host}/api/path?{urlencode({'code': 'secret', **params})}",
            headers=request.get("headers", {}),
            params={name: value for name, value in params.items() if value},  # the platform leaves out what is blank
            route_params=request.get("route", {}),
            body=body,
        )
        arguments = (self.transfers, self.deletions) if outputs else ()
        reply: func.HttpResponse = self.functions[name](asked, *arguments)
        check_reply(name, reply)
        return reply.status_code, json.loads(reply.get_body() or b"null"), dict(reply.headers)

    def start(self, **fields: object) -> str:
        """A started recording's id."""
        _, recording, _ = self.http("start_recording", start_body(**fields))
        return str(recording["id"])

    def event(self, document: Event) -> Sent:
        self.functions["recording_file_ready"](grid_event(document), self.transfers)
        return self.transfers.sent

    def queue(self, name: str, message: dict[str, str] | bytes) -> None:
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        outputs = {"chunk_transfer": (self.transfers, self.deletions), "chunk_deletion": (self.transfers,)}
        self.functions[name](func.QueueMessage(id="1", body=body), *outputs.get(name, ()))


def grid_event(document: Event) -> func.EventGridEvent | func.CloudEvent:
    if "specversion" in document:
        return func.CloudEvent(
            id=document["id"],
            source=document["source"],
            type=document["type"],
            subject=document["subject"],
            time=datetime.fromisoformat(document["time"]),
            data=document["data"],
            specversion="1.0",
        )
    return func.EventGridEvent(
        id=document["id"],
        data=document["data"],
        topic=document["topic"],
        subject=document["subject"],
        event_type=document["eventType"],
        event_time=datetime.fromisoformat(document["eventTime"]) if document["eventTime"] else None,
        data_version=document["dataVersion"],
    )
