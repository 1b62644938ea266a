"""POST to a webhook, directly: the proxy that the app under test is given is not for the simulator itself."""

import http.client
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of one POST."""

    status: int | None
    """None: there was no answer."""
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    failure: str = ""

    @property
    def accepted(self) -> bool:
        return self.status is not None and HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


def post(url: str, body: bytes, headers: dict[str, str], timeout_seconds: float, method: str = "POST") -> Posted:
    parts = urlsplit(url)
    connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = connect(parts.hostname or "", parts.port, timeout=timeout_seconds)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        return Posted(answer.status, answer.read(), tuple(answer.getheaders()))
    except (OSError, http.client.HTTPException) as error:
        return Posted(None, failure=f"{type(error).__name__}: {error}")
    finally:
        connection.close()
