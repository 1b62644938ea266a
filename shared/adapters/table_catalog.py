"""The catalog in Azure Tables. Every update is conditional, and no question scans a table.

A write whose answer is lost is repeated once, and recognised as our own by the id that it carries: the SDK repeats a
PUT by itself, so that a conflict may be with our own write, and a POST or PATCH not at all. Equal content is no proof:
of two claims of one instant both would win.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import batched, groupby
from typing import Any
from uuid import uuid4

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError
from azure.data.tables import TableClient, TableEntity, TransactionOperation, UpdateMode

from shared.adapters import table_rows
from shared.adapters.storage_errors import code_of, repeat_if_lost
from shared.adapters.table_errors import (
    CONFLICTS,
    NOT_THERE,
    THERE,
    AnswerLost,
    refuse_other_than_gone,
    translate_errors,
)
from shared.domain import invocation, transitions
from shared.domain.errors import CatalogConflict, RowUnreadable
from shared.domain.identifiers import CallId
from shared.domain.index_entry import IndexEntry
from shared.domain.list_entry import ListEntry, Place, list_entry
from shared.domain.models import Chunk, ChunkRef, Recording
from shared.domain.ports import CHUNKS_PER_BATCH
from shared.domain.recording_event import RecordingEvent
from shared.domain.recording_rows import call_ids

ROWS_PER_BATCH = 100  # an entity group transaction holds no more
READS_AT_ONCE = 8  # chosen: the SDK keeps ten connections
CHUNKS_OF = "PartitionKey eq @id and RowKey ge @first and RowKey lt @end"
WRITE_ID = "writeId"  # the column that identifies the write of a row; no part of the model
READ_BACK_RETRIES = 1  # few: the write took its time already, and an HTTP caller may be waiting
NO_CONTENT = {"response_preference": "return-no-content"}  # the row would come back, and could break off on its way


def if_unchanged(etag: str | None) -> dict[str, Any]:
    """The SDK's arguments of an update that replaces the row of this version and no other."""
    return {"mode": UpdateMode.REPLACE, "etag": etag, "match_condition": MatchConditions.IfNotModified}


def chunks_of(id: str) -> dict[str, str]:
    """The parameters of the query `CHUNKS_OF`."""
    return {"id": id, "first": table_rows.CHUNK_ROWS, "end": table_rows.CHUNK_ROWS_END}


