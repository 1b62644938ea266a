"""Turns an ended recording into the documents that ACS would store."""

import random
import threading
import uuid
from datetime import timedelta

from local.simulator.attendance import channel_count, conversation
from local.simulator.chunk_metadata import metadata_file
from local.simulator.clock import Clock
from local.simulator.documents import Document
from local.simulator.identifiers import home_host, make_document_id
from local.simulator.media import Part, make_media
from local.simulator.recordings import Recording
from local.simulator.scripts import Script
from local.simulator.timeline import ChunkSpan, chunk_spans


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
        media_format, channels = recording.request.format_type, channel_count(recording, script)
        seed = uuid.UUID(document_id[-32:]).int if script.seed is None else script.seed + span.index
        part = Part(conversation=conversation(recording, script), elapsed=span.elapsed, wav_header=script.wav_header)
        return Document(
            document_id=document_id,
            recording_id=recording.recording_id,
            index=span.index,
            end_reason=script.last_end_reason if span.index == count - 1 else "ChunkMaximumSizeExceeded",
            media_format=media_format,
            media=make_media(media_format, span.size, channels, seed, part),
            metadata=metadata_file(recording, script, span, document_id, self.resource_guid),
            home_host=home_host(document_id),
            created_at=self.clock.retention_now() - timedelta(seconds=script.age_seconds),
            metadata_missing=script.metadata_missing,
        )
