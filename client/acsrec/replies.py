"""What the app takes and answers, as structs. What each field means stands in the app's OpenAPI document.

Fields, and values of a list of values, that are newer than this client are passed over or passed on, never refused.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from acsrec.errors import ChunksLeftOut

# Texts rather than enums: the app may get another value, and a client that refused it would be of no use.
type RecordingStatus = Annotated[
    str,
    Meta(
        extra_json_schema={
            "enum": ["active", "completed", "empty", "failed", "paused", "starting", "stopped", "transferring"]
        }
    ),
]
type ChunkStatus = Annotated[str, Meta(extra_json_schema={"enum": ["deleted", "failed", "pending", "stored"]})]
type FailureKind = Annotated[
    str, Meta(extra_json_schema={"enum": ["conflict", "expired", "refused", "rejected", "unannounced"]})
]
type RecordingKind = Annotated[
    str, Meta(extra_json_schema={"enum": ["azureCommunicationServices", "teams", "teamsCompliance"]})
]
type Origin = Annotated[str, Meta(extra_json_schema={"enum": ["api", "event"]})]
type StorageType = Annotated[str, Meta(extra_json_schema={"enum": ["acs", "azureBlob"]})]
type EventType = Annotated[
    str,
    Meta(
        extra_json_schema={
            "enum": [
                "CallRecording.AtRisk",
                "CallRecording.Completed",
                "CallRecording.Empty",
                "CallRecording.Failed",
                "CallRecording.Paused",
                "CallRecording.Resumed",
                "CallRecording.Started",
                "CallRecording.Stopped",
                "CallRecording.Stored",
            ]
        }
    ),
]
type SpecVersion = Annotated[str, Meta(extra_json_schema={"enum": ["1.0"]})]
type JsonType = Annotated[str, Meta(extra_json_schema={"enum": ["application/json"]})]
type Healthiness = Annotated[str, Meta(extra_json_schema={"enum": ["healthy", "unhealthy"]})]
type Healthy = Annotated[str, Meta(extra_json_schema={"enum": ["healthy"]})]
type ProblemType = Annotated[str, Meta(extra_json_schema={"enum": ["about:blank"]})]

type Instant = Annotated[datetime, Meta(tz=True)]
type CallName = Annotated[str, Meta(min_length=1, max_length=2048, pattern=r"\S")]
type RawId = Annotated[str, Meta(max_length=2048, pattern="^[0-9]+:[!-~]+$")]
type TagName = Annotated[str, Meta(min_length=1, max_length=256)]
type TagValue = Annotated[str, Meta(max_length=256)]


class Reply(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A JSON object of the app's."""


