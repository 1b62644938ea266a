"""Lost tables come back from the manifests: the same documents, lists and links, and nothing that is there changes."""

import hashlib
import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from shared.control.list_recordings import Query
from shared.domain.durations import REBUILDING_MAX
from shared.domain.errors import CatalogUnavailable, KeyReused, StoreUnavailable
from shared.domain.identifiers import CallId, CallIdKind
from shared.domain.json_views import recording_view
from shared.domain.models import Chunk, Messages, Recording
from shared.domain.ports import CHUNKS_PER_BATCH
from shared.domain.statuses import ChunkStatus, FailureKind, FilesStatus, Origin
from shared.pipeline.rebuild import Outcome, Rebuilt
from shared.pipeline.transfer import METADATA_BYTES_MAX
from tests.builders import (
    CONTAINER,
    SERVER_CALL_ID,
    a_chunk,
    a_recording,
    a_start_request,
    announced_chunk,
    document_id,
    file_ready_event,
    keep_at_acs,
    media,
    metadata,
)
from tests.fakes import BEGINNING, Cloud, Crash, FakeCatalog, FakeHost, Fault, acs_recording_id
from tests.unit.app import App

DAY = BEGINNING.replace(hour=0)
FOREIGN = acs_recording_id(7)

type Documents = dict[str, dict[str, Any]]


def recorded(cloud: Cloud, host: FakeHost) -> Recording:
    """A recording of two chunks that was started here, and is completed."""
    cloud.acs.starts_active = True
    row = cloud.services.starts.start(a_start_request(tags={"case": "42"}, channelAffinity=PINNED), "key")
    cloud.world.advance(timedelta(minutes=2))
    cloud.services.control.stop(row.id)
    keep_at_acs(cloud, 2)
    host.publish(file_ready_event(2, recording_id=row.recording_id or ""))
    host.settle()
    return next(found for found in cloud.recordings() if found.id == row.id)


PINNED = [{"participant": "8:acs:alice", "channel": 0}]


def foreign(cloud: Cloud, host: FakeHost, chunks: int = 1, first: int = 5) -> Recording:
    """A recording that somebody else started, completed, and left at ACS."""
    keep_at_acs(cloud, chunks, first=first)
    listed = [announced_chunk(first + place, index=place) for place in range(chunks)]
    host.publish(file_ready_event(listed, recording_id=FOREIGN, server_call_id="another", call_id="its-call"))
    host.settle()
    return next(found for found in cloud.recordings() if found.recording_id == FOREIGN)


@pytest.fixture
def host(cloud: Cloud) -> FakeHost:
    return FakeHost(cloud)


@pytest.fixture
def both(cloud: Cloud, host: FakeHost) -> Cloud:
    """A day with two recordings, one of them started here, at times that no manifest says to the microsecond."""
    cloud.world.advance(timedelta(microseconds=123_456))
    recorded(cloud, host)
    cloud.world.advance(timedelta(minutes=5))
    foreign(cloud, host)
    return cloud


@pytest.fixture
def one(cloud: Cloud, host: FakeHost) -> Cloud:
    """A day with a recording of two chunks that was started here."""
    recorded(cloud, host)
    return cloud


def lose_tables(cloud: Cloud) -> None:
    cloud.catalog = FakeCatalog(cloud.world)
    cloud.restart()


def rebuild(cloud: Cloud, after: str | None = None) -> Rebuilt:
    return cloud.services.rebuild.rebuild(DAY, after)


def outcomes(cloud: Cloud) -> dict[Outcome, int]:
    return dict(rebuild(cloud).counts)


def chunks_of(cloud: Cloud, id: str) -> list[Chunk]:
    return [chunk for chunk in cloud.chunks() if chunk.id == id]


def documents(cloud: Cloud) -> Documents:
    """What the API shows of each recording."""
    return {row.id: msgspec.to_builtins(recording_view(row, chunks_of(cloud, row.id))) for row in cloud.recordings()}


def listed(cloud: Cloud, **query: Any) -> list[dict[str, Any]]:
    """What a list shows, in its order."""
    page = cloud.services.recording_lists.page(Query(**query))
    return [msgspec.to_builtins(recording_view(row)) for row in page.recordings]


