"""What ACS answers to recording control, or whatever answers in its place: status, headers and body."""

import io
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import requests
import urllib3
from azure.communication.callautomation import CallAutomationClient
from azure.core.pipeline.transport._requests_basic import RequestsTransport
from requests.adapters import BaseAdapter

from shared.adapters.acs_calls import SdkAcsCalls
from shared.adapters.acs_client import connect
from shared.adapters.acs_contents import SdkSource
from shared.adapters.bounded_answers import bounded
from shared.domain.errors import AcsError, Transient
from tests.builders import RECORDING_ID, a_start_request, document_id
from tests.fuzz.bounds import Finding
from tests.fuzz.delivered import written
from tests.fuzz.door import Door, framed

ENDPOINT = "endpoint=https://acs.example/;accesskey=c2VjcmV0"
HEADS: Mapping[str, tuple[int, dict[str, str]]] = {
    "200": (200, {"Content-Type": "application/json"}),
    "202": (202, {"Content-Type": "application/json; charset=utf-16"}),
    "200 page": (200, {"Content-Type": "text/html; charset=nobodys"}),
    "400": (400, {"Content-Type": "application/json"}),
    "404": (404, {"Content-Type": "application/json"}),
    "429": (429, {"Content-Type": "application/json", "Retry-After": "Sun, 22 Nov 2026 08:00:00 GMT"}),
    "503 gzip": (503, {"Content-Encoding": "gzip", "Retry-After": "1e9"}),
    "206": (206, {"Content-Range": "bytes 0-63/64", "Content-Length": "64"}),
    "204": (204, {}),
    "307": (307, {"Location": "https://elsewhere.example/"}),
}
FIRST_SENT = datetime(2026, 11, 22, tzinfo=UTC)


class Repeated(Finding):
    """Text of an answer that is none of ACS's was repeated at length."""


class Answers(BaseAdapter):
    """Answers each request of the SDK alike, without a network, bounded as the app's own adapter does."""

    status, headers, body = 200, {"Content-Type": "application/json"}, b""

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:
        raw = urllib3.HTTPResponse(io.BytesIO(self.body), self.headers, self.status, preload_content=False)
        answer = requests.Response()
        answer.status_code, answer.raw, answer.request, answer.url = self.status, raw, request, str(request.url)
        answer.headers.update(self.headers)
        return bounded(answer, streamed=bool(options.get("stream")))

    def close(self) -> None: ...


class Impatient(RequestsTransport):
    """Does not wait between the SDK's repetitions."""

    def sleep(self, duration: float) -> None: ...


@cache
def client() -> tuple[Answers, CallAutomationClient]:
    """The client that the app makes, on such answers."""
    answers, session = Answers(), requests.Session()
    session.mount("https://", answers)
    transport = Impatient(session=session, session_owner=False)
    return answers, connect(None, ENDPOINT, no_credential, transport=transport)


def no_credential() -> Any:
    raise AssertionError("A connection string needs no identity.")


class Asks:
    """What asks ACS."""

    def __call__(self, client: CallAutomationClient, action: str) -> None:
        calls, source = SdkAcsCalls(client), SdkSource(client, (".asm.skype.com",))
        match action:
            case "start":
                calls.start(a_start_request(), "7b6bd4c5-0000-4000-8000-000000000001", FIRST_SENT)
            case "delete":
                source.delete(DELETION, lambda: None)
            case "read":
                with source.open(f"{DELETION}/content/video", 0, len(STORED)) as answer:
                    answer.receive_into(memoryview(bytearray(STORED)))
            case _:
                getattr(calls, action)(RECORDING_ID)


ACTIONS = ("start", "pause", "resume", "stop", "state", "delete", "read")
DELETION = f"https://us-storage.asm.skype.com/v1/objects/{document_id()}"
STORED = bytes(64)


def answers(data: bytes, ask: Asks) -> None:
    """The first line says what kind of answer it is, the rest is its body, to every question."""
    kind, body = framed(data, list(HEADS))
    adapter, one = client()
    (adapter.status, adapter.headers), adapter.body = HEADS[kind], body
    for action in ACTIONS:
        try:
            ask(one, action)
        except (AcsError, Transient) as error:
            if len(str(error)) > WORDS_MAX:
                raise Repeated("An error repeats what was answered.") from error


WORDS_MAX = 1500  # characters of an error: ACS's own words, cut, and ours
STATE = {"recordingId": RECORDING_ID, "recordingState": "active", "recordingKind": "azureCommunicationServices"}
ERROR = {"error": {"code": "8522", "message": "Recording not found.", "details": [], "innererror": {"code": "a"}}}
DOORS = (
    Door(
        "answers",
        [f"{kind}\n".encode() + written(body) for kind in HEADS for body in (STATE, ERROR)],
        answers,
        Asks(),
        is_framed=True,
    ),
)
