"""The metadata file of a chunk, byte for byte in the form ACS writes it: CRLF and two spaces."""

import json
from typing import Any

from local.simulator.attendance import channel_count, heard
from local.simulator.clock import wire_time
from local.simulator.recordings import Pause, Recording
from local.simulator.scripts import Script
from local.simulator.timeline import ChunkSpan
from local.simulator.voices import SAMPLE_RATE

AUDIO_BIT_RATES = {"wav": 256_000, "mp3": 48_000, "mp4": 128_000}


def metadata_file(recording: Recording, script: Script, span: ChunkSpan, document_id: str, resource_guid: str) -> bytes:
    document = {
        "resourceId": resource_guid,
        "callId": recording.call.call_id,
        "chunkDocumentId": document_id,
        "chunkIndex": span.index,
        "chunkStartTime": wire_time(span.started_at),
        "chunkDuration": span.duration_ms,
        "pauseResumeIntervals": [pause_view(pause) for pause in span.pauses],
        "recordingInfo": recording_info(recording, script),
        "participants": participants(recording, script, span),
    }
    return json.dumps(document, indent=2, ensure_ascii=False).replace("\n", "\r\n").encode()


def pause_view(pause: Pause) -> dict[str, Any]:
    ended_at = pause.ended_at or pause.started_at
    milliseconds = (ended_at - pause.started_at).total_seconds() * 1000
    return {"startTime": wire_time(pause.started_at), "duration": milliseconds}


def recording_info(recording: Recording, script: Script) -> dict[str, Any]:
    request = recording.request
    audio = {
        "sampleRate": SAMPLE_RATE,
        "bitRate": AUDIO_BIT_RATES[request.format_type],
        "channels": channel_count(recording, script),
    }
    video = {"longerSideLength": 1920, "shorterSideLength": 1080, "framerate": 16, "bitRate": 1_000_000}
    return {
        "contentType": request.content_type,
        "channelType": request.channel_type,
        "format": request.format_type,
        "audioConfiguration": audio,
        **({"videoConfiguration": video} if request.content_type == "audioVideo" else {}),
    }


def participants(recording: Recording, script: Script, span: ChunkSpan) -> list[dict[str, Any]]:
    """Who was there during the chunk, heard or not."""
    return [
        {"participantId": one.participant} | ({} if channel is None else {"channel": channel})
        for one, channel in heard(recording, script, span.begin_ms, span.end_ms)
    ]
