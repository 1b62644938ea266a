"""The catalog in Azure Tables. Every update is conditional, and no question scans a table.

A write whose answer is lost is repeated once, and recognised as our own by the id that it carries: the SDK repeats a
PUT by itself, so that a conflict may be with our own write, and a POST or PATCH not at all. Equal content would not do:
of two claims of one instant both would win.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from http import HTTPStatus
from itertools import batched, groupby
from typing import Any
from uuid import uuid4

import msgspec
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline import PipelineResponse
from azure.data.tables import TableClient, TableEntity, TransactionOperation, UpdateMode

from shared.adapters import table_rows
from shared.adapters.sdk_answers import TROUBLE, Trouble, code_in, code_of, is_lost, repeated, told
from shared.domain.errors import CatalogConflict, CatalogUnavailable, RowUnreadable
from shared.domain.models import Chunk, ChunkRef, IndexEntry, Recording
from shared.domain.ports import CHUNKS_PER_BATCH

ROWS_PER_BATCH = 100  # an entity group transaction holds no more
MATCHES_MAX = 200  # recordings of one call that are looked at for a match, or listed
WRITE_ID = "writeId"  # the column that tells whose write a row is; no part of the model
READ_BACK_RETRIES = 1  # after a write that took its time already, and somebody may be waiting for an answer
NO_CONTENT = {"response_preference": "return-no-content"}  # the row would come back, and could break off on its way
NO_CODES: frozenset[str] = frozenset()
THERE = frozenset({"EntityAlreadyExists"})
NOT_THERE = frozenset({"ResourceNotFound", "EntityNotFound"})  # a missing table says TableNotFound
# Somebody else was first: there already, gone, or newer. A table that is missing or being deleted is none of these.
CONFLICTS = THERE | NOT_THERE | {"UpdateConditionNotSatisfied", "ConditionNotMet"}


class AnswerLost(CatalogUnavailable):
    """No answer came, twice: the write may have been done."""


@contextmanager
def translate_errors(conflicts: frozenset[str] = NO_CODES) -> Iterator[None]:
    """Turn the SDK's errors into those that the domain tells apart, by the service's codes.

    Args:
        conflicts: codes that say that somebody else was first.

    Raises:
        CatalogConflict: somebody else was first.
        CatalogUnavailable: anything else.
    """
    try:
        yield
    except TROUBLE as error:
        raise meaning(error, conflicts) from error


def meaning(error: Trouble, conflicts: frozenset[str]) -> CatalogConflict | CatalogUnavailable:
    if is_lost(error):
        return AnswerLost(f"Table Storage did not answer: {type(error).__name__}.")
    code = code_of(error)
    return CatalogConflict() if code in conflicts else CatalogUnavailable(f"Table Storage answered {told(error)}.")


def refuse_other_than_gone(response: PipelineResponse[Any, Any]) -> None:
    """Raises: CatalogUnavailable for a 404 that is not about a row; the SDK takes any for a deletion that was done."""
    answer = response.http_response
    if answer.status_code == HTTPStatus.NOT_FOUND and code_in(answer) not in NOT_THERE:
        raise CatalogUnavailable(f"Table Storage answered {answer.status_code} ({code_in(answer)}).")


class TableCatalog:
    """The port `Catalog` on two tables."""

    def __init__(self, recordings: TableClient, index: TableClient) -> None:
        self.recordings = recordings
        self.index = index

    def recording(self, id: str) -> Recording | None:
        entity = self.found(self.recordings, id, table_rows.RECORDING_ROW)
        return table_rows.to_recording(entity) if entity is not None else None

    def found(self, table: TableClient, partition: str, row: str, **options: Any) -> TableEntity | None:
        with translate_errors():
            try:
                return table.get_entity(partition, row, **options)
            except HttpResponseError as error:
                if code_of(error) not in NOT_THERE:
                    raise
                return None

    def save_recording(self, recording: Recording) -> Recording:
        entity = table_rows.to_entity(recording, table_rows.RECORDING_ROW)
        if recording.etag:
            return msgspec.structs.replace(recording, etag=self.replaced(entity, recording.etag))
        self.index_new(recording)
        return msgspec.structs.replace(recording, etag=self.created(entity))

    def created(self, entity: table_rows.Entity) -> str:
        def create() -> str:
            return str(repeated(partial(self.recordings.create_entity, entity, **NO_CONTENT))["etag"])

        return self.written(entity, THERE, create)

    def replaced(self, entity: table_rows.Entity, etag: str) -> str:
        def replace() -> str:
            written = self.recordings.update_entity(
                entity, mode=UpdateMode.REPLACE, etag=etag, match_condition=MatchConditions.IfNotModified
            )
            return str(written["etag"])

        return self.written(entity, CONFLICTS, replace)

    def written(self, entity: table_rows.Entity, conflicts: frozenset[str], write: Callable[[], str]) -> str:
        """The etag of a row after one conditional write, which is read back where its answers do not tell.

        Args:
            entity: the row, which is given the write's id.
            conflicts: codes that say that somebody else was first, or that we were.
            write: sends it, and repeats it if the SDK does not.
        """
        entity[WRITE_ID] = write_id = uuid4().hex
        try:
            with translate_errors(conflicts):
                return write()
        except (CatalogConflict, AnswerLost):
            keys = str(entity["PartitionKey"]), str(entity["RowKey"])
            row = self.found(self.recordings, *keys, retry_total=READ_BACK_RETRIES)
            if row is None or row.get(WRITE_ID) != write_id:
                raise
            return str(row.metadata["etag"])

    def index_new(self, recording: Recording) -> None:
        """Lines that find a recording; written before it, since a line without a row is harmless."""
        row = f"{table_rows.newest_first(recording.created_at)}:{recording.id}"
        partitions = [table_rows.day_partition(recording.created_at)]
        if recording.server_call_id:
            partitions.append(table_rows.call_partition(recording.server_call_id))
        with translate_errors():
            for partition in partitions:
                line = {"PartitionKey": partition, "RowKey": row, "id": recording.id}
                repeated(partial(self.index.upsert_entity, line))

    def recording_by_acs_id(self, recording_id: str) -> str | None:
        entity = self.found(self.index, table_rows.acs_partition(recording_id), table_rows.RECORDING_ROW)
        return table_rows.to_listed(entity) if entity is not None else None

    def link_acs_id(self, recording_id: str, id: str) -> str:
        line = {"PartitionKey": table_rows.acs_partition(recording_id), "RowKey": table_rows.RECORDING_ROW, "id": id}
        with translate_errors():
            try:
                repeated(partial(self.index.create_entity, line, **NO_CONTENT))
            except HttpResponseError as error:
                if code_of(error) not in THERE:
                    raise
                return self.recording_by_acs_id(recording_id) or id
        return id

    def recordings_by_call(self, server_call_id: str, not_after: datetime) -> Sequence[str]:
        partition, since = table_rows.call_partition(server_call_id), table_rows.newest_first(not_after)
        return [id for _, id in self.listed(partition, since, limit=MATCHES_MAX)]

    def recordings_by_day(self, day: datetime, after: str | None) -> Iterator[tuple[str, str]]:
        # "~" sorts after every id, so that the place itself is not listed again.
        yield from self.listed(table_rows.day_partition(day), f"{after}~" if after else "")

    def listed(self, partition: str, since: str, limit: int | None = None) -> Iterator[tuple[str, str]]:
        with translate_errors():
            entities = self.index.query_entities(
                "PartitionKey eq @partition and RowKey ge @since",
                parameters={"partition": partition, "since": since},
                results_per_page=limit,
            )
            for count, entity in enumerate(entities):
                if limit is not None and count >= limit:
                    return
                id = table_rows.to_listed(entity)
                if id is not None:
                    yield str(entity["RowKey"]), id

    def chunk(self, ref: ChunkRef) -> Chunk | None:
        entity = self.found(self.recordings, ref.id, table_rows.chunk_row(ref.document_id))
        return table_rows.to_chunk(entity) if entity is not None else None

    def chunks(self, id: str) -> Iterator[Chunk]:
        errors: list[RowUnreadable] = []
        with translate_errors():
            for entity in self.recordings.query_entities(
                "PartitionKey eq @id and RowKey ge @first and RowKey lt @end",
                parameters={"id": id, "first": table_rows.CHUNK_ROWS, "end": table_rows.CHUNK_ROWS_END},
            ):
                try:
                    chunk = table_rows.to_chunk(entity)
                except RowUnreadable as error:
                    errors.append(error)
                else:
                    yield chunk
        if errors:
            raise table_rows.all_unreadable(errors, id)

    def has_open_chunk(self, id: str) -> bool:
        with translate_errors():
            entities = self.recordings.query_entities(
                "PartitionKey eq @id and open eq true", parameters={"id": id}, results_per_page=1, select=["RowKey"]
            )
            return next(iter(entities), None) is not None

    def save_chunk(self, chunk: Chunk) -> Chunk:
        entity = table_rows.to_entity(chunk, table_rows.chunk_row(chunk.document_id))
        return msgspec.structs.replace(chunk, etag=self.replaced(entity, chunk.etag))

    def add_chunks(self, recording: Recording, chunks: Sequence[Chunk]) -> Recording:
        assert len(chunks) <= CHUNKS_PER_BATCH
        entity = table_rows.to_entity(recording, table_rows.RECORDING_ROW)
        condition = {
            "mode": UpdateMode.REPLACE,
            "etag": recording.etag,
            "match_condition": MatchConditions.IfNotModified,
        }
        operations: list[
            tuple[TransactionOperation | str, TableEntity | Mapping[str, Any]]
            | tuple[TransactionOperation | str, TableEntity | Mapping[str, Any], Mapping[str, Any]]
        ] = [(TransactionOperation.UPDATE, entity, condition)]
        operations += [
            (TransactionOperation.CREATE, table_rows.to_entity(chunk, table_rows.chunk_row(chunk.document_id)))
            for chunk in chunks
        ]

        def submit() -> str:
            return str(repeated(partial(self.recordings.submit_transaction, operations))[0]["etag"])

        return msgspec.structs.replace(recording, etag=self.written(entity, CONFLICTS, submit))

    def put_entries(self, work: Sequence[IndexEntry]) -> None:
        entities = sorted(map(table_rows.entry_row, work), key=lambda entity: str(entity["PartitionKey"]))
        for _, shard in groupby(entities, key=lambda entity: entity["PartitionKey"]):
            for batch in batched(shard, ROWS_PER_BATCH, strict=False):
                operations = [(TransactionOperation.UPSERT, entity) for entity in batch]
                with translate_errors():
                    repeated(partial(self.index.submit_transaction, operations))

    def remove_entry(self, id: str, document_id: str = "") -> None:
        partition, row = table_rows.entry_key(id, document_id)
        with translate_errors():
            self.index.delete_entity(partition, row, raw_response_hook=refuse_other_than_gone)

    def due_entries(self, now: datetime) -> Iterator[IndexEntry]:
        with translate_errors():
            for shard in range(table_rows.OPEN_SHARDS):
                for entity in self.index.query_entities(
                    # Not "le": a line without a readable dueAt would be due never, instead of now.
                    "PartitionKey eq @partition and not ( dueAt gt @now )",
                    parameters={"partition": table_rows.open_partition(shard), "now": now},
                ):
                    line = table_rows.to_index_entry(entity)
                    if line is not None:
                        yield line
