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


type Losing = Callable[[requests.PreparedRequest], bool]


class LosingAdapter(HTTPAdapter):
    """Carries requests out, and loses some of them.

    Attributes:
        loses_before: which the service never gets.
        loses_after: which it carries out, and its answer is lost.
        breaks_off: whose answer ends half-way.
        requests: all of them, as method and path.
    """

    def __init__(self) -> None:
        super().__init__()
        self.loses_before: Losing = lambda _: False
        self.loses_after: Losing = lambda _: False
        self.breaks_off: Losing = lambda _: False
        self.requests: list[str] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        self.requests.append(f"{request.method} {request.path_url}")
        if self.loses_before(request):
            raise cut()
        response = super().send(request, *args, **kwargs)
        if self.loses_after(request):
            response.close()
            raise cut()
        if self.breaks_off(request):
            whole = response.content
            headers = {**response.headers, "Content-Length": str(len(whole))}
            half = BytesIO(whole[: len(whole) // 2])
            raw = HTTPResponse(half, headers, response.status_code, preload_content=False, decode_content=False)
            return self.build_response(request, raw)
        return response

    def transport(self) -> RequestsTransport:
        session = requests.Session()
        session.mount("http://", self)
        return RequestsTransport(session=session, session_owner=False)
