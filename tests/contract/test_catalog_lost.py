"""A write whose answer is lost is done once, succeeds, and is told apart from anybody else's by its own id."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import msgspec
import pytest
import requests
from azure.data.tables import TableServiceClient

from local.azurite import Azurite
from shared.adapters.storage_accounts import TIMES, StorageAccount
from shared.adapters.table_catalog import TableCatalog
from shared.domain.errors import CatalogConflict, CatalogUnavailable
from shared.domain.index_entry import IndexEntry
from shared.domain.models import Chunk, ChunkRef, Recording
from shared.domain.ports import Catalog
from tests.fakes.catalog import FakeCatalog
from tests.fakes.world import Effect, Fault, World

from .conftest import AZURITE, new_name
from .played import LosingAdapter
from .samples import CALL, NOW, SERVER_CALL_ID, a_chunk, a_line, a_recording, ids_listed, ids_of_call

# How each write goes over the wire.
REQUESTS = {
    "catalog.index_recording": r"PATCH /.+/index\w+\(",
    "catalog.index_calls": r"PATCH /.+/index\w+\(",
    "catalog.save_recording": r"(POST|PUT) /.+/recordings\w+($|\()",
    "catalog.save_chunk": r"PUT /.+/recordings\w+\(",
    "catalog.add_chunks": r"POST /.+/\$batch",
    "catalog.create_chunks": r"POST /.+/\$batch",
    "catalog.put_entries": r"POST /.+/\$batch",
    "catalog.remove_entry": r"DELETE /.+/index\w+\(",
    "catalog.link_acs_id": r"POST /.+/index\w+$",
}
SDK_TRIES = 4  # of a PUT or DELETE, made by the SDK itself
FAST_OPTIONS = TIMES | {"retry_backoff_factor": 0}
BEFORE = "before"
AFTER = "after"
IN_ITS_MIDDLE = "in its middle"


class Lossy(Protocol):
    """A catalog, and a way to lose the answer to its next write of a kind."""

    @property
    def catalog(self) -> Catalog: ...

    def lose(self, effect: str) -> None: ...


class LossyFake:
    """The fake's."""

    def __init__(self) -> None:
        self.world = World()
        self.catalog = FakeCatalog(self.world)

    def lose(self, effect: str) -> None:
        self.world.fail(effect, Fault.LOST_ONCE)


@dataclass
class LossyTables:
    """On Azurite, with a transport that drops answers; `meanwhile` comes between a lost answer and the next try."""

    catalog: TableCatalog
    adapter: LosingAdapter
    meanwhile: Callable[[], object] = lambda: None

    def lose(self, effect: str, times: int = 1, when: str = AFTER) -> None:
        left = times

        def loses(request: requests.PreparedRequest) -> bool:
            nonlocal left
            if not left or not re.match(REQUESTS[effect], f"{request.method} {request.path_url}"):
                return False
            left -= 1
            self.meanwhile()
            return True

        setattr(self.adapter, {AFTER: "loses_after", BEFORE: "loses_before", IN_ITS_MIDDLE: "breaks_off"}[when], loses)


@pytest.fixture
def tables(azurite: Azurite) -> Iterator[LossyTables]:
    adapter = LosingAdapter()
    with TableServiceClient.from_connection_string(
        azurite.connection_string, transport=adapter.transport(), **FAST_OPTIONS
    ) as service:
        yield LossyTables(
            TableCatalog(*(service.create_table(new_name(kind)) for kind in ("recordings", "index"))), adapter
        )


@pytest.fixture(params=["fake", AZURITE])
def lossy(request: pytest.FixtureRequest) -> Lossy:
    if request.param == "fake":
        return LossyFake()
    on_azurite: LossyTables = request.getfixturevalue("tables")
    return on_azurite


def with_chunk(catalog: Catalog) -> tuple[Recording, Chunk]:
    recording = catalog.save_recording(a_recording())
    recording = catalog.add_chunks(recording, [a_chunk(recording)])
    [chunk] = catalog.chunks(recording.id)
    return recording, chunk


@pytest.mark.parametrize("effect", ["catalog.save_recording", "catalog.index_recording"])
def test_a_recording_whose_answer_is_lost_is_created_once(lossy: Lossy, effect: str) -> None:
    recording = a_recording(server_call_id=SERVER_CALL_ID)
    lossy.lose(effect)

    saved = lossy.catalog.save_recording(recording)

    assert lossy.catalog.recording(recording.id) == saved
    assert ids_of_call(lossy.catalog, CALL) == [recording.id]
    assert ids_listed(lossy.catalog) == [recording.id]


