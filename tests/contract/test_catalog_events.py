"""Every catalog writes an event in one transaction with the row whose transition it tells."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from shared.domain import invocation
from shared.domain.errors import CatalogConflict, CatalogUnavailable
from shared.domain.index_entry import IndexEntry
from shared.domain.models import Chunk, Recording
from shared.domain.ports import CHUNKS_PER_BATCH, Catalog
from shared.domain.recording_event import EventType, RecordingEvent
from shared.domain.statuses import ChunkStatus, ControlStatus, FilesStatus

from .samples import NOW, a_chunk, a_recording

MINUTE = timedelta(minutes=1)


def started(catalog: Catalog) -> Recording:
    """A recording of ours that ACS has said to run: its first transition."""
    row = catalog.save_recording(a_recording(control=ControlStatus.STARTING, tags={"naïve": "通話"}))
    with invocation.begin("a caller", sends=True):
        return catalog.save_recording(replace(row, control=ControlStatus.ACTIVE))


def announced(catalog: Catalog) -> Chunk:
    row = catalog.save_recording(a_recording())
    catalog.add_chunks(row, [a_chunk(row)])
    (chunk,) = catalog.chunks(row.id)
    return chunk


def only(catalog: Catalog, id: str) -> RecordingEvent:
    (event,) = catalog.events(id)
    return event


def test_a_transition_is_read_as_it_was_written(catalog: Catalog) -> None:
    row = started(catalog)

    event = only(catalog, row.id)
    assert (event.key, event.type, event.by) == ("Started:1", EventType.STARTED, "a caller")
    assert (event.unsent, event.sent_at, event.attempts, event.last_error) == (True, None, 0, "")
    assert "通話".encode() in event.data
    assert row.event_count == 1


def test_what_is_no_transition_tells_nothing(catalog: Catalog) -> None:
    row = catalog.save_recording(a_recording())

    catalog.save_recording(replace(row, tags={"a": "b"}))

    assert list(catalog.events(row.id)) == []


def test_a_row_that_is_read_anew_tells_a_transition_once(catalog: Catalog) -> None:
    row = started(catalog)
    read = catalog.recording(row.id)
    assert read is not None

    catalog.save_recording(replace(read, failure="something else"))

    assert [event.key for event in catalog.events(row.id)] == ["Started:1"]


def test_whoever_loses_a_race_tells_nothing(catalog: Catalog) -> None:
    row = catalog.save_recording(a_recording(control=ControlStatus.ACTIVE))
    catalog.save_recording(replace(row, control=ControlStatus.PAUSED))

    with pytest.raises(CatalogConflict):
        catalog.save_recording(replace(row, ended_at=NOW))

    assert [event.key for event in catalog.events(row.id)] == ["Paused:1"]


def test_two_transitions_of_one_write_are_both_told(catalog: Catalog) -> None:
    row = catalog.save_recording(a_recording(control=ControlStatus.PAUSED, has_run=False, inactive_at=NOW))

    catalog.save_recording(replace(row, ended_at=NOW))

    assert [event.key for event in catalog.events(row.id)] == ["Empty:2", "Stopped:1"]


def test_a_stored_chunk_is_told_with_its_recording(catalog: Catalog) -> None:
    chunk = announced(catalog)
    recording = catalog.recording(chunk.id)
    stored = replace(chunk, status=ChunkStatus.STORED, stored_at=NOW, sha256="ab", bytes=7)

    saved = catalog.save_chunk(stored, recording)

    event = only(catalog, chunk.id)
    assert event.key == f"Stored:{chunk.document_id}:1"
    assert saved.copies == 1
    assert catalog.chunk(chunk.ref) == saved


def test_a_copy_that_is_made_again_has_a_key_of_its_own(catalog: Catalog) -> None:
    chunk = announced(catalog)
    stored = catalog.save_chunk(replace(chunk, status=ChunkStatus.STORED, stored_at=NOW))
    pending = catalog.save_chunk(replace(stored, status=ChunkStatus.PENDING))

    catalog.save_chunk(replace(pending, status=ChunkStatus.STORED, stored_at=NOW + MINUTE))

    assert [event.key.rpartition(":")[2] for event in catalog.events(chunk.id)] == ["1", "2"]


def test_a_full_batch_of_chunks_has_room_for_an_event(catalog: Catalog) -> None:
    row = catalog.save_recording(a_recording(files=FilesStatus.TRANSFERRING))
    chunks = [a_chunk(row, index=number, document_id=f"0-a-{number:04}") for number in range(CHUNKS_PER_BATCH)]

    catalog.add_chunks(replace(row, ended_at=NOW), chunks)

    assert [event.key for event in catalog.events(row.id)] == ["Stopped:1"]
    assert len(list(catalog.chunks(row.id))) == CHUNKS_PER_BATCH


def test_chunks_and_events_do_not_get_in_each_other_s_way(catalog: Catalog) -> None:
    chunk = announced(catalog)
    catalog.save_chunk(replace(chunk, status=ChunkStatus.STORED, stored_at=NOW, open=False))

    recording, chunks = catalog.recording_and_chunks(chunk.id)
    assert recording is not None
    assert list(chunks) == [chunk.document_id]
    assert [one.document_id for one in catalog.chunks(chunk.id)] == [chunk.document_id]
    assert [one.document_id for one in catalog.few_chunks(chunk.id, 1) or ()] == [chunk.document_id]
    assert not catalog.has_open_chunk(chunk.id)


def test_what_became_of_an_event_is_written_and_nothing_else_of_it(catalog: Catalog) -> None:
    row = started(catalog)
    event = only(catalog, row.id)

    failed = replace(event, attempts=1, last_error="Event Grid answered 503.", next_try_at=NOW + MINUTE)
    catalog.mark_events([replace(failed, data=b"{}", by="nobody")])

    assert only(catalog, row.id) == failed


def test_what_was_sent_is_not_among_what_is_to_be_sent(catalog: Catalog) -> None:
    row = started(catalog)
    paused = catalog.save_recording(replace(row, control=ControlStatus.PAUSED))
    assert paused.event_count == 2
    (first, _) = sorted(catalog.events(row.id), key=lambda event: event.key, reverse=True)

    catalog.mark_events([replace(first, unsent=False, sent_at=NOW, attempts=1)])

    assert [event.key for event in catalog.events(row.id)] == ["Paused:2", "Started:1"]
    assert list(catalog.events(row.id, unsent=True)) == []  # the second was written outside of an invocation


def test_an_event_that_there_is_not_cannot_be_marked(catalog: Catalog) -> None:
    event = only(catalog, started(catalog).id)

    with pytest.raises(CatalogUnavailable):
        catalog.mark_events([replace(event, key="Started:7")])


def test_many_events_are_marked(catalog: Catalog) -> None:
    row = catalog.save_recording(a_recording(control=ControlStatus.PAUSED))
    for number in range(120):
        row = catalog.save_recording(replace(row, control=ControlStatus.PAUSED if number % 2 else ControlStatus.ACTIVE))

    catalog.mark_events([replace(event, sent_at=NOW, attempts=1) for event in catalog.events(row.id)])

    assert {(event.sent_at, event.attempts) for event in catalog.events(row.id)} == {(NOW, 1)}
    assert len(list(catalog.events(row.id))) == 120


def test_an_entry_is_made_due_sooner_and_never_later(catalog: Catalog) -> None:
    for due in (NOW + MINUTE, NOW + 2 * MINUTE, NOW):
        catalog.have_due("6f1c2d3e-1111-4000-8000-000000000001", due)

    (entry,) = (one for one in catalog.open_entries() if one.id == "6f1c2d3e-1111-4000-8000-000000000001")
    assert (entry.due_at, entry.document_id) == (NOW, "")


def test_an_entry_that_is_made_due_keeps_what_else_it_says(catalog: Catalog) -> None:
    (before,) = entry_of(catalog, failed=True)

    catalog.have_due(before.id, NOW)

    (after,) = (one for one in catalog.open_entries() if one.id == before.id)
    assert after == replace(before, due_at=NOW)


def entry_of(catalog: Catalog, **fields: object) -> list[IndexEntry]:
    entry = IndexEntry(id="6f1c2d3e-2222-4000-8000-000000000001", due_at=NOW + MINUTE, since=NOW, expires_at=NOW)
    catalog.put_entries([replace(entry, **fields)])
    return [one for one in catalog.open_entries() if one.id == entry.id]
