"""What a caller may send and what comes back, one example for each operation; the OpenAPI document shows them.

Replies are the structs that are encoded, so that an example cannot have a field that there is not.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from shared.api.views import (
    CallbackView,
    DependenciesView,
    EventsView,
    ExportView,
    FieldFault,
    HealthView,
    LinkView,
    Problem,
    RebuildView,
    RecordingEventsView,
    RecordingPage,
    ReplayView,
    ResendView,
)
from shared.domain.acs_words import RecordingKind, StorageType
from shared.domain.event_data import StoredData
from shared.domain.json_views import ChunkView, ParticipantView, RecordingView, View
from shared.domain.recording_event import CloudEventView, EventType, EventView
from shared.domain.statuses import ChunkStatus, Origin, RecordingStatus
from shared.pipeline.consistency import Difference, Report


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent to an operation, where it takes a body, and what it answers."""

    body: Any = None
    reply: View | None = None


RECORDING_ID = "6f1c2d3e-4b5a-4c6d-8e7f-9a0b1c2d3e4f"
DOCUMENT_ID = "0-wus-d4-9f2c6a1be0d34f57a8b1c2d3e4f50617"
SERVER_CALL_ID = "aHR0cHM6Ly9hcGkuZmxpZ2h0cHJveHkuc2t5cGUuY29tL2FwaS92Mi9jcC9jb252LTE/aT0xJmU9Mg=="
CALL_ID = "d99c636c-dfb2-46ec-8d0e-ff5bdf9a99b5"
TOPIC = (
    "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/calls"
    "/providers/Microsoft.Communication/CommunicationServices/acs"
)
EVENT_ID = "7283825e-f8f1-4c61-a9ea-752c56890500"
PARTICIPANT = "8:acs:70559d7c-67b2-444f-a1f3-8027a1412880_00000013"
FOLDER = f"2026/11/22/{RECORDING_ID}"
BLOB = f"{FOLDER}/0000-{DOCUMENT_ID}"

CHUNK = ChunkView(
    document_id=DOCUMENT_ID,
    index=0,
    end_reason="SessionEnded",
    status=ChunkStatus.DELETED,
    content_blob=f"{BLOB}.wav",
    metadata_blob=f"{BLOB}.metadata.json",
    bytes=1_920_044,
    bytes_done=1_920_044,
    sha256="9b74c9897bac770ffc029102a200c5de6a1d2d3f0d3a5c1f0f6e2c4f1b8a7d60",
    metadata_sha256="3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea",
    content_version=None,
    metadata_version=None,
    expires_at=None,
    stored_at="2026-11-22T08:32:01.000Z",
    deleted_at="2026-11-22T08:32:02.000Z",
    attempts=2,
    due_at=None,
    failure=None,
    failure_kind=None,
    start_time="2026-11-22T08:00:01.000Z",
    participants=(ParticipantView(id=PARTICIPANT, channel=0),),
    pauses=(),
)
COMPLETED = RecordingView(
    id=RECORDING_ID,
    recording_id="eyJQbGF0Zm9ybUVuZHBvaW50SWQiOiI0MTFmMGIwMC1kYzczLTQ1MjgtYTllNi05NjhiYTk4M2QyYTEifQ",
    status=RecordingStatus.COMPLETED,
    failure=None,
    failure_kind=None,
    replayable=False,
    waits_for=None,
    recording_kind=RecordingKind.ACS,
    origin=Origin.API,
    server_call_id=SERVER_CALL_ID,
    call_connection_id=None,
    group_call_id=None,
    room_id=None,
    call_id=CALL_ID,
    same_as=None,
    recording_content_type="audio",
    recording_channel_type="unmixed",
    recording_format_type="wav",
    pause_on_start=False,
    audio_channel_participant_ordering=(),
    channel_affinity=(),
    recording_storage_container_url=None,
    storage_type=StorageType.ACS,
    created_at="2026-11-22T08:00:00.000Z",
    updated_at="2026-11-22T08:32:02.000Z",
    ended_at="2026-11-22T08:31:07.000Z",
    completed_at="2026-11-22T08:32:02.000Z",
    recording_start_time="2026-11-22T08:00:01.000Z",
    recording_duration_ms=1_866_000,
    session_end_reason="CallEnded",
    expires_at=None,
    tags={"case": "4711"},
    manifest_blob=f"{FOLDER}/recording.json",
    chunks=(CHUNK,),
)
STOPPED = msgspec.structs.replace(
    COMPLETED,
    status=RecordingStatus.STOPPED,
    waits_for="ACS's event that its files are ready.",
    call_id=None,
    storage_type=None,
    updated_at="2026-11-22T08:31:07.000Z",
    completed_at=None,
    recording_start_time=None,
    recording_duration_ms=None,
    session_end_reason=None,
    manifest_blob=None,
    chunks=(),
)
ACTIVE = msgspec.structs.replace(
    STOPPED, status=RecordingStatus.ACTIVE, waits_for=None, updated_at="2026-11-22T08:00:03.000Z", ended_at=None
)
PAUSED = msgspec.structs.replace(ACTIVE, status=RecordingStatus.PAUSED)
STARTING = msgspec.structs.replace(ACTIVE, status=RecordingStatus.STARTING, recording_kind=None)
LISTED = msgspec.structs.replace(COMPLETED, chunks=msgspec.UNSET)

