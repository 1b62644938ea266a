"""The storage hosts: content, metadata and deletion of documents, in every region."""

import re
import uuid
from datetime import UTC, datetime

from local.simulator.bodies import Body, SliceBody
from local.simulator.clock import Clock, http_date
from local.simulator.documents import Document, Documents
from local.simulator.identifiers import host_geography
from local.simulator.oracle import DeletionOracle
from local.simulator.settings import CurrentSettings
from local.simulator.signing import Authenticator, UnauthorizedError
from local.simulator.wire import Request, Response, Sending, json_response

OBJECT_PATH = re.compile(r"/v1/objects/(?P<document>[A-Za-z0-9-]{1,128})(?:/content/(?P<name>[a-z0-9]{1,32}))?")
RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def storage_operation(request: Request) -> str:
    """The name of a request's operation: `content`, `metadata`, `delete`, or `other`."""
    found = OBJECT_PATH.fullmatch(request.path)
    if found is None:
        return "other"
    name = found["name"]
    if request.method == "DELETE" and name in {None, "deletedata"}:
        return "delete"
    if request.method not in {"GET", "HEAD"} or name in {None, "deletedata"}:
        return "other"
    return "metadata" if name == "acsmetadata" else "content"


class StorageHost:
    """Serves documents to whoever signs for them."""

    def __init__(
        self,
        authenticator: Authenticator,
        settings: CurrentSettings,
        documents: Documents,
        oracle: DeletionOracle,
        clock: Clock,
    ) -> None:
        self.authenticator = authenticator
        self.settings = settings
        self.documents = documents
        self.oracle = oracle
        self.clock = clock

    def answer(self, request: Request) -> Response:
        try:
            self.authenticator.check(request, content=True)
        except UnauthorizedError:
            return ams_unauthorized()
        found, name = OBJECT_PATH.fullmatch(request.path), storage_operation(request)
        if found is None or name == "other":
            return ams_error(405 if found else 404, "The request is not supported.", request.path)
        document = self.documents.available(found["document"])
        if document is None or (name == "metadata" and document.metadata_missing):
            return ams_not_found(found["document"])
        if (elsewhere := self.redirect(request, name, document)) is not None:
            return elsewhere
        if name == "delete":
            return self.delete(document)
        self.documents.count_fetch(document, metadata=name == "metadata")
        return self.serve(request, document, document.metadata_body if name == "metadata" else document.media)

    def redirect(self, request: Request, name: str, document: Document) -> Response | None:
        current = self.settings.current
        switched_on = current.delete_redirects if name == "delete" else current.cross_region_redirects
        geography = host_geography(request.host)
        if not switched_on or geography in {None, host_geography(document.home_host)}:
            return None
        return Response(current.redirect_status, {"Location": f"https://{document.home_host}{request.target}"})

    def serve(self, request: Request, document: Document, body: Body) -> Response:
        current = self.settings.current
        sending = Sending(
            latency_seconds=current.content_latency_seconds, bytes_per_second=current.content_bytes_per_second
        )
        start, stop = requested_range(request.headers.get("range", ""), body.size)
        if start >= body.size:
            return Response(416, {"Content-Range": f"bytes */{body.size}"})
        partial = (start, stop) != (0, body.size) or "range" in request.headers
        headers = {
            "Content-Type": "application/octet-stream",
            # The real service sends it with a 200 too.
            "Content-Range": f"bytes {start}-{stop - 1}/{body.size}",
            "Cache-Control": "no-cache, max-age=0, s-maxage=0, private",
            "Last-Modified": http_date(document.created_at),
            "MS-CV": uuid.uuid4().hex,
            "X-Data-Center-Alias": "wus21-storage",
            "Server": "Kestrel",
        }
        if partial:
            headers["Accept-Ranges"] = "bytes"
        return Response(206 if partial else 200, headers, SliceBody(body, start, stop), sending)

    def delete(self, document: Document) -> Response:
        self.oracle.judge(document)
        return Response(200) if self.documents.delete(document) else ams_not_found(document.document_id)


def requested_range(header: str, size: int) -> tuple[int, int]:
    """Start and stop of a range; the whole when the header is absent or makes no sense."""
    found = RANGE.fullmatch(header.strip())
    if found is None or not (found[1] or found[2]):
        return 0, size
    if not found[1]:
        return max(0, size - int(found[2])), size
    start = int(found[1])
    stop = min(int(found[2]) + 1, size) if found[2] else size
    return (start, stop) if stop > start or start >= size else (0, size)


def ams_unauthorized() -> Response:
    trace = trace_id()
    instance = f"/microsoft/ic3/ams///trace-id/{trace}"
    document = {"title": "Unauthorized", "status": 401, "instance": instance}
    return json_response(401, document | {"message": "Unauthorized", "traceId": trace})


def ams_not_found(document_id: str) -> Response:
    detail = (
        f"The document identified by '{document_id}' was not found because it does not exist or it is already deleted."
    )
    return ams_error(404, "The document not found.", detail)


def ams_error(status: int, title: str, detail: str) -> Response:
    """The storage service's own error shape: no `error`, no code."""
    trace = trace_id()
    instance = f"/microsoft/ic3/ams/live/wus/trace-id/{trace}?timestamp={datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"
    document = {"title": title, "status": status, "detail": detail, "instance": instance}
    return json_response(status, document | {"message": title, "traceId": trace})


def trace_id() -> str:
    return f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-00"
