"""What a topic of the CloudEvents schema takes: CloudEvents 1.0 in JSON, one or a batch."""

import json
import re
from typing import Any

SINGLE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
REQUIRED = ("id", "source", "specversion", "type")
TEXTS = ("subject", "time", "dataschema", "datacontenttype")
DATA = frozenset({"data", "data_base64"})
ATTRIBUTE = re.compile(r"[a-z0-9]+")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


class NotCloudEventsError(Exception):
    """The body is not what its content type says; the message says why."""


def read_cloud_events(content_type: str, body: bytes) -> list[dict[str, Any]]:
    """The events of a body.

    Raises:
        LookupError: no content type of CloudEvents.
        NotCloudEventsError: the body is no JSON, or an event of it no CloudEvent; none is taken then.
    """
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type not in {SINGLE, BATCH}:
        raise LookupError(f"The content type must be {BATCH} or {SINGLE}.")
    try:
        document = json.loads(body)
    except ValueError as error:
        raise NotCloudEventsError(f"The body is not JSON: {error}.") from error
    if isinstance(document, list) != (media_type == BATCH):
        raise NotCloudEventsError(f"A body of {BATCH} is an array, one of {SINGLE} an object.")
    events = document if media_type == BATCH else [document]
    for event in events:
        check(event)
    return events


def check(event: Any) -> None:
    """Raises: NotCloudEventsError, with what is wrong first."""
    if not isinstance(event, dict):
        raise NotCloudEventsError("A CloudEvent is an object.")
    for name in REQUIRED:
        if not isinstance(event.get(name), str) or not event[name]:
            raise NotCloudEventsError(f"A CloudEvent requires '{name}', a text that is not empty.")
    if event["specversion"] != "1.0":
        raise NotCloudEventsError("'specversion' must be 1.0.")
    check_optional(event)


def check_optional(event: dict[str, Any]) -> None:
    """Raises: NotCloudEventsError, with what is wrong of all that may be left out."""
    for name in TEXTS:
        if not isinstance(event.get(name, ""), str):
            raise NotCloudEventsError(f"'{name}' must be a text.")
    if "time" in event and not TIME.fullmatch(event["time"]):
        raise NotCloudEventsError("'time' must be a time as RFC 3339 has it.")
    for name in event.keys() - DATA:
        if not ATTRIBUTE.fullmatch(name):
            raise NotCloudEventsError(f"'{name}' is no name of an attribute: lower-case letters and digits only.")
    if event.keys() >= DATA:
        raise NotCloudEventsError("A CloudEvent has 'data' or 'data_base64', not both.")
