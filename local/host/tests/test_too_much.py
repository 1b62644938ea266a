"""More than an instance takes at once, and bodies that come too slowly, are answered as by the real host."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from local.host.http_messages import Response
from local.host.http_server import BODY_BYTES_PER_SECOND_MIN, LOOPBACK, HttpServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.host.http_messages import Request

AT_ONCE = 2
GRACE_SECONDS = 0.6
BODY_BYTES_MAX = 200_000
HEAD = "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
RATE = BODY_BYTES_PER_SECOND_MIN


class Answering:
    """Answers with the length of the body; those to `/held` wait until they are let go."""

    def __init__(self) -> None:
        self.released = threading.Event()

    def answer(self, request: Request) -> Response:
        if request.path == "/held":
            self.released.wait(10)
        return Response.text(200, str(len(request.body)))


@pytest.fixture
def answering() -> Answering:
    return Answering()


class Callers:
    """Connections to a server."""

    def __init__(self, server: HttpServer) -> None:
        self.server = server
        self.connections: list[socket.socket] = []

    def send(self, path: str, body: bytes = b"", length: int | None = None) -> socket.socket:
        """A request on a connection of its own, with as much of its body as is given."""
        connection = socket.create_connection((LOOPBACK, self.server.server_address[1]), timeout=20)
        self.connections.append(connection)
        head = HEAD.format(path=path, length=len(body) if length is None else length)
        connection.sendall(head.encode() + body)
        return connection

    def fill(self, path: str = "/held", length: int = 0) -> list[socket.socket]:
        """As many requests under way as may be."""
        connections = [self.send(path, length=length) for _ in range(AT_ONCE)]
        deadline = time.monotonic() + 10
        while self.server.outstanding < AT_ONCE and time.monotonic() < deadline:
            time.sleep(0.005)
        return connections


@pytest.fixture
def callers(answering: Answering) -> Iterator[Callers]:
    server = HttpServer(0, answering.answer, BODY_BYTES_MAX, AT_ONCE, GRACE_SECONDS)
    server.start()
    callers = Callers(server)
    yield callers
    answering.released.set()
    for connection in callers.connections:
        connection.close()
    server.drain(1)
    server.server_close()


def status(connection: socket.socket) -> int:
    return int(connection.recv(65536).split()[1])


def test_one_request_more_than_may_be_under_way_is_429_and_the_platform_is_told(callers: Callers) -> None:
    callers.fill()

    said = callers.send("/x").recv(65536).decode()

    assert said.startswith("HTTP/1.1 429 ")
    assert "x-function-scaleout: 1" in said.lower()
    assert "retry-after" not in said.lower()


def test_there_is_room_again_when_one_has_ended(callers: Callers, answering: Answering) -> None:
    connections = callers.fill()
    assert status(callers.send("/x")) == 429

    answering.released.set()

    assert [status(connection) for connection in connections] == [200, 200]
    assert status(callers.send("/x")) == 200


def test_the_connection_of_a_request_that_was_turned_away_goes_on(callers: Callers, answering: Answering) -> None:
    held = callers.fill()
    connection = callers.send("/x", b"x" * 100_000)
    assert status(connection) == 429
    answering.released.set()
    assert [status(one) for one in held] == [200, 200]

    connection.sendall(HEAD.format(path="/x", length=3).encode() + b"abc")

    assert connection.recv(65536).endswith(b"\r\n\r\n3")


def test_a_body_under_way_counts_before_its_route_and_key_are_looked_at(callers: Callers) -> None:
    callers.fill("/nowhere", length=10)

    assert status(callers.send("/x")) == 429


def test_the_admin_api_is_never_turned_away(callers: Callers) -> None:
    callers.fill()

    assert status(callers.send("/admin/host/status")) == 200


def test_a_half_sent_body_ends_its_connection_after_the_grace(callers: Callers) -> None:
    connection = callers.send("/x", b"x", length=10)

    assert status(connection) == 408
    assert connection.recv(1) == b""


def test_a_body_byte_by_byte_ends_its_connection_after_the_grace(callers: Callers) -> None:
    connection, began = callers.send("/x", length=1000), time.monotonic()
    connection.setblocking(False)
    said = b""
    while not said and time.monotonic() < began + 5:
        connection.send(b"x")
        time.sleep(0.02)
        try:
            said = connection.recv(65536)
        except BlockingIOError:
            continue

    assert said.startswith(b"HTTP/1.1 408 ")


def test_a_body_at_the_least_rate_is_taken(callers: Callers) -> None:
    connection = callers.send("/x", length=RATE)
    for _ in range(5):
        connection.sendall(b"x" * (RATE // 5))
        time.sleep(0.1)

    assert connection.recv(65536).endswith(f"\r\n\r\n{RATE}".encode())


def test_a_body_that_ends_early_reaches_no_function(callers: Callers) -> None:
    connection = callers.send("/x", b"x", length=10)
    connection.shutdown(socket.SHUT_WR)

    assert status(connection) == 408
