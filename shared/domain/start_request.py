"""A start request: every option that ACS has."""

import hashlib
from typing import Literal

import msgspec

type ContentType = Literal["audio", "audioVideo"]
type ChannelType = Literal["mixed", "unmixed"]
type FormatType = Literal["wav", "mp3", "mp4"]


class ChannelAffinity(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Pins a participant to a channel of an unmixed recording."""

    participant: str
    channel: int


class StartRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The body of POST /api/recordings. Exactly one of the first four fields names the call."""

    server_call_id: str | None = None
    group_call_id: str | None = None
    room_id: str | None = None
    call_connection_id: str | None = None
    recording_content_type: ContentType = "audioVideo"
    recording_channel_type: ChannelType = "mixed"
    recording_format_type: FormatType | None = None
    pause_on_start: bool = False
    audio_channel_participant_ordering: tuple[str, ...] = ()
    channel_affinity: tuple[ChannelAffinity, ...] = ()
    recording_storage_container_url: str | None = None
    recording_state_callback_url: str | None = None
    tags: dict[str, str] = {}

    @property
    def fingerprint(self) -> str:
        """Digest of the whole request: it differs for another request under the same Idempotency-Key."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()
