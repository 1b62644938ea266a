"""A table of Table Storage in memory: the part of the SDK's `TableClient` that the app uses, with the service's rules.

Entities are sorted by their two keys; a query answers with pages of at most 1,000, of those that its filter lets
through; a transaction takes effect as a whole or not at all; updates are conditional. The app's contract tests of the
catalog run on it and on Azurite, and so do those of the tables themselves (`tests/contract/test_memory_table.py`). An
option that it does not know is an error.
"""

import re
import sys
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count, islice
from threading import RLock
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError
from azure.data.tables import EdmType, EntityProperty, TableEntity, TableTransactionError, UpdateMode

PAGE_ENTITIES_MAX = 1000  # documented: a request gets no more
BATCH_ENTITIES_MAX = 100  # documented
LAST_KEY = chr(sys.maxunicode)  # behind every key of the app
TOKEN = re.compile(r"\(|\)|'[^']*'|@?\w+")

type Key = tuple[str, str]
type Columns = dict[str, Any]
type Test = Callable[[Columns], bool]

COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: bool(left == right),
    "ge": lambda left, right: bool(left >= right),
    "gt": lambda left, right: bool(left > right),
    "le": lambda left, right: bool(left <= right),
    "lt": lambda left, right: bool(left < right),
}


# What a caller may ask for; of those without a meaning here, how an answer looks on the wire, and what is sent again.
OPTIONS: Mapping[str, frozenset[str]] = {
    "get": frozenset({"retry_total"}),
    "create": frozenset({"response_preference"}),
    "update": frozenset({"mode", "etag", "match_condition"}),
    "upsert": frozenset({"mode"}),
    "delete": frozenset({"raw_response_hook"}),
}


