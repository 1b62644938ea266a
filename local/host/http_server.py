"""The HTTP server: HTTP/1.1 with keep-alive, one thread per connection, loopback only.

As in the real host, a request is turned away before its route, key and body are looked at, and a body that comes too
slowly ends its connection.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from local.host.http_messages import Request, Response, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOOPBACK = "127.0.0.1"
IDLE_SECONDS = 120
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})
NOT_PASSED_ON = frozenset({"content-length", "transfer-encoding", "connection", "keep-alive"})
NO_BODY = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
ADMIN = "/admin/"
BODY_BYTES_PER_SECOND_MIN = 240  # Kestrel's `MinRequestBodyDataRate`, which the host leaves as it is
READ_BYTES = 64 * 1024
# What the host's throttle answers: no Retry-After, and a word to the platform that one more instance is wanted.
TOO_MANY = Response(HTTPStatus.TOO_MANY_REQUESTS, headers=(("X-FUNCTION-SCALEOUT", "1"),))

log = logging.getLogger("local.host.http")


class HttpServer(ThreadingHTTPServer):
    """Answers requests with the function it is given, and knows how many are in flight.

    Args:
        port: to listen on; 0 for a free one.
        answer: what answers a request.
        body_bytes_max: longer bodies are refused unread.
        outstanding_max: how many requests, the admin API's apart, may be under way at once; None for any number.
        body_grace_seconds: how long a body may come more slowly than the least rate.
    """

    daemon_threads = True
    request_queue_size = 256

    def __init__(
        self,
        port: int,
        answer: Callable[[Request], Response],
        body_bytes_max: int,
        outstanding_max: int | None = None,
        body_grace_seconds: float = 5.0,
    ) -> None:
        super().__init__((LOOPBACK, port), RequestHandler)
        self.answer = answer
        self.body_bytes_max = body_bytes_max
        self.outstanding_max = sys.maxsize if outstanding_max is None else outstanding_max
        self.body_grace_seconds = body_grace_seconds
        self.outstanding = 0
        self.in_flight = 0
        self.lock = threading.Lock()

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, args=(0.05,), name="http", daemon=True).start()

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 - the base class's
        log.debug("The connection from %s broke: %r", client_address, sys.exception())

    @contextmanager
    def counted(self, path: str) -> Iterator[bool]:
        """Count a request while it is answered; says whether it is one of those that may be under way at once."""
        limited = not path.lower().startswith(ADMIN)
        with self.lock:
            admitted = not limited or self.outstanding < self.outstanding_max
            self.in_flight += 1
            self.outstanding += limited and admitted
        try:
            yield admitted
        finally:
            with self.lock:
                self.in_flight -= 1
                self.outstanding -= limited and admitted

    def drain(self, seconds: float) -> None:
        """Take no new connections, and wait for the answers under way."""
        self.shutdown()
        deadline = time.monotonic() + seconds
        while self.in_flight and time.monotonic() < deadline:
            time.sleep(0.02)


class RequestHandler(BaseHTTPRequestHandler):
    """Reads requests and writes responses on one connection."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    # Headers and body leave in one packet, and at once.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: HttpServer

    def serve(self) -> None:
        with self.server.counted(self.path) as admitted:
            self.respond(self.answer() if admitted else TOO_MANY)
            self.wfile.flush()
        if not admitted:
            self.pass_over_body()

    def __getattr__(self, name: str) -> Callable[[], None]:
        """The base class looks for `do_GET` and the like; every method the host knows goes the same way."""
        if name.removeprefix("do_") in METHODS:
            return self.serve
        raise AttributeError(name)

    def answer(self) -> Response:
        length = self.headers.get("Content-Length") or "0"
        if not length.isdecimal():
            return self.refuse(HTTPStatus.BAD_REQUEST)
        if int(length) > self.server.body_bytes_max:
            return self.refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower() and not self.discard_chunks():
            return self.refuse(HTTPStatus.BAD_REQUEST)
        body = b"".join(self.body_pieces(int(length)))
        return self.answer_to(body) if len(body) == int(length) else self.refuse(HTTPStatus.REQUEST_TIMEOUT)

    def answer_to(self, body: bytes) -> Response:
        headers = joined((name.lower(), value) for name, value in self.headers.items())
        request = Request(self.command, self.path, headers, body)
        if "\0" in request.path:
            return self.refuse(HTTPStatus.BAD_REQUEST)
        try:
            return self.server.answer(request)
        except Exception:  # the host itself failed; the real one answers 500 with an empty body too
            log.exception("The host failed to answer %s %s", self.command, self.path)
            return Response(HTTPStatus.INTERNAL_SERVER_ERROR)

    def body_pieces(self, length: int) -> Iterator[bytes]:
        """The body as it comes in: less than its length where the connection ends, or where it comes too slowly."""
        began, received = time.monotonic(), 0
        while received < length:
            until = began + max(self.server.body_grace_seconds, received / BODY_BYTES_PER_SECOND_MIN)
            self.connection.settimeout(max(0.001, until - time.monotonic()))
            try:
                piece = self.rfile.read1(min(READ_BYTES, length - received))
            except TimeoutError:
                return
            if not piece:
                return
            received += len(piece)
            yield piece
        self.connection.settimeout(IDLE_SECONDS)

    def pass_over_body(self) -> None:
        """Read the body of a request that was turned away, so that the next one on the connection can be read."""
        length = self.headers.get("Content-Length") or "0"
        is_read = length.isdecimal() and int(length) <= self.server.body_bytes_max
        if not is_read or sum(map(len, self.body_pieces(int(length)))) < int(length):
            self.close_connection = True

    def refuse(self, status: HTTPStatus) -> Response:
        """Answer without reading the body, after which the connection cannot be used again."""
        self.close_connection = True
        return Response(status)

    def discard_chunks(self) -> bool:
        """Read a chunked body to its end; the host forwards bodies with a Content-Length only."""
        log.warning("A chunked request body is not forwarded: send a Content-Length")
        try:
            while (size := int(self.rfile.readline().split(b";")[0], 16)) > 0:
                self.rfile.read(size + 2)
        except ValueError:
            return False
        while self.rfile.readline().strip():
            pass  # trailers
        return True

    def respond(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers:
            if name.lower() not in NOT_PASSED_ON:
                self.send_header(name, value)
        if response.status not in NO_BODY:
            self.send_header("Content-Length", str(len(response.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD" and response.status not in NO_BODY:
            self.wfile.write(response.body)

    def version_string(self) -> str:
        return "LocalFunctionsHost"

    def log_message(self, format: str, *args: object) -> None:
        log.debug(format, *args)
