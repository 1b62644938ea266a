"""The typed client: a method for each route of the app."""

import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Self, Unpack

import httpx
import msgspec

from acsrec.answers import decoded, problem_of
from acsrec.errors import Unreadable
from acsrec.queries import Filters, When, going_on, query_of, segment, time_text
from acsrec.replies import (
    Dependencies,
    Event,
    Events,
    Export,
    Health,
    Link,
    Rebuild,
    Recording,
    RecordingPage,
    Replay,
    Report,
    Resent,
    StartRequest,
    TakenIn,
)
from acsrec.retries import Patience

TIMEOUT_SECONDS = 60.0
LONG_TIMEOUT_SECONDS = 230.0  # a replay, an export, a part of a report: how long Azure lets a request of HTTP last
COMPOSE_CALLS = 5
GATEWAY_TIMEOUT = 504
PATIENCE = Patience(60.0)
ONE_TRY = Patience(0.0)
POLL_SECONDS = 2.0
FIRST_POLL_SECONDS = 0.1
SETTLED = frozenset({"completed", "failed", "empty"})  # what a recording ends as; a late event may reopen it


class Client:
    """Speaks to one deployment of the app. It may be used by several threads; close it, or use it with `with`.

    Args:
        url: of the app, such as https://NAME.azurewebsites.net.
        key: a function key. It is sent to the app alone, never to where a link leads.
        timeout: seconds that one try of a request waits.
        patience: how long a request is made again; `Patience(0)` for one try.
        http: another HTTP client, with its own transport, certificates or hooks; the caller closes it.

    Every method raises `Problem` where the app refuses or cannot, and `Unanswered` where no answer came.

    Raises:
        ValueError: the address is no URL, or the key cannot be one.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float = TIMEOUT_SECONDS,
        patience: Patience = PATIENCE,
        http: httpx.Client | None = None,
    ) -> None:
        address = httpx.URL(url)
        if address.scheme not in {"http", "https"} or not address.host or address.userinfo or address.query:
            raise ValueError("The app's address must be like https://NAME.azurewebsites.net")
        if not key.isascii() or not key.isprintable() or not key.strip():
            raise ValueError("The key is empty, or has characters that no function key has")
        self.url = url.rstrip("/").removesuffix("/api")
        self.timeout = timeout
        self.patience = patience
        self.http = http or httpx.Client()
        self._owns_http = http is None
        self._key = key.strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.url!r}, …)"

    def close(self) -> None:
        if self._owns_http:
            self.http.close()

    # Requests.

    def request(
        self,
        method: str,
        path: str,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        **content: Any,
    ) -> httpx.Response:
        """One try of a request, whatever the answer; for what this client has no method for.

        Args:
            method: of HTTP.
            path: from behind /api on, such as /recordings.
            timeout: seconds; the client's own without it.
            headers: beside the key.
            content: `params`, `json` or `content`, as for httpx.

        Raises:
            httpx.RequestError: no answer came.
        """
        sent = {"x-functions-key": self._key, **(headers or {})}
        return self.http.request(
            method, f"{self.url}/api{path}", headers=sent, timeout=timeout or self.timeout, **content
        )

    def answer(
        self,
        method: str,
        path: str,
        *,
        repeatable: bool = True,
        patience: Patience | None = None,
        accepted: Sequence[int] = (),
        **request: Any,
    ) -> httpx.Response:
        """The answer to a request, after as many tries as there is patience for.

        Args:
            method: of HTTP.
            path: as for `request`.
            repeatable: whether it is sent again although the app may have got it, because a connection broke.
            patience: another one than the client's.
            accepted: statuses that are an answer, beside those of success.
            request: as for `request`.
        """
        response = (patience or self.patience).answer(
            f"{method} /api{path}", lambda: self.request(method, path, **request), repeatable=repeatable
        )
        if response.is_success or response.status_code in accepted:
            return response
        raise problem_of(response)

    # Recordings.

    def start(self, request: StartRequest | Mapping[str, object], *, key: str | None = None) -> Recording:
        """Start a recording; repeated with the same key and request it is one start.

        Args:
            request: what is to be recorded; a mapping has the names of the API.
            key: the Idempotency-Key; without one a new one, so that tries of this call are one start.
        """
        body = msgspec.json.encode(msgspec.to_builtins(request) if isinstance(request, StartRequest) else request)
        headers = {"Idempotency-Key": uuid.uuid4().hex if key is None else key, "Content-Type": "application/json"}
        return decoded(self.answer("POST", "/recordings", content=body, headers=headers), Recording)

    def get(self, id: str) -> Recording:
        """A recording, with its chunks."""
        return decoded(self.document(id), Recording)

    def document(self, id: str) -> httpx.Response:
        """The same as the app wrote it, with whatever this client does not know."""
        return self.answer("GET", f"/recordings/{segment(id)}")

    def pause(self, id: str) -> Recording:
        """Pause it. When the connection breaks it is not repeated: ACS may refuse what is so already."""
        return decoded(self.answer("POST", f"/recordings/{segment(id)}/pause", repeatable=False), Recording)

    def resume(self, id: str) -> Recording:
        """Resume it; repeated no more than a pause."""
        return decoded(self.answer("POST", f"/recordings/{segment(id)}/resume", repeatable=False), Recording)

    def stop(self, id: str) -> Recording:
        """Stop it; that this returns means that ACS confirmed that it does not record."""
        return decoded(self.answer("POST", f"/recordings/{segment(id)}/stop"), Recording)

    def wait(
        self, id: str, *statuses: str, seconds: float = TIMEOUT_SECONDS, poll_seconds: float = POLL_SECONDS
    ) -> Recording:
        """Ask until the recording has one of the statuses; one of `SETTLED` if none is named.

        Args:
            id: of the recording.
            statuses: that end the waiting.
            seconds: after which it is too late.
            poll_seconds: between two questions, at most; the first ones follow each other sooner.

        Raises:
            TimeoutError: it has another one for so long; the message has all that is known of it.
        """
        until = time.monotonic() + seconds
        pause = min(FIRST_POLL_SECONDS, poll_seconds)
        while (recording := self.get(id)).status not in (statuses or SETTLED):
            if time.monotonic() > until:
                raise TimeoutError(f"After {seconds} s the recording is {recording}")
            time.sleep(pause)
            pause = min(pause * 1.5, poll_seconds)
        return recording

    # Lists.

    def page(self, *, continuation: str | None = None, **filters: Unpack[Filters]) -> RecordingPage:
        """One page of a list, newest first; `continuation` as the page before gave it."""
        return self._page(query_of(filters), continuation)

    def pages(self, **filters: Unpack[Filters]) -> Iterator[RecordingPage]:
        """Every page of a list."""
        return self._pages(query_of(filters))

    def recordings(self, **filters: Unpack[Filters]) -> Iterator[Recording]:
        """Every recording of a list, newest first, without chunks.

        Raises:
            Unreadable: at the end, where recordings belong to the list that the app cannot read.
        """
        return whole(self.pages(**filters))

    def at_risk(self) -> Iterator[Recording]:
        """Recordings with an original that is unsaved and expires within 12 hours, soonest first.

        Raises:
            Unreadable: at the end, where more may be at risk that the app cannot read.
        """
        return whole(self.pages_at_risk())

    def pages_at_risk(self) -> Iterator[RecordingPage]:
        return self._pages({"atRisk": "true"})

    def _pages(self, query: Mapping[str, str]) -> Iterator[RecordingPage]:
        return self._parts("GET", "/recordings", query, RecordingPage, TIMEOUT_SECONDS)

    def _page(self, query: Mapping[str, str], continuation: str | None) -> RecordingPage:
        return decoded(self.answer("GET", "/recordings", params=going_on(query, continuation)), RecordingPage)

    # Files.

    def content_link(self, id: str, document_id: str, *, download: bool = False) -> Link:
        """A link to a chunk's media; with `download` browsers save what they get as a file."""
        return self._link(id, document_id, "content", download)

    def metadata_link(self, id: str, document_id: str, *, download: bool = False) -> Link:
        """A link to a chunk's metadata, as ACS wrote it."""
        return self._link(id, document_id, "metadata", download)

    def _link(self, id: str, document_id: str, file: str, download: bool) -> Link:
        path = f"/recordings/{segment(id)}/chunks/{segment(document_id)}/{file}"
        return decoded(self.answer("GET", path, params={"download": "true"} if download else None), Link)

    def compose(self, id: str) -> Export:
        """One file of all chunks of a completed recording, composed where it is not there yet.

        A call that was not enough is made again, since the next one goes on: five times, each of some minutes.
        """
        path = f"/recordings/{segment(id)}/exports"
        for _ in range(COMPOSE_CALLS - 1):
            response = self.answer("POST", path, timeout=LONG_TIMEOUT_SECONDS, accepted=(GATEWAY_TIMEOUT,))
            if response.is_success:
                return decoded(response, Export)
        return decoded(self.answer("POST", path, timeout=LONG_TIMEOUT_SECONDS), Export)

    # Events for other apps.

    def events(self, id: str) -> tuple[Event, ...]:
        """The events of a recording as they happened, each with when it was sent, or why not."""
        return decoded(self.answer("GET", f"/recordings/{segment(id)}/events"), Events).events

    def resend_events(self, id: str, key: str | None = None) -> int:
        """Have its events sent again under their ids, all or the one of a key; returns how many."""
        params = None if key is None else {"key": key}
        return decoded(self.answer("POST", f"/recordings/{segment(id)}/events/resend", params=params), Resent).events

    # By hand.

    def replay(self, id: str) -> Replay:
        """Drive a recording's failed or stuck chunks again."""
        return decoded(self.answer("POST", f"/recordings/{segment(id)}/replay"), Replay)

    def replay_since(self, since: When) -> Iterator[Replay]:
        """Drive again whatever failed since a time: part by part, each when it is asked for."""
        return self._parts("POST", "/replay", {"since": time_text(since)}, Replay)

    def consistency(self, day: str | date) -> Iterator[Report]:
        """Compare rows, blobs and manifests of a day (UTC), part by part; nothing is changed."""
        return self._parts("GET", "/consistency", {"day": str(day)}, Report)

    def rebuild(self, day: str | date) -> Iterator[Rebuild]:
        """Write the lost rows of a day's recordings (UTC) anew from their manifests, part by part."""
        return self._parts("POST", "/rebuild", {"day": str(day)}, Rebuild)

    def _parts[Part: (RecordingPage, Replay, Report, Rebuild)](
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        kind: type[Part],
        timeout: float = LONG_TIMEOUT_SECONDS,
    ) -> Iterator[Part]:
        """Every part of an answer that comes in parts, each asked for when it is wanted."""
        continuation: str | None = None
        while True:
            part = decoded(self.answer(method, path, params=going_on(query, continuation), timeout=timeout), kind)
            yield part
            continuation = part.continuation
            if continuation is None:
                return

    def hand_in(self, events: Mapping[str, object] | Sequence[Mapping[str, object]]) -> TakenIn:
        """Hand in an event of Event Grid, or several, in either schema."""
        headers = {"Content-Type": "application/json"}
        return decoded(self.answer("POST", "/events", content=msgspec.json.encode(events), headers=headers), TakenIn)

    def health(self) -> Health:
        """Whether the app's settings are usable; wrong ones are a problem that names them, at once."""
        return decoded(self.answer("GET", "/health", patience=ONE_TRY), Health)

    def dependencies(self) -> Dependencies:
        """Whether storage and ACS answer; that they do not is an answer, too."""
        response = self.answer("GET", "/health/dependencies", patience=ONE_TRY, accepted=(503,))
        if response.headers.get("Content-Type", "").startswith("application/json"):
            return decoded(response, Dependencies)
        raise problem_of(response)


def whole(pages: Iterator[RecordingPage]) -> Iterator[Recording]:
    unreadable: list[str] = []
    for page in pages:
        yield from page.recordings
        unreadable += page.unreadable
    if unreadable:
        raise Unreadable(unreadable)
