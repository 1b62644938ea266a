"""The events that a write of a row tells: what the row is to say, held against what it says already.

Whoever writes a row need not know of events, and cannot forget one: a catalog asks here, and writes what comes back in
one transaction with the row. A row that is new tells nothing; its first transition does.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from shared.domain import event_data, invocation
from shared.domain.durations import EVENT_RETRY_FIRST, WARNINGS
from shared.domain.models import Chunk, ChunkState, Recording, RecordingState
from shared.domain.recording_event import EventType, RecordingEvent
from shared.domain.statuses import ChunkStatus, ControlStatus, FilesStatus, Origin, RecordingStatus

# What a change of the control half tells.
CONTROLLED: Mapping[tuple[ControlStatus | None, ControlStatus | None], EventType] = {
    (ControlStatus.STARTING, ControlStatus.ACTIVE): EventType.STARTED,
    (ControlStatus.STARTING, ControlStatus.PAUSED): EventType.STARTED,
    (ControlStatus.ACTIVE, ControlStatus.PAUSED): EventType.PAUSED,
    (ControlStatus.PAUSED, ControlStatus.ACTIVE): EventType.RESUMED,
}
# What is told of a recording that another app started: of its control nothing is known here.
OF_ANY = frozenset({EventType.STORED, EventType.COMPLETED, EventType.FAILED, EventType.AT_RISK})

type Events = tuple[RecordingEvent, ...]


def of_recording(recording: Recording, chunks: Sequence[Chunk], at_risk: datetime | None) -> tuple[Recording, Events]:
    """The row as it is to be written, and its events.

    Args:
        recording: the row as it is wanted.
        chunks: those that its events tell of: all of a completed one, of a failed one what could not be saved.
        at_risk: when ACS destroys what it did not announce, where that is what `warned` says.
    """
    before = recording.row_state
    if before is None:
        return recording, ()
    told = [(type, time) for type, time in transitions(before, recording) if may_tell(type, recording)]
    row, events = recording, []
    for type, time in told:
        row, key = numbered(row, type)
        data = event_data.recording_data(type, recording, chunks)
        by = recording.started_by if type is EventType.STARTED else None
        events.append(event_of(row.id, key, type, time, data, by=by))
    if at_risk is not None and recording.warned > before.warned:
        data = event_data.unannounced_at_risk_data(recording, at_risk)
        time = max(at_risk - WARNINGS[recording.warned - 1], recording.created_at)
        events.append(event_of(row.id, at_risk_key("-", recording.warned), EventType.AT_RISK, time, data))
    return row, tuple(events)


def transitions(before: RecordingState, recording: Recording) -> Iterator[tuple[EventType, datetime]]:
    """What a write of a recording's row changes, in the order in which it happened, and when."""
    now = recording.updated_at
    controlled = CONTROLLED.get((before.control, recording.control))
    if controlled is not None and recording.ended_at is None and recording.start_failure is None:
        yield controlled, now
    if recording.ended_at is not None and before.ended_at is None:
        yield EventType.STOPPED, recording.ended_at
        if recording.status is RecordingStatus.EMPTY:
            yield EventType.EMPTY, recording.ended_at
    if recording.start_failure is not None and before.start_failure is None:
        yield EventType.FAILED, now
    if recording.files is not before.files:
        if recording.files is FilesStatus.COMPLETED:
            yield EventType.COMPLETED, recording.completed_at or now
        elif recording.files is FilesStatus.FAILED:
            yield EventType.FAILED, now


def may_tell(type: EventType, recording: Recording) -> bool:
    return type in OF_ANY or recording.origin is Origin.API


def numbered(recording: Recording, type: EventType) -> tuple[Recording, str]:
    """The row that has counted an event of a type, and the event's key."""
    if type is EventType.COMPLETED:
        return recording, f"{type.word}:{recording.manifests}"
    count = recording.event_count + 1
    return msgspec.structs.replace(recording, event_count=count), f"{type.word}:{count}"


def of_chunk(chunk: Chunk, recording: Recording | None) -> tuple[Chunk, Events]:
    """The row of a chunk as it is to be written, and its events; they name its recording, where that can be read."""
    before = chunk.row_state
    if before is None:
        return chunk, ()
    events = []
    if chunk.status is ChunkStatus.STORED and before.status is not ChunkStatus.STORED:
        chunk = msgspec.structs.replace(chunk, copies=chunk.copies + 1)
        key = f"{EventType.STORED.word}:{chunk.document_id}:{chunk.copies}"
        data: event_data.EventData = event_data.stored_data(chunk, recording)
        time = chunk.stored_at or chunk.created_at
        events.append(event_of(chunk.id, key, EventType.STORED, time, data, document_id=chunk.document_id))
    if chunk.warned > before.warned:
        key = at_risk_key(chunk.document_id, chunk.warned)
        data = event_data.at_risk_data(chunk, recording)
        time = max(chunk.expires_at - WARNINGS[chunk.warned - 1], chunk.created_at)
        events.append(event_of(chunk.id, key, EventType.AT_RISK, time, data, document_id=chunk.document_id))
    return chunk, tuple(events)


def at_risk_key(what: str, warned: int) -> str:
    hours = WARNINGS[warned - 1].total_seconds() / 3600
    return f"{EventType.AT_RISK.word}:{what}:{hours:g}"


def event_of(
    id: str,
    key: str,
    type: EventType,
    time: datetime,
    data: event_data.EventData,
    *,
    by: str | None = None,
    document_id: str | None = None,
) -> RecordingEvent:
    return RecordingEvent(
        id=id,
        key=key,
        type=type,
        document_id=document_id,
        time=time,
        by=by or invocation.caller(),
        data=msgspec.json.encode(data),
        unsent=invocation.sends_events(),
        next_try_at=time + EVENT_RETRY_FIRST,  # before that whoever wrote it sends it
    )


def as_written_recording(recording: Recording, etag: str) -> Recording:
    """The row as it stands after a write, or as it was read."""
    state = RecordingState(
        control=recording.control,
        ended_at=recording.ended_at,
        start_failure=recording.start_failure,
        files=recording.files,
        warned=recording.warned,
    )
    return msgspec.structs.replace(recording, etag=etag, row_state=state)


def as_written_chunk(chunk: Chunk, etag: str) -> Chunk:
    """The same of the row of a chunk."""
    return msgspec.structs.replace(chunk, etag=etag, row_state=ChunkState(status=chunk.status, warned=chunk.warned))
