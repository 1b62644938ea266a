"""Whatever the store does wrong, no copy counts as proven that is not."""

from collections.abc import Sequence

import pytest

from shared.domain.errors import BlobExists, BlocksGone, StoreUnavailable
from shared.domain.ports import BlobHeaders, Block
from tests.fakes.store import FakeStore
from tests.fakes.world import Fault, World

from .copying import BLOCK, NAME, a_copier, a_request, assert_copied
from .shelves import FakeShelf

SIZE = 4 * BLOCK + 4321


class ForgetfulStore(FakeStore):
    """Commits a block less than it was told, and says nothing."""

    def committed(self, name: str) -> tuple[Block, ...]:
        return super().committed(name)[:-1]


class StoreThatMissesBlocksFirst(FakeStore):
    """Finds blocks missing before it finds a blob in the way: the service may answer either way round."""

    def commit(self, name: str, block_ids: Sequence[str], headers: BlobHeaders) -> str:
        try:
            return super().commit(name, block_ids, headers)
        except BlobExists as error:
            raise BlocksGone from error


def test_a_committed_list_that_is_not_the_one_that_was_sent_proves_nothing() -> None:
    shelf, store = FakeShelf(), ForgetfulStore(World())
    kept = shelf.keep(SIZE)

    with pytest.raises(StoreUnavailable):
        a_copier(shelf.source, store).copy(a_request(kept))


def test_blocks_that_a_successor_committed_make_the_zombie_prove_that_blob() -> None:
    shelf, store = FakeShelf(), StoreThatMissesBlocksFirst(World())
    kept = shelf.keep(SIZE)
    first = a_copier(shelf.source, store).copy(a_request(kept))

    second = a_copier(shelf.source, store).copy(a_request(kept))

    assert second == first
    assert_copied(store, kept, second)


@pytest.mark.parametrize("fault", [Fault.ERROR_BEFORE, Fault.ERROR_AFTER])
@pytest.mark.parametrize("block", range(5))
def test_a_block_that_could_not_be_staged_ends_the_attempt_and_the_next_ends_with_the_content(
    block: int, fault: Fault
) -> None:
    shelf, world = FakeShelf(), World(lambda effect: fault if effect.number == block + 1 else None)
    store, kept = FakeStore(world), shelf.keep(SIZE)

    with pytest.raises(StoreUnavailable):
        a_copier(shelf.source, store).copy(a_request(kept))

    assert store.stat(NAME).etag is None
    assert_copied(store, kept, a_copier(shelf.source, store).copy(a_request(kept, resume=True)))


@pytest.mark.parametrize("effect", ["store.commit", "store.committed"])
@pytest.mark.parametrize("fault", [Fault.ERROR_BEFORE, Fault.ERROR_AFTER])
def test_a_commit_whose_answer_is_not_known_is_proven_by_the_next_attempt(effect: str, fault: Fault) -> None:
    shelf, world = FakeShelf(), World()
    store, kept = FakeStore(world), shelf.keep(SIZE)
    world.fail(effect, fault)

    with pytest.raises(StoreUnavailable):
        a_copier(shelf.source, store).copy(a_request(kept))

    assert_copied(store, kept, a_copier(shelf.source, store).copy(a_request(kept, resume=True)))


@pytest.mark.parametrize("fault", [Fault.ERROR_BEFORE, Fault.ERROR_AFTER])
def test_a_put_whose_answer_is_not_known_is_proven_by_the_next_attempt(fault: Fault) -> None:
    shelf, world = FakeShelf(), World()
    store, kept = FakeStore(world), shelf.keep(BLOCK)
    world.fail("store.put", fault)

    with pytest.raises(StoreUnavailable):
        a_copier(shelf.source, store).copy(a_request(kept))

    assert_copied(store, kept, a_copier(shelf.source, store).copy(a_request(kept, resume=True)))
