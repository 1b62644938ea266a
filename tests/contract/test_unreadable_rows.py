"""R2. A row that another version wrote, or a hand, is told apart from the others and stops none of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from azure.data.tables import EdmType, EntityProperty, UpdateMode

from shared.adapters import table_rows
from shared.adapters.table_catalog import TableCatalog
from shared.domain.errors import CatalogConflict, RowUnreadable
from shared.domain.identifiers import CallId
from shared.domain.index_entry import IndexEntry
from shared.domain.list_entry import ListEntry
from shared.domain.models import Chunk, Recording
from shared.domain.ports import Catalog
from tests.fakes.catalog import FakeCatalog
from tests.fakes.world import World

from .conftest import AZURITE
from .samples import CALL, NOW, SERVER_CALL_ID, a_chunk, a_line, a_recording, ids_listed

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Damaged:
    """A catalog, and a way to write a status into a row that this version does not know."""

    catalog: Catalog
    spoil: Callable[[str, str], object]

    def recording(self, chunks: int = 0) -> tuple[Recording, list[Chunk]]:
        recording = self.catalog.save_recording(a_recording())
        rows = [a_chunk(recording, document_id=f"0-wus-d4-{number}") for number in range(chunks)]
        return self.catalog.add_chunks(recording, rows), rows


@pytest.fixture(params=["fake", AZURITE])
def damaged(request: pytest.FixtureRequest) -> Damaged:
    if request.param == "fake":
        fake = FakeCatalog(World())
        return Damaged(fake, lambda key, document_id: fake.spoil(key, document_id, status_of(document_id)))
    tables: TableCatalog = request.getfixturevalue("table_catalog")

    def spoil(id: str, document_id: str = "") -> None:
        damage(tables, (id, document_id), **{status_of(document_id): "archived"})

    return Damaged(tables, spoil)


def status_of(document_id: str) -> str:
    """The column that says where a chunk, or what became of a recording's files, stands."""
    return "status" if document_id else "files"


def damage(tables: TableCatalog, key: tuple[str, str], **columns: object) -> None:
    row = table_rows.chunk_row(key[1]) if key[1] else table_rows.RECORDING_ROW
    tables.table.update_entity({"PartitionKey": key[0], "RowKey": row, **columns}, mode=UpdateMode.MERGE)


def without_etag(chunk: Chunk) -> Chunk:
    return msgspec.structs.replace(chunk, etag="", row_state=None)


def test_a_recording_of_a_status_that_nobody_knows_cannot_be_read(damaged: Damaged) -> None:
    recording, _ = damaged.recording()
    damaged.spoil(recording.id, "")

    with pytest.raises(RowUnreadable, match=f"{recording.id}.*column files") as caught:
        damaged.catalog.recording(recording.id)

    assert caught.value.document_ids == ()


def test_a_chunk_of_a_status_that_nobody_knows_cannot_be_read(damaged: Damaged) -> None:
    _, (chunk,) = damaged.recording(1)
    damaged.spoil(chunk.id, chunk.document_id)

    with pytest.raises(RowUnreadable, match=f"{chunk.document_id}.*column status") as caught:
        damaged.catalog.chunk(chunk.ref)

    assert caught.value.document_ids == (chunk.document_id,)


def test_what_an_unreadable_row_says_is_not_repeated(damaged: Damaged) -> None:
    recording, _ = damaged.recording()
    damaged.spoil(recording.id, "")

    with pytest.raises(RowUnreadable) as caught:
        damaged.catalog.recording(recording.id)

    assert "archived" not in str(caught.value)


def test_chunks_that_can_be_read_come_before_it_is_told_which_cannot(damaged: Damaged) -> None:
    recording, chunks = damaged.recording(5)
    for chunk in chunks[1:3]:
        damaged.spoil(chunk.id, chunk.document_id)
    read: list[Chunk] = []

    with pytest.raises(RowUnreadable) as caught:
        read.extend(damaged.catalog.chunks(recording.id))

    assert [without_etag(chunk) for chunk in read] == [chunks[0], *chunks[3:]]
    assert caught.value.document_ids == tuple(chunk.document_id for chunk in chunks[1:3])


def test_an_unreadable_chunk_with_work_left_is_open(damaged: Damaged) -> None:
    recording, (chunk,) = damaged.recording(1)
    damaged.spoil(chunk.id, chunk.document_id)

    assert damaged.catalog.has_open_chunk(recording.id)


def test_the_chunks_of_an_unreadable_recording_can_be_read(damaged: Damaged) -> None:
    recording, chunks = damaged.recording(2)
    damaged.spoil(recording.id, "")

    assert [without_etag(chunk) for chunk in damaged.catalog.chunks(recording.id)] == chunks


def test_other_recordings_are_listed_beside_an_unreadable_one(damaged: Damaged) -> None:
    recording, _ = damaged.recording()
    other, _ = damaged.recording()
    damaged.spoil(recording.id, "")

    assert set(ids_listed(damaged.catalog)) == {recording.id, other.id}
    assert damaged.catalog.recording(other.id) == other


