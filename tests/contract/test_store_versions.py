"""Where an account keeps versions, the adapter says which one was written and read, and links lead to it."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from azure.storage.blob import BlobServiceClient

from local.azurite import Azurite, Ports
from shared.adapters.blob_storage import BlobChunkStore
from shared.adapters.storage_accounts import StorageAccount
from shared.connection_settings import StorageConnection
from shared.domain.ports import BlobHead, BlobVersion

from .played import Answer, transport
from .samples import WAV

NAME = "2026/11/22/6f1c/0000-0-wus-d4-ab.wav"
ETAG = '"0x8DE29"'
VERSION = "2026-11-22T08:32:01.1234567Z"
UNTIL = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def store_of(version: str | None) -> BlobChunkStore:
    """The adapter on an account that keeps versions, or none."""
    headers = {"ETag": ETAG} | ({"x-ms-version-id": version} if version else {})

    def answer(request: requests.PreparedRequest) -> Answer:
        status = {"PUT": 201}.get(str(request.method), 200)
        return Answer(status, headers)

    connection = StorageConnection(connection_string=Azurite(ports=Ports()).connection_string)
    account = StorageAccount(connection, None)
    account.blobs = BlobServiceClient.from_connection_string(
        str(connection.connection_string), transport=transport(answer), retry_total=0
    )
    return BlobChunkStore(account, "recordings")


@pytest.mark.parametrize("version", [VERSION, None])
def test_a_write_names_the_version_that_it_made(version: str | None) -> None:
    store = store_of(version)

    assert store.put(NAME, b"RIFF", WAV) == BlobVersion(ETAG, version)
    assert store.commit(NAME, ["MDAw"], WAV) == BlobVersion(ETAG, version)


@pytest.mark.parametrize("version", [VERSION, None])
def test_a_look_names_the_version_that_bears_the_name(version: str | None) -> None:
    assert store_of(version).head(NAME) == BlobHead(etag=ETAG, version_id=version, length=0)


def test_a_link_to_a_version_is_signed_for_that_version_alone() -> None:
    link = store_of(VERSION).link(NAME, UNTIL, version_id=VERSION)

    query = parse_qs(urlsplit(link).query)
    assert (query["versionid"], query["sr"], query["sp"]) == ([VERSION], ["bv"], ["r"])
    assert link.count("?") == 1


def test_a_link_where_no_versions_are_kept_is_for_what_bears_the_name() -> None:
    query = parse_qs(urlsplit(store_of(None).link(NAME, UNTIL)).query)

    assert query["sr"] == ["b"]
    assert "versionid" not in query
