"""An app, and its storage, that answer what a test says; and a clock that passes when somebody sleeps."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec

from acsrec import Client
from acsrec.retries import Patience
from shared.domain.json_views import RecordingView, recording_view
from shared.domain.models import Chunk, Recording
from shared.domain.statuses import ChunkStatus
from tests.builders import a_chunk, a_recording

URL = "https://recorder.example"
KEY = "a-function-key"
STORAGE = "storage.example"

type Reply = httpx.Response | httpx.RequestError
type Handler = Callable[[httpx.Request], Reply]


@dataclass
class FakeApp:
    """Answers each request by the first handler of its method and path; the last one of them stays."""

    handlers: dict[tuple[str, str], list[Handler]] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def on(self, method: str, path: str, *replies: Reply | Handler) -> None:
        self.handlers[method, path] = [reply if callable(reply) else always(reply) for reply in replies]

    def handle(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        handlers = self.handlers[request.method, request.url.path]
        reply = (handlers.pop(0) if len(handlers) > 1 else handlers[0])(request)
        if isinstance(reply, httpx.RequestError):
            raise reply
        if not reply.is_stream_consumed:
            return reply
        # What was made of bytes has been read already; what comes from a network has not.
        return httpx.Response(reply.status_code, headers=reply.headers, stream=httpx.ByteStream(reply.content))

    def http(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self.handle))

    def client(self, patience_seconds: float = 60.0) -> Client:
        patience = Patience(patience_seconds, sleep=self.slept.append, now=lambda: sum(self.slept))
        return Client(URL, KEY, patience=patience, http=self.http())

    def to_storage(self) -> list[httpx.Request]:
        return [request for request in self.requests if request.url.host == STORAGE]


def always(reply: Reply) -> Handler:
    def answer(_: httpx.Request) -> Reply:
        if isinstance(reply, httpx.RequestError):
            return reply
        return reply

    return answer


def answer(document: object, status: int = 200, headers: Mapping[str, str] | None = None) -> httpx.Response:
    kind = {"Content-Type": "application/json"}
    return httpx.Response(status, headers=kind | dict(headers or {}), content=msgspec.json.encode(document))


def problem(status: int, headers: Mapping[str, str] | None = None, **fields: object) -> httpx.Response:
    told = {"title": "No", "status": status, "detail": "It does not.", "instance": "/api/recordings", **fields}
    return answer(told, status, {"Content-Type": "application/problem+json", **(headers or {})})


def shown(recording: Recording | None = None, chunks: list[Chunk] | None = None) -> RecordingView:
    """What the app itself answers for a recording."""
    return recording_view(recording or a_recording(), chunks)


def a_page(*ids: str, continuation: str | None = None, unreadable: tuple[str, ...] = ()) -> httpx.Response:
    recordings = [shown(a_recording(id=id)) for id in ids]
    return answer({"recordings": recordings, "continuation": continuation, "unreadable": unreadable})


@dataclass
class Blob:
    """A file in storage, which knows ranges."""

    content: bytes
    ranges: list[str | None] = field(default_factory=list)

    def read(self, request: httpx.Request) -> httpx.Response:
        wanted = request.headers.get("Range")
        self.ranges.append(wanted)
        if wanted is None:
            return httpx.Response(200, content=self.content)
        start = int(wanted.removeprefix("bytes=").rstrip("-"))
        if start >= len(self.content):
            return httpx.Response(416)
        total = len(self.content)
        headers = {"Content-Range": f"bytes {start}-{total - 1}/{total}"}
        return httpx.Response(206, headers=headers, content=self.content[start:])


class Cut(httpx.SyncByteStream):
    """A body that ends in the middle, as when a connection breaks; loudly, or as if that were all."""

    def __init__(self, content: bytes, *, loud: bool = True) -> None:
        self.content = content
        self.loud = loud

    def __iter__(self) -> Iterator[bytes]:
        yield self.content
        if self.loud:
            raise httpx.ReadError("the connection was reset")


def a_link(path: str = "/file", lives: timedelta = timedelta(minutes=30), **query: str) -> httpx.Response:
    url = httpx.URL(f"https://{STORAGE}{path}", params={"sig": "secret", **query})
    return answer({"url": str(url), "expiresAt": (datetime.now(UTC) + lives).isoformat()})


def chunk_with(content: bytes, metadata: bytes | None = None, **changes: Any) -> Chunk:
    """A chunk whose copy of these bytes is proven."""
    digest = hashlib.sha256(content).hexdigest()
    told: dict[str, Any] = {"status": ChunkStatus.DELETED, "sha256": digest, "bytes": len(content)}
    told |= {"metadata_sha256": hashlib.sha256(metadata).hexdigest()} if metadata is not None else {}
    return a_chunk(**{**told, **changes})