def lists(cloud: Cloud) -> list[list[dict[str, Any]]]:
    """The list of all, and look-ups by a tag, by call and by ACS's id."""
    calls = [CallId(CallIdKind.SERVER_CALL, id) for id in (SERVER_CALL_ID, "another")]
    by_call = [listed(cloud, calls=(call,)) for call in calls]
    return [listed(cloud), listed(cloud, tags={"case": "42"}), *by_call, listed(cloud, recording_id=FOREIGN)]


def links(cloud: Cloud) -> list[str]:
    services = cloud.services
    ways: list[Callable[..., Any]] = [services.download_links.content, services.download_links.metadata]
    return [way(chunk.ref, download=True).url for chunk in cloud.chunks() for way in ways]


def manifest_name(cloud: Cloud, number: int = 0) -> str:
    return sorted(name for name in cloud.store.blobs if name.endswith("recording.json"))[number]


def rewrite(cloud: Cloud, name: str, **fields: Any) -> None:
    """Have somebody change a manifest; a field given as Ellipsis is left out."""
    whole = json.loads(cloud.store.blobs[name]) | fields
    cloud.store.overwrite(name, json.dumps({key: value for key, value in whole.items() if value is not ...}).encode())


def test_documents_lists_and_links_are_equal_once_lost_tables_were_rebuilt(both: Cloud) -> None:
    before = documents(both), lists(both), links(both)
    lose_tables(both)

    done = rebuild(both)

    assert (done.counts, done.cursor) == ({Outcome.REBUILT: 2}, None)
    assert (documents(both), lists(both), links(both)) == before


def test_a_recording_of_which_acs_s_id_was_never_known_comes_back_and_is_there(cloud: Cloud, host: FakeHost) -> None:
    keep_at_acs(cloud, 1)
    host.publish(file_ready_event(1, subject_form=3))
    host.settle()
    before = documents(cloud)
    lose_tables(cloud)

    done = [outcomes(cloud), outcomes(cloud)]

    assert cloud.recording().recording_id is None
    assert (done, documents(cloud)) == ([{Outcome.REBUILT: 1}, {Outcome.PRESENT: 1}], before)


def test_a_second_rebuild_changes_nothing(both: Cloud) -> None:
    lose_tables(both)
    rebuild(both)
    rows = dict(both.catalog.rows)

    assert outcomes(both) == {Outcome.PRESENT: 2}
    assert both.catalog.rows == rows


def test_a_row_that_is_there_is_not_changed_whatever_its_manifest_says(one: Cloud) -> None:
    rows = dict(one.catalog.rows)
    rewrite(one, manifest_name(one), tags={"case": "another"})

    assert outcomes(one) == {Outcome.PRESENT: 1}
    assert one.catalog.rows == rows


def test_a_row_that_cannot_be_read_is_there(one: Cloud) -> None:
    one.catalog.spoil(one.recording().id)

    assert outcomes(one) == {Outcome.PRESENT: 1}


def test_the_index_alone_may_be_lost(both: Cloud) -> None:
    before = lists(both)
    rows = both.catalog.rows
    lose_tables(both)
    both.catalog.rows = rows

    assert outcomes(both) == {Outcome.PRESENT: 2}
    assert lists(both) == before


def test_the_rows_alone_may_be_lost(both: Cloud) -> None:
    before = documents(both), lists(both)
    both.catalog.rows.clear()

    rebuild(both)

    assert (documents(both), lists(both)) == before


def test_nothing_is_left_to_do_and_nothing_is_asked_of_acs(both: Cloud, host: FakeHost) -> None:
    lose_tables(both)
    begun = len(both.world.effects)

    rebuild(both)
    host.sweep()

    asked = [effect.name for effect in both.world.effects[begun:] if effect.name.startswith(("acs.", "source."))]
    assert (both.catalog.open, asked) == ({}, [])


def test_nothing_is_ever_deleted_because_of_a_rebuild(both: Cloud) -> None:
    lose_tables(both)
    rebuild(both)

    assert [chunk.deletable for chunk in both.chunks()] == [False] * 3


def test_only_the_folder_of_the_day_is_rebuilt(one: Cloud) -> None:
    lose_tables(one)

    other = one.services.rebuild.rebuild(DAY + timedelta(days=1), None)

    assert (dict(other.counts), one.recordings()) == ({}, [])


