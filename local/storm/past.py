"""Past recordings in tables in memory: as many as wanted, in the form in which the app leaves them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from azure.data.tables import TableClient

from local.storm.counting_table import Counter, CountingTable
from local.storm.memory_table import MemoryTable
from shared.adapters import table_rows
from shared.adapters.table_catalog import TableCatalog
from shared.domain.index_entry import IndexEntry
from shared.domain.list_entry import list_entry
from shared.domain.models import Chunk, Recording
from shared.domain.recording_rows import call_ids
from shared.domain.statuses import ChunkStatus, FilesStatus, Origin

YEARS = timedelta(days=730)
FAILED_EVERY = 50  # 2 % of the past recordings failed
WAITS = timedelta(minutes=10)


def catalog_in_memory(counter: Counter) -> TableCatalog:
    """The app's own catalog on empty tables in memory, counted."""
    tables = [CountingTable(MemoryTable(), counter) for _ in range(2)]
    return TableCatalog(*(cast("TableClient", table) for table in tables))


def fill(catalog: TableCatalog, count: int, now: datetime) -> None:
    """Past recordings over two years, with a chunk each, entries and links; not counted, and not by the app."""
    table, index = (cast("CountingTable", one).table for one in (catalog.table, catalog.index))
    for number in range(count):
        recording = past_recording(number, now - YEARS * (number + 1) / (count + 1))
        chunk = past_chunk(recording)
        put(table, table_rows.to_entity(recording, table_rows.RECORDING_ROW))
        put(table, table_rows.to_entity(chunk, table_rows.chunk_row(chunk.document_id)))
        for call in (None, *call_ids(recording)):
            put(index, table_rows.list_row(list_entry(recording), call))
        acs = table_rows.acs_partition(recording.recording_id or "")
        put(index, {"PartitionKey": acs, "RowKey": table_rows.RECORDING_ROW, "id": recording.id})


def put(table: Any, entity: table_rows.Entity) -> None:
    """Write an entity: into a table in memory at once, into any other through its client."""
    write = table.put if isinstance(table, MemoryTable) else table.upsert_entity
    write(entity)


def past_recording(number: int, created_at: datetime) -> Recording:
    failed = number % FAILED_EVERY == 0
    return Recording(
        id=str(UUID(int=number)),
        origin=Origin.API,
        created_at=created_at,
        updated_at=created_at,
        recording_id=f"eyJQ{number:060}",
        server_call_id=f"call-{number:060}",
        call_connection_id=str(UUID(int=number, version=4)),
        group_call_id=str(UUID(int=number, version=5)),
        room_id=f"room-{number:060}",
        tags={"case": str(number)},
        files=FilesStatus.FAILED if failed else FilesStatus.COMPLETED,
        folder=f"{created_at:%Y/%m/%d}/{UUID(int=number)}",
        ended_at=created_at,
    )


def past_chunk(recording: Recording) -> Chunk:
    document_id = f"0-wus-d4-{recording.id.replace('-', '')}"
    return Chunk(
        id=recording.id,
        document_id=document_id,
        index=0,
        created_at=recording.created_at,
        expires_at=recording.created_at + timedelta(days=1),
        content_location=f"https://us-storage.asm.skype.com/v1/objects/{document_id}/content/video",
        content_blob=f"{recording.folder}/0000-{document_id}.wav",
        status=ChunkStatus.DELETED,
        open=False,
    )


def open_chunks(catalog: TableCatalog, count: int, due: int, now: datetime) -> None:
    """Chunks that wait, so many of them due by now; their rows are there, too."""
    table = cast("CountingTable", catalog.table).table
    index = cast("CountingTable", catalog.index).table
    for number, due_at in enumerate(due_times(count, due, now)):
        recording = past_recording(10**9 + due * 10**6 + number, now)
        chunk = past_chunk(recording)
        put(table, table_rows.to_entity(recording, table_rows.RECORDING_ROW))
        put(index, table_rows.list_row(list_entry(recording), None))
        row = {"status": "pending", "open": True, "dueAt": due_at}
        put(table, table_rows.to_entity(chunk, table_rows.chunk_row(chunk.document_id)) | row)
        entry = IndexEntry(
            id=chunk.id, document_id=chunk.document_id, due_at=due_at, since=now, expires_at=chunk.expires_at
        )
        put(index, table_rows.entry_row(entry))


def due_times(count: int, due: int, now: datetime) -> Iterator[datetime]:
    for number in range(count):
        yield now - WAITS if number < due else now + WAITS
