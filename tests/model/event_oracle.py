"""What must hold of the events for other apps: each transition has one, none is told that is not so, none is lost.

Independent of how the app finds transitions: it looks at two versions of a row, and at what ACS and Blob Storage have.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from shared.domain.blob_names import manifest_blob
from shared.domain.models import Chunk, Recording
from shared.domain.recording_event import CloudEventView, EventType, RecordingEvent, cloud_event
from shared.domain.statuses import ChunkStatus, ControlStatus, FilesStatus, Origin
from tests.fakes import Cloud
from tests.model.violation import hold

RUNS = {ControlStatus.ACTIVE, ControlStatus.PAUSED}


class EventOracle:
    """Watches the events of a cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.earlier = {event.event_id for event in cloud.catalog.told.values()}  # of how the scenario was set up
        self.expected = Counter((event.id, event.type) for event in cloud.catalog.told.values())
        self.completed: set[tuple[str, int]] = set()  # with which manifest
        self.taken: dict[str, CloudEventView] = {}
        cloud.topic.on_taken = self.took
        cloud.catalog.on_told = self.told

    def written(self, before: Recording | Chunk, row: Recording | Chunk) -> None:
        """I17: a transition has its event from the moment on at which its row is there, and nothing else has one."""
        if isinstance(before, Chunk) and isinstance(row, Chunk):
            found = chunk_transitions(before, row)
        elif isinstance(before, Recording) and isinstance(row, Recording):
            found = recording_transitions(before, row)
        else:
            return
        for type in found:
            if type is EventType.COMPLETED and isinstance(row, Recording):
                if (row.id, row.manifests) in self.completed:
                    continue  # the same manifest again: the same event
                self.completed.add((row.id, row.manifests))
            self.expected[row.id, type] += 1

    def counted(self) -> None:
        """Raises: Violation when there are more or fewer events than transitions."""
        told = Counter((event.id, event.type) for event in self.cloud.catalog.told.values())
        hold(told == self.expected, f"Transitions: {dict(self.expected)}; told: {dict(told)}.")

    def told(self, event: RecordingEvent, row: Recording | Chunk) -> None:
        """I18: what is told is so at the moment at which it is written."""
        if isinstance(row, Chunk):
            proven_here = not row.own_storage and row.content_blob not in self.cloud.store.tampered
            if event.type is EventType.STORED and proven_here:
                copy = hashlib.sha256(self.cloud.store.blobs.get(row.content_blob, b"")).hexdigest()
                hold(copy == row.sha256 == data(event)["sha256"], "A chunk is told as stored, and its copy is another.")
            return
        live = self.cloud.acs.recordings.get(row.recording_id or "")
        match event.type:
            case EventType.STOPPED | EventType.EMPTY:
                hold(live is None, f"{event.type} is told, and ACS still has {row.recording_id}.")
                ran = row.recording_id in self.cloud.acs.ran
                hold(event.type is not EventType.EMPTY or not ran, "A recording that ran is told as empty.")
            case EventType.COMPLETED:
                name = manifest_blob(row.folder or "", row.manifests)
                hold(name in self.cloud.store.blobs, "A recording is told as completed without its manifest.")

    def took(self, event: CloudEventView) -> None:
        """I19: the topic gets what a row says, and under one id always the same."""
        id, _, key = event.id.partition("/")
        row = self.cloud.catalog.told.get((id, key))
        hold(row is not None, f"The topic got {event.id}, which no row says.")
        assert row
        hold(event == cloud_event(row, event.source), f"The topic got other words than the row's: {event.id}.")
        hold(self.taken.setdefault(event.id, event) == event, f"Two events bear the id {event.id}.")

    def looked_after(self) -> None:
        """I20: whatever is still to be sent, the sweep finds."""
        for event in self.cloud.catalog.told.values():
            found = (event.id, "") in self.cloud.catalog.open
            hold(not event.unsent or found, f"{event.key} is to be sent, and nobody looks after it.")

    def at_rest(self) -> None:
        """Everything was told."""
        self.counted()
        if self.cloud.environment.get("EVENTS_TOPIC_ENDPOINT"):
            told = {event.event_id for event in self.cloud.catalog.told.values()} - self.earlier
            hold(told == set(self.taken), f"The topic never got {sorted(told - set(self.taken))}.")
            left = [event.key for event in self.cloud.catalog.told.values() if event.unsent]
            hold(not left, f"Still to be sent: {left}.")


def chunk_transitions(before: Chunk, row: Chunk) -> Iterator[EventType]:
    if row.status is ChunkStatus.STORED and before.status is not ChunkStatus.STORED:
        yield EventType.STORED
    if row.warned != before.warned:
        yield EventType.AT_RISK


def recording_transitions(before: Recording, row: Recording) -> Iterator[EventType]:
    ours = row.origin is Origin.API
    if ours and before.ended_at is None and row.ended_at is not None:
        yield EventType.STOPPED
        if row.is_empty and row.files is FilesStatus.NONE and row.start_failure is None:
            yield EventType.EMPTY
    elif ours and row.ended_at is None and row.start_failure is None and row.control is not before.control:
        if before.control is ControlStatus.STARTING and row.control in RUNS:
            yield EventType.STARTED
        elif before.control in RUNS and row.control in RUNS:
            yield EventType.PAUSED if row.control is ControlStatus.PAUSED else EventType.RESUMED
    if before.start_failure is None and row.start_failure is not None:
        yield EventType.FAILED
    if before.files is not row.files and row.files in {FilesStatus.FAILED, FilesStatus.COMPLETED}:
        yield EventType.FAILED if row.files is FilesStatus.FAILED else EventType.COMPLETED
    if row.warned > before.warned:
        yield EventType.AT_RISK


def data(event: RecordingEvent) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(event.data)
    return parsed
