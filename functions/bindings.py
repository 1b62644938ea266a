"""Translate between the platform and the app: requests and replies, routes, queue messages, events."""

import typing
from collections.abc import Callable, Iterable
from uuid import UUID

import azure.functions as func
import msgspec

from shared.api.http_replies import Reply, reply_or_problem
from shared.domain.errors import RecordingNotFound, SettingsInvalid
from shared.domain.json_fields import Json
from shared.domain.log import LogEvent, log
from shared.domain.models import ChunkRef, Messages
from shared.domain.urls import split_url
from shared.services import Services
from shared.settings import DELETION_QUEUE, RUNTIME_CONNECTION, TRANSFER_QUEUE

# The worker reads these annotations: it knows typing.List and no other spelling.
Output = func.Out[typing.List[str]]


def transfers_output(bp: func.Blueprint) -> Callable[..., typing.Any]:
    """Decorator of a function that sends messages to the transfer queue: its parameter `transfers`."""
    return bp.queue_output(arg_name="transfers", queue_name=TRANSFER_QUEUE, connection=RUNTIME_CONNECTION)


def queue_outputs(bp: func.Blueprint) -> Callable[..., typing.Any]:
    """Decorator of a function that sends messages to both work queues: its parameters `transfers` and `deletions`."""
    deletions = bp.queue_output(arg_name="deletions", queue_name=DELETION_QUEUE, connection=RUNTIME_CONNECTION)
    return lambda function: transfers_output(bp)(deletions(function))


def send(messages: Messages, transfers: Output, deletions: Output) -> None:
    """Have the host send messages once the function has returned."""
    transfers.set(to_messages(messages.transfers))
    deletions.set(to_messages(messages.deletions))


def respond(services: Services, request: func.HttpRequest, act: Callable[[], Reply]) -> func.HttpResponse:
    """Carry out a request; whatever goes wrong becomes a problem document, wrong settings before all else."""

    def act_on_settings() -> Reply:
        _ = services.settings
        return act()

    reply = reply_or_problem(split_url(request.url).path, act_on_settings)  # a Host header may be anything
    return func.HttpResponse(
        reply.body, status_code=reply.status.value, headers=reply.headers, mimetype=reply.content_type
    )


def require_settings(services: Services) -> Services:
    """The services, for a trigger without a caller: what woke it comes again while the settings are wrong.

    Raises:
        SettingsInvalid: they are wrong; that is logged.
    """
    try:
        _ = services.settings
    except SettingsInvalid as error:
        log(LogEvent.SETTINGS_WRONG, failure=str(error))
        raise
    return services


def recording_id(request: func.HttpRequest) -> str:
    """Our id of the recording in the route.

    Raises:
        RecordingNotFound: it is no UUID.
    """
    try:
        return str(UUID(request.route_params["id"]))
    except ValueError as error:
        raise RecordingNotFound from error


def to_messages(refs: Iterable[ChunkRef]) -> list[str]:
    return [msgspec.json.encode(ref).decode() for ref in refs]


def to_document(event: func.EventGridEvent | func.CloudEvent) -> Json:
    """The event document; the worker hands out either class, by what the document looks like."""
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
