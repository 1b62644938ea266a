"""Complete a recording: nothing is left to do, and nothing is missing."""

import json
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

import msgspec

from shared import names
from shared.control import Control, next_question
from shared.errors import AcsError, BlobExists, BlobUnreadable, CatalogConflict, StoreUnavailable, Unforeseen
from shared.lenient import Json, moment
from shared.log import LogEvent, log
from shared.models import Chunk, ChunkRef, ChunkStatus, FailureKind, FilesStatus, Recording
from shared.ports import BlobLabel, Catalog, ChunkStore, Clock
from shared.recordings import save_recording
from shared.units import attempt
from shared.views import chunk_view, recording_view

MANIFESTS_MAX = 1000  # a recording is not reopened more often than that
MANIFEST_BYTES_MAX = 1024 * 1024  # without its chunks: whatever is longer was not written by us
MANIFEST_BYTES_PER_CHUNK = 8 * 1024  # ten times what a chunk takes
DECISION_TRIES = 50  # every conflict means that somebody else made progress
FAILED_STAYS = timedelta(days=7)  # how long a failed recording counts as open unless it is replayed
FAILED_LOOK = timedelta(hours=1)  # how often it is looked at meanwhile: a replay makes it an open one
CUT_BY_ACS = "ChunkMaximum"  # how the end reason of a chunk begins that another one follows
# What a later chunk or a second look may change on a chunk without making it another one.
PASSING = frozenset({"attempts", "dueAt", "failure", "failureKind", "storedAt", "deletedAt"})
# Of several chunks' kinds the first is the recording's.
WORST_FIRST = (FailureKind.REJECTED, FailureKind.CONFLICT, FailureKind.UNANNOUNCED, FailureKind.EXPIRED)


