"""Whatever the store does wrong, no copy counts as proven that is not."""

from collections.abc import Sequence

import pytest

from shared.domain.errors import BlobExists, BlocksGone, StoreUnavailable
from shared.domain.ports import BlobHeaders, BlobVersion
from tests.contract.source_under_test import FakeSourceUnderTest
from tests.copying import BLOCK, NAME, a_copier, a_request, assert_copied
from tests.fakes.store import FakeStore
from tests.fakes.world import Fault, World

SIZE = 4 * BLOCK + 4321


class StoreThatMissesBlocksFirst(FakeStore):
    """Finds blocks missing before it finds a blob in the way: the service may answer either way round."""

    def commit(self, name: str, block_ids: Sequence[str], label: BlobHeaders) -> BlobVersion:
        try:
            return super().commit(name, block_ids, label)
        except BlobExists as error:
            raise BlocksGone from error


def test_blocks_that_a_successor_committed_make_the_stale_worker_prove_that_blob() -> None:
    source_under_test, store = FakeSourceUnderTest(), StoreThatMissesBlocksFirst(World())
    kept = source_under_test.keep(SIZE)
    first = a_copier(source_under_test.source, store).copy(a_request(kept.url))

    second = a_copier(source_under_test.source, store).copy(a_request(kept.url))

    assert second == first
    assert_copied(store, kept, second)


@pytest.mark.parametrize("fault", [Fault.ERROR_BEFORE, Fault.ERROR_AFTER])
@pytest.mark.parametrize("block", range(5))
def test_a_block_that_could_not_be_staged_ends_the_attempt_and_the_next_ends_with_the_content(
    block: int, fault: Fault
) -> None:
    source_under_test, world = (
        FakeSourceUnderTest(),
        World(lambda effect: fault if effect.number == block + 1 else None),
    )
    store, kept = FakeStore(world), source_under_test.keep(SIZE)

    with pytest.raises(StoreUnavailable):
        a_copier(source_under_test.source, store).copy(a_request(kept.url))

    assert store.stat(NAME).etag is None
    assert_copied(store, kept, a_copier(source_under_test.source, store).copy(a_request(kept.url, resume=True)))


@pytest.mark.parametrize("effect", ["store.commit", "store.committed"])
@pytest.mark.parametrize("fault", [Fault.ERROR_BEFORE, Fault.ERROR_AFTER])
def test_a_commit_whose_answer_is_not_known_is_proven_by_the_next_attempt(effect: str, fault: Fault) -> None:
    source_under_test, world = FakeSourceUnderTest(), World()
    store, kept = FakeStore(world), source_under_test.keep(SIZE)
    world.fail(effect, fault)

    with pytest.raises(StoreUnavailable):
        a_copier(source_under_test.source, store).copy(a_request(kept.url))

    assert_copied(store, kept, a_copier(source_under_test.source, store).copy(a_request(kept.url, resume=True)))


@pytest.mark.parametrize("fault", [Fault.ERROR_BEFORE, Fault.ERROR_AFTER])
def test_a_put_whose_answer_is_not_known_is_proven_by_the_next_attempt(fault: Fault) -> None:
    source_under_test, world = FakeSourceUnderTest(), World()
    store, kept = FakeStore(world), source_under_test.keep(BLOCK)
    world.fail("store.put", fault)

    with pytest.raises(StoreUnavailable):
        a_copier(source_under_test.source, store).copy(a_request(kept.url))

    assert_copied(store, kept, a_copier(source_under_test.source, store).copy(a_request(kept.url, resume=True)))
