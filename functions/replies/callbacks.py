"""What ACS is replied when it posts a recording's state."""

import azure.functions as func

from functions.http_requests import respond
from shared.api import operations
from shared.api.http_replies import Reply, json_reply
from shared.api.views import CallbackView
from shared.services import Services


def recording_state(services: Services, req: func.HttpRequest) -> func.HttpResponse:
    return respond(services, req, operations.RECORDING_STATE, lambda _: take_callbacks(services, req))


def take_callbacks(services: Services, req: func.HttpRequest) -> Reply:
    services.state_callbacks.take_in(req.get_body(), req.headers.get("authorization"))
    return json_reply(CallbackView())