def test_a_recording_that_was_reopened_comes_back_from_its_highest_manifest(one: Cloud, host: FakeHost) -> None:
    keep_at_acs(one, 1, first=2)
    host.publish(file_ready_event([announced_chunk(2)], recording_id=one.recording().recording_id or ""))
    host.settle()
    before = documents(one)
    lose_tables(one)

    rebuild(one)

    assert documents(one) == before
    assert (len(one.chunks()), one.recording().manifests) == (3, 2)


def test_a_recording_without_a_manifest_does_not_come_back(cloud: Cloud) -> None:
    keep_at_acs(cloud, 1)
    cloud.services.ingest.ingest(file_ready_event([announced_chunk(0), announced_chunk(2)]))
    (ref, *_) = [chunk.ref for chunk in cloud.chunks()]
    cloud.services.transfer.transfer(ref)
    lose_tables(cloud)

    assert (outcomes(cloud), cloud.recordings()) == ({}, [])


def test_a_recording_of_more_chunks_than_one_batch_comes_back(cloud: Cloud) -> None:
    recording = completed(cloud, CHUNKS_PER_BATCH + 1)
    before = documents(cloud)
    lose_tables(cloud)

    rebuild(cloud)

    assert documents(cloud) == before
    assert before[recording.id]["status"] == "completed"


def completed(cloud: Cloud, count: int) -> Recording:
    """A recording of so many chunks, each stored."""
    host = FakeHost(cloud)
    recording = cloud.catalog.save_recording(
        a_recording(status="stopped", folder=a_chunk().content_blob.rpartition("/")[0])
    )
    recording = replace(recording, files=FilesStatus.TRANSFERRING)
    rows = []
    for number in range(count):
        row = a_chunk(number, end_reason="chunkMaximumTimeExceeded" if number < count - 1 else "SessionEnded")
        cloud.store.overwrite(row.content_blob, media(seed=number))
        cloud.store.overwrite(row.metadata_blob or "", metadata(number))
        rows.append(stored(cloud, row))
    for start in range(0, count, CHUNKS_PER_BATCH):
        recording = cloud.catalog.add_chunks(recording, rows[start : start + CHUNKS_PER_BATCH])
    cloud.services.completion.complete_if_last(recording.id)
    host.work()
    return cloud.recording()


def stored(cloud: Cloud, chunk: Chunk) -> Chunk:
    """The row of a chunk whose copy is what lies there."""
    content, facts = cloud.store.stat(chunk.content_blob), cloud.store.stat(chunk.metadata_blob or "")
    return replace(
        chunk,
        status=ChunkStatus.STORED,
        bytes=content.length,
        sha256=digest(cloud.store.blobs[chunk.content_blob]),
        metadata_sha256=digest(cloud.store.blobs[chunk.metadata_blob or ""]),
        metadata_bytes=facts.length,
        content_etag=content.etag,
        metadata_etag=facts.etag,
        stored_at=BEGINNING,
        open=False,
        due_at=None,
    )


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# What became of the blobs meanwhile.


def test_a_copy_is_proven_by_the_digest_beside_it_without_being_read(both: Cloud) -> None:
    lose_tables(both)
    before = both.world.counts["store.read"]

    rebuild(both)

    manifests, metadata_files = 2, 3
    assert both.world.counts["store.read"] - before == manifests + metadata_files


def test_a_copy_without_a_digest_beside_it_is_read_whole(one: Cloud) -> None:
    chunk = one.chunk()
    one.store.overwrite(chunk.content_blob, one.store.blobs[chunk.content_blob])
    lose_tables(one)

    rebuild(one)

    assert (one.chunk().status, one.chunk().content_etag) == (
        ChunkStatus.DELETED,
        one.store.stat(chunk.content_blob).etag,
    )


def spoil_media(cloud: Cloud) -> None:
    cloud.store.overwrite(cloud.chunk().content_blob, media(seed=9))


def spoil_metadata(cloud: Cloud) -> None:
    cloud.store.overwrite(cloud.chunk().metadata_blob or "", metadata(9))


def lose_media(cloud: Cloud) -> None:
    cloud.store.lose(cloud.chunk().content_blob)


def lose_metadata(cloud: Cloud) -> None:
    cloud.store.lose(cloud.chunk().metadata_blob or "")


def lengthen(cloud: Cloud) -> None:
    """Its metadata stay, as some tools leave them."""
    cloud.store.all[cloud.chunk().content_blob].content += b"x"


