"""From stored to deleted: only after the copy is verified again, and never instead of it."""

from copy import copy
from datetime import timedelta

import pytest
from msgspec.structs import replace

from shared.domain.acs_urls import Locations
from shared.domain.durations import SILENCE_RETENTIONS
from shared.domain.models import Chunk, ChunkRef, Messages
from shared.domain.statuses import ChunkStatus, RecordingStatus
from tests.builders import OUR_ID, RECORDING_ID, a_recording, document_id, file_ready_event, keep_at_acs, media
from tests.fakes import BEGINNING, Cloud, FakeHost, Fault
from tests.unit.steps import warnings

MINUTE = timedelta(minutes=1)
SILENCE = timedelta(hours=24) * SILENCE_RETENTIONS


def stored_cloud(**settings: str) -> Cloud:
    """A chunk of a recording of ours is stored; nothing is deleted yet."""
    cloud = Cloud(**settings)
    keep_at_acs(cloud, 1)
    cloud.catalog.save_recording(a_recording())
    cloud.catalog.link_acs_id(RECORDING_ID, OUR_ID)
    (ref,) = cloud.services.ingest.ingest(file_ready_event(1)).messages.transfers
    cloud.services.transfer.transfer(ref)
    return cloud


@pytest.fixture
def stored() -> Cloud:
    return stored_cloud()


@pytest.fixture
def in_blocks() -> Cloud:
    return stored_cloud(TRANSFER_BLOCK_BYTES="300")


def delete(cloud: Cloud) -> Messages:
    return cloud.services.deletion.delete(cloud.chunk().ref)


def change(cloud: Cloud, **fields: object) -> Chunk:
    return cloud.catalog.save_chunk(replace(cloud.chunk(), **fields))


def at_acs(cloud: Cloud) -> bool:
    return document_id() in cloud.source.documents


def test_a_copy_that_nobody_touched_is_not_read_a_second_time(in_blocks: Cloud) -> None:
    """It may have gigabytes; its version, length and blocks say that it is what was proven."""
    in_blocks.world.effects.clear()

    delete(in_blocks)

    assert not at_acs(in_blocks)
    assert "store.read" not in {effect.name for effect in in_blocks.world.effects}


def test_the_original_is_deleted_and_the_row_says_so(stored: Cloud) -> None:
    delete(stored)

    chunk = stored.chunk()
    assert not at_acs(stored)
    assert (chunk.status, chunk.deleted_at, chunk.open, chunk.due_at) == (ChunkStatus.DELETED, BEGINNING, False, None)


def test_the_last_deletion_completes_the_recording(stored: Cloud) -> None:
    delete(stored)

    assert stored.recording().status is RecordingStatus.COMPLETED
    assert stored.catalog.open == {}


def test_what_is_gone_at_acs_already_is_deleted(stored: Cloud) -> None:
    stored.source.documents.clear()

    delete(stored)

    assert stored.chunk().status is ChunkStatus.DELETED


def test_a_redelivered_deletion_completes_what_a_crash_left(stored: Cloud) -> None:
    change(stored, status=ChunkStatus.DELETED, open=False, due_at=None)

    delete(stored)

    assert stored.recording().status is RecordingStatus.COMPLETED


def test_a_chunk_that_is_not_stored_is_not_deleted(stored: Cloud) -> None:
    change(stored, status=ChunkStatus.PENDING)

    assert delete(stored) == Messages()
    assert at_acs(stored)


def test_a_message_for_a_chunk_that_nobody_knows_is_stale(cloud: Cloud) -> None:
    assert cloud.services.deletion.delete(ChunkRef("nobody", "nothing")) == Messages()


@pytest.mark.parametrize("which", ["content_blob", "metadata_blob"])
def test_a_chunk_whose_copy_is_gone_is_copied_again(stored: Cloud, which: str) -> None:
    stored.store.lose(getattr(stored.chunk(), which))

    messages = delete(stored)

    assert messages == Messages(transfers=(stored.chunk().ref,))
    assert (stored.chunk().status, stored.chunk().sha256, at_acs(stored)) == (ChunkStatus.PENDING, None, True)


