"""The Event Grid webhook: handshakes, deliveries, keys."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from .samples import Web


def event(subject: str = "fine") -> dict[str, Any]:
    return {
        "id": uuid.uuid4().hex,
        "topic": "/topic",
        "subject": subject,
        "eventType": "Some.Event",
        "eventTime": "2026-11-22T10:00:00.1234567Z",
        "data": {"at": "2026-11-22T10:00:00.1234567Z"},
        "dataVersion": "1.0",
        "metadataVersion": "1",
    }


def cloud_event() -> dict[str, Any]:
    return {"specversion": "1.0", "id": uuid.uuid4().hex, "source": "/topic", "type": "Some.Event", "data": {"n": 1}}


def call(web: Web, query: str, method: str = "POST", **arguments: Any) -> requests.Response:
    return requests.request(method, f"{web.host.url}/runtime/webhooks/{query}", timeout=10, **arguments)


def key(web: Web) -> str:
    return web.host.keys.systemKeys["eventgrid_extension"]


def test_every_event_of_a_batch_is_one_invocation(web: Web) -> None:
    events = [event() for _ in range(5)]

    assert web.host.post_events("on_event", events).status_code == 202

    for one in events:
        (line,) = web.record.lines("on_event", id=one["id"])
        assert (line["kind"], line["body"]) == ("EventGridEvent", one["data"])


def test_a_lone_event_and_a_cloud_event_are_taken_too(web: Web) -> None:
    lone, cloud = event(), cloud_event()

    assert web.host.post_events("on_event", lone).status_code == 202
    assert web.host.post_events("on_event", [cloud]).status_code == 202

    assert len(web.record.lines("on_event", id=lone["id"], kind="EventGridEvent")) == 1
    assert len(web.record.lines("on_event", id=cloud["id"], kind="CloudEvent")) == 1


def test_one_failing_event_fails_the_batch_but_not_the_other_events(web: Web) -> None:
    good, bad, also_good = event(), event("fail"), event()

    response = web.host.post_events("on_event", [good, bad, also_good])

    assert response.status_code == 500
    assert response.text == "Exception while executing function: Functions.on_event"
    assert all(len(web.record.lines("on_event", id=one["id"])) == 1 for one in (good, bad, also_good))


@pytest.mark.parametrize("as_array", [True, False])
def test_the_validation_handshake_hands_the_code_back(web: Web, *, as_array: bool) -> None:
    data = {"validationCode": "512d38b6"}
    # A lone event carries its data as JSON inside a string.
    document = [{"data": data}] if as_array else {"data": json.dumps(data)}

    response = web.host.post_events("on_event", document, kind="SubscriptionValidation")

    assert (response.status_code, response.json()) == (200, {"validationResponse": "512d38b6"})


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        ("eventgrid.azure.us", "eventgrid.azure.us"),
        ("evil.example", "eventgrid.azure.net"),
        (None, "eventgrid.azure.net"),
    ],
)
def test_the_cloud_events_handshake_allows_azure(web: Web, asked: str | None, allowed: str) -> None:
    headers = {"WebHook-Request-Origin": asked} if asked else {}

    response = requests.options(web.host.event_grid_url("on_event"), headers=headers, timeout=10)

    assert (response.status_code, response.headers["Webhook-Allowed-Origin"]) == (200, allowed)


@pytest.mark.parametrize("method", ["POST", "OPTIONS"])
@pytest.mark.parametrize("given", ["", "&code=wrong", "&code={default}", "&code={on_event}"])
def test_only_the_system_key_and_the_master_key_open_the_webhook(web: Web, method: str, given: str) -> None:
    keys = web.host.keys
    code = given.format(default=keys.default, on_event=keys.functions["on_event"])

    assert call(web, f"eventgrid?functionName=on_event{code}", method).status_code == 401


@pytest.mark.parametrize(
    ("query", "kind", "status"),
    [
        ("EventGrid?functionName=on_event", "Notification", 202),
        ("eventgrid?functionName=on_event", "notification", 202),
        ("eventgrid?functionName=on_event", "Unsubscribe", 202),
        ("eventgrid?functionName=on_event", "Something", 400),
        ("eventgrid?functionName=on_event", "", 400),
        ("eventgrid?functionName=ON_EVENT", "Notification", 404),
        ("eventgrid?functionName=echo", "Notification", 404),
        ("eventgrid?", "Notification", 404),
        ("servicebus?functionName=on_event", "Notification", 404),
    ],
)
def test_the_webhook_answers_by_name_and_kind(web: Web, query: str, kind: str, status: int) -> None:
    headers = {"x-functions-key": key(web), **({"aeg-event-type": kind} if kind else {})}

    response = call(web, query, headers=headers, json=[event()])

    assert response.status_code == status
    if "eventgrid" in query and status == 404:
        assert response.text.startswith("cannot find function: '")


def test_a_body_that_is_not_json_fails_and_is_delivered_again(web: Web) -> None:
    headers = {"aeg-event-type": "Notification"}

    response = requests.post(web.host.event_grid_url("on_event"), data=b"{", headers=headers, timeout=10)

    assert response.status_code == 500