@pytest.mark.parametrize("meanwhile", [spoil_media, spoil_metadata, lose_media, lose_metadata, lengthen])
def test_a_chunk_whose_copy_is_not_what_was_proven_fails_and_its_recording_with_it(
    one: Cloud, meanwhile: Callable[[Cloud], None], caplog: pytest.LogCaptureFixture
) -> None:
    meanwhile(one)
    blobs = dict(one.store.blobs)
    lose_tables(one)

    assert outcomes(one) == {Outcome.REBUILT: 1}

    first, second = one.chunks()
    assert (first.status, first.failure_kind, second.status) == (
        ChunkStatus.FAILED,
        FailureKind.CONFLICT,
        ChunkStatus.DELETED,
    )
    assert (one.recording().status, one.recording().failure_kind) == ("failed", FailureKind.CONFLICT)
    assert "rebuild its day again" in (first.failure or "")
    alerts = [line.getMessage().split()[0] for line in caplog.records if line.levelno == logging.ERROR]
    assert alerts == ["chunk_altered", "recording_failed"]
    assert one.store.blobs == blobs


def test_what_failed_comes_back_once_its_rows_are_removed_and_the_right_content_is_put_back(one: Cloud) -> None:
    before = documents(one)
    name = one.chunk().content_blob
    content = one.store.blobs[name]
    spoil_media(one)
    lose_tables(one)
    rebuild(one)

    one.store.overwrite(name, content)
    one.catalog.rows.clear()
    rebuild(one)

    assert documents(one) == before


def test_a_chunk_that_failed_is_copied_anew_from_its_event(one: Cloud, host: FakeHost) -> None:
    chunk = one.chunk()
    event = file_ready_event(2, recording_id=one.recording().recording_id or "")
    one.store.lose(chunk.content_blob)
    lose_tables(one)
    rebuild(one)
    one.source.add(document_id(0), media(), metadata(0), one.world.now + timedelta(hours=24))

    host.publish(event)
    host.settle()

    assert (one.recording().status, one.chunk().status) == ("completed", ChunkStatus.DELETED)


def test_an_event_that_comes_again_changes_nothing(one: Cloud, host: FakeHost) -> None:
    event = file_ready_event(2, recording_id=one.recording().recording_id or "")
    lose_tables(one)
    rebuild(one)
    rows = dict(one.catalog.rows)

    host.publish(event)
    host.settle()

    assert one.catalog.rows == rows


def test_a_chunk_without_metadata_is_copied_anew_where_its_event_comes_again(cloud: Cloud, host: FakeHost) -> None:
    """Its row names no place at ACS, and none that a request could be sent to."""
    keep_at_acs(cloud, 1)
    host.publish(file_ready_event([announced_chunk(0, metadataLocation=None)]))
    host.settle()
    lose_tables(cloud)
    rebuild(cloud)

    host.publish(file_ready_event(1))
    host.settle()

    assert cloud.recording().status == "completed"
    assert cloud.chunk().metadata_sha256 == digest(metadata(0))


def test_what_lies_in_own_storage_is_taken_as_the_manifest_says() -> None:
    cloud = Cloud(BYOS_CONTAINERS=CONTAINER)
    host = FakeHost(cloud)
    url = f"{CONTAINER}/a/0.wav"
    cloud.own.add(url, media())
    host.publish(file_ready_event([announced_chunk(0, contentLocation=url, metadataLocation=f"{CONTAINER}/a/0.json")]))
    host.settle()
    before = documents(cloud)
    cloud.own.files.clear()
    lose_tables(cloud)

    assert outcomes(cloud) == {Outcome.REBUILT: 1}
    assert documents(cloud) == before


# Manifests of version 0.1, and those that are none.

OF_0_1 = {
    *("id", "recordingId", "status", "failure", "origin", "serverCallId", "callId", "recordingContentType"),
    *("recordingChannelType", "recordingFormatType", "createdAt", "updatedAt", "completedAt", "recordingStartTime"),
    *("recordingDurationMs", "sessionEndReason", "expiresAt", "sameAs", "tags", "chunks"),
}
OF_0_1_CHUNKS = {
    *("documentId", "index", "endReason", "status", "contentBlob", "metadataBlob", "bytes", "sha256", "expiresAt"),
    *("storedAt", "deletedAt", "attempts", "dueAt", "failure"),
}


