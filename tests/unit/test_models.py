"""States move along the tables, and nowhere else."""

from datetime import timedelta

import pytest

from shared.errors import Conflict
from shared.models import CHUNK_TRANSITIONS, ENDED, RECORDING_TRANSITIONS, ChunkStatus, RecordingStatus
from tests.builders import a_chunk, a_recording
from tests.fakes import BEGINNING

LATER = BEGINNING + timedelta(hours=1)


@pytest.mark.parametrize("target", RecordingStatus)
@pytest.mark.parametrize("source", RecordingStatus)
def test_a_recording_moves_exactly_as_the_table_says(source: RecordingStatus, target: RecordingStatus) -> None:
    recording = a_recording(status=source)

    if target is source or target in RECORDING_TRANSITIONS[source]:
        assert recording.moved(target, LATER).status is target
    else:
        with pytest.raises(Conflict, match=f"is {source}; it cannot become {target}"):
            recording.moved(target, LATER)


@pytest.mark.parametrize("target", ChunkStatus)
@pytest.mark.parametrize("source", ChunkStatus)
def test_a_chunk_moves_exactly_as_the_table_says(source: ChunkStatus, target: ChunkStatus) -> None:
    chunk = a_chunk(status=source)

    if target in CHUNK_TRANSITIONS[source]:
        assert chunk.moved(target).status is target
    else:
        with pytest.raises(Conflict, match=f"is {source}; it cannot become {target}"):
            chunk.moved(target)


def test_every_status_has_its_line_in_the_tables() -> None:
    assert set(RECORDING_TRANSITIONS) == set(RecordingStatus)
    assert set(CHUNK_TRANSITIONS) == set(ChunkStatus)


def test_a_move_says_when_it_happened() -> None:
    assert a_recording().moved(RecordingStatus.PAUSED, LATER).updated_at == LATER


def test_staying_says_when_too() -> None:
    assert a_recording().moved(RecordingStatus.ACTIVE, LATER).updated_at == LATER


def test_nothing_that_ended_comes_back_to_life() -> None:
    alive = set(RecordingStatus) - ENDED

    assert not any(RECORDING_TRANSITIONS[status] & alive for status in ENDED)


def test_every_ended_recording_may_be_reopened_by_a_late_event() -> None:
    others = ENDED - {RecordingStatus.TRANSFERRING}

    assert all(RecordingStatus.TRANSFERRING in RECORDING_TRANSITIONS[status] for status in others)


def test_a_deleted_chunk_stays_deleted() -> None:
    assert CHUNK_TRANSITIONS[ChunkStatus.DELETED] == frozenset()


def test_a_chunk_is_only_deleted_once_it_is_stored() -> None:
    leading_there = {source for source, targets in CHUNK_TRANSITIONS.items() if ChunkStatus.DELETED in targets}

    assert leading_there == {ChunkStatus.STORED}


def test_a_chunk_is_named_by_recording_and_document() -> None:
    chunk = a_chunk(3)

    assert (chunk.ref.id, chunk.ref.document_id) == (chunk.id, chunk.document_id)
