"""What a copy costs over the wire: operations of Blob Storage, requests to ACS. A failure here breaks no promise."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import BlobServiceClient

from local.azurite import Azurite
from shared.adapters.blob_storage import BlobChunkStore
from shared.adapters.storage_accounts import StorageAccount
from shared.connection_settings import StorageConnection
from tests.contract.source_under_test import SDK_WARNINGS, SimulatorSourceUnderTest
from tests.copying import BLOCK, a_copier, a_request

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
