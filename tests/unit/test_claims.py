"""A worker's hold on a chunk, what a chunk waits for when its worker or its message is gone, and the back-off."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from shared.domain.derived_fields import bytes_done
from shared.domain.errors import CatalogConflict
from shared.domain.models import Chunk, Messages
from shared.domain.statuses import ChunkStatus
from shared.pipeline.claims import Claim
from shared.pipeline.retries import RetryPolicy
from shared.settings import TRANSFER_QUEUE
from tests.builders import CONTAINER, a_chunk, document_id, file_ready_event, keep_at_acs, media, metadata
from tests.fakes import BEGINNING, Cloud, Crash, Effect, FakeHost, Fault
from tests.unit.steps import announce, transfer

LASTS = timedelta(minutes=10)
RENEWED_AFTER = timedelta(seconds=60)
CLAIM = timedelta(minutes=5)  # the default
PATIENCE = timedelta(minutes=15)  # with a message that was sent: three claims
MINUTE = timedelta(minutes=1)
HALF_A_SECOND = timedelta(seconds=0.5)
RETRIES = RetryPolicy(
    claim=LASTS,
    message_patience=3 * LASTS,
    first=HALF_A_SECOND,
    longest=timedelta(hours=1),
    retention=timedelta(hours=24),
)


def claimed(cloud: Cloud, lasts: timedelta = LASTS) -> Claim:
    chunk = a_chunk()
    return Claim.take(
        cloud.services.open_work,
        cloud.world.clock,
        lasts,
        cloud.catalog.written((chunk.id, chunk.document_id), chunk),
    )


def entry_due(cloud: Cloud) -> datetime:
    return cloud.catalog.open[cloud.chunk().id, cloud.chunk().document_id].due_at


def written_by_somebody_else(cloud: Cloud) -> Chunk:
    chunk = cloud.chunk()
    return cloud.catalog.written((chunk.id, chunk.document_id), replace(chunk, attempts=7))


def test_a_claim_counts_an_attempt_and_holds_the_chunk(cloud: Cloud) -> None:
    claimed(cloud)

    until = BEGINNING + LASTS
    assert (cloud.chunk().attempts, cloud.chunk().claimed_until, cloud.chunk().due_at) == (1, until, until)


def test_taking_a_claim_has_the_chunk_checked_when_it_ends(cloud: Cloud) -> None:
    claimed(cloud)

    assert entry_due(cloud) == BEGINNING + LASTS
    assert [effect.name for effect in cloud.world.effects] == ["catalog.put_entries", "catalog.save_chunk"]


def test_renewing_a_claim_writes_no_entry(cloud: Cloud) -> None:
    claim = claimed(cloud)
    cloud.world.advance(LASTS / 2)
    cloud.world.effects.clear()

    claim.renew()

    assert [effect.name for effect in cloud.world.effects] == ["catalog.save_chunk"]
    assert entry_due(cloud) == BEGINNING + LASTS


@pytest.mark.parametrize(
    ("lasts", "after"),
    [
        (timedelta(hours=2), RENEWED_AFTER),
        (CLAIM, RENEWED_AFTER),
        (timedelta(seconds=100), timedelta(seconds=20)),
        (timedelta(seconds=1), timedelta(seconds=0.2)),
    ],
)
def test_a_claim_is_renewed_after_a_minute_or_a_fifth_of_it(cloud: Cloud, lasts: timedelta, after: timedelta) -> None:
    claim = claimed(cloud, lasts)
    for wait in (after - timedelta(milliseconds=1), timedelta(milliseconds=1)):
        untouched = cloud.chunk().claimed_until
        cloud.world.advance(wait)
        claim.renew()

    assert untouched == BEGINNING + lasts
    assert (cloud.chunk().claimed_until, cloud.chunk().due_at) == (BEGINNING + after + lasts,) * 2


def test_what_is_written_on_the_row_renews_the_claim(cloud: Cloud) -> None:
    claim = claimed(cloud)
    cloud.world.advance(RENEWED_AFTER / 2)
    claim.write(bytes=1)
    cloud.world.advance(RENEWED_AFTER / 2)
    cloud.world.effects.clear()

    claim.renew()

    assert (cloud.world.effects, cloud.chunk().claimed_until) == ([], BEGINNING + RENEWED_AFTER / 2 + LASTS)


def test_progress_is_written_by_the_next_renewal_and_by_no_write_of_its_own(cloud: Cloud) -> None:
    claim = claimed(cloud)
    cloud.world.effects.clear()

    for done in range(1000, 4000, 1000):
        claim.progress(done)
    unwritten = (cloud.world.effects[:], cloud.chunk().bytes_done)
    cloud.world.advance(RENEWED_AFTER)
    claim.renew()

    assert unwritten == ([], 0)
    assert ([effect.name for effect in cloud.world.effects], cloud.chunk().bytes_done) == (["catalog.save_chunk"], 3000)


def test_whoever_lost_a_chunk_is_told_when_it_renews_its_claim(cloud: Cloud) -> None:
    claim = claimed(cloud)
    other = written_by_somebody_else(cloud)
    cloud.world.advance(LASTS)

    with pytest.raises(CatalogConflict):
        claim.renew()

    assert cloud.chunk() == other


def test_whoever_lost_a_chunk_writes_no_facts_on_its_row(cloud: Cloud) -> None:
    claim = claimed(cloud)
    other = written_by_somebody_else(cloud)

    with pytest.raises(CatalogConflict):
        claim.write(bytes=1)

    assert cloud.chunk() == other


def test_what_is_proven_in_a_moment_goes_with_the_next_write(cloud: Cloud) -> None:
    claim = claimed(cloud)
    cloud.world.effects.clear()

    claim.record(metadata_bytes=7)
    assert (cloud.world.effects, claim.chunk.metadata_bytes) == ([], 7)

    claim.write(bytes=9)
    assert (cloud.chunk().metadata_bytes, cloud.chunk().bytes) == (7, 9)


def test_what_took_long_to_prove_is_written_at_once(cloud: Cloud) -> None:
    claim = claimed(cloud)
    cloud.world.advance(RENEWED_AFTER)

    claim.record(bytes=9)

    assert cloud.chunk().bytes == 9


# Renewed while a block fills, and while bytes are read back: pieces come, and each takes a while.

A_PIECE_TAKES = timedelta(seconds=50)  # of 1 KiB: six of them outlast a claim
PIECES = 12


def with_slow_pieces(cloud: Cloud) -> list[timedelta]:
    """Every piece that is read takes a while; returns how much was left of the claim before each, as it goes."""
    left: list[timedelta] = []

    def slow() -> None:
        chunk = cloud.chunk()
        if chunk.claimed_until:
            left.append(chunk.claimed_until - cloud.world.now)
        cloud.world.advance(A_PIECE_TAKES)

    cloud.world.at_piece = slow
    return left


def assert_held_throughout(cloud: Cloud, left: list[timedelta], reads: int = 1) -> None:
    assert cloud.chunk().status is ChunkStatus.STORED
    assert len(left) >= PIECES * reads
    assert min(left) >= CLAIM - RENEWED_AFTER - A_PIECE_TAKES


@pytest.mark.parametrize("block_bytes", ["4194304", "4096"], ids=["at once", "in blocks"])
def test_a_claim_is_renewed_while_a_block_fills(block_bytes: str) -> None:
    cloud = Cloud(TRANSFER_BLOCK_BYTES=block_bytes)
    keep_at_acs(cloud, 1, size=PIECES * 1024)
    announce(cloud)
    left = with_slow_pieces(cloud)

    transfer(cloud)

    assert_held_throughout(cloud, left)


def test_a_claim_is_renewed_while_metadata_come() -> None:
    cloud = Cloud()
    cloud.source.add(document_id(), media("wav"), metadata(0, padding="x" * PIECES * 1024))
    announce(cloud)
    left = with_slow_pieces(cloud)

    transfer(cloud)

    assert_held_throughout(cloud, left)


def test_a_claim_is_renewed_while_the_source_is_read_a_second_time() -> None:
    cloud = Cloud(VERIFY_SOURCE="double-read")
    keep_at_acs(cloud, 1, size=PIECES * 1024)
    announce(cloud)
    left = with_slow_pieces(cloud)

    transfer(cloud)

    assert_held_throughout(cloud, left, reads=2)


@pytest.mark.parametrize("fault", [Fault.ERROR_BEFORE, Fault.ERROR_AFTER], ids=["blocks are left", "the blob is left"])
def test_a_claim_is_renewed_while_a_resumed_copy_is_read_back(fault: Fault) -> None:
    cloud = Cloud(TRANSFER_BLOCK_BYTES="4096")
    keep_at_acs(cloud, 1, size=PIECES * 1024)
    announce(cloud)
    cloud.world.fail("store.commit", fault)
    transfer(cloud)
    left = with_slow_pieces(cloud)

    transfer(cloud)

    assert_held_throughout(cloud, left)


def test_a_claim_is_renewed_while_a_file_in_the_operator_s_container_is_read() -> None:
    cloud = Cloud(BYOS_CONTAINERS=CONTAINER)
    cloud.own.add(f"{CONTAINER}/a.wav", media("wav", PIECES * 1024))
    announce(cloud, contentLocation=f"{CONTAINER}/a.wav", metadataLocation=None, deleteLocation=None)
    left = with_slow_pieces(cloud)

    transfer(cloud)

    assert_held_throughout(cloud, left)


def test_a_large_file_shows_how_much_is_copied_while_it_is() -> None:
    size = 5 * 4096  # blocks; what is staged is written with the next renewal
    cloud = Cloud(TRANSFER_BLOCK_BYTES="4096")
    keep_at_acs(cloud, 1, size=size)
    announce(cloud)
    shown: list[int] = []

    def slow() -> None:
        shown.append(bytes_done(cloud.chunk()))
        cloud.world.advance(A_PIECE_TAKES)

    cloud.world.at_piece = slow
    transfer(cloud)

    assert shown == sorted(shown)
    assert 0 < shown[-1] < size
    assert bytes_done(cloud.chunk()) == size


def test_an_attempt_that_is_put_off_says_how_far_it_came_and_the_next_one_goes_on_from_there() -> None:
    cloud = Cloud(TRANSFER_BLOCK_BYTES="4096")
    keep_at_acs(cloud, 1, size=PIECES * 1024)
    announce(cloud)
    cloud.world.fail("store.commit", Fault.ERROR_BEFORE)
    transfer(cloud)
    shown = [bytes_done(cloud.chunk())]

    cloud.world.at_piece = lambda: shown.append(bytes_done(cloud.chunk()))
    transfer(cloud)

    assert set(shown) == {PIECES * 1024}


# What a chunk waits for: the end of a dead worker's claim, or the end of the patience with a message.


def died_at(cloud: Cloud, effect: str, fault: Fault, count: int = 1) -> None:
    """The worker of the only chunk is killed at an effect."""

    def plan(now: Effect) -> Fault | None:
        return fault if (now.name, now.count) == (effect, count + before[effect]) else None

    before = cloud.world.counts.copy()
    cloud.world.plan = plan
    with pytest.raises(Crash):
        transfer(cloud)
    cloud.world.plan = lambda _: None
    cloud.restart()


@pytest.mark.parametrize(
    ("effect", "fault"),
    [
        ("catalog.save_chunk", Fault.CRASH_AFTER),  # right after the claim
        ("source.open", Fault.CRASH_BEFORE),
        ("store.put", Fault.CRASH_AFTER),
    ],
)
def test_after_a_kill_the_sweep_sends_a_claimed_chunk_again_when_the_claim_ends(
    ready: Cloud, effect: str, fault: Fault
) -> None:
    """And not a quarter of an hour after its event."""
    died_at(ready, effect, fault)
    ready.world.advance(CLAIM - timedelta(seconds=1))
    early = ready.services.sweep.sweep()
    ready.world.advance(timedelta(seconds=1))

    assert (early, ready.services.sweep.sweep()) == (Messages(), Messages(transfers=(ready.chunk().ref,)))


def test_a_kill_between_the_entry_of_a_claim_and_its_row_leaves_the_chunk_to_its_message(ready: Cloud) -> None:
    died_at(ready, "catalog.put_entries", Fault.CRASH_AFTER)
    ready.world.advance(CLAIM)
    swept = ready.services.sweep.sweep()

    assert swept == Messages()  # nobody has claimed it, so its message waits in the queue, and the row decides
    assert entry_due(ready) == ready.chunk().due_at == BEGINNING + PATIENCE


def test_a_sweep_that_meets_a_running_claim_comes_again_when_it_ends(ready: Cloud) -> None:
    chunk = ready.chunk()
    claim = Claim.take(ready.services.open_work, ready.world.clock, CLAIM, chunk)
    ready.world.advance(CLAIM - MINUTE)
    claim.renew()
    ready.world.advance(MINUTE)

    assert ready.services.sweep.sweep() == Messages()
    assert entry_due(ready) == ready.chunk().claimed_until == BEGINNING + 2 * CLAIM - MINUTE


def test_a_message_that_waits_in_a_long_queue_is_not_sent_again_before_the_patience_ends(cloud: Cloud) -> None:
    keep_at_acs(cloud, 2)
    host = FakeHost(cloud)
    host.send(cloud.services.ingest.ingest(file_ready_event(2)).messages)
    waiting: list[int] = []
    for _ in range(16):
        host.sweep()
        waiting.append(len(host.queues[TRANSFER_QUEUE]))
        cloud.world.advance(MINUTE)

    assert waiting == [2] * 15 + [4]


def test_a_chunk_whose_deletion_was_sent_is_not_sent_again_before_the_patience_ends(ready: Cloud) -> None:
    transfer(ready)
    sent: list[Messages] = []
    for _ in range(16):
        sent.append(ready.services.sweep.sweep())
        ready.world.advance(MINUTE)

    assert sent == [Messages()] * 15 + [Messages(deletions=(ready.chunk().ref,))]


def test_a_chunk_that_is_claimed_while_the_sweep_sends_it_is_checked_again_at_once(ready: Cloud) -> None:
    """Otherwise a kill of that worker would be found a patience later, and not a claim."""
    ready.world.advance(PATIENCE)
    ready.world.plan = once("catalog.save_chunk", lambda: written_by_somebody_else(ready))

    swept = ready.services.sweep.sweep()

    assert (swept, entry_due(ready)) == (Messages(), BEGINNING + PATIENCE)


def test_of_two_that_take_a_chunk_the_slower_leaves_the_entry_at_the_claim_of_the_faster(ready: Cloud) -> None:
    ready.world.plan = once("catalog.save_chunk", lambda: written_by_somebody_else(ready))

    with pytest.raises(CatalogConflict):
        Claim.take(ready.services.open_work, ready.world.clock, CLAIM, ready.chunk())

    assert entry_due(ready) == BEGINNING + CLAIM


def once(effect: str, act: Callable[[], object]) -> Callable[[Effect], None]:
    """A plan by which something happens just before an effect, the first time."""
    waiting = [act]

    def plan(now: Effect) -> None:
        if now.name == effect and waiting:
            waiting.pop()()

    return plan


@pytest.mark.parametrize(
    ("attempts", "asked", "wait"),
    [(0, None, 0.5), (1, None, 0.5), (2, None, 1), (3, None, 2), (3, 1, 2), (3, 7, 7), (3, 7200, 3600), (99, 0, 3600)],
)
def test_waits_double_and_heed_acs_up_to_the_longest(attempts: int, asked: float | None, wait: float) -> None:
    assert RETRIES.wait(attempts, asked) == timedelta(seconds=wait)
