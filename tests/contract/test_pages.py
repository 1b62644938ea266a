"""What a page of any origin may do with a link: play from anywhere in a file, read it, learn how long it is; no more.

What storage answers without a page in a browser is in test_store_azurite.py.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests
from azure.storage.blob import BlobServiceClient, CorsRule

from local.azurite import Azurite
from local.provision import ANSWER_HOLDS_SECONDS, EXPOSED_HEADERS, HEADERS, METHODS, allow_pages
from shared.adapters.blob_storage import BlobChunkStore
from shared.adapters.storage_accounts import StorageAccount
from shared.domain.durations import LINK_LIFETIME

pytestmark = pytest.mark.stack
NAME = "2026/11/22/6f1c/0000-0-wus-d4-ab.wav"
BYTES = bytes(range(256)) * 4
ORIGIN = "https://func-calls.azurewebsites.net"
SECONDS = 10


@pytest.fixture
def link(azurite: Azurite, account: StorageAccount, container: str) -> str:
    """To a blob in an account that lets pages in."""
    allow_pages(azurite.connection_string)
    account.blobs.get_blob_client(container, NAME).upload_blob(BYTES)
    return BlobChunkStore(account, container).link(NAME, datetime.now(UTC) + LINK_LIFETIME)


@pytest.fixture
def own_rule(account: StorageAccount) -> Iterator[CorsRule]:
    """A rule that somebody else has made."""
    rule = CorsRule(["https://theirs.example.com"], ["GET"])
    account.blobs.set_service_properties(cors=[rule])
    yield rule
    account.blobs.set_service_properties(cors=[])


def asked(link: str, method: str, headers: str = "range") -> requests.Response:
    """What a browser asks before it lets a page send such a request."""
    wanted = {"Origin": ORIGIN, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return requests.options(link, headers=wanted, timeout=SECONDS)


def names(response: requests.Response, header: str) -> set[str]:
    return {name.strip().lower() for name in response.headers.get(header, "").split(",")}


def rules(blobs: BlobServiceClient) -> list[tuple[str, ...]]:
    """Origins, methods, headers in and out, seconds; of each rule there is."""
    return [
        (
            rule.allowed_origins,
            rule.allowed_methods,
            rule.allowed_headers,
            rule.exposed_headers,
            str(rule.max_age_in_seconds),
        )
        for rule in blobs.get_service_properties()["cors"]
    ]


def test_storage_has_the_rule_once_however_often_it_is_made(azurite: Azurite, account: StorageAccount) -> None:
    allow_pages(azurite.connection_string)
    allow_pages(azurite.connection_string)

    written = ("*", ",".join(METHODS), ",".join(HEADERS), ",".join(EXPOSED_HEADERS), str(ANSWER_HOLDS_SECONDS))
    assert rules(account.blobs) == [written]


def test_a_rule_that_is_there_stays(azurite: Azurite, account: StorageAccount, own_rule: CorsRule) -> None:
    allow_pages(azurite.connection_string)

    assert [found[0] for found in rules(account.blobs)] == [own_rule.allowed_origins]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_page_may_read_any_part_of_a_file(link: str, method: str) -> None:
    answer = asked(link, method)

    assert answer.status_code == 200
    assert names(answer, "Access-Control-Allow-Origin") <= {"*", ORIGIN}
    assert method.lower() in names(answer, "Access-Control-Allow-Methods")
    assert "range" in names(answer, "Access-Control-Allow-Headers")
    assert answer.headers["Access-Control-Max-Age"] == str(ANSWER_HOLDS_SECONDS)


@pytest.mark.parametrize(("method", "header"), [("PUT", "range"), ("DELETE", "range"), ("GET", "authorization")])
def test_a_page_may_do_nothing_else(link: str, method: str, header: str) -> None:
    answer = asked(link, method, header)

    assert (answer.status_code, "Access-Control-Allow-Origin" in answer.headers) == (403, False)


def test_a_page_is_told_which_part_it_got_and_of_how_much(link: str) -> None:
    answer = requests.get(link, headers={"Origin": ORIGIN, "Range": "bytes=16-31"}, timeout=SECONDS)

    assert (answer.status_code, answer.content) == (206, BYTES[16:32])
    assert answer.headers["Content-Range"] == f"bytes 16-31/{len(BYTES)}"
    assert answer.headers["Access-Control-Allow-Origin"] in {"*", ORIGIN}
    assert set(EXPOSED_HEADERS) <= names(answer, "Access-Control-Expose-Headers")


def test_a_page_learns_that_a_link_is_no_good(link: str) -> None:
    answer = requests.get(link.replace("sig=", "sig=x"), headers={"Origin": ORIGIN}, timeout=SECONDS)

    assert answer.status_code == 403
    assert answer.headers["Access-Control-Allow-Origin"] in {"*", ORIGIN}
