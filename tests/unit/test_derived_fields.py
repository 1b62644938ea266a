"""What a recording's document says that stands in no row: it follows from the rows, and is never more than they say."""

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.derived_fields import (
    NO_EVENT,
    NO_FILE,
    NO_WORD,
    NOT_DECIDED,
    NOT_ENDED,
    NOT_FINISHED,
    bytes_done,
    chunk_deadline,
    chunk_failure_kind,
    failure_kind,
    first_deadline,
    manifest_blob,
    replayable,
    waits_for,
)
from shared.domain.statuses import ChunkStatus, FailureKind, FilesStatus, RecordingStatus, StartFailure
from tests.builders import a_chunk, a_recording
from tests.fakes import BEGINNING

DAY = timedelta(hours=24)
STORED: dict[str, Any] = {"status": ChunkStatus.STORED, "open": False, "due_at": None}
DELETED = STORED | {"status": ChunkStatus.DELETED}
FAILED = STORED | {"status": ChunkStatus.FAILED, "failure_kind": FailureKind.EXPIRED}
FOLLOWED = {"end_reason": "ChunkMaximumSizeExceeded"}  # another chunk follows
TRANSFERRING = RecordingStatus.TRANSFERRING


# Whether a replay may help.


@pytest.mark.parametrize(
    ("kind", "helps"),
    [
        (FailureKind.REJECTED, True),
        (FailureKind.CONFLICT, True),
        (FailureKind.UNANNOUNCED, True),
        (FailureKind.EXPIRED, False),
        (None, True),
    ],
)
def test_a_replay_may_help_after_any_failure_but_what_is_gone(kind: FailureKind | None, *, helps: bool) -> None:
    assert replayable(a_recording(status=RecordingStatus.FAILED, failure_kind=kind)) is helps


@pytest.mark.parametrize(("failure", "helps"), [(StartFailure.REFUSED, False), (StartFailure.UNCONFIRMED, True)])
def test_a_replay_brings_no_refused_start_back(failure: StartFailure, *, helps: bool) -> None:
    assert replayable(a_recording(start_failure=failure)) is helps


@pytest.mark.parametrize("status", RecordingStatus)
def test_a_replay_may_help_where_a_chunk_may_wait(status: RecordingStatus) -> None:
    helps = status in {RecordingStatus.TRANSFERRING, RecordingStatus.FAILED}

    assert replayable(a_recording(status=status)) is helps


def test_a_replay_may_help_while_it_still_records() -> None:
    assert replayable(a_recording(files=FilesStatus.FAILED, failure_kind=FailureKind.REJECTED))
    assert replayable(a_recording(files=FilesStatus.TRANSFERRING))


# What a failure is about.


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"failure_kind": FailureKind.CONFLICT, "failure": "ACS destroyed the chunk"}, FailureKind.CONFLICT),
        ({"failure_kind": None, "content_location": ""}, FailureKind.REJECTED),
        ({"failure_kind": None, "failure": "ACS destroyed the chunk before a copy was made."}, FailureKind.EXPIRED),
        ({"failure_kind": None, "failure": "The blob b holds another content than ACS"}, FailureKind.CONFLICT),
        ({"failure_kind": None, "failure": None}, FailureKind.CONFLICT),
    ],
)
def test_every_failed_chunk_says_what_its_failure_is_about(row: dict[str, Any], kind: FailureKind) -> None:
    assert chunk_failure_kind(a_chunk(**FAILED | row)) is kind


@pytest.mark.parametrize("status", sorted(set(ChunkStatus) - {ChunkStatus.FAILED}))
def test_a_chunk_that_has_not_failed_for_good_says_no_kind(status: ChunkStatus) -> None:
    assert chunk_failure_kind(a_chunk(status=status, failure="ACS destroyed the metadata")) is None


def test_a_failed_recording_of_version_0_1_is_about_the_first_kind_of_its_chunks() -> None:
    row = a_recording(status=RecordingStatus.FAILED)
    chunks = [a_chunk(0, **FAILED), a_chunk(1, **FAILED | {"failure_kind": FailureKind.REJECTED}), a_chunk(2, **STORED)]

    assert failure_kind(row, chunks) is FailureKind.REJECTED
    assert failure_kind(row, None) is None


