"""A table whose use is counted: requests, entities and their bytes, in the same way on Azurite and in memory."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import msgspec


class Cost(msgspec.Struct, frozen=True):
    """What something cost.

    Attributes:
        requests: to Table Storage; each page of an answer is one.
        entities: that were read or written.
        bytes: of their columns as JSON.
    """

    requests: int = 0
    entities: int = 0
    bytes: int = 0


@dataclass
class Counter:
    """Adds up what all tables of a catalog cost; several threads may read at once."""

    cost: Cost = field(default_factory=Cost)
    lock: Any = field(default_factory=Lock)

    def add(self, entities: Sequence[Mapping[str, Any]]) -> None:
        size = sum(map(size_of, entities))
        with self.lock:
            was = self.cost
            self.cost = Cost(was.requests + 1, was.entities + len(entities), was.bytes + size)

    def reset(self) -> None:
        self.cost = Cost()


def size_of(entity: Mapping[str, Any]) -> int:
    """Bytes of an entity's columns as JSON, without those that no two writes have alike."""
    columns = {name: value for name, value in entity.items() if value is not None and name != "writeId"}
    return len(json.dumps(columns, default=str))


class CountingTable:
    """A table's client, counted. The SDK's own, or one in memory."""

    def __init__(self, table: Any, counter: Counter) -> None:
        self.table = table
        self.counter = counter

    def get_entity(self, *keys: str, **options: Any) -> Any:
        found: list[Mapping[str, Any]] = []
        try:
            found = [self.table.get_entity(*keys, **options)]
            return found[0]
        finally:
            self.counter.add(found)

    def create_entity(self, entity: Mapping[str, Any], **options: Any) -> Any:
        self.counter.add([entity])
        return self.table.create_entity(entity, **options)

    def update_entity(self, entity: Mapping[str, Any], **options: Any) -> Any:
        self.counter.add([entity])
        return self.table.update_entity(entity, **options)

    def upsert_entity(self, entity: Mapping[str, Any], **options: Any) -> Any:
        self.counter.add([entity])
        return self.table.upsert_entity(entity, **options)

    def delete_entity(self, *keys: str, **options: Any) -> None:
        self.counter.add([])
        self.table.delete_entity(*keys, **options)

    def submit_transaction(self, operations: Sequence[Sequence[Any]], **options: Any) -> Any:
        self.counter.add([operation[1] for operation in operations])
        return self.table.submit_transaction(operations, **options)

    def query_entities(self, *arguments: Any, **options: Any) -> "CountedPages":
        return CountedPages(self.table.query_entities(*arguments, **options).by_page(), self.counter)


class CountedPages:
    """Pages of a query's answer; reading one is a request."""

    def __init__(self, pages: Any, counter: Counter) -> None:
        self.pages = pages
        self.counter = counter

    def __iter__(self) -> Iterator[Any]:
        for page in self.each():
            yield from page

    def each(self) -> Iterator[list[Any]]:
        for page in self.pages:
            entities = list(page)
            self.counter.add(entities)
            yield entities

    def by_page(self) -> "CountedPages":
        return self

    def __next__(self) -> Iterator[Any]:
        entities = list(next(self.pages))
        self.counter.add(entities)
        return iter(entities)

    @property
    def continuation_token(self) -> Any:
        return self.pages.continuation_token
