"""ACS, in dictionaries: calls that can be recorded, and the documents it keeps for a day."""

import base64
import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.acs_words import RecordingKind
from shared.domain.errors import AcsError, AcsRefused, SourceMissing, SourceUnavailable
from shared.domain.ports import AcsState, SourceRange
from shared.domain.start_request import StartRequest
from tests.fakes.world import Fault, World, no_wait

PIECE_BYTES = 1024
PAGE = b"<!DOCTYPE html><html><body>Service unavailable</body></html>"


@dataclass
class FakeAcsRecording:
    """A recording as ACS knows it."""

    recording_id: str
    call: str
    active: bool
    known_from: datetime | None = None  # before, a question for its state is answered "not found"


class FakeAcsCalls:
    """The port `AcsCalls`. One recording of a call at a time; a recording that was stopped is not known any more."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.recordings: dict[str, FakeAcsRecording] = {}
        self.requests: dict[str, str] = {}  # by repeatability id: ACS's id of the recording
        self.first_sent: dict[str, set[datetime]] = {}
        self.honours_repeatability = False
        self.tells_state_at_start = True
        self.starts_active = False  # in recorded sessions a start was answered with "inactive"
        self.answers: defaultdict[str, deque[AcsError]] = defaultdict(deque)
        self.started: list[StartRequest] = []
        self.ran: set[str] = set()  # ids of those that ever were active: ACS makes files of them
        self.becomes_known_after = timedelta(0)
        self.kind: RecordingKind | None = RecordingKind.ACS

    def refuse(self, action: str, error: AcsError) -> None:
        """Answer the next request of an action with an error."""
        self.answers[action].append(error)

    def answered(self, action: str) -> None:
        if self.answers[action]:
            raise self.answers[action].popleft()

    def start(self, request: StartRequest, repeatability_id: str, first_sent: datetime) -> AcsState:
        with self.world.effect("acs.start"):
            self.first_sent.setdefault(repeatability_id, set()).add(first_sent)
            self.answered("start")
            if self.honours_repeatability and repeatability_id in self.requests:
                return self.shown(self.requests[repeatability_id])
            call = locator(request)
            if any(recording.call == call for recording in self.recordings.values()):
                raise AcsRefused("Recording is already in progress (400/8553)", status=400, code="8553")
            id = acs_recording_id(len(self.started) + 1, request.call_connection_id)
            self.started.append(request)
            self.requests[repeatability_id] = id
            active = self.starts_active and not request.pause_on_start
            self.recordings[id] = FakeAcsRecording(id, call, active, self.world.now + self.becomes_known_after)
            self.ran |= {id} if active else set()
            return self.shown(id) if self.tells_state_at_start else AcsState(id, active=None)

    def shown(self, id: str) -> AcsState:
        return AcsState(id, self.known(id).active, self.kind)

    def known(self, id: str) -> FakeAcsRecording:
        if id not in self.recordings:
            raise AcsRefused("Recording not found. (404/8522)", status=404, code="8522")
        return self.recordings[id]

    def pause(self, recording_id: str) -> None:
        with self.world.effect("acs.pause") as fault:
            self.answered("pause")
            self.found(recording_id, fault).active = False

    def resume(self, recording_id: str) -> None:
        with self.world.effect("acs.resume") as fault:
            self.answered("resume")
            self.found(recording_id, fault).active = True
            self.ran.add(recording_id)

    def stop(self, recording_id: str) -> None:
        with self.world.effect("acs.stop") as fault:
            self.answered("stop")
            self.found(recording_id, fault)
            del self.recordings[recording_id]

    def state(self, recording_id: str) -> AcsState | None:
        with self.world.effect("acs.state"):
            self.answered("state")
            found = self.recordings.get(recording_id)
            if found is None or (found.known_from is not None and self.world.now < found.known_from):
                return None
            return AcsState(recording_id, found.active, self.kind)

    def found(self, id: str, fault: Fault | None) -> FakeAcsRecording:
        """A recording; under ACS's high-availability issue one that runs may be answered with 404."""
        return self.known("" if fault is Fault.MISSING else id)

    # What happens by itself.

    def begin(self, recording_id: str) -> None:
        """The recording runs, a few seconds after its start."""
        self.recordings[recording_id].active = True
        self.ran.add(recording_id)

    def hang_up(self, recording_id: str) -> None:
        """The call ends, and its recording with it."""
        self.recordings.pop(recording_id, None)


