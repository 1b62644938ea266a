"""HTTP requests and responses between the server and whoever answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from local.host.paths import request_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True)
class Request:
    """A request as it came in; `target` is the request line's path and query, or whole URL, still percent-encoded."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """Decoded, but for escaped slashes and what is not UTF-8; without dot segments."""
        return request_path(self.target)

    @property
    def url(self) -> str:
        written = urlsplit(self.target)._replace(scheme="", netloc="").geturl()
        return f"http://{self.headers.get('host', '127.0.0.1')}{written}"

    @property
    def query(self) -> dict[str, str]:
        """Parameters; empty ones are dropped and repeated ones joined, as the host does for the Python worker."""
        return joined(parse_qsl(urlsplit(self.target).query, keep_blank_values=False))

    def parameter(self, name: str) -> str | None:
        """A parameter by name, without case, as ASP.NET looks it up."""
        return next((value for key, value in self.query.items() if key.lower() == name.lower()), None)

    @property
    def key(self) -> str | None:
        """The access key; the header wins over the query."""
        return self.headers.get("x-functions-key") or self.parameter("code")


@dataclass(frozen=True)
class Response:
    """What goes back."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = field(default=())

    @staticmethod
    def text(status: int, text: str) -> Response:
        return Response(status, text.encode(), (("Content-Type", "text/plain; charset=utf-8"),))

    @staticmethod
    def json(status: int, text: str) -> Response:
        return Response(status, text.encode(), (("Content-Type", "application/json; charset=utf-8"),))


def joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """One value per name; several are joined with commas."""
    values: dict[str, str] = {}
    for name, value in pairs:
        values[name] = f"{values[name]},{value}" if name in values else value
    return values
