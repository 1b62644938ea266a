"""The metadata file of a chunk, byte for byte in the form ACS writes it: CRLF and two spaces."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.simulator.clock import wire_time
from local.simulator.recordings import Pause, Recording
from local.simulator.start_request import CHANNELS_MAX
from local.simulator.voices import SAMPLE_RATE

AUDIO_BIT_RATES = {"wav": 256_000, "mp3": 48_000, "mp4": 128_000}


@dataclass(frozen=True, slots=True)
class ChunkSpan:
    """The part of a recording that one chunk covers."""

    index: int
    started_at: datetime
    duration_ms: float
    pauses: tuple[Pause, ...]


def metadata_file(recording: Recording, span: ChunkSpan, document_id: str, resource_guid: str) -> bytes:
    document = {
        "resourceId": resource_guid,
        "callId": recording.call.call_id,
        "chunkDocumentId": document_id,
        "chunkIndex": span.index,
        "chunkStartTime": wire_time(span.started_at),
        "chunkDuration": float(span.duration_ms),
        "pauseResumeIntervals": [pause_view(pause) for pause in span.pauses],
        "recordingInfo": recording_info(recording),
        "participants": participants(recording),
    }
    return json.dumps(document, indent=2, ensure_ascii=False).replace("\n", "\r\n").encode()


def pause_view(pause: Pause) -> dict[str, Any]:
    ended_at = pause.ended_at or pause.started_at
    milliseconds = (ended_at - pause.started_at).total_seconds() * 1000
    return {"startTime": wire_time(pause.started_at), "duration": milliseconds}


def recording_info(recording: Recording) -> dict[str, Any]:
    request = recording.request
    audio = {
        "sampleRate": SAMPLE_RATE,
        "bitRate": AUDIO_BIT_RATES[request.format_type],
        "channels": channel_count(recording),
    }
    video = {"longerSideLength": 1920, "shorterSideLength": 1080, "framerate": 16, "bitRate": 1_000_000}
    return {
        "contentType": request.content_type,
        "channelType": request.channel_type,
        "format": request.format_type,
        "audioConfiguration": audio,
        **({"videoConfiguration": video} if request.content_type == "audioVideo" else {}),
    }


def channel_count(recording: Recording) -> int:
    if recording.request.channel_type == "mixed":
        return 1
    return max(1, min(CHANNELS_MAX, len(recording.call.participants)))


def participants(recording: Recording) -> list[dict[str, Any]]:
    if recording.request.channel_type == "mixed":
        return [{"participantId": participant} for participant in recording.call.participants]
    channels = channels_by_participant(recording)
    return [{"participantId": one, "channel": channels[one]} for one in recording.call.participants if one in channels]


def channels_by_participant(recording: Recording) -> dict[str, int]:
    """Pinned participants first, then the requested order, then whoever is left, as long as channels last."""
    channels = dict(recording.request.channel_affinity)
    free = [channel for channel in range(CHANNELS_MAX) if channel not in channels.values()]
    waiting = dict.fromkeys((*recording.request.participant_order, *recording.call.participants))
    unpinned = [participant for participant in waiting if participant not in channels]
    return channels | dict(zip(unpinned, free, strict=False))
