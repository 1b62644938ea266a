"""What the routes that control recordings and read them reply."""

from collections.abc import Mapping
from http import HTTPStatus

import azure.functions as func

from functions.http_requests import recording_id, respond
from shared.api import operations
from shared.api.continuations import continuation_of, cursor_of
from shared.api.http_replies import Reply, json_reply
from shared.api.queries import ListQuery, ResendQuery, list_query, scope
from shared.api.request_bodies import parse_idempotency_key, parse_start_request
from shared.api.views import RecordingEventsView, RecordingPage, ResendView
from shared.control.list_at_risk import AtRiskPage
from shared.control.list_recordings import Page
from shared.domain.errors import RowUnreadable
from shared.domain.json_views import at_risk_view, recording_view
from shared.domain.models import Chunk, Recording
from shared.domain.recording_event import event_view
from shared.domain.recording_rows import chunks_in_order
from shared.domain.statuses import FilesStatus
from shared.services import Services


def start_recording(services: Services, req: func.HttpRequest) -> func.HttpResponse:
    return respond(services, req, operations.START_RECORDING, lambda _: start(services, req))


def list_recordings(services: Services, req: func.HttpRequest) -> func.HttpResponse:
    return respond(services, req, operations.LIST_RECORDINGS, lambda asked: page_reply(services, asked))


def get_recording(services: Services, req: func.HttpRequest) -> func.HttpResponse:
    return respond(services, req, operations.GET_RECORDING, lambda _: refresh(services, recording_id(req)))


def recording_events(services: Services, req: func.HttpRequest) -> func.HttpResponse:
    return respond(services, req, operations.RECORDING_EVENTS, lambda _: events(services, recording_id(req)))


def resend_events(services: Services, req: func.HttpRequest) -> func.HttpResponse:
    return respond(services, req, operations.RESEND_EVENTS, lambda asked: resend(services, recording_id(req), asked))


def pause_recording(services: Services, req: func.HttpRequest) -> func.HttpResponse:
    return respond(services, req, operations.PAUSE_RECORDING, lambda _: pause(services, recording_id(req)))


def resume_recording(services: Services, req: func.HttpRequest) -> func.HttpResponse:
    return respond(services, req, operations.RESUME_RECORDING, lambda _: resume(services, recording_id(req)))


def stop_recording(services: Services, req: func.HttpRequest) -> func.HttpResponse:
    return respond(services, req, operations.STOP_RECORDING, lambda _: stop(services, recording_id(req)))


def start(services: Services, req: func.HttpRequest) -> Reply:
    key = parse_idempotency_key(req.headers.get("idempotency-key"))
    settings = services.settings
    request = parse_start_request(req.get_body(), settings.byos_containers, settings.callback_hosts)
    recording = services.starts.start(request, key)
    location = {"Location": f"/api/recordings/{recording.id}"}
    return effect_reply(services, recording, HTTPStatus.CREATED, location)


def page_reply(services: Services, asked: ListQuery) -> Reply:
    bound_to = scope(operations.LIST_RECORDINGS.name, asked)
    query = list_query(asked, cursor_of(asked.continuation, bound_to))
    page: Page | AtRiskPage
    if asked.at_risk:
        page = services.at_risk_list.page(query)
        views = tuple(at_risk_view(one.recording, one.deadline) for one in page.recordings)
    else:
        page = services.recording_lists.page(query)
        views = tuple(map(recording_view, page.recordings))
    return json_reply(
        RecordingPage(
            recordings=views, continuation=continuation_of(page.continuation, bound_to), unreadable=page.unreadable
        )
    )


def refresh(services: Services, id: str) -> Reply:
    recording = services.control.refresh(id)
    return json_reply(recording_view(recording, shown_chunks(services, recording)))


def events(services: Services, id: str) -> Reply:
    source = services.event_source
    return json_reply(RecordingEventsView(events=tuple(event_view(one, source) for one in services.outbox.events(id))))


def resend(services: Services, id: str, asked: ResendQuery) -> Reply:
    return json_reply(ResendView(events=services.outbox.send_again(id, asked.key)), HTTPStatus.ACCEPTED)


def pause(services: Services, id: str) -> Reply:
    return effect_reply(services, services.control.pause(id))


def resume(services: Services, id: str) -> Reply:
    return effect_reply(services, services.control.resume(id))


def stop(services: Services, id: str) -> Reply:
    return effect_reply(services, services.control.stop(id))


def effect_reply(
    services: Services, recording: Recording, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] = {}
) -> Reply:
    """The recording after what was done to it: with its chunks, unless one of their rows cannot be read.

    What ACS confirmed is answered all the same: a recording must be stoppable, and be known to have stopped.
    """
    try:
        view = recording_view(recording, shown_chunks(services, recording))
    except RowUnreadable:
        view = recording_view(recording)
    return json_reply(view, status, headers)


def shown_chunks(services: Services, recording: Recording) -> list[Chunk]:
    """Raises: RowUnreadable."""
    announced = recording.files is not FilesStatus.NONE
    return chunks_in_order(services.catalog, recording.id) if announced else []
