"""What must hold at every effect, at every deletion, and in the end."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from shared.control.list_recordings import LIMIT_MAX, Query
from shared.domain.blob_names import manifest_blob
from shared.domain.durations import AT_RISK, SILENCE_RETENTIONS
from shared.domain.listed_rows import rows_of_call
from shared.domain.models import Chunk, ChunkRef, Recording
from shared.domain.recording_rows import call_ids
from shared.domain.statuses import (
    CHUNK_TRANSITIONS,
    FILES_TRANSITIONS,
    ChunkStatus,
    ControlStatus,
    FailureKind,
    FilesStatus,
    RecordingStatus,
)
from tests.fakes import BEGINNING, Cloud, Effect, FakeDocument
from tests.fakes.catalog import Key, Row
from tests.fakes.world import no_fault
from tests.model.event_oracle import EventOracle
from tests.model.scenarios import Scenario, expected_blobs
from tests.model.violation import hold

MOMENT = timedelta(microseconds=1)
REST_WITHIN = timedelta(hours=8)  # far from the 24 hours that ACS gives

CONTROL_HALF = ("control", "start_requested_at", "resume_requested_at", "has_run", "inactive_at", "ended_at")
FILES_HALF = ("files", "failure", "failure_kind", "completed_at", "expires_at", "heard_at")
REMOVALS = frozenset({"catalog.remove_entry", "catalog.remove_entries"})
ROW_WRITES = frozenset({"catalog.save_chunk", "catalog.save_recording", "catalog.add_chunks"})


class Oracle:
    """Watches a cloud. Independent of what the app says of itself: it looks at rows, blobs and documents alone."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.rows: dict[Key, Row] = {}
        self.blobs: dict[str, bytes] = {}
        self.before = ""
        cloud.source.on_delete = self.deleting
        self.events = EventOracle(cloud)

    def effect_begins(self, effect: Effect) -> None:
        """Called before every effect: what the one before has done is there to be seen, and no time has stood still.

        Two that make one recording at once make it at two moments.
        """
        self.cloud.world.advance(MOMENT)
        before, self.before = self.before, effect.name
        if before in ROW_WRITES:
            self.rows_written()
        if before in REMOVALS:
            self.events.looked_after()
        if before.startswith("store.") or effect.name == "source.delete":
            self.nothing_overwritten()

    def rows_written(self) -> None:
        """I4, I5: a row only ever moves as the table of transitions allows."""
        for key, row in self.cloud.catalog.rows.items():
            before = self.rows.get(key)
            if row is not before:
                self.row_written(before, row)
                if before is not None:
                    self.events.written(before, row)
                self.rows[key] = row

    def row_written(self, before: Row | None, row: Row) -> None:
        if isinstance(row, Chunk):
            self.known_at_risk(row)
            self.chunk_written(before, row)
        else:
            self.recording_written(before, row)

    def known_at_risk(self, row: Chunk) -> None:
        """I16: of what is not saved and dies within hours, the index of open work says so before its row does."""
        now = self.cloud.world.now
        saved = row.status in {ChunkStatus.STORED, ChunkStatus.DELETED}
        if saved or not now < row.expires_at <= now + AT_RISK:
            return
        entry = self.cloud.catalog.open.get((row.id, row.document_id))
        known = entry is not None and entry.expires_at is not None and entry.expires_at <= now + AT_RISK
        hold(known, f"Chunk {row.index} is {row.status}, dies at {row.expires_at}, and is not known to be at risk.")

    def chunk_written(self, before: Row | None, row: Chunk) -> None:
        if not isinstance(before, Chunk):
            return
        # The first bytes name what no event named, before anything is written under the name.
        unwritten = before.format is None and before.content_blob not in self.cloud.store.all
        hold(row.content_blob == before.content_blob or unwritten, "The name of a blob changed.")
        if before.status is row.status:
            return
        metadata_lost = row.status is ChunkStatus.STORED and row.metadata_location and row.metadata_sha256 is None
        if row.failure_kind is FailureKind.EXPIRED or metadata_lost:
            self.given_up(row, row.failure or "")
        hold(row.status in CHUNK_TRANSITIONS[before.status], f"A chunk went from {before.status} to {row.status}.")

    def given_up(self, row: Chunk, told: str) -> None:
        """I14: nothing is given up while ACS may have it, and only what it has no more is said to be destroyed."""
        now, retention = self.cloud.world.now, self.cloud.settings.acs_retention
        destroyed = "ACS destroyed" in told
        held = retention if destroyed else retention * SILENCE_RETENTIONS
        hold(now >= row.created_at + held, f"A chunk was given up before its time: {told}")
        document = self.cloud.source.documents.get(row.document_id)
        if document is None or (document.expires_at is not None and document.expires_at <= now) or document.hosts:
            return  # of what lies where no event said, nobody can know
        there = row.status is ChunkStatus.FAILED or "acsmetadata" in document.contents
        hold(not (destroyed and there), f"ACS still has what is said to be destroyed: {told}")

    def recording_written(self, before: Row | None, row: Recording) -> None:
        """I13: whoever is told that recording ended is told so by ACS; the end and what ACS confirmed stand."""
        if row.ended_at is not None:
            self.not_recorded(row, "A row says that recording ended")
        if row.refused:
            self.not_started(row)
        if not isinstance(before, Recording):
            return
        legal = row.files is before.files or row.files in FILES_TRANSITIONS[before.files]
        hold(legal, f"A recording's files went from {before.files} to {row.files}.")
        hold(before.ended_at in {None, row.ended_at}, "The end of a recording was taken back or moved.")
        confirmed = before.control is ControlStatus.ACTIVE or (
            before.control is ControlStatus.PAUSED and before.has_run
        )
        hold(not confirmed or row.start_failure is None, "What ACS had confirmed is shown as a start that failed.")
        files = any(getattr(before, name) != getattr(row, name) for name in FILES_HALF)
        control = any(getattr(before, name) != getattr(row, name) for name in CONTROL_HALF)
        raised = row.control_version != before.control_version
        hold(not (files and (control or raised)), "One write changed both halves of a recording.")
        hold(raised or not control, "The control half changed, and its version did not.")

    def not_recorded(self, row: Recording, told: str) -> None:
        """Raises: Violation when ACS records on."""
        live = self.cloud.acs.recordings.get(row.recording_id or "")
        hold(live is None, f"{told}, and ACS still has {row.recording_id}.")

    def not_started(self, row: Recording) -> None:
        """Raises: Violation when ACS has carried out a start of which it is said that nothing was started."""
        started = self.cloud.acs.requests.get(row.repeatability_request_id or "")
        hold(started not in self.cloud.acs.recordings, f"A row says that nothing was started, and ACS has {started}.")

    def nothing_overwritten(self) -> None:
        """I3: what is visible under a name stays as it is."""
        now = self.cloud.store.blobs
        for name, content in self.blobs.items():
            hold(now.get(name) == content, f"The blob {name} was overwritten or removed.")
        self.blobs = now

    def deleting(self, document_id: str, document: FakeDocument) -> None:
        """I1: at the moment of a DELETE the copy is there, equal, proven, and the row says so."""
        row = next((chunk for chunk in self.cloud.chunks() if chunk.document_id == document_id), None)
        hold(row is not None and row.status is ChunkStatus.STORED, f"{document_id} is deleted, but not stored.")
        assert row
        hold(row.managed and row.delete_location is not None, f"{document_id} is not ours to delete.")
        blobs = self.cloud.store.blobs
        media, metadata = document.contents["video"], document.contents["acsmetadata"]
        hold(blobs.get(row.content_blob) == media, f"{document_id} is deleted without an equal copy.")
        hold(blobs.get(row.metadata_blob or "") == metadata, f"{document_id} is deleted without its metadata.")
        call = next(recording.call_id for recording in self.cloud.recordings() if recording.id == row.id)
        hold(json.loads(metadata)["callId"] == call, f"{document_id} is deleted, and is a stranger's.")
        proof = (row.bytes, row.sha256, row.metadata_sha256)
        hold(proof == (len(media), digest(media), digest(metadata)), f"The row of {document_id} proves another copy.")
        self.cloud.deleted.append(document_id)

    def acknowledging(self, event: object) -> None:
        """I2, I8: an event is acknowledged only once every chunk of it has a row, and what is open is findable."""
        for ref in refs_of(self.cloud, event):
            self.findable(ref, "An event is acknowledged")

    def removing(self, ref: ChunkRef) -> None:
        """I8: a message is let go only once its chunk is finished, or the sweep knows of it."""
        self.findable(ref, "A message is removed")

    def findable(self, ref: ChunkRef, what: str) -> None:
        row = self.cloud.catalog.rows.get((ref.id, ref.document_id))
        hold(isinstance(row, Chunk), f"{what}, but {ref.document_id} has no row.")
        assert isinstance(row, Chunk)
        open_lines = self.cloud.catalog.open
        hold(not row.open or (ref.id, ref.document_id) in open_lines, f"{what}, but nobody looks after {row.index}.")
        recording = self.cloud.catalog.rows[ref.id, ""]
        assert isinstance(recording, Recording)
        settled = recording.files in {FilesStatus.COMPLETED, FilesStatus.FAILED}
        hold(settled or (ref.id, "") in open_lines, f"{what}, but nobody looks after the recording.")

    def nothing_forgotten(self) -> None:
        """I8: the sweep finds what is not finished even if no message ever comes: by itself, or one by the other."""
        self.events.looked_after()
        ended = {RecordingStatus.COMPLETED, RecordingStatus.EMPTY, RecordingStatus.FAILED}
        found = {id for id, _ in self.cloud.catalog.open}
        for recording in self.cloud.recordings():
            held = recording.status in ended or recording.id in found
            hold(held, f"Nobody looks after a recording that is {recording.status}.")
        for chunk in self.cloud.chunks():
            hold(
                not chunk.open or chunk.id in found, f"Nobody looks after chunk {chunk.index}, which is {chunk.status}."
            )
            self.found_at_claim_s_end(chunk)
            self.not_taken_for_saved(chunk)

    def not_taken_for_saved(self, chunk: Chunk) -> None:
        """I16: of what is not saved, the index of open work says until when ACS has it, or the next sweep does."""
        saved = chunk.status in {ChunkStatus.STORED, ChunkStatus.DELETED}
        if saved or chunk.expires_at <= self.cloud.world.now:
            return
        entry = self.cloud.catalog.open.get((chunk.id, chunk.document_id))
        known = entry is not None and (entry.expires_at is not None or entry.due_at <= self.cloud.world.now)
        hold(known, f"Chunk {chunk.index} is {chunk.status}, and is taken for saved.")

    def found_at_claim_s_end(self, chunk: Chunk) -> None:
        """I14: a chunk whose worker has died waits for the end of its claim, and no longer."""
        if chunk.claimed_until:
            due_at = self.cloud.catalog.open[chunk.id, chunk.document_id].due_at
            hold(due_at <= chunk.claimed_until, f"A claim ends at {chunk.claimed_until}, and is looked at at {due_at}.")

    def listed_once(self) -> None:
        """I15: each recording stands once in the list of all, and in those of its call unless ACS refused it."""
        cloud, world = self.cloud, self.cloud.world
        plan, effects, counts = world.plan, len(world.effects), Counter(world.counts)
        world.plan = no_fault
        try:
            page = cloud.services.recording_lists.page(Query(include_refused=True, limit=LIMIT_MAX))
            self.hold_listed(page.recordings, cloud.recordings(), "all")
            for call in {call for row in cloud.recordings() for call in call_ids(row)}:
                rows = list(rows_of_call(cloud.catalog, call, world.now))
                of_call = [row for row in cloud.recordings() if call in call_ids(row) and not row.judged]
                self.hold_listed(rows, of_call, call.kind)
        finally:
            world.plan, world.counts = plan, counts  # the look is no effect of the app's
            del world.effects[effects:]

    def hold_listed(self, listed: Sequence[object], wanted: Sequence[Recording], what: str) -> None:
        told = sorted(row.id for row in listed if isinstance(row, Recording))
        hold(told == sorted(row.id for row in wanted), f"The list of {what} shows {told}.")

    def at_rest(self, scenario: Scenario, completions_max: int = 1) -> None:
        """Everything announced is stored, deleted, completed, listed; nothing is left over."""
        cloud = self.cloud
        self.rows_written()
        self.nothing_overwritten()
        self.events.at_rest()
        self.listed_once()
        recording = cloud.recording()
        hold(recording.status is RecordingStatus.COMPLETED, f"The recording ended {recording.status}.")
        statuses = [chunk.status for chunk in cloud.chunks()]
        hold(statuses == [ChunkStatus.DELETED] * scenario.chunks, f"The chunks ended {statuses}.")
        hold(not cloud.source.documents, "ACS still has documents.")
        folder = recording.folder or ""
        blobs = dict(cloud.store.blobs)
        hold(recording.manifests <= completions_max, f"There are {recording.manifests} manifests.")
        manifests = [blobs.pop(manifest_blob(folder, number), b"{}") for number in range(1, recording.manifests + 1)]
        hold(blobs == expected_blobs(folder, scenario.chunks), f"The blobs are others than the files: {sorted(blobs)}.")
        self.manifest_tells(json.loads(manifests[-1]))
        left = [*cloud.catalog.open, *cloud.rejected.events, *cloud.letters.events]
        hold(not left, f"Something is left over: {left}.")
        hold(cloud.world.now - BEGINNING < REST_WITHIN, f"It took until {cloud.world.now}.")

    def manifest_tells(self, manifest: dict[str, object]) -> None:
        """I10: the manifest lists every chunk, with the digest of the bytes that lie there."""
        listed = manifest.get("chunks")
        hold(isinstance(listed, list) and manifest["status"] == "completed", "The manifest is not there.")
        assert isinstance(listed, list)
        told = [(chunk["documentId"], chunk["contentBlob"], chunk["sha256"]) for chunk in listed]
        blobs = self.cloud.store.blobs
        there = [(row.document_id, row.content_blob, digest(blobs[row.content_blob])) for row in self.cloud.chunks()]
        hold(told == there, "The manifest tells something else than what lies there.")


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def refs_of(cloud: Cloud, event: object) -> list[ChunkRef]:
    """The chunks that an event names, whatever recording they were matched to."""
    assert isinstance(event, dict)
    listed = event["data"]["recordingStorageInfo"]["recordingChunks"]
    recording = next((row.id for row in cloud.recordings()), "")
    return [ChunkRef(recording, chunk["documentId"]) for chunk in listed]