class Completion:
    """Decides whether a recording is finished, and writes its manifest."""

    def __init__(self, catalog: Catalog, store: ChunkStore, clock: Clock, control: Control) -> None:
        self.catalog = catalog
        self.store = store
        self.clock = clock
        self.control = control

    def chunk_ended(self, chunk: Chunk) -> None:
        """What follows the last write of a chunk; whoever finds it undone does it all again.

        So an alert may be told twice, and none is swallowed by a crash between the row and the log.

        Raises:
            CatalogUnavailable, StoreUnavailable: our own outage; the sweep asks again.
        """
        if chunk.status is ChunkStatus.FAILED:
            # Only a copy that was altered afterwards fails a chunk that was stored.
            event = LogEvent.CHUNK_ALTERED if chunk.stored_at else LogEvent.CHUNK_FAILED
            log(event, id=chunk.id, documentId=chunk.document_id, failure=chunk.failure)
        # Where the recording cannot be decided, say since the row of another chunk cannot be read, this chunk has ended
        # all the same. The recording has a line of its own, by which the sweep tries again and tells.
        with suppress(Unforeseen):
            attempt(partial(self.complete_if_last, chunk.id))
        self.catalog.close(chunk.ref)  # last: until then the sweep still finds what was left undone

    def complete_if_last(self, id: str) -> Recording | None:
        """Complete the recording unless something is left to do; decided anew whenever its row was written meanwhile.

        Raises:
            CatalogUnavailable, StoreUnavailable: our own outage; the sweep asks again.
            RowUnreadable: its row or a chunk's says what this version does not understand; it is not decided.
        """
        for _ in range(DECISION_TRIES - 1):
            with suppress(CatalogConflict):
                return self.decide(id)
        return self.decide(id)

    def decide(self, id: str) -> Recording | None:
        """The row is read before the chunks: an event that adds chunks renews it, and so foils the write."""
        recording = self.catalog.recording(id)
        if recording is None or recording.files is not FilesStatus.TRANSFERRING:
            return recording
        if self.catalog.has_open_chunk(id):
            return recording
        return self.decide_finished(recording)

    def decide_finished(self, recording: Recording) -> Recording | None:
        """No chunk was open a moment ago."""
        id = recording.id
        chunks = sorted(self.catalog.chunks(id), key=lambda chunk: (chunk.index, chunk.document_id))
        if any(chunk.open for chunk in chunks):
            return recording  # added since the question above; a manifest must not tell of it
        lost = [chunk for chunk in chunks if chunk.status is ChunkStatus.FAILED]
        if lost or not chunks:
            return self.fail(recording, lost)
        if not is_whole(chunks):
            # An earlier completion may just have closed the line; somebody must wait for what is missing.
            self.catalog.note_open([recording.line(next_question(recording, self.clock()))])
            return recording
        if self.control.may_run(recording):
            return self.decide_once_ended(recording)
        return self.finish(recording, chunks)

    def decide_once_ended(self, recording: Recording) -> Recording | None:
        """Ask ACS whether a recording whose files are all there has ended; only then it is completed."""
        try:
            observed = self.control.observe(recording)
        except AcsError:
            return recording  # its line is due in a minute
        if self.control.has_ended(observed):
            return self.decide(recording.id)  # read anew: files may have come meanwhile
        self.catalog.note_open([observed.line(next_question(observed, self.clock()))])
        return observed

    def fail(self, recording: Recording, lost: list[Chunk]) -> Recording:
        failure = f"{len(lost)} of its chunks could not be saved; each says why, and replay tries again."
        if not lost:
            failure = "No chunk of the event could be read; the event is kept in rejected-events, and replay reads it."
        kinds = {chunk.failure_kind for chunk in lost} if lost else {FailureKind.REJECTED}
        kind = next((kind for kind in WORST_FIRST if kind in kinds), None)
        return self.give_up(recording, failure, kind, self.clock())

    def give_up(self, recording: Recording, failure: str, kind: FailureKind | None, now: datetime) -> Recording:
        """Mark a recording's files as failed, tell, and keep it in sight.

        Raises:
            CatalogConflict: its row was written meanwhile.
        """
        files = recording.with_files(FilesStatus.FAILED, now)
        row = msgspec.structs.replace(files, failure=failure, failure_kind=kind)
        row = self.catalog.save_recording(row)
        self.tell_failed(row, now)
        return row

    def tell_failed(self, recording: Recording, now: datetime) -> None:
        """Tell, then write down in the open-work index that it was told: the sweep looks for failures that were not."""
        log(LogEvent.RECORDING_FAILED, id=recording.id, failure=recording.shown_failure)
        self.keep_in_sight(recording, now)

    def keep_in_sight(self, recording: Recording, now: datetime) -> None:
        """Count a failed recording as open until it is replayed, for a week at most, and while it may still run."""
        # Of a start that failed ACS has said already that there is no recording, or can never be asked.
        may_run = self.control.may_run(recording) and recording.start_failure is None
        if now - recording.updated_at < FAILED_STAYS or may_run:
            look = next_question(recording, now) if may_run else now + FAILED_LOOK
            self.catalog.note_open([recording.line(look, failed=True)])
        else:
            self.catalog.close(ChunkRef(recording.id, ""))

    def finish(self, recording: Recording, chunks: list[Chunk]) -> Recording:
        now = self.clock()
        row = msgspec.structs.replace(
            recording.with_files(FilesStatus.COMPLETED, now), completed_at=now, failure=None, failure_kind=None
        )
        # The manifest first: a status is a fact, and this one says that the manifest is there.
        row = self.catalog.save_recording(self.with_manifest(row, chunks))
        self.closed(row)
        log(LogEvent.RECORDING_COMPLETED, id=row.id, chunks=len(chunks), bytes=sum(c.bytes or 0 for c in chunks))
        return row

    def closed(self, recording: Recording) -> None:
        """Close the line of a recording; open it again if a late event reopened the recording at that moment."""
        self.catalog.close(ChunkRef(recording.id, ""))
        current = self.catalog.recording(recording.id)
        if current is not None and current.files is not recording.files:
            self.catalog.note_open([current.line(next_question(current, self.clock()))])

    def with_manifest(self, recording: Recording, chunks: list[Chunk]) -> Recording:
        """Write the manifest under the first free name.

        One that lists these very chunks was written by an attempt that died afterwards: it stands, with its time.
        Whatever else bears the name is not ours, whatever it is, and stays as it is.
        """
        assert recording.folder
        document = recording_view(recording, chunks)
        content = json.dumps(document, indent=2, ensure_ascii=False).encode()
        for number in range(max(recording.manifests, 1), MANIFESTS_MAX):
            name = names.manifest_blob(recording.folder, number)
            try:
                self.store.put(name, content, BlobLabel(content_type="application/json", metadata={"id": recording.id}))
            except BlobExists:
                written = read_manifest(self.store, name, chunks)
                at = moment(written, "completedAt")
                if at is None or not tells_of(written, chunks):
                    continue
                return msgspec.structs.replace(recording, manifests=number, completed_at=at, updated_at=at)
            return msgspec.structs.replace(recording, manifests=number)
        raise StoreUnavailable(f"There are {MANIFESTS_MAX} manifests of one recording.")


