"""A worker that was given up may live on: it and its successor end with one blob, which both have proven."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.adapters.blob_storage import BlobChunkStore
from shared.copying.copy_content import CopyProof

from .copying import BLOCK, NAME, a_copier, a_request, assert_copied, blocks_of
from .shelves import SDK_WARNINGS, SimulatorShelf

pytestmark = [SDK_WARNINGS, pytest.mark.stack]
FIVE_BLOCKS = 4 * BLOCK + 4321


@pytest.mark.parametrize("size", [BLOCK, FIVE_BLOCKS, 20 * BLOCK])
def test_a_zombie_and_its_successor_end_with_one_blob_that_both_have_proven(
    acs_shelf: SimulatorShelf, blob_store: BlobChunkStore, size: int
) -> None:
    kept = acs_shelf.keep(size)
    together = threading.Barrier(2)

    def copy(resume: bool) -> CopyProof:
        request = a_request(kept, resume=resume)
        together.wait(10)
        return a_copier(acs_shelf.source, blob_store).copy(request)

    with ThreadPoolExecutor(2) as pool:
        zombie, successor = pool.map(copy, [False, True])

    assert zombie == successor
    assert_copied(blob_store, kept, zombie)


@pytest.mark.parametrize("sleeps_before", [1, 2, 3, 4, 5])
def test_a_zombie_that_wakes_up_after_its_successor_committed_proves_that_blob(
    acs_shelf: SimulatorShelf, blob_store: BlobChunkStore, sleeps_before: int
) -> None:
    kept = acs_shelf.keep(FIVE_BLOCKS)
    successor: list[CopyProof] = []
    begun = 0

    def keep_going() -> None:
        nonlocal begun
        begun += 1
        if begun == sleeps_before:
            successor.append(a_copier(acs_shelf.source, blob_store).copy(a_request(kept, resume=True)))

    zombie = a_copier(acs_shelf.source, blob_store).copy(a_request(kept, keep_going=keep_going))

    assert [zombie] == successor
    assert_copied(blob_store, kept, zombie)
    assert blob_store.stat(NAME).blocks == blocks_of(kept.content)


def test_many_workers_at_once_end_with_one_blob(acs_shelf: SimulatorShelf, blob_store: BlobChunkStore) -> None:
    kept = acs_shelf.keep(FIVE_BLOCKS)

    def copy(number: int) -> CopyProof:
        return a_copier(acs_shelf.source, blob_store).copy(a_request(kept, resume=number > 3))

    with ThreadPoolExecutor(6) as pool:
        proofs = list(pool.map(copy, range(6)))

    assert proofs == [proofs[0]] * 6
    assert_copied(blob_store, kept, proofs[0])
