"""What only the stores in Azure Blob Storage can get wrong: headers, links, outages, and blobs that others wrote."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from azure.storage.blob import BlobServiceClient, StandardBlobTier

from local.azurite import ACCOUNT_KEY, Azurite, Ports
from shared.adapters.blob_storage import BlobChunkStore, EventContainer
from shared.adapters.storage_accounts import StorageAccount
from shared.connection_settings import StorageConnection
from shared.domain.errors import StoreUnavailable
from shared.domain.ports import BlobHead, ChunkStore
from tests.copying import checksum_of

from .samples import WAV

pytestmark = pytest.mark.stack
NAME = "2026/11/22/6f1c/0000-0-wus-d4-ab.wav"
MEBIBYTE = 1024 * 1024

EVERY_METHOD: dict[str, Callable[[ChunkStore], object]] = {
    "put": lambda store: store.put(NAME, b"x", WAV),
    "stage": lambda store: store.stage(NAME, "0", memoryview(b"x"), checksum_of(b"x")),
    "commit": lambda store: store.commit(NAME, ["0"], WAV),
    "committed": lambda store: store.committed(NAME),
    "stat": lambda store: store.stat(NAME),
    "head": lambda store: store.head(NAME),
    "read": lambda store: list(store.read(NAME)),
    "names": lambda store: list(store.names("2026/")),
}
every_method = pytest.mark.parametrize("ask", EVERY_METHOD.values(), ids=EVERY_METHOD)


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=5)


@pytest.fixture(scope="module")
def unreachable() -> Iterator[StorageAccount]:
    """An account on ports where nobody listens."""
    account = StorageAccount(StorageConnection(connection_string=Azurite(ports=Ports()).connection_string), None)
    service = BlobServiceClient.from_connection_string(
        str(account.connection.connection_string), retry_total=0, connection_timeout=1, read_timeout=1
    )
    with service:
        account.blobs = service
        yield account


@every_method
def test_a_server_that_is_down_is_an_outage(unreachable: StorageAccount, ask: Callable[[ChunkStore], object]) -> None:
    with pytest.raises(StoreUnavailable):
        ask(BlobChunkStore(unreachable, "recordings"))


@every_method
def test_a_missing_container_is_an_outage_and_not_an_empty_one(
    account: StorageAccount, ask: Callable[[ChunkStore], object]
) -> None:
    with pytest.raises(StoreUnavailable):
        ask(BlobChunkStore(account, "nosuch"))


def test_a_missing_container_of_events_is_an_outage(account: StorageAccount) -> None:
    with pytest.raises(StoreUnavailable):
        list(EventContainer(account.blobs, "nosuch").names())


@pytest.mark.parametrize("in_blocks", [False, True])
def test_content_type_and_metadata_are_written(blob_store: BlobChunkStore, *, in_blocks: bool) -> None:
    if in_blocks:
        blob_store.stage(NAME, "0", memoryview(b"RIFF"), checksum_of(b"RIFF"))
        blob_store.commit(NAME, ["0"], WAV)
    else:
        blob_store.put(NAME, b"RIFF", WAV)

    properties = blob_store.container.get_blob_client(NAME).get_blob_properties()

    assert properties.content_settings.content_type == "audio/wav"
    assert properties.metadata == WAV.metadata


def test_a_blob_is_read_in_pieces_that_fit_into_a_block(blob_store: BlobChunkStore) -> None:
    blob_store.put(NAME, bytes(9 * MEBIBYTE), WAV)

    assert [len(piece) for piece in blob_store.read(NAME)] == [4 * MEBIBYTE, 4 * MEBIBYTE, MEBIBYTE]


def test_a_link_reads_the_blob(blob_store: BlobChunkStore) -> None:
    blob_store.put(NAME, b"RIFF and so on", WAV)

    answer = requests.get(blob_store.link(NAME, soon()), timeout=10)

    assert (answer.status_code, answer.content) == (200, b"RIFF and so on")
    assert answer.headers["Content-Type"] == "audio/wav"


def test_a_link_to_a_download_has_it_saved_under_its_name(blob_store: BlobChunkStore) -> None:
    blob_store.put(NAME, b"RIFF", WAV)

    shown, saved = (
        requests.head(blob_store.link(NAME, soon(), name), timeout=10).headers.get("Content-Disposition")
        for name in (None, "2026-11-22T080000Z-6f1c2d3e-0000.wav")
    )

    assert (shown, saved) == (None, 'attachment; filename="2026-11-22T080000Z-6f1c2d3e-0000.wav"')


def test_an_archived_blob_has_its_etag_and_says_that_it_is_archived(blob_store: BlobChunkStore) -> None:
    etag = blob_store.put(NAME, b"RIFF", WAV).etag

    blob_store.container.get_blob_client(NAME).set_standard_blob_tier(StandardBlobTier.ARCHIVE)

    assert blob_store.head(NAME) == BlobHead(etag=etag, length=4, archived=True)


def test_a_link_says_when_it_ends_and_that_it_only_reads(blob_store: BlobChunkStore) -> None:
    query = parse_qs(urlsplit(blob_store.link(NAME, soon())).query)

    assert (query["sp"], query["sr"]) == (["r"], ["b"])
    assert {"se", "sig"} <= query.keys()
    assert "st" not in query


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_link_changes_nothing(blob_store: BlobChunkStore, method: str) -> None:
    blob_store.put(NAME, b"RIFF", WAV)

    answer = requests.request(
        method, blob_store.link(NAME, soon()), data=b"x", headers={"x-ms-blob-type": "BlockBlob"}, timeout=10
    )

    assert answer.status_code == 403
    assert b"".join(blob_store.read(NAME)) == b"RIFF"


@pytest.mark.parametrize(
    "tamper",
    [
        lambda link: link.replace("sp=r", "sp=rw"),
        lambda link: link.replace("0000-0-wus", "0001-0-wus"),
        lambda link: link.replace("se=2", "se=3"),
        lambda link: link.partition("?")[0],
    ],
    ids=["permission", "blob", "end", "unsigned"],
)
def test_a_link_that_was_tampered_with_reads_nothing(blob_store: BlobChunkStore, tamper: Callable[[str], str]) -> None:
    for index in (0, 1):
        blob_store.put(NAME.replace("0000", f"000{index}"), b"RIFF", WAV)

    answer = requests.get(tamper(blob_store.link(NAME, soon())), timeout=10)

    assert answer.status_code in {403, 404}
    assert b"RIFF" not in answer.content


def test_a_link_that_has_ended_reads_nothing(blob_store: BlobChunkStore) -> None:
    blob_store.put(NAME, b"RIFF", WAV)

    answer = requests.get(blob_store.link(NAME, datetime.now(UTC) - timedelta(seconds=2)), timeout=10)

    assert answer.status_code == 403


def test_a_link_does_not_carry_the_key(blob_store: BlobChunkStore) -> None:
    assert ACCOUNT_KEY not in blob_store.link(NAME, soon())


def test_the_reason_stands_beside_a_kept_event(account: StorageAccount, container: str) -> None:
    EventContainer(account.blobs, container).keep("e1", b"{}", "naïve\r\n" + "x" * 5000)

    reason = account.blobs.get_blob_client(container, "e1").get_blob_properties().metadata["reason"]

    assert reason.startswith("na\\xefve\\r\\nxxx")
    assert len(reason) == 1000
