"""The engine between the ACS simulator and Azurite: any size, any number of threads, the same bytes."""

from collections.abc import Iterator
from hashlib import sha256

import pytest
from azure.storage.blob import BlobServiceClient

from local.azurite import Azurite
from shared.adapters.blob_storage import BlobChunkStore
from shared.adapters.storage_accounts import StorageAccount
from shared.connection_settings import StorageConnection
from shared.copying.block_ids import list_digest
from shared.domain.errors import ContentConflict, OutOfTime
from shared.domain.ports import Block

from .copying import (
    BLOCK,
    NAME,
    CountingTransport,
    an_engine,
    an_order,
    assert_copied,
    blocks_of,
    stage,
    stopping_after,
)
from .samples import WAV, some_bytes
from .source_under_test import SDK_WARNINGS, SimulatorSourceUnderTest

pytestmark = [SDK_WARNINGS, pytest.mark.stack]
FIVE_BLOCKS = 4 * BLOCK + 4321


@pytest.mark.parametrize("writers", [1, 2, 4])
@pytest.mark.parametrize("size", [64, BLOCK - 1, BLOCK, BLOCK + 1, FIVE_BLOCKS, 20 * BLOCK])
def test_a_content_of_any_size_is_copied(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore, size: int, writers: int
) -> None:
    kept = simulated_source.keep(size)

    copied = an_engine(simulated_source.source, blob_store, writers=writers).copy(an_order(kept))

    assert_copied(blob_store, kept, copied)


def test_the_blocks_of_a_blob_say_what_is_in_them(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore
) -> None:
    kept = simulated_source.keep(FIVE_BLOCKS)

    copied = an_engine(simulated_source.source, blob_store).copy(an_order(kept))

    assert blob_store.look(NAME).blocks == blocks_of(kept.content)
    assert copied.block_list_digest == list_digest(blocks_of(kept.content))


@pytest.mark.parametrize("size", [BLOCK, FIVE_BLOCKS])
def test_a_blob_carries_the_digest_that_was_computed_on_the_way(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore, size: int
) -> None:
    kept = simulated_source.keep(size)

    an_engine(simulated_source.source, blob_store).copy(an_order(kept))

    assert blob_store.look(NAME).metadata == WAV.metadata | {"sha256": sha256(kept.content).hexdigest()}


@pytest.fixture
def counted(azurite: Azurite, container: str) -> Iterator[tuple[BlobChunkStore, CountingTransport]]:
    transport = CountingTransport()
    account = StorageAccount(StorageConnection(connection_string=azurite.connection_string), None)
    with BlobServiceClient.from_connection_string(azurite.connection_string, transport=transport) as service:
        account.blobs = service
        yield BlobChunkStore(account, container), transport


@pytest.mark.parametrize(
    ("size", "operations"),
    [
        (BLOCK, {"PUT": 1}),
        (FIVE_BLOCKS, {"PUT block": 5, "PUT blocklist": 1, "GET blocklist": 1}),
        (20 * BLOCK, {"PUT block": 20, "PUT blocklist": 1, "GET blocklist": 1}),
    ],
)
def test_a_copy_takes_two_blob_operations_more_than_it_has_blocks(
    simulated_source: SimulatorSourceUnderTest,
    counted: tuple[BlobChunkStore, CountingTransport],
    size: int,
    operations: dict[str, int],
) -> None:
    kept = simulated_source.keep(size)
    store, transport = counted

    an_engine(simulated_source.source, store).copy(an_order(kept))

    assert transport.sent == operations


@pytest.mark.parametrize(("size", "requests"), [(BLOCK, 1), (FIVE_BLOCKS, 1), (20 * BLOCK, 1)])
def test_a_copy_takes_one_request_to_acs(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore, size: int, requests: int
) -> None:
    kept = simulated_source.keep(size)

    an_engine(simulated_source.source, blob_store).copy(an_order(kept))

    assert len(simulated_source.admin.requests("content")) == requests


def ranges_asked(source_under_test: SimulatorSourceUnderTest) -> list[tuple[int, int]]:
    """First and last byte of every request for content, as far as there are any."""
    asked = [
        str(request.range).removeprefix("bytes=").split("-") for request in source_under_test.admin.requests("content")
    ]
    return [(int(first), min(int(last), FIVE_BLOCKS - 1)) for first, last in asked]


