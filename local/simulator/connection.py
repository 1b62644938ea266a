"""One accepted connection: reading requests from it and sending responses to it."""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from http import HTTPStatus
from itertools import pairwise

from local.simulator.wire import Framing, Request, Response, Sending

RECEIVE_BYTES = 256 * 1024
HEAD_BYTES_MAX = 64 * 1024
THROTTLED_SENDS_PER_SECOND = 20


class ConnectionOverError(Exception):
    """The other side has gone, or a fault wants the connection to end here."""


class Connection:
    """A socket, plain or TLS, and what was read from it but not yet used."""

    def __init__(self, peer: socket.socket, stopping: threading.Event) -> None:
        self.peer = peer
        self.stopping = stopping
        self.unread = bytearray()

    def read_request(self, host: str) -> Request:
        """Read one request.

        Raises:
            ConnectionOverError: there is no further, complete request.
        """
        lines = self.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        method, _, rest = lines[0].partition(" ")
        pairs = (line.partition(":") for line in lines[1:])
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        if headers.get("expect", "").lower() == "100-continue":
            self.peer.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        target = rest.rpartition(" ")[0]
        return Request(method=method, target=target, host=host, headers=headers, body=self.read_body(headers))

    def read_body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return b"".join(self.read_chunked())
        return self.read_exactly(number(headers.get("content-length", "0")))

    def read_chunked(self) -> Iterator[bytes]:
        while size := number(self.read_until(b"\r\n").partition(b";")[0].decode("latin-1"), 16):
            yield self.read_exactly(size)
            self.read_exactly(2)
        self.read_until(b"\r\n")

    def read_until(self, mark: bytes) -> bytes:
        while (end := self.unread.find(mark)) < 0:
            if len(self.unread) > HEAD_BYTES_MAX:
                raise ConnectionOverError("The head of a request never ends")
            self.receive()
        found = bytes(self.unread[:end])
        del self.unread[: end + len(mark)]
        return found

    def read_exactly(self, size: int) -> bytes:
        while len(self.unread) < size:
            self.receive()
        found = bytes(self.unread[:size])
        del self.unread[:size]
        return found

    def receive(self) -> None:
        received = self.peer.recv(RECEIVE_BYTES)
        if not received:
            raise ConnectionOverError("The other side closed the connection")
        self.unread += received

    def send_response(self, request: Request, response: Response) -> None:
        """Send an answer, in whatever broken way it asks for.

        Raises:
            ConnectionOverError: the connection must not be used again.
        """
        sending = response.sending
        self.stopping.wait(sending.latency_seconds)
        if sending.silent:
            self.end(reset=sending.reset)
        head = response_head(response)
        if request.method == "HEAD" or response.status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}:
            self.peer.sendall(head)
        else:
            self.send_body(head, response)
        if sending.extra or sending.framing in {Framing.CLOSE, Framing.CHUNKED_OPEN}:
            self.end(reset=False)

    def send_body(self, head: bytes, response: Response) -> None:
        sending, size = response.sending, response.body.size
        stop = size if sending.cut_at is None else min(sending.cut_at, size)
        for piece in paced_pieces(response, stop):
            # The head goes out with the first piece: one packet for every small answer.
            self.send_piece(head, piece, sending)
            head = b""
        self.peer.sendall(head + sending.extra + (b"0\r\n\r\n" if sending.framing is Framing.CHUNKED else b""))
        if sending.cut_at is not None:
            self.end(reset=sending.reset)

    def send_piece(self, head: bytes, piece: memoryview, sending: Sending) -> None:
        if not piece:
            self.stopping.wait(sending.stall_seconds)
            return
        if sending.framing in {Framing.CHUNKED, Framing.CHUNKED_OPEN}:
            self.peer.sendall(b"%b%x\r\n" % (head, len(piece)))
            self.peer.sendall(piece)
            self.peer.sendall(b"\r\n")
            return
        if head:
            self.peer.sendall(head)
        self.peer.sendall(piece)
        if sending.bytes_per_second:
            self.stopping.wait(len(piece) / sending.bytes_per_second)

    def end(self, *, reset: bool) -> None:
        if reset:
            # Lingering for zero seconds turns the close into a reset.
            self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise ConnectionOverError("A fault ends the connection")

    def close(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            if isinstance(self.peer, ssl.SSLSocket):
                # Say goodbye, but do not wait for the answer.
                self.peer.settimeout(0)
                self.peer.unwrap()
        self.peer.close()


def number(text: str, base: int = 10) -> int:
    """Read a number that the other side wrote.

    Raises:
        ConnectionOverError: it is none, so nobody knows where the next request begins.
    """
    try:
        return int(text, base)
    except ValueError as error:
        raise ConnectionOverError(f"{text!r} is not a number") from error


def response_head(response: Response) -> bytes:
    sending = response.sending
    headers = dict(response.headers)
    if sending.framing is Framing.LENGTH and response.status != HTTPStatus.NO_CONTENT:
        headers["Content-Length"] = str(response.body.size)
    elif sending.framing in {Framing.CHUNKED, Framing.CHUNKED_OPEN}:
        headers["Transfer-Encoding"] = "chunked"
    elif sending.framing is Framing.CLOSE:
        headers["Connection"] = "close"
    try:
        reason = HTTPStatus(response.status).phrase
    except ValueError:
        reason = ""
    lines = [f"HTTP/1.1 {response.status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def paced_pieces(response: Response, stop: int) -> Iterator[memoryview]:
    """The pieces of a body, small ones when throttled; an empty piece marks the place to stall."""
    stall_at, rate = response.sending.stall_at, response.sending.bytes_per_second
    places = [0, stop] if stall_at is None or stall_at > stop else [0, stall_at, stop]
    for start, end in pairwise(places):
        if start:
            yield memoryview(b"")
        for piece in response.body.pieces(start, end):
            step = max(1, rate // THROTTLED_SENDS_PER_SECOND) if rate else max(1, len(piece))
            yield from (piece[at : at + step] for at in range(0, len(piece), step))
