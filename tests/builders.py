"""Things that tests are made of, each with defaults that make sense."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal

from shared.api.request_bodies import parse_start_request
from shared.domain.acs_words import RecordingKind
from shared.domain.models import Chunk, Recording
from shared.domain.start_request import StartRequest
from shared.domain.statuses import ChunkStatus, ControlStatus, FilesStatus, Origin, RecordingStatus, StartFailure
from tests.fakes import BEGINNING, Cloud, acs_recording_id

CALL_ID = "d99c636c-dfb2-46ec-8d0e-ff5bdf9a99b5"
# Standard base64 of a URL, with a slash and padding in it, as ACS hands it out.
SERVER_CALL_ID = "aHR0cHM6Ly9hcGkuZmxpZ2h0cHJveHkuc2t5cGUuY29tL2FwaS92Mi9jcC9jb252LTEvSWJyNUE/aT0xMC4wLjA/ZT02Mw=="
CALL_CONNECTION_ID = "411f0b00-dc73-4528-a9e6-968ba983d2a1"
RECORDING_ID = acs_recording_id(1)
OUR_ID = "6f1c2d3e-0000-4000-8000-000000000001"
TOPIC = (
    "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/calls"
    "/providers/Microsoft.Communication/CommunicationServices/acs"
)
CONTAINER = "https://operator.blob.core.windows.net/own"

type Format = Literal["wav", "mp3", "mp4"]
type Schema = Literal["grid", "cloud"]
type Event = dict[str, Any]

HEADS: Mapping[str, bytes] = {
    "wav": b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00",
    "mp3": b"\xff\xf3\x68\xc0" + bytes(16),
    "mp4": b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00",
}


def document_id(number: int = 0) -> str:
    return f"0-wus-d4-{number:032x}"


def media(form: Format = "wav", size: int = 1000, seed: int = 0) -> bytes:
    """A file that begins as its format does; other seeds give other bytes."""
    repeated = pattern(seed)
    return (HEADS[form] + repeated * (size // len(repeated) + 1))[:size]


@cache
def pattern(seed: int) -> bytes:
    return b"".join(bytes([(number * 7 + seed) % 256, number % 251, seed % 256]) for number in range(997))


def metadata(number: int = 0, **fields: Any) -> bytes:
    """ACS's metadata file: indented, with CRLF."""
    document = {
        "resourceId": "70559d7c-67b2-444f-a1f3-8027a1412880",
        "callId": CALL_ID,
        "chunkDocumentId": document_id(number),
        "chunkIndex": number,
        "chunkStartTime": "2026-11-22T07:50:11.1557409Z",
        "chunkDuration": 9220.0,
        "pauseResumeIntervals": [],
        "participants": [{"participantId": "8:acs:70559d7c-67b2-444f-a1f3-8027a1412880_00000013"}],
    }
    return json.dumps(document | fields, indent=2).replace("\n", "\r\n").encode()


def subject(form: int, call_id: str, server_call_id: str, recording_id: str) -> str:
    """One of the five forms of an event's subject; the sixth has all ids at once."""
    tails = {
        1: "",
        2: f"/recordingId/{recording_id}",
        3: f"/serverCallId/{server_call_id}",
        4: f"/serverCallId/{server_call_id}/recordingId/{recording_id}",
        5: f"/callConnectionId/{CALL_CONNECTION_ID}",
        6: f"/serverCallId/{server_call_id}/callConnectionId/{CALL_CONNECTION_ID}/recordingId/{recording_id}",
    }
    return f"/recording/call/{call_id}{tails[form]}"


def announced_chunk(number: int = 0, **fields: Any) -> Event:
    """A chunk as an event lists it; a field given as None is left out."""
    id = document_id(number)
    chunk = {
        "documentId": id,
        "index": number,
        "endReason": "SessionEnded",
        "contentLocation": f"https://storage.asm.skype.com/v1/objects/{id}/content/video",
        "metadataLocation": f"https://storage.asm.skype.com/v1/objects/{id}/content/acsmetadata",
        "deleteLocation": f"https://us-storage.asm.skype.com/v1/objects/{id}",
    } | fields
    return {name: value for name, value in chunk.items() if value is not None}


