"""From pending to stored: claims, proof, and failures that are written down instead of raised."""

import hashlib
from datetime import timedelta

import pytest
from msgspec.structs import replace

from shared.domain.models import ChunkRef, Messages
from shared.domain.statuses import ChunkStatus, FilesStatus, RecordingStatus
from tests.builders import (
    CALL_ID,
    OUR_ID,
    announced_chunk,
    document_id,
    file_ready_event,
    keep_at_acs,
    media,
    metadata,
)
from tests.fakes import BEGINNING, Cloud, Effect, Fault, Plan
from tests.unit.steps import announce, transfer, warnings

MINUTE = timedelta(minutes=1)


def test_media_and_metadata_are_stored_byte_for_byte(ready: Cloud) -> None:
    transfer(ready)

    chunk = ready.chunk()
    assert ready.store.blobs == {chunk.content_blob: media(size=1000), chunk.metadata_blob: metadata(0)}


def test_the_row_says_stored_and_carries_the_proof(ready: Cloud) -> None:
    transfer(ready)

    chunk = ready.chunk()
    assert (chunk.status, chunk.bytes, chunk.stored_at) == (ChunkStatus.STORED, 1000, BEGINNING)
    assert chunk.sha256 == hashlib.sha256(media(size=1000)).hexdigest()
    assert chunk.metadata_sha256 == hashlib.sha256(metadata(0)).hexdigest()


def test_a_stored_chunk_of_ours_goes_on_to_its_deletion(ready: Cloud) -> None:
    assert transfer(ready) == Messages(deletions=(ready.chunk().ref,))


def test_blobs_say_whose_they_are(ready: Cloud) -> None:
    transfer(ready)

    headers = ready.store.all[ready.chunk().content_blob].headers
    assert headers.content_type == "audio/wav"
    assert {"id": OUR_ID, "index": "0", "documentId": document_id()}.items() <= headers.metadata.items()


def test_a_redelivered_transfer_does_not_copy_twice(ready: Cloud) -> None:
    transfer(ready)
    sent = ready.source.bytes_sent

    transfer(ready)

    assert ready.source.bytes_sent == sent


def test_a_message_for_a_chunk_that_nobody_knows_is_stale(cloud: Cloud) -> None:
    assert cloud.services.transfer.transfer(ChunkRef("nobody", "nothing")) == Messages()


def test_a_chunk_that_somebody_works_on_is_left_alone(ready: Cloud) -> None:
    chunk = ready.chunk()
    ready.catalog.save_chunk(replace(chunk, claimed_until=BEGINNING + MINUTE))

    transfer(ready)

    assert ready.store.blobs == {}


def test_a_claim_that_ran_out_is_taken_over(ready: Cloud) -> None:
    chunk = ready.chunk()
    ready.catalog.save_chunk(replace(chunk, claimed_until=BEGINNING))

    transfer(ready)

    assert ready.chunk().status is ChunkStatus.STORED


def test_of_two_workers_one_takes_the_chunk(ready: Cloud) -> None:
    ready.catalog.save_chunk(ready.chunk())
    ready.world.fail("catalog.chunk", Fault.STALE)

    transfer(ready)

    assert (ready.chunk().attempts, ready.store.blobs) == (0, {})


def test_an_attempt_that_runs_out_of_time_hands_the_chunk_on() -> None:
    cloud = Cloud(TRANSFER_BLOCK_BYTES="100")
    keep_at_acs(cloud, 1)
    announce(cloud)
    ref = cloud.chunk().ref
    cloud.world.plan = slow_writes(cloud, timedelta(minutes=8))

    messages = cloud.services.transfer.transfer(ref)

    assert messages == Messages(transfers=(ref,))
    assert (cloud.chunk().status, cloud.chunk().claimed_until) == (ChunkStatus.PENDING, None)
    assert cloud.store.stat(cloud.chunk().content_blob).staged


def slow_writes(cloud: Cloud, each: timedelta) -> Plan:
    """Every block takes that long."""

    def plan(effect: Effect) -> None:
        if effect.name == "store.stage":
            cloud.world.advance(each)

    return plan