class Refused(HttpResponseError):
    """The service's refusal, with its code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status_code = status
        self.error_code = code


class TransactionRefused(TableTransactionError):
    """The refusal of a whole transaction."""

    def __init__(self, status: int, code: str) -> None:
        HttpResponseError.__init__(self, code)
        self.status_code = status
        self.error_code = code


class Filter:
    """An OData filter, as far as the app uses them. A comparison with a column that is not there is false."""

    def __init__(self, text: str, parameters: Mapping[str, Any]) -> None:
        self.tokens = TOKEN.findall(text)
        self.parameters = parameters
        self.place = 0
        self.denials = 0
        self.compared: list[tuple[str, str, Any]] = []
        self.test = self.alternatives()
        # What each entity that passes must meet.
        self.required = [] if "or" in self.tokens else self.compared

    def take(self) -> str:
        self.place += 1
        return str(self.tokens[self.place - 1])

    def next_is(self, word: str) -> bool:
        found = self.place < len(self.tokens) and self.tokens[self.place] == word
        self.place += found
        return found

    def alternatives(self) -> Test:
        tests = [self.conditions()]
        while self.next_is("or"):
            tests.append(self.conditions())
        return lambda row: any(test(row) for test in tests)

    def conditions(self) -> Test:
        tests = [self.condition()]
        while self.next_is("and"):
            tests.append(self.condition())
        return lambda row: all(test(row) for test in tests)

    def condition(self) -> Test:
        if self.next_is("not"):
            self.denials += 1
            denied = self.condition()
            self.denials -= 1
            return lambda row: not denied(row)
        if self.next_is("("):
            inner = self.alternatives()
            assert self.next_is(")")
            return inner
        column, operator, wanted = self.take(), self.take(), self.value(self.take())
        if not self.denials:
            self.compared.append((column, operator, wanted))
        compare = COMPARISONS[operator]
        return lambda row: (
            column in row and type(plain(row[column])) is type(wanted) and compare(plain(row[column]), wanted)
        )

    def value(self, token: str) -> Any:
        if token.startswith("@"):
            return plain(self.parameters[token[1:]])
        return token == "true" if token in {"true", "false"} else token.strip("'")

    def range_of(self, key: str) -> tuple[str, str]:
        """Between which values a key of each entity that passes lies; the test decides about the ends."""
        lows = [
            wanted for column, operator, wanted in self.required if column == key and operator in {"eq", "gt", "ge"}
        ]
        highs = [
            wanted for column, operator, wanted in self.required if column == key and operator in {"eq", "lt", "le"}
        ]
        return max(lows, default=""), min(highs, default=LAST_KEY)


def plain(value: Any) -> Any:
    """A column's value without the SDK's own types."""
    if isinstance(value, EntityProperty):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=UTC)
    return value


@dataclass
class Pages:
    """The answer to a query, page by page; each page is one request."""

    table: "MemoryTable"
    filter: Filter
    size: int
    select: Sequence[str] | None
    continuation_token: Key | None = None
    is_done: bool = False

    def __iter__(self) -> "Pages":
        return self

    def __next__(self) -> Iterator[TableEntity]:
        if self.is_done:
            raise StopIteration
        rows = list(islice(self.table.rows(self.filter, self.continuation_token), self.size + 1))
        page = rows[: self.size]
        self.is_done = len(rows) <= self.size
        self.continuation_token = None if self.is_done else page[-1][0]
        return iter([self.table.entity(key, self.select) for key, _ in page])


class Found:
    """What a query gives: entities, or pages of them."""

    def __init__(self, pages: Callable[[], Pages]) -> None:
        self.pages = pages

    def __iter__(self) -> Iterator[TableEntity]:
        for page in self.by_page():
            yield from page

    def by_page(self) -> Pages:
        return self.pages()


@dataclass
class MemoryTable:
    """A table."""

    entities: dict[Key, Columns] = field(default_factory=dict)
    etags: dict[Key, str] = field(default_factory=dict)
    partitions: dict[str, list[str]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)  # of the partitions, sorted when they are walked
    versions: Iterator[int] = field(default_factory=count)
    lock: Any = field(default_factory=RLock)

    # What the service does.

    def rows(self, wanted: Filter, behind: Key | None) -> Iterator[tuple[Key, Columns]]:
        """Keys and columns that a filter lets through, in order, behind a key."""
        first, last = wanted.range_of("PartitionKey")
        first_row, last_row = wanted.range_of("RowKey")
        for name in self.partitions_between(max(first, behind[0] if behind else ""), last):
            keys = self.partitions.get(name, [])
            begin = max(first_row, behind[1] if behind and name == behind[0] else "")
            for row in keys[bisect_left(keys, begin) : bisect_right(keys, last_row)]:
                key = (name, row)
                columns = self.entities[key]
                if (behind is None or key > behind) and wanted.test(columns):
                    yield key, columns

    def partitions_between(self, first: str, last: str) -> Sequence[str]:
        if first == last:
            return [first]
        self.names.sort()
        return self.names[bisect_left(self.names, first) : bisect_right(self.names, last)]

    def entity(self, key: Key, select: Sequence[str] | None = None) -> TableEntity:
        columns = self.entities[key]
        names = columns if select is None else [name for name in select if name in columns]
        entity = TableEntity({name: as_read(columns[name]) for name in names})
        entity._metadata = {"etag": self.etags[key], "timestamp": None}  # noqa: SLF001 - as the SDK itself sets it
        return entity

    def put(self, entity: Mapping[str, Any], *, merge: bool = False) -> Mapping[str, Any]:
        key = key_of(entity)
        columns = {name: value for name, value in entity.items() if value is not None}
        if key[0] not in self.partitions:
            self.partitions[key[0]] = []
            self.names.append(key[0])
        if key not in self.entities:
            insort(self.partitions[key[0]], key[1])
        self.entities[key] = (self.entities.get(key, {}) if merge else {}) | columns
        self.etags[key] = f'W/"{next(self.versions)}"'
        return {"etag": self.etags[key]}

    def drop(self, key: Key) -> None:
        del self.entities[key], self.etags[key]
        self.partitions[key[0]].remove(key[1])

    def refusal(self, kind: str, entity: Mapping[str, Any], options: Mapping[str, Any]) -> tuple[int, str] | None:
        """Status and code with which the service refuses an operation; None where it carries it out."""
        key = key_of(entity)
        if kind == "create":
            return (409, "EntityAlreadyExists") if key in self.entities else None
        if kind in {"update", "delete"} and key not in self.entities:
            return 404, "ResourceNotFound"
        is_conditional = options.get("match_condition") is MatchConditions.IfNotModified
        if kind == "update" and is_conditional and options["etag"] != self.etags[key]:
            return 412, "UpdateConditionNotSatisfied"
        return None

    def carry_out(self, kind: str, entity: Mapping[str, Any], options: Mapping[str, Any]) -> Mapping[str, Any]:
        if kind == "delete":
            self.drop(key_of(entity))
            return {}
        merges = kind in {"update", "upsert"} and options.get("mode", UpdateMode.MERGE) is UpdateMode.MERGE
        return self.put(entity, merge=merges)

    def operate(self, kind: str, entity: Mapping[str, Any], options: Mapping[str, Any]) -> Mapping[str, Any]:
        understand(kind, options)
        with self.lock:
            refused = self.refusal(kind, entity, options)
            if refused is not None:
                raise Refused(*refused)
            return self.carry_out(kind, entity, options)

    # What the SDK calls it.

    def get_entity(self, partition: str, row: str, **options: Any) -> TableEntity:
        understand("get", options)
        with self.lock:
            if (partition, row) not in self.entities:
                raise Refused(404, "ResourceNotFound")
            return self.entity((partition, row))

    def create_entity(self, entity: Mapping[str, Any], **options: Any) -> Mapping[str, Any]:
        return self.operate("create", entity, options)

    def update_entity(self, entity: Mapping[str, Any], **options: Any) -> Mapping[str, Any]:
        return self.operate("update", entity, options)

    def upsert_entity(self, entity: Mapping[str, Any], **options: Any) -> Mapping[str, Any]:
        return self.operate("upsert", entity, options)

    def delete_entity(self, partition: str, row: str, **options: Any) -> None:
        understand("delete", options)
        with self.lock:
            if (partition, row) in self.entities:
                self.drop((partition, row))

    def query_entities(
        self,
        query_filter: str,
        *,
        parameters: Mapping[str, Any] | None = None,
        results_per_page: int | None = None,
        select: Sequence[str] | None = None,
    ) -> Found:
        size = min(results_per_page or PAGE_ENTITIES_MAX, PAGE_ENTITIES_MAX)
        return Found(lambda: Pages(self, Filter(query_filter, parameters or {}), size, select))

    def list_entities(self) -> Found:
        return self.query_entities("RowKey ge ''")

    def submit_transaction(self, operations: Sequence[Sequence[Any]]) -> list[Mapping[str, Any]]:
        parsed = [(str(kind.value), entity, options[0] if options else {}) for kind, entity, *options in operations]
        keys = [key_of(entity) for _, entity, _ in parsed]
        if len({partition for partition, _ in keys}) > 1:
            raise ValueError("Partition Keys in the batch must all be the same.")  # by the SDK, unasked
        if len(set(keys)) < len(keys):
            raise TransactionRefused(400, "InvalidDuplicateRow")
        if len(keys) > BATCH_ENTITIES_MAX:
            raise TransactionRefused(400, "InvalidInput")
        for kind, _, options in parsed:
            understand(kind, options)
        with self.lock:
            for kind, entity, options in parsed:
                refused = self.refusal(kind, entity, options)
                if refused is not None:
                    raise TransactionRefused(*refused)
            return [self.carry_out(kind, entity, options) for kind, entity, options in parsed]


def understand(kind: str, options: Mapping[str, Any]) -> None:
    """Raises: TypeError for an option that would be without effect here, and may have one at the service."""
    unknown = options.keys() - OPTIONS[kind]
    if unknown:
        raise TypeError(f"The table in memory does not know {sorted(unknown)} of {kind}.")


def key_of(entity: Mapping[str, Any]) -> Key:
    return str(entity["PartitionKey"]), str(entity["RowKey"])


def as_read(value: Any) -> Any:
    """A column as the SDK reads it again: 64-bit numbers come with their type, smaller ones without."""
    if isinstance(value, EntityProperty) and value.edm_type is not EdmType.INT64:
        return value.value
    return value
