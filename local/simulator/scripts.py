"""What a test may ask for: the files a recording yields, and the events that announce them."""

from typing import Annotated, Literal

import msgspec

from local.simulator.wav import HEADER_ROOM_BYTES, WavHeader

type ChunkBytes = Annotated[int, msgspec.Meta(ge=64)]
"""No file of a known kind is smaller than its header."""

type OmittedField = Literal[
    "contentLocation",
    "metadataLocation",
    "deleteLocation",
    "recordingTypes",
    "endReason",
    "sessionEndReason",
    "storageType",
    "recordingChunks",
]


class EventOptions(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True
):
    """How a recording's files are announced through Event Grid."""

    schema: Literal["EventGrid", "CloudEvents"] = "EventGrid"
    subject_form: Literal[1, 2, 3, 4, 5] = 4
    """1 call only · 2 + recordingId · 3 + serverCallId · 4 + serverCallId + recordingId · 5 + callConnectionId."""
    one_event_per_chunk: bool = False
    chunk_interval_seconds: float = 0.0
    """With one event per chunk: the pause between two of them."""
    batch_size: Annotated[int, msgspec.Meta(ge=1)] = 1
    """How many events go into one POST."""
    duplicates: int = 0
    """How often every event is sent again, with the same event id, as at-least-once delivery does."""
    shuffle: bool = False
    """Chunks within an event, and the events themselves, come in seeded disorder."""
    delay_seconds: float = 0.0
    hadr_twins: int = 0
    """Extra files with the same recording and index but another documentId."""
    omit: tuple[OmittedField, ...] = ()
    content_host: str | None = None
    """Host of contentLocation and metadataLocation; another region than the document's own answers 302."""
    delete_host: str | None = None
    delete_form: Literal["bare", "deletedata"] = "bare"
    never: bool = False
    """Made and listed over admin, but not sent."""


class Attendance(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """When a participant is in the call, on the recording's time line: pauses are not counted."""

    participant: str
    """Raw id; one whom the call does not have joins it for the recording."""
    joins_ms: Annotated[int, msgspec.Meta(ge=0)] = 0
    leaves_ms: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """Unset: stays to the end."""


class ScriptedPause(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A pause that was not really made."""

    at_ms: Annotated[int, msgspec.Meta(ge=0)]
    """On the recording's time line: what was recorded before it."""
    duration_ms: Annotated[int, msgspec.Meta(ge=0)]


class Script(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """The files that a recording yields when it ends."""

    chunks: Annotated[int, msgspec.Meta(ge=1)] = 1
    chunk_bytes: ChunkBytes | tuple[ChunkBytes, ...] | None = None
    """Size of each chunk, or one size per chunk; unset: what the duration gives at ACS's byte rate."""
    duration_ms: int | None = None
    """Duration of the whole recording; unset: what its bytes give, and they, as long as it really ran.

    Given together with other sizes, metadata and events say this duration, and the files do not last as long.
    """
    wav_header: WavHeader = "plain"
    """How WAV files begin; each but `plain` needs chunks of 8,192 bytes or more."""
    attendance: tuple[Attendance, ...] = ()
    """Who joins later or leaves earlier; everybody else is there throughout."""
    pauses: tuple[ScriptedPause, ...] = ()
    """Beside those that were really made."""
    seed: int | None = None
    """Equal seed, format and size give equal bytes; unset: every document is different."""
    region: str = "wus"
    age_seconds: float = 0.0
    """How long ago the recording happened, to the eyes of retention and of everybody who reads its times."""
    ready_delay_seconds: float | None = None
    session_end_reason: str | None = None
    last_end_reason: str = "SessionEnded"
    metadata_missing: bool = False
    export_fails: bool = False
    """Own storage only: the export fails and the event points at ACS's built-in storage."""
    events: EventOptions | None = None
    """Unset: the simulator's setting `events`."""

    def __post_init__(self) -> None:
        """Refuse sizes that leave no room for the header.

        Raises:
            ValueError: a chunk is too small.
        """
        sizes = (self.chunk_bytes,) if isinstance(self.chunk_bytes, int) else self.chunk_bytes or ()
        if self.wav_header != "plain" and any(size < HEADER_ROOM_BYTES for size in sizes):
            raise ValueError(f"wavHeader {self.wav_header} needs chunks of at least {HEADER_ROOM_BYTES} bytes")
