"""What the real Event Grid webhook answers, and for which events the function runs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

FUNCTION = "Single"


@dataclass(frozen=True)
class Answered:
    """A request and its answer."""

    body: str
    kind: str | None = "Notification"
    """The header `aeg-event-type`."""
    function: str | None = FUNCTION
    method: str = "POST"
    status: int = 202
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    ran: tuple[str, ...] = ()


def event(event_id: str, *, fails: bool = False) -> dict[str, Any]:
    return {
        "id": event_id,
        "topic": "/t",
        "subject": "fail" if fails else "fine",
        "eventType": "Some.Event",
        "eventTime": "2026-11-25T10:00:00Z",
        "dataVersion": "1.0",
        "data": {},
    }


def cloud_event(event_id: str) -> dict[str, Any]:
    return {"specversion": "1.0", "id": event_id, "source": "/t", "type": "Some.Event", "data": {}}


def handshake(code: str) -> str:
    return json.dumps([event("handshake") | {"data": {"validationCode": code}}])


# The name that the extension gives a function is the class's in .NET, and `Functions` before all others.
FAILED = f"Exception while executing function: Functions.{FUNCTION}"

ANSWERED = {
    "a handshake": Answered(
        handshake("code-1"), "SubscriptionValidation", status=200, text='{"validationResponse":"code-1"}'
    ),
    "one event": Answered(json.dumps([event("1")]), ran=("1",)),
    "one event without an array": Answered(json.dumps(event("2")), ran=("2",)),
    "three events": Answered(json.dumps([event(name) for name in "345"]), ran=("3", "4", "5")),
    "one of three fails": Answered(
        json.dumps([event("6"), event("7", fails=True), event("8")]), status=500, text=FAILED, ran=("6", "7", "8")
    ),
    "the only one fails": Answered(json.dumps([event("9", fails=True)]), status=500, text=FAILED, ran=("9",)),
    "a cloud event": Answered(json.dumps(cloud_event("10")), ran=("10",)),
    "two cloud events": Answered(json.dumps([cloud_event("11"), cloud_event("12")]), ran=("11", "12")),
    "no event type": Answered(json.dumps([event("13")]), None, status=400),
    "an unknown event type": Answered(json.dumps([event("14")]), "Something", status=400),
    "unsubscribe": Answered(json.dumps([event("15")]), "Unsubscribe"),
    "an unknown function": Answered(
        json.dumps([event("16")]), function="Nope", status=404, text="cannot find function: 'Nope'"
    ),
    "no function": Answered(json.dumps([event("17")]), function=None, status=404, text="cannot find function: ''"),
    # The extension lets the parser's exception pass; for what an extension raises the host answers 500.
    "not JSON": Answered("{not json", status=500),
    "no events": Answered("[]"),
    "options": Answered(
        "", None, method="OPTIONS", status=200, headers={"Webhook-Allowed-Origin": "eventgrid.azure.net"}
    ),
}
