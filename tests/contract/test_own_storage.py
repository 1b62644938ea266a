"""Every storage of the operator's own shows and hands out what ACS wrote there, however ACS wrote it."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
import requests
from azure.storage.blob import BlobSasPermissions, generate_blob_sas

from local.azurite import ACCOUNT_KEY
from shared.adapters.blob_storage import BlobOwnStorage
from shared.adapters.storage_accounts import StorageAccount
from shared.domain.errors import StoreUnavailable
from shared.domain.ports import BlobProperties, OwnStorage
from tests.fakes.store import FakeOwnStorage
from tests.fakes.world import World

from .conftest import AZURITE
from .samples import some_bytes

FILE = "20261122/call/eyJQbGF0-1/0-audiowav.0-wus-d4-ab.wav"


@dataclass(frozen=True)
class OwnStorageUnderTest:
    """An own storage, a URL in it, and a way for ACS to write there."""

    storage: OwnStorage
    url: str
    write: Callable[[bytes], object]


@pytest.fixture
def own(account: StorageAccount, own_container: str) -> BlobOwnStorage:
    return BlobOwnStorage(account, (own_container,))


@pytest.fixture
def own_container(account: StorageAccount, container: str) -> str:
    return f"{str(account.blobs.url).rstrip('/')}/{container}"


@pytest.fixture
def own_url(own_container: str) -> str:
    return f"{own_container}/{FILE}"


@pytest.fixture(params=["fake", AZURITE])
def own_storage(request: pytest.FixtureRequest) -> OwnStorageUnderTest:
    if request.param == "fake":
        fake, place = FakeOwnStorage(World()), f"https://operator.blob.core.windows.net/own/{FILE}"
        return OwnStorageUnderTest(fake, place, lambda content: fake.add(place, content))
    own: BlobOwnStorage = request.getfixturevalue("own")
    url: str = request.getfixturevalue("own_url")
    return OwnStorageUnderTest(own, url, own.account.blob(url).upload_blob)


def test_a_file_that_acs_wrote_is_looked_at_where_it_lies(own_storage: OwnStorageUnderTest) -> None:
    own_storage.write(some_bytes(5000))

    blob = own_storage.storage.stat(own_storage.url)

    assert blob.etag
    assert (blob.length, blob.blocks, blob.staged) == (5000, (), ())


def test_a_file_that_acs_wrote_is_read_where_it_lies(own_storage: OwnStorageUnderTest) -> None:
    own_storage.write(some_bytes(5_000_000))

    assert b"".join(own_storage.storage.read(own_storage.url)) == some_bytes(5_000_000)


def test_a_file_that_acs_has_not_written_yet_is_not_there(own_storage: OwnStorageUnderTest) -> None:
    assert own_storage.storage.stat(own_storage.url) == BlobProperties()


def test_a_file_that_acs_has_not_written_yet_cannot_be_read(own_storage: OwnStorageUnderTest) -> None:
    with pytest.raises(StoreUnavailable):
        list(own_storage.storage.read(own_storage.url))


@pytest.mark.stack
@pytest.mark.stack
def test_a_file_beside_the_containers_that_the_operator_allows_is_not_looked_at(
    own: BlobOwnStorage, own_url: str
) -> None:
    own.account.blob(own_url).upload_blob(b"content")
    beside = BlobOwnStorage(own.account, ("https://operator.blob.core.windows.net/own",))

    assert own.stat(own_url).length == len(b"content")
    for ask in (beside.stat, beside.read):
        with pytest.raises(StoreUnavailable, match="BYOS_CONTAINERS"):
            ask(own_url)


def test_a_file_whose_block_ids_are_not_text_is_looked_at(own: BlobOwnStorage, own_url: str) -> None:
    blob = own.account.blob(own_url)
    blob_id = base64.b64encode(b"\xff\xfe" + bytes(46)).decode()  # as other SDKs make them
    signature = generate_blob_sas(
        str(blob.account_name),
        blob.container_name,
        blob.blob_name,
        account_key=ACCOUNT_KEY,
        permission=BlobSasPermissions(write=True),
        expiry=datetime.now(UTC) + timedelta(minutes=5),
    )
    put = f"{blob.url}?{signature}&comp="
    requests.put(f"{put}block&blockid={quote(blob_id, safe='')}", data=b"RIFF", timeout=10).raise_for_status()
    listed = f"<BlockList><Latest>{blob_id}</Latest></BlockList>"
    requests.put(f"{put}blocklist", data=listed, timeout=10).raise_for_status()

    properties = own.stat(own_url)

    assert properties.length == 4
    assert [block.length for block in properties.blocks] == [4]


@pytest.mark.stack
def test_a_file_that_was_appended_to_is_looked_at_like_any_other(own: BlobOwnStorage, own_url: str) -> None:
    own.account.blob(own_url).upload_blob(b"RIFF and so on", blob_type="AppendBlob")

    properties = own.stat(own_url)

    assert properties.etag
    assert (properties.length, properties.blocks) == (14, ())
    assert b"".join(own.read(own_url)) == b"RIFF and so on"
