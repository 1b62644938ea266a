"""The JSON of a recording: in replies of the HTTP API, and in the manifest beside the files.

The structs are what is encoded; their fields, in this order and with these meanings, are also the schema that is
published.

{"id": "6f1c2d3e-…", "recordingId": "eyJQbGF0…", "status": "stopped", "origin": "api", "serverCallId": "aHR0cHM6…",
"createdAt": "2026-11-22T08:00:00.000Z", "endedAt": "2026-11-22T08:31:07.000Z", "tags": {"case": "4711"}, …}
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from shared.domain import derived_fields
from shared.domain.acs_words import RecordingKind, StorageType
from shared.domain.models import Chunk, Recording
from shared.domain.statuses import ChunkStatus, FailureKind, Origin, RecordingStatus

# A time in UTC, to the millisecond: 2026-11-22T08:00:00.000Z.
type Instant = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]


class View(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A JSON object that this app writes."""


def says(meaning: str) -> Meta:
    """What a field means, for whoever reads the published schema."""
    return Meta(description=meaning)


class ParticipantView(View, frozen=True, kw_only=True):
    """Who is heard in a file."""

    id: Annotated[str, says("Raw id of the participant.")]
    channel: Annotated[int | None, says("Channel of an unmixed recording, from 0.")]


class PauseView(View, frozen=True, kw_only=True, rename={"since": "from", "until": "to"}):
    """A time in which nothing was recorded."""

    since: Annotated[Instant, says("When it began.")]
    until: Annotated[Instant, says("When it ended.")]


class ChunkView(View, frozen=True, kw_only=True):
    """One file of a recording, with its metadata file."""

    document_id: Annotated[str, says("ACS's id of the file; the key of the chunk.")]
    index: Annotated[int, says("Its place in the recording, from 0.")]
    end_reason: Annotated[str | None, says("Why the file ends, as ACS says; null if it does not.")]
    status: Annotated[ChunkStatus, says("What has happened to it.")]
    content_blob: Annotated[str, says("Blob of the media, or its URL in storage of your own.")]
    metadata_blob: Annotated[str | None, says("Blob of ACS's metadata, byte for byte; null if ACS announced none.")]
    bytes: Annotated[int | None, says("Length of the media in bytes; null until their copy is proven.")]
    bytes_done: Annotated[int, says("How many of them are in Blob Storage, as its worker said last.")]
    sha256: Annotated[str | None, says("SHA-256 of the media in hex digits; null until their copy is proven.")]
    metadata_sha256: Annotated[str | None, says("The same of ACS's metadata.")]
    content_version: Annotated[str | None, says("Version of the media's blob, where storage keeps versions.")]
    metadata_version: Annotated[str | None, says("The same of the metadata's.")]
    expires_at: Annotated[Instant | None, says("When ACS destroys the original, at the earliest; null once saved.")]
    stored_at: Annotated[Instant | None, says("When the copy was proven.")]
    deleted_at: Annotated[Instant | None, says("When the original was deleted at ACS.")]
    attempts: Annotated[int, says("Transfers and deletions that were begun.")]
    due_at: Annotated[Instant | None, says("When it is looked at next; null once nothing is left to do.")]
    failure: Annotated[str | None, says("What happened last and what to do; null when all is well.")]
    failure_kind: Annotated[FailureKind | None, says("What the failure is about; null unless it failed for good.")]
    start_time: Annotated[Instant | None, says("When the file begins.")]
    participants: Annotated[tuple[ParticipantView, ...], says("Who is heard in it.")]
    pauses: Annotated[tuple[PauseView, ...], says("When recording was paused.")]


class ChannelView(View, frozen=True, kw_only=True):
    """A participant who has a channel of an unmixed recording."""

    participant: Annotated[str, says("Raw id of the participant.")]
    channel: Annotated[int, says("Number of the channel, from 0.")]


class RecordingView(View, frozen=True, kw_only=True):
    """One recording of one call."""

    id: Annotated[str, says("This app's id of the recording, a UUID. It never changes.")]
    recording_id: Annotated[str | None, says("ACS's id of it; null until known.")]
    status: Annotated[RecordingStatus, says("What ACS confirmed while it runs, then what became of its files.")]
    failure: Annotated[str | None, says("What happened and what to do; null while nothing is wrong.")]
    failure_kind: Annotated[FailureKind | None, says("What the failure is about; null unless it failed for good.")]
    replayable: Annotated[bool, says("Whether a replay may help.")]
    waits_for: Annotated[str | None, says("What is waited for, as a sentence; null when nothing is.")]
    recording_kind: Annotated[RecordingKind | None, says("Whose recording it is, as ACS says; null until it is asked.")]
    origin: Annotated[Origin, says("api: started here; event: by another app, known from ACS's event only.")]
    server_call_id: Annotated[str | None, says("The call, as the start or ACS's event names it.")]
    call_connection_id: Annotated[str | None, says("The call, as the start names it, or ACS's id of the recording.")]
    group_call_id: Annotated[str | None, says("The call, as the start names it.")]
    room_id: Annotated[str | None, says("The call, as the start names it.")]
    call_id: Annotated[str | None, says("The call, as ACS's event names it.")]
    same_as: Annotated[str | None, says("Another recording here that turned out to be the same one at ACS.")]
    recording_content_type: Annotated[str | None, says("audio or audioVideo.")]
    recording_channel_type: Annotated[str | None, says("mixed or unmixed.")]
    recording_format_type: Annotated[str | None, says("wav, mp3 or mp4.")]
    pause_on_start: Annotated[bool | None, says("Whether it was to begin paused; null where that is not known here.")]
    audio_channel_participant_ordering: Annotated[tuple[str, ...], says("Raw ids in the order of channels.")]
    channel_affinity: Annotated[tuple[ChannelView, ...], says("Participants and their channels.")]
    recording_storage_container_url: Annotated[str | None, says("Container of yours that ACS records into.")]
    storage_type: Annotated[StorageType | None, says("Where ACS put the files; null until it says.")]
    created_at: Annotated[Instant, says("When the recording was first known here.")]
    updated_at: Annotated[Instant, says("When its state last changed.")]
    ended_at: Annotated[Instant | None, says("When ACS confirmed that it does not record any more.")]
    completed_at: Annotated[Instant | None, says("When its last file was finished.")]
    recording_start_time: Annotated[Instant | None, says("When it began, as ACS's event says.")]
    recording_duration_ms: Annotated[int | None, says("How long it is in milliseconds, as ACS's event says.")]
    session_end_reason: Annotated[str | None, says("Why it ended, as ACS's event says.")]
    expires_at: Annotated[Instant | None, says("When ACS destroys the first original that is not saved; null if none.")]
    tags: Annotated[dict[str, str], says("The caller's own names and values.")]
    manifest_blob: Annotated[str | None, says("Blob of the newest manifest; null until there is one.")]
    chunks: Annotated[
        tuple[ChunkView, ...] | UnsetType,
        says("Its files; left out by lists, and after an action while a row of theirs cannot be read."),
    ] = UNSET


