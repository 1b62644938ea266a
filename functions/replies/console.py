"""The console's files, as a browser is replied them."""

from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from http import HTTPStatus
from urllib.parse import urlsplit

import azure.functions as func

from functions.http_requests import is_known
from shared.api.console_files import ConsoleFile, console_files, console_headers
from shared.api.http_replies import problem_reply
from shared.domain.errors import SettingsInvalid
from shared.domain.urls import split_url
from shared.services import Services

WITHOUT_SLASH = "/console"
WITH_SLASH = "console/"  # relative to the address without it: whatever stands before the app may have a path of its own
UNKNOWN = "The console has no such file. It begins at /api/console/."

files = cache(console_files)  # read once


def console(services: Services, req: func.HttpRequest) -> func.HttpResponse:
    path = split_url(req.url).path
    name = str(req.route_params.get("file") or "")
    if path.casefold().endswith(WITHOUT_SLASH):  # the page's own addresses are relative to the one with the slash
        return redirect(WITH_SLASH)
    file = files().get(name)
    if file is None:
        return unknown(path)
    return file_reply(file, req, console_headers(media_origin(services)))


def media_origin(services: Services) -> str | None:
    """Where links to recordings lead; None while wrong settings do not say it, which the page tells."""
    with suppress(SettingsInvalid):
        url = urlsplit(str(services.recordings_account.blobs.url))
        return f"{url.scheme}://{url.netloc}"
    return None


def redirect(location: str) -> func.HttpResponse:
    status = HTTPStatus.PERMANENT_REDIRECT
    return func.HttpResponse(
        None, status_code=status.value, headers={"Location": location, "Cache-Control": "no-cache"}
    )


def unknown(path: str) -> func.HttpResponse:
    reply = problem_reply(HTTPStatus.NOT_FOUND, UNKNOWN, path)
    return func.HttpResponse(
        reply.body, status_code=reply.status.value, headers={"Cache-Control": "no-store"}, mimetype=reply.content_type
    )


def file_reply(file: ConsoleFile, req: func.HttpRequest, headers: Mapping[str, str]) -> func.HttpResponse:
    """The file, unless the caller has it already."""
    tagged = {**headers, "ETag": file.etag}
    if is_known(file.etag, req):
        return func.HttpResponse(None, status_code=HTTPStatus.NOT_MODIFIED.value, headers=tagged)
    return func.HttpResponse(file.body, status_code=HTTPStatus.OK.value, headers=tagged, mimetype=file.content_type)
