"""ACS's file-ready event, in both schemas and all five forms of its subject.

Parsed leniently: what is optional by age is optional here, enums are compared without case, and a chunk that cannot be
read does not take the others with it.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import unquote

import msgspec

from shared.errors import NotUnderstood

FILE_READY = "Microsoft.Communication.RecordingFileStatusUpdated"
CHUNKS_MAX = 5000  # Event Grid's 1 MiB event holds about 2,240

type Json = Mapping[str, object]

# serverCallId is standard base64 and may contain slashes: never split a subject.
SUBJECT = re.compile(
    r"/recording/call/(?P<call_id>[^/]+)"
    r"(?:/serverCallId/(?P<server_call_id>.+?))?"
    r"(?:/callConnectionId/(?P<call_connection_id>[^/]+))?"
    r"(?:/recordingId/(?P<recording_id>[^/]+))?/?",
)
DOCUMENT_ID = re.compile(r"[A-Za-z0-9-]{1,128}", re.ASCII)

# Beyond these, arithmetic and columns overflow: such a value cannot be meant, and must not stop the event.
NUMBER_MAX = 10**12
DIGITS = re.compile(r"\d{1,12}", re.ASCII)
YEAR_MIN, YEAR_MAX = 2000, 2200
HALF_CHARACTER = re.compile("[\ud800-\udfff]")  # JSON can write half of a character; no encoding can


class AnnouncedChunk(msgspec.Struct, frozen=True, kw_only=True):
    """A chunk as the event names it; its URLs are still unchecked."""

    document_id: str
    index: int
    end_reason: str | None = None
    content_location: str | None = None
    metadata_location: str | None = None
    delete_location: str | None = None


class FileReady(msgspec.Struct, frozen=True, kw_only=True):
    """ACS says that files of a recording can be fetched.

    Attributes:
        topic: ARM id of the ACS resource; None when the event does not say.
        unreadable: one sentence for each announced chunk that could not be read at all.
    """

    event_id: str | None
    topic: str | None
    event_time: datetime
    call_id: str
    server_call_id: str | None
    recording_id: str | None
    recording_start_time: datetime | None
    recording_duration_ms: int | None
    session_end_reason: str | None
    recording_content_type: str | None
    recording_channel_type: str | None
    recording_format_type: str | None
    chunks: tuple[AnnouncedChunk, ...]
    unreadable: tuple[str, ...]


def parse_file_ready(document: Json, now: datetime) -> FileReady:
    """Read an event in Event Grid's own schema or as a CloudEvent.

    Args:
        document: the event.
        now: when it happened, if it does not say.

    Raises:
        NotUnderstood: it is another event, its subject names no call, or it lists no chunks.
    """
    cloud = "specversion" in document
    kind = text(document, "type" if cloud else "eventType")
    if kind != FILE_READY:
        raise NotUnderstood(f"The event is of type {kind!r}, not {FILE_READY}.")
    data = mapping(document, "data")
    subject = SUBJECT.fullmatch(text(document, "subject") or "")
    if subject is None:
        raise NotUnderstood("The event's subject is none of the known /recording/call/… forms.")
    chunks, unreadable = announced_chunks(data)
    return FileReady(
        event_id=text(document, "id"),
        topic=text(document, "source" if cloud else "topic"),
        event_time=moment(document, "time" if cloud else "eventTime") or now,
        call_id=subject["call_id"],
        server_call_id=subject["server_call_id"],
        recording_id=text(data, "recordingId") or subject["recording_id"],
        recording_start_time=moment(data, "recordingStartTime"),
        recording_duration_ms=number(data, "recordingDurationMs"),
        session_end_reason=text(data, "sessionEndReason"),
        recording_content_type=camel(text(data, "recordingContentType")),
        recording_channel_type=camel(text(data, "recordingChannelType")),
        recording_format_type=camel(text(data, "recordingFormatType")),
        chunks=chunks,
        unreadable=unreadable,
    )


def announced_chunks(data: Json) -> tuple[tuple[AnnouncedChunk, ...], tuple[str, ...]]:
    listed = mapping(data, "recordingStorageInfo").get("recordingChunks")
    if not isinstance(listed, list) or not listed:
        raise NotUnderstood("The event lists no recordingChunks.")
    if len(listed) > CHUNKS_MAX:
        raise NotUnderstood(f"The event lists {len(listed)} chunks; more than {CHUNKS_MAX} cannot be one event.")
    chunks: dict[str, AnnouncedChunk] = {}
    unreadable: list[str] = []
    for position, item in enumerate(listed):
        try:
            chunk = announced_chunk(item, position)
        except NotUnderstood as error:
            unreadable.append(f"Chunk at position {position}: {error}")
        else:
            chunks.setdefault(chunk.document_id, chunk)
    return tuple(chunks.values()), tuple(unreadable)


def announced_chunk(item: object, position: int) -> AnnouncedChunk:
    if not isinstance(item, Mapping):
        raise NotUnderstood("it is not an object.")
    document_id = text(item, "documentId") or ""
    if not DOCUMENT_ID.fullmatch(document_id):
        raise NotUnderstood("its documentId is missing or not made of letters, digits and hyphens.")
    index = number(item, "index")
    return AnnouncedChunk(
        document_id=document_id,
        index=position if index is None else index,
        end_reason=text(item, "endReason"),
        content_location=text(item, "contentLocation"),
        metadata_location=text(item, "metadataLocation"),
        delete_location=text(item, "deleteLocation"),
    )


def normal_server_call_id(server_call_id: str) -> str:
    """The same call id however it was padded, escaped or alphabetised on its way."""
    return unquote(server_call_id).strip().translate(str.maketrans("-_", "+/")).rstrip("=")


def normal_recording_id(recording_id: str) -> str:
    """The same recording id with or without padding."""
    return recording_id.strip().rstrip("=")


def mapping(document: Json, name: str) -> Json:
    value = document.get(name)
    if not isinstance(value, Mapping):
        raise NotUnderstood(f"The event's {name} is missing or not an object.")
    return value


def text(document: Json, name: str) -> str | None:
    value = document.get(name)
    return value if isinstance(value, str) and value and not HALF_CHARACTER.search(value) else None


def number(document: Json, name: str) -> int | None:
    """A non-negative whole number; the documentation shows some of them as strings."""
    value = document.get(name)
    if isinstance(value, str) and DIGITS.fullmatch(value):
        value = int(value)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= NUMBER_MAX:
        return None
    return int(value)


def moment(document: Json, name: str) -> datetime | None:
    """A time in UTC; None when missing, unreadable, or so far away that it cannot be meant."""
    value = text(document, name)
    try:
        parsed = datetime.fromisoformat(value) if value else None
    except ValueError:
        return None
    if parsed is None or not YEAR_MIN <= parsed.year <= YEAR_MAX:
        return None
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def camel(value: str | None) -> str | None:
    """Events write AudioVideo where requests write audioVideo; ours are the requests' names."""
    return value[0].lower() + value[1:] if value else None
