"""The catalog in Azure Tables. Every update is conditional, and no question scans a table."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import batched, groupby
from typing import Any

import msgspec
from azure.core import MatchConditions
from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.data.tables import TableClient, TableEntity, TransactionOperation, UpdateMode

from shared.adapters import rows
from shared.errors import CatalogConflict, CatalogUnavailable, RowUnreadable
from shared.models import Chunk, ChunkRef, OpenWork, Recording
from shared.ports import CHUNKS_PER_BATCH

ROWS_PER_BATCH = 100  # an entity group transaction holds no more
MATCHES_MAX = 200  # recordings of one call that are looked at for a match, or listed
CONFLICTS = frozenset({404, 409, 412})  # gone, there already, or newer: somebody else was first
NO_TABLE = "TableNotFound"  # a 404 that says nothing about a row


@contextmanager
def told_apart() -> Iterator[None]:
    """Turn the SDK's errors into the two that the domain tells apart.

    Raises:
        CatalogConflict: somebody else was first.
        CatalogUnavailable: anything else.
    """
    try:
        yield
    except HttpResponseError as error:
        if error.status_code in CONFLICTS and not lacks_table(error):
            raise CatalogConflict from error
        raise CatalogUnavailable(f"Table Storage answered {error.status_code} ({error.reason}).") from error
    except AzureError as error:
        raise CatalogUnavailable(f"Table Storage did not answer: {type(error).__name__}.") from error


def lacks_table(error: HttpResponseError) -> bool:
    # create_entity() raises its errors undecoded, with the code in their text alone.
    return getattr(error, "error_code", None) == NO_TABLE or f'"{NO_TABLE}"' in str(error)


class TableCatalog:
    """The port `Catalog` on two tables."""

    def __init__(self, recordings: TableClient, index: TableClient) -> None:
        self.recordings = recordings
        self.index = index

    def recording(self, id: str) -> Recording | None:
        entity = self.found(self.recordings, id, rows.RECORDING_ROW)
        return rows.to_recording(entity) if entity is not None else None

    def found(self, table: TableClient, partition: str, row: str) -> TableEntity | None:
        with told_apart():
            try:
                return table.get_entity(partition, row)
            except ResourceNotFoundError as error:
                if lacks_table(error):
                    raise
                return None

    def save_recording(self, recording: Recording) -> Recording:
        entity = rows.to_entity(recording, rows.RECORDING_ROW)
        if recording.etag:
            return msgspec.structs.replace(recording, etag=self.replaced(entity, recording.etag))
        self.index_new(recording)
        with told_apart():
            written = self.recordings.create_entity(entity)
        return msgspec.structs.replace(recording, etag=written["etag"])

    def replaced(self, entity: rows.Entity, etag: str) -> str:
        with told_apart():
            written = self.recordings.update_entity(
                entity, mode=UpdateMode.REPLACE, etag=etag, match_condition=MatchConditions.IfNotModified
            )
        return str(written["etag"])

    def index_new(self, recording: Recording) -> None:
        """Lines that find a recording; written before it, since a line without a row is harmless."""
        row = f"{rows.newest_first(recording.created_at)}:{recording.id}"
        partitions = [rows.day_partition(recording.created_at)]
        if recording.server_call_id:
            partitions.append(rows.call_partition(recording.server_call_id))
        with told_apart():
            for partition in partitions:
                self.index.upsert_entity({"PartitionKey": partition, "RowKey": row, "id": recording.id})

    def recording_by_acs_id(self, recording_id: str) -> str | None:
        entity = self.found(self.index, rows.acs_partition(recording_id), rows.RECORDING_ROW)
        return rows.to_listed(entity) if entity is not None else None

    def link_acs_id(self, recording_id: str, id: str) -> str:
        line = {"PartitionKey": rows.acs_partition(recording_id), "RowKey": rows.RECORDING_ROW, "id": id}
        with told_apart():
            try:
                self.index.create_entity(line)
            except ResourceExistsError:
                return self.recording_by_acs_id(recording_id) or id
        return id

    def recordings_by_call(self, server_call_id: str, not_after: datetime) -> Sequence[str]:
        partition, since = rows.call_partition(server_call_id), rows.newest_first(not_after)
        return [id for _, id in self.listed(partition, since, limit=MATCHES_MAX)]

    def recordings_by_day(self, day: datetime, after: str | None) -> Iterator[tuple[str, str]]:
        # "~" sorts after every id, so that the place itself is not listed again.
        yield from self.listed(rows.day_partition(day), f"{after}~" if after else "")

    def listed(self, partition: str, since: str, limit: int | None = None) -> Iterator[tuple[str, str]]:
        with told_apart():
            entities = self.index.query_entities(
                "PartitionKey eq @partition and RowKey ge @since",
                parameters={"partition": partition, "since": since},
                results_per_page=limit,
            )
            for count, entity in enumerate(entities):
                if limit is not None and count >= limit:
                    return
                id = rows.to_listed(entity)
                if id is not None:
                    yield str(entity["RowKey"]), id

    def chunk(self, ref: ChunkRef) -> Chunk | None:
        entity = self.found(self.recordings, ref.id, rows.chunk_row(ref.document_id))
        return rows.to_chunk(entity) if entity is not None else None

    def chunks(self, id: str) -> Iterator[Chunk]:
        errors: list[RowUnreadable] = []
        with told_apart():
            for entity in self.recordings.query_entities(
                "PartitionKey eq @id and RowKey ge @first and RowKey lt @end",
                parameters={"id": id, "first": rows.CHUNK_ROWS, "end": rows.CHUNK_ROWS_END},
            ):
                try:
                    chunk = rows.to_chunk(entity)
                except RowUnreadable as error:
                    errors.append(error)
                else:
                    yield chunk
        if errors:
            raise rows.all_unreadable(errors, id)

    def has_open_chunk(self, id: str) -> bool:
        with told_apart():
            entities = self.recordings.query_entities(
                "PartitionKey eq @id and open eq true", parameters={"id": id}, results_per_page=1, select=["RowKey"]
            )
            return next(iter(entities), None) is not None

    def save_chunk(self, chunk: Chunk) -> Chunk:
        entity = rows.to_entity(chunk, rows.chunk_row(chunk.document_id))
        return msgspec.structs.replace(chunk, etag=self.replaced(entity, chunk.etag))

    def add_chunks(self, recording: Recording, chunks: Sequence[Chunk]) -> Recording:
        assert len(chunks) <= CHUNKS_PER_BATCH
        condition = {
            "mode": UpdateMode.REPLACE,
            "etag": recording.etag,
            "match_condition": MatchConditions.IfNotModified,
        }
        operations: list[
            tuple[TransactionOperation | str, TableEntity | Mapping[str, Any]]
            | tuple[TransactionOperation | str, TableEntity | Mapping[str, Any], Mapping[str, Any]]
        ] = [(TransactionOperation.UPDATE, rows.to_entity(recording, rows.RECORDING_ROW), condition)]
        operations += [
            (TransactionOperation.CREATE, rows.to_entity(chunk, rows.chunk_row(chunk.document_id))) for chunk in chunks
        ]
        with told_apart():
            written = self.recordings.submit_transaction(operations)
        return msgspec.structs.replace(recording, etag=written[0]["etag"])

    def note_open(self, work: Sequence[OpenWork]) -> None:
        entities = sorted(map(rows.open_entity, work), key=lambda entity: str(entity["PartitionKey"]))
        for _, shard in groupby(entities, key=lambda entity: entity["PartitionKey"]):
            for batch in batched(shard, ROWS_PER_BATCH, strict=False):
                with told_apart():
                    self.index.submit_transaction([(TransactionOperation.UPSERT, entity) for entity in batch])

    def close(self, work: ChunkRef) -> None:
        partition, row = rows.open_key(work)
        with told_apart():
            self.index.delete_entity(partition, row)  # the SDK takes a missing row for success

    def due_work(self, now: datetime) -> Iterator[OpenWork]:
        with told_apart():
            for shard in range(rows.OPEN_SHARDS):
                for entity in self.index.query_entities(
                    # Not "le": a line without a readable dueAt would be due never, instead of now.
                    "PartitionKey eq @partition and not ( dueAt gt @now )",
                    parameters={"partition": rows.open_partition(shard), "now": now},
                ):
                    line = rows.to_open_work(entity)
                    if line is not None:
                        yield line