def locator(request: StartRequest) -> str:
    named = request.server_call_id or request.group_call_id or request.room_id or request.call_connection_id
    assert named
    return named


def acs_recording_id(number: int, call_connection_id: str | None = None) -> str:
    """ACS's own form: base64url of two GUIDs, without padding. Of a start by callConnectionId the first is that id."""
    parts = {
        "PlatformEndpointId": call_connection_id or f"aaaaaaaa-0000-4000-8000-{number:012}",
        "ResourceSpecificId": f"bbbbbbbb-0000-4000-8000-{number:012}",
    }
    return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")


@dataclass
class FakeDocument:
    """A chunk's files at ACS, from when they appear until it destroys them; at some of its hosts, or at all."""

    contents: dict[str, bytes]
    expires_at: datetime | None = None
    appears_at: datetime | None = None
    hosts: frozenset[str] = frozenset()


@dataclass
class FakeRange:
    """The port `SourceRange`."""

    total: int
    length: int
    content: bytes = field(repr=False)
    breaks_after: int | None = None
    at_piece: Callable[[], None] = no_wait

    received: int = 0

    def receive_into(self, target: memoryview) -> int:
        content = self.content[: self.breaks_after]
        piece = content[self.received :][: min(PIECE_BYTES, len(target))]
        if piece:
            self.at_piece()
        elif self.breaks_after is not None:
            raise SourceUnavailable(f"The connection broke after {self.breaks_after} bytes.")
        target[: len(piece)] = piece
        self.received += len(piece)
        return len(piece)


class FakeSource:
    """The port `Source`. `on_delete` sees every document before it is deleted; `refusal` answers every read."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.documents: dict[str, FakeDocument] = {}
        self.on_delete: Callable[[str, FakeDocument], None] = lambda _, __: None
        self.bytes_sent = 0
        self.is_silent = False
        self.refusal = ""

    def add(self, document_id: str, media: bytes, metadata: bytes, expires_at: datetime | None = None) -> None:
        self.documents[document_id] = FakeDocument({"video": media, "acsmetadata": metadata}, expires_at)

    def found(self, url: str) -> tuple[str, FakeDocument | None]:
        id = url.partition("/v1/objects/")[2].partition("/")[0]
        document = self.documents.get(id)
        if document is not None and document.expires_at is not None and document.expires_at <= self.world.now:
            del self.documents[id]
            return id, None
        host = url.removeprefix("https://").partition("/")[0]
        if document is None or (document.hosts and host not in document.hosts):
            return id, None
        return id, None if document.appears_at and self.world.now < document.appears_at else document

    def open(self, url: str, offset: int, length: int) -> AbstractContextManager[SourceRange]:
        return self.opened(url, offset, length)

    @contextmanager
    def opened(self, url: str, offset: int, length: int) -> Iterator[SourceRange]:
        with self.world.effect("source.open") as fault:
            if self.is_silent:
                raise SourceUnavailable("ACS did not answer.")
            if self.refusal:
                raise SourceUnavailable(self.refusal)
            answer = self.answer(url, offset, length, fault)
            self.bytes_sent += answer.length
        answer.at_piece = self.world.at_piece
        yield answer

    def answer(self, url: str, offset: int, length: int, fault: Fault | None) -> FakeRange:
        document = self.found(url)[1]
        content = document.contents.get(url.rpartition("/")[2]) if document else None
        if content is None or fault is Fault.MISSING:
            raise SourceMissing("ACS has no such document: not yet, or not any more.")
        if fault is Fault.EMPTY:
            return FakeRange(0, 0, b"")
        if fault is Fault.HTML:
            # Of the right length only as a whole: bytes exchanged in the middle are what FLIPPED stands for.
            content = (PAGE * (len(content) // len(PAGE) + 1))[: len(content) - (offset > 0)]
        if fault is Fault.FLIPPED:
            content = content[:-1] + bytes([content[-1] ^ 1])
        part = content[offset : offset + length]
        breaks_after = len(part) // 2 if fault is Fault.TRUNCATED else None
        return FakeRange(len(content), len(part), part, breaks_after)

    def delete(self, url: str, reverify: Callable[[], None]) -> None:
        reverify()
        with self.world.effect("source.delete") as fault:
            if fault is not Fault.ASKED_AGAIN:
                self.deleted(url)
                return
        self.delete(url, reverify)

    def deleted(self, url: str) -> None:
        id, document = self.found(url)
        if document is not None:
            self.on_delete(id, document)
            del self.documents[id]
