"""Between the platform's words and ours: requests, replies, queue messages, events."""

from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

import azure.functions as func
import msgspec

from shared.api.http_replies import Reply, answered
from shared.domain.errors import SettingsInvalid
from shared.domain.json_fields import Json
from shared.domain.log import LogEvent, log
from shared.domain.models import ChunkRef
from shared.services import Services


def answer(services: Services, request: func.HttpRequest, act: Callable[[], Reply]) -> func.HttpResponse:
    """Carry out a request; whatever goes wrong becomes a problem document, wrong settings before all else."""

    def settled() -> Reply:
        _ = services.settings
        return act()

    reply = answered(urlsplit(request.url).path, settled)
    return func.HttpResponse(
        reply.body, status_code=reply.status.value, headers=reply.headers, mimetype=reply.content_type
    )


def ready(services: Services) -> Services:
    """The services, for a trigger that nobody waits for: whatever woke it comes again while the settings are wrong.

    Raises:
        SettingsInvalid: they are, and the log says so.
    """
    try:
        _ = services.settings
    except SettingsInvalid as error:
        log(LogEvent.SETTINGS_WRONG, failure=str(error))
        raise
    return services


def to_messages(refs: Iterable[ChunkRef]) -> list[str]:
    return [msgspec.json.encode(ref).decode() for ref in refs]


def to_document(event: func.EventGridEvent | func.CloudEvent) -> Json:
    """The event as it came; the worker hands out either class, by what the document looks like."""
    if isinstance(event, func.CloudEvent):
        return {
            "specversion": "1.0",
            "id": event.id,
            "source": event.source,
            "type": event.type,
            "subject": event.subject,
            "time": event.time.isoformat() if event.time else None,
            "data": event.get_json(),
        }
    return {
        "id": event.id,
        "topic": event.topic,
        "subject": event.subject,
        "eventType": event.event_type,
        "eventTime": event.event_time.isoformat() if event.event_time else None,
        "dataVersion": event.data_version,
        "data": event.get_json(),
    }
