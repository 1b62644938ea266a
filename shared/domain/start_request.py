"""A start request: every option that ACS has, each checked before ACS is asked."""

import hashlib
import re
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.domain.acs_urls import URL_CHARACTERS_MAX, in_own_storage
from shared.domain.channels import CHANNELS_MAX, ChannelAffinity, Participant
from shared.domain.errors import InvalidRequest, WrongField
from shared.domain.json_fields import ALLOWED
from shared.domain.json_views import says
from shared.domain.urls import LOOPBACK_HOSTS

type ContentType = Literal["audio", "audioVideo"]
type ChannelType = Literal["mixed", "unmixed"]
type FormatType = Literal["wav", "mp3", "mp4"]


TAGS_MAX = 10
TAG_CHARACTERS_MAX = 256
IDENTIFIER_CHARACTERS_MAX = 2048
PORT_MAX = 65535
LOCATORS = ("serverCallId", "groupCallId", "roomId", "callConnectionId")
CALLBACKS = re.compile(  # whole, so that no other reader of the URL finds another host in it; a fragment is never sent
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]{1,253})(?P<port>:[0-9]{1,5})?(?:[/?][A-Za-z0-9._~!$&'()*+,;=:@/?%-]*)?",
    re.ASCII,
)
# The media that ACS makes (its documentation has no others), and why the rest is refused.
MEDIA = {
    ("audioVideo", "mixed", "mp4"),
    ("audio", "mixed", "mp3"),
    ("audio", "mixed", "wav"),
    ("audio", "unmixed", "wav"),
}


type Identifier = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=IDENTIFIER_CHARACTERS_MAX,
        pattern=r"\S",
        extra={ALLOWED: f"a text of 1 to {IDENTIFIER_CHARACTERS_MAX} characters, not only spaces"},
    ),
]
type TagName = Annotated[str, Meta(min_length=1, max_length=TAG_CHARACTERS_MAX)]
type TagValue = Annotated[str, Meta(max_length=TAG_CHARACTERS_MAX)]


class StartRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The body of POST /api/recordings. Exactly one of the first four fields names the call."""

    server_call_id: Annotated[Identifier | None, says("The call, as Call Automation and clients name it.")] = None
    group_call_id: Annotated[Identifier | None, says("The call: the GUID that its participants joined.")] = None
    room_id: Annotated[Identifier | None, says("The call: the room that it takes place in.")] = None
    call_connection_id: Annotated[Identifier | None, says("The call, as Call Automation's results name it.")] = None
    recording_content_type: Annotated[ContentType, says("What is recorded.")] = "audioVideo"
    recording_channel_type: Annotated[ChannelType, says("All voices in one channel, or each in its own.")] = "mixed"
    recording_format_type: Annotated[
        FormatType | None, says("The file format; without it mp4 for video, mp3 for mixed audio, wav for unmixed.")
    ] = None
    pause_on_start: Annotated[bool, says("Record nothing before it is resumed.")] = False
    audio_channel_participant_ordering: Annotated[
        tuple[Participant, ...],
        Meta(
            max_length=CHANNELS_MAX,
            description="Who gets which channel, from the first on.",
            extra_json_schema={"uniqueItems": True},
        ),
    ] = ()
    channel_affinity: Annotated[
        tuple[ChannelAffinity, ...], Meta(max_length=CHANNELS_MAX, description="Who gets which channel.")
    ] = ()
    recording_storage_container_url: Annotated[
        str | None, says("A container of the operator's list, or a folder in one, that ACS records into.")
    ] = None
    recording_state_callback_url: Annotated[
        str | None, says("Where ACS posts states, instead of to this app; at one of the hosts the operator allows.")
    ] = None
    tags: Annotated[dict[TagName, TagValue], Meta(max_length=TAGS_MAX, description="Names and values of yours.")] = {}

    @property
    def fingerprint(self) -> str:
        """Digest of the whole request: it differs for another request under the same Idempotency-Key."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()


