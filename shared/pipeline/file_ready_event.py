"""ACS's file-ready event, in both schemas and all five forms of its subject.

In Event Grid's schema; a CloudEvent has `source`, `type`, `time` for `topic`, `eventType`, `eventTime`, and equal data:

    {"id": "7283825e-…", "topic": "/subscriptions/…/communicationservices/acs",
     "subject": "/recording/call/d99c636c-…/serverCallId/aHR0cHM6…/recordingId/eyJQbGF0…",
     "eventType": "Microsoft.Communication.RecordingFileStatusUpdated", "eventTime": "2026-11-22T08:31:40.219Z",
     "data": {"recordingStartTime": "2026-11-22T08:00:03Z", "recordingDurationMs": 1867000,
              "sessionEndReason": "CallEnded", "recordingContentType": "Audio",
              "recordingChannelType": "Mixed", "recordingFormatType": "Mp3", "storageType": "ACS",
              "recordingStorageInfo": {"recordingChunks": [
                {"documentId": "0-eus-d12-801b…", "index": 0, "endReason": "SessionEnded",
                 "contentLocation": "https://storage.asm.skype.com/v1/objects/0-eus-d12-801b…/content/audio",
                 "metadataLocation": "https://storage.asm.skype.com/v1/objects/0-eus-d12-801b…/content/acsmetadata",
                 "deleteLocation": "https://us-storage.asm.skype.com/v1/objects/0-eus-d12-801b…"}]}}}

Parsed leniently: what older events lack is optional, enums are compared without case, and a chunk that cannot be read
does not stop the others.
"""

import re
from collections.abc import Mapping
from datetime import datetime

import msgspec

from shared.domain.acs_words import StorageType
from shared.domain.errors import NotUnderstood
from shared.domain.identifiers import DOCUMENT_ID
from shared.domain.json_fields import Json, mapping, moment, number, text

FILE_READY = "Microsoft.Communication.RecordingFileStatusUpdated"
END_REASON_CHARACTERS_MAX = 200  # ACS's longest has 24; a batch of rows must fit whatever an event says
STORAGE_TYPES = {  # without case, as ACS spelled them over the years
    "acs": StorageType.ACS,
    "acsstorage": StorageType.ACS,
    "azureblob": StorageType.AZURE_BLOB,
    "blobstorage": StorageType.AZURE_BLOB,
}
WORDS = {word.casefold(): word for word in ("audio", "audioVideo", "mixed", "unmixed", "wav", "mp3", "mp4")}
CHUNKS_MAX = 5000  # Event Grid's 1 MiB event holds about 2,240

# serverCallId is standard base64 and may contain slashes: never split a subject.
SUBJECT = re.compile(
    r"/recording/call/(?P<call_id>[^/]+)"
    r"(?:/serverCallId/(?P<server_call_id>.+?))?"
    r"(?:/callConnectionId/(?P<call_connection_id>[^/]+))?"
    r"(?:/recordingId/(?P<recording_id>[^/]+))?/?",
)


class AnnouncedChunk(msgspec.Struct, frozen=True, kw_only=True):
    """A chunk as the event lists it; its URLs are not checked yet."""

    document_id: str
    index: int
    end_reason: str | None = None
    content_location: str | None = None
    metadata_location: str | None = None
    delete_location: str | None = None


class FileReady(msgspec.Struct, frozen=True, kw_only=True):
    """A file-ready event, parsed: files of a recording can be fetched.

    Attributes:
        topic: ARM id of the ACS resource; None when the event does not say.
        recording_id: ACS's id, of the data or else of the subject; `subject_recording_id` is the subject's.
        storage_type: None when the event does not say, or says what is not known.
        chunks: none where ACS announces that there is no file.
        unreadable: one sentence for each announced chunk that could not be read at all.
    """

    event_id: str | None
    topic: str | None
    event_time: datetime
    call_id: str
    server_call_id: str | None
    call_connection_id: str | None
    recording_id: str | None
    subject_recording_id: str | None
    recording_start_time: datetime | None
    recording_duration_ms: int | None
    session_end_reason: str | None
    recording_content_type: str | None
    recording_channel_type: str | None
    recording_format_type: str | None
    storage_type: StorageType | None
    chunks: tuple[AnnouncedChunk, ...]
    unreadable: tuple[str, ...]


def parse_file_ready(document: Json, now: datetime) -> FileReady:
    """Parse an event in Event Grid's own schema or as a CloudEvent; it happened `now` if it does not say when.

    Raises:
        NotUnderstood: it is another event, its subject names no call, or its chunks are no list.
    """
    cloud = "specversion" in document
    kind = text(document, "type" if cloud else "eventType")
    if (kind or "").casefold() != FILE_READY.casefold():
        raise NotUnderstood(f"The event is not of type {FILE_READY}.")
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
        call_connection_id=subject["call_connection_id"],
        recording_id=text(data, "recordingId") or subject["recording_id"],
        subject_recording_id=subject["recording_id"],
        recording_start_time=moment(data, "recordingStartTime"),
        recording_duration_ms=number(data, "recordingDurationMs"),
        session_end_reason=text(data, "sessionEndReason"),
        recording_content_type=camel(text(data, "recordingContentType")),
        recording_channel_type=camel(text(data, "recordingChannelType")),
        recording_format_type=camel(text(data, "recordingFormatType")),
        storage_type=STORAGE_TYPES.get((text(data, "storageType") or "").casefold()),
        chunks=chunks,
        unreadable=unreadable,
    )


def announced_chunks(data: Json) -> tuple[tuple[AnnouncedChunk, ...], tuple[str, ...]]:
    info = mapping(data, "recordingStorageInfo") if data.get("recordingStorageInfo") is not None else {}
    listed = info.get("recordingChunks")
    if listed is None:
        return (), ()
    if not isinstance(listed, list):
        raise NotUnderstood("The recordingChunks of the event are no list.")
    if len(listed) > CHUNKS_MAX:
        raise NotUnderstood(f"The event lists {len(listed)} chunks; more than {CHUNKS_MAX} cannot be one event.")
    chunks: dict[AnnouncedChunk, None] = {}  # one document may be listed at several places
    unreadable: list[str] = []
    for position, item in enumerate(listed):
        try:
            chunk = announced_chunk(item, position)
        except NotUnderstood as error:
            unreadable.append(f"Chunk at position {position}: {error}")
        else:
            chunks[chunk] = None
    return tuple(chunks), tuple(unreadable)


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
        end_reason=(text(item, "endReason") or "")[:END_REASON_CHARACTERS_MAX] or None,
        content_location=text(item, "contentLocation"),
        metadata_location=text(item, "metadataLocation"),
        delete_location=text(item, "deleteLocation"),
    )


def camel(value: str | None) -> str | None:
    """The spelling of requests, audioVideo, for that of events, AudioVideo, in whatever case; else as it came."""
    return WORDS.get(value.casefold(), value) if value else None
