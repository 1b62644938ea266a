"""A worker that was given up may live on: it and its successor end with one blob, which both have proven."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.adapters.blob_storage import BlobChunkStore
from shared.copying.copy_content import CopyProof
from tests.contract.source_under_test import SDK_WARNINGS, SimulatorSourceUnderTest
from tests.copying import BLOCK, NAME, a_copier, a_request, assert_copied, blocks_of

pytestmark = [SDK_WARNINGS, pytest.mark.stack]
FIVE_BLOCKS = 4 * BLOCK + 4321


@pytest.mark.parametrize("size", [BLOCK, FIVE_BLOCKS, 20 * BLOCK])
def test_a_stale_worker_and_its_successor_end_with_one_blob_that_both_have_proven(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore, size: int
) -> None:
    kept = simulated_source.keep(size)
    together = threading.Barrier(2)

    def copy(resume: bool) -> CopyProof:
        order = a_request(kept.url, resume=resume)
        together.wait(10)
        return a_copier(simulated_source.source, blob_store).copy(order)

    with ThreadPoolExecutor(2) as pool:
        stale, successor = pool.map(copy, [False, True])

    assert stale == successor
    assert_copied(blob_store, kept, stale)


@pytest.mark.parametrize("sleeps_before", [1, 2, 3, 4, 5])
def test_a_stale_worker_that_wakes_up_after_its_successor_committed_proves_that_blob(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore, sleeps_before: int
) -> None:
    kept = simulated_source.keep(FIVE_BLOCKS)
    successor: list[CopyProof] = []
    begun = 0

    def keep_going() -> None:
        nonlocal begun
        begun += 1
        if begun == sleeps_before:
            successor.append(a_copier(simulated_source.source, blob_store).copy(a_request(kept.url, resume=True)))

    stale = a_copier(simulated_source.source, blob_store).copy(a_request(kept.url, keep_going=keep_going))

    assert [stale] == successor
    assert_copied(blob_store, kept, stale)
    assert blob_store.stat(NAME).blocks == blocks_of(kept.content)


def test_many_workers_at_once_end_with_one_blob(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore
) -> None:
    kept = simulated_source.keep(FIVE_BLOCKS)

    def copy(number: int) -> CopyProof:
        return a_copier(simulated_source.source, blob_store).copy(a_request(kept.url, resume=number > 3))

    with ThreadPoolExecutor(6) as pool:
        proofs = list(pool.map(copy, range(6)))

    assert proofs == [proofs[0]] * 6
    assert_copied(blob_store, kept, proofs[0])
