"""Recordings, chunks and index entries as rows of Azure Tables.

`recordings` has one partition per recording: the row `recording`, a row `chunk-{documentId}` for each chunk, and a row
`~{key}` for each event, which sort behind all others. Empty columns are left out; times are UTC, numbers are 64 bits.

    PartitionKey          RowKey                     columns
    6f1c2d3e-…            recording                  id: 6f1c2d3e-…, origin: api, createdAt: 2026-11-22T10:15:00Z,
                                                     recordingId: eyJQbGF0…, serverCallId: aHR0cHM6…, control: active,
                                                     controlVersion: 2, endedAt: 2026-11-22T10:22:01Z,
                                                     files: transferring, folder: 2026/11/22/6f1c2d3e-…,
                                                     tags: {"case": "42"}, writeId: 0b9e… (no field of the value)
    6f1c2d3e-…            chunk-0-wus-d4-ab12…       id, documentId: 0-wus-d4-ab12…, index: 0, status: stored,
                                                     contentBlob: 2026/11/22/6f1c2d3e-…/0000-0-wus-d4-ab12….wav,
                                                     bytes: 1920044, sha256: 9f86…, open: true,
                                                     expiresAt: 2026-11-23T10:22:05Z, dueAt: 2026-11-22T10:37:05Z
    6f1c2d3e-…            ~Started:1                 id, key: Started:1, type: CallRecording.Started,
                                                     time: 2026-11-22T10:15:01Z, by: 9f86d081, data: {"id": …} as bytes,
                                                     unsent: true, since, sentAt, attempts: 0, lastError, nextTryAt

`recordingindex` answers the other questions, one partition per question: all, by call, by ACS's id, open work.

    list                  {newest first}:6f1c2d3e-…  id: 6f1c2d3e-…, tags: {"case": "42"}
    call-{sha256 of id}   {newest first}:6f1c2d3e-…  the same (by serverCallId)
    {kind}-{sha256 of id} {newest first}:6f1c2d3e-…  the same (kind: callConnectionId, groupCallId, roomId,
                                                     clueServerCallId, clueCallId)
    acs-{sha256 of id}    recording                  id: 6f1c2d3e-…
    open-00 … open-03     6f1c2d3e-…:0-wus-d4-ab12…  id, documentId, dueAt: 2026-11-22T10:37:05Z, since, expiresAt,
                                                     stuckSince, warned: 0, failed: false, told: false
    open-00 … open-03     6f1c2d3e-…:                the same for the recording itself: documentId is empty
"""

import json
import re
import zlib
from datetime import UTC, datetime, timedelta

import msgspec
from azure.data.tables import EdmType, EntityProperty, TableEntity

from shared.domain.errors import RowUnreadable
from shared.domain.identifiers import DOCUMENT_ID, CallId, CallIdKind, digest, normal_recording_id
from shared.domain.index_entry import IndexEntry
from shared.domain.list_entry import ListEntry, Place
from shared.domain.models import Chunk, Recording
from shared.domain.recording_event import RecordingEvent
from shared.domain.transitions import as_written_chunk, as_written_recording

RECORDING_ROW = "recording"
CHUNK_ROWS = "chunk-"
CHUNK_ROWS_END = "chunk."  # the first key after every chunk-…
EVENT_ROWS = "~"  # the last character of ASCII: no other row sorts behind it
NO_COLUMNS = frozenset({"etag", "rowState"})  # fields that say what a row is, and stand in none
# What becomes of an event, and is written again and again.
SENDING_COLUMNS = frozenset({"unsent", "since", "sentAt", "attempts", "lastError", "nextTryAt"})
OPEN_SHARDS = 4  # a partition takes 2,000 writes a second; what is open of one recording stands in one
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
NEWEST_FIRST = 10**17  # less the microseconds since 1970, this sorts later times first
STRING_BYTES_MAX = 64 * 1024  # of UTF-16, in one string property
OUR_ID = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)  # what may be a partition; other keys are not ours
PLACE = re.compile(rf"([0-9]{{18}}):({OUR_ID.pattern})", re.ASCII)  # the key of an entry in a list
COLUMN_IN_ERROR = re.compile(r"at `\$\.(\w+)|required field `(\w+)`$")  # how msgspec names a column
JSON_COLUMNS = frozenset(
    {"tags", "otherLocations", "audioChannelParticipantOrdering", "channelAffinity", "participants", "pauses"}
)
NUMBER_MAX = 2**60  # beyond it the next sum does not fit into a column
YEARS = range(1601, 9000)  # from the first that a table holds; behind the last there is room for every sum
MIN_TIME = datetime(YEARS.start, 1, 1, tzinfo=UTC)

type Entity = dict[str, object]


def chunk_row(document_id: str) -> str:
    return f"{CHUNK_ROWS}{document_id}"