def test_whoever_read_a_row_before_it_was_spoiled_does_not_write_over_it(damaged: Damaged) -> None:
    recording, _ = damaged.recording()
    damaged.spoil(recording.id, "")

    with pytest.raises(CatalogConflict):
        damaged.catalog.save_recording(recording)


def test_a_chunk_whose_row_cannot_be_read_is_not_added_again(damaged: Damaged) -> None:
    recording, (chunk,) = damaged.recording(1)
    damaged.spoil(chunk.id, chunk.document_id)

    with pytest.raises(CatalogConflict):
        damaged.catalog.add_chunks(recording, [chunk])


LONG = EntityProperty(2**62, EdmType.INT64)
OF_A_RECORDING: list[tuple[str, object]] = [
    ("files", "archived"),
    ("files", 5),
    ("files", ""),
    ("control", "recording"),
    ("controlVersion", "1"),
    ("endedAt", "yesterday"),
    ("startFailure", "unknown"),
    ("failureKind", "lost"),
    ("origin", "import"),
    ("recordingDurationMs", "6620"),
    ("recordingDurationMs", -1),
    ("recordingDurationMs", LONG),
    ("recordingDurationMs", 1.5),
    ("manifests", "two"),
    ("manifests", True),
    ("hasRun", "true"),
    ("tags", "not json"),
    ("tags", "[" * 20_000),
    ("tags", '{"case": 42}'),
    ("tags", "null"),
    ("tags", "[]"),
    ("tags", 7),
    ("createdAt", "yesterday"),
    ("createdAt", "2026-11-22T08:00:00"),  # of no zone: every comparison with it would fail
    ("createdAt", "0001-01-01T00:00:00+23:00"),
    ("createdAt", 1_700_000_000),
    ("expiresAt", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),  # every sum with it would fail
    ("completedAt", b"\x00\x01"),
    ("completedAt", True),
    ("folder", uuid4()),
    ("failure", 4.5),
    ("id", "another"),
    ("pauseOnStart", 1),
    ("channelAffinity", '[{"participant": "8:acs:alice"}]'),
    ("audioChannelParticipantOrdering", "8:acs:alice"),
]
OF_A_CHUNK: list[tuple[str, object]] = [
    ("status", "archived"),
    ("index", "0"),
    ("index", -1),
    ("bytes", "1000"),
    ("bytes", float("nan")),
    ("bytes", LONG),
    ("attempts", 2.5),
    ("attempts", LONG),
    ("warned", False),
    ("open", "yes"),
    ("managed", 1),
    ("expiresAt", "2026-11-22"),
    ("expiresAt", datetime(9999, 12, 31, tzinfo=UTC)),
    ("dueAt", "soon"),
    ("contentBlob", b"name"),
    ("sha256", 7),
    ("otherLocations", "not json"),
    ("otherLocations", "[" * 20_000),
    ("otherLocations", '["https://storage.asm.skype.com/v1/objects/a"]'),
    ("otherLocations", "{}"),
    ("id", "another"),
    ("documentId", "another"),
]


def named(pairs: list[tuple[str, object]]) -> list[str]:
    return [f"{column}-{number}" for number, (column, _) in enumerate(pairs)]


@pytest.mark.stack
@pytest.mark.parametrize(("column", "value"), OF_A_RECORDING, ids=named(OF_A_RECORDING))
def test_whatever_stands_in_a_recording_is_told_by_column(table_catalog: TableCatalog, column: str, value: Any) -> None:
    recording = table_catalog.save_recording(a_recording())
    damage(table_catalog, (recording.id, ""), **{column: value})

    with pytest.raises(RowUnreadable) as caught:
        table_catalog.recording(recording.id)

    assert caught.value.column == column


@pytest.mark.stack
@pytest.mark.parametrize(("column", "value"), OF_A_CHUNK, ids=named(OF_A_CHUNK))
def test_whatever_stands_in_a_chunk_is_told_by_column(table_catalog: TableCatalog, column: str, value: Any) -> None:
    recording = table_catalog.save_recording(a_recording())
    table_catalog.add_chunks(recording, [chunk := a_chunk(recording)])
    damage(table_catalog, (chunk.id, chunk.document_id), **{column: value})

    with pytest.raises(RowUnreadable) as caught:
        table_catalog.chunk(chunk.ref)

    assert (caught.value.column, caught.value.document_ids) == (column, (chunk.document_id,))


@pytest.mark.stack
@pytest.mark.parametrize("column", ["id", "files", "origin", "createdAt", "updatedAt"])
def test_a_recording_that_lacks_a_column_cannot_be_read(table_catalog: TableCatalog, column: str) -> None:
    recording = table_catalog.save_recording(a_recording())
    entity = dict(table_catalog.table.get_entity(recording.id, table_rows.RECORDING_ROW))
    del entity[column]
    table_catalog.table.update_entity(entity, mode=UpdateMode.REPLACE)

    with pytest.raises(RowUnreadable, match=f"column {column} "):
        table_catalog.recording(recording.id)


