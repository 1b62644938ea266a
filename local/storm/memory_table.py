"""A table of Table Storage in memory: the part of the SDK's `TableClient` that the app uses, with the service's rules.

Entities are sorted by their two keys; a query answers with pages of at most 1,000, of those that its filter lets
through; a transaction takes effect as a whole or not at all; updates are conditional. The app's contract tests of the
catalog run on it, as they do on Azurite.
"""

import re
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count, islice
from threading import RLock
from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.data.tables import EdmType, EntityProperty, TableEntity, TableTransactionError, UpdateMode

PAGE_ENTITIES_MAX = 1000  # documented: a request gets no more
BATCH_ENTITIES_MAX = 100  # documented
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
        self.test = self.alternatives()

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
            denied = self.condition()
            return lambda row: not denied(row)
        if self.next_is("("):
            inner = self.alternatives()
            assert self.next_is(")")
            return inner
        column, compare, wanted = self.take(), COMPARISONS[self.take()], self.value(self.take())
        return lambda row: (
            column in row and type(plain(row[column])) is type(wanted) and compare(plain(row[column]), wanted)
        )

    def value(self, token: str) -> Any:
        if token.startswith("@"):
            return plain(self.parameters[token[1:]])
        return token == "true" if token in {"true", "false"} else token.strip("'")

    def bound(self, column: str, *comparisons: str) -> str | None:
        """The value that a key must equal, or begin at, where the filter begins with such a condition."""
        for place in range(len(self.tokens) - 2):
            if self.tokens[place] == column and self.tokens[place + 1] in comparisons:
                return str(self.value(self.tokens[place + 2]))
        return None


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
        return iter([self.table.entity(key) for key, _ in page])


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
    versions: Iterator[int] = field(default_factory=count)
    lock: Any = field(default_factory=RLock)

    # What the service does.

    def rows(self, wanted: Filter, behind: Key | None) -> Iterator[tuple[Key, Columns]]:
        """Keys and columns that a filter lets through, in order, behind a key."""
        partition = wanted.bound("PartitionKey", "eq")
        partitions = [partition] if partition is not None else sorted(self.partitions)
        first = wanted.bound("RowKey", "gt", "ge") or ""
        for name in partitions:
            if behind and name < behind[0]:
                continue
            keys = self.partitions.get(name, [])
            begin = max(first, behind[1] if behind and name == behind[0] else "")
            for row in keys[bisect_left(keys, begin) :]:
                key = (name, row)
                columns = self.entities[key]
                if (behind is None or key > behind) and wanted.test(columns):
                    yield key, columns

    def entity(self, key: Key) -> TableEntity:
        entity = TableEntity({name: as_read(value) for name, value in self.entities[key].items()})
        entity._metadata = {"etag": self.etags[key], "timestamp": None}  # noqa: SLF001 - as the SDK itself sets it
        return entity

    def put(self, entity: Mapping[str, Any], *, merge: bool = False) -> Mapping[str, Any]:
        key = key_of(entity)
        columns = {name: value for name, value in entity.items() if value is not None}
        if key not in self.entities:
            insort(self.partitions.setdefault(key[0], []), key[1])
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
        if kind == "update" and options.get("etag") not in {None, self.etags[key]}:
            return 412, "UpdateConditionNotSatisfied"
        return None

    def carry_out(self, kind: str, entity: Mapping[str, Any], options: Mapping[str, Any]) -> Mapping[str, Any]:
        if kind == "delete":
            self.drop(key_of(entity))
            return {}
        merges = kind in {"update", "upsert"} and options.get("mode", UpdateMode.MERGE) is UpdateMode.MERGE
        return self.put(entity, merge=merges)

    def operate(self, kind: str, entity: Mapping[str, Any], options: Mapping[str, Any]) -> Mapping[str, Any]:
        with self.lock:
            refused = self.refusal(kind, entity, options)
            if refused is not None:
                raise Refused(*refused)
            return self.carry_out(kind, entity, options)

    # What the SDK calls it.

    def get_entity(self, partition: str, row: str, **_: Any) -> TableEntity:
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

    def delete_entity(self, partition: str, row: str, **_: Any) -> None:
        with self.lock:
            if (partition, row) in self.entities:
                self.drop((partition, row))

    def query_entities(
        self,
        query_filter: str,
        *,
        parameters: Mapping[str, Any] | None = None,
        results_per_page: int | None = None,
        **_: Any,
    ) -> Found:
        size = min(results_per_page or PAGE_ENTITIES_MAX, PAGE_ENTITIES_MAX)
        return Found(lambda: Pages(self, Filter(query_filter, parameters or {}), size))

    def list_entities(self) -> Found:
        return self.query_entities("RowKey ge ''")

    def submit_transaction(self, operations: Sequence[Sequence[Any]], **_: Any) -> list[Mapping[str, Any]]:
        parsed = [(str(kind.value), entity, options[0] if options else {}) for kind, entity, *options in operations]
        keys = [key_of(entity) for _, entity, _ in parsed]
        if len(set(keys)) < len(keys) or len({partition for partition, _ in keys}) > 1:
            raise TransactionRefused(400, "InvalidDuplicateRow")
        if len(keys) > BATCH_ENTITIES_MAX:
            raise TransactionRefused(400, "InvalidInput")
        with self.lock:
            for kind, entity, options in parsed:
                refused = self.refusal(kind, entity, options)
                if refused is not None:
                    raise TransactionRefused(*refused)
            return [self.carry_out(kind, entity, options) for kind, entity, options in parsed]


def key_of(entity: Mapping[str, Any]) -> Key:
    return str(entity["PartitionKey"]), str(entity["RowKey"])


def as_read(value: Any) -> Any:
    """A column as the SDK reads it again: 64-bit numbers come with their type, smaller ones without."""
    if isinstance(value, EntityProperty) and value.edm_type is not EdmType.INT64:
        return value.value
    return value
