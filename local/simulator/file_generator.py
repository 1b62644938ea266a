"""Turns an ended recording into the documents that ACS would store."""

import random
import threading
import uuid
from datetime import datetime, timedelta

from local.simulator.chunk_metadata import ChunkSpan, channel_count, metadata_file
from local.simulator.clock import Clock
from local.simulator.documents import Document
from local.simulator.identifiers import home_host, make_document_id
from local.simulator.media import bytes_per_second, make_media
from local.simulator.recordings import Pause, Recording
from local.simulator.scripts import Script

CHUNK_BYTES_MIN = 1024
CHUNK_BYTES_MAX = 2_000_000_000


class FileGenerator:
    """Makes chunks as a script asks for them."""

    def __init__(self, resource_guid: str, clock: Clock) -> None:
        self.resource_guid = resource_guid
        self.clock = clock
        self.source = random.Random()
        self.lock = threading.Lock()

    def produce(self, recording: Recording, script: Script, twins: int) -> list[Document]:
        """Make every chunk once, and `twins` more files of the same index for each."""
        spans = chunk_spans(recording, script)
        return [self.document(recording, script, span, len(spans)) for span in spans for _ in range(1 + twins)]

    def document(self, recording: Recording, script: Script, span: ChunkSpan, count: int) -> Document:
        with self.lock:
            document_id = make_document_id(script.region, self.source)
        media_format, channels = recording.request.format_type, channel_count(recording)
        seed = uuid.UUID(document_id[-32:]).int if script.seed is None else script.seed + span.index
        size = chunk_size(script, span, bytes_per_second(media_format, channels))
        return Document(
            document_id=document_id,
            recording_id=recording.recording_id,
            index=span.index,
            end_reason=script.last_end_reason if span.index == count - 1 else "ChunkMaximumSizeExceeded",
            media_format=media_format,
            media=make_media(media_format, size, channels, seed),
            metadata=metadata_file(recording, span, document_id, self.resource_guid),
            home_host=home_host(document_id),
            created_at=self.clock.retention_now() - timedelta(seconds=script.age_seconds),
            metadata_missing=script.metadata_missing,
        )


def chunk_spans(recording: Recording, script: Script) -> list[ChunkSpan]:
    """Cut the recording into consecutive spans of equal length; a pause belongs to the span it starts in."""
    started_at = first_moment(recording, script)
    recorded = timedelta(milliseconds=duration_ms(recording, script))
    length = (recorded + paused_time(recording)) / script.chunks
    spans = []
    for index in range(script.chunks):
        begin, end = started_at + index * length, started_at + (index + 1) * length
        is_last = index == script.chunks - 1
        inside = tuple(
            pause
            for pause in aged_pauses(recording, script)
            if pause.started_at >= begin and (pause.started_at < end or is_last)
        )
        spans.append(ChunkSpan(index, begin, recorded / timedelta(milliseconds=1) / script.chunks, inside))
    return spans


def aged_pauses(recording: Recording, script: Script) -> list[Pause]:
    age = timedelta(seconds=script.age_seconds)
    closed = ((pause.started_at, pause.ended_at or pause.started_at) for pause in recording.pauses)
    return [Pause(started_at - age, ended_at - age) for started_at, ended_at in closed]


def first_moment(recording: Recording, script: Script) -> datetime:
    return (recording.started_at or recording.created_at) - timedelta(seconds=script.age_seconds)


def duration_ms(recording: Recording, script: Script) -> int:
    """How much was recorded, pauses not counted."""
    if script.duration_ms is not None:
        return script.duration_ms
    started_at = recording.started_at or recording.created_at
    elapsed = (recording.ended_at or started_at) - started_at - paused_time(recording)
    return max(1, round(elapsed / timedelta(milliseconds=1)))


def paused_time(recording: Recording) -> timedelta:
    return sum((pause.ended_at - pause.started_at for pause in recording.pauses if pause.ended_at), timedelta(0))


def chunk_size(script: Script, span: ChunkSpan, rate: int) -> int:
    sizes = script.chunk_bytes
    if isinstance(sizes, int):
        return sizes
    if sizes:
        return sizes[min(span.index, len(sizes) - 1)]
    natural = int(rate * span.duration_ms / 1000)
    return min(max(natural, CHUNK_BYTES_MIN), CHUNK_BYTES_MAX)
