"""When a recording is complete, and what its manifest says."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from shared.domain.derived_fields import first_deadline, manifest_blob
from shared.domain.errors import RowUnreadable, StoreUnavailable
from shared.domain.json_views import chunk_view, instant_or_none, recording_view
from shared.domain.models import Recording
from shared.domain.open_work import chunk_entry, recording_entry
from shared.domain.statuses import ChunkStatus, FailureKind, FilesStatus, RecordingStatus
from shared.pipeline.manifest import MANIFEST_BYTES_MAX, MANIFEST_BYTES_PER_CHUNK, MANIFESTS_MAX, lists_exactly
from tests.builders import (
    CONTAINER,
    OUR_ID,
    RECORDING_ID,
    a_chunk,
    a_recording,
    announced_chunk,
    document_id,
    file_ready_event,
    keep_at_acs,
)
from tests.fakes import BEGINNING, Cloud, Crash, FakeBlob, FakeHost, Fault
from tests.fakes.acs import FakeAcsRecording
from tests.unit.steps import warnings

FOLDER = f"2026/11/22/{OUR_ID}"
DONE = {"status": ChunkStatus.DELETED, "open": False, "due_at": None, "bytes": 1000, "sha256": "ab", "managed": True}


def with_chunks(cloud: Cloud, chunks: Iterable[dict[str, Any]]) -> None:
    recording = a_recording(status=RecordingStatus.TRANSFERRING, folder=FOLDER)
    recording = cloud.catalog.save_recording(recording)
    rows = [a_chunk(number, **DONE | fields) for number, fields in enumerate(chunks)]
    cloud.catalog.add_chunks(recording, rows)


def complete(cloud: Cloud) -> Recording:
    cloud.services.completion.complete_if_last(OUR_ID)
    return cloud.recording()


def manifests(cloud: Cloud) -> list[str]:
    return sorted(name.rpartition("/")[2] for name in cloud.store.blobs if "recording" in name.rpartition("/")[2])


def test_a_recording_whose_every_chunk_is_finished_is_complete(cloud: Cloud) -> None:
    with_chunks(cloud, [{}, {"status": ChunkStatus.STORED}])

    recording = complete(cloud)

    assert (recording.status, recording.completed_at) == (RecordingStatus.COMPLETED, cloud.world.now)


@pytest.mark.parametrize("status", [ChunkStatus.PENDING, ChunkStatus.STORED])
def test_a_chunk_with_work_left_keeps_it_open(cloud: Cloud, status: ChunkStatus) -> None:
    with_chunks(cloud, [{}, {"status": status, "open": True}])

    assert complete(cloud).status is RecordingStatus.TRANSFERRING


def test_a_failed_chunk_fails_the_recording(cloud: Cloud) -> None:
    with_chunks(cloud, [{}, {"status": ChunkStatus.FAILED}])

    recording = complete(cloud)

    assert recording.status is RecordingStatus.FAILED
    assert "1 of its chunks" in str(recording.failure)


@pytest.mark.parametrize(
    ("kinds", "kind", "to_do"),
    [
        ([FailureKind.EXPIRED], FailureKind.EXPIRED, "No replay brings them back"),
        ([FailureKind.CONFLICT], FailureKind.CONFLICT, "then replay"),
        ([FailureKind.EXPIRED, FailureKind.CONFLICT], FailureKind.CONFLICT, "then replay"),
        ([FailureKind.CONFLICT, FailureKind.REJECTED], FailureKind.REJECTED, "Do what each says"),
        ([None], FailureKind.CONFLICT, "then replay"),
    ],
)
def test_a_failed_recording_says_what_can_be_done(
    cloud: Cloud, kinds: list[FailureKind | None], kind: FailureKind, to_do: str
) -> None:
    with_chunks(cloud, [{"status": ChunkStatus.FAILED, "failure_kind": one} for one in kinds])

    recording = complete(cloud)

    assert (recording.failure_kind, to_do in str(recording.failure)) == (kind, True)
    assert ("replay tries" in str(recording.failure)) is False


def test_a_failed_recording_has_the_deadline_of_what_is_lost_in_lists_as_well(cloud: Cloud) -> None:
    late, early = BEGINNING + timedelta(hours=24), BEGINNING + timedelta(hours=20)
    with_chunks(
        cloud,
        [
            {"expires_at": BEGINNING},
            {"status": ChunkStatus.FAILED, "expires_at": late},
            {"status": ChunkStatus.FAILED, "expires_at": early},
        ],
    )

    recording = complete(cloud)

    assert first_deadline(recording, None) == first_deadline(recording, cloud.chunks()) == early


def test_a_failed_chunk_fails_the_recording_only_once_nothing_is_open(cloud: Cloud) -> None:
    with_chunks(cloud, [{"status": ChunkStatus.FAILED}, {"status": ChunkStatus.PENDING, "open": True}])

    assert complete(cloud).status is RecordingStatus.TRANSFERRING


def test_a_recording_without_chunks_has_failed(cloud: Cloud) -> None:
    with_chunks(cloud, [])

    assert complete(cloud).status is RecordingStatus.FAILED


@pytest.mark.parametrize("index", [1, 2])
def test_a_gap_keeps_it_open(cloud: Cloud, index: int) -> None:
    with_chunks(cloud, [{"index": 0}, {"index": index + 1}])

    assert complete(cloud).status is RecordingStatus.TRANSFERRING


def test_somebody_waits_for_what_a_gap_lacks(cloud: Cloud) -> None:
    with_chunks(cloud, [{}, {"index": 2}])

    complete(cloud)

    assert (OUR_ID, "") in cloud.catalog.open


@pytest.mark.parametrize("indexes", [[1], [1, 2], [1, 2, 3]])
def test_a_missing_first_chunk_keeps_it_open(cloud: Cloud, indexes: list[int]) -> None:
    with_chunks(cloud, [{"index": index} for index in indexes])

    assert complete(cloud).status is RecordingStatus.TRANSFERRING


@pytest.mark.parametrize("reason", ["ChunkMaximumSizeExceeded", "chunkMaximumTimeExceeded", "ChunkUploadFailure"])
def test_a_last_chunk_that_another_one_follows_keeps_it_open(cloud: Cloud, reason: str) -> None:
    with_chunks(cloud, [{}, {"end_reason": reason}])

    assert complete(cloud).status is RecordingStatus.TRANSFERRING


@pytest.mark.parametrize("reason", ["SessionEnded", "SomethingNew", None])
def test_any_other_end_of_the_last_chunk_completes_it(cloud: Cloud, reason: str | None) -> None:
    with_chunks(cloud, [{"end_reason": "ChunkMaximumSizeExceeded"}, {"end_reason": reason}])

    assert complete(cloud).status is RecordingStatus.COMPLETED


def test_twins_of_one_index_are_both_chunks(cloud: Cloud) -> None:
    with_chunks(cloud, [{}, {"index": 0}])

    assert complete(cloud).status is RecordingStatus.COMPLETED
    assert len(json.loads(cloud.store.blobs[f"{FOLDER}/recording.json"])["chunks"]) == 2


def test_an_end_of_the_session_that_says_of_a_loss_keeps_it_open(cloud: Cloud) -> None:
    with_chunks(cloud, [{}])
    cloud.catalog.save_recording(replace(cloud.recording(), session_end_reason="processingTimeout"))

    assert complete(cloud).status is RecordingStatus.TRANSFERRING


@pytest.mark.parametrize(
    ("row", "chunk", "told"),
    [
        ({}, {"end_reason": "SomethingNew"}, 1),
        ({"session_end_reason": "SomethingNew"}, {}, 1),
        ({"recording_storage_container_url": CONTAINER}, {}, 1),
        ({"recording_storage_container_url": CONTAINER}, {"own_storage": True}, 0),
        ({"session_end_reason": "callEnded"}, {"end_reason": "sessionEnded"}, 0),
    ],
    ids=["an unknown end of a chunk", "of the call", "a rescued export", "an export", "nothing unusual"],
)
def test_what_is_unusual_is_told_when_it_completes(
    cloud: Cloud, caplog: pytest.LogCaptureFixture, row: dict[str, Any], chunk: dict[str, Any], told: int
) -> None:
    with_chunks(cloud, [chunk])
    cloud.catalog.save_recording(replace(cloud.recording(), **row))

    assert complete(cloud).status is RecordingStatus.COMPLETED
    assert len(warnings(caplog, "recording_unusual")) == told
    assert "SomethingNew" not in caplog.text


def test_what_it_waited_for_is_not_waited_for_any_more(cloud: Cloud) -> None:
    with_chunks(cloud, [{}])
    cloud.catalog.save_recording(replace(cloud.recording(), waits_for="chunk 1"))

    assert complete(cloud).waits_for is None


def test_the_manifest_is_the_recording_as_the_api_shows_it(cloud: Cloud) -> None:
    with_chunks(cloud, [{}])

    complete(cloud)

    written = json.loads(cloud.store.blobs[f"{FOLDER}/recording.json"])
    shown = json.loads(msgspec.json.encode(recording_view(cloud.recording(), cloud.chunks())))
    assert written == shown | {"schemaVersion": 1}
    assert (written["status"], written["manifestBlob"]) == ("completed", f"{FOLDER}/recording.json")


def test_completing_twice_changes_nothing(cloud: Cloud) -> None:
    with_chunks(cloud, [{}])

    first = complete(cloud)

    assert complete(cloud) == first
    assert manifests(cloud) == ["recording.json"]


def test_a_crash_between_manifest_and_row_leaves_one_manifest(cloud: Cloud) -> None:
    with_chunks(cloud, [{}])
    cloud.world.fail("store.put", Fault.CRASH_AFTER)
    with pytest.raises(Crash):
        complete(cloud)
    cloud.restart()
    cloud.world.advance(timedelta(minutes=1))

    assert complete(cloud).manifests == 1
    assert manifests(cloud) == ["recording.json"]
    written = json.loads(cloud.store.blobs[f"{FOLDER}/recording.json"])
    assert written["completedAt"] == instant_or_none(cloud.recording().completed_at)


def test_a_manifest_of_the_version_before_stands_after_a_crash_across_the_upgrade(cloud: Cloud) -> None:
    """It has no schemaVersion and fewer fields, and shows when ACS would have destroyed what is saved."""
    with_chunks(cloud, [{}, {"index": 1, "status": ChunkStatus.STORED}])
    newer = {"bytesDone", "metadataSha256", "contentVersion", "metadataVersion", "startTime", "participants", "pauses"}
    chunks = msgspec.to_builtins([chunk_view(chunk) for chunk in cloud.chunks()])
    before = [
        {name: value for name, value in chunk.items() if name not in newer} | {"expiresAt": "2026-11-23T08:00:00.000Z"}
        for chunk in chunks
    ]
    at = "2026-11-22T08:00:00.000Z"
    content = json.dumps({"id": OUR_ID, "status": "completed", "completedAt": at, "chunks": before}).encode()
    cloud.store.overwrite(f"{FOLDER}/recording.json", content)

    assert (complete(cloud).manifests, instant_or_none(cloud.recording().completed_at)) == (1, at)
    assert cloud.store.blobs[f"{FOLDER}/recording.json"] == content


def test_every_manifest_names_itself(cloud: Cloud) -> None:
    with_chunks(cloud, [{}])
    cloud.store.overwrite(f"{FOLDER}/recording.json", b"somebody else's")

    complete(cloud)

    written = json.loads(cloud.store.blobs[f"{FOLDER}/recording.2.json"])
    assert written["manifestBlob"] == f"{FOLDER}/recording.2.json"
    assert manifest_blob(cloud.recording()) == f"{FOLDER}/recording.2.json"


def test_a_reopened_recording_writes_the_next_manifest_and_never_over_the_first(cloud: Cloud) -> None:
    with_chunks(cloud, [{}])
    first = complete(cloud)
    before = cloud.store.blobs[f"{FOLDER}/recording.json"]
    reopened = first.with_files(FilesStatus.TRANSFERRING, cloud.world.now)
    cloud.catalog.add_chunks(reopened, [a_chunk(1, **DONE)])

    assert complete(cloud).manifests == 2
    assert manifests(cloud) == ["recording.2.json", "recording.json"]
    assert cloud.store.blobs[f"{FOLDER}/recording.json"] == before


def test_the_third_manifest_is_the_third(cloud: Cloud) -> None:
    with_chunks(cloud, [{}])
    for number in (1, 2):
        done = complete(cloud).with_files(FilesStatus.TRANSFERRING, cloud.world.now)
        cloud.catalog.add_chunks(done, [a_chunk(number, **DONE)])

    assert complete(cloud).manifests == 3


def test_there_is_an_end_to_manifests(cloud: Cloud) -> None:
    with_chunks(cloud, [{}])
    cloud.catalog.save_recording(replace(cloud.recording(), manifests=MANIFESTS_MAX - 1))
    cloud.store.overwrite(f"{FOLDER}/recording.{MANIFESTS_MAX - 1}.json", b'{"chunks": []}')

    with pytest.raises(StoreUnavailable, match="1000 manifests"):
        complete(cloud)


def test_an_event_that_adds_chunks_meanwhile_foils_the_completion(cloud: Cloud) -> None:
    keep_at_acs(cloud, 2)
    host = FakeHost(cloud)
    host.publish(file_ready_event([announced_chunk(0)]))
    host.settle()
    folder = cloud.recording().folder
    cloud.catalog.save_recording(replace(cloud.recording(), files=FilesStatus.TRANSFERRING))
    cloud.services.ingest.ingest(file_ready_event([announced_chunk(1)]))
    # What the completion read before the event came: the older row, and no open chunk.
    cloud.world.fail("catalog.recording", Fault.STALE)

    cloud.services.completion.complete_if_last(cloud.recording().id)

    assert cloud.recording().status is RecordingStatus.TRANSFERRING
    assert [name for name in cloud.store.blobs if "recording" in name] == [f"{folder}/recording.json"]


@pytest.mark.parametrize("status", sorted(set(RecordingStatus) - {RecordingStatus.TRANSFERRING}))
def test_only_what_is_being_transferred_is_completed(cloud: Cloud, status: RecordingStatus) -> None:
    saved = cloud.catalog.save_recording(a_recording(status=status))

    assert complete(cloud) == saved


def test_a_recording_that_nobody_knows_is_nothing(cloud: Cloud) -> None:
    assert cloud.services.completion.complete_if_last("nobody") is None


def test_an_outage_of_the_store_leaves_it_open(cloud: Cloud) -> None:
    with_chunks(cloud, [{}])
    cloud.world.fail("store.put", Fault.ERROR_BEFORE)

    with pytest.raises(StoreUnavailable):
        complete(cloud)

    assert cloud.recording().status is RecordingStatus.TRANSFERRING


NOT_OURS = {
    "no JSON": b"not json",
    "empty": b"",
    "a number": b"7",
    "null": b"null",
    "a list": b"[]",
    "a text": b'"recording"',
    "other fields": b'{"version": 2}',
    "no chunks": b'{"chunks": []}',
    "chunks that are none": b'{"chunks": 5, "completedAt": "2026-11-22T08:00:00Z"}',
    "chunks of numbers": b'{"chunks": [1, null, "x", []], "completedAt": "2026-11-22T08:00:00Z"}',
    "chunks by name": b'{"chunks": {"0-wus": {}}, "completedAt": "2026-11-22T08:00:00Z"}',
    "deep": b"[" * 200_000,
    "deep and whole": b'{"chunks": ' + b"[" * 9000 + b"]" * 9000 + b"}",
    "bad UTF-8": b'{"chunks": "\xff\xfe\x00"}',
    "half a character": b'{"chunks": [{"documentId": "\\ud800"}]}',
    "a long number": b'{"chunks": [{"bytes": ' + b"9" * 5000 + b"}]}",
    "no number": b'{"chunks": [{"bytes": NaN, "index": Infinity}]}',
    "UTF-16": '{"chunks": []}'.encode("utf-16"),
    "a media file": b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(1000),
    "huge": b" " * (MANIFEST_BYTES_MAX * 2),
}


@pytest.mark.parametrize("content", NOT_OURS.values(), ids=NOT_OURS)
def test_what_is_no_manifest_under_its_name_is_stepped_over_and_stays(cloud: Cloud, content: bytes) -> None:
    """R1. Anybody may have put anything there before the recording was complete."""
    with_chunks(cloud, [{}])
    cloud.store.overwrite(f"{FOLDER}/recording.json", content)

    recording = complete(cloud)

    assert (recording.status, recording.manifests) == (RecordingStatus.COMPLETED, 2)
    assert cloud.store.blobs[f"{FOLDER}/recording.json"] == content
    assert json.loads(cloud.store.blobs[f"{FOLDER}/recording.2.json"])["status"] == "completed"


@pytest.mark.parametrize("at", [None, "", "soon", 5, "2026-11-22", "9999-12-31T23:59:59Z", [], "\ud800"])
def test_a_manifest_of_these_chunks_that_was_completed_at_no_time_is_not_ours(cloud: Cloud, at: object) -> None:
    with_chunks(cloud, [{}])
    written = {"chunks": msgspec.to_builtins([chunk_view(chunk) for chunk in cloud.chunks()]), "completedAt": at}
    cloud.store.overwrite(f"{FOLDER}/recording.json", json.dumps(written).encode())

    recording = complete(cloud)

    assert recording.status is RecordingStatus.COMPLETED
    assert recording.completed_at is not None
    assert recording.completed_at.tzinfo is not None


def test_a_manifest_that_was_archived_is_stepped_over(cloud: Cloud) -> None:
    with_chunks(cloud, [{}])
    complete(cloud)
    cloud.store.archive(f"{FOLDER}/recording.json")
    cloud.catalog.save_recording(replace(cloud.recording(), files=FilesStatus.TRANSFERRING))

    assert complete(cloud).manifests == 2


def test_a_manifest_s_name_that_somebody_s_staged_blocks_have_is_stepped_over(cloud: Cloud) -> None:
    with_chunks(cloud, [{}])
    cloud.store.all[f"{FOLDER}/recording.json"] = FakeBlob(staged={"somebody else's": b"x"})

    assert complete(cloud).manifests == 2


def test_a_manifest_that_is_too_long_to_be_ours_is_not_read_to_its_end(cloud: Cloud) -> None:
    with_chunks(cloud, [{}])
    complete(cloud)
    written = cloud.store.blobs[f"{FOLDER}/recording.json"]
    cloud.store.overwrite(f"{FOLDER}/recording.json", written + b" " * MANIFEST_BYTES_MAX * 2)
    cloud.catalog.save_recording(replace(cloud.recording(), files=FilesStatus.TRANSFERRING))

    assert complete(cloud).manifests == 2


def test_a_manifest_as_long_as_ours_may_be_is_read(cloud: Cloud) -> None:
    with_chunks(cloud, [{}])
    complete(cloud)
    written = cloud.store.blobs[f"{FOLDER}/recording.json"]
    longest = MANIFEST_BYTES_MAX + MANIFEST_BYTES_PER_CHUNK
    cloud.store.overwrite(f"{FOLDER}/recording.json", written.ljust(longest))
    cloud.catalog.save_recording(replace(cloud.recording(), files=FilesStatus.TRANSFERRING))

    assert complete(cloud).manifests == 1


def test_a_recording_that_is_reopened_is_open_work_and_no_failure_any_more(cloud: Cloud) -> None:
    row = cloud.catalog.save_recording(a_recording(status=RecordingStatus.FAILED, failure="a chunk is lost"))
    cloud.services.open_work.watch_failure(row, BEGINNING)

    cloud.services.completion.reopen(row, BEGINNING + timedelta(minutes=5))

    assert (cloud.recording().files, cloud.recording().failure) == (FilesStatus.TRANSFERRING, None)
    assert list(cloud.catalog.open.values()) == [recording_entry(cloud.recording(), BEGINNING + timedelta(minutes=5))]


@pytest.mark.parametrize(
    ("stored_at", "told"), [(None, "chunk_failed"), (BEGINNING, "chunk_altered")], ids=["never stored", "stored before"]
)
def test_a_chunk_that_failed_is_told_by_what_became_of_its_copy(
    cloud: Cloud, caplog: pytest.LogCaptureFixture, stored_at: datetime | None, told: str
) -> None:
    with_chunks(cloud, [{"status": ChunkStatus.FAILED, "stored_at": stored_at}])

    cloud.services.completion.end_chunk(cloud.chunk())

    assert len([line for event in ("chunk_failed", "chunk_altered") for line in warnings(caplog, event)]) == 1
    assert len(warnings(caplog, told)) == 1


def test_a_recording_that_goes_on_is_asked_about_again_before_it_is_completed(cloud: Cloud) -> None:
    with_chunks(cloud, [{}])
    cloud.catalog.save_recording(replace(cloud.recording(), ended_at=None))
    cloud.acs.recordings[RECORDING_ID] = FakeAcsRecording(RECORDING_ID, "call", active=True)

    assert complete(cloud).files is FilesStatus.TRANSFERRING
    assert cloud.world.counts["acs.state"] == 1
    assert [line.due_at for line in cloud.catalog.open.values()] == [BEGINNING + timedelta(hours=1)]


def test_a_recording_of_which_no_chunk_could_be_read_says_where_its_event_is(cloud: Cloud) -> None:
    with_chunks(cloud, [])

    recording = complete(cloud)

    assert (recording.status, recording.failure_kind) == (RecordingStatus.FAILED, FailureKind.REJECTED)
    assert "rejected-events" in str(recording.failure)


def test_of_several_lost_chunks_the_worst_kind_is_the_recording_s(cloud: Cloud) -> None:
    kinds = (FailureKind.EXPIRED, FailureKind.CONFLICT)
    with_chunks(cloud, ({"status": ChunkStatus.FAILED, "failure_kind": kind} for kind in kinds))

    assert complete(cloud).failure_kind is FailureKind.CONFLICT


@pytest.mark.parametrize(
    ("row", "wait"),
    [({"ended_at": None}, timedelta(minutes=1)), ({}, timedelta(hours=1))],
    ids=["it may run on", "it ended"],
)
def test_a_failure_is_looked_at_as_often_as_its_recording_may_change(
    cloud: Cloud, row: dict[str, Any], wait: timedelta
) -> None:
    failure = replace(a_recording(status=RecordingStatus.FAILED, heard_at=BEGINNING), **row)

    cloud.services.completion.keep_open(failure, BEGINNING)

    entry = cloud.services.open_work.recording_entry(failure, BEGINNING + wait)
    assert list(cloud.catalog.open.values()) == [replace(entry, failed=True)]


def test_a_chunk_that_was_saved_is_not_told_as_lost(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    with_chunks(cloud, [{}])

    cloud.services.completion.end_chunk(cloud.chunk())

    assert [line for event in ("chunk_failed", "chunk_altered") for line in warnings(caplog, event)] == []


def test_several_blobs_that_are_no_manifests_are_stepped_over(cloud: Cloud) -> None:
    with_chunks(cloud, [{}])
    for name in ("recording.json", "recording.2.json", "recording.3.json"):
        cloud.store.overwrite(f"{FOLDER}/{name}", b"not json")

    assert complete(cloud).manifests == 4


@pytest.mark.parametrize("manifest", [{}, {"chunks": None}, {"chunks": [None]}, {"chunks": [{}]}, {"chunks": "ab"}])
def test_no_manifest_tells_of_chunks_that_it_does_not_list(manifest: dict[str, object]) -> None:
    assert not lists_exactly(manifest, [a_chunk(0, **DONE)])


def test_a_recording_with_an_unreadable_chunk_is_not_decided(cloud: Cloud) -> None:
    """R2. Whether it is whole depends on a row that cannot be read."""
    with_chunks(cloud, [{}, {}])
    cloud.catalog.spoil(OUR_ID, document_id(1))

    with pytest.raises(RowUnreadable):
        complete(cloud)

    assert (cloud.recording().status, manifests(cloud)) == (RecordingStatus.TRANSFERRING, [])


def test_a_chunk_ends_beside_one_that_cannot_be_read(cloud: Cloud) -> None:
    with_chunks(cloud, [{}, {}])
    cloud.catalog.put_entries(
        [chunk_entry(a_chunk(0), cloud.world.now), recording_entry(cloud.recording(), cloud.world.now)]
    )
    cloud.catalog.spoil(OUR_ID, document_id(1))

    cloud.services.completion.end_chunk(cloud.chunk(0))

    assert set(cloud.catalog.open) == {(OUR_ID, "")}
    assert cloud.recording().status is RecordingStatus.TRANSFERRING


@pytest.mark.parametrize("key", [(OUR_ID, ""), (OUR_ID, document_id(1))])
def test_a_recording_whose_row_was_mended_completes(cloud: Cloud, key: tuple[str, str]) -> None:
    with_chunks(cloud, [{}, {}])
    cloud.catalog.spoil(*key)
    cloud.services.completion.end_chunk(cloud.chunk(0))
    cloud.catalog.mend(*key)

    assert complete(cloud).status is RecordingStatus.COMPLETED
