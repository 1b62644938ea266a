"""The seconds that a user feels: from ACS's file-ready event until each step of a recording is done.

The whole app runs as `make local` runs it, its queues polled as host.json says. Nothing is asked of it before the event
comes but its start and stop, so that the queues' listeners are as slow as after a quiet minute.
"""

import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

import msgspec

from acsrec import Recording
from local.simulator.scripts import Script
from local.stack import Stack

CHUNKS = (1, 20)
CHUNK_BYTES = 100_000
ROUNDS = 3
QUIET_SECONDS = 25.0  # without a message a listener waits longer and longer, for 10 seconds at most after so long
PATIENCE_SECONDS = 120.0


class Felt(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds from the event's delivery until all of a recording's chunks had been through a step.

    Attributes:
        chunks: how many there were.
        stored: every copy is proven.
        deleted: every original is deleted at ACS.
        completed: the manifest is there, and the recording says so.
    """

    chunks: int
    stored: float
    deleted: float
    completed: float


def measure_felt(rounds: int = ROUNDS, quiet_seconds: float = QUIET_SECONDS) -> list[Felt]:
    """One recording at a time, each after a quiet while."""
    with tempfile.TemporaryDirectory() as directory, Stack(Path(directory)) as stack:
        return [felt(stack, chunks, quiet_seconds) for _ in range(rounds) for chunks in CHUNKS]


def felt(stack: Stack, chunks: int, quiet_seconds: float) -> Felt:
    call = stack.simulator.place_call(script=Script(chunks=chunks, chunk_bytes=CHUNK_BYTES))
    started = stack.recorder.start({"serverCallId": call.server_call_id, "recordingContentType": "audio"})
    stack.recorder.wait(started.id, "active", seconds=PATIENCE_SECONDS)
    time.sleep(quiet_seconds)
    stack.recorder.stop(started.id)
    recording = stack.recorder.wait(started.id, "completed", seconds=PATIENCE_SECONDS)
    found = seconds_of(recording, delivered_at(stack, recording))
    print(
        f"{chunks:5} chunks after the event: {found.stored:.1f} s stored, {found.completed:.1f} s completed", flush=True
    )
    return found


def delivered_at(stack: Stack, recording: Recording) -> datetime:
    """When the event was taken by the app."""
    events = [event for event in stack.simulator.events() if event.recording_id == recording.recording_id]
    return max(event.attempts[-1].at for event in events)


def seconds_of(recording: Recording, since: datetime) -> Felt:
    stored = max(chunk.stored_at or since for chunk in recording.chunks)
    deleted = max(chunk.deleted_at or since for chunk in recording.chunks)
    return Felt(
        chunks=len(recording.chunks),
        stored=(stored - since) / timedelta(seconds=1),
        deleted=(deleted - since) / timedelta(seconds=1),
        completed=((recording.completed_at or since) - since) / timedelta(seconds=1),
    )


def felt_rows(found: list[Felt]) -> list[list[str]]:
    """Of each number of chunks the median and the longest, in seconds."""
    rows = []
    for chunks in sorted({one.chunks for one in found}):
        alike = [one for one in found if one.chunks == chunks]
        steps = ([one.stored for one in alike], [one.deleted for one in alike], [one.completed for one in alike])
        rows.append([str(chunks), *(f"{median(step):.1f} s, {max(step):.1f} s at most" for step in steps)])
    return rows
