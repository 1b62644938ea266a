"""The engine between the ACS simulator and Azurite: any size, any number of threads, the same bytes."""

from hashlib import md5, sha256

import pytest

from shared.adapters.blob_storage import BlobChunkStore
from shared.copying.block_ids import list_digest
from shared.domain.errors import ContentConflict, OutOfTime, StoreUnavailable
from shared.domain.ports import Block
from tests.contract.samples import WAV, some_bytes
from tests.contract.source_under_test import SDK_WARNINGS, SimulatorSourceUnderTest
from tests.copying import (
    BLOCK,
    HEADERS,
    NAME,
    a_copier,
    a_request,
    assert_copied,
    blocks_of,
    checksum_of,
    stage,
    stopping_after,
)

pytestmark = [SDK_WARNINGS, pytest.mark.stack]
FIVE_BLOCKS = 4 * BLOCK + 4321


@pytest.mark.parametrize("writers", [1, 2, 4])
@pytest.mark.parametrize("size", [64, BLOCK - 1, BLOCK, BLOCK + 1, FIVE_BLOCKS, 20 * BLOCK])
def test_a_content_of_any_size_is_copied(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore, size: int, writers: int
) -> None:
    kept = simulated_source.keep(size)

    copied = a_copier(simulated_source.source, blob_store, writers=writers).copy(a_request(kept.url))

    assert_copied(blob_store, kept, copied)


def test_the_blocks_of_a_blob_say_what_is_in_them(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore
) -> None:
    kept = simulated_source.keep(FIVE_BLOCKS)

    copied = a_copier(simulated_source.source, blob_store).copy(a_request(kept.url))

    assert blob_store.stat(NAME).blocks == blocks_of(kept.content)
    assert copied.block_list_digest == list_digest(blocks_of(kept.content))


@pytest.mark.parametrize("size", [BLOCK, FIVE_BLOCKS])
def test_a_blob_carries_the_digest_that_was_computed_on_the_way(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore, size: int
) -> None:
    kept = simulated_source.keep(size)

    a_copier(simulated_source.source, blob_store).copy(a_request(kept.url))

    assert blob_store.stat(NAME).metadata == HEADERS.metadata | {"sha256": sha256(kept.content).hexdigest()}


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
    copier = a_copier(simulated_source.source, blob_store, writers=1)
    with pytest.raises(OutOfTime):
        copier.copy(a_request(kept.url, keep_going=stopping_after(blocks)))
    there = len(blob_store.stat(NAME).staged)
    simulated_source.admin.clear_requests()

    copied = copier.copy(a_request(kept.url, resume=True))

    assert_copied(blob_store, kept, copied)
    assert blocks - 1 <= there <= blocks
    assert ranges_asked(simulated_source)[1:] == [(there * BLOCK, FIVE_BLOCKS - 1)]


@pytest.mark.parametrize("present", [(0,), (4,), (0, 1, 2, 3), (0, 2, 4), (1, 3), (0, 1, 2, 3, 4)])
def test_only_missing_ranges_are_fetched(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore, present: tuple[int, ...]
) -> None:
    kept = simulated_source.keep(FIVE_BLOCKS)
    stage(blob_store, kept.content, *present)

    copied = a_copier(simulated_source.source, blob_store).copy(a_request(kept.url, resume=True))

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

    copied = a_copier(simulated_source.source, blob_store).copy(a_request(kept.url, resume=True))

    assert_copied(blob_store, kept, copied)
    assert blob_store.stat(NAME).blocks == blocks_of(kept.content)


def test_staged_blocks_do_not_hinder_a_content_of_one_block(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore
) -> None:
    kept = simulated_source.keep(BLOCK)
    stage(blob_store, some_bytes(FIVE_BLOCKS), 0, 1)

    copied = a_copier(simulated_source.source, blob_store).copy(a_request(kept.url, resume=True))

    assert_copied(blob_store, kept, copied)


