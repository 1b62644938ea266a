"""Links: to a chunk's files, and to one file of all of them."""

from http import HTTPStatus

import azure.functions as func

from functions.http_requests import recording_id, respond
from shared.api import operations
from shared.api.http_replies import Reply, json_reply
from shared.api.queries import LinkQuery
from shared.api.views import ExportView, LinkView
from shared.control.download_links import Link
from shared.domain.errors import ChunkNotFound
from shared.domain.identifiers import DOCUMENT_ID
from shared.domain.json_views import instant
from shared.domain.models import ChunkRef
from shared.services import Services


def chunk_content(services: Services, req: func.HttpRequest) -> func.HttpResponse:
    return respond(services, req, operations.CHUNK_CONTENT, lambda asked: content(services, req, asked))


def chunk_metadata(services: Services, req: func.HttpRequest) -> func.HttpResponse:
    return respond(services, req, operations.CHUNK_METADATA, lambda asked: metadata(services, req, asked))


def export_recording(services: Services, req: func.HttpRequest) -> func.HttpResponse:
    return respond(services, req, operations.EXPORT_RECORDING, lambda _: export(services, recording_id(req)))


def chunk_ref(req: func.HttpRequest) -> ChunkRef:
    """The chunk in the route. Raises: ChunkNotFound if its document's id cannot be one."""
    document_id = str(req.route_params["documentId"])
    if not DOCUMENT_ID.fullmatch(document_id):
        raise ChunkNotFound
    return ChunkRef(recording_id(req), document_id)


def content(services: Services, req: func.HttpRequest, asked: LinkQuery) -> Reply:
    return link_reply(services.download_links.content(chunk_ref(req), asked.download), asked)


def metadata(services: Services, req: func.HttpRequest, asked: LinkQuery) -> Reply:
    return link_reply(services.download_links.metadata(chunk_ref(req), asked.download), asked)


def export(services: Services, id: str) -> Reply:
    made = services.exports.export(id)
    expires_at = instant(made.link.expires_at)
    return json_reply(ExportView(url=made.link.url, expires_at=expires_at, bytes=made.bytes, parts=made.parts))


def link_reply(link: Link, asked: LinkQuery) -> Reply:
    view = LinkView(url=link.url, expires_at=instant(link.expires_at))
    if asked.redirect:
        return json_reply(view, HTTPStatus.FOUND, {"Location": link.url})
    return json_reply(view)
