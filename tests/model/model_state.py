"""Several calls, their recordings, an operator and outages: what the state machine acts on."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from shared.domain.errors import RecorderError
from shared.domain.log import LogEvent
from shared.domain.models import Chunk, ChunkRef, Recording
from shared.domain.statuses import ChunkStatus, Origin, RecordingStatus
from shared.settings import DELETION_POISON_QUEUE, TRANSFER_POISON_QUEUE
from tests.builders import (
    CALL_CONNECTION_ID,
    announced_chunk,
    document_id,
    file_ready_event,
    media,
    metadata,
    start_body,
)
from tests.fakes import Cloud, Crash, Effect, FakeHost, Fault, acs_recording_id
from tests.fakes.host import Document, QueuedMessage
from tests.model.alerts import Alerts, nothing_fails_in_silence
from tests.model.oracle import Oracle, digest
from tests.model.scenarios import MEDIA_BYTES
from tests.model.violation import hold

CHUNKS = 3  # of every recording
RETENTION = timedelta(hours=24)
SETTLED = frozenset({RecordingStatus.COMPLETED, RecordingStatus.FAILED, RecordingStatus.EMPTY})
CALLS = ("call-a", "call-b", CALL_CONNECTION_ID)  # the last one is started by callConnectionId
FORMS = (4, 3, 2)  # of the subjects of a call's recordings, one after the other; all that names them
FOREIGN = acs_recording_id(99)  # a recording that none of our callers started


@dataclass
class RecordedCall:
    """What ACS has made of one recording."""

    recording_id: str
    call: str
    began: datetime
    first: int  # number of its first document
    form: int  # of the subject of its events
    announced: set[int] = field(default_factory=set)

    def has(self, document: str) -> bool:
        return document in map(document_id, range(self.first, self.first + CHUNKS))


class ModelState:
    """A cloud with its host, and what was published."""

    def __init__(self) -> None:
        self.cloud = Cloud()
        self.host = FakeHost(self.cloud)
        self.oracle = Oracle(self.cloud)
        self.cloud.world.plan = self.plan
        self.outages: dict[str, Fault] = {}
        self.crash_in: int | None = None
        self.recorded_calls: dict[str, RecordedCall] = {}
        self.files: dict[str, bytes] = {}  # by document id: the media
        self.published: list[Document] = []
        self.tampered: set[str] = set()  # blobs that the operator altered or removed
        self.alerts = Alerts()
        self.recorded_call(FOREIGN, "call-of-others")

    def plan(self, effect: Effect) -> Fault | None:
        self.oracle.effect_begins(effect)
        if self.crash_in is not None:
            self.crash_in -= 1
            if self.crash_in < 0:
                self.crash_in = None
                return Fault.CRASH_AFTER
        return self.outages.get(effect.name.partition(".")[0])

    def recorded_call(self, recording_id: str, call: str) -> None:
        number = len(self.recorded_calls)
        form = FORMS[number % len(FORMS)]
        form = 5 if call == CALL_CONNECTION_ID and form == 3 else form
        recorded_call = RecordedCall(recording_id, call, self.cloud.world.now, number * CHUNKS, form)
        self.recorded_calls.setdefault(recording_id, recorded_call)

    # What callers do.

    def calling(self, act: Callable[[], object]) -> None:
        """A request of a caller's; what it is told does not matter here."""
        try:
            with suppress(RecorderError):
                act()
        except Crash:
            self.cloud.restart()
        for recording_id, recording in self.cloud.acs.recordings.items():
            self.recorded_call(recording_id, recording.call)

    def start(self, call: str, key: str, *, paused: bool) -> None:
        from shared.api.request_bodies import parse_start_request

        self.cloud.world.advance(timedelta(seconds=1))  # no two starts of a call at one moment
        by_connection = call == CALL_CONNECTION_ID
        named = {"serverCallId": None, "callConnectionId": call} if by_connection else {"serverCallId": call}
        request = parse_start_request(start_body(**named, pauseOnStart=paused), ())
        self.calling(lambda: self.cloud.services.starts.start(request, key))

    def control(self, act: str, id: str) -> None:
        def request() -> None:
            row = getattr(self.cloud.services.control, act)(id)
            if act == "stop" and not row.refused:
                self.oracle.not_recorded(row, "A caller was told that recording was stopped")

        self.calling(request)

    # What ACS and Event Grid do.

    def announce(self, recorded_call: RecordedCall, numbers: set[int], times: int) -> None:
        """Files are there, and an event says so; the same ones may be announced again."""
        expires = self.cloud.world.now + RETENTION
        for number in numbers - recorded_call.announced:
            id = document_id(recorded_call.first + number)
            self.files[id] = media("wav", MEDIA_BYTES + number, seed=recorded_call.first + number)
            facts = metadata(recorded_call.first + number, chunkStartTime=self.cloud.world.now.isoformat())
            self.cloud.source.add(id, self.files[id], facts, expires)
        recorded_call.announced |= numbers
        event = file_ready_event(
            [self.announced(recorded_call, number) for number in sorted(numbers)],
            subject_form=recorded_call.form,
            server_call_id=recorded_call.call,
            recording_id=recorded_call.recording_id,
            event_time=self.cloud.world.now,
            recordingStartTime=recorded_call.began.isoformat(),
        )
        self.published.append(event)
        self.host.publish(event, times)

    def announced(self, recorded_call: RecordedCall, number: int) -> dict[str, object]:
        last = number == CHUNKS - 1
        chunk = announced_chunk(
            recorded_call.first + number, endReason="SessionEnded" if last else "ChunkMaximumSizeExceeded"
        )
        return chunk | {"index": number}

    # What an operator does.

    def tamper(self, chunk: Chunk, how: str) -> None:
        name = chunk.content_blob
        if name not in self.cloud.store.blobs:
            return
        if how == "retag":
            self.cloud.store.retag(name)
        elif how == "overwrite":
            self.cloud.store.overwrite(name, b"the operator's own bytes")
        else:
            self.cloud.store.lose(name)
        self.tampered |= {name} if how != "retag" else set()
        self.oracle.blobs = self.cloud.store.blobs

    def poison(self, ref: ChunkRef) -> None:
        for queue in (TRANSFER_POISON_QUEUE, DELETION_POISON_QUEUE):
            self.host.queues[queue].append(QueuedMessage(msgspec.json.encode(ref)))

    # What must hold after every step.

    def check(self) -> None:
        self.oracle.rows_written()
        self.oracle.nothing_overwritten()
        for chunk in self.cloud.chunks():
            self.check_chunk(chunk)
        for recording in self.cloud.recordings():
            self.check_recording(recording)
        for event in self.published:
            self.check_not_lost(event)

    def check_chunk(self, chunk: Chunk) -> None:
        self.check_recording_of(chunk)
        looked_after = (chunk.id, chunk.document_id) in self.cloud.catalog.open
        hold(looked_after or not chunk.open, f"Nobody looks after chunk {chunk.index}, which is {chunk.status}.")
        hold(chunk.status is not ChunkStatus.FAILED or bool(chunk.failure), "A chunk failed without a reason.")
        given_up = chunk.status is ChunkStatus.FAILED or (chunk.status is ChunkStatus.STORED and not chunk.open)
        if given_up and chunk.managed and not self.tampered & {chunk.content_blob}:
            held = chunk.created_at + RETENTION
            hold(self.cloud.world.now >= held, f"A chunk was given up before its time: {chunk.failure}")
        if chunk.status in {ChunkStatus.STORED, ChunkStatus.DELETED} and chunk.content_blob not in self.tampered:
            there = self.cloud.store.blobs.get(chunk.content_blob)
            hold(there == self.files[chunk.document_id], f"A chunk is {chunk.status}, but its blob is not its file.")
            hold(chunk.sha256 == digest(there or b""), "The row names another digest than the blob's.")

    def check_recording_of(self, chunk: Chunk) -> None:
        """A file lies under the recording that it is of; where nothing names that, under one of its own."""
        recorded_call = next(call for call in self.recorded_calls.values() if call.has(chunk.document_id))
        requests = self.cloud.acs.requests
        recordings = self.cloud.recordings()
        by_start = {requests.get(row.repeatability_request_id or ""): row.id for row in recordings}
        ours = by_start.get(recorded_call.recording_id)
        other = next(row.origin for row in recordings if row.id == chunk.id) is Origin.EVENT
        is_named = recorded_call.form != 2 or recorded_call.call == CALL_CONNECTION_ID
        hold(chunk.id == ours or (other and (ours is None or not is_named)), "A file lies under another recording.")

    def check_recording(self, recording: Recording) -> None:
        chunks = [chunk for chunk in self.cloud.chunks() if chunk.id == recording.id]
        looked_after = (recording.id, "") in self.cloud.catalog.open
        hold(looked_after or recording.status in SETTLED, f"Nobody looks after a recording that is {recording.status}.")
        if recording.status is RecordingStatus.COMPLETED:
            hold(not any(chunk.open for chunk in chunks), "A recording is completed with an open chunk.")
            hold({chunk.index for chunk in chunks} == set(range(CHUNKS)), "A recording is completed with a gap.")
            manifests = [name for name in self.cloud.store.blobs if f"{recording.folder}/recording." in name]
            hold(len(manifests) >= recording.manifests >= 1, "A recording is completed without a manifest.")

    def check_not_lost(self, event: Document) -> None:
        """An event is on its way, among the dead letters, or in the rows."""
        if any(delivery.document is event for delivery in self.host.events):
            return
        rows = {chunk.document_id for chunk in self.cloud.chunks()}
        letters = b"".join(self.cloud.letters.events.values()).decode()
        data = event["data"]
        assert isinstance(data, dict)
        for chunk in data["recordingStorageInfo"]["recordingChunks"]:
            id = chunk["documentId"]
            hold(id in rows or id in letters, f"{id} was acknowledged, and there is no trace of it.")

    def check_warned(self) -> None:
        """After a whole sweep nobody is surprised by a loss; of what a worker holds, the next sweep tells."""
        for chunk in self.cloud.chunks():
            left = chunk.expires_at - self.cloud.world.now
            level = (left <= timedelta(hours=12)) + (left <= timedelta(hours=4))
            held = chunk.claimed_until is not None and chunk.claimed_until > self.cloud.world.now
            if chunk.status is ChunkStatus.PENDING and not held:
                told = (LogEvent.CHUNK_AT_RISK, chunk.id, chunk.document_id) in self.alerts.told
                hold(chunk.warned >= level and (told or not level), f"Nobody was warned {left} before a loss.")

    # The end.

    def settle(self) -> None:
        """The outages end, the calls end, the missing events come, and everything rests."""
        self.outages.clear()
        self.crash_in = None
        self.cloud.acs.recordings.clear()
        for recorded_call in self.recorded_calls.values():
            if recorded_call.announced:
                self.announce(recorded_call, set(range(CHUNKS)), times=1)
        self.host.settle()
        self.check()
        nothing_fails_in_silence(self.cloud, self.alerts)
        for recording in self.cloud.recordings():
            self.check_end(recording)

    def check_end(self, recording: Recording) -> None:
        chunks = [chunk for chunk in self.cloud.chunks() if chunk.id == recording.id]
        hold(recording.status in SETTLED, f"A recording ended as {recording.status}.")
        hold(not any(chunk.open for chunk in chunks), "A chunk never came to an end.")
        if recording.status is RecordingStatus.FAILED:
            hold(bool(recording.shown_failure), "A recording failed without a reason.")
        saved = {chunk.index for chunk in chunks if chunk.status is not ChunkStatus.FAILED}
        if len(chunks) == len(saved) == CHUNKS:
            hold(
                recording.status is RecordingStatus.COMPLETED, f"All is saved, but the recording is {recording.status}."
            )
        for chunk in chunks:
            undisturbed = chunk.content_blob not in self.tampered and chunk.status is not ChunkStatus.FAILED
            kept = chunk.document_id in self.cloud.source.documents
            hold(chunk.status is not ChunkStatus.DELETED or not kept, "A chunk is deleted, and ACS still has it.")
            hold(not undisturbed or chunk.sha256 == digest(self.files[chunk.document_id]), "Another file was stored.")