def age(cloud: Cloud) -> None:
    """Have a manifest be as version 0.1 wrote it, which always said when ACS would have destroyed a chunk."""
    name = manifest_name(cloud)
    whole = json.loads(cloud.store.blobs[name])
    whole["expiresAt"] = "2026-11-23T08:00:00.000Z"
    whole["chunks"] = [
        {key: value for key, value in chunk.items() if key in OF_0_1_CHUNKS} | {"expiresAt": whole["expiresAt"]}
        for chunk in whole["chunks"]
    ]
    cloud.store.overwrite(name, json.dumps({key: whole[key] for key in whole if key in OF_0_1}).encode())


def test_a_manifest_of_version_0_1_brings_back_what_it_says(one: Cloud) -> None:
    (before,) = documents(one).values()
    age(one)
    lose_tables(one)

    assert outcomes(one) == {Outcome.REBUILT: 1}

    (after,) = documents(one).values()
    unsaid = {"endedAt", "recordingKind", "pauseOnStart", "channelAffinity", "chunks"}
    assert {name for name in before if after[name] != before[name]} == unsaid
    assert after["chunks"] == tuple(chunk | {"startTime": None, "participants": ()} for chunk in before["chunks"])


def test_metadata_that_version_0_1_never_had_are_not_missing(one: Cloud) -> None:
    age(one)
    name = manifest_name(one)
    chunks = json.loads(one.store.blobs[name])["chunks"]
    rewrite(one, name, chunks=[chunk | {"status": "stored"} for chunk in chunks])
    lose_metadata(one)
    lose_tables(one)

    rebuild(one)

    assert (one.chunk().status, one.chunk().metadata_sha256) == (ChunkStatus.STORED, None)


def test_metadata_that_version_0_1_had_are_taken_as_they_lie(one: Cloud) -> None:
    age(one)
    name = manifest_name(one)
    chunks = json.loads(one.store.blobs[name])["chunks"]
    rewrite(one, name, chunks=[chunk | {"status": "stored"} for chunk in chunks])
    lose_tables(one)

    rebuild(one)

    assert [chunk.metadata_sha256 for chunk in one.chunks()] == [digest(metadata(0)), digest(metadata(1))]


def test_a_chunk_that_is_lost_is_at_risk_as_long_as_acs_may_have_it(both: Cloud) -> None:
    ours, theirs = sorted(both.recordings(), key=lambda row: row.origin)
    for chunk in (chunks_of(both, ours.id)[0], *chunks_of(both, theirs.id)):
        both.store.lose(chunk.content_blob)
    lose_tables(both)

    rebuild(both)

    (left_there,) = chunks_of(both, theirs.id)
    chunks = [entry for (_, document), entry in both.catalog.open.items() if document]
    assert [(entry.id, entry.failed, entry.expires_at) for entry in chunks] == [
        (theirs.id, True, left_there.expires_at)
    ]
    assert BEGINNING + timedelta(hours=23) < left_there.expires_at < BEGINNING + timedelta(hours=25)


def test_what_failed_in_a_rebuild_has_been_stuck_since_then(one: Cloud) -> None:
    spoil_media(one)
    lose_tables(one)

    rebuild(one)

    assert one.chunk().stuck_since == one.world.now


def test_without_its_metadata_no_chunk_was_deleted_so_that_they_are_lost(one: Cloud) -> None:
    age(one)
    lose_metadata(one)
    lose_tables(one)

    rebuild(one)

    assert one.chunk().failure_kind is FailureKind.CONFLICT


def test_what_is_too_long_to_be_metadata_is_not_read(one: Cloud) -> None:
    one.store.overwrite(one.chunk().metadata_blob or "", bytes(METADATA_BYTES_MAX + 1))
    lose_tables(one)
    before = one.world.counts["store.read"]

    rebuild(one)

    manifest, other = 1, 1
    assert one.world.counts["store.read"] - before == manifest + other
    assert one.chunk().failure_kind is FailureKind.CONFLICT


def with_chunk(cloud: Cloud, **fields: Any) -> None:
    """Have the first chunk of a manifest say something else."""
    name = manifest_name(cloud)
    first, *others = json.loads(cloud.store.blobs[name])["chunks"]
    rewrite(cloud, name, chunks=[first | fields, *others])


