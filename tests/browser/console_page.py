"""The console alone in a browser, before an app that answers what a test wants, and when: late, twice, or nonsense."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, Route

from shared.api.console_files import console_files, console_headers

ORIGIN = "http://localhost:7071"  # nothing listens there: every request is answered here
ADDRESS = f"{ORIGIN}/api/console/"
KEY = "a-key"
MEDIA = "http://media.localhost"  # where links lead: to nothing
FIRST, SECOND = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
# What a recording says that nothing but an event of ACS told of.
NULLS = (
    *("recordingId", "failure", "failureKind", "waitsFor", "recordingKind", "serverCallId", "callConnectionId"),
    *("groupCallId", "roomId", "callId", "sameAs", "recordingContentType", "recordingChannelType"),
    *("recordingFormatType", "pauseOnStart", "storageType", "endedAt", "completedAt", "recordingStartTime"),
    *("recordingDurationMs", "sessionEndReason", "expiresAt", "manifestBlob"),
)

type Body = Any  # what JSON can say
type Answer = tuple[int, Body]


def stamp(hours: float = 0) -> str:
    """A time, so many hours from now."""
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def recording(id: str = FIRST, *chunks: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        **dict.fromkeys(NULLS),
        "id": id,
        "status": "active",
        "replayable": False,
        "origin": "api",
        "audioChannelParticipantOrdering": [],
        "channelAffinity": [],
        "createdAt": stamp(-1),
        "updatedAt": stamp(-1),
        "recordingId": "acs",
        "tags": {},
        "chunks": list(chunks),
        **fields,
    }


def chunk(index: int = 0, **fields: Any) -> dict[str, Any]:
    return {
        "documentId": f"document-{index}",
        "index": index,
        "endReason": None,
        "status": "deleted",
        "contentBlob": f"2026/11/22/{FIRST}/{index:04}-document-{index}.wav",
        "metadataBlob": None,
        "bytes": 1000,
        "bytesDone": 1000,
        "sha256": f"{index:064}",
        "metadataSha256": None,
        "contentVersion": None,
        "metadataVersion": None,
        "expiresAt": None,
        "storedAt": stamp(-1),
        "deletedAt": stamp(-1),
        "attempts": 1,
        "dueAt": None,
        "failure": None,
        "failureKind": None,
        "startTime": None,
        "participants": [],
        "pauses": [],
        **fields,
    }


def listed(*recordings: dict[str, Any], continuation: str | None = None) -> dict[str, Any]:
    """A page of a list, which names no chunks."""
    rows = [{name: value for name, value in one.items() if name != "chunks"} for one in recordings]
    return {"recordings": rows, "continuation": continuation, "unreadable": []}


@dataclass
class ScriptedApp:
    """Answers by method and path below /api, as a test scripts them.

    Attributes:
        answers: the newest that fits counts.
        asked: every request of the API.
        held: requests that wait for their answer.
        off: how far the app's clock is from the browser's.
    """

    page: Page
    answers: list[tuple[str, Answer | Callable[[], Answer]]] = field(default_factory=list)
    holding: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    held: list[Route] = field(default_factory=list)
    off: timedelta = timedelta()

    def __post_init__(self) -> None:
        self.page.route(f"{ORIGIN}/**", self.route)
        self.page.route(f"{MEDIA}/**", lambda route: route.fulfill(status=404))
        self.says(r"GET /recordings\?.*", 200, listed())
        self.says("GET /recordings/.*/content.*", 200, {"url": f"{MEDIA}/x", "expiresAt": stamp(1)})
        self.says(r"GET /recordings/.*/events", 200, {"events": []})

    def says(self, request: str, status: int, body: Body) -> None:
        self.answers.append((request, (status, body)))

    def has(self, *recordings: dict[str, Any]) -> None:
        """The list and the details of these."""
        self.says(r"GET /recordings\?limit.*", 200, listed(*recordings))
        for one in recordings:
            self.says(f"GET /recordings/{one['id']}", 200, one)

    def hold(self, request: str) -> None:
        """Answer no request like this from now on."""
        self.holding.append(request)

    def release(self, number: int, status: int, body: Body) -> None:
        """Answer a request that waits, and all that come after it at once."""
        self.holding.clear()
        self.fulfill(self.held[number], status, body)

    def open(self, fragment: str = "") -> None:
        self.page.goto(f"{ADDRESS}#key={KEY}{fragment}")

    def wait_held(self, count: int = 1) -> None:
        for _ in range(100):
            if len(self.held) >= count:
                return
            self.page.wait_for_timeout(20)
        raise AssertionError(f"{count} requests are not held, but {[one.request.url for one in self.held]}")

    def wait_asked(self, request: str, count: int = 1) -> None:
        for _ in range(100):
            if sum(bool(re.fullmatch(request, one)) for one in self.asked) >= count:
                return
            self.page.wait_for_timeout(20)
        raise AssertionError(f"{request} was not asked {count} times: {self.asked}")

    def route(self, route: Route) -> None:
        url = urlsplit(route.request.url)
        name = url.path.removeprefix("/api/console/")
        if name != url.path:
            file = console_files()[name]
            route.fulfill(body=file.body, headers={**console_headers(MEDIA), "Content-Type": file.content_type})
            return
        query = f"?{url.query}" if url.query else ""
        said = f"{route.request.method} {url.path.removeprefix('/api')}{query}"
        self.asked.append(said)
        self.keys.append(route.request.headers.get("x-functions-key", ""))
        if any(re.fullmatch(one, said) for one in self.holding):
            self.held.append(route)
            return
        found = next((answer for request, answer in reversed(self.answers) if re.fullmatch(request, said)), None)
        status, body = (
            (404, {"detail": "Nobody knows it."}) if found is None else found if isinstance(found, tuple) else found()
        )
        self.fulfill(route, status, body)

    def fulfill(self, route: Route, status: int, body: Body) -> None:
        date = (datetime.now(UTC) + self.off).strftime("%a, %d %b %Y %H:%M:%S GMT")
        text = body if isinstance(body, str) else json.dumps(body)
        kind = "text/html" if isinstance(body, str) else "application/json"
        route.fulfill(status=status, body=text, headers={"Content-Type": kind, "Date": date})