@dataclass(frozen=True)
class TableCatalog:
    """The port `Catalog` on two tables."""

    table: TableClient
    index: TableClient

    def recording(self, id: str) -> Recording | None:
        entity = self.get(self.table, id, table_rows.RECORDING_ROW)
        return table_rows.to_recording(entity) if entity is not None else None

    def recordings(self, ids: Sequence[str]) -> Mapping[str, Recording | RowUnreadable]:
        wanted = list(dict.fromkeys(ids))
        if len(wanted) < 2:  # noqa: PLR2004 - one needs no thread of its own
            rows = list(map(self.readable, wanted))
        else:
            with ThreadPoolExecutor(min(READS_AT_ONCE, len(wanted))) as threads:
                rows = list(threads.map(self.readable, wanted))
        return {id: row for id, row in zip(wanted, rows, strict=True) if row is not None}

    def readable(self, id: str) -> Recording | RowUnreadable | None:
        try:
            return self.recording(id)
        except RowUnreadable as error:
            return error

    def get(self, table: TableClient, partition: str, row: str, **options: Any) -> TableEntity | None:
        with translate_errors():
            try:
                return table.get_entity(partition, row, **options)
            except HttpResponseError as error:
                if code_of(error) not in NOT_THERE:
                    raise
                return None

    def save_recording(
        self, recording: Recording, chunks: Sequence[Chunk] = (), at_risk: datetime | None = None
    ) -> Recording:
        row, events = transitions.of_recording(recording, chunks, at_risk)
        entity = table_rows.to_entity(row, table_rows.RECORDING_ROW)
        if row.etag:
            return transitions.as_written_recording(row, self.replace(entity, row.etag, events))
        self.put_listings(row)
        send = partial(repeat_if_lost, partial(self.table.create_entity, entity, **NO_CONTENT))
        return transitions.as_written_recording(row, self.write(entity, THERE, send))

    def replace(self, entity: table_rows.Entity, etag: str, events: transitions.Events) -> str:
        """Replace a row, and write the events that this tells, all or nothing; returns its etag."""
        if not events:
            return self.write(entity, CONFLICTS, partial(self.table.update_entity, entity, **if_unchanged(etag)))
        written = self.write_together([(TransactionOperation.UPDATE, entity, if_unchanged(etag))], entity, events)
        invocation.note_written(events)
        return written

    def write_together(
        self,
        operations: list[Any],
        entity: table_rows.Entity,
        events: transitions.Events = (),
        conflicts: frozenset[str] = CONFLICTS,
    ) -> str:
        """Write rows and events in one transaction, of which `entity` is the first; returns its etag."""
        told = [
            (TransactionOperation.UPSERT, table_rows.event_entity(event), {"mode": UpdateMode.REPLACE})
            for event in events
        ]

        def send() -> Mapping[str, Any]:
            return repeat_if_lost(partial(self.table.submit_transaction, [*operations, *told]))[0]

        return self.write(entity, conflicts, send)

    def write(self, entity: table_rows.Entity, conflicts: frozenset[str], send: Callable[[], Mapping[str, Any]]) -> str:
        """Write a row conditionally; returns its etag, read back where the answer does not say whose write it is.

        Args:
            entity: the row, which is given the write's id.
            conflicts: codes that say that another write came first, which may be this very one, sent twice.
            send: sends it, and repeats it if the SDK does not.
        """
        entity[WRITE_ID] = write_id = uuid4().hex
        try:
            with translate_errors(conflicts):
                return str(send()["etag"])
        except (CatalogConflict, AnswerLost):
            keys = str(entity["PartitionKey"]), str(entity["RowKey"])
            row = self.get(self.table, *keys, retry_total=READ_BACK_RETRIES)
            if row is None or row.get(WRITE_ID) != write_id:
                raise
            return str(row.metadata["etag"])

    def put_listings(self, recording: Recording) -> None:
        """Write the entries that find a recording: before its row, since an entry without a row is harmless."""
        self.put_listed(list_entry(recording), None)
        self.index_calls(recording)

    def index_calls(self, recording: Recording) -> None:
        for call in call_ids(recording):
            self.put_listed(list_entry(recording), call)

    def put_listed(self, entry: ListEntry, call: CallId | None) -> None:
        with translate_errors():
            repeat_if_lost(partial(self.index.upsert_entity, table_rows.list_row(entry, call)))

    def remove_listed(self, entry: ListEntry, call: CallId | None) -> None:
        self.remove(table_rows.list_partition(call), table_rows.place_row(entry.place))

    def recording_by_acs_id(self, recording_id: str) -> str | None:
        entity = self.get(self.index, table_rows.acs_partition(recording_id), table_rows.RECORDING_ROW)
        return table_rows.to_id(entity) if entity is not None else None

    def link_acs_id(self, recording_id: str, id: str) -> str:
        entry = {"PartitionKey": table_rows.acs_partition(recording_id), "RowKey": table_rows.RECORDING_ROW, "id": id}
        with translate_errors():
            try:
                repeat_if_lost(partial(self.index.create_entity, entry, **NO_CONTENT))
            except HttpResponseError as error:
                if code_of(error) not in THERE:
                    raise
                return self.recording_by_acs_id(recording_id) or id
        return id

    def listed(self, behind: Place | None, at_once: int) -> Iterator[ListEntry]:
        return self.list_entries(None, behind, at_once)

    def listed_of_call(self, call: CallId, behind: Place | None, at_once: int) -> Iterator[ListEntry]:
        return self.list_entries(call, behind, at_once)

    def list_entries(self, call: CallId | None, behind: Place | None, at_once: int) -> Iterator[ListEntry]:
        with translate_errors():
            for entity in self.index.query_entities(
                "PartitionKey eq @partition and RowKey gt @place",
                parameters={
                    "partition": table_rows.list_partition(call),
                    "place": table_rows.place_row(behind) if behind else "",
                },
                results_per_page=at_once,
            ):
                entry = table_rows.to_list_entry(entity)
                if entry is not None:
                    yield entry

    def chunk(self, ref: ChunkRef) -> Chunk | None:
        entity = self.get(self.table, ref.id, table_rows.chunk_row(ref.document_id))
        return table_rows.to_chunk(entity) if entity is not None else None

    def chunks(self, id: str) -> Iterator[Chunk]:
        errors: list[RowUnreadable] = []
        with translate_errors():
            for entity in self.table.query_entities(CHUNKS_OF, parameters=chunks_of(id)):
                try:
                    chunk = table_rows.to_chunk(entity)
                except RowUnreadable as error:
                    errors.append(error)
                else:
                    yield chunk
        if errors:
            documents = (document_id for error in errors for document_id in error.document_ids)
            raise RowUnreadable(id, *documents, column=errors[0].column)

    def few_chunks(self, id: str, most: int) -> list[Chunk] | None:
        with translate_errors():
            pages: Any = self.table.query_entities(
                CHUNKS_OF, parameters=chunks_of(id), results_per_page=most + 1
            ).by_page()
            entities = list(next(pages, []))
        if len(entities) > most or pages.continuation_token:
            return None
        return [table_rows.to_chunk(entity) for entity in entities]

    def recording_and_chunks(self, id: str) -> tuple[Recording | None, Mapping[str, Chunk | None]]:
        recording: Recording | None = None
        chunks: dict[str, Chunk | None] = {}
        with translate_errors():
            entities = list(
                self.table.query_entities(
                    "PartitionKey eq @id and RowKey lt @end", parameters={"id": id, "end": table_rows.EVENT_ROWS}
                )
            )
        for entity in entities:
            row = str(entity["RowKey"])
            if row == table_rows.RECORDING_ROW:
                recording = table_rows.to_recording(entity)
            elif row.startswith(table_rows.CHUNK_ROWS):
                try:
                    chunks[row.removeprefix(table_rows.CHUNK_ROWS)] = table_rows.to_chunk(entity)
                except RowUnreadable:
                    chunks[row.removeprefix(table_rows.CHUNK_ROWS)] = None
        return recording, chunks

    def has_open_chunk(self, id: str) -> bool:
        with translate_errors():
            entities = self.table.query_entities(
                "PartitionKey eq @id and RowKey lt @end and open eq true",
                parameters={"id": id, "end": table_rows.EVENT_ROWS},
                results_per_page=1,
                select=["RowKey"],
            )
            return next(iter(entities), None) is not None

    def save_chunk(self, chunk: Chunk, recording: Recording | None = None) -> Chunk:
        row, events = transitions.of_chunk(chunk, recording)
        entity = table_rows.to_entity(row, table_rows.chunk_row(row.document_id))
        return transitions.as_written_chunk(row, self.replace(entity, row.etag, events))

    def add_chunks(self, recording: Recording, chunks: Sequence[Chunk]) -> Recording:
        assert len(chunks) <= CHUNKS_PER_BATCH
        row, events = transitions.of_recording(recording, (), None)
        entity = table_rows.to_entity(row, table_rows.RECORDING_ROW)
        operations: list[Any] = [(TransactionOperation.UPDATE, entity, if_unchanged(row.etag))]
        operations += [
            (TransactionOperation.CREATE, table_rows.to_entity(chunk, table_rows.chunk_row(chunk.document_id)))
            for chunk in chunks
        ]
        etag = self.write_together(operations, entity, events)
        invocation.note_written(events)
        return transitions.as_written_recording(row, etag)

    def create_chunks(self, chunks: Sequence[Chunk]) -> None:
        assert len(chunks) <= CHUNKS_PER_BATCH
        entities = [table_rows.to_entity(chunk, table_rows.chunk_row(chunk.document_id)) for chunk in chunks]
        self.write_together([(TransactionOperation.CREATE, entity) for entity in entities], entities[0], (), THERE)

    def events(self, id: str, *, unsent: bool = False) -> Iterator[RecordingEvent]:
        left = " and unsent eq true" if unsent else ""
        unreadable: RowUnreadable | None = None
        with translate_errors():
            for entity in self.table.query_entities(
                f"PartitionKey eq @id and RowKey ge @first{left}",
                parameters={"id": id, "first": table_rows.EVENT_ROWS},
            ):
                try:
                    event = table_rows.to_event(entity)
                except RowUnreadable as error:
                    unreadable = error
                else:
                    yield event
        if unreadable is not None:
            raise unreadable

    def mark_events(self, events: Sequence[RecordingEvent]) -> None:
        for batch in batched(events, ROWS_PER_BATCH, strict=False):
            entities = map(table_rows.sending_entity, batch)
            operations = [(TransactionOperation.UPDATE, entity, {"mode": UpdateMode.MERGE}) for entity in entities]
            with translate_errors():
                repeat_if_lost(partial(self.table.submit_transaction, operations))

    def put_entries(self, work: Sequence[IndexEntry]) -> None:
        entities = sorted(map(table_rows.entry_row, work), key=lambda entity: str(entity["PartitionKey"]))
        for _, shard in groupby(entities, key=lambda entity: entity["PartitionKey"]):
            for batch in batched(shard, ROWS_PER_BATCH, strict=False):
                operations = [(TransactionOperation.UPSERT, entity, {"mode": UpdateMode.REPLACE}) for entity in batch]
                with translate_errors():
                    repeat_if_lost(partial(self.index.submit_transaction, operations))

    def have_due(self, id: str, due_at: datetime) -> None:
        partition, row = table_rows.entry_key(id, "")
        entry = self.get(self.index, partition, row)
        planned = table_rows.from_column(entry.get("dueAt")) if entry else None
        if isinstance(planned, datetime) and planned <= due_at:
            return
        hint = {"PartitionKey": partition, "RowKey": row, "id": id, "documentId": "", "dueAt": due_at}
        with translate_errors():
            repeat_if_lost(partial(self.index.upsert_entity, hint, mode=UpdateMode.MERGE))

    def remove_entry(self, id: str, document_id: str = "") -> None:
        self.remove(*table_rows.entry_key(id, document_id))

    def remove_entries(self, id: str, document_ids: Sequence[str]) -> None:
        keys = [table_rows.entry_key(id, document_id) for document_id in document_ids]
        entities = [{"PartitionKey": partition, "RowKey": row} for partition, row in keys]
        try:
            with translate_errors(NOT_THERE):
                self.index.submit_transaction([(TransactionOperation.DELETE, entity) for entity in entities])
        except (CatalogConflict, AnswerLost):  # all or nothing: one that is not there keeps the others
            for partition, row in keys:
                self.remove(partition, row)

    def remove(self, partition: str, row: str) -> None:
        with translate_errors():
            self.index.delete_entity(partition, row, raw_response_hook=refuse_other_than_gone)

    def due_entries(self, now: datetime) -> Iterator[IndexEntry]:
        # Not "le": an entry without a readable dueAt would be due never, instead of now.
        return self.index_entries("not ( dueAt gt @now )", now=now)

    def expiring_entries(self, until: datetime) -> Iterator[IndexEntry]:
        return self.index_entries("expiresAt le @until", until=until)

    def stuck_entries(self, since: datetime, after: ChunkRef | None) -> Iterator[IndexEntry]:
        return self.index_entries("stuckSince ge @since", after, since=since)

    def open_entries(self) -> Iterator[IndexEntry]:
        return self.index_entries("RowKey ge ''")

    def index_entries(self, condition: str, after: ChunkRef | None = None, **parameters: Any) -> Iterator[IndexEntry]:
        """Entries of the open-work index, shard by shard, behind one of them; the service picks those wanted."""
        behind, row = table_rows.entry_key(after.id, after.document_id) if after else ("", "")
        with translate_errors():
            for partition in map(table_rows.open_partition, range(table_rows.OPEN_SHARDS)):
                if partition < behind:
                    continue
                for entity in self.index.query_entities(
                    f"PartitionKey eq @partition and RowKey gt @row and {condition}",
                    parameters={"partition": partition, "row": row if partition == behind else "", **parameters},
                ):
                    entry = table_rows.to_index_entry(entity)
                    if entry is not None and self.is_in_place(entity):
                        yield entry

    def is_in_place(self, entity: TableEntity) -> bool:
        """Whether an entry stands where it belongs, or was put there now, into a shard that was listed before this one.

        Version 0.1 spread those of one recording over the shards. Where one is there already, that is newer. What is
        moved while it is removed stays, which costs one check of its row.
        """
        partition = table_rows.entry_key(*str(entity["RowKey"]).split(":", 1))[0]
        if entity["PartitionKey"] == partition:
            return True
        is_first = True
        try:
            self.index.create_entity(dict(entity) | {"PartitionKey": partition}, **NO_CONTENT)
        except HttpResponseError as error:
            if code_of(error) not in THERE:
                raise
            is_first = False
        self.remove(str(entity["PartitionKey"]), str(entity["RowKey"]))
        return is_first and partition < str(entity["PartitionKey"])
