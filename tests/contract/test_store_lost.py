"""A blob whose answer was lost is there once; its properties and its proof say that it is the right one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import pytest
from azure.storage.blob import BlobServiceClient

from local.azurite import Azurite
from shared.adapters.blob_storage import BlobChunkStore, EventContainer
from shared.adapters.storage_accounts import BLOB_OPTIONS, StorageAccount
from shared.connection_settings import StorageConnection
from shared.domain.errors import BlobExists
from shared.domain.ports import ChunkStore, EventStore
from tests.copying import BLOCK, NAME, a_copier, a_request, assert_copied, checksum_of
from tests.fakes.events import FakeEventContainer
from tests.fakes.store import FakeStore
from tests.fakes.world import Fault, World

from .conftest import AZURITE
from .played import LosingAdapter
from .samples import WAV
from .source_under_test import FakeSourceUnderTest

FAST_OPTIONS = BLOB_OPTIONS | {"initial_backoff": 0, "increment_base": 0, "random_jitter_range": 0}
LOST = {
    "store.put": "PUT",
    "store.stage": "PUT",
    "store.commit": "PUT",
    "rejected.keep": "PUT",
    "rejected.remove": "DELETE",
}
MARKS = {"store.stage": "comp=block&", "store.commit": "comp=blocklist"}


class Lossy(Protocol):
    """A store and a container of events, and a way to lose the answer to the next write of a kind."""

    @property
    def store(self) -> ChunkStore: ...

    @property
    def events(self) -> EventStore: ...

    def lose(self, effect: str) -> None: ...


class LossyFake:
    """The fakes'."""

    def __init__(self) -> None:
        self.world = World()
        self.store = FakeStore(self.world)
        self.events = FakeEventContainer(self.world)

    def lose(self, effect: str) -> None:
        self.world.fail(effect, Fault.LOST_ONCE)


@dataclass
class LossyBlobs:
    """On Azurite, with a transport that drops answers."""

    store: BlobChunkStore
    events: EventContainer
    adapter: LosingAdapter
    left: int = 0

    def lose(self, effect: str) -> None:
        self.left = 1

        def loses(method: str, path: str) -> bool:
            wanted = method == LOST[effect] and MARKS.get(effect, "") in path
            lost, self.left = wanted and self.left > 0, self.left - wanted
            return lost

        self.adapter.loses_after = lambda request: loses(str(request.method), str(request.path_url))


@pytest.fixture
def blobs(azurite: Azurite, container: str) -> Iterator[LossyBlobs]:
    adapter = LosingAdapter()
    account = StorageAccount(StorageConnection(connection_string=azurite.connection_string), None)
    with BlobServiceClient.from_connection_string(
        azurite.connection_string, transport=adapter.transport(), **FAST_OPTIONS
    ) as service:
        account.blobs = service
        yield LossyBlobs(BlobChunkStore(account, container), EventContainer(service, container), adapter)


@pytest.fixture(params=["fake", AZURITE])
def lossy(request: pytest.FixtureRequest) -> Lossy:
    if request.param == "fake":
        return LossyFake()
    on_azurite: LossyBlobs = request.getfixturevalue("blobs")
    return on_azurite


WRITES: dict[str, Callable[[ChunkStore], object]] = {
    "store.put": lambda store: store.put(NAME, b"RIFF", WAV),
    "store.commit": lambda store: store.commit(NAME, ["0"], WAV),
}


@pytest.mark.parametrize("effect", WRITES)
def test_a_write_whose_answer_was_lost_finds_a_blob_and_that_is_its_own(lossy: Lossy, effect: str) -> None:
    if effect == "store.commit":
        lossy.store.stage(NAME, "0", memoryview(b"RIFF"), checksum_of(b"RIFF"))
    lossy.lose(effect)

    with pytest.raises(BlobExists):
        WRITES[effect](lossy.store)

    assert b"".join(lossy.store.read(NAME)) == b"RIFF"
    assert lossy.store.stat(NAME).metadata == WAV.metadata


def test_a_block_whose_answer_was_lost_is_staged(lossy: Lossy) -> None:
    lossy.lose("store.stage")

    lossy.store.stage(NAME, "0", memoryview(b"RIFF"), checksum_of(b"RIFF"))

    assert len(lossy.store.stat(NAME).staged) == 1


@pytest.mark.parametrize(
    ("effect", "size"), [("store.put", BLOCK), ("store.stage", 3 * BLOCK), ("store.commit", 3 * BLOCK)]
)
def test_a_copy_one_of_whose_answers_was_lost_is_proven_in_the_same_attempt(
    lossy: Lossy, effect: str, size: int
) -> None:
    source_under_test = FakeSourceUnderTest()
    kept = source_under_test.keep(size)
    lossy.lose(effect)

    assert_copied(lossy.store, kept, a_copier(source_under_test.source, lossy.store).copy(a_request(kept.url)))


def test_an_event_whose_answer_was_lost_is_kept_and_removed(lossy: Lossy) -> None:
    lossy.lose("rejected.keep")
    lossy.events.keep("e1", b"{}", "why")
    assert lossy.events.read("e1") == b"{}"
    lossy.lose("rejected.remove")

    lossy.events.remove("e1")

    assert list(lossy.events.names()) == []