class ChannelAffinity(Reply, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pins a participant to a channel of an unmixed recording."""

    participant: RawId
    channel: Annotated[int, Meta(ge=0, le=4)]


class StartRequest(Reply, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be recorded. Exactly one of the first four fields names the call."""

    server_call_id: CallName | None = None
    group_call_id: CallName | None = None
    room_id: CallName | None = None
    call_connection_id: CallName | None = None
    recording_content_type: Literal["audio", "audioVideo"] = "audioVideo"
    recording_channel_type: Literal["mixed", "unmixed"] = "mixed"
    recording_format_type: Literal["mp3", "mp4", "wav"] | None = None
    pause_on_start: bool = False
    audio_channel_participant_ordering: Annotated[
        tuple[RawId, ...], Meta(max_length=5, extra_json_schema={"uniqueItems": True})
    ] = ()
    channel_affinity: Annotated[tuple[ChannelAffinity, ...], Meta(max_length=5)] = ()
    recording_storage_container_url: str | None = None
    recording_state_callback_url: str | None = None
    tags: Annotated[Mapping[TagName, TagValue], Meta(max_length=10)] = msgspec.field(default_factory=dict)


class Participant(Reply, frozen=True, kw_only=True):
    """Who is heard in a file."""

    id: str
    channel: int | None


class Pause(Reply, frozen=True, kw_only=True, rename={"since": "from", "until": "to"}):
    """A time in which nothing was recorded."""

    since: Instant
    until: Instant


class Chunk(Reply, frozen=True, kw_only=True):
    """One file of a recording, with its metadata file."""

    document_id: str
    index: int
    end_reason: str | None
    status: ChunkStatus
    content_blob: str
    metadata_blob: str | None
    bytes: int | None
    bytes_done: int
    sha256: str | None
    metadata_sha256: str | None
    content_version: str | None
    metadata_version: str | None
    expires_at: Instant | None
    stored_at: Instant | None
    deleted_at: Instant | None
    attempts: int
    due_at: Instant | None
    failure: str | None
    failure_kind: FailureKind | None
    start_time: Instant | None
    participants: tuple[Participant, ...]
    pauses: tuple[Pause, ...]


class Channel(Reply, frozen=True, kw_only=True):
    """A participant who has a channel of an unmixed recording."""

    participant: str
    channel: int


class Recording(Reply, frozen=True, kw_only=True):
    """One recording of one call."""

    id: str
    recording_id: str | None
    status: RecordingStatus
    failure: str | None
    failure_kind: FailureKind | None
    replayable: bool
    waits_for: str | None
    recording_kind: RecordingKind | None
    origin: Origin
    server_call_id: str | None
    call_connection_id: str | None
    group_call_id: str | None
    room_id: str | None
    call_id: str | None
    same_as: str | None
    recording_content_type: str | None
    recording_channel_type: str | None
    recording_format_type: str | None
    pause_on_start: bool | None
    audio_channel_participant_ordering: tuple[str, ...]
    channel_affinity: tuple[Channel, ...]
    recording_storage_container_url: str | None
    storage_type: StorageType | None
    created_at: Instant
    updated_at: Instant
    ended_at: Instant | None
    completed_at: Instant | None
    recording_start_time: Instant | None
    recording_duration_ms: int | None
    session_end_reason: str | None
    expires_at: Instant | None
    tags: Mapping[str, str]
    manifest_blob: str | None
    chunks_if_told: tuple[Chunk, ...] | UnsetType = msgspec.field(name="chunks", default=UNSET)

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        """Its files.

        Raises:
            ChunksLeftOut: this answer does not say; none is not what that means.
        """
        if isinstance(self.chunks_if_told, UnsetType):
            raise ChunksLeftOut(self.id)
        return self.chunks_if_told


class RecordingPage(Reply, frozen=True, kw_only=True):
    """One page of a list. It may be short or empty while `continuation` is not None."""

    recordings: tuple[Recording, ...]
    continuation: str | None
    unreadable: tuple[str, ...]


class Link(Reply, frozen=True, kw_only=True):
    """A link that reads one file, for whoever has it: treat the URL as a secret."""

    url: str
    expires_at: Instant


class Export(Reply, frozen=True, kw_only=True):
    """One file of all chunks of a recording: a link to it, its length, and of how many chunks it is."""

    url: str
    expires_at: Instant
    bytes: int
    parts: int


class CloudEvent(Reply, frozen=True, kw_only=True, rename="lower"):
    """A CloudEvent 1.0, as subscribers get it. They drop what has an `id` that they have had; `data` is JSON."""

    specversion: SpecVersion = "1.0"
    type: EventType
    source: str
    id: str
    subject: str
    time: Instant
    dataschema: str
    datacontenttype: JsonType = "application/json"
    data: dict[str, Any]


class Event(Reply, frozen=True, kw_only=True):
    """What other apps are told of a recording, and what became of the telling.

    An event without `sent_at`, `attempts` and `next_try_at` is one that nobody was to be told: the app had no topic.
    """

    key: str
    id: str
    type: EventType
    time: Instant
    by: str
    event: CloudEvent
    sent_at: Instant | None
    attempts: int
    last_error: str | None
    next_try_at: Instant | None


class Events(Reply, frozen=True, kw_only=True):
    """The events of a recording, as they happened."""

    events: tuple[Event, ...]


class Resent(Reply, frozen=True, kw_only=True):
    """How many events are sent again."""

    events: int


class Replay(Reply, frozen=True, kw_only=True):
    """What a replay sent again."""

    transfers: int
    deletions: int
    continuation: str | None


class Rejected(Reply, frozen=True, kw_only=True):
    """An event, or a chunk of one, that was not taken in as it says."""

    event: str | None
    document_id: str | None
    reason: str


class TakenIn(Reply, frozen=True, kw_only=True):
    """What became of events that were handed in; both numbers are 0 for what is known already."""

    transfers: int
    deletions: int
    rejected: tuple[Rejected, ...]


class Difference(Reply, frozen=True, kw_only=True):
    """One difference between rows and blobs."""

    id: str
    difference: str
    document_id: str | None = None
    blob: str | None = None


class Report(Reply, frozen=True, kw_only=True):
    """The differences of a day, or of as much of it as one call compares."""

    recordings: int
    blobs: int
    differences: tuple[Difference, ...]
    continuation: str | None


class Rebuild(Reply, frozen=True, kw_only=True):
    """What became of the recordings whose manifest lies in a day's folder, or in as much of it as one call reads."""

    rebuilt: int
    present: int
    unreadable: int
    continuation: str | None


class Health(Reply, frozen=True, kw_only=True):
    """The app's settings are usable; wrong ones are a problem."""

    status: Healthy = "healthy"


class Dependencies(Reply, frozen=True, kw_only=True):
    """Whether the services that the app depends on answer."""

    status: Healthiness
    checks: Mapping[str, bool]


class FieldFault(Reply, frozen=True, kw_only=True):
    """What is wrong with one field of a request."""

    field: str
    detail: str


class SettingFault(Reply, frozen=True, kw_only=True):
    """A setting of the app that is wrong."""

    name: str
    must_be: str


class ProblemDocument(Reply, frozen=True, kw_only=True):
    """What went wrong (RFC 9457)."""

    type: ProblemType = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    id: str | UnsetType = UNSET
    acs_code: str | UnsetType = UNSET
    acs_status: int | UnsetType = UNSET
    errors: tuple[FieldFault, ...] | UnsetType = UNSET
    settings: tuple[SettingFault, ...] | UnsetType = UNSET