START = {
    "serverCallId": SERVER_CALL_ID,
    "recordingContentType": "audio",
    "recordingChannelType": "unmixed",
    "recordingFormatType": "wav",
    "tags": {"case": "4711"},
}
FILE_READY = {
    "id": EVENT_ID,
    "topic": TOPIC,
    "subject": f"/recording/call/{CALL_ID}/serverCallId/{SERVER_CALL_ID}/recordingId/{COMPLETED.recording_id}",
    "eventType": "Microsoft.Communication.RecordingFileStatusUpdated",
    "eventTime": "2026-11-22T08:31:30.2199328Z",
    "dataVersion": "1.0",
    "metadataVersion": "1",
    "data": {
        "recordingStorageInfo": {
            "recordingChunks": [
                {
                    "documentId": DOCUMENT_ID,
                    "index": 0,
                    "endReason": "SessionEnded",
                    "contentLocation": f"https://storage.asm.skype.com/v1/objects/{DOCUMENT_ID}/content/audio",
                    "metadataLocation": f"https://storage.asm.skype.com/v1/objects/{DOCUMENT_ID}/content/acsmetadata",
                    "deleteLocation": f"https://us-storage.asm.skype.com/v1/objects/{DOCUMENT_ID}",
                }
            ]
        },
        "recordingStartTime": "2026-11-22T08:00:01.0000000Z",
        "recordingDurationMs": 1_866_000,
        "sessionEndReason": "CallEnded",
    },
}
STATE_CHANGED = {
    "specversion": "1.0",
    "id": "a5b1c2d3-0001-4000-8000-000000000001",
    "type": "Microsoft.Communication.RecordingStateChanged",
    "data": {"recordingId": COMPLETED.recording_id, "serverCallId": SERVER_CALL_ID, "state": "active"},
}
LINK = LinkView(
    url=f"https://recordings.blob.core.windows.net/recordings/{BLOB}.wav?sp=r&spr=https&se=2026-11-22T08%3A47%3A00Z&sig=…",
    expires_at="2026-11-22T08:47:00.000Z",
)
EXPORTED = ExportView(
    url=f"https://recordings.blob.core.windows.net/exports/{RECORDING_ID}/5f0c….wav?sp=r&spr=https&se=2026-11-22T08%3A47%3A00Z&sig=…",
    expires_at="2026-11-22T08:47:00.000Z",
    bytes=1_920_044,
    parts=1,
)
STORED_EVENT = EventView(
    key=f"Stored:{DOCUMENT_ID}:1",
    id=f"{RECORDING_ID}/Stored:{DOCUMENT_ID}:1",
    type=EventType.STORED,
    time="2026-11-22T08:32:01.000Z",
    by="chunk_transfer",
    event=CloudEventView(
        type=EventType.STORED,
        source="/call-recording/func-recordings",
        id=f"{RECORDING_ID}/Stored:{DOCUMENT_ID}:1",
        subject=f"recordings/{RECORDING_ID}/chunks/{DOCUMENT_ID}",
        time="2026-11-22T08:32:01.000Z",
        dataschema="urn:call-recording:stored:1",
        data=msgspec.to_builtins(
            StoredData(
                id=RECORDING_ID,
                recording_id=COMPLETED.recording_id,
                server_call_id=SERVER_CALL_ID,
                call_connection_id=None,
                group_call_id=None,
                room_id=None,
                call_id=CALL_ID,
                status=RecordingStatus.TRANSFERRING,
                tags={"case": "4711"},
                updated_at="2026-11-22T08:31:30.000Z",
                document_id=DOCUMENT_ID,
                index=0,
                content_blob=CHUNK.content_blob,
                metadata_blob=CHUNK.metadata_blob,
                bytes=CHUNK.bytes,
                sha256=CHUNK.sha256,
                metadata_sha256=CHUNK.metadata_sha256,
                stored_at="2026-11-22T08:32:01.000Z",
            )
        ),
    ),
    sent_at="2026-11-22T08:32:01.100Z",
    attempts=1,
    last_error=None,
    next_try_at=None,
)
REPLAYED = ReplayView(transfers=1, deletions=0, continuation=None)

EXAMPLES: Mapping[str, Example] = {
    "start_recording": Example(body=START, reply=STARTING),
    "list_recordings": Example(reply=RecordingPage(recordings=(LISTED,), continuation=None, unreadable=())),
    "get_recording": Example(reply=COMPLETED),
    "pause_recording": Example(reply=PAUSED),
    "resume_recording": Example(reply=ACTIVE),
    "stop_recording": Example(reply=STOPPED),
    "recording_events": Example(reply=RecordingEventsView(events=(STORED_EVENT,))),
    "resend_events": Example(reply=ResendView(events=1)),
    "chunk_content": Example(reply=LINK),
    "chunk_metadata": Example(reply=LINK),
    "export_recording": Example(reply=EXPORTED),
    "replay_recording": Example(reply=REPLAYED),
    "replay_failed": Example(reply=REPLAYED),
    "rebuild_recordings": Example(reply=RebuildView(rebuilt=19, present=0, unreadable=1, continuation=None)),
    "ingest_event": Example(body=[FILE_READY], reply=EventsView(transfers=1, deletions=0, rejected=())),
    "check_consistency": Example(
        reply=Report(
            recordings=20,
            blobs=82,
            differences=(Difference(id=RECORDING_ID, difference="…", blob=f"{BLOB}.wav"),),
            continuation=None,
        )
    ),
    "recording_state": Example(body=[STATE_CHANGED], reply=CallbackView()),
    "health": Example(reply=HealthView()),
    "health_dependencies": Example(
        reply=DependenciesView(
            status="healthy", checks={"tables": True, "recordingsStorage": True, "runtimeStorage": True, "acs": True}
        )
    ),
}
WRONG = Problem(
    title="Bad Request",
    status=400,
    detail="limit: it must be a whole number from 1 to 200.",
    instance="/api/recordings",
    errors=(FieldFault(field="limit", detail="it must be a whole number from 1 to 200."),),
)