def checked(request: StartRequest, containers: tuple[str, ...], callback_hosts: tuple[str, ...]) -> StartRequest:
    """The request with its defaults, if ACS can do what it asks for and the operator allows it.

    Raises:
        InvalidRequest: with every wrong field, and why it is wrong.
    """
    request = with_defaults(request)
    faults = [
        *locator_faults(request),
        *media_faults(request),
        *channel_faults(request),
        *container_faults(request.recording_storage_container_url, containers),
        *callback_faults(request.recording_state_callback_url, callback_hosts),
    ]
    if faults:
        raise InvalidRequest.of(faults)
    return request


def with_defaults(request: StartRequest) -> StartRequest:
    """All three media types are always sent to ACS, so that what it makes never depends on its defaults."""
    if request.recording_format_type is not None:
        return request
    audio: FormatType = "wav" if request.recording_channel_type == "unmixed" else "mp3"
    return msgspec.structs.replace(
        request, recording_format_type="mp4" if request.recording_content_type == "audioVideo" else audio
    )


def locator_faults(request: StartRequest) -> Iterator[WrongField]:
    ids = (request.server_call_id, request.group_call_id, request.room_id, request.call_connection_id)
    given = [name for name, id in zip(LOCATORS, ids, strict=True) if id is not None]
    if len(given) != 1:
        which = " and ".join(given) or "none"
        reason = f"exactly one of {', '.join(LOCATORS)} must name the call; the body has {which}."
        yield WrongField(given[0] if given else "serverCallId", reason)


def media_faults(request: StartRequest) -> Iterator[WrongField]:
    content, channel = request.recording_content_type, request.recording_channel_type
    if (content, channel, request.recording_format_type) in MEDIA:
        return
    if content == "audioVideo" and channel == "unmixed":
        yield WrongField(
            "recordingChannelType", "ACS records audioVideo only mixed; ask for audio to get a channel for each voice."
        )
        return
    formats = sorted(form for made, mixed, form in MEDIA if (made, mixed) == (content, channel))
    reason = f"ACS makes {content} {channel} recordings only as {' or '.join(formats)}"
    yield WrongField("recordingFormatType", f"{reason}, not as {request.recording_format_type}.")


def channel_faults(request: StartRequest) -> Iterator[WrongField]:
    ordering, affinity = request.audio_channel_participant_ordering, request.channel_affinity
    channels = [pin.channel for pin in affinity]
    assigned = {
        "audioChannelParticipantOrdering": list(ordering),
        "channelAffinity": [pin.participant for pin in affinity],
    }
    for field, participants in assigned.items():
        if participants and request.recording_channel_type != "unmixed":
            yield WrongField(field, "only an unmixed recording has channels to assign.")
        if len(set(participants)) < len(participants):
            yield WrongField(field, "a participant is named twice.")
    if len(set(channels)) < len(channels):
        yield WrongField("channelAffinity", "two participants are pinned to the same channel.")


def container_faults(url: str | None, containers: tuple[str, ...]) -> Iterator[WrongField]:
    target = url.removesuffix("/") if url is not None else None
    if target is not None and target not in containers and not in_own_storage(target, containers):
        yield WrongField(
            "recordingStorageContainerUrl",
            "it is none of the containers that the operator allows (BYOS_CONTAINERS), nor"
            f" a folder in one: plain names in at most {URL_CHARACTERS_MAX} characters, without query.",
        )


def has_allowed_port(parts: re.Match[str]) -> bool:
    """Over https none; over plain http any that there is, on this machine alone."""
    port = parts["port"]
    if parts["scheme"] == "https":
        return port is None
    return parts["host"] in LOOPBACK_HOSTS and (port is None or 0 < int(port[1:]) <= PORT_MAX)


def callback_faults(url: str | None, hosts: tuple[str, ...]) -> Iterator[WrongField]:
    """ACS sends a token of its own to this address: only to hosts that the operator allows, and over https.

    Plain http is for a simulator on this machine.
    """
    if url is None:
        return
    parts = CALLBACKS.fullmatch(url) if len(url) <= URL_CHARACTERS_MAX else None
    if parts is None or not has_allowed_port(parts):
        reason = (
            "it must be an https URL with a host in lower case, without port, user and"
            f" fragment, in at most {URL_CHARACTERS_MAX} plain characters."
        )
        yield WrongField("recordingStateCallbackUrl", reason)
    elif parts["host"] not in hosts:
        yield WrongField("recordingStateCallbackUrl", "its host is none that the operator allows (CALLBACK_HOSTS).")
