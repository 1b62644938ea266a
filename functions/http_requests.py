"""HTTP requests of the platform as calls of the app, and its replies as responses."""

from collections.abc import Callable
from uuid import UUID

import azure.functions as func

from shared.api.http_replies import Reply, reply_or_problem
from shared.api.request_bodies import BODY_BYTES_MAX
from shared.domain.errors import RecordingNotFound
from shared.domain.json_fields import check_body_length
from shared.domain.urls import split_url
from shared.services import Services

NO_STORE = {"Cache-Control": "no-store"}  # replies have states, links and names in them


def respond(
    services: Services, request: func.HttpRequest, act: Callable[[], Reply], body_bytes_max: int = BODY_BYTES_MAX
) -> func.HttpResponse:
    """Carry out a request; whatever goes wrong becomes a problem document, wrong settings before all else."""

    def act_on_settings() -> Reply:
        _ = services.settings
        check_body_length(request.get_body(), body_bytes_max)
        return act()

    reply = reply_or_problem(split_url(request.url).path, act_on_settings)  # a Host header may be anything
    headers = {**NO_STORE, **reply.headers}
    return func.HttpResponse(reply.body, status_code=reply.status.value, headers=headers, mimetype=reply.content_type)


def recording_id(request: func.HttpRequest) -> str:
    """Our id of the recording in the route. Raises: RecordingNotFound if it is no UUID."""
    try:
        return str(UUID(request.route_params["id"]))
    except ValueError as error:
        raise RecordingNotFound from error
