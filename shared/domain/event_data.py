"""What the events for other apps say: a struct per type, which is encoded, and published as its schema.

No links, since a link is a secret, and no participants: a consumer asks with its own key. A recording that another app
started tells `.Stored`, `.Completed`, `.Failed` and `.AtRisk` only.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from shared.domain import derived_fields
from shared.domain.json_views import Instant, View, instant, instant_or_none, says
from shared.domain.models import Chunk, Recording
from shared.domain.recording_event import EventType
from shared.domain.statuses import FailureKind, RecordingStatus

PARTICIPANT_TAG = "name."  # `name.<raw id>` is how a caller has a participant shown: no event says it
FAILED_CHUNKS_MAX = 50  # listed in one event; a property of a table holds 64 KiB
# Of what is said of one of many chunks, and of one thing alone; the rows have all of it.
FAILURE_OF_MANY_CHARACTERS_MAX = 150
FAILURE_CHARACTERS_MAX = 1000


class EventData(View, frozen=True, kw_only=True):
    """What every event says of its recording. Everything but the id is null where its row could not be read."""

    id: Annotated[str, says("This app's id of the recording.")]
    recording_id: Annotated[str | None, says("ACS's id of it; null until known.")]
    server_call_id: Annotated[str | None, says("The call, as the start or ACS's event names it.")]
    call_connection_id: Annotated[str | None, says("The call, as the start names it, or ACS's id of the recording.")]
    group_call_id: Annotated[str | None, says("The call, as the start names it.")]
    room_id: Annotated[str | None, says("The call, as the start names it.")]
    call_id: Annotated[str | None, says("The call, as ACS's event names it.")]
    status: Annotated[RecordingStatus | None, says("Of the recording, when it was told.")]
    tags: Annotated[dict[str, str], says("The caller's own names and values, less those that name a participant.")]
    updated_at: Annotated[Instant | None, says("When the recording's state last changed.")]


class StartedData(EventData, frozen=True, kw_only=True):
    """ACS records, or waits paused."""

    recording_content_type: Annotated[str | None, says("audio or audioVideo.")]
    recording_channel_type: Annotated[str | None, says("mixed or unmixed.")]
    recording_format_type: Annotated[str | None, says("wav, mp3 or mp4.")]
    created_at: Annotated[Instant, says("When it was asked for.")]


class PausedData(EventData, frozen=True, kw_only=True):
    """ACS does not record just now."""


class ResumedData(EventData, frozen=True, kw_only=True):
    """ACS records again."""


class StoppedData(EventData, frozen=True, kw_only=True):
    """ACS confirmed that it does not record any more. What became of the files is told later."""

    ended_at: Annotated[Instant | None, says("When ACS confirmed it.")]


class EmptyData(EventData, frozen=True, kw_only=True):
    """It ended without ever having run: ACS makes no file."""

    ended_at: Annotated[Instant | None, says("When ACS confirmed its end.")]


class StoredData(EventData, frozen=True, kw_only=True):
    """One chunk has a verified copy."""

    document_id: Annotated[str, says("The chunk.")]
    index: Annotated[int, says("Its place in the recording, from 0.")]
    content_blob: Annotated[str, says("Blob of the media, or its URL in storage of your own.")]
    metadata_blob: Annotated[str | None, says("Blob of ACS's metadata; null if ACS announced none.")]
    bytes: Annotated[int | None, says("Length of the media in bytes.")]
    sha256: Annotated[str | None, says("SHA-256 of the media in hex digits.")]
    metadata_sha256: Annotated[str | None, says("The same of ACS's metadata; null where they were lost.")]
    stored_at: Annotated[Instant | None, says("When the copy was proven.")]


class CompletedData(EventData, frozen=True, kw_only=True):
    """Every chunk is finished, none is missing, and the manifest is there."""

    chunks: Annotated[int, says("How many there are.")]
    bytes: Annotated[int, says("Of all media together.")]
    recording_duration_ms: Annotated[int | None, says("How long it is in milliseconds, as ACS's event says.")]
    session_end_reason: Annotated[str | None, says("Why it ended, as ACS's event says.")]
    manifest_blob: Annotated[str | None, says("Blob of the manifest.")]
    completed_at: Annotated[Instant | None, says("When the last chunk was finished.")]


class FailedChunk(View, frozen=True, kw_only=True):
    """A chunk that could not be saved."""

    document_id: Annotated[str, says("The chunk.")]
    index: Annotated[int, says("Its place in the recording, from 0.")]
    failure_kind: Annotated[FailureKind | None, says("What the failure is about.")]
    failure: Annotated[str | None, says("What happened and what to do, in short.")]
    expires_at: Annotated[Instant | None, says("When ACS destroys the original, at the earliest.")]


class FailedData(EventData, frozen=True, kw_only=True):
    """It never started, or a chunk could not be saved."""

    failure_kind: Annotated[FailureKind | None, says("What the failure is about.")]
    failure: Annotated[str | None, says("What happened and what to do.")]
    replayable: Annotated[bool, says("Whether a replay may help.")]
    acs_code: Annotated[str | None, says("ACS's error code, where ACS refused the start.")]
    failed_chunks: Annotated[int, says("How many could not be saved.")]
    chunks: Annotated[tuple[FailedChunk, ...], says("The first fifty of them.")]


class AtRiskData(EventData, frozen=True, kw_only=True):
    """ACS is about to destroy what is not saved: told 12 and 4 hours before."""

    document_id: Annotated[str | None, says("The chunk; null where ACS announced no file of a recording that ended.")]
    index: Annotated[int | None, says("Its place in the recording, from 0.")]
    expires_at: Annotated[Instant | None, says("When ACS destroys it, at the earliest.")]
    attempts: Annotated[int, says("Transfers that were begun.")]
    failure: Annotated[str | None, says("What happened last and what to do.")]


DATA: Mapping[EventType, type[EventData]] = {
    EventType.STARTED: StartedData,
    EventType.PAUSED: PausedData,
    EventType.RESUMED: ResumedData,
    EventType.STOPPED: StoppedData,
    EventType.STORED: StoredData,
    EventType.COMPLETED: CompletedData,
    EventType.EMPTY: EmptyData,
    EventType.FAILED: FailedData,
    EventType.AT_RISK: AtRiskData,
}


def common(id: str, recording: Recording | None) -> dict[str, Any]:
    """The fields that every event has."""
    if recording is None:
        names = (name for name in EventData.__struct_fields__ if name not in {"id", "tags"})
        return {"id": id, "tags": {}, **dict.fromkeys(names)}
    return {
        "id": id,
        "recording_id": recording.recording_id,
        "server_call_id": recording.server_call_id,
        "call_connection_id": recording.call_connection_id,
        "group_call_id": recording.group_call_id,
        "room_id": recording.room_id,
        "call_id": recording.call_id,
        "status": recording.status,
        "tags": {name: value for name, value in recording.tags.items() if not name.startswith(PARTICIPANT_TAG)},
        "updated_at": instant(recording.updated_at),
    }


def recording_data(type: EventType, recording: Recording, chunks: Sequence[Chunk]) -> EventData:
    """What an event of a recording says.

    Args:
        type: what is told.
        recording: its row as it is written with the event.
        chunks: its chunks where its files are completed, those that could not be saved where they failed.
    """
    fields = common(recording.id, recording)
    match type:
        case EventType.STARTED:
            return StartedData(
                **fields,
                recording_content_type=recording.recording_content_type,
                recording_channel_type=recording.recording_channel_type,
                recording_format_type=recording.recording_format_type,
                created_at=instant(recording.created_at),
            )
        case EventType.STOPPED | EventType.EMPTY:
            kind = StoppedData if type is EventType.STOPPED else EmptyData
            return kind(**fields, ended_at=instant_or_none(recording.ended_at))
        case EventType.COMPLETED:
            return CompletedData(
                **fields,
                chunks=len(chunks),
                bytes=sum(chunk.bytes or 0 for chunk in chunks),
                recording_duration_ms=recording.recording_duration_ms,
                session_end_reason=recording.session_end_reason,
                manifest_blob=derived_fields.manifest_blob(recording),
                completed_at=instant_or_none(recording.completed_at),
            )
        case EventType.FAILED:
            return FailedData(
                **fields,
                failure_kind=derived_fields.failure_kind(recording, chunks),
                failure=shortened(recording.shown_failure),
                replayable=derived_fields.replayable(recording),
                acs_code=recording.refused_code,
                failed_chunks=len(chunks),
                chunks=tuple(map(failed_chunk, chunks[:FAILED_CHUNKS_MAX])),
            )
    return DATA[type](**fields)


def failed_chunk(chunk: Chunk) -> FailedChunk:
    return FailedChunk(
        document_id=chunk.document_id,
        index=chunk.index,
        failure_kind=derived_fields.chunk_failure_kind(chunk),
        failure=shortened(chunk.failure, FAILURE_OF_MANY_CHARACTERS_MAX),
        expires_at=instant(chunk.expires_at),
    )


def stored_data(chunk: Chunk, recording: Recording | None) -> StoredData:
    return StoredData(
        **common(chunk.id, recording),
        document_id=chunk.document_id,
        index=chunk.index,
        content_blob=chunk.content_blob,
        metadata_blob=chunk.metadata_blob,
        bytes=chunk.bytes,
        sha256=chunk.sha256,
        metadata_sha256=chunk.metadata_sha256,
        stored_at=instant_or_none(chunk.stored_at),
    )


def at_risk_data(chunk: Chunk, recording: Recording | None) -> AtRiskData:
    return AtRiskData(
        **common(chunk.id, recording),
        document_id=chunk.document_id,
        index=chunk.index,
        expires_at=instant(chunk.expires_at),
        attempts=chunk.attempts,
        failure=shortened(chunk.failure),
    )


def unannounced_at_risk_data(recording: Recording, expires_at: datetime) -> AtRiskData:
    """Of a recording that has ended, and of which ACS did not announce everything."""
    return AtRiskData(
        **common(recording.id, recording),
        document_id=None,
        index=None,
        expires_at=instant(expires_at),
        attempts=0,
        failure=shortened(recording.failure or derived_fields.waits_for(recording)),
    )


def shortened(failure: str | None, most: int = FAILURE_CHARACTERS_MAX) -> str | None:
    if failure is None or len(failure) <= most:
        return failure
    return f"{failure[: most - 1]}…"
