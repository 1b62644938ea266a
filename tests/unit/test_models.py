"""States move along the tables, and nowhere else; a recording's one word is computed from its two halves."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from shared.domain.durations import EMPTY_IS_KNOWN_FOR
from shared.domain.errors import Conflict
from shared.domain.statuses import (
    CHUNK_TRANSITIONS,
    FILES_TRANSITIONS,
    ChunkStatus,
    ControlStatus,
    FailureKind,
    FilesStatus,
    RecordingStatus,
    StartFailure,
)
from tests.builders import a_chunk, a_recording
from tests.fakes import BEGINNING

LATER = BEGINNING + timedelta(hours=1)
ENDED = a_recording(status=RecordingStatus.STOPPED)
NEVER_RAN = replace(a_recording(), has_run=False, inactive_at=BEGINNING, ended_at=BEGINNING)


@pytest.mark.parametrize("target", FilesStatus)
@pytest.mark.parametrize("source", FilesStatus)
def test_files_move_exactly_as_the_table_says(source: FilesStatus, target: FilesStatus) -> None:
    recording = replace(ENDED, files=source)

    if target is source or target in FILES_TRANSITIONS[source]:
        assert recording.with_files(target, LATER).files is target
    else:
        with pytest.raises(Conflict, match=f"are {source}; they cannot become {target}"):
            recording.with_files(target, LATER)


@pytest.mark.parametrize("control", ControlStatus)
@pytest.mark.parametrize("files", FilesStatus)
def test_a_recording_that_acs_has_not_ended_is_shown_as_acs_has_it(control: ControlStatus, files: FilesStatus) -> None:
    assert replace(a_recording(), control=control, files=files).status.value == control.value


@pytest.mark.parametrize("files", sorted(set(FilesStatus) - {FilesStatus.NONE}))
def test_a_recording_that_has_ended_is_shown_as_its_files_are(files: FilesStatus) -> None:
    assert replace(ENDED, files=files).status.value == files.value


@pytest.mark.parametrize("files", sorted(set(FilesStatus) - {FilesStatus.NONE}))
def test_where_acs_cannot_be_asked_the_files_alone_decide(files: FilesStatus) -> None:
    recording = a_recording(status=RecordingStatus.STARTING, recording_id=None)

    assert recording.status is RecordingStatus.STARTING
    assert replace(recording, files=files).status.value == files.value


def test_a_recording_that_ended_without_files_is_stopped() -> None:
    assert ENDED.status is RecordingStatus.STOPPED


def test_a_recording_that_never_ran_is_empty() -> None:
    assert NEVER_RAN.status is RecordingStatus.EMPTY


@pytest.mark.parametrize(
    "speaks_for_a_run",
    [
        {"has_run": True},
        {"inactive_at": None},
        {"ended_at": BEGINNING + EMPTY_IS_KNOWN_FOR + timedelta(seconds=1)},
    ],
)
def test_it_is_stopped_where_anything_speaks_for_a_run(speaks_for_a_run: dict[str, object]) -> None:
    assert replace(NEVER_RAN, **speaks_for_a_run).status is RecordingStatus.STOPPED


@pytest.mark.parametrize(
    ("start_failure", "kind"),
    [(StartFailure.REFUSED, FailureKind.REFUSED), (StartFailure.UNCONFIRMED, FailureKind.UNANNOUNCED)],
)
def test_a_failed_start_comes_before_both_halves(start_failure: StartFailure, kind: FailureKind) -> None:
    recording = replace(ENDED, start_failure=start_failure, start_failure_reason="why", failure="lost")

    assert (recording.status, recording.shown_failure) == (RecordingStatus.FAILED, "why")
    assert recording.shown_failure_kind is kind


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
    assert set(FILES_TRANSITIONS) == set(FilesStatus)
    assert set(CHUNK_TRANSITIONS) == set(ChunkStatus)


def test_a_move_says_when_it_happened() -> None:
    assert ENDED.with_files(FilesStatus.TRANSFERRING, LATER).updated_at == LATER


def test_staying_says_when_too() -> None:
    assert ENDED.with_files(FilesStatus.NONE, LATER).updated_at == LATER


def test_files_may_always_be_reopened_by_a_late_event() -> None:
    others = set(FilesStatus) - {FilesStatus.TRANSFERRING}

    assert all(FilesStatus.TRANSFERRING in FILES_TRANSITIONS[files] for files in others)


def test_a_deleted_chunk_stays_deleted() -> None:
    assert CHUNK_TRANSITIONS[ChunkStatus.DELETED] == frozenset()


def test_a_chunk_is_only_deleted_once_it_is_stored() -> None:
    leading_there = {source for source, targets in CHUNK_TRANSITIONS.items() if ChunkStatus.DELETED in targets}

    assert leading_there == {ChunkStatus.STORED}


def test_a_chunk_is_named_by_recording_and_document() -> None:
    chunk = a_chunk(3)

    assert (chunk.ref.id, chunk.ref.document_id) == (chunk.id, chunk.document_id)