class Manifest(RecordingView, frozen=True, kw_only=True):
    """The document beside the files of a completed recording: the recording as the API shows it, for years.

    Within a version fields are only ever added; what is read by their names stays true.
    """

    chunks: Annotated[tuple[ChunkView, ...], says("Its files.")]
    schema_version: Annotated[Literal[1], says("Version of this document.")]


def recording_view(recording: Recording, chunks: Sequence[Chunk] | None = None) -> RecordingView:
    """The recording, with its chunks where they are given."""
    return RecordingView(
        id=recording.id,
        recording_id=recording.recording_id,
        status=recording.status,
        failure=recording.shown_failure,
        failure_kind=derived_fields.failure_kind(recording, chunks),
        replayable=derived_fields.replayable(recording),
        waits_for=derived_fields.waits_for(recording, chunks),
        recording_kind=recording.recording_kind,
        origin=recording.origin,
        server_call_id=recording.server_call_id,
        call_connection_id=recording.call_connection_id,
        group_call_id=recording.group_call_id,
        room_id=recording.room_id,
        call_id=recording.call_id,
        same_as=recording.same_as,
        recording_content_type=recording.recording_content_type,
        recording_channel_type=recording.recording_channel_type,
        recording_format_type=recording.recording_format_type,
        pause_on_start=recording.pause_on_start,
        audio_channel_participant_ordering=recording.audio_channel_participant_ordering,
        channel_affinity=tuple(ChannelView(**msgspec.structs.asdict(pin)) for pin in recording.channel_affinity),
        recording_storage_container_url=recording.recording_storage_container_url,
        storage_type=recording.storage_type,
        created_at=instant(recording.created_at),
        updated_at=instant(recording.updated_at),
        ended_at=instant_or_none(recording.ended_at),
        completed_at=instant_or_none(recording.completed_at),
        recording_start_time=instant_or_none(recording.recording_start_time),
        recording_duration_ms=recording.recording_duration_ms,
        session_end_reason=recording.session_end_reason,
        expires_at=instant_or_none(derived_fields.first_deadline(recording, chunks)),
        tags=recording.tags,
        manifest_blob=derived_fields.manifest_blob(recording),
        chunks=UNSET if chunks is None else tuple(map(chunk_view, chunks)),
    )


def at_risk_view(recording: Recording, deadline: datetime) -> RecordingView:
    """The recording in the list of what is at risk, where its deadline is known to the second."""
    return msgspec.structs.replace(recording_view(recording), expires_at=instant(deadline))


def manifest(recording: Recording, chunks: Sequence[Chunk]) -> Manifest:
    return Manifest(schema_version=1, **msgspec.structs.asdict(recording_view(recording, chunks)))


def chunk_view(chunk: Chunk) -> ChunkView:
    return ChunkView(
        document_id=chunk.document_id,
        index=chunk.index,
        end_reason=chunk.end_reason,
        status=chunk.status,
        content_blob=chunk.content_blob,
        metadata_blob=chunk.metadata_blob,
        bytes=chunk.bytes,
        bytes_done=derived_fields.bytes_done(chunk),
        sha256=chunk.sha256,
        metadata_sha256=chunk.metadata_sha256,
        content_version=chunk.content_version,
        metadata_version=chunk.metadata_version,
        expires_at=instant_or_none(derived_fields.chunk_deadline(chunk)),
        stored_at=instant_or_none(chunk.stored_at),
        deleted_at=instant_or_none(chunk.deleted_at),
        attempts=chunk.attempts,
        due_at=instant_or_none(chunk.due_at),
        failure=chunk.failure,
        failure_kind=derived_fields.chunk_failure_kind(chunk),
        start_time=instant_or_none(chunk.start_time),
        participants=tuple(ParticipantView(id=one.id, channel=one.channel) for one in chunk.participants),
        pauses=tuple(PauseView(since=instant(pause.since), until=instant(pause.until)) for pause in chunk.pauses),
    )


def instant(moment: datetime) -> Instant:
    """A time in UTC as RFC 3339 writes it, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant_or_none(moment: datetime | None) -> Instant | None:
    return instant(moment) if moment else None
