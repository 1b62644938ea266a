"""How recordings, chunks and index lines are written into Azure Tables.

`recordings` has one partition per recording: the row `recording`, and a row `chunk-{documentId}` for each chunk.
`recordingindex` answers the other questions, one partition per question: of a call, of ACS's id, of a day, open work.
"""

import json
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
from azure.data.tables import EdmType, EntityProperty, TableEntity

from shared.models import Chunk, ChunkRef, OpenWork, Recording
from shared.names import digest, normal_server_call_id

RECORDING_ROW = "recording"
CHUNK_ROWS = "chunk-"
CHUNK_ROWS_END = "chunk."  # the first key after every chunk-…
OPEN_SHARDS = 4  # a partition takes 2,000 writes a second; events bring 2,000 chunks at once
NEWEST_FIRST = 10**17  # microseconds since 1970 subtracted from this sort the other way round
STRING_BYTES_MAX = 64 * 1024  # of UTF-16, in one string property

type Entity = dict[str, object]


def chunk_row(document_id: str) -> str:
    return f"{CHUNK_ROWS}{document_id}"


def to_entity(value: Recording | Chunk, row: str) -> Entity:
    """A row: columns are named as in the API, empty ones are left out."""
    columns = msgspec.to_builtins(value, builtin_types=(datetime,))
    columns.pop("etag")
    entity: Entity = {"PartitionKey": value.id, "RowKey": row}
    for name, column in columns.items():
        if column is not None:
            entity[name] = to_column(column)
    return entity


def to_column(value: object) -> object:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int) and not isinstance(value, bool):
        return EntityProperty(value, EdmType.INT64)  # files have more than 2³¹ bytes
    if isinstance(value, str):
        return fitting(value)
    return value


def fitting(text: str) -> str:
    """As much of a text as a property holds; a character is never cut in two."""
    return text.encode("utf-16-le", "replace")[:STRING_BYTES_MAX].decode("utf-16-le", "ignore")


def from_column(value: object) -> object:
    if isinstance(value, EntityProperty):
        return value.value
    if isinstance(value, datetime):
        return datetime.fromtimestamp(value.timestamp(), UTC)  # the SDK's own subclass is not for keeping
    return value


def to_columns(entity: TableEntity) -> dict[str, object]:
    return {name: from_column(value) for name, value in entity.items()} | {"etag": entity.metadata["etag"]}


def to_recording(entity: TableEntity) -> Recording:
    columns = in_halves(to_columns(entity))
    return msgspec.convert(columns | {"tags": json.loads(str(columns.get("tags", "{}")))}, Recording)


def in_halves(columns: dict[str, object]) -> dict[str, object]:
    """The columns of a recording; a row of version 0.1, which had one status, is told apart into the two halves.

    Whether one of its recordings that has files has ended, such a row does not say: ACS is asked.
    """
    if "status" not in columns:
        return columns
    status, failure = columns.pop("status"), columns.get("failure")
    match status:
        case "starting" | "active" | "paused":
            return columns | {"control": status, "waitsFor": failure, "failure": None}
        case "stopped" | "empty":
            ended = {"control": "paused", "endedAt": columns["updatedAt"], "inactiveAt": columns["updatedAt"]}
            return columns | ended | {"hasRun": status == "stopped"}
        case "failed" if columns.get("refusedStatus") is not None:
            return columns | {"startFailure": "refused", "startFailureReason": failure, "failure": None}
        case "failed" if columns.get("recordingId") is None and columns.get("folder") is None:
            return columns | {"startFailure": "unconfirmed", "startFailureReason": failure, "failure": None}
    return columns | {"files": status}


def to_chunk(entity: TableEntity) -> Chunk:
    return msgspec.convert(to_columns(entity), Chunk)


def to_open_work(entity: TableEntity) -> OpenWork:
    return msgspec.convert(to_columns(entity), OpenWork)


def newest_first(moment: datetime) -> str:
    """A key part that sorts later times first."""
    return f"{NEWEST_FIRST - int(moment.timestamp() * 1_000_000):018}"


def call_partition(server_call_id: str) -> str:
    return f"call-{digest(normal_server_call_id(server_call_id))}"


def acs_partition(recording_id: str) -> str:
    return f"acs-{digest(recording_id)}"


def day_partition(day: datetime) -> str:
    return f"day-{day.astimezone(UTC):%Y-%m-%d}"


def open_partition(shard: int) -> str:
    return f"open-{shard:02}"


def open_line(id: str, document_id: str) -> tuple[str, str]:
    """(partition, row) of a line of the open-work index."""
    row = f"{id}:{document_id}"
    return open_partition(zlib.crc32(row.encode()) % OPEN_SHARDS), row


def open_entity(work: OpenWork) -> Entity:
    partition, row = open_line(work.id, work.document_id)
    columns: Mapping[str, object] = msgspec.to_builtins(work, builtin_types=(datetime,))
    return {"PartitionKey": partition, "RowKey": row, **columns}


def open_key(ref: ChunkRef) -> tuple[str, str]:
    return open_line(ref.id, ref.document_id)