def reopen(catalog: Catalog, recording: Recording, now: datetime, look_at: datetime) -> None:
    """Have a recording decided anew, since there is something left to do.

    Here the line comes after the row: whoever has just ended the recording may be about to close its line. A crash in
    between leaves it to the lines of the chunks that were lifted, or to the line of the failure.

    Raises:
        CatalogUnavailable, CatalogConflict: our own outage, or no end of others who write its row.
    """
    row = save_recording(
        catalog,
        recording,
        lambda row: msgspec.structs.replace(
            row.with_files(FilesStatus.TRANSFERRING, now), failure=None, failure_kind=None
        ),
    )
    catalog.note_open([row.line(look_at)])


def read_manifest(store: ChunkStore, name: str, chunks: list[Chunk]) -> Json:
    """What a blob under a manifest's name says; nothing when it is no manifest that these chunks can have.

    Raises:
        StoreUnavailable: it cannot be read just now.
    """
    longest = MANIFEST_BYTES_MAX + MANIFEST_BYTES_PER_CHUNK * len(chunks)
    content = bytearray()
    try:
        for piece in store.read(name):
            content += piece
            if len(content) > longest:
                return {}
        parsed = json.loads(content)
    except (BlobUnreadable, ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def chunks_of(manifest: Json) -> list[Json]:
    """The chunks that a manifest lists; whatever cannot be a chunk is an empty one, which is like no other."""
    listed = manifest.get("chunks")
    items = listed if isinstance(listed, list) else []
    return [item if isinstance(item, dict) else {} for item in items]


def tells_of(manifest: Json, chunks: list[Chunk]) -> bool:
    """Whether a manifest lists these very chunks."""
    ours = json.loads(json.dumps([chunk_view(chunk) for chunk in chunks]))
    return [lasting(chunk) for chunk in chunks_of(manifest)] == [lasting(chunk) for chunk in ours]


def lasting(chunk: Json) -> Json:
    return {name: value for name, value in chunk.items() if name not in PASSING}


def is_whole(chunks: Iterable[Chunk]) -> bool:
    """Whether no chunk is missing: indexes without a gap, and nothing is to follow the last.

    Under ACS's high-availability issue an index may come twice, as two documents; both are chunks.
    """
    by_index: dict[int, list[Chunk]] = {}
    for chunk in chunks:
        by_index.setdefault(chunk.index, []).append(chunk)
    last = by_index.get(len(by_index) - 1, [])
    gapless = set(by_index) == set(range(len(by_index)))
    return gapless and any(not (chunk.end_reason or "").startswith(CUT_BY_ACS) for chunk in last)
