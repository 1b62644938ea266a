"""The routes that control recordings and look them up."""

from http import HTTPStatus
from uuid import UUID

import azure.functions as func

from functions.bindings import answer
from shared.api.http_replies import Reply, json_reply
from shared.api.start_body import parse_idempotency_key, parse_start_request
from shared.control.list_recordings import parse_query
from shared.domain.errors import RecordingNotFound
from shared.domain.json_views import recording_view
from shared.services import Services


def blueprint(services: Services) -> func.Blueprint:
    bp = func.Blueprint()

    @bp.function_name("start_recording")
    @bp.route("recordings", methods=["POST"])
    def start_recording(req: func.HttpRequest) -> func.HttpResponse:
        return answer(services, req, lambda: start(services, req))

    @bp.function_name("list_recordings")
    @bp.route("recordings", methods=["GET"])
    def list_recordings(req: func.HttpRequest) -> func.HttpResponse:
        return answer(services, req, lambda: listed(services, req))

    @bp.function_name("get_recording")
    @bp.route("recordings/{id}", methods=["GET"])
    def get_recording(req: func.HttpRequest) -> func.HttpResponse:
        return answer(services, req, lambda: shown(services, req))

    @bp.function_name("pause_recording")
    @bp.route("recordings/{id}/pause", methods=["POST"])
    def pause_recording(req: func.HttpRequest) -> func.HttpResponse:
        return answer(services, req, lambda: json_reply(recording_view(services.recordings.pause(id_of(req)))))

    @bp.function_name("resume_recording")
    @bp.route("recordings/{id}/resume", methods=["POST"])
    def resume_recording(req: func.HttpRequest) -> func.HttpResponse:
        return answer(services, req, lambda: json_reply(recording_view(services.recordings.resume(id_of(req)))))

    @bp.function_name("stop_recording")
    @bp.route("recordings/{id}/stop", methods=["POST"])
    def stop_recording(req: func.HttpRequest) -> func.HttpResponse:
        return answer(services, req, lambda: json_reply(recording_view(services.recordings.stop(id_of(req)))))

    @bp.function_name("recording_state")
    @bp.route("callbacks/recording-state", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
    def recording_state(req: func.HttpRequest) -> func.HttpResponse:
        return answer(services, req, lambda: called_back(services, req))

    @bp.function_name("health")
    @bp.route("health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
    def health(req: func.HttpRequest) -> func.HttpResponse:
        return answer(services, req, lambda: checked(services))

    return bp


def id_of(req: func.HttpRequest) -> str:
    """The id in the route.

    Raises:
        RecordingNotFound: it is no UUID.
    """
    try:
        return str(UUID(req.route_params["id"]))
    except ValueError as error:
        raise RecordingNotFound from error


def start(services: Services, req: func.HttpRequest) -> Reply:
    key = parse_idempotency_key(req.headers.get("idempotency-key"))
    request = parse_start_request(req.get_body(), services.settings.byos_containers)
    recording = services.recordings.start(request, key)
    return json_reply(
        recording_view(recording, []), HTTPStatus.CREATED, {"Location": f"/api/recordings/{recording.id}"}
    )


def listed(services: Services, req: func.HttpRequest) -> Reply:
    page = services.listing.page(parse_query(req.params, services.listing.clock()))
    views = [recording_view(recording) for recording in page.recordings]
    return json_reply({"recordings": views, "continuation": page.continuation})


def shown(services: Services, req: func.HttpRequest) -> Reply:
    recording = services.recordings.refreshed(id_of(req))
    return json_reply(recording_view(recording, services.recordings.chunks(recording.id)))


def called_back(services: Services, req: func.HttpRequest) -> Reply:
    services.callbacks.take_in(req.get_body(), req.headers.get("authorization"))
    return json_reply({}, HTTPStatus.OK)


def checked(services: Services) -> Reply:
    failures = services.health.failures()
    status = HTTPStatus.SERVICE_UNAVAILABLE if failures else HTTPStatus.OK
    return json_reply({"status": "unhealthy" if failures else "healthy", "failures": failures}, status)