def file_ready_event(
    chunks: int | Iterable[Event] = 2,
    schema: Schema = "grid",
    subject_form: int = 4,
    *,
    call_id: str = CALL_ID,
    server_call_id: str = SERVER_CALL_ID,
    recording_id: str = RECORDING_ID,
    event_time: datetime | str | None = BEGINNING,
    **data: Any,
) -> Event:
    """An event of ACS's; a field of its data given as None is left out."""
    listed = [announced_chunk(number) for number in range(chunks)] if isinstance(chunks, int) else list(chunks)
    content = {
        "recordingStorageInfo": {"recordingChunks": listed},
        "recordingStartTime": "2026-11-22T07:59:23.6089755Z",
        "recordingDurationMs": 6620,
        "sessionEndReason": "CallEnded",
        "recordingContentType": "Audio",
        "recordingChannelType": "Unmixed",
        "recordingFormatType": "Wav",
    } | data
    time = event_time.isoformat() if isinstance(event_time, datetime) else event_time
    kind = "Microsoft.Communication.RecordingFileStatusUpdated"
    envelope: Event = {
        "id": "7283825e-f8f1-4c61-a9ea-752c56890500",
        "subject": subject(subject_form, call_id, server_call_id, recording_id),
        "data": {name: value for name, value in content.items() if value is not None},
    }
    if schema == "cloud":
        return envelope | {"specversion": "1.0", "source": TOPIC, "type": kind, "time": time}
    return envelope | {
        "topic": TOPIC,
        "eventType": kind,
        "eventTime": time,
        "dataVersion": "1.0",
        "metadataVersion": "1",
    }


def keep_at_acs(cloud: Cloud, chunks: int = 2, form: Format = "wav", size: int = 1000, first: int = 0) -> None:
    """ACS has the files of some chunks, all of them different, and keeps them for a day."""
    expires = cloud.world.now + timedelta(hours=24)
    for number in range(first, first + chunks):
        cloud.source.add(document_id(number), media(form, size + number, seed=number), metadata(number), expires)


def start_body(**fields: object) -> bytes:
    """The body of POST /api/recordings; a field given as None is left out."""
    body = {
        "serverCallId": SERVER_CALL_ID,
        "recordingContentType": "audio",
        "recordingChannelType": "unmixed",
        "recordingFormatType": "wav",
    } | fields
    return json.dumps({name: value for name, value in body.items() if value is not None}).encode()


def a_start_request(**fields: object) -> StartRequest:
    return parse_start_request(start_body(**fields), (CONTAINER,), ("caller.example",))


def a_recording(**fields: Any) -> Recording:
    """A recording of ours that is active; with another `status`, in the halves that this word stands for."""
    status = RecordingStatus(fields.pop("status", RecordingStatus.ACTIVE))
    columns: dict[str, Any] = {
        "id": OUR_ID,
        "origin": Origin.API,
        "created_at": BEGINNING - timedelta(minutes=1),
        "updated_at": BEGINNING - timedelta(minutes=1),
        "server_call_id": SERVER_CALL_ID,
        "recording_id": RECORDING_ID,
        "recording_kind": RecordingKind.ACS,
    }
    times = columns | fields
    started = {"start_requested_at": times["created_at"]}
    return Recording(**(columns | started | halves(status, times["updated_at"], fields) | fields))


def halves(status: RecordingStatus, at: datetime, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of the two halves for a status; one that has ended, ended at that time."""
    if status in {RecordingStatus.STARTING, RecordingStatus.ACTIVE, RecordingStatus.PAUSED}:
        return {"control": ControlStatus(status)}
    if status is RecordingStatus.FAILED and "refused_status" in fields:
        return {"control": ControlStatus.STARTING, "start_failure": StartFailure.REFUSED}
    ended: dict[str, Any] = {"control": ControlStatus.PAUSED, "ended_at": at}
    if status is RecordingStatus.EMPTY:
        return ended | {"has_run": False, "inactive_at": at}
    return ended if status is RecordingStatus.STOPPED else ended | {"files": FilesStatus(status)}


def a_chunk(number: int = 0, **fields: Any) -> Chunk:
    """A chunk of that recording, announced and ours to delete."""
    id = document_id(number)
    folder = f"2026/11/22/{OUR_ID}"
    columns: dict[str, Any] = {
        "id": OUR_ID,
        "document_id": id,
        "index": number,
        "status": ChunkStatus.PENDING,
        "created_at": BEGINNING,
        "expires_at": BEGINNING + timedelta(hours=24),
        "content_location": f"https://storage.asm.skype.com/v1/objects/{id}/content/video",
        "content_blob": f"{folder}/{number:04}-{id}.wav",
        "metadata_location": f"https://storage.asm.skype.com/v1/objects/{id}/content/acsmetadata",
        "metadata_blob": f"{folder}/{number:04}-{id}.metadata.json",
        "delete_location": f"https://us-storage.asm.skype.com/v1/objects/{id}",
        "managed": True,
        "format": "wav",
        "end_reason": "SessionEnded",
        "due_at": BEGINNING + timedelta(minutes=15),
    }
    return Chunk(**columns | fields)
