"""What a link is signed with, and that it works as long as it says, whatever keys and clocks do."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from azure.core.credentials import AccessToken, AccessTokenInfo
from azure.storage.blob import BlobServiceClient

from shared.adapters.blob_storage import BlobChunkStore
from shared.adapters.storage_accounts import StorageAccount
from shared.connection_settings import StorageConnection
from shared.domain.durations import CLOCK_SKEW, LINK_LIFETIME
from shared.domain.errors import Conflict, StoreUnavailable

from .played import Answer, Script, transport

NAME = "2026/11/22/6f1c/0000-0-wus-d4-ab.wav"
KEY = "AccountName=contoso;AccountKey=c2VjcmV0"
HOUR = timedelta(hours=1)


def store_with(connection_string: str) -> BlobChunkStore:
    return BlobChunkStore(StorageAccount(StorageConnection(connection_string=connection_string), None), "recordings")


class Identity:
    """An identity whose token is there at once."""

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        return AccessToken("token", 2**31)

    def get_token_info(self, *_: str, **__: Any) -> AccessTokenInfo:
        return AccessTokenInfo("token", 2**31)


def keyless(script: Script, address: str = "https://contoso.blob.core.windows.net") -> BlobChunkStore:
    account = StorageAccount(StorageConnection(blob_uri=address), None)
    account.blobs = BlobServiceClient(address, credential=Identity(), transport=transport(script), retry_total=0)
    return BlobChunkStore(account, "recordings")


def key_until(end: datetime, start: datetime) -> Answer:
    """A delegation key as the service hands it out."""
    times = "".join(
        f"<{name}>{time:%Y-%m-%dT%H:%M:%SZ}</{name}>" for name, time in (("SignedStart", start), ("SignedExpiry", end))
    )
    ids = "<SignedOid>oid</SignedOid><SignedTid>tid</SignedTid>"
    rest = "<SignedService>b</SignedService><SignedVersion>2026-02-06</SignedVersion><Value>c2VjcmV0</Value>"
    body = f'<?xml version="1.0" encoding="utf-8"?><UserDelegationKey>{ids}{times}{rest}</UserDelegationKey>'
    return Answer(200, {"Content-Type": "application/xml"}, body.encode())


def asked(script: Script) -> tuple[datetime, datetime]:
    """Start and end of the key that was asked for last."""
    body = str(script.requests[-1].body)
    start, end = (body.partition(f"<{tag}>")[2].partition("<")[0] for tag in ("Start", "Expiry"))
    return datetime.fromisoformat(start), datetime.fromisoformat(end)


def times_of(link: str) -> tuple[datetime, datetime, datetime]:
    """Until when a link says that it reads, and the start and end of its key."""
    query = parse_qs(urlsplit(link).query)
    until, start, end = (datetime.fromisoformat(query[name][0]) for name in ("se", "skt", "ske"))
    return until, start, end


def a_key(lasts: timedelta) -> Answer:
    return key_until(datetime.now(UTC) + lasts, datetime.now(UTC) - HOUR)


def soon() -> datetime:
    return (datetime.now(UTC) + LINK_LIFETIME).replace(microsecond=0)


@pytest.mark.parametrize(
    ("text", "schemes"),
    [(f"DefaultEndpointsProtocol=https;{KEY}", ["https"]), (f"{KEY};BlobEndpoint=http://127.0.0.1:1/contoso", None)],
)
def test_a_link_works_over_https_only_wherever_storage_does(text: str, schemes: list[str] | None) -> None:
    link = urlsplit(store_with(text).link(NAME, soon()))

    assert parse_qs(link.query).get("spr") == schemes


@pytest.mark.parametrize("lasts", [timedelta(minutes=1), LINK_LIFETIME - timedelta(seconds=5)])
def test_a_key_that_ends_before_the_link_signs_none(lasts: timedelta) -> None:
    store = keyless(Script([a_key(lasts), a_key(HOUR)]))
    store.link(NAME, datetime.now(UTC))

    until, _, key_ends = times_of(store.link(NAME, soon()))

    assert key_ends >= until


def test_a_renewal_that_fails_is_tried_again_by_the_next_link() -> None:
    store = keyless(Script([a_key(timedelta(minutes=1)), Answer(503), a_key(HOUR)]))
    store.link(NAME, datetime.now(UTC))
    with pytest.raises(StoreUnavailable):
        store.link(NAME, soon())

    until, _, key_ends = times_of(store.link(NAME, soon()))

    assert key_ends >= until


def test_a_key_that_lasts_is_asked_for_once() -> None:
    script = Script([a_key(HOUR)])
    store = keyless(script)

    for _ in range(3):
        store.link(NAME, soon())

    assert len(script.requests) == 1


def test_a_link_is_valid_whichever_of_the_clocks_is_a_quarter_of_an_hour_ahead() -> None:
    script = Script([a_key(HOUR)])
    until = soon()
    link = keyless(script).link(NAME, until)
    here = datetime.now(UTC)

    start, end = asked(script)

    assert "st" not in parse_qs(urlsplit(link).query)  # from when it is received
    assert timedelta(minutes=15) == CLOCK_SKEW
    assert start <= here - CLOCK_SKEW
    assert end >= until >= here + CLOCK_SKEW + timedelta(minutes=14)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://contoso.blob.core.windows.net", "contoso"),
        ("https://contoso.blob.core.usgovcloudapi.net/", "contoso"),
        ("https://contoso.z42.blob.storage.azure.net", "contoso"),
        ("https://azurite:10000/contoso", "contoso"),
        ("https://127.0.0.1:10000/contoso", "contoso"),
    ],
)
def test_the_name_that_is_signed_is_the_account_s_wherever_the_address_says_it(address: str, name: str) -> None:
    assert keyless(Script([a_key(HOUR)]), address).account.name == name


@pytest.mark.parametrize(
    "text",
    [KEY, f"{KEY};BlobEndpoint=https://files.contoso.example", f"{KEY};BlobEndpoint=http://127.0.0.1:1/contoso"],
)
def test_a_connection_string_says_the_name(text: str) -> None:
    assert store_with(text).account.name == "contoso"


def test_where_the_address_does_not_say_the_account_a_link_says_that_it_cannot_be_signed() -> None:
    with pytest.raises(Conflict, match=r"files\.contoso\.example, which does not say the account's name"):
        keyless(Script([a_key(HOUR)]), "https://files.contoso.example").link(NAME, soon())
