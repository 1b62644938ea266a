"""Whatever the settings let pass, every client takes: it can be made, sends, and signs with the key that was given."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
import requests
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient

from shared.adapters.acs_calls import SdkAcsCalls
from shared.adapters.acs_client import connect
from shared.adapters.blob_storage import BlobChunkStore
from shared.adapters.storage_accounts import StorageAccount
from shared.domain.errors import AcsError, SettingsInvalid
from shared.settings import Settings

from .conftest import no_credential
from .played import Answer, Script, transport

LEAST = {"AzureWebJobsStorage": "UseDevelopmentStorage=true", "ACS_ENDPOINT": "https://acs.example"}
KEY = "c2VjcmV0a2V5"
WHOLE = f"AccountName=contoso;AccountKey={KEY}"
SEPARATORS = ["", ";", " "]
NAMES = ["contoso", "Contoso", "con toso", "con/toso", "a.b", "x" * 70, "contoso\t", "cont\u00f6so"]
KEYS = [KEY, "abc", f" {KEY}", "a-b_", "====", f"{KEY}=", "\u043a", "c2Vj\ncmV0"]
MORE = [
    *("", ";", ";;", ";nonsense", "; x=y", ";SharedAccessSignature=sv=2025&sig=c2ln", ";UseDevelopmentStorage=true"),
    *(";DefaultEndpointsProtocol=HTTPS", ";DefaultEndpointsProtocol=http", ";DefaultEndpointsProtocol= https"),
    *(";EndpointSuffix=core.chinacloudapi.cn", ";EndpointSuffix=core..net", ";EndpointSuffix=.", ";EndpointSuffix=a b"),
    *(f";{service}SecondaryEndpoint=https://x.example" for service in ("Blob", "Table")),
]
HOSTS = [
    "https://x.example",
    "HTTPS://X.example/",
    "https://x.example:443",
    "https://x.example:",
    "https://httpx.example",
    "https://[::1]:8",
    "http://127.0.0.1:1",
    "https://x.example:99999",
    "https://x y.example",
    "https://x..example",
    "https://.example",
    "https://*.example",
    f"https://{'x' * 64}.example",
    "https://\u00e4.example",
    "https://x.exa\tmple",
    " https://x.example",
    "https://x.example\\y",
    "https://me:word@x.example",
    "https://x.example/y",
    "https://x.example/?sv=2025&sig=c2ln",
    "https://x.example#y",
    "https://",
    "https://[",
    "//x.example",
    "ftp://x.example",
]
STRINGS = [
    *(f"AccountName={name};AccountKey={KEY}" for name in NAMES),
    *(f"AccountName=contoso;AccountKey={key}" for key in KEYS),
    *(f"{WHOLE}{more}" for more in MORE),
    *(f"{WHOLE};BlobEndpoint={host}" for host in HOSTS),
    *(f"{WHOLE};TableEndpoint={host}" for host in HOSTS),
    *(f"{one}AccountName=contoso;{two}AccountKey={KEY}" for one, two in product(SEPARATORS, repeat=2)),
    *("UseDevelopmentStorage=true", "UseDevelopmentStorage=true;", "usedevelopmentstorage=true", "=", ";", "a=b"),
]
ACS_STRINGS = [
    *(f"endpoint={host};accesskey={KEY}" for host in HOSTS),
    *(f"accesskey={key};endpoint=https://x.example/" for key in KEYS),
    *(f"{one}Endpoint=https://x.example/;{two}AccessKey={KEY}{end}" for one, two, end in product(SEPARATORS, repeat=3)),
]


def taken(name: str, texts: list[str]) -> list[Settings]:
    """What is made of those texts that the settings let pass, which are some and not all."""
    found = []
    for text in texts:
        with suppress(SettingsInvalid):
            found.append(Settings.from_environment(LEAST | {name: text}))
    assert 0 < len(found) < len(texts)
    return found


def signed(client: type[Any], text: str) -> str:
    """The account that a request is signed for."""
    script = Script([Answer(200, {"Content-Type": "application/xml"}, b"<StorageServiceProperties/>")])
    with client.from_connection_string(text, transport=transport(script), retry_total=0) as service:
        service.get_service_properties()
    scheme, _, rest = script.requests[0].headers["Authorization"].partition(" ")
    return f"{scheme} {rest.partition(':')[0]}"


def test_a_connection_string_that_passes_makes_clients_of_one_account_that_sign_with_its_key() -> None:
    for settings in taken("RecordingsStorage", STRINGS):
        text = str(settings.recordings_storage.connection_string)
        name = "devstoreaccount1" if text == LEAST["AzureWebJobsStorage"] else "contoso"

        accounts = {signed(client, text) for client in (BlobServiceClient, TableServiceClient)}

        assert accounts == {f"SharedKey {name}"}, text


def test_a_connection_string_that_passes_signs_links_and_says_where_the_queues_are() -> None:
    for settings in taken("RecordingsStorage", STRINGS):
        account = StorageAccount(settings.recordings_storage, None)

        link = BlobChunkStore(account, "recordings").link("a.wav", datetime.now(UTC) + timedelta(minutes=30))

        assert "sig=" in link
        assert requests.Request("GET", account.queue_url).prepare().url


def acs_host(settings: Settings) -> str:
    """The host that a request to ACS goes to, once it is signed."""
    script = Script([Answer(404, {}, b"{}")])
    connected = connect(
        settings.acs_endpoint, settings.acs_connection_string, no_credential, transport=transport(script)
    )
    with connected as client, pytest.raises(AcsError):
        SdkAcsCalls(client).state("eyJQ")
    assert script.requests[0].headers["Authorization"].startswith("HMAC-SHA256 ")
    return str(script.requests[0].url).split("/")[2]


def test_a_connection_string_of_acs_that_passes_makes_a_client_that_signs() -> None:
    hosts = {acs_host(settings) for settings in taken("ACS_CONNECTION_STRING", ACS_STRINGS)}

    assert hosts == {"x.example", "httpx.example", "[::1]:8"}


@pytest.mark.parametrize("name", ["ACS_ENDPOINT", "RecordingsStorage__blobServiceUri", "CALLBACK_JWKS_URL"])
def test_a_url_that_passes_can_be_asked(name: str) -> None:
    for settings in taken(name, HOSTS):
        given = {
            "ACS_ENDPOINT": settings.acs_endpoint,
            "RecordingsStorage__blobServiceUri": settings.recordings_storage.blob_uri,
            "CALLBACK_JWKS_URL": settings.callback_jwks_url,
        }

        assert requests.Request("GET", str(given[name])).prepare().url
