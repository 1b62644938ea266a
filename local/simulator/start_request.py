"""The body of a start request, read the way the service reads it: null, absent and [] mean the same."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from local.simulator.identifiers import is_server_call_id
from local.simulator.proxy import LOOPBACK
from local.simulator.settings import Settings
from local.simulator.wire import RefusedError, acs_error

CHANNELS_MAX = 5
LOCATORS = {"serverCallLocator": "serverCallId", "groupCallLocator": "groupCallId", "roomCallLocator": "roomId"}
MEDIA_COMBINATIONS = {
    ("audioVideo", "mixed", "mp4"),
    ("audio", "mixed", "mp3"),
    ("audio", "mixed", "wav"),
    ("audio", "unmixed", "wav"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRecordingRequest:
    """What to record, how, and whom to tell."""

    locator_kind: str
    locator_value: str
    content_type: str = "audioVideo"
    channel_type: str = "mixed"
    format_type: str = "mp4"
    callback_uri: str | None = None
    pause_on_start: bool = False
    participant_order: tuple[str, ...] = ()
    channel_affinity: tuple[tuple[str, int], ...] = ()
    container_url: str | None = None
    """Set when the recording goes straight into the operator's own storage."""


def parse_start(body: bytes, settings: Settings) -> StartRecordingRequest:
    """Read and check a start request.

    Raises:
        RefusedError: with the answer that ACS gives.
    """
    document = read_object(body)
    kind, value = read_locator(document, settings)
    order = document.get("audioChannelParticipantOrdering") or []
    affinity = document.get("channelAffinity") or []
    return StartRecordingRequest(
        locator_kind=kind,
        locator_value=value,
        **read_media(document),
        callback_uri=read_callback(document, settings),
        pause_on_start=bool(document.get("pauseOnStart")),
        participant_order=tuple(raw_id(participant) for participant in order),
        channel_affinity=tuple((raw_id(item.get("participant")), read_channel(item)) for item in affinity),
        container_url=read_container(document),
    )


def invalid(message: str, code: str = "8523") -> RefusedError:
    return RefusedError(acs_error(400, code, message))


def read_object(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError as error:
        raise invalid("The request body is not JSON.") from error
    if not isinstance(document, dict):
        raise invalid("The request body is not a JSON object.")
    return document


def read_locator(document: dict[str, Any], settings: Settings) -> tuple[str, str]:
    locator, connection = document.get("callLocator"), document.get("callConnectionId")
    if bool(locator) == bool(connection):
        raise invalid("Exactly one of callLocator and callConnectionId must be given.")
    if connection:
        return "callConnectionId", str(connection)
    fields = locator if isinstance(locator, dict) else {}
    kind = LOCATORS.get(str(fields.get("kind")), "")
    value = fields.get(kind)
    if not isinstance(value, str) or not value:
        raise invalid("The call locator names no call.")
    if kind == "serverCallId" and not is_server_call_id(value):
        raise invalid("Invalid Join URL.", "8527")
    if kind == "roomId" and not settings.room_id_accepted:
        raise invalid("roomId is not supported for start recording.")
    return kind, value


def read_media(document: dict[str, Any]) -> dict[str, str]:
    content = document.get("recordingContentType") or "audioVideo"
    channel = document.get("recordingChannelType") or "mixed"
    media_format = document.get("recordingFormatType") or "mp4"
    if (content, channel, media_format) not in MEDIA_COMBINATIONS:
        raise invalid(f"The combination {content}, {channel}, {media_format} is not supported.", "8557")
    return {"content_type": content, "channel_type": channel, "format_type": media_format}


def read_callback(document: dict[str, Any], settings: Settings) -> str | None:
    uri = document.get("recordingStateCallbackUri")
    if not uri:
        return None
    parts = urlsplit(str(uri))
    local = settings.loopback_callbacks_accepted and parts.scheme == "http" and parts.hostname in LOOPBACK
    if parts.scheme != "https" and not local:
        raise invalid("The field CallbackUri is invalid: Call Automation doesn't support HTTP endpoints")
    return str(uri)


def read_container(document: dict[str, Any]) -> str | None:
    storage = document.get("externalStorage") or {}
    if storage.get("recordingStorageKind") != "azureBlobStorage":
        return None
    url = storage.get("recordingDestinationContainerUrl")
    if not url:
        raise invalid("recordingDestinationContainerUrl is missing.")
    return str(url)


def raw_id(participant: Any) -> str:
    identifier = participant.get("rawId") if isinstance(participant, dict) else None
    if not identifier:
        raise invalid("A participant has no rawId.")
    return str(identifier)


def read_channel(item: dict[str, Any]) -> int:
    channel = item.get("channel")
    if not isinstance(channel, int) or not 0 <= channel < CHANNELS_MAX:
        raise invalid("A channel must be a number from 0 to 4.")
    return channel