def test_a_copy_that_is_gone_is_told(stored: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    stored.store.lose(stored.chunk().content_blob)

    delete(stored)

    assert len(warnings(caplog, "chunk_altered")) == 1


def test_a_copy_that_was_lost_is_there_again_in_the_end(stored: Cloud) -> None:
    name = stored.chunk().content_blob
    stored.store.lose(name)
    host = FakeHost(stored)

    host.send(delete(stored))
    host.settle()

    assert stored.store.blobs[name] == media(size=1000)
    assert stored.recording().status is RecordingStatus.COMPLETED


@pytest.mark.parametrize("which", ["content_blob", "metadata_blob"])
@pytest.mark.parametrize("content", [b"", b"something else", media(size=1000, seed=1)])
def test_a_chunk_whose_blob_was_altered_is_not_deleted(stored: Cloud, which: str, content: bytes) -> None:
    stored.store.overwrite(getattr(stored.chunk(), which), content)

    delete(stored)

    assert (stored.chunk().status, at_acs(stored)) == (ChunkStatus.FAILED, True)
    assert "Keep both" in str(stored.chunk().failure)


@pytest.mark.parametrize("which", ["content_blob", "metadata_blob"])
def test_a_tag_renews_the_etag_and_the_bytes_are_read_again(stored: Cloud, which: str) -> None:
    stored.store.retag(getattr(stored.chunk(), which))

    delete(stored)

    assert not at_acs(stored)
    assert stored.chunk().content_etag == stored.store.stat(stored.chunk().content_blob).etag


@pytest.mark.parametrize("which", ["bytes", "metadata_bytes"])
def test_a_row_that_proves_another_length_deletes_nothing(stored: Cloud, which: str) -> None:
    change(stored, **{which: 999})

    delete(stored)

    assert (stored.chunk().status, at_acs(stored)) == (ChunkStatus.FAILED, True)


@pytest.mark.parametrize("missing", ["sha256", "metadata_sha256", "metadata_blob"])
def test_a_row_without_proof_deletes_nothing(stored: Cloud, missing: str) -> None:
    change(stored, **{missing: None})

    delete(stored)

    assert (stored.chunk().status, at_acs(stored)) == (ChunkStatus.FAILED, True)


def test_by_policy_nothing_is_deleted_and_the_recording_completes() -> None:
    cloud = stored_cloud(DELETE_FROM_ACS="never")

    delete(cloud)

    assert (cloud.chunk().status, at_acs(cloud)) == (ChunkStatus.STORED, True)
    assert cloud.recording().status is RecordingStatus.COMPLETED


@pytest.mark.parametrize("fields", [{"managed": False}, {"delete_location": None}])
def test_what_is_not_ours_to_delete_is_finished_at_stored(stored: Cloud, fields: dict[str, object]) -> None:
    change(stored, **fields)

    delete(stored)

    assert (stored.chunk().status, at_acs(stored)) == (ChunkStatus.STORED, True)
    assert stored.recording().status is RecordingStatus.COMPLETED


@pytest.mark.parametrize("effect", ["source.delete", "store.head"])
def test_a_failure_is_written_down_with_the_next_try(stored: Cloud, effect: str) -> None:
    stored.world.fail(effect, Fault.ERROR_BEFORE)

    delete(stored)

    chunk = stored.chunk()
    assert (chunk.status, chunk.due_at, chunk.attempts) == (ChunkStatus.STORED, BEGINNING + MINUTE, 2)
    assert stored.catalog.open[OUR_ID, document_id()].due_at == chunk.due_at


def test_a_deletion_whose_answer_was_lost_is_repeated(stored: Cloud) -> None:
    stored.world.fail("source.delete", Fault.ERROR_AFTER)

    delete(stored)
    delete(stored)

    assert stored.chunk().status is ChunkStatus.DELETED


def test_a_deletion_that_fails_is_tried_again_however_early_the_original_might_have_expired(stored: Cloud) -> None:
    stored.world.now = change(stored, expires_at=BEGINNING - timedelta(hours=20)).expires_at + SILENCE
    stored.world.fail("source.delete", Fault.ERROR_BEFORE)

    delete(stored)

    assert (stored.chunk().status, stored.chunk().open) == (ChunkStatus.STORED, True)


def test_long_after_the_deadline_a_failed_deletion_is_acs_s_own_business(stored: Cloud) -> None:
    stored.world.now = stored.chunk().created_at + SILENCE
    stored.world.fail("source.delete", Fault.ERROR_BEFORE)

    delete(stored)

    assert (stored.chunk().status, stored.chunk().open) == (ChunkStatus.STORED, False)
    assert "failed before it took effect" in str(stored.chunk().failure)
    assert stored.recording().status is RecordingStatus.COMPLETED


def test_a_place_that_does_not_answer_keeps_the_original_at_no_other(stored: Cloud) -> None:
    there = Locations(content="", delete=f"https://other.asm.skype.com/v1/objects/{document_id()}")
    change(stored, other_locations=(there,))
    stored.world.fail("source.delete", Fault.ERROR_BEFORE)

    delete(stored)

    assert not at_acs(stored)
    assert (stored.chunk().status, stored.chunk().open) == (ChunkStatus.STORED, True)


def test_the_original_is_deleted_at_every_place_where_it_was_announced(stored: Cloud) -> None:
    there = Locations(content="", delete=f"https://other.asm.skype.com/v1/objects/{document_id()}")
    change(stored, other_locations=(there,))
    stored.source.documents[document_id()].hosts = frozenset({"other.asm.skype.com"})

    delete(stored)

    assert stored.chunk().status is ChunkStatus.DELETED
    assert not at_acs(stored)


def test_of_two_workers_only_one_writes(stored: Cloud) -> None:
    change(stored, attempts=1)
    stored.world.fail("catalog.chunk", Fault.STALE)

    assert delete(stored) == Messages()
    assert stored.chunk().status is ChunkStatus.STORED


@pytest.mark.parametrize("which", ["content_blob", "metadata_blob"])
def test_a_replay_vouches_for_nothing_that_is_still_altered(stored: Cloud, which: str) -> None:
    stored.store.overwrite(getattr(stored.chunk(), which), b"something else")
    delete(stored)

    (ref,) = stored.services.replay.recording(OUR_ID).messages.transfers
    assert (stored.chunk().sha256, stored.chunk().metadata_sha256) == (None, None)
    stored.services.transfer.transfer(ref)

    assert (stored.chunk().status, at_acs(stored)) == (ChunkStatus.FAILED, True)


def test_a_replay_proves_anew_what_was_put_right_although_acs_has_it_no_more(stored: Cloud) -> None:
    name = stored.chunk().content_blob
    right = copy(stored.store.all[name])
    stored.store.overwrite(name, b"something else")
    delete(stored)
    stored.source.documents.clear()
    stored.store.all[name] = right
    host = FakeHost(stored)

    host.send(stored.services.replay.recording(OUR_ID).messages)
    host.settle()

    assert stored.chunk().status is ChunkStatus.DELETED
    assert stored.recording().status is RecordingStatus.COMPLETED
