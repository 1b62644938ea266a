"""What the app told somebody to look at: the other half of its promise, which no row and no blob shows."""

import json
import logging
from typing import Self

from shared.domain.log import LOGGER, LogEvent
from shared.domain.statuses import ChunkStatus, RecordingStatus
from tests.fakes import Cloud
from tests.model.violation import hold


class Alerts(logging.Handler):
    """Hears the lines at level error; use it as a context manager."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.told: set[tuple[str, str, str]] = set()  # the event, our id of the recording, the chunk

    def emit(self, record: logging.LogRecord) -> None:
        event, _, rest = record.getMessage().partition(" ")
        fields = json.loads(rest)
        self.told.add((event, fields.get("id", ""), fields.get("documentId", "")))

    def __enter__(self) -> Self:
        LOGGER.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        LOGGER.removeHandler(self)

    @property
    def events(self) -> set[str]:
        return {event for event, _, _ in self.told}


def nothing_fails_in_silence(cloud: Cloud, alerts: Alerts) -> None:
    """Raises: Violation when a row says that something is lost and nobody was told."""
    for recording in cloud.recordings():
        if recording.status is RecordingStatus.FAILED and not recording.refused:
            told = (LogEvent.RECORDING_FAILED, recording.id, "") in alerts.told
            hold(told, f"Nobody was told that a recording failed: {recording.failure}")
    for chunk in cloud.chunks():
        if chunk.status is ChunkStatus.FAILED and not chunk.refused:
            ways = ((event, chunk.id, chunk.document_id) for event in (LogEvent.CHUNK_FAILED, LogEvent.CHUNK_ALTERED))
            hold(any(way in alerts.told for way in ways), f"Nobody was told that a chunk failed: {chunk.failure}")
