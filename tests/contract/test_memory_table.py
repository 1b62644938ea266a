"""The tables in memory answer as Azurite does: the same calls, the same entities, codes, pages and etags."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError
from azure.data.tables import EdmType, EntityProperty, TableClient, TransactionOperation, UpdateMode

from local.storm.memory_table import PAGE_ENTITIES_MAX, MemoryTable
from shared.adapters.storage_errors import code_of
from shared.adapters.table_catalog import if_unchanged
from tests.contract.conftest import AZURITE, new_name

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOON + timedelta(milliseconds=1)  # Azurite compares no shorter time, as the service does


@pytest.fixture(params=["memory", AZURITE])
def table(request: pytest.FixtureRequest) -> TableClient:
    if request.param == "memory":
        return cast("TableClient", MemoryTable())
    client: TableClient = request.getfixturevalue("account").tables.create_table(new_name("t"))
    return client


def entity(row: str, partition: str = "p", **columns: Any) -> dict[str, Any]:
    return {"PartitionKey": partition, "RowKey": row, **columns}


def code(act: Callable[[], object]) -> tuple[int | None, str | None]:
    """Status and code of the refusal."""
    with pytest.raises(HttpResponseError) as refused:
        act()
    return refused.value.status_code, code_of(refused.value)


def rows(table: TableClient, condition: str, **parameters: object) -> list[str]:
    found = table.query_entities(condition, parameters=cast("dict[str, Any]", parameters))
    return [f"{one['PartitionKey']}{one['RowKey']}" for one in found]


FILTERS = {
    "PartitionKey eq @p": ["p1", "p2", "p3", "p4"],
    "PartitionKey eq @p and RowKey gt @one": ["p2", "p3", "p4"],
    "PartitionKey eq @p and RowKey ge @two and RowKey lt @four": ["p2", "p3"],
    "PartitionKey ge @p and PartitionKey lt @q": ["p1", "p2", "p3", "p4", "pz1"],
    "PartitionKey ge @pa and PartitionKey le @q": ["pz1", "q1"],
    "PartitionKey eq @p and dueAt le @noon": ["p1"],
    "PartitionKey eq @p and not ( dueAt gt @noon )": ["p1", "p3", "p4"],
    "PartitionKey eq @p and open eq true": ["p2"],
    "PartitionKey eq @p and open eq false": ["p1"],
    "PartitionKey eq @p and RowKey eq '1' or PartitionKey eq @q": ["p1", "q1"],
    "PartitionKey eq @p and ( RowKey eq '1' or dueAt gt @noon )": ["p1", "p2"],
    "not ( PartitionKey eq @p )": ["pz1", "q1"],
    "id eq 'an id'": ["p3"],
    "RowKey ge ''": ["p1", "p2", "p3", "p4", "pz1", "q1"],
}


@pytest.mark.parametrize("condition", FILTERS)
def test_a_filter_lets_the_same_entities_through_in_the_order_of_their_keys(table: TableClient, condition: str) -> None:
    """What compares with a column that is not there, or is of another type, is false."""
    for one in (
        entity("1", partition="q"),
        entity("1", partition="pz"),
        entity("4", dueAt="soon"),
        entity("3", dueAt=None, id="an id"),
        entity("2", dueAt=LATER, open=True),
        entity("1", dueAt=NOON, open=False),
    ):
        table.create_entity(one)

    found = rows(table, condition, p="p", pa="pa", q="q", one="1", two="2", four="4", noon=NOON)

    assert found == FILTERS[condition]


def test_a_query_is_answered_in_pages_of_what_its_filter_lets_through(table: TableClient) -> None:
    for number in range(7):
        table.create_entity(entity(f"{number}", odd=bool(number % 2)))

    pages = table.query_entities("PartitionKey eq 'p' and odd eq false", results_per_page=2).by_page()

    assert [[one["RowKey"] for one in page] for page in pages] == [["0", "2"], ["4", "6"]]


def test_a_page_has_a_thousand_entities_at_most(table: TableClient) -> None:
    for start in range(0, PAGE_ENTITIES_MAX + 100, 100):
        table.submit_transaction(
            [(TransactionOperation.CREATE, entity(f"{number:05}")) for number in range(start, start + 100)]
        )

    pages: Any = table.query_entities("PartitionKey eq 'p'").by_page()

    assert [len(list(page)) for page in pages] == [PAGE_ENTITIES_MAX, 100]
    assert not pages.continuation_token


def test_columns_that_were_not_asked_for_are_not_answered(table: TableClient) -> None:
    table.create_entity(entity("1", open=True, id="an id"))

    found = list(table.query_entities("open eq true", select=["RowKey"]))

    assert [dict(one) for one in found] == [{"RowKey": "1"}]


def test_columns_are_read_as_they_were_written(table: TableClient) -> None:
    columns: dict[str, Any] = {
        "text": "ü",
        "empty": "",
        "flag": False,
        "small": 7,
        "large": EntityProperty(2**40, EdmType.INT64),
        "share": 0.5,
        "moment": LATER,
    }
    table.create_entity(entity("1", nothing=None, **columns))

    found = table.get_entity("p", "1")

    assert dict(found) == entity("1", **columns)


def test_an_entity_is_created_once(table: TableClient) -> None:
    table.create_entity(entity("1", by="first"))

    assert code(lambda: table.create_entity(entity("1", by="second"))) == (409, "EntityAlreadyExists")
    assert table.get_entity("p", "1")["by"] == "first"


def test_an_entity_that_is_not_there_is_neither_read_nor_updated(table: TableClient) -> None:
    assert code(lambda: table.get_entity("p", "1")) == (404, "ResourceNotFound")
    assert code(lambda: table.update_entity(entity("1"))) == (404, "ResourceNotFound")
    assert code(lambda: table.update_entity(entity("1"), **if_unchanged('W/"x"'))) == (404, "ResourceNotFound")


def test_an_entity_that_is_not_there_is_removed_without_an_error(table: TableClient) -> None:
    table.delete_entity("p", "1")

    assert rows(table, "PartitionKey eq 'p'") == []


@pytest.mark.parametrize(
    ("mode", "left"),
    [(UpdateMode.MERGE, {"old": 1, "both": 2, "new": 2}), (UpdateMode.REPLACE, {"both": 2, "new": 2})],
)
@pytest.mark.parametrize("way", ["update_entity", "upsert_entity"])
def test_an_entity_is_merged_or_replaced(table: TableClient, way: str, mode: UpdateMode, left: dict[str, Any]) -> None:
    table.create_entity(entity("1", old=1, both=1))

    getattr(table, way)(entity("1", both=2, new=2, none=None), mode=mode)

    assert dict(table.get_entity("p", "1")) == entity("1", **left)


def test_an_entity_is_merged_unless_it_is_said_otherwise(table: TableClient) -> None:
    table.create_entity(entity("1", old=1))

    table.upsert_entity(entity("1", more=1))
    table.update_entity(entity("1", most=1))

    assert dict(table.get_entity("p", "1")) == entity("1", old=1, more=1, most=1)


def test_an_update_of_another_version_is_refused(table: TableClient) -> None:
    first = str(table.create_entity(entity("1", by="first"))["etag"])
    second = str(table.update_entity(entity("1", by="second"), **if_unchanged(first))["etag"])

    refused = code(lambda: table.update_entity(entity("1", by="third"), **if_unchanged(first)))

    assert refused == (412, "UpdateConditionNotSatisfied")
    found = table.get_entity("p", "1")
    assert (found["by"], found.metadata["etag"]) == ("second", second)
    assert first != second


CREATE, UPDATE, DELETE = TransactionOperation.CREATE, TransactionOperation.UPDATE, TransactionOperation.DELETE
REFUSED: dict[str, tuple[Any, tuple[int, str]]] = {
    "created again": ((CREATE, entity("1")), (409, "EntityAlreadyExists")),
    "updated and not there": ((UPDATE, entity("9")), (404, "ResourceNotFound")),
    "removed and not there": ((DELETE, entity("9")), (404, "ResourceNotFound")),
    "of another version": (
        (UPDATE, entity("1"), {"etag": 'W/"x"', "match_condition": MatchConditions.IfNotModified}),
        (412, "UpdateConditionNotSatisfied"),
    ),
    "written twice": ((CREATE, entity("0")), (400, "InvalidDuplicateRow")),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_transaction_is_carried_out_as_a_whole_or_not_at_all(table: TableClient, kind: str) -> None:
    table.create_entity(entity("1", by="first"))
    operation, refusal = REFUSED[kind]

    assert code(lambda: table.submit_transaction([(CREATE, entity("0")), operation])) == refusal
    assert rows(table, "PartitionKey eq 'p'") == ["p1"]
    assert table.get_entity("p", "1")["by"] == "first"


def test_a_transaction_answers_the_new_versions(table: TableClient) -> None:
    table.create_entity(entity("2"))

    answers = table.submit_transaction(
        [(CREATE, entity("1")), (TransactionOperation.UPSERT, entity("2", new=1), {"mode": UpdateMode.REPLACE})]
    )

    found = [one.metadata["etag"] for one in table.query_entities("PartitionKey eq 'p'")]
    assert [answer["etag"] for answer in answers] == found


def test_a_transaction_is_of_one_partition(table: TableClient) -> None:
    with pytest.raises(ValueError, match="must all be the same"):
        table.submit_transaction([(CREATE, entity("1")), (CREATE, entity("1", partition="q"))])
