"""When the chunks of a recording began, how long they are, and where its pauses fall.

A file lasts as long as its bytes do, and the next one follows it. The simulator's clock is compressed: what lasts a
minute by its bytes may have been recorded within a second. So a pause stands in the files where it stood in the
recording, in proportion; its length is as it was. With a script's `durationMs` the times are that script's, whatever
the bytes say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from local.simulator.attendance import channel_count
from local.simulator.media import bytes_per_second, unit_count, unit_ms
from local.simulator.recordings import Pause, Recording
from local.simulator.scripts import Script
from local.simulator.wav import HEADER_ROOM_BYTES

CHUNK_BYTES_MIN = 1024
CHUNK_BYTES_MAX = 2_000_000_000

DURATION_MS_MIN = 1.0
"""Of a file with no room for any sound."""


@dataclass(frozen=True, slots=True)
class ChunkSpan:
    """The part of a recording that one chunk covers.

    Attributes:
        index: of the chunk.
        size: of its file, in bytes.
        elapsed: what the chunks before it hold, in the format's units.
        begin_ms: where it begins on the recording's time line, pauses not counted.
        duration_ms: how long it plays, pauses not counted.
        started_at: when it began, by the clock on the wall.
        pauses: those within it.
    """

    index: int
    size: int
    elapsed: int
    begin_ms: float
    duration_ms: float
    started_at: datetime
    pauses: tuple[Pause, ...]

    @property
    def end_ms(self) -> float:
        return self.begin_ms + self.duration_ms


@dataclass(frozen=True, slots=True)
class PlacedPause:
    """A pause on the recording's time line."""

    at_ms: float
    length: timedelta


def chunk_spans(recording: Recording, script: Script) -> list[ChunkSpan]:
    """Cut the recording into consecutive spans; a pause belongs to the span it starts in."""
    media_format, channels = recording.request.format_type, channel_count(recording, script)
    sizes = [chunk_size(recording, script, index) for index in range(script.chunks)]
    units = [unit_count(media_format, size, channels, script.wav_header) for size in sizes]
    durations = [duration_of(script, count * unit_ms(media_format)) for count in units]
    pauses = placed_pauses(recording, script, sum(durations))
    spans: list[ChunkSpan] = []
    begin_ms, started_at, elapsed = 0.0, first_moment(recording, script), 0
    for index, (size, count, duration_ms) in enumerate(zip(sizes, units, durations, strict=True)):
        is_last = index == script.chunks - 1
        inside = [one for one in pauses if begin_ms <= one.at_ms and (one.at_ms < begin_ms + duration_ms or is_last)]
        within = clocked_pauses(inside, begin_ms, started_at)
        spans.append(ChunkSpan(index, size, elapsed, begin_ms, duration_ms, started_at, within))
        started_at += timedelta(milliseconds=duration_ms) + sum((one.length for one in inside), timedelta(0))
        begin_ms, elapsed = begin_ms + duration_ms, elapsed + count
    return spans


def chunk_size(recording: Recording, script: Script, index: int) -> int:
    sizes = script.chunk_bytes
    if isinstance(sizes, int):
        return sizes
    if sizes:
        return sizes[min(index, len(sizes) - 1)]
    rate = bytes_per_second(recording.request.format_type, channel_count(recording, script))
    recorded = elapsed_ms(recording) if script.duration_ms is None else script.duration_ms
    least = CHUNK_BYTES_MIN if script.wav_header == "plain" else HEADER_ROOM_BYTES
    return min(max(int(rate * recorded / script.chunks / 1000), least), CHUNK_BYTES_MAX)


def duration_of(script: Script, played_ms: float) -> float:
    return max(DURATION_MS_MIN, played_ms) if script.duration_ms is None else script.duration_ms / script.chunks


def placed_pauses(recording: Recording, script: Script, recorded_ms: float) -> list[PlacedPause]:
    """The pauses that really were, where they fall in what was recorded; and those of the script."""
    real_ms, before = elapsed_ms(recording), timedelta(0)
    scale = recorded_ms / real_ms if real_ms else 0.0
    placed = [PlacedPause(float(one.at_ms), timedelta(milliseconds=one.duration_ms)) for one in script.pauses]
    for pause in recording.pauses:
        at = pause.started_at - begun_at(recording) - before
        length = (pause.ended_at or pause.started_at) - pause.started_at
        placed.append(PlacedPause(min(recorded_ms, at / timedelta(milliseconds=1) * scale), length))
        before += length
    return sorted(placed, key=lambda one: one.at_ms)


def clocked_pauses(inside: Sequence[PlacedPause], begin_ms: float, started_at: datetime) -> tuple[Pause, ...]:
    """The pauses of a chunk with the times at which they began and ended."""
    listed, before = [], timedelta(0)
    for one in inside:
        paused_at = started_at + timedelta(milliseconds=one.at_ms - begin_ms) + before
        listed.append(Pause(paused_at, paused_at + one.length))
        before += one.length
    return tuple(listed)


def begun_at(recording: Recording) -> datetime:
    return recording.started_at or recording.created_at


def first_moment(recording: Recording, script: Script) -> datetime:
    return begun_at(recording) - timedelta(seconds=script.age_seconds)


def duration_ms(recording: Recording, script: Script) -> int:
    """How long all chunks play, pauses not counted."""
    return max(1, round(sum(span.duration_ms for span in chunk_spans(recording, script))))


def elapsed_ms(recording: Recording) -> float:
    """How long it really recorded, pauses not counted."""
    elapsed = (recording.ended_at or begun_at(recording)) - begun_at(recording) - paused_time(recording)
    return max(0.0, elapsed / timedelta(milliseconds=1))


def paused_time(recording: Recording) -> timedelta:
    return sum((pause.ended_at - pause.started_at for pause in recording.pauses if pause.ended_at), timedelta(0))