def to_entity(value: Recording | Chunk, row: str) -> Entity:
    """A row: columns are named as in the API, empty ones are left out."""
    fields = msgspec.to_builtins(value, builtin_types=(datetime,))
    columns = {
        name: to_column(field) for name, field in fields.items() if field not in (None, ()) and name not in NO_COLUMNS
    }
    return {"PartitionKey": value.id, "RowKey": row, **columns}


def event_entity(event: RecordingEvent) -> Entity:
    """The row of an event."""
    fields = msgspec.to_builtins(event, builtin_types=(datetime, bytes))
    columns = {name: to_column(field) for name, field in fields.items() if field is not None}
    return {"PartitionKey": event.id, "RowKey": f"{EVENT_ROWS}{event.key}", **columns}


def sending_entity(event: RecordingEvent) -> Entity:
    """What became of an event, to be merged into its row."""
    columns = event_entity(event)
    kept = SENDING_COLUMNS | {"PartitionKey", "RowKey"}
    return {name: column for name, column in columns.items() if name in kept}


def to_event(entity: TableEntity) -> RecordingEvent:
    """Raises: RowUnreadable."""
    try:
        columns = {name: from_column(value) for name, value in entity.items()}
        event = msgspec.convert(columns, RecordingEvent)
        msgspec.json.decode(event.data, type=dict[str, object])
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
        raise RowUnreadable(str(entity["PartitionKey"]), column="event") from None
    is_in_place = (event.id, f"{EVENT_ROWS}{event.key}") == (entity["PartitionKey"], entity["RowKey"])
    if not is_in_place or not all(map(is_plausible, msgspec.structs.astuple(event))):
        raise RowUnreadable(str(entity["PartitionKey"]), column="event")
    return event


def to_column(value: object) -> object:
    if isinstance(value, dict | tuple):
        return json.dumps(value, ensure_ascii=False, default=datetime.isoformat)
    if isinstance(value, int) and not isinstance(value, bool):
        return EntityProperty(value, EdmType.INT64)  # files have more than 2³¹ bytes
    if isinstance(value, str):
        # Cut between characters to what a property holds.
        return value.encode("utf-16-le", "replace")[:STRING_BYTES_MAX].decode("utf-16-le", "ignore")
    return value


def from_column(value: object) -> object:
    if isinstance(value, EntityProperty):
        return value.value
    if isinstance(value, datetime):
        return datetime.fromtimestamp(value.timestamp(), UTC)  # not the SDK's own subclass
    return value


def to_recording(entity: TableEntity) -> Recording:
    """Raises: RowUnreadable."""
    recording = to_value(entity, Recording)
    if recording.id != entity["PartitionKey"]:
        raise RowUnreadable(str(entity["PartitionKey"]), column="id")
    return as_written_recording(recording, recording.etag)


def split_status(columns: dict[str, object]) -> dict[str, object]:
    """The columns of a recording; the one status of a row of version 0.1 is split into the two halves.

    Such a row does not say whether a recording with files has ended: ACS is asked.
    """
    if "status" not in columns or "files" in columns:
        return {"files": None, **columns}  # there is no row without: one that lacks it cannot be read
    status, failure = columns.pop("status"), columns.get("failure")
    match status:
        case "starting" | "active" | "paused":
            return columns | {"control": status, "waitsFor": failure, "failure": None}
        case "stopped" | "empty":
            ended = {"control": "paused", "endedAt": columns.get("updatedAt"), "inactiveAt": columns.get("updatedAt")}
            return columns | ended | {"hasRun": status == "stopped"}
        case "failed" if columns.get("refusedStatus") is not None:
            return columns | {"startFailure": "refused", "startFailureReason": failure, "failure": None}
        case "failed" if columns.get("recordingId") is None and columns.get("folder") is None:
            return columns | {"startFailure": "unconfirmed", "startFailureReason": failure, "failure": None}
        case "transferring" | "completed" | "failed":
            return columns | {"files": status}
    raise msgspec.ValidationError("Version 0.1 had no such status - at `$.status`")


def to_chunk(entity: TableEntity) -> Chunk:
    """Raises: RowUnreadable."""
    chunk = to_value(entity, Chunk)
    if (chunk.id, chunk_row(chunk.document_id)) != (entity["PartitionKey"], entity["RowKey"]):
        raise unreadable(entity, column="documentId" if chunk.id == entity["PartitionKey"] else "id")
    return as_written_chunk(chunk, chunk.etag)


def to_value[Row: (Recording, Chunk)](entity: TableEntity, kind: type[Row]) -> Row:
    """The value of a row; every number and time in it is plausible.

    Raises:
        RowUnreadable: another version wrote it, or it was edited by hand.
    """
    try:
        columns = {name: from_column(value) for name, value in entity.items()} | {"etag": entity.metadata["etag"]}
        if kind is Recording:
            columns = split_status(columns)
        for name in JSON_COLUMNS & columns.keys():
            columns[name] = from_json(columns[name])
        value = msgspec.convert(columns, kind)
    except msgspec.MsgspecError as error:
        named = COLUMN_IN_ERROR.search(str(error))
        column = named and (named[1] or named[2])
        raise unreadable(entity, column=column) from None  # its text repeats the column's value
    except (ValueError, OverflowError) as error:
        raise unreadable(entity) from error
    names = zip(kind.__struct_encode_fields__, kind.__struct_fields__, strict=True)
    wrong = next((column for column, name in names if not is_plausible(getattr(value, name))), None)
    if wrong is not None:
        raise unreadable(entity, column=wrong)
    return value


