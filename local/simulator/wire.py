"""HTTP requests and responses as values."""

import json
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import parse_qs, unquote

from local.simulator.bodies import Body, BytesBody


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, its target as raw as the signature needs it."""

    method: str
    target: str
    host: str
    """The host that the tunnel was opened to, without a port; empty on the admin side."""
    headers: dict[str, str] = field(default_factory=dict)
    """By lower-case name."""
    body: bytes = b""
    clock_skew_seconds: float = 0.0
    """How wrong the service's clock is for this one request; a fault sets it."""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def segments(self) -> list[str]:
        return [unquote(segment) for segment in self.path.strip("/").split("/")]

    @property
    def query(self) -> dict[str, str]:
        parsed = parse_qs(self.target.partition("?")[2], keep_blank_values=True)
        return {name: values[-1] for name, values in parsed.items()}


class Framing(Enum):
    """How the end of a body is told."""

    LENGTH = "length"  #: a Content-Length
    CHUNKED = "chunked"  #: chunked encoding, with its terminator
    CHUNKED_OPEN = "chunkedOpen"  #: chunked encoding that ends without terminator
    CLOSE = "close"  #: nothing but the end of the connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """How a response goes out: at once and complete, unless a fault or a throttle says otherwise."""

    framing: Framing = Framing.LENGTH
    extra: bytes = b""
    """Sent behind the body and not counted in Content-Length."""
    latency_seconds: float = 0.0
    bytes_per_second: int | None = None
    stall_at: int | None = None
    stall_seconds: float = 0.0
    cut_at: int | None = None
    """The connection ends after so many bytes of the body."""
    reset: bool = False
    """A cut is a TCP reset instead of an orderly end."""
    silent: bool = False
    """Not even a status line: the connection ends."""


@dataclass(frozen=True, slots=True)
class Response:
    """One answer."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: Body = field(default_factory=BytesBody)
    sending: Sending = field(default_factory=Sending)


class RefusedError(Exception):
    """The answer to a request that is refused, raised where the reason is found."""

    def __init__(self, response: Response) -> None:
        super().__init__(f"Answered with {response.status}")
        self.response = response


def json_response(status: int, document: Any) -> Response:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    return Response(status, headers, BytesBody(json.dumps(document).encode()))


def acs_error(status: int, code: str, message: str) -> Response:
    """The error shape of the recording API; codes are strings of digits."""
    return json_response(status, {"error": {"code": code, "message": message}})