CHANGED: list[dict[str, Any]] = [
    {"id": "6f1c2d3e-0000-4000-8000-000000000009"},
    {"status": "failed"},
    {"status": "loud"},
    {"createdAt": None},
    {"createdAt": "yesterday"},
    {"createdAt": "0001-01-01T00:00:00Z"},
    {"completedAt": None},
    {"recordingStartTime": 7},
    {"recordingStartTime": "soon"},
    {"recordingDurationMs": -1},
    {"recordingDurationMs": 10**15},
    {"tags": {"a": "x" * 40_000}},
    {"tags": {"a": "\ud800"}},
    {"tags": {"a": 7}},
    {"serverCallId": "x" * 40_000},
    {"failure": ...},
    {"failureKind": ...},
    {"schemaVersion": 2},
    {"chunks": []},
    {"chunks": None},
    {"chunks": ...},
    {"chunks": [7]},
]


@pytest.mark.parametrize("fields", CHANGED, ids=range(len(CHANGED)))
def test_a_manifest_that_this_app_did_not_write_is_unreadable(
    one: Cloud, fields: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    rewrite(one, manifest_name(one), **fields)
    lose_tables(one)

    assert (outcomes(one), one.catalog.rows) == ({Outcome.UNREADABLE: 1}, {})
    assert "unforeseen" not in caplog.text


@pytest.mark.parametrize("chunks", [None, [7], ..., []])
def test_a_manifest_that_not_even_version_0_1_wrote_is_unreadable(
    one: Cloud, chunks: Any, caplog: pytest.LogCaptureFixture
) -> None:
    age(one)
    rewrite(one, manifest_name(one), chunks=chunks)
    lose_tables(one)

    assert outcomes(one) == {Outcome.UNREADABLE: 1}
    assert "unforeseen" not in caplog.text


CHANGED_CHUNKS: list[dict[str, Any]] = [
    {"documentId": "../x"},
    {"documentId": document_id(1)},
    {"index": -1},
    {"index": 10**15},
    {"index": 3},
    {"status": "pending"},
    {"contentBlob": "2026/11/22/6f1c2d3e-0000-4000-8000-000000000009/0000-0-wus-d4-0.wav"},
    {"contentBlob": "https://evil.example/a.wav"},
    {"metadataBlob": "2026/11/22/another.json"},
    {"bytes": None},
    {"bytes": -1},
    {"sha256": None},
    {"sha256": "abc"},
    {"metadataSha256": "abc"},
    {"storedAt": None},
    {"failure": "x" * 40_000},
    {"participants": [{"id": "8:acs:a", "channel": None}] * 101},
    {"participants": [{"id": "8:acs:a", "channel": -1}]},
    {"pauses": [{"from": "soon", "to": "later"}]},
    {"attempts": "7"},
]


@pytest.mark.parametrize("fields", CHANGED_CHUNKS, ids=range(len(CHANGED_CHUNKS)))
def test_a_manifest_of_chunks_that_this_app_did_not_write_is_unreadable(
    one: Cloud, fields: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with_chunk(one, **fields)
    lose_tables(one)

    assert (outcomes(one), one.catalog.rows) == ({Outcome.UNREADABLE: 1}, {})
    assert "unforeseen" not in caplog.text


def test_a_copy_that_was_made_before_its_chunk_had_ended_comes_back_under_its_name(one: Cloud) -> None:
    chunk = one.chunk()
    names = [
        name.replace(document_id(0), f"{document_id(0)}.unfinished")
        for name in (chunk.content_blob, metadata_of(chunk))
    ]
    for old, new in zip((chunk.content_blob, metadata_of(chunk)), names, strict=True):
        one.store.all[new] = one.store.all.pop(old)
    with_chunk(one, contentBlob=names[0], metadataBlob=names[1])
    lose_tables(one)

    rebuild(one)

    assert (one.chunk().status, one.chunk().content_blob) == (ChunkStatus.DELETED, names[0])


def metadata_of(chunk: Chunk) -> str:
    assert chunk.metadata_blob
    return chunk.metadata_blob


def test_a_document_id_that_is_no_key_of_a_row_is_refused_whatever_its_blobs_are_called(one: Cloud) -> None:
    name = f"{one.recording().folder}/0000-a#b"
    with_chunk(one, documentId="a#b", contentBlob=f"{name}.wav", metadataBlob=f"{name}.metadata.json")
    lose_tables(one)

    assert outcomes(one) == {Outcome.UNREADABLE: 1}


@pytest.mark.parametrize("content", [b"", b"not json", b"[]", b"7", b"\xff", b"[" * 200_000])
def test_what_is_no_manifest_is_unreadable_and_the_others_come_back(both: Cloud, content: bytes) -> None:
    both.store.overwrite(manifest_name(both), content)
    lose_tables(both)

    assert outcomes(both) == {Outcome.UNREADABLE: 1, Outcome.REBUILT: 1}


@pytest.mark.parametrize("archived", [manifest_name, lambda cloud: cloud.chunk().metadata_blob])
def test_what_is_archived_is_unreadable_until_it_is_rehydrated(one: Cloud, archived: Callable[[Cloud], str]) -> None:
    before = documents(one)
    name = archived(one)
    one.store.archive(name)
    lose_tables(one)
    assert (outcomes(one), one.catalog.rows) == ({Outcome.UNREADABLE: 1}, {})

    one.store.all[name].archived = False

    assert outcomes(one) == {Outcome.REBUILT: 1}
    assert documents(one) == before


def test_media_that_are_archived_are_proven_by_the_digest_beside_them(one: Cloud) -> None:
    before = documents(one)
    one.store.archive(one.chunk().content_blob)
    lose_tables(one)

    rebuild(one)

    assert documents(one) == before


def test_the_highest_manifest_counts_whatever_else_lies_in_the_folder(one: Cloud) -> None:
    folder, content = one.recording().folder, one.store.blobs[manifest_name(one)]
    for name in (
        "recording.10.json",
        "recording.11/x.json",
        "recording.1.json",
        "recording.09.json",
        "recording.x.json",
    ):
        one.store.overwrite(f"{folder}/{name}", content)
    lose_tables(one)

    rebuild(one)

    assert one.recording().manifests == 10


def test_an_unforeseen_fault_of_one_recording_stops_no_other(both: Cloud) -> None:
    lose_tables(both)

    class Odd(FakeCatalog):
        def create_chunks(self, chunks: Any) -> None:
            if chunks[0].document_id == document_id(5):
                raise RuntimeError("odd")
            super().create_chunks(chunks)

    both.catalog = Odd(both.world)
    both.restart()

    assert outcomes(both) == {Outcome.UNREADABLE: 1, Outcome.REBUILT: 1}


# Outages, deaths, and others who write at the same moment.


@pytest.mark.parametrize("name", ["catalog.create_chunks", "catalog.save_recording", "store.stat", "store.read"])
def test_an_outage_of_one_recording_stops_no_other_and_the_next_call_goes_on(both: Cloud, name: str) -> None:
    before = documents(both)
    lose_tables(both)
    both.world.fail(name, Fault.ERROR_BEFORE)

    with pytest.raises(CatalogUnavailable, match="1 recordings could not be rebuilt just now"):
        rebuild(both)

    assert outcomes(both) == {Outcome.PRESENT: 1, Outcome.REBUILT: 1}
    assert documents(both) == before


def test_a_day_that_cannot_be_listed_is_an_outage(one: Cloud) -> None:
    one.world.fail("store.names", Fault.ERROR_BEFORE)

    with pytest.raises(StoreUnavailable):
        rebuild(one)


def effects_of_a_rebuild() -> list[str]:
    cloud = Cloud()
    recorded(cloud, FakeHost(cloud))
    spoil_media(cloud)
    lose_tables(cloud)
    begun = len(cloud.world.effects)
    rebuild(cloud)
    return [effect.name for effect in cloud.world.effects[begun:]]


@pytest.mark.parametrize("place", range(len(effects_of_a_rebuild())))
def test_a_rebuild_that_was_killed_anywhere_is_completed_by_the_next_and_by_the_sweep(
    place: int, caplog: pytest.LogCaptureFixture
) -> None:
    cloud = Cloud()
    host = FakeHost(cloud)
    recorded(cloud, host)
    whole = documents(cloud)
    spoil_media(cloud)
    lose_tables(cloud)
    kill_at = len(cloud.world.effects) + place + 1
    cloud.world.plan = lambda effect: Fault.CRASH_AFTER if effect.number == kill_at else None
    with pytest.raises(Crash):
        rebuild(cloud)
    cloud.restart()

    rebuild(cloud)
    host.settle()

    (after,) = documents(cloud).values()
    ((id, before),) = whole.items()
    assert after["id"] == id
    assert [chunk["status"] for chunk in after["chunks"]] == ["failed", "deleted"]
    assert (after["status"], after["failureKind"], after["tags"]) == ("failed", "conflict", before["tags"])
    assert cloud.catalog.open[id, ""].failed
    assert len(listed(cloud)) == 1
    assert {line.getMessage().split()[0] for line in caplog.records} >= {"chunk_altered", "recording_failed"}


@pytest.mark.parametrize("name", ["catalog.chunks", "catalog.link_acs_id", "catalog.create_chunks"])
def test_an_event_that_comes_at_the_same_moment_and_the_rebuild_make_one_recording(cloud: Cloud, name: str) -> None:
    host = FakeHost(cloud)
    foreign(cloud, host, 2, first=0)
    event = file_ready_event(2, recording_id=FOREIGN, server_call_id="another", call_id="its-call")
    lose_tables(cloud)

    def meanwhile() -> None:
        cloud.world.plan = lambda _: None
        host.send(cloud.services.ingest.ingest(event).messages)

    cloud.world.plan = lambda effect: meanwhile() if effect.name == name else None
    rebuild(cloud)
    host.settle()

    assert [chunk.status for chunk in cloud.chunks()] == [ChunkStatus.STORED] * 2
    assert (cloud.recording().status, cloud.recording().origin) == ("completed", Origin.EVENT)
    assert len(listed(cloud)) == 1


def test_two_rebuilds_at_once_write_each_row_once(one: Cloud) -> None:
    before = documents(one)
    lose_tables(one)

    def meanwhile() -> None:
        one.world.plan = lambda _: None
        rebuild(one)

    one.world.plan = lambda effect: meanwhile() if effect.name == "catalog.create_chunks" else None

    assert outcomes(one) == {Outcome.PRESENT: 1}
    assert documents(one) == before


def test_a_recording_whose_acs_id_leads_to_another_row_by_now_names_that(one: Cloud) -> None:
    recording = one.recording()
    lose_tables(one)
    one.catalog.link_acs_id(recording.recording_id or "", "another")

    rebuild(one)

    assert one.recording().same_as == "another"


def test_a_long_day_is_rebuilt_in_parts(both: Cloud) -> None:
    before = documents(both)
    lose_tables(both)
    both.world.at_piece = lambda: both.world.advance(REBUILDING_MAX)

    first = rebuild(both)
    second = rebuild(both, first.cursor)

    assert (first.counts, second.counts) == ({Outcome.REBUILT: 1}, {Outcome.REBUILT: 1})
    assert (first.cursor, second.cursor) == (min(before), None)
    assert documents(both) == before


def test_the_route_says_what_became_of_the_recordings(both: Cloud) -> None:
    lose_tables(both)

    status, said, _ = App(both).http("rebuild_recordings", params={"day": "2026-11-22"})

    assert (status, said) == (200, {"rebuilt": 2, "present": 0, "unreadable": 0, "continuation": None})


def test_the_continuation_of_a_day_is_of_no_other_day_and_no_other_route(both: Cloud) -> None:
    app = App(both)
    lose_tables(both)
    both.world.at_piece = lambda: both.world.advance(REBUILDING_MAX)
    app = App(both)
    _, said, _ = app.http("rebuild_recordings", params={"day": "2026-11-22"})
    asked = {"day": "2026-11-22", "continuation": said["continuation"]}

    assert app.http("rebuild_recordings", params=asked | {"day": "2026-11-23"})[0] == 400
    assert app.http("check_consistency", params=asked)[0] == 400
    assert app.http("rebuild_recordings", params=asked)[1]["rebuilt"] == 1


def test_a_key_of_a_recording_that_was_rebuilt_starts_nothing_and_says_why(one: Cloud) -> None:
    lose_tables(one)
    rebuild(one)
    started = len(one.acs.recordings)

    with pytest.raises(KeyReused, match="lost row was rebuilt"):
        one.services.starts.start(a_start_request(tags={"case": "42"}, channelAffinity=PINNED), "key")

    assert len(one.acs.recordings) == started


def test_messages_of_a_rebuild_are_none(one: Cloud) -> None:
    """What it writes is finished, or failed: the queues stay as they are."""
    lose_tables(one)
    rebuild(one)

    assert one.services.sweep.sweep() == Messages()
