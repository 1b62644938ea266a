"""The transport that receives bodies into memory of the caller, on a server of few lines."""

import time
from collections.abc import Iterator
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import pytest
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest, HttpResponse

from shared.adapters.receiving import PIECE_BYTES, receiver, receiving_transport
from tests.contract.serving import serving

CONTENT = bytes(range(256)) * (3 * PIECE_BYTES // 256) + b"the end"
READ_SECONDS = 0.3


class Handler(BaseHTTPRequestHandler):
    """`/whole`, `/chunked`, `/cut`, which ends a byte early, and `/stalled`, which does not go on after a byte."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        cast("Server", self.server).ports.append(self.client_address[1])
        self.send_response(206)
        if self.path == "/chunked":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(CONTENT), CONTENT))
            return
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        if self.path == "/stalled":
            self.wfile.write(CONTENT[:1])
            time.sleep(2 * READ_SECONDS)
        self.close_connection = self.path != "/whole"
        self.wfile.write(CONTENT[: len(CONTENT) if self.path == "/whole" else -1])

    def log_message(self, *_: object) -> None:
        """Says nothing."""


class Server(ThreadingHTTPServer):
    """Remembers the client's port of every request: one for each connection."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.ports: list[int] = []

    def handle_error(self, *_: object) -> None:
        """The client has gone: that ends its connection."""


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Server()) as server:
        yield server


@pytest.fixture
def transport() -> Iterator[RequestsTransport]:
    with receiving_transport(connection_timeout=READ_SECONDS, read_timeout=READ_SECONDS) as transport:
        yield transport


def opened(transport: RequestsTransport, server: Server, path: str) -> HttpResponse:
    request = HttpRequest("GET", f"http://127.0.0.1:{server.server_port}{path}")
    return cast("HttpResponse", transport.send(request, stream=True))


def received(response: HttpResponse) -> bytes:
    """Everything that comes, and none of it at a wrong place."""
    content, arrived, receive = bytearray(2 * len(CONTENT)), 0, receiver(response)
    while count := receive(memoryview(content)[arrived:]):
        arrived += count
    response.close()
    return bytes(content[:arrived])


def test_a_body_is_received_past_the_reader_of_the_sdk(transport: RequestsTransport, server: Server) -> None:
    response = opened(transport, server, "/whole")

    assert received(response) == CONTENT
    assert cast("Any", response).internal_response.raw.tell() == 0


def test_a_body_is_received_from_the_transport_of_the_sdk_too(server: Server) -> None:
    with RequestsTransport(connection_timeout=READ_SECONDS, read_timeout=READ_SECONDS) as usual:
        assert received(opened(usual, server, "/whole")) == CONTENT


def test_a_body_in_chunks_is_received(transport: RequestsTransport, server: Server) -> None:
    assert received(opened(transport, server, "/chunked")) == CONTENT


def test_a_piece_is_not_less_than_it_says_before_the_end(transport: RequestsTransport, server: Server) -> None:
    response = opened(transport, server, "/whole")
    receive, target, counts = receiver(response), memoryview(bytearray(PIECE_BYTES)), list[int]()

    while count := receive(target):
        counts.append(count)

    assert counts == [PIECE_BYTES, PIECE_BYTES, PIECE_BYTES, len(CONTENT) - 3 * PIECE_BYTES]


def test_a_connection_is_used_again_after_a_whole_body(transport: RequestsTransport, server: Server) -> None:
    for _ in range(3):
        received(opened(transport, server, "/whole"))

    assert len(set(server.ports)) == 1


def test_a_connection_whose_body_was_left_is_not_used_again(transport: RequestsTransport, server: Server) -> None:
    response = opened(transport, server, "/whole")
    receiver(response)(memoryview(bytearray(10)))
    response.close()

    assert received(opened(transport, server, "/whole")) == CONTENT
    assert len(set(server.ports)) == 2


def test_a_connection_that_ended_early_is_not_used_again(transport: RequestsTransport, server: Server) -> None:
    assert received(opened(transport, server, "/cut")) == CONTENT[:-1]

    assert received(opened(transport, server, "/whole")) == CONTENT
    assert len(set(server.ports)) == 2


def test_a_silence_in_the_middle_of_a_body_ends_the_reading(transport: RequestsTransport, server: Server) -> None:
    response = opened(transport, server, "/stalled")
    began = time.monotonic()

    with pytest.raises((OSError, HTTPException)):
        received(response)

    response.close()
    assert time.monotonic() - began < 2 * READ_SECONDS
