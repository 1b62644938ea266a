"""A start request: every option that ACS has, each checked before ACS is asked."""

import hashlib
import re
from typing import Literal

import msgspec

from shared.domain.acs_urls import URL_CHARACTERS_MAX, in_own_storage
from shared.domain.errors import InvalidRequest
from shared.domain.urls import LOOPBACK_HOSTS

type ContentType = Literal["audio", "audioVideo"]
type ChannelType = Literal["mixed", "unmixed"]
type FormatType = Literal["wav", "mp3", "mp4"]


TAGS_MAX = 10
TAG_CHARACTERS_MAX = 256
CHANNELS_MAX = 5  # an unmixed recording has at most five channels
IDENTIFIER_CHARACTERS_MAX = 2048
CALLBACKS = re.compile(  # whole, so that no other reader of the URL finds another host in it; a fragment is never sent
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]{1,253})(?P<port>:[0-9]{1,5})?(?:[/?][A-Za-z0-9._~!$&'()*+,;=:@/?%-]*)?",
    re.ASCII,
)
RAW_ID = re.compile(r"\d+:[!-~]+", re.ASCII)  # printable: five of the longest fit into a column, escaped as they are
# The media that ACS makes (its documentation has no others), and why the rest is refused.
MEDIA = {
    ("audioVideo", "mixed", "mp4"),
    ("audio", "mixed", "mp3"),
    ("audio", "mixed", "wav"),
    ("audio", "unmixed", "wav"),
}


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


def checked(request: StartRequest, containers: tuple[str, ...], callback_hosts: tuple[str, ...]) -> StartRequest:
    """The request with its defaults, if ACS can do what it asks for and the operator allows it.

    Raises:
        InvalidRequest: naming the field, and saying why.
    """
    request = with_defaults(request)
    check_locator(request)
    check_media(request)
    check_channels(request)
    check_container(request.recording_storage_container_url, containers)
    check_callback(request.recording_state_callback_url, callback_hosts)
    check_tags(request.tags)
    return request


def with_defaults(request: StartRequest) -> StartRequest:
    """All three media types are always sent to ACS, so that what it makes never depends on its defaults."""
    if request.recording_format_type is not None:
        return request
    audio: FormatType = "wav" if request.recording_channel_type == "unmixed" else "mp3"
    return msgspec.structs.replace(
        request, recording_format_type="mp4" if request.recording_content_type == "audioVideo" else audio
    )


def check_locator(request: StartRequest) -> None:
    named = {
        "serverCallId": request.server_call_id,
        "groupCallId": request.group_call_id,
        "roomId": request.room_id,
        "callConnectionId": request.call_connection_id,
    }
    given = {name: value for name, value in named.items() if value is not None}
    if len(given) != 1:
        which = " and ".join(given) or "none"
        raise InvalidRequest(f"Exactly one of {', '.join(named)} must name the call; the body has {which}.")
    name, value = given.popitem()
    if not value.strip() or len(value) > IDENTIFIER_CHARACTERS_MAX:
        raise InvalidRequest(f"{name} must have 1 to {IDENTIFIER_CHARACTERS_MAX} characters.")


def check_media(request: StartRequest) -> None:
    content, channel = request.recording_content_type, request.recording_channel_type
    media = (content, channel, request.recording_format_type)
    if media in MEDIA:
        return
    if content == "audioVideo" and channel == "unmixed":
        raise InvalidRequest("recordingChannelType: ACS records audioVideo only mixed; ask for audio to get channels.")
    formats = sorted(form for made, mixed, form in MEDIA if (made, mixed) == (content, channel))
    raise InvalidRequest(
        f"recordingFormatType: ACS makes {content} {channel} recordings only as {' or '.join(formats)}, "
        f"not as {request.recording_format_type}."
    )


def check_channels(request: StartRequest) -> None:
    ordering, affinity = request.audio_channel_participant_ordering, request.channel_affinity
    if not ordering and not affinity:
        return
    field = "audioChannelParticipantOrdering" if ordering else "channelAffinity"
    if request.recording_channel_type != "unmixed":
        raise InvalidRequest(f"{field}: only an unmixed recording has channels to assign.")
    check_participants("audioChannelParticipantOrdering", ordering)
    check_participants("channelAffinity", tuple(pin.participant for pin in affinity))
    channels = [pin.channel for pin in affinity]
    if any(not 0 <= channel < CHANNELS_MAX for channel in channels):
        raise InvalidRequest(f"channelAffinity: a channel is a number from 0 to {CHANNELS_MAX - 1}.")
    if len(set(channels)) < len(channels):
        raise InvalidRequest("channelAffinity: two participants are pinned to the same channel.")


def check_participants(field: str, participants: tuple[str, ...]) -> None:
    if len(participants) > CHANNELS_MAX:
        raise InvalidRequest(f"{field}: an unmixed recording has at most {CHANNELS_MAX} channels.")
    if len(set(participants)) < len(participants):
        raise InvalidRequest(f"{field}: a participant is named twice.")
    if not all(RAW_ID.fullmatch(raw) and len(raw) <= IDENTIFIER_CHARACTERS_MAX for raw in participants):
        raise InvalidRequest(f"{field}: a participant is a raw id such as 8:acs:… or 4:+15551234567.")


def check_container(url: str | None, containers: tuple[str, ...]) -> None:
    if url is None:
        return
    target = url.removesuffix("/")
    if target not in containers and not in_own_storage(target, containers):
        raise InvalidRequest(
            "recordingStorageContainerUrl: it is none of the containers that the operator allows (BYOS_CONTAINERS), nor"
            f" a folder in one: plain names in at most {URL_CHARACTERS_MAX} characters, without query."
        )


def check_callback(url: str | None, hosts: tuple[str, ...]) -> None:
    """ACS sends a token of its own to this address: only to hosts that the operator allows, and over https.

    Plain http is for a simulator on this machine.
    """
    if url is None:
        return
    parts = CALLBACKS.fullmatch(url) if len(url) <= URL_CHARACTERS_MAX else None
    if parts is None or (parts["port"] if parts["scheme"] == "https" else parts["host"] not in LOOPBACK_HOSTS):
        raise InvalidRequest(
            "recordingStateCallbackUrl: it must be an https URL with a host in lower case, without port, user and"
            f" fragment, in at most {URL_CHARACTERS_MAX} plain characters."
        )
    if parts["host"] not in hosts:
        raise InvalidRequest("recordingStateCallbackUrl: its host is none that the operator allows (CALLBACK_HOSTS).")


def check_tags(tags: dict[str, str]) -> None:
    if len(tags) > TAGS_MAX:
        raise InvalidRequest(f"tags: at most {TAGS_MAX} pairs are allowed.")
    if any(
        not name or len(name) > TAG_CHARACTERS_MAX or len(value) > TAG_CHARACTERS_MAX for name, value in tags.items()
    ):
        raise InvalidRequest(f"tags: a name has 1 to {TAG_CHARACTERS_MAX} characters, a value at most as many.")
