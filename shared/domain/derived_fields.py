"""Fields of a recording's document that stand in no row, since the rows say them: pure functions.

A list reads no chunks: there a recording says less of what it waits for, and its `expiresAt` is that of the events.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from shared.domain import blob_names
from shared.domain.models import Chunk, Recording
from shared.domain.statuses import ChunkStatus, FailureKind, FilesStatus, RecordingStatus
from shared.domain.wholeness import what_is_missing

SAVED = frozenset({ChunkStatus.STORED, ChunkStatus.DELETED})
HOPELESS = frozenset({FailureKind.REFUSED, FailureKind.EXPIRED})  # no replay brings these back

NO_EVENT = "ACS's file-ready event: no file was announced yet."
NO_FILE = "An event that lists its files: the one that came lists none."
NO_WORD = "ACS's word that it records; ACS is asked until it says so."
NOT_ENDED = "ACS's word that it has ended; ACS is asked until it says so."
NOT_FINISHED = "Its chunks or its end; the recording itself says more."
NOT_DECIDED = "Its completion: every chunk is there and finished."


def replayable(recording: Recording) -> bool:
    """Whether a replay may help: after a failure that can be mended, and where a chunk may wait."""
    if recording.start_failure is not None or recording.files is FilesStatus.FAILED:
        return recording.shown_failure_kind not in HOPELESS
    return recording.files is FilesStatus.TRANSFERRING


def failure_kind(recording: Recording, chunks: Iterable[Chunk] | None) -> FailureKind | None:
    """What the failure is about; on a row of version 0.1, which did not say it, by its chunks."""
    if recording.shown_failure_kind is None and recording.files is FilesStatus.FAILED:
        return worst_kind(chunks or ())
    return recording.shown_failure_kind


def worst_kind(chunks: Iterable[Chunk]) -> FailureKind | None:
    """The kind of a recording's failure: of its failed chunks' kinds the first."""
    kinds = {chunk_failure_kind(chunk) for chunk in chunks}
    return next((kind for kind in FailureKind if kind in kinds), None)


def chunk_failure_kind(chunk: Chunk) -> FailureKind | None:
    """What the failure of a chunk is about; None unless it has failed for good."""
    if chunk.status is not ChunkStatus.FAILED or chunk.failure_kind is not None:
        return chunk.failure_kind
    if chunk.refused:
        return FailureKind.REJECTED
    # Version 0.1 wrote no kind, but always this where nothing can be done.
    return FailureKind.EXPIRED if (chunk.failure or "").startswith("ACS destroyed ") else FailureKind.CONFLICT


def bytes_done(chunk: Chunk) -> int:
    """How many bytes of the media are in Blob Storage, as its worker said last."""
    return chunk.bytes_done if chunk.bytes is None else chunk.bytes


def chunk_deadline(chunk: Chunk) -> datetime | None:
    """When ACS destroys the original, at the earliest; None once there is a proven copy."""
    return None if chunk.status in SAVED else chunk.expires_at


def first_deadline(recording: Recording, chunks: Sequence[Chunk] | None) -> datetime | None:
    """When ACS destroys the first original that is not saved; None once nothing is unsaved, as far as it is known.

    Of what is missing the events alone say how long ACS keeps it.
    """
    unsaved = [deadline for chunk in chunks or () if (deadline := chunk_deadline(chunk))]
    if unsaved:
        return min(unsaved)
    if recording.files in {FilesStatus.NONE, FilesStatus.COMPLETED}:
        return None
    if chunks is None or recording.unread_events or (recording.is_over and what_is_missing(recording, chunks)):
        return recording.expires_at
    return None


def manifest_blob(recording: Recording) -> str | None:
    """Blob of the newest manifest; rows of version 0.1 did not count them."""
    number = recording.manifests or int(recording.files is FilesStatus.COMPLETED)
    return blob_names.manifest_blob(recording.folder, number) if recording.folder and number else None


def waits_for(recording: Recording, chunks: Sequence[Chunk] | None = None) -> str | None:
    """What is waited for, as a sentence; None when nothing is."""
    if recording.files is FilesStatus.TRANSFERRING and chunks is not None:
        return files_wait_for(recording, chunks)
    match recording.status:
        case RecordingStatus.STARTING if recording.start_report is not None:
            known = "ACS is asked whether it records all the same."
            lost = "The start's answer was lost, so it cannot be asked; the same Idempotency-Key asks it to start anew."
            return f"{recording.start_report} {known if recording.recording_id else lost}"
        case RecordingStatus.STARTING:
            return recording.waits_for or NO_WORD
        case RecordingStatus.STOPPED:
            return recording.waits_for or (NO_FILE if recording.failure else NO_EVENT)
    return recording.waits_for or (NOT_FINISHED if recording.files is FilesStatus.TRANSFERRING else None)


def files_wait_for(recording: Recording, chunks: Sequence[Chunk]) -> str:
    """What the files of a recording wait for: the first chunk that is not finished, the end, or what is missing."""
    left = [chunk for chunk in chunks if chunk.open]
    if left:
        return f"{len(left)} of {len(chunks)} chunks are not finished. {chunk_waits_for(left[0])}"
    if not recording.is_over:
        return NOT_ENDED
    return what_is_missing(recording, chunks) or NOT_DECIDED


def chunk_waits_for(chunk: Chunk) -> str:
    """What an open chunk waits for. Whether the worker that claimed it still lives shows when the claim ends."""
    name = f"Chunk {chunk.index}"
    if chunk.claimed_until is not None:
        ends = second(chunk.claimed_until)
        return f"{name} has a worker, which renews its claim; if that ends, at {ends}, it is sent again."
    when = f" at {second(chunk.due_at)}" if chunk.due_at is not None else ""
    if chunk.failure is not None:
        return f"{name} is tried again{when}. {chunk.failure}"
    step = "its deletion at ACS" if chunk.status in SAVED else "a worker"
    return f"{name} waits for {step}; it is sent again{when} if its message was lost."


def second(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
