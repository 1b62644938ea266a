"""An answer that never ends takes bounded memory, on a server of few lines and at the simulator of ACS."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import pytest
from azure.core.exceptions import AzureError
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest, HttpResponse

from local.simulator.bodies import BytesBody
from local.simulator.wire import Response
from shared.adapters.bounded_answers import ANSWER_BYTES_MAX, AnswerTooLong
from shared.adapters.receiving import receiver, receiving_transport
from shared.domain.errors import AcsUnreadable
from tests.contract.serving import serving

from .acs_under_test import SimulatorAcsUnderTest
from .source_under_test import SDK_WARNINGS
from .test_acs_errors import ACTIONS
from .test_acs_nonsense import told_of

pytestmark = SDK_WARNINGS
PIECE = bytes(64 * 1024)
BUFFERED_MAX = 16 * 1024 * 1024  # what the kernel may take of an answer that nobody reads
ENDLESS = 64 * 1024 * 1024  # long enough to stand for it


class Handler(BaseHTTPRequestHandler):
    """`/{status}/{bytes}`: an answer of that status and length, or one that does not say when it ends; `/gzip` lies."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        status, length, *encoding = self.path.strip("/").split("/")
        self.send_response(int(status))
        self.send_header("Location", "http://127.0.0.1:9/")
        self.send_header("Connection", "close")
        for name in encoding:
            self.send_header("Content-Encoding", name)
        if length != "endless":
            self.send_header("Content-Length", length)
        self.end_headers()
        left = ENDLESS if length == "endless" else int(length)
        server = cast("Server", self.server)
        while left > 0:
            piece = PIECE[: int(min(len(PIECE), left))]
            self.wfile.write(piece)
            server.sent += len(piece)
            left -= len(piece)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


class Server(ThreadingHTTPServer):
    """Counts what it sent of bodies."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.sent = 0

    def handle_error(self, *_: object) -> None:
        """The client has gone, as it should."""


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Server()) as server:
        yield server


@pytest.fixture
def transport() -> Iterator[RequestsTransport]:
    with receiving_transport(connection_timeout=5, read_timeout=5) as transport:
        yield transport


def asked(transport: RequestsTransport, server: Server, path: str, *, stream: bool) -> HttpResponse:
    request = HttpRequest("GET", f"http://127.0.0.1:{server.server_port}{path}")
    return cast("HttpResponse", transport.send(request, **({"stream": True} if stream else {})))


@pytest.mark.parametrize("status", [200, 404, 500, 302])
def test_an_answer_without_an_end_is_given_up(transport: RequestsTransport, server: Server, status: int) -> None:
    with pytest.raises(AzureError) as caught:
        asked(transport, server, f"/{status}/endless", stream=False)

    assert isinstance(caught.value.inner_exception, AnswerTooLong)
    assert server.sent < ANSWER_BYTES_MAX + BUFFERED_MAX


@pytest.mark.parametrize("encoding", ["", "/gzip"])
def test_the_body_of_a_redirect_in_place_of_a_content_is_not_read(
    transport: RequestsTransport, server: Server, encoding: str
) -> None:
    answer = asked(transport, server, f"/302/endless{encoding}", stream=True)

    answer.close()
    assert server.sent < BUFFERED_MAX


@pytest.mark.parametrize("status", [302, 404, 500])
def test_what_has_no_end_in_place_of_a_content_is_given_up(
    transport: RequestsTransport, server: Server, status: int
) -> None:
    answer = asked(transport, server, f"/{status}/endless", stream=True)

    with pytest.raises((AzureError, AnswerTooLong)):
        answer.read()

    answer.close()
    assert server.sent < ANSWER_BYTES_MAX + BUFFERED_MAX


def test_an_answer_of_the_greatest_length_is_read_whole(transport: RequestsTransport, server: Server) -> None:
    answer = asked(transport, server, f"/200/{ANSWER_BYTES_MAX}", stream=False)

    assert len(answer.content) == ANSWER_BYTES_MAX


def test_a_content_may_be_longer(transport: RequestsTransport, server: Server) -> None:
    answer = asked(transport, server, f"/206/{ANSWER_BYTES_MAX + 1}", stream=True)
    arrived, receive, target = 0, receiver(answer), memoryview(bytearray(1024 * 1024))
    while count := receive(target):
        arrived += count

    answer.close()
    assert arrived == ANSWER_BYTES_MAX + 1


@pytest.mark.parametrize("action", ["start", "pause", "resume"])
@pytest.mark.parametrize("status", [200, 404])
def test_of_acs_it_is_an_answer_that_cannot_be_read(
    simulated_acs: SimulatorAcsUnderTest, action: str, status: int
) -> None:
    assert action in ACTIONS
    headers: dict[str, Any] = {"Content-Type": "application/json"}

    error, told = told_of(simulated_acs, Response(status, headers, BytesBody(b"[" * (ANSWER_BYTES_MAX + 1))), action)

    assert isinstance(error, AcsUnreadable)
    assert told == 502
    assert "longer than any that it gives" in str(error)
