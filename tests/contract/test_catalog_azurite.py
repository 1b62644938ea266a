"""What only the catalog in Azure Tables can get wrong: outages, and keys and columns as Table Storage wants them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from azure.data.tables import TableServiceClient

from local.azurite import Azurite, Ports
from shared.adapters import table_rows
from shared.adapters.storage_accounts import StorageAccount
from shared.adapters.table_catalog import TableCatalog
from shared.domain.errors import CatalogUnavailable
from shared.domain.list_entry import ListEntry, list_entry
from shared.domain.ports import Catalog

from .samples import CALL, NOW, SERVER_CALL_ID, a_chunk, a_line, a_recording, ids_listed, ids_of_call

SAVED = a_recording(etag='W/"x"')
CHUNK = a_chunk(SAVED, etag='W/"x"')

EVERY_METHOD: dict[str, Callable[[Catalog], object]] = {
    "recording": lambda catalog: catalog.recording("a"),
    "save_recording, new": lambda catalog: catalog.save_recording(a_recording()),
    "save_recording, again": lambda catalog: catalog.save_recording(SAVED),
    "recording_by_acs_id": lambda catalog: catalog.recording_by_acs_id("eyJQ"),
    "link_acs_id": lambda catalog: catalog.link_acs_id("eyJQ", "a"),
    "index_calls": lambda catalog: catalog.index_calls(a_recording(server_call_id=SERVER_CALL_ID)),
    "recordings": lambda catalog: catalog.recordings(["a", "b"]),
    "listed": lambda catalog: list(catalog.listed(None, 10)),
    "listed_of_call": lambda catalog: list(catalog.listed_of_call(CALL, None, 10)),
    "put_listed": lambda catalog: catalog.put_listed(list_entry(SAVED), CALL),
    "remove_listed": lambda catalog: catalog.remove_listed(list_entry(SAVED), None),
    "chunk": lambda catalog: catalog.chunk(CHUNK.ref),
    "chunks": lambda catalog: list(catalog.chunks("a")),
    "has_open_chunk": lambda catalog: catalog.has_open_chunk("a"),
    "save_chunk": lambda catalog: catalog.save_chunk(CHUNK),
    "add_chunks": lambda catalog: catalog.add_chunks(SAVED, [a_chunk(SAVED)]),
    "create_chunks": lambda catalog: catalog.create_chunks([a_chunk(SAVED)]),
    "put_entries": lambda catalog: catalog.put_entries([a_line()]),
    "remove_entry": lambda catalog: catalog.remove_entry(CHUNK.id, CHUNK.document_id),
    "due_entries": lambda catalog: list(catalog.due_entries(NOW)),
}

every_method = pytest.mark.parametrize("ask", EVERY_METHOD.values(), ids=EVERY_METHOD)


@pytest.fixture(scope="module")
def unreachable() -> Iterator[TableCatalog]:
    """A catalog on ports where nobody listens."""
    nobody = Azurite(ports=Ports())
    with TableServiceClient.from_connection_string(
        nobody.connection_string, retry_total=0, connection_timeout=1, read_timeout=1
    ) as service:
        yield TableCatalog(service.get_table_client("recordings"), service.get_table_client("recordingindex"))


@every_method
def test_a_server_that_is_down_is_an_outage(unreachable: TableCatalog, ask: Callable[[Catalog], object]) -> None:
    with pytest.raises(CatalogUnavailable):
        ask(unreachable)


@pytest.mark.stack
@every_method
def test_a_missing_table_is_an_outage_and_not_an_empty_catalog(
    account: StorageAccount, ask: Callable[[Catalog], object]
) -> None:
    missing = TableCatalog(account.tables.get_table_client("nosuch"), account.tables.get_table_client("nosuchindex"))

    with pytest.raises(CatalogUnavailable):
        ask(missing)


@pytest.mark.stack
def test_no_key_contains_what_a_caller_gave(table_catalog: TableCatalog) -> None:
    recording = table_catalog.save_recording(a_recording(server_call_id="a/b\\c#d?e\t\x7f" + "x" * 2000))
    table_catalog.link_acs_id("a/b\\c#d?e\t" + "x" * 2000, recording.id)

    lines = [f"{line['PartitionKey']}{line['RowKey']}" for line in table_catalog.index.list_entities()]

    assert len(lines) == 3
    assert not any(mark in line for line in lines for mark in "/\\#?\t\x7f")
    assert max(map(len, lines)) < 512


@pytest.mark.stack
def test_the_columns_of_a_row_have_the_names_of_the_api(table_catalog: TableCatalog) -> None:
    recording = table_catalog.save_recording(a_recording(server_call_id=SERVER_CALL_ID, tags={"case": "42"}))

    row = table_catalog.table.get_entity(recording.id, "recording")

    assert {"serverCallId", "createdAt", "tags", "control", "files"} <= set(row)
    assert row["tags"] == '{"case": "42"}'


@pytest.mark.stack
def test_an_entry_of_version_0_1_is_found_by_its_server_call_id(table_catalog: TableCatalog) -> None:
    """It wrote no other look-up by call, and its rows may be of recordings that go on."""
    partition = f"call-{sha256(SERVER_CALL_ID.encode()).hexdigest()}"
    table_catalog.index.upsert_entity({"PartitionKey": partition, "RowKey": f"{10**17:018}:old", "id": "old"})

    assert list(table_catalog.listed_of_call(CALL, None, 10)) == [
        ListEntry(id="old", created_at=datetime(1970, 1, 1, tzinfo=UTC))
    ]


@pytest.mark.stack
def test_a_new_recording_is_findable_before_its_row_exists(table_catalog: TableCatalog) -> None:
    recording = a_recording(server_call_id=SERVER_CALL_ID)

    table_catalog.put_listings(recording)

    assert table_catalog.recording(recording.id) is None
    assert ids_of_call(table_catalog, CALL) == [recording.id]
    assert ids_listed(table_catalog) == [recording.id]


@pytest.mark.stack
def test_open_work_of_one_recording_stands_in_one_shard_and_that_of_many_in_all(table_catalog: TableCatalog) -> None:
    table_catalog.put_entries([a_line(id="a", document_id=f"{number:04}") for number in range(200)])
    assert len({str(line["PartitionKey"]) for line in table_catalog.index.list_entities()}) == 1

    table_catalog.put_entries([a_line(id=f"{number:04}") for number in range(200)])
    assert len({str(line["PartitionKey"]) for line in table_catalog.index.list_entities()}) == 4


@pytest.mark.stack
@pytest.mark.parametrize("is_newer", [False, True])
@pytest.mark.parametrize("id", ["a", "d"], ids=["into a later shard", "into an earlier shard"])
def test_an_entry_in_the_shard_of_version_0_1_is_put_where_it_belongs(
    table_catalog: TableCatalog, id: str, *, is_newer: bool
) -> None:
    line, newer = a_line(id=id), a_line(id=id, warned=2)
    keys = table_rows.entry_row(line)
    wrong = "open-01" if keys["PartitionKey"] != "open-01" else "open-02"
    table_catalog.index.upsert_entity(keys | {"PartitionKey": wrong})
    if is_newer:
        table_catalog.put_entries([newer])

    assert list(table_catalog.open_entries()) == [newer if is_newer else line]
    assert list(table_catalog.open_entries()) == [newer if is_newer else line]
    assert [str(row["PartitionKey"]) for row in table_catalog.index.list_entities()] == [keys["PartitionKey"]]
