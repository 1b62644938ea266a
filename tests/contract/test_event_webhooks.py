"""The listener of the client and the webhooks of its examples, each run for real: all take events in the same way."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
import requests
from fastapi import FastAPI
from flask import Flask

from acsrec.webhook import Webhook
from examples import fastapi_webhook, flask_webhook
from examples.inbox import Inbox

SECRET = "s3cret & more"
BATCH = "application/cloudevents-batch+json; charset=utf-8"
SINGLE = "application/cloudevents+json; charset=utf-8"
ORIGIN = "eventgrid.azure.net"

type Headers = Mapping[str, str]
type Answer = tuple[int, httpx.Headers]


class EventWebhook(Protocol):
    """A webhook under test."""

    def send(self, method: str, headers: Headers, body: bytes = b"", secret: str = SECRET) -> Answer: ...

    def ids(self) -> list[str]: ...


class Listener:
    """`acsrec.webhook`, which wants no secret."""

    def __init__(self, webhook: Webhook) -> None:
        self.webhook = webhook

    def send(self, method: str, headers: Headers, body: bytes = b"", secret: str = SECRET) -> Answer:
        answer = requests.request(
            method, self.webhook.url, params={"secret": secret}, headers=headers, data=body, timeout=5
        )
        return answer.status_code, httpx.Headers(list(answer.headers.items()))

    def ids(self) -> list[str]:
        return [event["id"] for event in self.webhook.taken]


class FlaskWebhook:
    def __init__(self, app: Flask, inbox: Inbox) -> None:
        self.app = app
        self.inbox = inbox

    def send(self, method: str, headers: Headers, body: bytes = b"", secret: str = SECRET) -> Answer:
        answer = self.app.test_client().open(
            "/events", method=method, query_string={"secret": secret}, headers=dict(headers), data=body
        )
        return answer.status_code, httpx.Headers(list(answer.headers.items()))

    def ids(self) -> list[str]:
        return [event["id"] for event in self.inbox.waiting()]


class FastApiWebhook:
    def __init__(self, app: FastAPI, inbox: Inbox) -> None:
        self.app = app
        self.inbox = inbox

    def send(self, method: str, headers: Headers, body: bytes = b"", secret: str = SECRET) -> Answer:
        async def sent() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://webhook") as client:
                return await client.request(
                    method, "/events", params={"secret": secret}, headers=dict(headers), content=body
                )

        answer = asyncio.run(sent())
        return answer.status_code, httpx.Headers(list(answer.headers.items()))

    def ids(self) -> list[str]:
        return [event["id"] for event in self.inbox.waiting()]


def flask_example(inbox: Path) -> FlaskWebhook:
    return FlaskWebhook(flask_webhook.create_app(settings(inbox)), Inbox(inbox))


def fastapi_example(inbox: Path) -> FastApiWebhook:
    return FastApiWebhook(fastapi_webhook.create_app(settings(inbox)), Inbox(inbox))


def settings(inbox: Path, secret: str = SECRET) -> dict[str, str]:
    return {"WEBHOOK_SECRET": secret, "INBOX": str(inbox)}


EXAMPLES: Mapping[str, Callable[[Path], EventWebhook]] = {"flask": flask_example, "fastapi": fastapi_example}


@pytest.fixture(params=["listener", *EXAMPLES])
def webhook(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EventWebhook]:
    if request.param in EXAMPLES:
        yield EXAMPLES[request.param](tmp_path / "inbox.db")
    else:
        with Webhook(0) as listening:
            yield Listener(listening)


@pytest.fixture(params=list(EXAMPLES))
def example(request: pytest.FixtureRequest, tmp_path: Path) -> EventWebhook:
    """One of those that are told to the world, and want a secret."""
    return EXAMPLES[request.param](tmp_path / "inbox.db")


def an_event(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "type": "CallRecording.Stored",
        "source": "/call-recording/recorder",
        "id": f"6f1c2d3e/Stored:0-wus-d4-{number}:1",
        "time": f"2026-11-27T03:04:{number:02}.000Z",
        "data": {"id": "6f1c2d3e", "tags": {"case": "Müller"}},
        **fields,
    }


def deliver(webhook: EventWebhook, document: object, kind: str = SINGLE, secret: str = SECRET) -> int:
    status, _ = webhook.send("POST", {"Content-Type": kind}, json.dumps(document).encode(), secret)
    return status


def test_the_handshake_allows_the_origin_that_asks(webhook: EventWebhook) -> None:
    status, headers = webhook.send("OPTIONS", {"WebHook-Request-Origin": ORIGIN, "WebHook-Request-Rate": "120"})

    assert (status, headers["WebHook-Allowed-Origin"], headers["WebHook-Allowed-Rate"]) == (200, ORIGIN, "*")


def test_one_event_is_taken(webhook: EventWebhook) -> None:
    assert deliver(webhook, an_event(1)) == 200
    assert webhook.ids() == [an_event(1)["id"]]


def test_a_batch_is_taken(webhook: EventWebhook) -> None:
    assert deliver(webhook, [an_event(1), an_event(2)], BATCH) == 200
    assert webhook.ids() == [an_event(1)["id"], an_event(2)["id"]]


def test_an_event_that_comes_again_is_accepted_and_taken_once(webhook: EventWebhook) -> None:
    statuses = [deliver(webhook, an_event(1)), deliver(webhook, [an_event(1), an_event(1)], BATCH)]

    assert (statuses, len(webhook.ids())) == ([200, 200], 1)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"7", b"{}", b"[7]", b'{"id": 7, "type": "x"}'])
def test_what_is_no_event_is_refused_once_and_for_all(webhook: EventWebhook, body: bytes) -> None:
    """Event Grid repeats nothing after 400."""
    status, _ = webhook.send("POST", {"Content-Type": SINGLE}, body)

    assert (status, webhook.ids()) == (400, [])


@pytest.mark.parametrize("secret", ["", "wrong", "s3cret", "s3crét"])
def test_without_the_secret_nothing_is_taken_and_nobody_is_allowed(example: EventWebhook, secret: str) -> None:
    asked, headers = example.send("OPTIONS", {"WebHook-Request-Origin": ORIGIN}, secret=secret)

    assert (asked, deliver(example, an_event(1), secret=secret), example.ids()) == (401, 401, [])
    assert "WebHook-Allowed-Origin" not in headers


@pytest.mark.parametrize("create_app", [flask_webhook.create_app, fastapi_webhook.create_app])
def test_an_empty_secret_lets_nobody_in(create_app: Any, tmp_path: Path) -> None:
    app = create_app(settings(tmp_path / "inbox.db", secret=""))
    kind = FlaskWebhook if isinstance(app, Flask) else FastApiWebhook

    assert deliver(kind(app, Inbox(tmp_path / "inbox.db")), an_event(1), secret="") == 401


def test_what_was_answered_with_200_is_there_after_a_restart(example: EventWebhook, tmp_path: Path) -> None:
    deliver(example, an_event(1))

    assert Inbox(tmp_path / "inbox.db").waiting() == [an_event(1)]
