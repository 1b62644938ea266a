"""What is read back: ACS's metadata and media, rows of the tables, manifests, the heads of wav files.

Whoever may write there may write anything. A copy is what ACS gave, or none; no original is deleted without one.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache, partial
from typing import cast
from uuid import UUID

from azure.data.tables import EdmType, EntityProperty, TableClient

from local.storm.memory_table import MemoryTable
from shared.adapters import table_rows
from shared.adapters.table_catalog import TableCatalog
from shared.adapters.table_day_lines import TableDayLines
from shared.control.start_recording import START_TRIES
from shared.domain.errors import AcsUncertain
from shared.domain.identifiers import id_from_key
from shared.domain.models import ChunkRef, Messages
from shared.domain.wav_header import WavHeader, WavRefused, read_header, require_all_sound
from shared.pipeline.rebuild import Rebuilt
from tests.builders import (
    OUR_ID,
    a_recording,
    a_start_request,
    document_id,
    file_ready_event,
    keep_at_acs,
    media,
    metadata,
    start_body,
)
from tests.fakes import BEGINNING, Cloud, DeletedUnproven, FakeDocument, FakeHost
from tests.fakes.host import QueuedMessage
from tests.fuzz.asked import Calls, http_request, url
from tests.fuzz.bounds import Finding
from tests.fuzz.delivered import QUEUES, parsed, written
from tests.fuzz.door import Door, framed, require
from tests.unit.documented import check_reply

type Tables = dict[str, MemoryTable]

KEY = "key"  # of a start
DAY = BEGINNING.replace(hour=0)
CONTENTS = ("acsmetadata", "video")


class Untrue(Finding):
    """What was read back is not what it claims."""


def shown(cloud: Cloud, *ids: str) -> None:
    """Have every answer about recordings be one that is documented."""
    call = Calls()
    for id in ids:
        for name in ("get_recording", "recording_events", "export_recording"):
            check_reply(name, call(cloud.services, name, http_request(url(), {}, {"id": id})))
        for name in ("chunk_content", "chunk_metadata"):
            route = {"id": id, "documentId": document_id()}
            check_reply(name, call(cloud.services, name, http_request(url(), {}, route)))
    for name, query in (
        ("list_recordings", ""),
        ("list_recordings", "atRisk=true"),
        ("check_consistency", "day=2026-11-22"),
    ):
        check_reply(name, call(cloud.services, name, http_request(url(query), {}, {})))


# Contents at ACS


class Transfers:
    """What transfers a chunk."""

    def __call__(self, cloud: Cloud, ref: ChunkRef) -> Messages:
        return cloud.services.transfer.transfer(ref)


def contents(data: bytes, transfer: Transfers) -> None:
    """The metadata or the media of a chunk at ACS; the first line says which."""
    kind, content = framed(data, CONTENTS)
    cloud = Cloud()
    keep_at_acs(cloud, 1)
    cloud.source.documents[document_id()].contents[kind] = content
    host = FakeHost(cloud)
    (ref,) = cloud.services.ingest.ingest(file_ready_event(1)).messages.transfers
    host.send(transfer(cloud, ref))
    host.work()
    host.sweep()
    chunk = cloud.chunk()
    for name, sha256, of in (
        (chunk.content_blob, chunk.sha256, "video"),
        (chunk.metadata_blob, chunk.metadata_sha256, "acsmetadata"),
    ):
        if sha256 and of == kind and cloud.store.blobs.get(str(name)) != content:
            raise Untrue("A copy is not what ACS gave.")
    shown(cloud, chunk.id)


# Rows


class Reads:
    """What reads rows: every use case that does."""

    def __call__(self, cloud: Cloud, ids: Sequence[str]) -> None:
        host = FakeHost(cloud)
        shown(cloud, *ids)
        for name in ("pause_recording", "resume_recording", "stop_recording", "replay_recording", "resend_events"):
            for id in ids[:1]:
                check_reply(name, Calls()(cloud.services, name, http_request(url(), {}, {"id": id})))
        again = http_request(url(), {"idempotency-key": KEY}, {}, start_body())
        check_reply("start_recording", Calls()(cloud.services, "start_recording", again))
        cloud.services.ingest.ingest(file_ready_event(2))
        for name in QUEUES:
            host.queues[name].append(QueuedMessage(REF))
        host.work()
        host.sweep()
        host.work()
        shown(cloud, *ids)


def rows(data: bytes, read: Reads) -> None:
    """Entities of the tables, any column with any value of any type that a table has."""
    entities = parsed(data)
    if not isinstance(entities, list):
        return
    cloud, tables = with_tables()
    for one in entities:
        if is_entity(one):
            table = tables[str(one["table"])]
            table.put({name: column(value) for name, value in one.items() if name != "table"})
    keep_at_acs(cloud)
    cloud.source.on_delete = partial(require_copy, cloud)
    read(cloud, [OUR_ID, id_from_key(KEY)])


def require_copy(cloud: Cloud, id: str, document: FakeDocument) -> None:
    if not set(document.contents.values()) <= set(cloud.store.blobs.values()):
        raise DeletedUnproven(f"{id} has no equal copy.")


def is_entity(one: object) -> bool:
    """Whether a table can have it: keys are texts without some characters, and no name is a type's."""
    if not isinstance(one, dict) or one.get("table") not in ("recordings", "recordingindex"):
        return False
    keys = (one.get("PartitionKey"), one.get("RowKey"))
    return all(isinstance(key, str) and key.isprintable() and not set(key) & set("/\\#?") for key in keys)


