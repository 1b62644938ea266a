"""The routes that control recordings and read them."""

from http import HTTPStatus

import azure.functions as func

from functions.http_requests import recording_id, respond
from shared.api.http_replies import Reply, json_reply
from shared.api.request_bodies import parse_idempotency_key, parse_start_request
from shared.api.views import RecordingPage
from shared.control.list_recordings import parse_query
from shared.domain.json_views import recording_view
from shared.domain.models import Recording
from shared.domain.recording_rows import chunks_in_order
from shared.services import Services


def blueprint(services: Services) -> func.Blueprint:
    bp = func.Blueprint()

    @bp.route("recordings", methods=["POST"])
    def start_recording(req: func.HttpRequest) -> func.HttpResponse:
        return respond(services, req, lambda: start(services, req))

    @bp.route("recordings", methods=["GET"])
    def list_recordings(req: func.HttpRequest) -> func.HttpResponse:
        return respond(services, req, lambda: page_reply(services, req))

    @bp.route("recordings/{id}", methods=["GET"])
    def get_recording(req: func.HttpRequest) -> func.HttpResponse:
        return respond(services, req, lambda: refresh(services, recording_id(req)))

    @bp.route("recordings/{id}/pause", methods=["POST"])
    def pause_recording(req: func.HttpRequest) -> func.HttpResponse:
        return respond(services, req, lambda: recording_reply(services.control.pause(recording_id(req))))

    @bp.route("recordings/{id}/resume", methods=["POST"])
    def resume_recording(req: func.HttpRequest) -> func.HttpResponse:
        return respond(services, req, lambda: recording_reply(services.control.resume(recording_id(req))))

    @bp.route("recordings/{id}/stop", methods=["POST"])
    def stop_recording(req: func.HttpRequest) -> func.HttpResponse:
        return respond(services, req, lambda: recording_reply(services.control.stop(recording_id(req))))

    return bp


def start(services: Services, req: func.HttpRequest) -> Reply:
    key = parse_idempotency_key(req.headers.get("idempotency-key"))
    settings = services.settings
    request = parse_start_request(req.get_body(), settings.byos_containers, settings.callback_hosts)
    recording = services.starts.start(request, key)
    return json_reply(
        recording_view(recording, []), HTTPStatus.CREATED, {"Location": f"/api/recordings/{recording.id}"}
    )


def page_reply(services: Services, req: func.HttpRequest) -> Reply:
    page = services.recording_lists.page(parse_query(req.params, services.clock()))
    views = [recording_view(recording) for recording in page.recordings]
    return json_reply(RecordingPage(recordings=tuple(views), continuation=page.continuation))


def refresh(services: Services, id: str) -> Reply:
    recording = services.control.refresh(id)
    return json_reply(recording_view(recording, chunks_in_order(services.catalog, id)))


def recording_reply(recording: Recording) -> Reply:
    return json_reply(recording_view(recording))
