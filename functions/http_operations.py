"""The routes for operators: replay what failed, hand events in, compare rows with blobs, health."""

from functools import partial
from http import HTTPStatus

import azure.functions as func

from functions.http_requests import recording_id, respond
from functions.queue_outputs import Output, queue_outputs, send
from shared.api.http_replies import Reply, json_reply
from shared.api.request_bodies import EVENT_BYTES_MAX, parse_events
from shared.api.views import DependenciesView, EventsView, HealthView, ReplayView
from shared.control.list_recordings import time_filter
from shared.domain.errors import CatalogUnavailable, InvalidRequest
from shared.domain.json_fields import Json
from shared.domain.units import Run, as_interruption
from shared.pipeline.consistency import parse_day
from shared.pipeline.queue_messages import merged
from shared.pipeline.replay import Replayed
from shared.services import Services


def blueprint(services: Services) -> func.Blueprint:
    bp = func.Blueprint()

    @bp.route("consistency", methods=["GET"])
    def check_consistency(req: func.HttpRequest) -> func.HttpResponse:
        return respond(services, req, lambda: consistency_reply(services, req))

    @bp.route("recordings/{id}/replay", methods=["POST"])
    @queue_outputs(bp)
    def replay_recording(req: func.HttpRequest, transfers: Output, deletions: Output) -> func.HttpResponse:
        return respond(services, req, lambda: replay_one(services, req, transfers, deletions))

    @bp.route("replay", methods=["POST"])
    @queue_outputs(bp)
    def replay_failed(req: func.HttpRequest, transfers: Output, deletions: Output) -> func.HttpResponse:
        return respond(services, req, lambda: replay_since(services, req, transfers, deletions))

    @bp.route("events", methods=["POST"])
    @queue_outputs(bp)
    def ingest_event(req: func.HttpRequest, transfers: Output, deletions: Output) -> func.HttpResponse:
        return respond(
            services,
            req,
            lambda: ingest(services, parse_events(req.get_body()), transfers, deletions),
            body_bytes_max=EVENT_BYTES_MAX,
        )

    @bp.route("health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
    def health(req: func.HttpRequest) -> func.HttpResponse:
        return respond(services, req, lambda: json_reply(HealthView()))

    @bp.route("health/dependencies", methods=["GET"])
    def health_dependencies(req: func.HttpRequest) -> func.HttpResponse:
        return respond(services, req, lambda: health_reply(services.health.checks()))

    return bp


def consistency_reply(services: Services, req: func.HttpRequest) -> Reply:
    report = services.consistency.check(parse_day(req.params.get("day")), req.params.get("continuation"))
    return json_reply(report)


def replay_since(services: Services, req: func.HttpRequest, transfers: Output, deletions: Output) -> Reply:
    """Raises: InvalidRequest without a time."""
    since = time_filter(req.params, "since")
    if since is None:
        raise InvalidRequest("since: say from when on failed recordings are to be replayed.")
    replayed = services.replay.since(since, req.params.get("continuation"))
    return replay_reply(replayed, transfers, deletions)


def replay_one(services: Services, req: func.HttpRequest, transfers: Output, deletions: Output) -> Reply:
    return replay_reply(services.replay.recording(recording_id(req)), transfers, deletions)


def replay_reply(replayed: Replayed, transfers: Output, deletions: Output) -> Reply:
    """Send what a replay wants sent, and answer how much that is.

    Raises:
        CatalogUnavailable: a part was not done: what was lifted is sent, and the rest waits for nobody.
    """
    messages = replayed.messages
    send(messages, transfers, deletions)
    if replayed.interruptions:
        raise CatalogUnavailable(
            f"{len(replayed.interruptions)} parts could not be replayed just now: {replayed.interruptions[0]}"
            " Send the same request again; what was sent stays as it is."
        )
    view = ReplayView(
        transfers=len(messages.transfers), deletions=len(messages.deletions), continuation=replayed.continuation
    )
    return json_reply(view, HTTPStatus.ACCEPTED)


def ingest(services: Services, events: list[Json], transfers: Output, deletions: Output) -> Reply:
    """Ingest every event, whatever becomes of the others; the messages of those that could be are sent in any case.

    Raises:
        CatalogUnavailable: some could not be ingested just now.
    """
    run = Run("events")
    messages = merged(run.attempt(partial(services.ingest.ingest, event), as_interruption) for event in events)
    send(messages, transfers, deletions)
    if run.interruptions:
        raise CatalogUnavailable(
            f"{len(run.interruptions)} of {len(events)} events could not be taken in just now: {run.interruptions[0]}"
            " Hand all of them in again; those that were taken in stay as they are."
        )
    view = EventsView(transfers=len(messages.transfers), deletions=len(messages.deletions), rejected=())
    return json_reply(view, HTTPStatus.ACCEPTED)


def health_reply(checks: dict[str, bool]) -> Reply:
    healthy = all(checks.values())
    status = HTTPStatus.OK if healthy else HTTPStatus.SERVICE_UNAVAILABLE
    return json_reply(DependenciesView(status="healthy" if healthy else "unhealthy", checks=checks), status)