@pytest.mark.stack
def test_columns_of_a_later_version_are_no_trouble(table_catalog: TableCatalog) -> None:
    recording = table_catalog.save_recording(a_recording())
    damage(table_catalog, (recording.id, ""), invented="later", another=4.5)

    read = table_catalog.recording(recording.id)

    assert read is not None
    assert msgspec.structs.replace(read, etag="", row_state=None) == msgspec.structs.replace(
        recording, etag="", row_state=None
    )


def put_line(tables: TableCatalog, row: str, **columns: object) -> None:
    tables.index.upsert_entity({"PartitionKey": table_rows.open_partition(0), "RowKey": row, **columns})


@pytest.mark.stack
def test_a_line_of_open_work_that_says_nothing_is_due_now(table_catalog: TableCatalog) -> None:
    put_line(table_catalog, "a:0-wus-d4-ab")

    (line,) = table_catalog.due_entries(NOW)

    assert (line.id, line.document_id) == ("a", "0-wus-d4-ab")
    assert line.due_at < NOW - 365 * DAY


BAD_HINTS: list[dict[str, object]] = [
    {"dueAt": "soon"},
    {"dueAt": 5},
    {"dueAt": NOW, "expiresAt": "never"},
    {"dueAt": NOW, "warned": "twice"},
    {"dueAt": NOW, "warned": -1},
    {"dueAt": NOW, "failed": 1},
    {"dueAt": NOW, "since": 4.5},
    {"dueAt": NOW, "id": 7, "documentId": "another"},
]


@pytest.mark.stack
@pytest.mark.parametrize("columns", BAD_HINTS, ids=str)
def test_a_line_with_a_bad_hint_is_looked_at_like_any_other(
    table_catalog: TableCatalog, columns: dict[str, object]
) -> None:
    table_catalog.put_entries([other := a_line(id="b", document_id="")])
    put_line(table_catalog, "a:0-wus-d4-ab", **columns)

    lines = {(line.id, line.document_id): line for line in table_catalog.due_entries(NOW)}

    assert lines.pop(("b", "")) == other
    assert list(lines) == [("a", "0-wus-d4-ab")]


@pytest.mark.stack
def test_a_good_hint_survives_a_bad_one_beside_it(table_catalog: TableCatalog) -> None:
    put_line(table_catalog, "a:", dueAt=NOW, warned="twice", failed=True, since=NOW - DAY)

    assert list(table_catalog.due_entries(NOW)) == [IndexEntry(id="a", due_at=NOW, failed=True, since=NOW - DAY)]


@pytest.mark.stack
@pytest.mark.parametrize("row", ["", "a'b:", "päß:", "a:b:c", "a b:", "a" * 65 + ":", "a:" + "b" * 129])
def test_a_line_whose_key_is_none_of_ours_is_passed_over(table_catalog: TableCatalog, row: str) -> None:
    put_line(table_catalog, row, dueAt=NOW)
    table_catalog.put_entries([line := a_line()])

    assert list(table_catalog.due_entries(NOW)) == [line]


BAD_PLACES = ["099:x", "0" * 18, f"{0:018}:x'y", f"{10**17:018}:", f"{10**18 - 1}:x", f"x{10**17:018}:x"]


@pytest.mark.stack
@pytest.mark.parametrize("row", BAD_PLACES)
@pytest.mark.parametrize("call", [None, CALL], ids=["all", "of a call"])
def test_an_entry_whose_key_is_none_of_ours_is_passed_over(
    table_catalog: TableCatalog, row: str, call: CallId | None
) -> None:
    recording = table_catalog.save_recording(a_recording(server_call_id=SERVER_CALL_ID))
    table_catalog.index.upsert_entity({"PartitionKey": table_rows.list_partition(call), "RowKey": row})

    assert [entry.id for entry in table_catalog.list_entries(call, None, 10)] == [recording.id]


@pytest.mark.stack
@pytest.mark.parametrize("tags", ["{", "[]", '{"case": 1}', 5, "null"])
def test_tags_that_cannot_be_read_are_asked_of_the_row(table_catalog: TableCatalog, tags: object) -> None:
    entry = table_rows.list_row(ListEntry(id="a", created_at=NOW), None)
    table_catalog.index.upsert_entity(entry | {"tags": tags})

    assert [listed.tags for listed in table_catalog.listed(None, 10)] == [None]


BAD_IDS: list[dict[str, object]] = [{}, {"id": 5}, {"id": ""}, {"id": "a'b"}, {"id": "a\x00b"}, {"id": "a" * 2000}]


@pytest.mark.stack
@pytest.mark.parametrize("columns", BAD_IDS, ids=range(len(BAD_IDS)))
def test_a_line_of_an_acs_id_that_names_no_recording_finds_none(
    table_catalog: TableCatalog, columns: dict[str, object]
) -> None:
    line = {"PartitionKey": table_rows.acs_partition("eyJQ"), "RowKey": table_rows.RECORDING_ROW}
    table_catalog.index.upsert_entity(line | columns)

    assert table_catalog.recording_by_acs_id("eyJQ") is None