@pytest.mark.parametrize("blocks", [1, 2, 4])
def test_what_was_staged_before_time_was_up_is_not_fetched_again(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore, blocks: int
) -> None:
    kept = simulated_source.keep(FIVE_BLOCKS)
    engine = an_engine(simulated_source.source, blob_store, writers=1)
    with pytest.raises(OutOfTime):
        engine.copy(an_order(kept, keep_going=stopping_after(blocks)))
    there = len(blob_store.look(NAME).staged)
    simulated_source.admin.clear_requests()

    copied = engine.copy(an_order(kept, resume=True))

    assert_copied(blob_store, kept, copied)
    assert blocks - 1 <= there <= blocks
    assert ranges_asked(simulated_source)[1:] == [(there * BLOCK, FIVE_BLOCKS - 1)]


@pytest.mark.parametrize("present", [(0,), (4,), (0, 1, 2, 3), (0, 2, 4), (1, 3), (0, 1, 2, 3, 4)])
def test_only_missing_ranges_are_fetched(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore, present: tuple[int, ...]
) -> None:
    kept = simulated_source.keep(FIVE_BLOCKS)
    stage(blob_store, kept.content, *present)

    copied = an_engine(simulated_source.source, blob_store).copy(an_order(kept, resume=True))

    missing = FIVE_BLOCKS - sum(min(BLOCK, FIVE_BLOCKS - index * BLOCK) for index in present)
    probe, *fetched = ranges_asked(simulated_source)
    assert_copied(blob_store, kept, copied)
    assert probe == (0, 11)
    assert missing - 12 <= sum(last - first + 1 for first, last in fetched) <= missing  # the probe's bytes are used


def test_blocks_of_a_content_of_another_length_are_not_trusted(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore
) -> None:
    kept = simulated_source.keep(FIVE_BLOCKS)
    stage(blob_store, some_bytes(FIVE_BLOCKS), 0, 1, 2, total=FIVE_BLOCKS - 1)

    copied = an_engine(simulated_source.source, blob_store).copy(an_order(kept, resume=True))

    assert_copied(blob_store, kept, copied)
    assert blob_store.look(NAME).blocks == blocks_of(kept.content)


def test_staged_blocks_do_not_hinder_a_content_of_one_block(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore
) -> None:
    kept = simulated_source.keep(BLOCK)
    stage(blob_store, some_bytes(FIVE_BLOCKS), 0, 1)

    copied = an_engine(simulated_source.source, blob_store).copy(an_order(kept, resume=True))

    assert_copied(blob_store, kept, copied)


@pytest.mark.parametrize("resume", [False, True])
@pytest.mark.parametrize("size", [BLOCK, FIVE_BLOCKS])
def test_copying_again_proves_the_blob_that_is_there(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore, size: int, *, resume: bool
) -> None:
    kept = simulated_source.keep(size)
    engine = an_engine(simulated_source.source, blob_store)
    first = engine.copy(an_order(kept))

    second = engine.copy(an_order(kept, resume=resume))

    assert second == first
    assert_copied(blob_store, kept, second)


@pytest.mark.parametrize("size", [BLOCK, FIVE_BLOCKS])
def test_another_content_under_the_name_is_a_conflict_and_stays(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore, size: int
) -> None:
    kept = simulated_source.keep(size)
    etag = blob_store.put(NAME, some_bytes(size), WAV)

    with pytest.raises(ContentConflict):
        an_engine(simulated_source.source, blob_store).copy(an_order(kept))

    assert blob_store.look(NAME).etag == etag


def test_the_same_content_that_somebody_else_wrote_is_taken_for_the_copy(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore
) -> None:
    kept = simulated_source.keep(FIVE_BLOCKS)
    blob_store.put(NAME, kept.content, WAV)

    copied = an_engine(simulated_source.source, blob_store).copy(an_order(kept, resume=True))

    assert_copied(blob_store, kept, copied)


def test_a_second_read_of_the_source_gives_the_same_digest(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore
) -> None:
    kept = simulated_source.keep(FIVE_BLOCKS)
    engine = an_engine(simulated_source.source, blob_store)
    copied = engine.copy(an_order(kept))

    again = engine.digest_of_source(an_order(kept))

    assert again == (copied.length, copied.sha256)
    assert len(simulated_source.admin.requests("content")) == 2


def test_a_foreign_block_is_not_taken_for_one_of_ours(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore
) -> None:
    kept = simulated_source.keep(FIVE_BLOCKS)
    stage(blob_store, kept.content[:-1] + b"!", 4)  # same length, same place, other bytes: its digest tells
    [foreign] = blob_store.look(NAME).staged

    an_engine(simulated_source.source, blob_store).copy(an_order(kept))

    assert foreign.id not in {block.id for block in blob_store.look(NAME).blocks}
    assert blob_store.look(NAME).blocks[4] == Block(blocks_of(kept.content)[4].id, FIVE_BLOCKS - 4 * BLOCK)
