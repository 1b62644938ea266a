"""What operators are replied: replay, rebuild, events handed in, rows compared with blobs."""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus

import azure.functions as func
import msgspec

from functions.http_requests import recording_id, respond
from functions.queue_outputs import Output, send
from shared.api import operations
from shared.api.continuations import continuation_of, cursor_of
from shared.api.http_replies import Reply, json_reply
from shared.api.queries import ConsistencyQuery, RebuildQuery, ReplayQuery, scope, time_of
from shared.api.request_bodies import parse_events
from shared.api.views import EventsView, RebuildView, ReplayView
from shared.domain.errors import CatalogUnavailable
from shared.domain.json_fields import Json
from shared.domain.models import Messages
from shared.domain.units import Run, as_interruption
from shared.pipeline.queue_messages import merged
from shared.pipeline.rebuild import Outcome
from shared.pipeline.rejected_events import Rejected, listed
from shared.pipeline.replay import Replayed
from shared.services import Services


def check_consistency(services: Services, req: func.HttpRequest) -> func.HttpResponse:
    return respond(services, req, operations.CHECK_CONSISTENCY, lambda asked: consistency_reply(services, asked))


def replay_recording(
    services: Services, req: func.HttpRequest, transfers: Output, deletions: Output
) -> func.HttpResponse:
    return respond(
        services, req, operations.REPLAY_RECORDING, lambda _: replay_one(services, req, transfers, deletions)
    )


def replay_failed(services: Services, req: func.HttpRequest, transfers: Output, deletions: Output) -> func.HttpResponse:
    return respond(
        services, req, operations.REPLAY_FAILED, lambda asked: replay_since(services, asked, transfers, deletions)
    )


def rebuild_recordings(services: Services, req: func.HttpRequest) -> func.HttpResponse:
    return respond(services, req, operations.REBUILD_RECORDINGS, lambda asked: rebuild_reply(services, asked))


def ingest_event(services: Services, req: func.HttpRequest, transfers: Output, deletions: Output) -> func.HttpResponse:
    return respond(services, req, operations.INGEST_EVENT, lambda _: ingest(services, req, transfers, deletions))


def consistency_reply(services: Services, asked: ConsistencyQuery) -> Reply:
    bound_to = scope(operations.CHECK_CONSISTENCY.name, asked)
    report = services.consistency.check(time_of(asked.day), cursor_of(asked.continuation, bound_to))
    return json_reply(msgspec.structs.replace(report, continuation=continuation_of(report.continuation, bound_to)))


def rebuild_reply(services: Services, asked: RebuildQuery) -> Reply:
    bound_to = scope(operations.REBUILD_RECORDINGS.name, asked)
    done = services.rebuild.rebuild(time_of(asked.day), cursor_of(asked.continuation, bound_to))
    counts = {outcome.value: done.counts[outcome] for outcome in Outcome}
    return json_reply(RebuildView(**counts, continuation=continuation_of(done.cursor, bound_to)))


def replay_since(services: Services, asked: ReplayQuery, transfers: Output, deletions: Output) -> Reply:
    bound_to = scope(operations.REPLAY_FAILED.name, asked)
    replayed = services.replay.since(time_of(asked.since), cursor_of(asked.continuation, bound_to))
    return replay_reply(replayed, transfers, deletions, bound_to)


def replay_one(services: Services, req: func.HttpRequest, transfers: Output, deletions: Output) -> Reply:
    return replay_reply(services.replay.recording(recording_id(req)), transfers, deletions, {})


def replay_reply(replayed: Replayed, transfers: Output, deletions: Output, bound_to: Mapping[str, object]) -> Reply:
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
        transfers=len(messages.transfers),
        deletions=len(messages.deletions),
        continuation=continuation_of(replayed.continuation, bound_to),
    )
    return json_reply(view, HTTPStatus.ACCEPTED)


def ingest(services: Services, req: func.HttpRequest, transfers: Output, deletions: Output) -> Reply:
    """Ingest every event, whatever becomes of the others; the messages of those that could be are sent in any case.

    Raises:
        CatalogUnavailable: some could not be ingested just now.
    """
    events = parse_events(req.get_body())
    run = Run("events")
    rejected: list[Rejected] = []

    def ingest_one(event: Json) -> Messages:
        ingested = services.ingest.ingest(event)
        rejected.extend(ingested.rejected)
        return ingested.messages

    messages = merged(run.attempt(partial(ingest_one, event), as_interruption) for event in events)
    send(messages, transfers, deletions)
    if run.interruptions:
        raise CatalogUnavailable(
            f"{len(run.interruptions)} of {len(events)} events could not be taken in just now: {run.interruptions[0]}"
            " Hand all of them in again; those that were taken in stay as they are."
        )
    view = EventsView(transfers=len(messages.transfers), deletions=len(messages.deletions), rejected=listed(rejected))
    return json_reply(view, HTTPStatus.ACCEPTED)
