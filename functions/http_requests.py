"""HTTP requests of the platform as calls of the app, and its replies as responses."""

import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

import azure.functions as func

from shared.api.http_replies import Reply, reply_or_problem
from shared.api.operations import Operation
from shared.api.queries import Query, read_query
from shared.api.request_bodies import check_no_body
from shared.domain.errors import RecordingNotFound
from shared.domain.json_fields import check_body_length
from shared.domain.urls import split_url
from shared.services import Services

CALLER_CHARACTERS_MAX = 256
KEY_DIGEST_DIGITS = 8  # enough to tell an app's keys apart, and no help to whoever wants one
NO_STORE = {"Cache-Control": "no-store"}  # replies have states, links and names in them


def respond[Asked: Query](
    services: Services, request: func.HttpRequest, operation: Operation[Asked], act: Callable[[Asked], Reply]
) -> func.HttpResponse:
    """Carry out an operation on what was asked for in the query.

    Whatever goes wrong becomes a problem document, wrong settings before all else.
    """

    def act_on_settings() -> Reply:
        _ = services.settings
        check_body_length(request.get_body(), operation.body_bytes_max)
        asked = read_query(operation.query, query_of(request), ignore_unknown=operation.lenient)
        if operation.body is None:
            check_no_body(request.get_body())
        with services.invocation(caller_of(services, request, operation)):
            return act(asked)

    reply = reply_or_problem(split_url(request.url).path, act_on_settings)  # a Host header may be anything
    headers = {**NO_STORE, **reply.headers}
    return func.HttpResponse(reply.body, status_code=reply.status.value, headers=headers, mimetype=reply.content_type)


def caller_of(services: Services, request: func.HttpRequest, operation: Operation[Any]) -> str:
    """Who asks: a principal's name where the platform authenticates callers, else its key's digest, else the function.

    Without the platform's authentication anybody may send the principal's header, and to a route that anybody may call
    any text as a key: there it is the function.
    """
    if operation.lenient:
        return operation.name
    principal: str | None = request.headers.get("x-ms-client-principal-name")
    if services.authenticates_callers and principal:
        return principal[:CALLER_CHARACTERS_MAX]
    key = request.headers.get("x-functions-key") or dict(parse_qsl(query_of(request))).get("code")
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()[:KEY_DIGEST_DIGITS] if key else operation.name


def query_of(request: func.HttpRequest) -> str:
    """The query string as it came: the platform's own reading of it leaves out what is blank, and joins repetitions."""
    return split_url(request.url).query or urlencode(request.params)


def is_known(etag: str, request: func.HttpRequest) -> bool:
    """Whether the caller says that it has what bears this tag."""
    told = request.headers.get("if-none-match", "")
    return bool({etag, "*"} & {tag.strip().removeprefix("W/") for tag in told.split(",")})


def recording_id(request: func.HttpRequest) -> str:
    """Our id of the recording in the route. Raises: RecordingNotFound if it is no UUID."""
    try:
        return str(UUID(request.route_params["id"]))
    except ValueError as error:
        raise RecordingNotFound from error
