"""Transfers that do not work out: written down with the next try, up to the deadline."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from shared.domain.durations import ATTEMPT_SECONDS_MAX, SILENCE_RETENTIONS
from shared.domain.statuses import ChunkStatus, FailureKind, FilesStatus, RecordingStatus
from shared.pipeline.transfer import METADATA_BYTES_MAX
from tests.builders import OUR_ID, document_id, file_ready_event, keep_at_acs, media, metadata
from tests.fakes import BEGINNING, Cloud, Effect, FakeBlob, FakeSource, Fault, World
from tests.fakes.acs import PIECE_BYTES, FakeRange
from tests.unit.steps import announce, failed, transfer, warnings

MINUTE = timedelta(minutes=1)
DAY = timedelta(hours=24)
SILENCE = DAY * SILENCE_RETENTIONS


@pytest.mark.parametrize("fault", [Fault.EMPTY, Fault.HTML, Fault.TRUNCATED, Fault.MISSING, Fault.ERROR_BEFORE])
def test_a_failure_is_written_on_the_row_with_the_next_try(ready: Cloud, fault: Fault) -> None:
    ready.world.fail("source.open", fault, times=2)

    chunk = failed(ready)

    assert (chunk.status, chunk.attempts, chunk.claimed_until) == (ChunkStatus.PENDING, 1, None)
    assert chunk.due_at == BEGINNING + MINUTE
    assert "The next try is planned" in str(chunk.failure)


def test_the_open_work_index_hints_at_the_next_try(ready: Cloud) -> None:
    ready.world.fail("source.open", Fault.MISSING, times=2)

    chunk = failed(ready)

    assert ready.catalog.open[chunk.id, chunk.document_id].due_at == chunk.due_at


def test_waits_double_up_to_the_longest(ready: Cloud) -> None:
    ready.world.fail("source.open", Fault.MISSING, times=14)
    waits = []

    for _ in range(7):
        due = failed(ready).due_at
        assert due
        waits.append((due - ready.world.now) / MINUTE)
        ready.world.now = due

    assert waits == [1, 2, 4, 8, 15, 15, 15]


def test_media_do_not_wait_for_metadata(ready: Cloud) -> None:
    ready.world.fail("source.open", Fault.MISSING)

    chunk = failed(ready)

    assert (chunk.status, chunk.bytes) == (ChunkStatus.PENDING, 1000)
    assert list(ready.store.blobs) == [chunk.content_blob]


def test_media_do_not_wait_for_metadata_of_another_content(ready: Cloud) -> None:
    ready.store.overwrite(str(ready.chunk().metadata_blob), b"{}")

    chunk = failed(ready)

    assert (chunk.status, chunk.bytes) == (ChunkStatus.FAILED, 1000)
    assert "other metadata" in str(chunk.failure)


def test_what_was_proven_before_a_failure_is_not_fetched_again(ready: Cloud) -> None:
    ready.world.fail("source.open", Fault.MISSING)
    failed(ready)
    ready.world.advance(MINUTE)
    sent = ready.source.bytes_sent

    transfer(ready)

    assert ready.source.bytes_sent - sent == len(metadata(0))
    assert ready.chunk().status is ChunkStatus.STORED


def test_metadata_that_are_there_already_are_recognised(ready: Cloud) -> None:
    ready.store.overwrite(str(ready.chunk().metadata_blob), metadata(0))

    transfer(ready)

    assert ready.chunk().status is ChunkStatus.STORED


def test_metadata_that_were_there_and_are_gone_are_written_anew(ready: Cloud) -> None:
    name = str(ready.chunk().metadata_blob)
    ready.store.overwrite(name, metadata(0))

    def plan(effect: Effect) -> None:
        if effect.name == "store.stat":
            ready.store.lose(name)

    ready.world.plan = plan

    assert "written anew" in str(failed(ready).failure)


def test_metadata_of_an_earlier_attempt_are_proven_where_nothing_can_be_written_over_them(ready: Cloud) -> None:
    ready.world.fail("store.put", Fault.ERROR_AFTER)
    failed(ready)
    ready.world.fail("store.put", Fault.ERROR_BEFORE, times=9)  # as a policy or a lease has it

    transfer(ready)

    assert ready.chunk().status is ChunkStatus.STORED


@pytest.mark.parametrize("content", [b"<html>", b"[]", metadata(7), b" " * (METADATA_BYTES_MAX + 1)])
def test_metadata_that_cannot_be_right_are_not_stored(cloud: Cloud, content: bytes) -> None:
    cloud.source.add(document_id(), media(), content)
    announce(cloud)

    chunk = failed(cloud)

    assert chunk.metadata_sha256 is None
    assert chunk.metadata_blob not in cloud.store.blobs


def test_the_end_of_the_chunk_moves_the_deadline_forward(ready: Cloud) -> None:
    transfer(ready)

    assert ready.chunk().expires_at == BEGINNING + DAY - timedelta(minutes=9, seconds=39.624260)


def test_metadata_without_an_end_leave_the_deadline(cloud: Cloud) -> None:
    cloud.source.add(document_id(), media(), metadata(0, chunkStartTime=None, chunkDuration="soon"))
    announce(cloud)

    transfer(cloud)

    assert cloud.chunk().expires_at == BEGINNING + DAY


def test_a_document_that_is_missing_after_the_deadline_has_expired(ready: Cloud) -> None:
    ready.world.advance(DAY)

    chunk = failed(ready)

    assert (chunk.status, chunk.open, chunk.due_at) == (ChunkStatus.FAILED, False, None)
    assert "ACS destroyed the chunk" in str(chunk.failure)


def test_a_recording_with_an_expired_chunk_has_failed(ready: Cloud) -> None:
    ready.world.advance(DAY)

    failed(ready)

    assert ready.recording().files is FilesStatus.FAILED
    assert (OUR_ID, document_id()) not in ready.catalog.open


def test_a_404_while_acs_may_still_have_the_chunk_may_pass(ready: Cloud) -> None:
    ready.source.documents.clear()
    ready.world.advance(DAY - MINUTE)

    assert failed(ready).status is ChunkStatus.PENDING


def test_metadata_that_tell_of_an_early_end_give_nothing_up(cloud: Cloud) -> None:
    began = (BEGINNING - timedelta(hours=40)).isoformat()
    cloud.source.add(document_id(), media(), metadata(0, chunkStartTime=began))
    announce(cloud)
    cloud.world.plan = lambda e: Fault.ERROR_BEFORE if e.name == "source.open" and e.count == 2 else None
    assert failed(cloud).status is ChunkStatus.PENDING
    assert cloud.chunk().expires_at < BEGINNING

    transfer(cloud)

    assert cloud.chunk().status is ChunkStatus.STORED


@pytest.mark.parametrize("fault", [Fault.MISSING, Fault.ERROR_BEFORE])
def test_an_event_of_long_ago_gives_nothing_up(cloud: Cloud, fault: Fault) -> None:
    keep_at_acs(cloud, 1)
    cloud.services.ingest.ingest(file_ready_event(1, event_time=BEGINNING - timedelta(days=300)))
    cloud.world.fail("source.open", fault, times=2)
    assert cloud.chunk().expires_at < BEGINNING

    assert failed(cloud).status is ChunkStatus.PENDING


def test_an_event_of_tomorrow_makes_no_deadline_later_but_a_404_of_little_weight(cloud: Cloud) -> None:
    cloud.services.ingest.ingest(file_ready_event(1, event_time=BEGINNING + 9 * DAY))
    assert cloud.chunk().expires_at == BEGINNING + DAY
    cloud.world.advance(SILENCE - MINUTE)
    assert failed(cloud).status is ChunkStatus.PENDING
    cloud.world.advance(MINUTE)

    assert failed(cloud).status is ChunkStatus.FAILED


def test_a_chunk_of_the_version_before_is_given_up_by_when_its_row_was_made(ready: Cloud) -> None:
    ready.catalog.save_chunk(replace(ready.chunk(), gone_by=None, heard_at=None))
    ready.world.advance(DAY)

    assert failed(ready).status is ChunkStatus.FAILED


def test_metadata_that_are_not_what_their_digest_says_are_not_proven_by_it(ready: Cloud) -> None:
    ready.world.fail("store.put", Fault.ERROR_AFTER)
    failed(ready)
    del ready.source.documents[document_id()].contents["acsmetadata"]
    ready.store.all[str(ready.chunk().metadata_blob)].content = metadata(0, callId="another")

    assert (failed(ready).status, ready.chunk().metadata_sha256) == (ChunkStatus.PENDING, None)


def test_an_outage_at_the_deadline_is_waited_for(ready: Cloud) -> None:
    ready.world.advance(SILENCE - MINUTE)
    ready.world.fail("source.open", Fault.ERROR_BEFORE, times=2)

    assert failed(ready).status is ChunkStatus.PENDING


def test_an_outage_long_after_the_deadline_is_not_and_nobody_says_that_anything_was_destroyed(ready: Cloud) -> None:
    ready.world.advance(SILENCE)
    ready.world.fail("source.open", Fault.ERROR_BEFORE, times=2)

    chunk = failed(ready)

    assert (chunk.status, chunk.failure_kind) == (ChunkStatus.FAILED, FailureKind.EXPIRED)
    assert "ACS never answered with the chunk in 36 hours" in str(chunk.failure)
    assert "destroyed" not in str(chunk.failure)


def test_an_outage_of_our_own_is_not_said_to_be_acs_s(ready: Cloud) -> None:
    ready.source.documents[document_id()].expires_at = None
    ready.world.advance(SILENCE)
    ready.world.fail("store.put", Fault.ERROR_BEFORE, times=2)

    assert "In 36 hours no copy of the chunk could be made" in str(failed(ready).failure)


def test_metadata_that_acs_never_answered_with_are_not_said_to_be_destroyed(ready: Cloud) -> None:
    ready.source.documents[document_id()].expires_at = None
    ready.world.advance(SILENCE)
    ready.world.fail("source.open", Fault.ERROR_BEFORE)

    chunk = failed(ready)

    assert (chunk.status, chunk.open) == (ChunkStatus.STORED, False)
    assert "The media are safe. ACS never answered with the metadata" in str(chunk.failure)


def test_what_went_wrong_before_a_loss_is_told_with_it(ready: Cloud) -> None:
    ready.world.fail("store.put", Fault.ERROR_BEFORE, times=2)
    failed(ready)
    ready.source.documents.clear()
    ready.world.advance(DAY)

    assert "Before that: store.put failed" in str(failed(ready).failure)


def test_metadata_that_were_stored_before_acs_destroyed_them_are_proven_by_their_digest(ready: Cloud) -> None:
    ready.world.fail("store.put", Fault.ERROR_AFTER)
    failed(ready)
    del ready.source.documents[document_id()].contents["acsmetadata"]

    transfer(ready)

    assert (ready.chunk().status, ready.chunk().metadata_bytes) == (ChunkStatus.STORED, len(metadata(0)))


def test_media_are_safe_even_if_their_metadata_expired(ready: Cloud) -> None:
    ready.world.fail("source.open", Fault.MISSING)
    failed(ready)
    ready.world.advance(DAY)

    chunk = failed(ready)

    assert (chunk.status, chunk.open, chunk.delete_location) == (ChunkStatus.STORED, False, None)
    assert ready.recording().status is RecordingStatus.COMPLETED


def test_another_content_under_the_name_fails_the_chunk_and_stays(ready: Cloud) -> None:
    name = ready.chunk().content_blob
    ready.store.overwrite(name, b"somebody else's")

    chunk = failed(ready)

    assert (chunk.status, ready.store.blobs[name]) == (ChunkStatus.FAILED, b"somebody else's")


def test_a_chunk_whose_name_another_content_has_says_so_by_its_kind(ready: Cloud) -> None:
    ready.store.overwrite(ready.chunk().content_blob, b"somebody else's")

    assert failed(ready).failure_kind is FailureKind.CONFLICT


def test_a_chunk_that_expired_says_so_by_its_kind(ready: Cloud) -> None:
    ready.world.advance(DAY)

    assert failed(ready).failure_kind is FailureKind.EXPIRED


def test_lost_metadata_of_saved_media_are_told(ready: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    ready.world.fail("source.open", Fault.MISSING)
    failed(ready)
    ready.world.advance(DAY)

    failed(ready)

    assert len(warnings(caplog, "chunk_incomplete")) == 1


def test_media_that_were_proven_are_not_read_back_for_the_sake_of_their_metadata(ready: Cloud) -> None:
    ready.world.fail("source.open", Fault.MISSING)
    failed(ready)

    transfer(ready)

    assert ready.chunk().status is ChunkStatus.STORED
    assert ready.world.counts["store.read"] == 0


def test_metadata_that_were_proven_are_not_read_back_for_the_sake_of_the_media(ready: Cloud) -> None:
    ready.world.plan = lambda e: Fault.ERROR_BEFORE if e.name == "source.open" and e.count == 2 else None
    failed(ready)

    transfer(ready)

    assert ready.chunk().status is ChunkStatus.STORED
    assert ready.world.counts["store.read"] == 0


def test_a_second_read_that_differs_fails_the_chunk() -> None:
    cloud = Cloud(VERIFY_SOURCE="double-read")
    keep_at_acs(cloud, 1)
    announce(cloud)
    cloud.world.plan = lambda e: Fault.FLIPPED if e.name == "source.open" and e.count == 2 else None

    chunk = failed(cloud)

    assert (chunk.status, document_id() in cloud.source.documents) == (ChunkStatus.FAILED, True)
    assert "Two reads" in str(chunk.failure)


def test_a_second_read_that_agrees_stores_the_chunk() -> None:
    cloud = Cloud(VERIFY_SOURCE="double-read")
    keep_at_acs(cloud, 1)
    announce(cloud)

    transfer(cloud)

    assert cloud.chunk().status is ChunkStatus.STORED


def test_blocks_of_others_are_told_at_once_and_once_and_the_copy_goes_on_when_they_are_gone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cloud = Cloud(TRANSFER_BLOCK_BYTES="300")
    keep_at_acs(cloud, 1)
    announce(cloud)
    name = cloud.chunk().content_blob
    cloud.store.all[name] = FakeBlob(staged={"somebody else's": b"x"})
    for _ in range(3):
        assert failed(cloud).status is ChunkStatus.PENDING
    (line,) = warnings(caplog, "chunk_at_risk")
    assert "Whoever wrote them must remove them" in line
    cloud.store.lose(name)

    transfer(cloud)

    assert (cloud.chunk().status, cloud.chunk().failure) == (ChunkStatus.STORED, None)


def test_blocks_of_others_under_the_name_of_the_metadata_are_told_too(
    ready: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    ready.store.all[str(ready.chunk().metadata_blob)] = FakeBlob(staged={"somebody else's": b"x"})

    assert (failed(ready).status, ready.chunk().bytes) == (ChunkStatus.PENDING, 1000)
    assert len(warnings(caplog, "chunk_at_risk")) == 1


def test_blocks_of_others_that_nobody_removed_are_told_with_the_loss() -> None:
    cloud = Cloud(TRANSFER_BLOCK_BYTES="300")
    keep_at_acs(cloud, 1)
    announce(cloud)
    cloud.store.all[cloud.chunk().content_blob] = FakeBlob(staged={"somebody else's": b"x"})
    failed(cloud)
    cloud.world.advance(DAY)

    assert "Before that: Blocks that this app did not write" in str(failed(cloud).failure)


def test_a_source_of_kilobytes_a_second_is_copied_block_by_block_in_attempts_of_bounded_time() -> None:
    cloud = Cloud(TRANSFER_BLOCK_BYTES=str(3 * PIECE_BYTES))
    each = timedelta(minutes=6)
    cloud.source = cloud.services.source = SlowSource(cloud.world, each)
    keep_at_acs(cloud, 1, size=10 * PIECE_BYTES)
    announce(cloud)
    lasted: list[timedelta] = []

    while cloud.chunk().status is ChunkStatus.PENDING:
        began = cloud.world.now
        transfer(cloud)
        lasted.append(cloud.world.now - began)

    assert cloud.store.blobs[cloud.chunk().content_blob] == media(size=10 * PIECE_BYTES)
    assert len(lasted) <= 4  # blocks; each attempt gets at least one further
    assert max(lasted) < timedelta(seconds=ATTEMPT_SECONDS_MAX) + each


class SlowSource(FakeSource):
    """Takes so long for each piece of the media."""

    def __init__(self, world: World, each: timedelta) -> None:
        super().__init__(world)
        self.each = each

    def answer(self, url: str, offset: int, length: int, fault: Fault | None) -> FakeRange:
        answer = super().answer(url, offset, length, fault)
        return answer if "acsmetadata" in url else SlowRange(answer, self.world, self.each)


class SlowRange(FakeRange):
    """The pieces of an answer, each of which takes its time."""

    def __init__(self, answer: FakeRange, world: World, each: timedelta) -> None:
        super().__init__(answer.total, answer.length, answer.content)
        self.world = world
        self.each = each

    def receive_into(self, target: memoryview) -> int:
        self.world.advance(self.each)
        return super().receive_into(target)
