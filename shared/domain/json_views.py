"""The JSON of a recording: in replies of the HTTP API, and in the manifest beside the files.

{"id": "6f1c2d3e-…", "recordingId": "eyJQbGF0…", "status": "stopped", "origin": "api", "serverCallId": "aHR0cHM6…",
"createdAt": "2026-11-22T08:00:00.000Z", "endedAt": "2026-11-22T08:31:07.000Z", "tags": {"case": "4711"}, …}
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from shared.domain.models import Chunk, Recording, RecordingStatus

type View = dict[str, object]


def recording_view(recording: Recording, chunks: Iterable[Chunk] | None = None) -> View:
    """The recording, with its chunks where they are given."""
    view: View = {
        "id": recording.id,
        "recordingId": recording.recording_id,
        "status": recording.status,
        "failure": recording.shown_failure,
        "failureKind": recording.shown_failure_kind,
        "waitsFor": waits_for(recording),
        "recordingKind": recording.recording_kind,
        "origin": recording.origin,
        "serverCallId": recording.server_call_id,
        "callId": recording.call_id,
        "recordingContentType": recording.recording_content_type,
        "recordingChannelType": recording.recording_channel_type,
        "recordingFormatType": recording.recording_format_type,
        "recordingStorageContainerUrl": recording.recording_storage_container_url,
        "storageType": recording.storage_type,
        "createdAt": instant(recording.created_at),
        "updatedAt": instant(recording.updated_at),
        "endedAt": instant(recording.ended_at),
        "completedAt": instant(recording.completed_at),
        "recordingStartTime": instant(recording.recording_start_time),
        "recordingDurationMs": recording.recording_duration_ms,
        "sessionEndReason": recording.session_end_reason,
        "expiresAt": instant(recording.expires_at),
        "sameAs": recording.same_as,
        "tags": recording.tags,
    }
    if chunks is not None:
        view["chunks"] = [chunk_view(chunk) for chunk in chunks]
    return view


def waits_for(recording: Recording) -> str | None:
    """What is waited for; where ACS reported that the start failed, that explains it best."""
    if recording.start_report is None or recording.status is not RecordingStatus.STARTING:
        return recording.waits_for
    known = "ACS is asked whether it records all the same."
    lost = "Its answer to the start was lost, so it cannot be asked; the same Idempotency-Key asks it to start anew."
    return f"{recording.start_report} {known if recording.recording_id else lost}"


def chunk_view(chunk: Chunk) -> View:
    return {
        "documentId": chunk.document_id,
        "index": chunk.index,
        "endReason": chunk.end_reason,
        "status": chunk.status,
        "contentBlob": chunk.content_blob,
        "metadataBlob": chunk.metadata_blob,
        "bytes": chunk.bytes,
        "sha256": chunk.sha256,
        "expiresAt": instant(chunk.expires_at),
        "storedAt": instant(chunk.stored_at),
        "deletedAt": instant(chunk.deleted_at),
        "attempts": chunk.attempts,
        "dueAt": instant(chunk.due_at),
        "failure": chunk.failure,
        "failureKind": chunk.failure_kind,
    }


def instant(moment: datetime | None) -> str | None:
    """A time in UTC as RFC 3339 writes it, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None
