"""The route that describes the others."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import azure.functions as func

if TYPE_CHECKING:  # what makes the document is imported with the first request for it, not while indexing
    from shared.api.openapi import Route

ETAG_DIGITS = 32  # of the SHA-256 of the document


def blueprint(registered: Callable[[], Iterable[Any]]) -> func.Blueprint:
    """The route; the document is made at the first request, of what is registered by then."""
    bp = func.Blueprint()

    @cache
    def document() -> bytes:
        import msgspec

        from shared.api.openapi import document_of
        from shared.api.operations import OPERATIONS

        return msgspec.json.encode(document_of(routes(registered()), OPERATIONS))

    @bp.route("openapi.json", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
    def openapi_document(req: func.HttpRequest) -> func.HttpResponse:
        return document_reply(document(), req)

    return bp


def routes(functions: Iterable[Any]) -> "Iterator[Route]":
    """The HTTP functions among those that the platform indexes."""
    from shared.api.openapi import Route

    for function in functions:
        trigger = function.get_trigger().get_dict_repr()
        if trigger["type"] == "httpTrigger":
            (method,) = trigger["methods"]
            yield Route(
                name=function.get_function_name(),
                path=trigger["route"],
                method=method.value,
                anonymous=trigger["authLevel"] is func.AuthLevel.ANONYMOUS,
            )


def document_reply(document: bytes, req: func.HttpRequest) -> func.HttpResponse:
    """The document, unless the caller has it already.

    It holds neither states nor settings: it may be kept, and is answered whatever the settings say.
    """
    from functions.http_requests import is_known
    from shared.api.http_replies import JSON_TYPE

    etag = f'"{hashlib.sha256(document).hexdigest()[:ETAG_DIGITS]}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if is_known(etag, req):
        return func.HttpResponse(None, status_code=HTTPStatus.NOT_MODIFIED.value, headers=headers)
    return func.HttpResponse(document, status_code=HTTPStatus.OK.value, headers=headers, mimetype=JSON_TYPE)
