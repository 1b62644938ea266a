"""What the platform's triggers do, through create_app."""

import base64
import json

import pytest

from functions.event_grid import to_document
from functions.queue_outputs import to_messages
from shared.domain.models import ChunkRef
from shared.domain.statuses import ChunkStatus
from shared.settings import TRANSFER_POISON_QUEUE
from tests.builders import Schema, document_id, file_ready_event, keep_at_acs, media
from tests.fakes import Cloud, Fault
from tests.unit.app import App, grid_event


@pytest.mark.parametrize("schema", ["grid", "cloud"])
def test_an_event_becomes_messages(app: App, schema: Schema) -> None:
    sent = app.event(file_ready_event(2, schema))

    assert [message["documentId"] for message in sent] == [document_id(0), document_id(1)]


@pytest.mark.parametrize("schema", ["grid", "cloud"])
def test_the_worker_s_event_is_the_document_again(schema: Schema) -> None:
    document = file_ready_event(2, schema)
    document.pop("metadataVersion", None)

    assert to_document(grid_event(document)) == document


def test_an_event_without_a_time_has_none() -> None:
    assert to_document(grid_event(file_ready_event(event_time=None)))["eventTime"] is None


def test_a_call_ends_as_files_through_every_trigger(cloud: Cloud, app: App) -> None:
    keep_at_acs(cloud, 1)
    id = app.start()
    (message,) = app.event(file_ready_event(1))
    app.queue("chunk_transfer", message)
    app.http("stop_recording", route={"id": id})
    app.queue("chunk_deletion", app.deletions.sent[0])

    _, recording, _ = app.http("get_recording", route={"id": id})

    assert (recording["status"], recording["chunks"][0]["status"]) == ("completed", "deleted")
    assert cloud.store.blobs[recording["chunks"][0]["contentBlob"]] == media(size=1000)


@pytest.mark.parametrize("name", ["chunk_transfer", "chunk_deletion"])
def test_a_message_that_is_none_of_ours_is_kept_at_its_first_delivery(cloud: Cloud, app: App, name: str) -> None:
    app.queue(name, b"garbage")

    assert list(cloud.rejected.events.values()) == [b"garbage"]
    assert (app.transfers.sent, app.deletions.sent) == ([], [])


def test_a_message_of_the_version_before_is_read(cloud: Cloud, app: App) -> None:
    keep_at_acs(cloud, 1)
    (message,) = app.event(file_ready_event(1))

    app.queue("chunk_transfer", base64.b64encode(json.dumps(message).encode()))

    assert cloud.chunk().status is ChunkStatus.STORED


@pytest.mark.parametrize("name", ["chunk_transfer_poisoned", "chunk_deletion_poisoned"])
def test_poison_is_taken_in(cloud: Cloud, app: App, name: str) -> None:
    (message,) = app.event(file_ready_event(1))

    app.queue(name, message)

    assert "five times" in str(cloud.chunk().failure)


def test_the_sweep_sends_what_is_due(cloud: Cloud, app: App) -> None:
    app.event(file_ready_event(2))
    cloud.world.advance(cloud.settings.message_patience)

    app.functions["sweep"](None, app.transfers, app.deletions)

    assert len(app.transfers.sent) == 2


def test_an_outage_during_an_event_raises_so_that_it_comes_again(cloud: Cloud, app: App) -> None:
    cloud.world.fail("catalog.put_entries", Fault.ERROR_BEFORE)

    with pytest.raises(Exception, match="before it took effect"):
        app.event(file_ready_event(2))


def test_messages_are_what_the_poison_queue_reads(cloud: Cloud) -> None:
    (message,) = to_messages([ChunkRef("id", "document")])
    cloud.services.ingest.ingest(file_ready_event(1))

    cloud.services.poison.take_in(TRANSFER_POISON_QUEUE, message.encode())

    assert json.loads(message) == {"id": "id", "documentId": "document"}
    assert cloud.chunk().status is ChunkStatus.PENDING