def column(value: object) -> object:
    """The value of a column as the SDK reads it; JSON has no types for some."""
    match value:
        case {"long": int(number)}:
            return EntityProperty(number % 2**64 - 2**63, EdmType.INT64)
        case {"time": int(seconds)}:
            return datetime.fromtimestamp(seconds % TIMES_MAX - TIMES_BEFORE, UTC)
        case {"text": str(content)}:  # of the bytes of a column
            return content.encode(errors="replace")
        case {"guid": _}:
            return UUID(OUR_ID)
    return plain_column(value)


def plain_column(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return (value + 2**31) % 2**32 - 2**31
    if value is None or isinstance(value, bool | float):
        return value
    return str(value).encode(errors="replace").decode()[:32_000]


TIMES_BEFORE = 11_644_473_600  # seconds from 1601, when a table's times begin, to 1970
TIMES_MAX = TIMES_BEFORE + 253_402_300_799  # and to the end of 9999


def as_json(value: object) -> object:
    """The value of a column as `column` reads it."""
    match value:
        case EntityProperty():
            return {"long": value.value + 2**63}
        case datetime():
            return {"time": int(value.timestamp()) + TIMES_BEFORE}
        case bytes():
            return {"text": value.decode()}
    return value


def real_rows(rounds: int) -> bytes:
    """The rows that the app itself writes, of a recording with two chunks."""
    cloud, tables = with_tables()
    cloud.services.catalog.save_recording(a_recording(tags={"case": "42"}))
    keep_at_acs(cloud)
    cloud.source.on_delete = lambda _, __: None
    host = FakeHost(cloud)
    host.send(cloud.services.ingest.ingest(file_ready_event(2)).messages)
    for _ in range(rounds):
        host.work()
        host.sweep()
    if rounds > 1:
        cloud.services.control.stop(OUR_ID)
        host.work()
    return entities_of(tables)


def unclear_rows() -> bytes:
    """The rows of a start of which nobody knows whether ACS carried it out."""
    cloud, tables = with_tables()
    cloud.acs.answers["start"].extend(AcsUncertain("no answer") for _ in range(START_TRIES))
    with suppress(AcsUncertain):
        cloud.services.starts.start(a_start_request(), KEY)
    return entities_of(tables)


def with_tables() -> tuple[Cloud, Tables]:
    """A cloud with the app's own tables."""
    tables = {"recordings": MemoryTable(), "recordingindex": MemoryTable()}
    cloud = Cloud(EVENTS_TOPIC_ENDPOINT="https://recordings.westeurope-1.eventgrid.azure.net/api/events")
    rows, index = (cast("TableClient", table) for table in tables.values())
    cloud.services.catalog, cloud.services.day_lines = TableCatalog(rows, index), TableDayLines(index)
    return cloud, tables


def entities_of(tables: Tables) -> bytes:
    return written(
        [
            {"table": name, **{column: as_json(value) for column, value in entity.items()}}
            for name, table in tables.items()
            for entity in table.entities.values()
        ]
    )


def old_rows() -> bytes:
    """The same as version 0.1 wrote them: one status, no halves, and lists by day."""
    entities = json.loads(real_rows(1))
    recording = next(one for one in entities if one["RowKey"] == table_rows.RECORDING_ROW)
    for name in ("control", "files", "controlVersion", "hasRun"):
        recording.pop(name, None)
    recording["status"] = "transferring"
    (line,) = (dict(one) for one in entities if one["PartitionKey"] == "list")
    return written([*entities, line | {"PartitionKey": "day-2026-11-22"}])


# Manifests


class Rebuilds:
    """What rebuilds rows from manifests."""

    def __call__(self, cloud: Cloud) -> Rebuilt:
        return cloud.services.rebuild.rebuild(DAY, None)


@cache
def completed() -> tuple[Cloud, str]:
    """A recording with two chunks that is completed, and its folder."""
    cloud = Cloud()
    cloud.acs.starts_active = True
    row = cloud.services.starts.start(a_start_request(tags={"case": "42"}), "key")
    cloud.services.control.stop(row.id)
    keep_at_acs(cloud)
    host = FakeHost(cloud)
    host.publish(file_ready_event(2, recording_id=row.recording_id or ""))
    host.settle()
    return cloud, str(cloud.recording().folder)


def manifests(data: bytes, rebuild: Rebuilds) -> None:
    """A manifest, where the tables are lost."""
    before, folder = completed()
    cloud = Cloud()
    cloud.store.all = dict(before.store.all)
    cloud.store.overwrite(f"{folder}/recording.json", data)
    counted = rebuild(cloud)
    require(sum(counted.counts.values()) == 1, "A manifest was not counted.")
    host = FakeHost(cloud)
    host.sweep()
    host.work()
    shown(cloud, folder.rpartition("/")[2])
    rebuild(cloud)


def a_manifest() -> bytes:
    cloud, folder = completed()
    return cloud.store.blobs[f"{folder}/recording.json"]


# Heads of wav files


class ReadsHeads:
    """What reads the head of a wav file, and what stands behind its sound."""

    def __call__(self, content: bytes) -> WavHeader:
        reads = 0

        def read(offset: int, length: int) -> bytes:
            nonlocal reads
            reads += 1
            require(reads < 100, "A file is read again and again.")
            return content[offset : offset + length]

        header = read_header(read, len(content))
        require_all_sound(read, header, len(content))
        return header


def heads(data: bytes, read: ReadsHeads) -> None:
    """A wav file; where it is read, its sound lies in it."""
    try:
        header = read(data)
    except WavRefused:
        return
    within = 0 < header.data_offset <= header.data_offset + header.data_bytes <= header.end <= len(data)
    if not within or header.data_bytes % header.frame_bytes:
        raise Untrue("Sound is told of that is not there.")


def wav(*chunks: bytes, magic: bytes = b"RIFF") -> bytes:
    return magic + b"\xff\xff\xff\xffWAVE" + b"".join(chunks)


def chunk(name: bytes, content: bytes, size: int | None = None) -> bytes:
    return name + (len(content) if size is None else size).to_bytes(4, "little") + content


FMT = chunk(b"fmt ", bytes.fromhex("0100 0100 803e0000 007d0000 0200 1000"))
REF = written({"id": OUR_ID, "documentId": document_id()})
DOORS = (
    Door(
        "contents",
        [
            b"acsmetadata\n" + metadata(),
            b"acsmetadata\n"
            + metadata(pauseResumeIntervals=[{"startTime": "2026-11-22T07:50:11Z", "duration": 4000.0}]),
            *(b"video\n" + media(form, 200) for form in ("wav", "mp3", "mp4")),
        ],
        contents,
        Transfers(),
        is_framed=True,
    ),
    Door("rows", [real_rows(0), real_rows(1), real_rows(3), old_rows(), unclear_rows()], rows, Reads()),
    Door("manifests", [a_manifest()], manifests, Rebuilds()),
    Door(
        "heads",
        [
            wav(FMT, chunk(b"data", bytes(64))),
            wav(chunk(b"JUNK", bytes(10)), FMT, chunk(b"LIST", b"INFO"), chunk(b"data", bytes(64), 0xFFFFFFFF)),
            wav(chunk(b"ds64", bytes(28)), FMT, chunk(b"data", bytes(8), 0xFFFFFFFF), magic=b"RF64"),
            wav(FMT, chunk(b"data", bytes(8)), chunk(b"id3 ", bytes(3)), b"\0"),
        ],
        heads,
        ReadsHeads(),
    ),
)
