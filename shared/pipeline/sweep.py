"""Look at everything that is open and due, and send it again; nothing is forgotten because a message was.

Safe when two run at once: whoever sends something claims it first, by the row's etag.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from shared.errors import AcsError, CatalogConflict, CatalogUnavailable, StoreUnavailable
from shared.lenient import Json
from shared.log import LogEvent, log
from shared.models import Chunk, ChunkRef, ChunkStatus, Messages, OpenWork, Recording, RecordingStatus
from shared.pipeline.completion import Completion, reopen
from shared.pipeline.ingest import Ingest, merged
from shared.ports import Catalog, Clock, DeadLetters
from shared.recordings import EVENT_PATIENCE, LIVE, LOOK_AGAIN, Recordings

ITEMS_PER_RUN_MAX = 2000  # what one run takes on; the next one is a minute away
ORPHAN_PATIENCE = timedelta(hours=1)  # an index line without a row belongs to an event that is being delivered again
WARNINGS = (timedelta(hours=12), timedelta(hours=4))  # before ACS destroys a chunk that is not stored
WHENEVER = datetime.max.replace(tzinfo=UTC)


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
        letters = self.as_far_as_possible(self.ingested_letters())
        now = self.clock()
        lines = list(self.catalog.due_work(WHENEVER))
        for line in lines:
            self.warned(line, now)
        due = [line for line in lines if line.due_at <= now][:ITEMS_PER_RUN_MAX]
        messages = merged([*letters, *self.as_far_as_possible(self.looked_at(line, now) for line in due)])
        self.tell(lines, len(due), messages, now)
        return messages

    def as_far_as_possible(self, steps: Iterator[Messages]) -> list[Messages]:
        """What the steps want sent, up to an outage: what they claimed is sent rather than left until the claim ends.

        Raises:
            CatalogUnavailable, CatalogConflict, StoreUnavailable: the outage, when nothing would be lost by it.
        """
        done: list[Messages] = []
        try:
            for step in steps:
                done.append(step)  # noqa: PERF402 - what came before an outage must stay
        except (CatalogUnavailable, CatalogConflict, StoreUnavailable) as error:
            if not any(part.transfers or part.deletions for part in done):
                raise
            log(LogEvent.SWEEP_INTERRUPTED, failure=str(error), steps=len(done))
        return done

    def tell(self, lines: Sequence[OpenWork], due: int, messages: Messages, now: datetime) -> None:
        """The gauge that alerts and the workbook read."""
        chunks = [line for line in lines if line.document_id]
        oldest = min((line.since for line in chunks if line.since), default=now)
        log(
            LogEvent.SWEEP_FINISHED,
            open=len(chunks),
            oldestOpenSeconds=round((now - oldest).total_seconds()),
            due=due,
            failed=sum(line.failed for line in lines),
            atRisk=sum(warnings_due(line, now) > 0 for line in chunks),
            transfers=len(messages.transfers),
            deletions=len(messages.deletions),
        )

    def warned(self, line: OpenWork, now: datetime) -> None:
        """Warn at each threshold, then remember that on the row: a crash in between repeats a warning and loses none.

        A chunk that a worker holds is warned of when it lets go: a write to its row would take the chunk from it.
        """
        level = warnings_due(line, now)
        if level <= line.warned:
            return
        chunk = self.catalog.chunk(ChunkRef(line.id, line.document_id))
        if chunk is None or (chunk.claimed_until or now) > now:
            return
        try:
            if chunk.warned < level:
                self.tell_risk(chunk, now)
                chunk = self.catalog.save_chunk(msgspec.structs.replace(chunk, warned=level))
        except CatalogConflict:
            return  # a worker has just written it; the next run looks again
        self.catalog.note_open([chunk.line(line.due_at)])

    def tell_risk(self, chunk: Chunk, now: datetime) -> None:
        if chunk.status is not ChunkStatus.PENDING:
            return
        log(
            LogEvent.CHUNK_AT_RISK,
            id=chunk.id,
            documentId=chunk.document_id,
            hoursLeft=round((chunk.expires_at - now) / timedelta(hours=1), 1),
            attempts=chunk.attempts,
            failure=chunk.failure,
        )

    def looked_at(self, line: OpenWork, now: datetime) -> Messages:
        if line.document_id:
            return self.chunk_looked_at(line, now)
        recording = self.catalog.recording(line.id)
        if recording is None:
            self.orphan(line, now)
        else:
            self.recording_looked_at(recording, line, now)
        return Messages()

    def chunk_looked_at(self, line: OpenWork, now: datetime) -> Messages:
        chunk = self.catalog.chunk(ChunkRef(line.id, line.document_id))
        if chunk is None:
            self.orphan(line, now)
            return Messages()
        if not chunk.open or chunk.due_at is None:
            # A crash after the chunk's last write: what should have followed follows now.
            self.completion.chunk_ended(chunk)
            return Messages()
        if chunk.due_at > now:
            self.catalog.note_open([chunk.line(chunk.due_at)])
            return Messages()
        return self.sent_again(chunk, now)

    def sent_again(self, chunk: Chunk, now: datetime) -> Messages:
        due = now + self.claim
        try:
            self.catalog.save_chunk(msgspec.structs.replace(chunk, due_at=due, claimed_until=None))
        except CatalogConflict:
            return Messages()  # a worker or another sweep has it
        self.catalog.note_open([chunk.line(due)])
        if chunk.status is ChunkStatus.PENDING:
            return Messages(transfers=(chunk.ref,))
        return Messages(deletions=(chunk.ref,))

    def orphan(self, line: OpenWork, now: datetime) -> None:
        """A line without a row: its event will be delivered again, or never was acknowledged."""
        if now - line.due_at > ORPHAN_PATIENCE:
            self.catalog.close(ChunkRef(line.id, line.document_id))

    def recording_looked_at(self, recording: Recording, line: OpenWork, now: datetime) -> None:
        if recording.status is RecordingStatus.TRANSFERRING:
            self.transferring_looked_at(recording, now)
        elif recording.status in LIVE:
            self.live_looked_at(recording, now)
        elif recording.status is RecordingStatus.STOPPED:
            self.stopped_looked_at(recording, now)
        elif recording.status is RecordingStatus.FAILED:
            self.failed_looked_at(recording, line, now)
            return
        current = self.catalog.recording(recording.id) or recording
        if current.status in {RecordingStatus.COMPLETED, RecordingStatus.EMPTY}:
            self.catalog.close(ChunkRef(current.id, ""))
        elif current.status is not RecordingStatus.FAILED:  # of a fresh failure the line tells already
            self.catalog.note_open([current.line(now + LOOK_AGAIN)])

    def failed_looked_at(self, recording: Recording, line: OpenWork, now: datetime) -> None:
        """Tell of a failure if a crash left that undone; whoever asked for a refused start was told at once."""
        chunks = list(self.catalog.chunks(recording.id))
        lost = any(chunk.status is ChunkStatus.FAILED for chunk in chunks)
        if recording.refused:
            self.catalog.close(ChunkRef(recording.id, ""))
        elif any(chunk.open for chunk in chunks) or (chunks and not lost):
            reopen(self.catalog, recording, now, now)  # a replay lifted the chunks and died before the recording
        elif line.failed:
            self.completion.keep_in_sight(recording, now)
        else:
            self.completion.tell_failed(recording, now)

    def transferring_looked_at(self, recording: Recording, now: datetime) -> None:
        """Complete it if a crash left that undone; tell when nothing is left to do and yet a chunk is missing."""
        decided = self.completion.complete_if_last(recording.id) or recording
        if decided.status is not RecordingStatus.TRANSFERRING:
            return
        left = [chunk for chunk in self.catalog.chunks(recording.id) if chunk.open]
        # A slow worker may have closed the line that a replay had just opened: what is overdue gets one again.
        self.catalog.note_open([chunk.line(chunk.due_at) for chunk in left if chunk.due_at and chunk.due_at <= now])
        if not left and now - decided.updated_at >= EVENT_PATIENCE:
            log(LogEvent.RECORDING_INCOMPLETE, id=recording.id, since=decided.updated_at)

    def live_looked_at(self, recording: Recording, now: datetime) -> None:
        """Ask ACS about a recording that may have ended; its silence changes nothing."""
        overdue = now - recording.created_at >= self.recordings.max_recording
        if recording.recording_id is None:
            if overdue:
                self.given_up(recording, now, "ACS never confirmed the start, and no file-ready event came.")
            return
        try:
            observed = self.recordings.observe(recording)
        except AcsError:
            return
        if overdue and observed.status in LIVE:
            log(LogEvent.RECORDING_OVERDUE, id=recording.id, status=observed.status)

    def stopped_looked_at(self, recording: Recording, now: datetime) -> None:
        """An ended recording without files: unless ACS still knows it, its event is lost or late."""
        if now - recording.updated_at < EVENT_PATIENCE or recording.recording_id is None:
            return
        try:
            known = self.recordings.acs.state(recording.recording_id)
        except AcsError:
            return
        if known is None:
            failure = "It ended, and no file-ready event came within an hour. Hand it in (POST /api/events) or replay."
            self.given_up(recording, now, failure)

    def given_up(self, recording: Recording, now: datetime, failure: str) -> None:
        """Say that something is wrong while there is time; a later event reopens the recording all the same."""
        try:
            self.completion.give_up(recording, failure, now)
        except CatalogConflict:
            return  # it has just changed; the next look sees how

    def ingested_letters(self) -> Iterator[Messages]:
        """Events that Event Grid gave up on; a letter goes only when what is in it is durable."""
        for name in self.dead_letters.listed():
            yield self.ingested_letter(self.dead_letters.read(name))
            self.dead_letters.remove(name)
            log(LogEvent.DEAD_LETTER_INGESTED, name=name)

    def ingested_letter(self, content: bytes) -> Messages:
        return merged(self.ingest.ingest(document) for document in documents(content))


def warnings_due(line: OpenWork, now: datetime) -> int:
    """How many thresholds before its destruction a chunk has passed."""
    left = line.expires_at - now if line.expires_at else timedelta.max
    return sum(left <= threshold for threshold in WARNINGS)


def documents(content: bytes) -> list[Json]:
    """The events of a dead letter; one that cannot be read is passed on as text, to be kept as it came."""
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError):
        parsed = {"unreadable": content.decode(errors="replace")}
    listed = parsed if isinstance(parsed, list) else [parsed]
    return [item if isinstance(item, Mapping) else {"unreadable": item} for item in listed]
