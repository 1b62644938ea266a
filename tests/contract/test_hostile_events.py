"""S6. What hostile events leave in rows, lines and kept events is what Table and Blob Storage take, and give back."""

import json

import pytest

from shared.adapters.blob_storage import BlobChunkStore, EventContainer
from shared.adapters.storage_accounts import StorageAccount
from shared.adapters.table_catalog import TableCatalog
from shared.services import Services
from tests.builders import OUR_ID, RECORDING_ID, Event, a_recording, announced_chunk, document_id, file_ready_event
from tests.fakes import BEGINNING, ENVIRONMENT
from tests.hostile import WRITTEN

pytestmark = pytest.mark.stack


@pytest.fixture
def services(account: StorageAccount, table_catalog: TableCatalog, container: str) -> Services:
    """The app on Azurite, with a recording of ours in the call that the events name."""
    services = Services(ENVIRONMENT, lambda: BEGINNING)
    services.catalog = table_catalog
    services.store = BlobChunkStore(account, container)
    services.rejected_events = EventContainer(account.blobs, container)
    table_catalog.save_recording(a_recording())
    table_catalog.link_acs_id(RECORDING_ID, OUR_ID)
    return services


def chunks(services: Services) -> set[str]:
    """The chunks of every recording of the day."""
    ids = [entry.id for entry in services.catalog.listed(None, 100)]
    return {chunk.document_id for id in ids for chunk in services.catalog.chunks(id)}


@pytest.mark.parametrize("event", WRITTEN.values(), ids=WRITTEN)
def test_a_hostile_event_is_taken_in_or_kept_and_stops_no_other(services: Services, event: Event) -> None:
    first, _ = (services.ingest.ingest(event).messages for _ in range(2))

    kept = [services.rejected_events.read(name) for name in services.rejected_events.names()]
    assert chunks(services) or kept
    assert {ref.document_id for ref in first.transfers} <= chunks(services)
    assert all(isinstance(json.loads(content), dict) for content in kept)

    (other,) = services.ingest.ingest(file_ready_event([announced_chunk(7777)])).messages.transfers
    assert other.document_id == document_id(7777)
    services.replay.since(BEGINNING)
    assert all(
        services.catalog.recording(line.id) for line in services.catalog.due_entries(BEGINNING.replace(year=2030))
    )
