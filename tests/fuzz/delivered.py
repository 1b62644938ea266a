"""What is delivered to the app: events, the messages of its queues, dead letters.

Nothing of it may be dropped: it is taken in, or kept in rejected-events.
"""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from azure.data.tables import TableEntity
from azure.functions.eventgrid import EventGridEventInConverter
from azure.functions.meta import Datum

from functions.event_grid import to_document
from shared.adapters import table_rows
from shared.domain.errors import NotUnderstood
from shared.domain.json_fields import Json
from shared.domain.models import Messages
from shared.domain.statuses import ChunkStatus
from shared.pipeline.ingest import Ingested
from shared.pipeline.queue_messages import parse_ref
from shared.settings import DELETION_POISON_QUEUE, DELETION_QUEUE, TRANSFER_POISON_QUEUE, TRANSFER_QUEUE
from tests.builders import (
    CONTAINER,
    OUR_ID,
    RECORDING_ID,
    a_recording,
    announced_chunk,
    document_id,
    file_ready_event,
    keep_at_acs,
)
from tests.fakes import Cloud, DeletedUnproven, FakeDocument, FakeHost
from tests.fuzz.door import Door, framed, require

NONE = Messages()
QUEUES = (TRANSFER_QUEUE, DELETION_QUEUE, TRANSFER_POISON_QUEUE, DELETION_POISON_QUEUE)


def our_cloud() -> Cloud:
    """A recording of ours, of which ACS has two files, and what this app may be told to allow."""
    cloud = Cloud(BYOS_CONTAINERS=CONTAINER, CALLBACK_HOSTS="caller.example")
    cloud.catalog.save_recording(a_recording())
    cloud.catalog.link_acs_id(RECORDING_ID, OUR_ID)
    keep_at_acs(cloud)
    cloud.source.on_delete = partial(require_proof, cloud)
    return cloud


def require_proof(cloud: Cloud, id: str, document: FakeDocument) -> None:
    """See to it that a row of the document is stored, with equal copies. Events may name it in two recordings.

    Raises:
        DeletedUnproven
    """
    rows = [row for row in cloud.chunks() if row.document_id == id and row.status is not ChunkStatus.PENDING]
    kept = [{cloud.store.blobs.get(row.content_blob), cloud.store.blobs.get(str(row.metadata_blob))} for row in rows]
    if not any(set(document.contents.values()) <= copies for copies in kept):
        raise DeletedUnproven(f"{id} has no row with an equal copy.")


def run_on(cloud: Cloud, messages: Messages = NONE) -> None:
    """Have the app do what is to be done, and see to it that tables can hold what it wrote."""
    host = FakeHost(cloud)
    host.send(messages)
    host.work()
    host.sweep()
    host.work()
    for recording in cloud.recordings():
        table_rows.to_recording(read_back(table_rows.to_entity(recording, table_rows.RECORDING_ROW)))
    for chunk in cloud.chunks():
        table_rows.to_chunk(read_back(table_rows.to_entity(chunk, table_rows.chunk_row(chunk.document_id))))


def read_back(columns: dict[str, object]) -> TableEntity:
    """A row as the SDK reads it."""
    entity = TableEntity(columns)
    entity._metadata = {"etag": "1", "timestamp": None}  # as the SDK itself sets it
    return entity


# Events


def events(data: bytes, ingest: "Ingests") -> None:
    """An event as it came, and as Event Grid's binding hands it over; each of them is delivered twice."""
    document = parsed(data)
    if not isinstance(document, Mapping):
        return  # Event Grid delivers objects alone
    for one in filter(None, (document, as_bound(data))):
        cloud = our_cloud()
        first, _ = ingest(cloud, one), ingest(cloud, one)
        require_kept(cloud, one)
        run_on(cloud, first.messages)


def as_bound(data: bytes) -> Json | None:
    """The event by way of the binding; None where the SDK cannot read it: then it becomes a dead letter."""
    try:
        event = EventGridEventInConverter.decode(Datum(data.decode(), "json"), trigger_metadata=None)
    except Exception:  # noqa: BLE001 - of the SDK's own, before this app's code
        return None
    return to_document(event)


class Ingests:
    """What takes an event in."""

    def __call__(self, cloud: Cloud, document: Json) -> Ingested:
        return cloud.services.ingest.ingest(document)


def parsed(data: bytes) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def require_kept(cloud: Cloud, document: Json) -> None:
    """See to it that of an event everything is taken in, or all of it kept. Raises: Dropped."""
    if cloud.rejected.events:
        return
    rows = {chunk.document_id for chunk in cloud.chunks()}
    heard = any(row.heard_at for row in cloud.recordings())
    require(bool(rows) or heard, "An event left no trace.")
    missing = set(announced(document)) - rows
    require(not missing, f"Chunks were announced, and have no row: {missing}")


def announced(document: Json) -> list[str]:
    data: Any = document.get("data")
    listed = data["recordingStorageInfo"]["recordingChunks"] if data.get("recordingStorageInfo") else []
    return [str(chunk["documentId"]) for chunk in listed or []]


# Queues


def messages(data: bytes, take: "Takes") -> None:
    """A message of one of the four queues; where it is none of ours, it is kept."""
    queue, body = framed(data, QUEUES)
    cloud = our_cloud()
    host = FakeHost(cloud)
    host.send(cloud.services.ingest.ingest(file_ready_event(2)).messages)
    host.deliver(TRANSFER_QUEUE)  # of two chunks one is stored
    sent = take(cloud, queue, body)
    require(is_ours(body) or body in cloud.rejected.events.values(), "A message was neither ours nor kept.")
    run_on(cloud, sent)


class Takes:
    """What takes a message."""

    def __call__(self, cloud: Cloud, queue: str, body: bytes) -> Messages:
        with cloud.services.invocation("queue"):
            return FakeHost(cloud).handle(cloud.services, queue, body)


def is_ours(body: bytes) -> bool:
    try:
        parse_ref(body)
    except NotUnderstood:
        return False
    return True


# Dead letters


def letters(data: bytes, sweep: "Sweeps") -> None:
    """A dead letter: it is removed once each of its events is taken in or kept."""
    cloud = our_cloud()
    cloud.letters.events["2026/11/22/1.json"] = data
    sent = sweep(cloud)
    require(not cloud.letters.events, "A letter is left that no sweep will take in.")
    documents = parsed(data)
    for document in documents if isinstance(documents, list) else [documents]:
        require_kept(cloud, document if isinstance(document, Mapping) else {})
    run_on(cloud, sent)


class Sweeps:
    """What takes dead letters in."""

    def __call__(self, cloud: Cloud) -> Messages:
        with cloud.services.invocation("sweep"):
            return cloud.services.sweep.sweep()


def written(document: object) -> bytes:
    return json.dumps(document).encode()


EVENTS = [
    *(written(file_ready_event(2, schema, form)) for schema in ("grid", "cloud") for form in range(1, 7)),
    written(file_ready_event(0)),
    written(file_ready_event([announced_chunk(contentLocation=f"{CONTAINER}/a/b.wav")], storageType="AzureBlob")),
    written(file_ready_event([announced_chunk(5), announced_chunk(5, endReason="Other")], server_call_id="another")),
]
REF = written({"id": OUR_ID, "documentId": document_id()})
DOORS = (
    Door("events", EVENTS, events, Ingests()),
    Door("messages", [queue.encode() + b"\n" + REF for queue in QUEUES], messages, Takes(), is_framed=True),
    Door("letters", [written([json.loads(event)]) for event in EVENTS], letters, Sweeps()),
)
