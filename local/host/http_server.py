"""The HTTP server: HTTP/1.1 with keep-alive, one thread per connection, loopback only."""

from __future__ import annotations

import logging
import sys
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from local.host.http_messages import Request, Response, joined

if TYPE_CHECKING:
    from collections.abc import Callable

LOOPBACK = "127.0.0.1"
IDLE_SECONDS = 120
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})
NOT_PASSED_ON = frozenset({"content-length", "transfer-encoding", "connection", "keep-alive"})
NO_BODY = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})

log = logging.getLogger("local.host.http")


class HttpServer(ThreadingHTTPServer):
    """Answers requests with the function it is given, and knows how many are in flight."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, answer: Callable[[Request], Response], body_bytes_max: int) -> None:
        super().__init__((LOOPBACK, port), RequestHandler)
        self.answer = answer
        self.body_bytes_max = body_bytes_max
        self.in_flight = 0
        self.lock = threading.Lock()

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, args=(0.05,), name="http", daemon=True).start()

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 - the base class's
        log.debug("The connection from %s broke: %r", client_address, sys.exception())

    def count(self, change: int) -> None:
        with self.lock:
            self.in_flight += change

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
        self.server.count(+1)
        try:
            self.respond(self.answer())
            self.wfile.flush()
        finally:
            self.server.count(-1)

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
        body = self.rfile.read(int(length))
        headers = joined((name.lower(), value) for name, value in self.headers.items())
        request = Request(self.command, self.path, headers, body)
        if "\0" in request.path:
            return self.refuse(HTTPStatus.BAD_REQUEST)
        try:
            return self.server.answer(request)
        except Exception:  # the host itself failed; the real one answers 500 with an empty body too
            log.exception("The host failed to answer %s %s", self.command, self.path)
            return Response(HTTPStatus.INTERNAL_SERVER_ERROR)

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
