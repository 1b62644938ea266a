"""The routes that give links to a chunk's files."""

from collections.abc import Callable
from http import HTTPStatus

import azure.functions as func

from functions.http_requests import recording_id, respond
from shared.api.http_replies import Reply, json_reply
from shared.control.download_links import Link
from shared.domain.errors import ChunkNotFound
from shared.domain.identifiers import DOCUMENT_ID
from shared.domain.json_views import instant
from shared.domain.models import ChunkRef
from shared.services import Services


def blueprint(services: Services) -> func.Blueprint:
    bp = func.Blueprint()

    @bp.route("recordings/{id}/chunks/{documentId}/content", methods=["GET"])
    def chunk_content(req: func.HttpRequest) -> func.HttpResponse:
        return respond(services, req, lambda: link_reply(req, services.download_links.content))

    @bp.route("recordings/{id}/chunks/{documentId}/metadata", methods=["GET"])
    def chunk_metadata(req: func.HttpRequest) -> func.HttpResponse:
        return respond(services, req, lambda: link_reply(req, services.download_links.metadata))

    return bp


def chunk_ref(req: func.HttpRequest) -> ChunkRef:
    """The chunk in the route. Raises: ChunkNotFound if its document's id cannot be one."""
    document_id = str(req.route_params["documentId"])
    if not DOCUMENT_ID.fullmatch(document_id):
        raise ChunkNotFound
    return ChunkRef(recording_id(req), document_id)


def link_reply(req: func.HttpRequest, link_to: Callable[[ChunkRef, bool], Link]) -> Reply:
    link = link_to(chunk_ref(req), req.params.get("download") == "true")
    view = {"url": link.url, "expiresAt": instant(link.expires_at)}
    if req.params.get("redirect", "").lower() == "true":
        return json_reply(view, HTTPStatus.FOUND, {"Location": link.url})
    return json_reply(view)