@pytest.mark.parametrize("resume", [False, True])
@pytest.mark.parametrize("size", [BLOCK, FIVE_BLOCKS])
def test_copying_again_proves_the_blob_that_is_there(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore, size: int, *, resume: bool
) -> None:
    kept = simulated_source.keep(size)
    copier = a_copier(simulated_source.source, blob_store)
    first = copier.copy(a_request(kept.url))

    second = copier.copy(a_request(kept.url, resume=resume))

    assert second == first
    assert_copied(blob_store, kept, second)


@pytest.mark.parametrize("size", [BLOCK, FIVE_BLOCKS])
def test_another_content_under_the_name_is_a_conflict_and_stays(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore, size: int
) -> None:
    kept = simulated_source.keep(size)
    etag = blob_store.put(NAME, some_bytes(size), WAV).etag

    with pytest.raises(ContentConflict):
        a_copier(simulated_source.source, blob_store).copy(a_request(kept.url))

    assert blob_store.stat(NAME).etag == etag


def test_the_same_content_that_somebody_else_wrote_is_taken_for_the_copy(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore
) -> None:
    kept = simulated_source.keep(FIVE_BLOCKS)
    blob_store.put(NAME, kept.content, WAV)

    copied = a_copier(simulated_source.source, blob_store).copy(a_request(kept.url, resume=True))

    assert_copied(blob_store, kept, copied)


def test_a_second_read_of_the_source_gives_the_same_digest(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore
) -> None:
    kept = simulated_source.keep(FIVE_BLOCKS)
    copier = a_copier(simulated_source.source, blob_store)
    copied = copier.copy(a_request(kept.url))

    again = copier.digest_of_source(a_request(kept.url))

    assert again == (copied.length, copied.sha256)
    assert len(simulated_source.admin.requests("content")) == 2


def test_a_copy_that_an_earlier_version_began_goes_on(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore
) -> None:
    """Versions before sent a block with its MD5, which was in its id."""
    kept = simulated_source.keep(FIVE_BLOCKS)
    blob = blob_store.container.get_blob_client(NAME)
    for index in (0, 1, 3):
        block = kept.content[index * BLOCK : (index + 1) * BLOCK]
        digest = md5(block, usedforsecurity=False)
        id = f"{index:05}.{FIVE_BLOCKS:013}.{digest.hexdigest()}"
        blob.stage_block(id, block, transactional_content_md5=bytearray(digest.digest()))

    copied = a_copier(simulated_source.source, blob_store).copy(a_request(kept.url, resume=True))

    assert_copied(blob_store, kept, copied)
    # Block 1 is fetched again: such an id does not say whether it is the second of five, or the last of two.
    assert [len(block.id.partition("-")[2]) for block in blob_store.stat(NAME).blocks] == [0, 15, 15, 0, 15]


def test_a_block_that_does_not_hold_what_its_id_says_is_found_while_it_is_read_back(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore
) -> None:
    """The service checks what it receives; what a disk makes of it later only reading shows."""
    kept = simulated_source.keep(FIVE_BLOCKS)
    other = some_bytes(BLOCK)
    blob_store.stage(NAME, blocks_of(kept.content)[1].id, memoryview(other), checksum_of(other))
    copier = a_copier(simulated_source.source, blob_store)

    with pytest.raises(StoreUnavailable, match="other bytes than were sent"):
        copier.copy(a_request(kept.url, resume=True))
    with pytest.raises(ContentConflict):
        copier.copy(a_request(kept.url, resume=True))


def test_a_foreign_block_is_not_taken_for_one_of_ours(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore
) -> None:
    kept = simulated_source.keep(FIVE_BLOCKS)
    stage(blob_store, kept.content[:-1] + b"!", 4)  # same length, same place, other bytes: its digest tells
    [foreign] = blob_store.stat(NAME).staged

    a_copier(simulated_source.source, blob_store).copy(a_request(kept.url))

    assert foreign.id not in {block.id for block in blob_store.stat(NAME).blocks}
    assert blob_store.stat(NAME).blocks[4] == Block(blocks_of(kept.content)[4].id, FIVE_BLOCKS - 4 * BLOCK)
