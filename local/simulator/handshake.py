"""The handshake with which Event Grid makes sure that a webhook wants its events."""

import json
import uuid
from datetime import UTC, datetime

from local.simulator.clock import wire_time
from local.simulator.posting import Posted, post
from local.simulator.views import ValidationView

EVENT_TYPE = "Microsoft.EventGrid.SubscriptionValidationEvent"
ORIGIN = "eventgrid.azure.net"


def validate_subscription(endpoint: str, schema: str, topic: str, timeout_seconds: float) -> ValidationView:
    """Shake hands with a subscriber in the way of one schema, and say what it answered."""
    code = str(uuid.uuid4())
    if schema == "CloudEvents":
        headers = {"WebHook-Request-Origin": ORIGIN}
        posted = post(endpoint, b"", headers, timeout_seconds, method="OPTIONS")
        valid = posted.accepted and header(posted, "webhook-allowed-origin") in {ORIGIN, "*"}
    else:
        headers = {"Content-Type": "application/json; charset=utf-8", "aeg-event-type": "SubscriptionValidation"}
        posted = post(endpoint, json.dumps([validation_event(code, topic)]).encode(), headers, timeout_seconds)
        valid = posted.accepted and validation_response(posted.body) == code
    answer = posted.failure or posted.body.decode(errors="replace")
    return ValidationView(schema=schema, status=posted.status, valid=valid, answer=answer)


def validation_event(code: str, topic: str) -> dict[str, object]:
    return {
        "id": str(uuid.uuid4()),
        "topic": topic,
        "subject": "",
        "data": {
            "validationCode": code,
            "validationUrl": f"https://rp-local.eventgrid.azure.net/eventsubscriptions/recordings/validate?id={code}",
        },
        "eventType": EVENT_TYPE,
        "eventTime": wire_time(datetime.now(UTC)),
        "metadataVersion": "1",
        "dataVersion": "2",
    }


def header(posted: Posted, name: str) -> str | None:
    return next((value for key, value in posted.headers if key.lower() == name), None)


def validation_response(body: bytes) -> str | None:
    try:
        document = json.loads(body)
    except ValueError:
        return None
    return document.get("validationResponse") if isinstance(document, dict) else None
