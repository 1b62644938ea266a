"""Event Grid events about recordings and calls, in both schemas and every form seen."""

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from local.simulator.calls import SimulatedCall
from local.simulator.clock import wire_time
from local.simulator.recordings import Recording
from local.simulator.scripts import EventOptions, Script
from local.simulator.timeline import duration_ms, first_moment

FILE_READY = "Microsoft.Communication.RecordingFileStatusUpdated"


@dataclass(frozen=True, slots=True)
class Locations:
    """Where an announced chunk is said to be."""

    document_id: str
    index: int
    end_reason: str
    content: str
    metadata: str
    delete: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """One event, not yet in any schema."""

    event_type: str
    subject: str
    content: dict[str, Any]
    happened_at: datetime
    topic: str
    event_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def document(self, schema: str) -> dict[str, Any]:
        if schema == "CloudEvents":
            return {
                "id": self.event_id,
                "source": self.topic,
                "specversion": "1.0",
                "type": self.event_type,
                "subject": self.subject,
                "time": wire_time(self.happened_at),
                "data": self.content,
            }
        return {
            "id": self.event_id,
            "topic": self.topic,
            "subject": self.subject,
            "data": self.content,
            "eventType": self.event_type,
            "dataVersion": "1.0",
            "metadataVersion": "1",
            "eventTime": wire_time(self.happened_at),
        }


def file_ready_events(
    recording: Recording, chunks: Sequence[Locations], script: Script, options: EventOptions, now: datetime, topic: str
) -> list[Event]:
    """Announce chunks: one event for all of them, or one each; in order, or shuffled."""
    listed = list(chunks)
    source = random.Random(recording.recording_id)
    if options.shuffle:
        source.shuffle(listed)
    groups = [[chunk] for chunk in listed] if options.one_event_per_chunk else [listed]
    happened_at = now - timedelta(seconds=script.age_seconds)
    return [
        Event(FILE_READY, subject(recording, options), content(recording, group, script, options), happened_at, topic)
        for group in groups
    ]


def subject(recording: Recording, options: EventOptions) -> str:
    call = recording.call
    tail = {
        1: "",
        2: f"/recordingId/{recording.recording_id}",
        3: f"/serverCallId/{call.server_call_id}",
        4: f"/serverCallId/{call.server_call_id}/recordingId/{recording.recording_id}",
        5: f"/callConnectionId/{call.call_connection_id}",
    }
    return f"/recording/call/{call.call_id}{tail[options.subject_form]}"


def content(recording: Recording, chunks: Sequence[Locations], script: Script, options: EventOptions) -> dict[str, Any]:
    listed: dict[str, Any] = {
        "recordingStorageInfo": {"recordingChunks": [chunk_view(chunk, options) for chunk in chunks]},
        "recordingStartTime": wire_time(first_moment(recording, script)),
        "recordingDurationMs": duration_ms(recording, script),
        "sessionEndReason": script.session_end_reason or recording.session_end_reason,
    }
    if "sessionEndReason" in options.omit:
        del listed["sessionEndReason"]
    if "recordingTypes" not in options.omit:
        listed |= {
            "recordingContentType": pascal(recording.request.content_type),
            "recordingChannelType": pascal(recording.request.channel_type),
            "recordingFormatType": pascal(recording.request.format_type),
        }
    exported = recording.request.container_url is not None
    if "storageType" not in options.omit:
        listed["storageType"] = "AzureBlob" if exported and not script.export_fails else "ACS"
    if exported:
        listed["recordingId"] = recording.recording_id
    if "recordingChunks" in options.omit:
        listed["recordingStorageInfo"] = {}
    return listed


def chunk_view(chunk: Locations, options: EventOptions) -> dict[str, Any]:
    fields = {
        "documentId": chunk.document_id,
        "index": chunk.index,
        "endReason": chunk.end_reason,
        "contentLocation": chunk.content,
        "metadataLocation": chunk.metadata,
        "deleteLocation": chunk.delete,
    }
    return {name: value for name, value in fields.items() if name not in options.omit and value is not None}


def pascal(text: str) -> str:
    """Spell `audioVideo` as events do: `AudioVideo`."""
    return text[:1].upper() + text[1:]


def identifier(raw_id: str) -> dict[str, Any]:
    if raw_id.startswith("4:"):
        return {"rawId": raw_id, "phoneNumber": {"value": raw_id.removeprefix("4:")}}
    return {"rawId": raw_id, "communicationUser": {"id": raw_id}}


def call_started_events(call: SimulatedCall, topic: str) -> list[Event]:
    """CallStarted, and CallParticipantAdded for everybody; ACS sends them for VoIP users only."""
    users = [participant for participant in call.participants if participant.startswith("8:acs:")]
    if not users:
        return []
    started = call_content(call, users[0])
    events = [call_event("CallStarted", f"call/{call.server_call_id}/startedBy/{users[0]}", started, call, topic)]
    for user in users:
        added = started | {"user": {"communicationIdentifier": identifier(user)}, "participantId": str(uuid.uuid4())}
        where = f"call/{call.server_call_id}/participant/{user}"
        events.append(call_event("CallParticipantAdded", where, added, call, topic))
    return events


def call_ended_events(call: SimulatedCall, topic: str) -> list[Event]:
    users = [participant for participant in call.participants if participant.startswith("8:acs:")]
    if not users or call.ended_at is None:
        return []
    ended = call_content(call, users[0]) | {"durationOfCall": (call.ended_at - call.started_at).total_seconds()}
    return [call_event("CallEnded", f"call/{call.server_call_id}", ended, call, topic)]


def call_event(name: str, where: str, event_content: dict[str, Any], call: SimulatedCall, topic: str) -> Event:
    return Event(f"Microsoft.Communication.{name}", where, event_content, call.ended_at or call.started_at, topic)


def call_content(call: SimulatedCall, started_by: str) -> dict[str, Any]:
    listed: dict[str, Any] = {
        "startedBy": {"communicationIdentifier": identifier(started_by), "role": "attendee"},
        "serverCallId": call.server_call_id,
        "isTwoParty": len(call.participants) == len(("caller", "callee")),
        "correlationId": call.correlation_id,
        "isRoomsCall": call.room_id is not None,
    }
    if call.group_call_id:
        listed["group"] = {"id": call.group_call_id}
    if call.room_id:
        listed["room"] = {"id": call.room_id}
    return listed