def test_call_ids_whose_answer_is_lost_are_indexed(lossy: Lossy) -> None:
    recording = lossy.catalog.save_recording(a_recording())
    lossy.lose("catalog.index_calls")

    lossy.catalog.index_calls(msgspec.structs.replace(recording, server_call_id=SERVER_CALL_ID))

    assert ids_of_call(lossy.catalog, CALL) == [recording.id]


def test_a_row_that_was_created_with_its_answer_lost_can_be_written_on(lossy: Lossy) -> None:
    lossy.lose("catalog.save_recording")
    saved = lossy.catalog.save_recording(a_recording())
    lossy.lose("catalog.save_recording")

    again = lossy.catalog.save_recording(msgspec.structs.replace(saved, call_id="again"))

    assert lossy.catalog.recording(saved.id) == again
    assert again.call_id == "again"


def test_a_chunk_whose_answer_is_lost_is_saved_once(lossy: Lossy) -> None:
    _, chunk = with_chunk(lossy.catalog)
    lossy.lose("catalog.save_chunk")

    saved = lossy.catalog.save_chunk(msgspec.structs.replace(chunk, attempts=1))

    assert lossy.catalog.chunk(chunk.ref) == saved
    assert lossy.catalog.save_chunk(msgspec.structs.replace(saved, attempts=2)).attempts == 2


def test_chunks_whose_answer_is_lost_are_added_once(lossy: Lossy) -> None:
    recording = lossy.catalog.save_recording(a_recording())
    chunks = [a_chunk(recording, index=index) for index in range(3)]
    lossy.lose("catalog.add_chunks")

    added = lossy.catalog.add_chunks(msgspec.structs.replace(recording, call_id="added"), chunks)

    assert lossy.catalog.recording(recording.id) == added
    assert len(list(lossy.catalog.chunks(recording.id))) == 3


def test_chunks_without_a_recording_whose_answer_is_lost_are_created_once(lossy: Lossy) -> None:
    recording = a_recording()
    chunks = [a_chunk(recording, index=index) for index in range(3)]
    lossy.lose("catalog.create_chunks")

    lossy.catalog.create_chunks(chunks)

    assert len(list(lossy.catalog.chunks(chunks[0].id))) == 3
    with pytest.raises(CatalogConflict):
        lossy.catalog.create_chunks(chunks)


def test_lines_whose_answer_is_lost_are_noted_and_closed(lossy: Lossy) -> None:
    line = a_line()
    lossy.lose("catalog.put_entries")
    lossy.catalog.put_entries([line])
    assert list(lossy.catalog.due_entries(NOW)) == [line]
    lossy.lose("catalog.remove_entry")

    lossy.catalog.remove_entry(line.id, line.document_id)

    assert list(lossy.catalog.due_entries(NOW)) == []


def ref_of(line: IndexEntry) -> ChunkRef:
    return ChunkRef(line.id, line.document_id)


def test_an_acs_id_whose_answer_is_lost_is_ours(lossy: Lossy) -> None:
    lossy.lose("catalog.link_acs_id")

    assert lossy.catalog.link_acs_id("eyJQ", "ours") == "ours"
    assert lossy.catalog.link_acs_id("eyJQ", "theirs") == "ours"


def test_of_two_writes_of_equal_content_only_the_first_wins(lossy: Lossy) -> None:
    _, chunk = with_chunk(lossy.catalog)
    claimed = msgspec.structs.replace(chunk, claimed_until=NOW, attempts=1)
    lossy.lose("catalog.save_chunk")
    won = lossy.catalog.save_chunk(claimed)

    with pytest.raises(CatalogConflict):
        lossy.catalog.save_chunk(claimed)

    assert lossy.catalog.chunk(chunk.ref) == won


def test_of_two_creations_of_equal_content_only_the_first_wins(lossy: Lossy) -> None:
    recording = a_recording()
    lossy.lose("catalog.save_recording")
    won = lossy.catalog.save_recording(recording)

    with pytest.raises(CatalogConflict):
        lossy.catalog.save_recording(recording)

    assert lossy.catalog.recording(recording.id) == won


def test_of_two_additions_of_equal_content_only_the_first_wins(lossy: Lossy) -> None:
    recording = lossy.catalog.save_recording(a_recording())
    chunk = a_chunk(recording)
    lossy.lose("catalog.add_chunks")
    won = lossy.catalog.add_chunks(recording, [chunk])

    with pytest.raises(CatalogConflict):
        lossy.catalog.add_chunks(recording, [chunk])

    assert lossy.catalog.recording(recording.id) == won


