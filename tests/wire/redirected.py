"""Every service that the app asks, answering with a redirect: what is asked, and where such answers come from.

The simulator redirects what bears `WORD` and a status: an id in a path or a body, a path of keys, the name of a topic.
Storage and identity, in the clear, the proxy stands in for.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial

import jwt

from local.identity import CLIENT_ID
from local.simulator.resource import ISSUER_HOST
from shared.adapters import dependency_probes
from shared.adapters.acs_client import connect
from shared.adapters.blob_storage import BlobChunkStore, BlobOwnStorage
from shared.adapters.callback_tokens import JwtCallbackVerifier
from shared.adapters.event_topic import GridEventTopic
from shared.adapters.storage_accounts import AppIdentity, StorageAccount, identity_for
from shared.adapters.table_catalog import TableCatalog
from shared.connection_settings import StorageConnection
from shared.domain.errors import StoreUnavailable, TopicUnavailable
from shared.domain.ports import BlobHeaders
from shared.domain.recording_event import CloudEventView, EventType
from shared.domain.start_request import StartRequest
from shared.services import Services
from shared.settings import CATALOG_TABLE, INDEX_TABLE
from tests.wire.hostile_urls import EVIL, PLACE, VICTIM
from tests.wire.proxy import REDIRECTING

WORD = "redirect-"
STATUSES = (301, 302, 303, 307, 308)
TARGETS: Mapping[int, str] = {
    301: f"https://{EVIL}/",
    302: "http://169.254.169.254/metadata/identity/oauth2/token",
    303: f"https://{PLACE}/v1/objects/{VICTIM}",
    307: f"http://{EVIL}:8080/",
    308: f"//{EVIL}/",
}
TOPICS = {status: f"{WORD}{status}.westeurope-1.eventgrid.azure.net" for status in STATUSES}
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
ENDPOINT = "IDENTITY_ENDPOINT"
HEADERS = BlobHeaders(content_type="audio/wav", metadata={})

type Question = tuple[str, Callable[[], object]]


def questions(services: Services, status: int) -> Iterator[Question]:
    """Each question of the app to each service, all of them redirected with that status."""
    yield from to_acs(services, f"{WORD}{status}")
    yield "keys", partial(ask_for_keys, f"https://{ISSUER_HOST}/{WORD}{status}")
    yield "topic", partial(send_event, f"https://{TOPICS[status]}/api/events")
    yield from to_storage(f"http://{REDIRECTING}/{status}")
    yield "identity", partial(ask_for_token, f"http://{REDIRECTING}/{status}/token")


def to_acs(services: Services, id: str) -> Iterator[Question]:
    calls = services.acs_calls
    request = StartRequest(
        server_call_id=id,
        recording_content_type="audio",
        recording_channel_type="mixed",
        recording_format_type="wav",
    )
    yield "start", partial(calls.start, request, "00000000-0000-4000-8000-000000000000", datetime.now(UTC))
    yield "state", partial(calls.state, id)
    yield "pause", partial(calls.pause, id)
    yield "resume", partial(calls.resume, id)
    yield "stop", partial(calls.stop, id)
    # The probe asks for an id of its own, so that the resource itself must redirect.
    redirecting = connect(None, f"endpoint=https://{id}.communication.azure.com/;accesskey={KEY}", no_credential)
    yield "probe of ACS", partial(dependency_probes.probe_acs, redirecting)


def no_credential() -> AppIdentity:
    raise AssertionError("A connection string needs no identity.")


def ask_for_keys(url: str) -> None:
    token = jwt.encode({"aud": "a"}, "0" * 32, algorithm="HS256", headers={"kid": "k"})
    JwtCallbackVerifier("a", "b", url).verify(f"Bearer {token}")


def send_event(endpoint: str) -> None:
    event = CloudEventView(
        type=EventType.STOPPED,
        source="/call-recording/local",
        id="1",
        subject="recordings/1",
        time="2026-11-27T09:00:00Z",
        dataschema="urn:call-recording:stopped:1",
        data={},
    )
    identity = identity_for(CLIENT_ID)
    GridEventTopic(endpoint, AppIdentity(identity, TopicUnavailable)).send([event])


def to_storage(url: str) -> Iterator[Question]:
    services = {"Blob": f"{url}/account", "Queue": f"{url}/account", "Table": f"{url}/account"}
    endpoints = "".join(f"{name}Endpoint={endpoint};" for name, endpoint in services.items())
    text = f"DefaultEndpointsProtocol=http;AccountName=account;AccountKey={KEY};{endpoints}"
    account = StorageAccount(StorageConnection(connection_string=text), None)
    store = BlobChunkStore(account, "recordings")
    tables = [account.tables.get_table_client(name) for name in (CATALOG_TABLE, INDEX_TABLE)]
    yield "blob, written", partial(store.put, "a.wav", b"content", HEADERS)
    yield "blob, staged", partial(store.stage, "a.wav", "0" * 52, memoryview(b"content"), bytes(8))
    yield "blob, looked at", partial(store.head, "a.wav")
    yield "blob, read", lambda: list(store.read("a.wav"))
    yield "blobs, listed", lambda: list(store.names("2026/"))
    yield "own container", partial(BlobOwnStorage(account, (f"{url}/account/own",)).stat, f"{url}/account/own/a.wav")
    yield "row", partial(TableCatalog(*tables).recording, "00000000-0000-4000-8000-000000000000")
    yield "probe of tables", partial(dependency_probes.probe_tables, account.tables, CATALOG_TABLE)
    yield "probe of blobs", partial(dependency_probes.probe_containers, account.blobs, "recordings")
    yield (
        "probe of queues",
        partial(dependency_probes.probe_blobs_and_queues, account.blobs, account.queue_url),
    )


def ask_for_token(url: str) -> None:
    own, os.environ[ENDPOINT] = os.environ[ENDPOINT], url
    try:
        AppIdentity(identity_for(CLIENT_ID), StoreUnavailable).get_token("https://storage.azure.com/.default")
    finally:
        os.environ[ENDPOINT] = own
