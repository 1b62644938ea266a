"""Look at everything that is open and due, and send it again; nothing is forgotten because a message was.

Safe when two run at once: whoever sends something claims it first, by the row's etag.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import msgspec

from shared.errors import AcsError, CatalogConflict
from shared.log import LogEvent, log
from shared.models import ENDED, Chunk, ChunkRef, ChunkStatus, Messages, OpenWork, Recording, RecordingStatus
from shared.pipeline.completion import Completion
from shared.pipeline.events import Json
from shared.pipeline.ingest import Ingest, merged
from shared.ports import Catalog, Clock, DeadLetters
from shared.recordings import EVENT_PATIENCE, LIVE, Recordings

ITEMS_PER_RUN_MAX = 2000  # what one run takes on; the next one is a minute away
ORPHAN_PATIENCE = timedelta(hours=1)  # an index line without a row belongs to an event that is being delivered again
LOOK_AGAIN = timedelta(hours=1)


class Sweep:
    """The timer's work."""

    def __init__(
        self,
        catalog: Catalog,
        dead_letters: DeadLetters,
        ingest: Ingest,
        completion: Completion,
        recordings: Recordings,
        clock: Clock,
        claim: timedelta,
    ) -> None:
        self.catalog = catalog
        self.dead_letters = dead_letters
        self.ingest = ingest
        self.completion = completion
        self.recordings = recordings
        self.clock = clock
        self.claim = claim

    def sweep(self) -> Messages:
        """One run; returns what is to be sent.

        Raises:
            CatalogUnavailable, StoreUnavailable: our own outage; the next run begins anew.
        """
        counted: Counter[str] = Counter()
        letters = list(self.ingested_letters())
        now = self.clock()
        works = [work for work, _ in zip(self.catalog.due_work(now), range(ITEMS_PER_RUN_MAX), strict=False)]
        swept = [self.looked_at(work, now, counted) for work in works]
        messages = merged([*letters, *swept])
        log(
            LogEvent.SWEEP_FINISHED,
            looked=len(works),
            transfers=len(messages.transfers),
            deletions=len(messages.deletions),
            deadLetters=len(letters),
            **counted,
        )
        return messages

    def looked_at(self, work: OpenWork, now: datetime, counted: Counter[str]) -> Messages:
        if work.document_id:
            return self.chunk_looked_at(work, now, counted)
        recording = self.catalog.recording(work.id)
        if recording is None:
            self.orphan(work, now)
        else:
            counted[f"recordings_{recording.status}"] += 1
            self.recording_looked_at(recording, now)
        return Messages()

    def chunk_looked_at(self, work: OpenWork, now: datetime, counted: Counter[str]) -> Messages:
        chunk = self.catalog.chunk(ChunkRef(work.id, work.document_id))
        if chunk is None:
            self.orphan(work, now)
            return Messages()
        counted[f"chunks_{chunk.status}"] += 1
        if not chunk.open or chunk.due_at is None:
            # A crash after the chunk's last write: what should have followed follows now.
            self.catalog.close(chunk.ref)
            self.completion.complete_if_last(chunk.id)
            return Messages()
        if chunk.due_at > now:
            self.catalog.note_open([OpenWork(id=chunk.id, document_id=chunk.document_id, due_at=chunk.due_at)])
            return Messages()
        return self.sent_again(chunk, now)

    def sent_again(self, chunk: Chunk, now: datetime) -> Messages:
        due = now + self.claim
        try:
            self.catalog.save_chunk(msgspec.structs.replace(chunk, due_at=due, claimed_until=None))
        except CatalogConflict:
            return Messages()  # a worker or another sweep has it
        self.catalog.note_open([OpenWork(id=chunk.id, document_id=chunk.document_id, due_at=due)])
        if chunk.status is ChunkStatus.PENDING:
            return Messages(transfers=(chunk.ref,))
        return Messages(deletions=(chunk.ref,))

    def orphan(self, work: OpenWork, now: datetime) -> None:
        """A line without a row: its event will be delivered again, or never was acknowledged."""
        if now - work.due_at > ORPHAN_PATIENCE:
            self.catalog.close(ChunkRef(work.id, work.document_id))

    def recording_looked_at(self, recording: Recording, now: datetime) -> None:
        if recording.status is RecordingStatus.TRANSFERRING:
            self.completion.complete_if_last(recording.id)
        elif recording.status in LIVE:
            self.live_looked_at(recording, now)
        elif recording.status is RecordingStatus.STOPPED and now - recording.updated_at >= EVENT_PATIENCE:
            self.given_up(recording, now, "It ended, and no file-ready event came. See the runbook: replay by hand.")
        elif recording.status in ENDED - {RecordingStatus.STOPPED}:
            self.catalog.close(ChunkRef(recording.id, ""))
            return
        self.catalog.note_open([OpenWork(id=recording.id, due_at=now + LOOK_AGAIN)])

    def live_looked_at(self, recording: Recording, now: datetime) -> None:
        """Ask ACS about a recording that should have ended; its silence changes nothing."""
        if recording.recording_id is None:
            if now - recording.created_at >= self.recordings.max_recording:
                self.given_up(recording, now, "ACS never confirmed the start, and no file-ready event came.")
            return
        try:
            self.recordings.observe(recording)
        except AcsError:
            return

    def given_up(self, recording: Recording, now: datetime, failure: str) -> None:
        try:
            row = msgspec.structs.replace(recording.moved(RecordingStatus.FAILED, now), failure=failure)
            self.catalog.save_recording(row)
        except CatalogConflict:
            return
        log(LogEvent.RECORDING_FAILED, id=recording.id, failure=failure)

    def ingested_letters(self) -> Iterator[Messages]:
        """Events that Event Grid gave up on; a letter goes only when what is in it is durable."""
        for name in self.dead_letters.listed():
            yield self.ingested_letter(self.dead_letters.read(name))
            self.dead_letters.remove(name)
            log(LogEvent.DEAD_LETTER_INGESTED, name=name)

    def ingested_letter(self, content: bytes) -> Messages:
        return merged(self.ingest.ingest(document) for document in documents(content))


def documents(content: bytes) -> list[Json]:
    """The events of a dead letter; one that cannot be read is passed on as text, to be kept as it came."""
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError):
        parsed = {"unreadable": content.decode(errors="replace")}
    listed = parsed if isinstance(parsed, list) else [parsed]
    return [item if isinstance(item, Mapping) else {"unreadable": item} for item in listed]