type Claim = Callable[[Catalog, Recording, Chunk], object]
CLAIMS: dict[str, Claim] = {
    "catalog.save_recording": lambda catalog, recording, _: catalog.save_recording(recording),
    "catalog.save_chunk": lambda catalog, _, chunk: catalog.save_chunk(chunk),
    "catalog.add_chunks": lambda catalog, recording, _: catalog.add_chunks(recording, [a_chunk(recording)]),
}


@pytest.mark.parametrize("effect", CLAIMS)
def test_the_fake_does_not_take_another_s_equal_write_for_its_own(effect: str) -> None:
    """Written between the lost answer and the repetition; the model counts on it."""
    lossy = LossyFake()
    recording, chunk = with_chunk(lossy.catalog)
    lossy.lose(effect)
    repetition = lossy.world.counts[effect] + 2

    def meanwhile(begun: Effect) -> None:
        if (begun.name, begun.count) == (effect, repetition):
            current, piece = lossy.catalog.recording(recording.id), lossy.catalog.chunk(chunk.ref)
            assert current is not None
            assert piece is not None
            CLAIMS[effect](lossy.catalog, current, piece)

    lossy.world.plan = meanwhile

    with pytest.raises(CatalogConflict):
        CLAIMS[effect](lossy.catalog, recording, chunk)


# What only a wire can do.


@pytest.mark.stack
@pytest.mark.parametrize("when", [BEFORE, AFTER])
@pytest.mark.parametrize("effect", CLAIMS)
def test_whoever_wrote_between_a_lost_answer_and_its_repetition_has_won(
    tables: LossyTables, account: StorageAccount, effect: str, when: str
) -> None:
    """With equal content, even: the row is not ours, and is not written over."""
    recording, chunk = with_chunk(tables.catalog)
    names = (tables.catalog.table.table_name, tables.catalog.index.table_name)
    theirs = TableCatalog(*(account.tables.get_table_client(name) for name in names))

    def meanwhile() -> None:
        current, piece = theirs.recording(recording.id), theirs.chunk(chunk.ref)
        assert current is not None
        assert piece is not None
        CLAIMS[effect](theirs, current, piece)

    tables.meanwhile = meanwhile
    tables.lose(effect, when=when)

    with pytest.raises(CatalogConflict):
        CLAIMS[effect](tables.catalog, recording, chunk)


@pytest.mark.stack
@pytest.mark.parametrize("effect", CLAIMS)
def test_an_answer_that_is_lost_again_and_again_is_read_back(tables: LossyTables, effect: str) -> None:
    recording, chunk = with_chunk(tables.catalog)
    tables.lose(effect, times=SDK_TRIES)

    CLAIMS[effect](tables.catalog, recording, chunk)


@pytest.mark.stack
def test_an_answer_that_breaks_off_is_a_lost_one(tables: LossyTables) -> None:
    recording, _ = with_chunk(tables.catalog)
    tables.lose("catalog.add_chunks", when=IN_ITS_MIDDLE)

    added = tables.catalog.add_chunks(recording, [a_chunk(recording)])

    assert tables.catalog.recording(recording.id) == added
    assert len(list(tables.catalog.chunks(recording.id))) == 2


@pytest.mark.stack
@pytest.mark.parametrize("effect", CLAIMS)
def test_a_write_that_never_reached_the_service_is_an_outage(tables: LossyTables, effect: str) -> None:
    recording, chunk = with_chunk(tables.catalog)
    tables.lose(effect, times=SDK_TRIES, when=BEFORE)

    with pytest.raises(CatalogUnavailable):
        CLAIMS[effect](tables.catalog, recording, chunk)

    assert (tables.catalog.recording(recording.id), tables.catalog.chunk(chunk.ref)) == (recording, chunk)


@pytest.mark.stack
def test_no_write_asks_more_than_once_while_all_goes_well(tables: LossyTables) -> None:
    recording, chunk = with_chunk(tables.catalog)
    tables.adapter.requests.clear()

    tables.catalog.save_recording(a_recording())
    tables.catalog.save_recording(recording)
    tables.catalog.save_chunk(chunk)
    tables.catalog.put_entries([a_line()])
    tables.catalog.remove_entry("6f1c", "a")
    tables.catalog.link_acs_id("eyJQ", "a")

    methods = [request.partition(" ")[0] for request in tables.adapter.requests]
    assert methods == ["PATCH", "POST", "PUT", "PUT", "POST", "DELETE", "POST"]