@pytest.mark.parametrize("status", sorted(set(RecordingStatus) - {RecordingStatus.FAILED}))
def test_a_recording_that_has_not_failed_says_no_kind(status: RecordingStatus) -> None:
    assert failure_kind(a_recording(status=status), [a_chunk(**FAILED)]) is None


# Deadlines.


@pytest.mark.parametrize("status", ChunkStatus)
def test_a_chunk_has_a_deadline_until_it_is_saved(status: ChunkStatus) -> None:
    saved = status in {ChunkStatus.STORED, ChunkStatus.DELETED}

    assert chunk_deadline(a_chunk(status=status)) == (None if saved else BEGINNING + DAY)


def test_a_recording_s_deadline_is_that_of_its_first_chunk_that_is_not_saved() -> None:
    row = a_recording(status=TRANSFERRING, expires_at=BEGINNING)
    chunks = [a_chunk(0, **STORED), a_chunk(1, expires_at=BEGINNING + DAY / 2), a_chunk(2), a_chunk(3, **FAILED)]

    assert first_deadline(row, chunks) == BEGINNING + DAY / 2
    assert first_deadline(row, [chunks[0], *chunks[2:]]) == BEGINNING + DAY
    assert first_deadline(row, chunks[3:]) == BEGINNING + DAY


@pytest.mark.parametrize("chunk", [STORED, DELETED, DELETED | {"open": True}])
def test_a_recording_of_saved_chunks_has_no_deadline(chunk: dict[str, Any]) -> None:
    assert first_deadline(a_recording(status=TRANSFERRING, expires_at=BEGINNING), [a_chunk(**chunk)]) is None


@pytest.mark.parametrize("status", [TRANSFERRING, RecordingStatus.FAILED])
@pytest.mark.parametrize(
    ("row", "chunks"),
    [
        ({"unread_events": "ab12"}, [a_chunk(**DELETED)]),
        ({"unread_events": "ab12", "ended_at": None}, [a_chunk(**DELETED)]),
        ({}, [a_chunk(**DELETED | FOLLOWED)]),
        ({}, []),
    ],
    ids=["not read", "not read while it runs", "not announced", "none read"],
)
def test_what_is_missing_has_the_deadline_of_the_events(
    status: RecordingStatus, row: dict[str, Any], chunks: list[Any]
) -> None:
    assert first_deadline(a_recording(status=status, expires_at=BEGINNING, **row), chunks) == BEGINNING


def test_of_a_recording_that_goes_on_nothing_is_missing_yet() -> None:
    row = a_recording(files=FilesStatus.TRANSFERRING, expires_at=BEGINNING)

    assert first_deadline(row, [a_chunk(**DELETED | FOLLOWED)]) is None


@pytest.mark.parametrize("status", RecordingStatus)
def test_a_list_knows_the_deadline_that_the_events_gave(status: RecordingStatus) -> None:
    unsaved = status in {TRANSFERRING, RecordingStatus.FAILED}

    assert first_deadline(a_recording(status=status, expires_at=BEGINNING), None) == (BEGINNING if unsaved else None)


def test_a_chunk_that_was_just_added_counts_whatever_its_recording_s_row_still_says() -> None:
    assert first_deadline(a_recording(status=RecordingStatus.COMPLETED), [a_chunk()]) == BEGINNING + DAY


# Progress, and the manifest.


@pytest.mark.parametrize(
    ("row", "done"), [({}, 0), ({"bytes_done": 400}, 400), ({"bytes_done": 400, "bytes": 1000}, 1000)]
)
def test_progress_is_what_the_worker_said_and_then_the_whole(row: dict[str, int], done: int) -> None:
    assert bytes_done(a_chunk(**row)) == done


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ({"status": TRANSFERRING}, None),
        ({"status": RecordingStatus.COMPLETED}, "f/recording.json"),
        ({"status": RecordingStatus.COMPLETED, "manifests": 1}, "f/recording.json"),
        ({"status": TRANSFERRING, "manifests": 2}, "f/recording.2.json"),
    ],
    ids=["none yet", "version 0.1", "the first", "reopened"],
)
def test_the_newest_manifest_is_named(row: dict[str, Any], name: str | None) -> None:
    assert manifest_blob(a_recording(folder="f", **row)) == name
    assert manifest_blob(a_recording(**row)) is None


