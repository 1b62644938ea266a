"""Look at everything that is open and due, and send it again; nothing is forgotten because a message was.

Each index line and each dead letter is a unit of its own: one that cannot be done stops none of the others.
Safe when two run at once: whoever sends something claims it first, by the row's etag.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec

from shared.control import EVENT_PATIENCE, LOOK_AGAIN, Control, next_question, unconfirmed
from shared.errors import AcsError, BlobGone, CatalogConflict, Unforeseen
from shared.lenient import Json
from shared.log import LogEvent, log
from shared.models import (
    Chunk,
    ChunkRef,
    ChunkStatus,
    FailureKind,
    FilesStatus,
    Messages,
    OpenWork,
    Recording,
    RecordingStatus,
)
from shared.pipeline.completion import Completion, reopen
from shared.pipeline.ingest import Ingest, merged
from shared.ports import Catalog, Clock, DeadLetters
from shared.units import Run

ITEMS_PER_RUN_MAX = 2000  # what one run takes on; the next one is a minute away
ORPHAN_PATIENCE = timedelta(hours=1)  # an index line without a row belongs to an event that is being delivered again
WARNINGS = (timedelta(hours=12), timedelta(hours=4))  # before ACS destroys a chunk that is not stored
# What a recording shows whose end ACS has not confirmed; the last where ACS never said anything of it.
UNDECIDED = frozenset(
    {RecordingStatus.STARTING, RecordingStatus.ACTIVE, RecordingStatus.PAUSED, RecordingStatus.TRANSFERRING}
)
ACS_PATIENCE = timedelta(hours=6)  # chosen: how long ACS may leave open whether an ended recording's event is to come
WHENEVER = datetime.max.replace(tzinfo=UTC)


@dataclass
class IndexRead:
    """What could be read of the open-work index."""

    lines: list[OpenWork] = field(default_factory=list)
    is_whole: bool = False


class Sweep:
    """The timer's work."""

    def __init__(
        self,
        catalog: Catalog,
        dead_letters: DeadLetters,
        ingest: Ingest,
        completion: Completion,
        control: Control,
        clock: Clock,
        *,
        claim: timedelta,
        max_recording: timedelta,
    ) -> None:
        self.catalog = catalog
        self.dead_letters = dead_letters
        self.ingest = ingest
        self.completion = completion
        self.control = control
        self.clock = clock
        self.claim = claim
        self.max_recording = max_recording

    def sweep(self) -> Messages:
        """One run; returns what is to be sent.

        Raises:
            CatalogUnavailable, StoreUnavailable: our own outage kept something from being done, and there is nothing
                that raising would discard; the next run begins anew.
        """
        run = Run("sweep")
        letters = self.letters(run)
        now = self.clock()
        index = IndexRead()
        run.attempt(partial(self.read_index, index), self.index_unforeseen)
        for place, line in enumerate(index.lines):
            # A warning that cannot be given puts off no look, which may well work out.
            run.attempt(partial(self.warned, line, now), partial(self.set_aside, index, place, line.due_at))
        due = sorted((line.due_at, place) for place, line in enumerate(index.lines) if line.due_at <= now)
        looked_at = [
            run.attempt(
                partial(self.looked_at, index.lines[place], now),
                partial(self.set_aside, index, place, now + LOOK_AGAIN),
            )
            for _, place in due[:ITEMS_PER_RUN_MAX]
        ]
        messages = merged([letters, *looked_at])
        if index.is_whole:  # of a part nobody may be told that it is all that is open
            self.tell(index.lines, len(due), messages, now)
        return run.finish(messages)

    def read_index(self, index: IndexRead) -> Messages:
        """Collect every line of the open-work index, as far as Table Storage answers."""
        for line in self.catalog.due_work(WHENEVER):
            index.lines.append(line)
        index.is_whole = True
        return Messages()

    def index_unforeseen(self, error: Unforeseen) -> None:
        log(LogEvent.UNFORESEEN_FAULT, failure=f"The open-work index could not be read. {error}")

    def set_aside(self, index: IndexRead, place: int, due_at: datetime, error: Unforeseen) -> None:
        """Tell once of a row that cannot be worked on, in this run and in later ones, and look at it again then."""
        line = index.lines[place]
        if not line.told:
            log(LogEvent.UNFORESEEN_FAULT, id=line.id, documentId=line.document_id or None, failure=str(error))
        index.lines[place] = msgspec.structs.replace(line, due_at=due_at, told=True)
        self.catalog.note_open([index.lines[place]])

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

    def warned(self, line: OpenWork, now: datetime) -> Messages:
        """Warn at each threshold, then remember that on the row: a crash in between repeats a warning and loses none.

        A chunk that a worker holds is warned of when it lets go: a write to its row would take the chunk from it.
        """
        level = warnings_due(line, now)
        if level > line.warned:
            self.warn(line, level, now)
        return Messages()

    def warn(self, line: OpenWork, level: int, now: datetime) -> None:
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
        if recording.refused:
            self.catalog.close(ChunkRef(recording.id, ""))  # whoever asked was told at once
            return
        row = self.asked_about(recording, now)
        if row.start_failure is not None:
            self.failure_looked_at(row, line, now)
        elif row.files is FilesStatus.FAILED:
            self.failed_looked_at(row, line, now)
        else:
            if row.files is FilesStatus.TRANSFERRING:
                self.transferring_looked_at(row, now)
            elif row.files is FilesStatus.NONE and not self.control.may_run(row) and not row.is_empty:
                self.without_files_looked_at(row, now)
            self.look_again(self.catalog.recording(row.id) or row, now)

    def look_again(self, recording: Recording, now: datetime) -> None:
        """When to look next; never again where nothing is left to come. Of a failure the line says so already."""
        if recording.start_failure is not None or recording.files is FilesStatus.FAILED:
            return
        if not self.control.may_run(recording) and (
            recording.files is FilesStatus.COMPLETED or (recording.files is FilesStatus.NONE and recording.is_empty)
        ):
            self.catalog.close(ChunkRef(recording.id, ""))
            return
        due = next_question(recording, now) if self.control.may_run(recording) else now + LOOK_AGAIN
        self.catalog.note_open([recording.line(due)])

    def asked_about(self, recording: Recording, now: datetime) -> Recording:
        """The recording with ACS's word of it where the end is not confirmed; its silence changes nothing."""
        try:
            row = self.control.observe(recording)
        except AcsError:
            row = recording
        if self.control.may_run(row) and row.status in UNDECIDED and now - row.created_at >= self.max_recording:
            log(LogEvent.RECORDING_OVERDUE, id=row.id, status=row.status)
        return row

    def failure_looked_at(self, recording: Recording, line: OpenWork, now: datetime) -> None:
        """Tell of a failure if a crash left that undone, and keep it in sight."""
        if line.failed:
            self.completion.keep_in_sight(recording, now)
        else:
            self.completion.tell_failed(recording, now)

    def failed_looked_at(self, recording: Recording, line: OpenWork, now: datetime) -> None:
        """Decide a failure anew when its chunks say otherwise."""
        chunks = list(self.catalog.chunks(recording.id))
        lost = any(chunk.status is ChunkStatus.FAILED for chunk in chunks)
        if any(chunk.open for chunk in chunks) or (chunks and not lost):
            reopen(self.catalog, recording, now, now)  # a replay lifted the chunks and died before the recording
        else:
            self.failure_looked_at(recording, line, now)

    def transferring_looked_at(self, recording: Recording, now: datetime) -> None:
        """Complete it if a crash left that undone; tell when nothing is left to do and yet a chunk is missing."""
        if self.control.may_run(recording):
            decided = recording  # ACS was asked just now
        else:
            decided = self.completion.complete_if_last(recording.id) or recording
        if decided.files is not FilesStatus.TRANSFERRING:
            return
        left = [chunk for chunk in self.catalog.chunks(recording.id) if chunk.open]
        # A slow worker may have closed the line that a replay had just opened: what is overdue gets one again.
        self.catalog.note_open([chunk.line(chunk.due_at) for chunk in left if chunk.due_at and chunk.due_at <= now])
        if not left and not self.control.may_run(decided) and now - decided.updated_at >= EVENT_PATIENCE:
            log(LogEvent.RECORDING_INCOMPLETE, id=recording.id, since=decided.updated_at)

    def without_files_looked_at(self, recording: Recording, now: datetime) -> None:
        """A recording without files that ended, or whose start nobody confirmed."""
        if recording.recording_id is None:
            if now - recording.created_at >= self.max_recording:
                reason = "ACS never confirmed the start, and no file-ready event came."
                row = self.control.write(recording, partial(unconfirmed, reason=reason))
                if row is not None:
                    self.completion.tell_failed(row, now)
        elif now - (recording.ended_at or recording.updated_at) >= EVENT_PATIENCE:
            self.ended_without_event(recording, recording.recording_id, now)

    def ended_without_event(self, recording: Recording, recording_id: str, now: datetime) -> None:
        """An ended recording without files: unless ACS still knows it, its event is lost or late."""
        try:
            is_done = self.control.acs.state(recording_id) is None
        except AcsError:
            is_done = False
        if is_done or now - (recording.ended_at or recording.updated_at) >= ACS_PATIENCE:
            waited = "within an hour" if is_done else "for hours, and ACS does not say that none will"
            failure = f"It ended, and no file-ready event came {waited}. Hand it in (POST /api/events) or replay."
            try:
                self.completion.give_up(recording, failure, FailureKind.UNANNOUNCED, now)
            except CatalogConflict:
                return  # it has just changed; the next look sees how

    def letters(self, run: Run) -> Messages:
        """Take in what Event Grid gave up on, each letter a unit; a letter goes only once its events are durable."""
        names: list[str] = []
        run.attempt(partial(self.read_names, names), self.letter_unforeseen)
        ingested: list[str] = []
        parts = [run.attempt(partial(self.ingest_letter, name, ingested), self.letter_unforeseen) for name in names]
        for name in ingested:
            run.attempt(partial(self.remove_letter, name), self.letter_unforeseen)
        return merged(parts)

    def read_names(self, names: list[str]) -> Messages:
        names.extend(self.dead_letters.listed())
        return Messages()

    def ingest_letter(self, name: str, ingested: list[str]) -> Messages:
        try:
            letter = self.dead_letters.read(name)
        except BlobGone:
            return Messages()  # another sweep took it in
        messages = merged(self.ingest.ingest(document) for document in documents(letter))
        ingested.append(name)
        return messages

    def remove_letter(self, name: str) -> Messages:
        self.dead_letters.remove(name)
        log(LogEvent.DEAD_LETTER_INGESTED, name=name)
        return Messages()

    def letter_unforeseen(self, error: Unforeseen) -> None:
        log(LogEvent.UNFORESEEN_FAULT, failure=f"A dead letter could not be taken in. {error}")


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