def unreadable(entity: TableEntity, *, column: str | None = None) -> RowUnreadable:
    row = str(entity["RowKey"])
    documents = [row.removeprefix(CHUNK_ROWS)] if row.startswith(CHUNK_ROWS) else []
    return RowUnreadable(str(entity["PartitionKey"]), *documents, column=column)


def from_json(value: object) -> object:
    """A column of JSON, parsed; anything else is returned as it is, and fails as what it should be."""
    try:
        parsed: object = msgspec.json.decode(str(value))  # unlike Python's own it takes no half of a character
    except (ValueError, RecursionError):
        return value
    return parsed


def is_plausible(value: object) -> bool:
    """Whether a number or a time is plausible: no sum overflows, no comparison fails."""
    match value:
        case int():
            return 0 <= value <= NUMBER_MAX
        case datetime():
            return value.tzinfo is not None and value.year in YEARS
    return True


def to_index_entry(entity: TableEntity) -> IndexEntry | None:
    """A line of the open-work index. It is a hint: what cannot be read in it is left out, and then it is due now.

    None for a foreign key: no row could ever belong to it.
    """
    id, colon, document_id = str(entity["RowKey"]).partition(":")
    if not (colon and OUR_ID.fullmatch(id)) or (document_id and not DOCUMENT_ID.fullmatch(document_id)):
        return None
    hints: dict[str, object] = {"dueAt": MIN_TIME}
    for field in msgspec.structs.fields(IndexEntry):
        hint = to_hint(entity.get(field.encode_name), field.type)
        if hint is not None:
            hints[field.encode_name] = hint
    return msgspec.convert(hints | {"id": id, "documentId": document_id}, IndexEntry)


def to_hint(value: object, kind: object) -> object:
    """A column of a line; None when it cannot be read."""
    try:
        hint: object = msgspec.convert(from_column(value), kind)
    except (msgspec.MsgspecError, ValueError, OverflowError):
        return None
    return hint if is_plausible(hint) else None


def to_id(entity: TableEntity) -> str | None:
    """The id that an index entry names; None when no id of ours has that form."""
    id = entity.get("id")
    return id if isinstance(id, str) and OUR_ID.fullmatch(id) else None


def newest_first(moment: datetime) -> str:
    """A key part that sorts later times first."""
    return f"{NEWEST_FIRST - (moment - EPOCH) // MICROSECOND:018}"


def place_row(place: Place) -> str:
    moment, id = place
    return f"{newest_first(moment)}:{id}"


def list_partition(call: CallId | None) -> str:
    """The partition of a call's recordings; None stands for all recordings."""
    if call is None:
        return "list"
    # By serverCallId as in version 0.1, which had no other look-up by call.
    kind = "call" if call.kind is CallIdKind.SERVER_CALL else call.kind
    return f"{kind}-{digest(call.normal)}"


def list_row(entry: ListEntry, call: CallId | None) -> Entity:
    keys: Entity = {"PartitionKey": list_partition(call), "RowKey": place_row(entry.place)}
    return keys | {"id": entry.id, **({"tags": to_column(entry.tags)} if entry.tags is not None else {})}


def to_list_entry(entity: TableEntity) -> ListEntry | None:
    """An entry of a list; None for a key that no entry of ours has."""
    key = PLACE.fullmatch(str(entity["RowKey"]))
    if key is None:
        return None
    since_epoch = NEWEST_FIRST - int(key[1])
    try:
        created_at = EPOCH + since_epoch * MICROSECOND
        tags = msgspec.convert(from_json(entity.get("tags")), dict[str, str] | None)
    except OverflowError:
        return None
    except msgspec.ValidationError:
        tags = None  # then the row is asked
    return ListEntry(id=key[2], created_at=created_at, tags=tags)


def acs_partition(recording_id: str) -> str:
    return f"acs-{digest(normal_recording_id(recording_id))}"


def open_partition(shard: int) -> str:
    return f"open-{shard:02}"


def entry_key(id: str, document_id: str) -> tuple[str, str]:
    """(partition, row) of an entry of the open-work index: those of one recording stand together.

    So one transaction writes what an event brings, up to 100 of them.
    """
    return open_partition(zlib.crc32(id.encode()) % OPEN_SHARDS), f"{id}:{document_id}"


def entry_row(work: IndexEntry) -> Entity:
    partition, row = entry_key(work.id, work.document_id)
    return {"PartitionKey": partition, "RowKey": row, **msgspec.to_builtins(work, builtin_types=(datetime,))}
