"""The topic: a custom topic of Event Grid, which takes CloudEvents with a token of the app's identity.

One request, no repetition, no redirect: what was not taken the sweep sends again.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError, HttpResponseError, ServiceRequestError, ServiceResponseError
from azure.core.messaging import CloudEvent
from azure.eventgrid import EventGridPublisherClient

from shared.domain.durations import TOPIC_CONNECT_SECONDS, TOPIC_READ_SECONDS
from shared.domain.errors import EventsRefused, TopicUnavailable
from shared.domain.recording_event import CloudEventView

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

CHECK_ROLE = (
    "Check that the app's identity has the role EventGrid Data Sender on the topic; a new assignment takes some"
    " minutes."
)
# Of each request: the SDK's client drops what its constructor is given. Typed loosely, as **kwargs are.
OPTIONS: dict[str, Any] = {
    "connection_timeout": TOPIC_CONNECT_SECONDS,
    "read_timeout": TOPIC_READ_SECONDS,
    "retry_total": 0,
    "permit_redirects": False,
}


# It takes such options for attributes of each event as well, and would warn of each that it leaves them out.
logging.getLogger("azure.eventgrid._legacy._generated._serialization").setLevel(logging.ERROR)


class GridEventTopic:
    """The port `EventTopic`.

    Args:
        endpoint: the topic's address.
        credential: of the app's identity; raises TopicUnavailable when it gets no token.
    """

    def __init__(self, endpoint: str, credential: "TokenCredential") -> None:
        self.client = EventGridPublisherClient(endpoint, credential)

    def send(self, events: Sequence[CloudEventView]) -> None:
        try:
            self.client.send([to_sdk(event) for event in events], **OPTIONS)
        except HttpResponseError as error:
            raise refused(error.status_code) from error
        except (ServiceRequestError, ServiceResponseError) as error:
            raise TopicUnavailable(f"Event Grid did not answer: {type(error).__name__}.") from error
        except AzureError as error:
            raise TopicUnavailable(f"The event was not sent: {type(error).__name__}.") from error


def refused(status: int | None) -> TopicUnavailable:
    """The error for an answer of Event Grid's. Its text is not repeated: it may name what was sent."""
    if status in {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}:
        return EventsRefused(f"Event Grid answered {status}: the request is too long, or one of its events is refused.")
    advice = f" {CHECK_ROLE}" if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN} else ""
    return TopicUnavailable(f"Event Grid answered {status}.{advice}")


def to_sdk(event: CloudEventView) -> CloudEvent[dict[str, Any]]:
    return CloudEvent(
        type=event.type.value,
        source=event.source,
        id=event.id,
        subject=event.subject,
        time=datetime.fromisoformat(event.time),
        dataschema=event.dataschema,
        datacontenttype=event.datacontenttype,
        data=event.data,
    )
