"""What the work costs over the wire: operations of storage, requests to ACS. A failure here breaks no promise."""

from collections import Counter
from collections.abc import Callable, Iterator
from math import ceil
from typing import Any

import pytest
from azure.core.pipeline.transport import RequestsTransport
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient

from local.azurite import Azurite
from shared.adapters.blob_storage import BlobChunkStore
from shared.adapters.storage_accounts import StorageAccount
from shared.adapters.table_catalog import ROWS_PER_BATCH, TableCatalog
from shared.connection_settings import StorageConnection
from shared.domain.models import Messages
from shared.domain.ports import CHUNKS_PER_BATCH
from shared.domain.statuses import RecordingStatus
from tests.builders import RECORDING_ID, a_recording, file_ready_event, keep_at_acs
from tests.contract.conftest import new_name
from tests.contract.source_under_test import SDK_WARNINGS, SimulatorSourceUnderTest
from tests.copying import BLOCK, a_copier, a_request
from tests.fakes import BEGINNING, OUR_TOPIC, Cloud

pytestmark = [SDK_WARNINGS, pytest.mark.stack, pytest.mark.cost]
FIVE_BLOCKS = 4 * BLOCK + 4321


class CountingTransport(RequestsTransport):  # type: ignore[misc]  # azure-core exports it without its type
    """The SDK's transport, counting what goes over the wire by kind."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: Counter[str] = Counter()

    def send(self, request: Any, **options: Any) -> Any:
        kind = str(request.url).partition("comp=")[2].partition("&")[0]
        self.sent[f"{request.method} {kind}".strip()] += 1
        return super().send(request, **options)


@pytest.fixture
def counted(azurite: Azurite, container: str) -> Iterator[tuple[BlobChunkStore, CountingTransport]]:
    transport = CountingTransport()
    account = StorageAccount(StorageConnection(connection_string=azurite.connection_string), None)
    with BlobServiceClient.from_connection_string(azurite.connection_string, transport=transport) as service:
        account.blobs = service
        yield BlobChunkStore(account, container), transport


@pytest.mark.parametrize(
    ("size", "operations"),
    [
        (BLOCK, {"PUT": 1}),
        (FIVE_BLOCKS, {"PUT block": 5, "PUT blocklist": 1, "GET blocklist": 1}),
        (20 * BLOCK, {"PUT block": 20, "PUT blocklist": 1, "GET blocklist": 1}),
    ],
)
def test_a_copy_takes_two_blob_operations_more_than_it_has_blocks(
    simulated_source: SimulatorSourceUnderTest,
    counted: tuple[BlobChunkStore, CountingTransport],
    size: int,
    operations: dict[str, int],
) -> None:
    kept = simulated_source.keep(size)
    store, transport = counted

    a_copier(simulated_source.source, store).copy(a_request(kept.url))

    assert transport.sent == operations


@pytest.mark.parametrize(("size", "requests"), [(BLOCK, 1), (FIVE_BLOCKS, 1), (20 * BLOCK, 1)])
def test_a_copy_takes_one_request_to_acs(
    simulated_source: SimulatorSourceUnderTest, blob_store: BlobChunkStore, size: int, requests: int
) -> None:
    kept = simulated_source.keep(size)

    a_copier(simulated_source.source, blob_store).copy(a_request(kept.url))

    assert len(simulated_source.admin.requests("content")) == requests


@pytest.fixture
def app(request: pytest.FixtureRequest, azurite: Azurite, container: str) -> Iterator[tuple[Cloud, CountingTransport]]:
    """The app on Azurite, with ACS as a fake; a parameter names its topic for events."""
    transport = CountingTransport()
    account = StorageAccount(StorageConnection(connection_string=azurite.connection_string), None)
    text = azurite.connection_string
    with (
        BlobServiceClient.from_connection_string(text, transport=transport) as blobs,
        TableServiceClient.from_connection_string(text, transport=transport) as tables,
    ):
        account.blobs, account.tables = blobs, tables
        cloud = Cloud(EVENTS_TOPIC_ENDPOINT=getattr(request, "param", ""))
        cloud.source.on_delete = lambda *_: None  # the rows are not where the fakes look
        recordings, index = (tables.create_table(new_name(kind)) for kind in ("recordings", "index"))
        cloud.services.catalog = TableCatalog(recordings, index)
        cloud.services.store = BlobChunkStore(account, container)
        yield cloud, transport


@pytest.mark.parametrize(
    ("app", "requests"),
    [
        ("", {"event": 4, "transfer": 7, "deletion and completion": 10}),
        # What was sent is marked, and nothing is closed while something is to be sent.
        (OUR_TOPIC, {"event": 4, "transfer": 8, "deletion and completion": 12}),
    ],
    ids=["without a topic", "with a topic"],
    indirect=["app"],
)
def test_a_small_chunk_takes_twenty_one_storage_requests_from_its_event_to_completion(
    app: tuple[Cloud, CountingTransport], requests: dict[str, int]
) -> None:
    """Of a recording that was started here. They were 29 when each step wrote down and asked for itself."""
    cloud, transport = app
    services = cloud.services
    row = services.catalog.save_recording(a_recording(recording_id=RECORDING_ID, ended_at=BEGINNING))
    services.catalog.link_acs_id(RECORDING_ID, row.id)
    keep_at_acs(cloud, 1)
    counts: dict[str, int] = {}

    def counted(name: str, step: Callable[[], Messages]) -> Messages:
        transport.sent.clear()
        with services.invocation("a function"):
            messages = step()
        counts[name] = transport.sent.total()
        return messages

    messages = counted("event", lambda: services.ingest.ingest(file_ready_event(1)).messages)
    messages = counted("transfer", lambda: services.transfer.transfer(messages.transfers[0]))
    counted("deletion and completion", lambda: services.deletion.delete(messages.deletions[0]))

    recording = services.catalog.recording(row.id)
    assert recording is not None
    assert recording.status is RecordingStatus.COMPLETED
    assert counts == requests


@pytest.mark.parametrize("chunks", [50, 250])
def test_an_event_is_one_write_per_hundred_entries_and_one_per_batch_of_rows(
    app: tuple[Cloud, CountingTransport], chunks: int
) -> None:
    cloud, transport = app
    row = cloud.services.catalog.save_recording(a_recording(recording_id=RECORDING_ID, ended_at=BEGINNING))
    cloud.services.catalog.link_acs_id(RECORDING_ID, row.id)
    transport.sent.clear()

    cloud.services.ingest.ingest(file_ready_event(chunks))

    entries = ceil((chunks + 1) / ROWS_PER_BATCH)
    assert transport.sent == {"GET": 2, "POST": entries + ceil(chunks / CHUNKS_PER_BATCH)}
