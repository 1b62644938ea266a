"""The routes by which an operator drives stuck work on, hands events in, and compares rows with blobs."""

import json
import typing
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus

import azure.functions as func

from functions.bindings import answer, to_messages
from functions.http_recordings import id_of
from shared.api.http_replies import Reply, json_reply
from shared.control.list_recordings import time_filter
from shared.domain.errors import CatalogUnavailable, InvalidRequest
from shared.domain.json_fields import Json
from shared.domain.models import Messages
from shared.domain.units import Run, as_interruption
from shared.pipeline.consistency import parse_day
from shared.pipeline.ingest import merged
from shared.services import Services
from shared.settings import DELETION_QUEUE, RUNTIME_CONNECTION, TRANSFER_QUEUE

EVENT_BYTES_MAX = 1024 * 1024  # Event Grid's own limit


def blueprint(services: Services) -> func.Blueprint:
    bp = func.Blueprint()

    @bp.function_name("check_consistency")
    @bp.route("consistency", methods=["GET"])
    def check_consistency(req: func.HttpRequest) -> func.HttpResponse:
        return answer(services, req, lambda: compared(services, req))

    @bp.function_name("replay_recording")
    @bp.route("recordings/{id}/replay", methods=["POST"])
    @bp.queue_output(arg_name="transfers", queue_name=TRANSFER_QUEUE, connection=RUNTIME_CONNECTION)
    @bp.queue_output(arg_name="deletions", queue_name=DELETION_QUEUE, connection=RUNTIME_CONNECTION)
    def replay_recording(
        req: func.HttpRequest, transfers: func.Out[typing.List[str]], deletions: func.Out[typing.List[str]]
    ) -> func.HttpResponse:
        return answer(services, req, lambda: sent(services.replay.recording(id_of(req)), transfers, deletions))

    @bp.function_name("replay_failed")
    @bp.route("replay", methods=["POST"])
    @bp.queue_output(arg_name="transfers", queue_name=TRANSFER_QUEUE, connection=RUNTIME_CONNECTION)
    @bp.queue_output(arg_name="deletions", queue_name=DELETION_QUEUE, connection=RUNTIME_CONNECTION)
    def replay_failed(
        req: func.HttpRequest, transfers: func.Out[typing.List[str]], deletions: func.Out[typing.List[str]]
    ) -> func.HttpResponse:
        return answer(services, req, lambda: sent(replayed_since(services, req), transfers, deletions))

    @bp.function_name("ingest_event")
    @bp.route("events", methods=["POST"])
    @bp.queue_output(arg_name="transfers", queue_name=TRANSFER_QUEUE, connection=RUNTIME_CONNECTION)
    @bp.queue_output(arg_name="deletions", queue_name=DELETION_QUEUE, connection=RUNTIME_CONNECTION)
    def ingest_event(
        req: func.HttpRequest, transfers: func.Out[typing.List[str]], deletions: func.Out[typing.List[str]]
    ) -> func.HttpResponse:
        return answer(services, req, lambda: handed_in(services, documents(req.get_body()), transfers, deletions))

    return bp


def sent(messages: Messages, transfers: func.Out[typing.List[str]], deletions: func.Out[typing.List[str]]) -> Reply:
    """Have the host send what is to be sent, and say how much that is."""
    transfers.set(to_messages(messages.transfers))
    deletions.set(to_messages(messages.deletions))
    view = {"transfers": len(messages.transfers), "deletions": len(messages.deletions)}
    return json_reply(view, HTTPStatus.ACCEPTED)


def compared(services: Services, req: func.HttpRequest) -> Reply:
    report = services.consistency.check(parse_day(req.params.get("day")), req.params.get("continuation"))
    return json_reply(report.view())


def replayed_since(services: Services, req: func.HttpRequest) -> Messages:
    """Raises: InvalidRequest without a time."""
    since = time_filter(req.params, "since")
    if since is None:
        raise InvalidRequest("since: say from when on failed recordings are to be replayed.")
    return services.replay.since(since)


def handed_in(
    services: Services,
    events: list[Json],
    transfers: func.Out[typing.List[str]],
    deletions: func.Out[typing.List[str]],
) -> Reply:
    """Take in every event, whatever becomes of the others; the messages of those that could be are sent in any case.

    Raises:
        CatalogUnavailable: some could not be taken in just now.
    """
    run = Run("events")
    messages = [run.attempt(partial(services.ingest.ingest, event), as_interruption) for event in events]
    reply = sent(merged(messages), transfers, deletions)
    if run.interruptions:
        raise CatalogUnavailable(
            f"{len(run.interruptions)} of {len(events)} events could not be taken in just now: {run.interruptions[0]}"
            " Hand all of them in again; those that were taken in stay as they are."
        )
    return reply


def documents(body: bytes) -> list[Json]:
    """One event or an array of them.

    Raises:
        InvalidRequest: it is something else.
    """
    if len(body) > EVENT_BYTES_MAX:
        raise InvalidRequest(f"The body has {len(body)} bytes; {EVENT_BYTES_MAX} are allowed.")
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"The body is not JSON: {error}.") from error
    listed = parsed if isinstance(parsed, list) else [parsed]
    if not listed or not all(isinstance(item, Mapping) for item in listed):
        raise InvalidRequest("The body must be an event, or an array of events.")
    return listed
