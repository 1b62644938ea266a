"""A transport under the SDKs that plays prepared answers and failures, each mapped as the real transport maps it."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import requests
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse
from urllib3.exceptions import ProtocolError

NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True)
class Answer:
    """What a service answers."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def cut() -> Exception:
    """The connection ended without an answer: the request may have been carried out."""
    return requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError(104, "reset by peer")))


def silence() -> Exception:
    """No answer in time."""
    return requests.ReadTimeout("Read timed out.")


def nobody() -> Exception:
    """No connection: SDKs tell it apart from one that was cut, which nothing should rely on."""
    return requests.ConnectTimeout("Connection timed out.")


type Play = Callable[[requests.PreparedRequest], Answer | Exception]


class PlayedAdapter(BaseAdapter):
    """Stands where connections are made."""

    def __init__(self, play: Play) -> None:
        super().__init__()
        self.play = play
        self.builds = HTTPAdapter()

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        answer = self.play(request)
        if isinstance(answer, Exception):
            raise answer
        headers = {"Content-Length": str(len(answer.body)), **answer.headers}
        raw = HTTPResponse(BytesIO(answer.body), headers, answer.status, preload_content=False, decode_content=False)
        return self.builds.build_response(request, raw)

    def close(self) -> None:
        self.builds.close()


def transport(play: Play) -> RequestsTransport:
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, PlayedAdapter(play))
    return RequestsTransport(session=session, session_owner=False)


class Script:
    """Answers in their order, the last one for ever, and every request as it came."""

    def __init__(self, answers: Iterable[Answer | Exception]) -> None:
        self.answers = deque(answers)
        self.requests: list[requests.PreparedRequest] = []

    def __call__(self, request: requests.PreparedRequest) -> Answer | Exception:
        self.requests.append(request)
        return self.answers.popleft() if len(self.answers) > 1 else self.answers[0]
