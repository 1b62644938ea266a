"""What the source and the sink share: connections that stay open, one thread each, and a process around them."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
LOOPBACK = "127.0.0.1"
RECEIVE_BYTES = 1024 * 1024
HEAD_BYTES_MAX = 64 * 1024
STOP_SECONDS = 10.0
FIGURES_PATH = "/-/figures"


class PeerGoneError(Exception):
    """The other side closed the connection, or sent what is no request."""


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a request; its body is still to be read or dropped."""

    method: str
    target: str
    headers: dict[str, str]
    """By lower-case name."""

    @property
    def length(self) -> int:
        return int(self.headers.get("content-length", "0"))


class Peer:
    """One accepted connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.unread = bytearray()
        self.buffer = bytearray(RECEIVE_BYTES)

    def request(self) -> Request:
        """Raises: PeerGoneError when there is no further one."""
        while (end := self.unread.find(b"\r\n\r\n")) < 0:
            received = self.socket.recv(HEAD_BYTES_MAX)
            if not received or len(self.unread) > HEAD_BYTES_MAX:
                raise PeerGoneError
            self.unread += received
        lines = self.unread[:end].decode("latin-1").split("\r\n")
        del self.unread[: end + 4]
        method, target, _ = lines[0].split(" ")
        pairs = (line.partition(":") for line in lines[1:])
        request = Request(method, target, {name.strip().lower(): value.strip() for name, _, value in pairs})
        if request.headers.get("expect", "").lower() == "100-continue":
            self.socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        return request

    def body(self, length: int) -> bytes:
        while len(self.unread) < length:
            received = self.socket.recv(RECEIVE_BYTES)
            if not received:
                raise PeerGoneError
            self.unread += received
        found = bytes(self.unread[:length])
        del self.unread[:length]
        return found

    def drop(self, length: int, look: Callable[[memoryview], object] = lambda _: None) -> None:
        """Receive a body and forget it, after a look at each of its parts."""
        dropped = min(len(self.unread), length)
        look(memoryview(bytes(self.unread[:dropped])))
        del self.unread[:dropped]
        while dropped < length:
            count = self.socket.recv_into(self.buffer, min(len(self.buffer), length - dropped))
            if not count:
                raise PeerGoneError
            look(memoryview(self.buffer)[:count])
            dropped += count

    def answer(self, status: str, headers: dict[str, str], body: bytes = b"") -> None:
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers.items())]
        lines += [f"Content-Length: {len(body)}"]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode() + body)


def serve(answer: Callable[[Peer, Request], None]) -> None:
    """Answer requests on a free port, which is printed, until standard input is closed."""
    listener = socket.create_server((LOOPBACK, 0), backlog=256)
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=accept, args=(listener, answer), daemon=True).start()
    # Not sys.stdin: its lock would be held while the interpreter shuts down.
    while os.read(0, 1024):
        pass


def accept(listener: socket.socket, answer: Callable[[Peer, Request], None]) -> None:
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve_peer, args=(Peer(connection), answer), daemon=True).start()


def serve_peer(peer: Peer, answer: Callable[[Peer, Request], None]) -> None:
    # A client may be killed at any point: that ends this connection, not the server.
    with contextlib.suppress(PeerGoneError, OSError), contextlib.closing(peer.socket):
        while True:
            answer(peer, peer.request())


class ServerProcess:
    """One of the two servers as a process of its own; it ends with this object, or with the process that made it."""

    def __init__(self, module: str, *arguments: str) -> None:
        self.command = [sys.executable, "-m", module, *arguments]
        self.port = 0

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self.command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        assert self.process.stdout
        self.port = int(self.process.stdout.readline())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
        self.process.wait(STOP_SECONDS)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def figures(self) -> dict[str, Any]:
        """What was counted since the last call."""
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=STOP_SECONDS)
        with contextlib.closing(connection):
            connection.request("GET", FIGURES_PATH)
            counted: dict[str, Any] = json.loads(connection.getresponse().read())
            return counted