def test_a_claim_is_renewed_while_the_work_goes_on() -> None:
    cloud = Cloud(TRANSFER_BLOCK_BYTES="100")
    keep_at_acs(cloud, 1)
    announce(cloud)
    cloud.world.plan = slow_writes(cloud, timedelta(seconds=110))
    before = cloud.world.counts["catalog.save_chunk"]

    transfer(cloud)

    assert cloud.chunk().status is ChunkStatus.STORED
    assert cloud.world.counts["catalog.save_chunk"] - before > len(("claim", "metadata", "media", "stored"))


def test_a_worker_that_lost_its_chunk_stops(ready: Cloud) -> None:
    """Somebody else writes the row while the media are being copied."""

    def plan(effect: Effect) -> None:
        if effect.name == "store.put" and effect.count == 2:
            ready.catalog.written((ready.chunk().id, ready.chunk().document_id), ready.chunk())

    ready.world.plan = plan

    assert transfer(ready) == Messages()
    assert ready.chunk().status is ChunkStatus.PENDING


def test_a_chunk_that_is_not_ours_is_finished_when_it_is_stored(cloud: Cloud) -> None:
    keep_at_acs(cloud, 1)
    cloud.services.ingest.ingest(file_ready_event(1))

    messages = transfer(cloud)

    assert (messages, cloud.recording().status) == (Messages(), RecordingStatus.COMPLETED)
    assert document_id() in cloud.source.documents


def test_a_chunk_that_has_no_metadata_is_stored(ready: Cloud) -> None:
    ready.catalog.save_chunk(replace(ready.chunk(), metadata_location=None, metadata_blob=None))

    transfer(ready)

    assert ready.chunk().status is ChunkStatus.STORED


def test_a_redelivered_transfer_completes_what_a_crash_left(ready: Cloud) -> None:
    """The chunk was finished, and its recording was not looked at."""
    ready.catalog.save_chunk(replace(ready.chunk(), status=ChunkStatus.STORED, open=False, due_at=None))

    assert transfer(ready) == Messages()

    assert ready.recording().files is FilesStatus.COMPLETED
    assert (OUR_ID, document_id()) not in ready.catalog.open


def test_what_may_not_be_deleted_is_sent_to_no_deletion(ready: Cloud) -> None:
    ready.catalog.save_chunk(replace(ready.chunk(), managed=False))

    assert transfer(ready) == Messages()
    assert (ready.chunk().open, ready.recording().files) == (False, FilesStatus.COMPLETED)


@pytest.mark.parametrize("named", [CALL_ID, CALL_ID.upper(), None, 7])
def test_metadata_that_do_not_contradict_the_event_s_call_let_the_original_be_deleted(
    cloud: Cloud, caplog: pytest.LogCaptureFixture, named: object
) -> None:
    announce(cloud)
    cloud.source.add(document_id(0), media(), metadata(0, callId=named))

    assert transfer(cloud).deletions == (cloud.chunk().ref,)
    assert warnings(caplog, "chunk_incomplete") == []


def test_a_document_whose_metadata_name_another_call_is_stored_told_and_not_deleted(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    """S11. Somebody else's, which an event names under a recording of ours."""
    announce(cloud)
    cloud.source.add(document_id(0), media(), metadata(0, callId="a-call-of-others"))

    messages = transfer(cloud)
    cloud.services.deletion.delete(cloud.chunk().ref)

    assert (messages, list(cloud.source.documents)) == (Messages(), [document_id(0)])
    assert (cloud.chunk().status, cloud.recording().files) == (ChunkStatus.STORED, FilesStatus.COMPLETED)
    assert "another call" in str(cloud.chunk().failure)
    assert len(warnings(caplog, "chunk_incomplete")) == 1
    assert "a-call-of-others" not in caplog.text


def test_a_later_event_cannot_name_the_call_of_the_document_that_it_wants_deleted(cloud: Cloud) -> None:
    announce(cloud)
    cloud.source.add(document_id(1), media(), metadata(1, callId="a-call-of-others"))
    cloud.services.ingest.ingest(file_ready_event([announced_chunk(1)], call_id="a-call-of-others"))

    messages = cloud.services.transfer.transfer(cloud.chunk(1).ref)

    assert (messages, cloud.chunk(1).status) == (Messages(), ChunkStatus.STORED)


def test_an_event_whose_call_is_named_at_length_fills_no_batch_of_rows(cloud: Cloud) -> None:
    cloud.services.ingest.ingest(file_ready_event(2, call_id="c" * 10_000))

    assert [len(str(chunk.call_id)) for chunk in cloud.chunks()] == [200, 200]