# What is waited for.


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"status": RecordingStatus.STARTING}, NO_WORD),
        ({"status": RecordingStatus.STARTING, "waits_for": "Whether ACS started it."}, "Whether ACS started it."),
        ({"status": RecordingStatus.ACTIVE}, None),
        ({"status": RecordingStatus.PAUSED}, None),
        ({"status": RecordingStatus.STOPPED}, NO_EVENT),
        ({"status": RecordingStatus.STOPPED, "failure": "It lists no file."}, NO_FILE),
        ({"status": RecordingStatus.EMPTY}, None),
        ({"status": RecordingStatus.FAILED}, None),
        ({"status": RecordingStatus.FAILED, "refused_status": 400}, None),
        ({"status": RecordingStatus.COMPLETED}, None),
        ({"status": RecordingStatus.TRANSFERRING}, NOT_FINISHED),
        ({"status": RecordingStatus.TRANSFERRING, "waits_for": "Chunk 1."}, "Chunk 1."),
        ({"status": RecordingStatus.ACTIVE, "files": FilesStatus.TRANSFERRING}, NOT_FINISHED),
        ({"status": RecordingStatus.ACTIVE, "files": FilesStatus.FAILED}, None),
    ],
)
def test_a_recording_says_what_it_waits_for(row: dict[str, Any], sentence: str | None) -> None:
    assert waits_for(a_recording(**row)) == sentence
    if "files" not in row and row["status"] is not TRANSFERRING:
        assert waits_for(a_recording(**row), []) == sentence


@pytest.mark.parametrize(
    ("chunk", "sentence"),
    [
        ({}, "Chunk 1 waits for a worker; it is sent again at 2026-11-22T08:15:00Z if its message was lost."),
        (
            {"claimed_until": BEGINNING + timedelta(minutes=5), "failure": "An earlier try failed."},
            "Chunk 1 has a worker, which renews its claim; if that ends, at 2026-11-22T08:05:00Z, it is sent again.",
        ),
        (
            {"failure": "ACS answered 503. The next try is planned."},
            "Chunk 1 is tried again at 2026-11-22T08:15:00Z. ACS answered 503. The next try is planned.",
        ),
        (
            {"status": ChunkStatus.STORED},
            "Chunk 1 waits for its deletion at ACS; it is sent again at 2026-11-22T08:15:00Z if its message was lost.",
        ),
        ({"due_at": None}, "Chunk 1 waits for a worker; it is sent again if its message was lost."),
    ],
    ids=["pending", "claimed", "put off", "stored", "never due"],
)
@pytest.mark.parametrize("ended_at", [BEGINNING, None])
def test_a_recording_waits_for_the_first_chunk_that_is_not_finished(
    chunk: dict[str, Any], sentence: str, ended_at: object
) -> None:
    row = a_recording(status=TRANSFERRING, waits_for="an older word", ended_at=ended_at)
    chunks = [a_chunk(0, **DELETED), a_chunk(1, **chunk), a_chunk(2, failure="Another.")]

    assert waits_for(row, chunks) == f"2 of 3 chunks are not finished. {sentence}"


def test_a_recording_waits_for_what_its_chunks_say_that_follows_as_soon_as_they_are_finished() -> None:
    row = a_recording(status=TRANSFERRING)

    told = "The endReason of chunk 0 says that another follows; it was not announced."
    assert waits_for(row, [a_chunk(**DELETED | FOLLOWED)]) == told


def test_a_recording_that_is_not_known_to_have_ended_waits_for_acs_s_word() -> None:
    row = a_recording(files=FilesStatus.TRANSFERRING)

    assert waits_for(row, [a_chunk(**DELETED | FOLLOWED)]) == waits_for(row, [a_chunk(**DELETED)]) == NOT_ENDED


def test_a_recording_whose_every_chunk_is_there_waits_for_its_completion() -> None:
    assert waits_for(a_recording(status=TRANSFERRING), [a_chunk(**DELETED)]) == NOT_DECIDED
