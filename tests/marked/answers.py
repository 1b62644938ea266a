"""Marked answers of ACS and storage, and failures on the way, put before the SDKs; and what the app makes of them."""

import json
import logging
from collections.abc import Callable, Iterator
from functools import partial

import requests
from azure.core.credentials import TokenCredential
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient

from shared.adapters.acs_calls import SdkAcsCalls
from shared.adapters.acs_client import connect
from shared.adapters.acs_contents import SdkSource
from shared.adapters.blob_storage import BlobChunkStore, BlobOwnStorage, EventContainer
from shared.adapters.callback_tokens import JwtCallbackVerifier
from shared.adapters.storage_accounts import StorageAccount
from shared.adapters.table_catalog import TableCatalog
from shared.connection_settings import StorageConnection
from shared.domain.errors import RecorderError
from shared.domain.log import LogEvent, log
from shared.domain.ports import BlobHeaders
from shared.domain.units import attempt
from tests.builders import RECORDING_ID, a_recording, a_start_request, document_id
from tests.contract.played import Answer, transport
from tests.fakes import BEGINNING
from tests.marked.journey import logged
from tests.marked.markers import TEXTS, Place

WORDS = TEXTS["error text of ACS"]
BODY = TEXTS["error body of storage"]
NAME = "2026/11/22/a.wav"
OWN_CONTAINER = "https://runtime.blob.core.windows.net/own"
OWN = f"{OWN_CONTAINER}/a.wav"
DOCUMENT = f"https://storage.asm.skype.com/v1/objects/{document_id()}"
NOWHERE = "http://127.0.0.1:9/keys"  # discard: nobody listens
CONNECTION = (
    "DefaultEndpointsProtocol=https;AccountName=runtime;EndpointSuffix=core.windows.net;"
    f"AccountKey={TEXTS['key of the storage account']}"
)
REPEATED = frozenset({429, 500, 502})  # what the SDK asks again about
WAV = BlobHeaders(content_type="audio/wav", metadata={})
XML = f"<?xml version='1.0' encoding='utf-8'?><Error><Code>%s</Code><Message>{BODY}</Message></Error>"
HEADERS = {"x-ms-request-id": BODY, "Server": BODY, "WWW-Authenticate": f"Bearer realm={TEXTS['bearer token']}"}
CODES = (
    (403, "AuthenticationFailed"),
    (404, "ContainerNotFound"),
    (409, "LeaseAlreadyPresent"),
    (500, "InternalError"),
)

type Ask = Callable[[], object]
type Said = Answer | Exception


def nobody() -> TokenCredential:
    raise AssertionError("A connection string needs no identity.")


def of_storage() -> Iterator[Said]:
    for status, code in CODES:
        headers = HEADERS | {"Content-Type": "application/xml", "x-ms-error-code": code}
        yield Answer(status, headers, (XML % code).encode())
        body = {"odata.error": {"code": code, "message": {"value": BODY}}}
        yield Answer(status, HEADERS | {"Content-Type": "application/json"}, json.dumps(body).encode())
    yield Answer(200, HEADERS, BODY.encode())
    yield requests.ConnectionError(f"Max retries exceeded with url: /own/a?sig={TEXTS['SAS signature']} {BODY}")


def of_acs() -> Iterator[Said]:
    for status, code in ((400, "8523"), (401, "7509"), (409, "8553"), (429, "8530"), (500, "9999")):
        body = {"error": {"code": code, "message": WORDS, "target": BODY, "innererror": {"message": BODY}}}
        yield Answer(status, HEADERS | {"Content-Type": "application/json"}, json.dumps(body).encode())
    yield Answer(502, HEADERS | {"Content-Type": "text/html"}, f"<html>{BODY}</html>".encode())
    yield Answer(200, HEADERS | {"Content-Type": "application/json"}, f'{{"recordingId": 7, "x": "{BODY}"'.encode())
    yield requests.ConnectionError(f"Max retries exceeded with url: /x?code={TEXTS['secret in a query']} {BODY}")


def asks_of_storage(said: Said) -> list[Ask]:
    """What the app asks storage for, which always says the same."""
    account = StorageAccount(StorageConnection(connection_string=CONNECTION), None)
    play = transport(lambda _: said)
    account.blobs = BlobServiceClient.from_connection_string(CONNECTION, transport=play, retry_total=0)
    tables = TableServiceClient.from_connection_string(CONNECTION, transport=play, retry_total=0)
    store, own = BlobChunkStore(account, "recordings"), BlobOwnStorage(account, (OWN_CONTAINER,))
    kept = EventContainer(account.blobs, "rejected-events")
    catalog = TableCatalog(tables.get_table_client("recordings"), tables.get_table_client("recordingindex"))
    return [
        lambda: store.put(NAME, b"x", WAV),
        lambda: store.commit(NAME, ["0"], WAV),
        lambda: store.stat(NAME),
        lambda: store.head(NAME),
        lambda: list(store.read(NAME)),
        lambda: list(store.names("2026/")),
        lambda: own.stat(OWN),
        lambda: list(own.read(OWN)),
        lambda: kept.keep(NAME, b"{}", "why"),
        lambda: kept.read(NAME),
        lambda: catalog.recording("a"),
        lambda: catalog.save_recording(a_recording()),
        lambda: catalog.link_acs_id(RECORDING_ID, "a"),
        lambda: list(catalog.due_entries(BEGINNING)),
    ]


def asks_of_acs(said: Said) -> list[Ask]:
    """What the app asks ACS for, which always says the same; only a start, where the SDK would wait and ask again."""
    play = transport(lambda _: said)
    string = f"endpoint=https://acs.example/;accesskey={TEXTS['access key of ACS']}"
    client = connect(None, string, nobody, transport=play, retry_total=0)
    calls, source = SdkAcsCalls(client), SdkSource(client, (".asm.skype.com",))

    def read() -> None:
        with source.open(f"{DOCUMENT}/content/video", 0, 10) as opened:
            opened.receive_into(memoryview(bytearray(10)))

    def start() -> object:
        return calls.start(a_start_request(), "4e1c", BEGINNING)

    if isinstance(said, Exception) or said.status in REPEATED:
        return [start]
    return [
        start,
        lambda: calls.pause(RECORDING_ID),
        lambda: calls.stop(RECORDING_ID),
        lambda: calls.state(RECORDING_ID),
        lambda: source.delete(DOCUMENT, lambda: None),
        read,
    ]


def asks_of_tokens() -> list[Ask]:
    verifier = JwtCallbackVerifier("audience", "issuer", NOWHERE)
    texts = (TEXTS["bearer token"], TEXTS["JSON Web Token"], f"{TEXTS['a part of a token']}.x.y")
    return [partial(verifier.verify, f"Bearer {text}") for text in texts]


def told_of_answers() -> tuple[dict[Place, list[str]], int]:
    """What errors of ours say of every answer to everything, what is logged meanwhile, and how many were asked for."""
    asks = [ask for said in of_storage() for ask in asks_of_storage(said)]
    asks += [ask for said in of_acs() for ask in asks_of_acs(said)]
    asks += asks_of_tokens()
    said: list[str] = []
    with logged(logging.DEBUG) as heard:
        for ask in asks:
            try:
                attempt(ask)
            except RecorderError as error:
                said.append(f"{error} {error.advice}")
                log(LogEvent.CHUNK_DEFERRED, failure=str(error), traceback=error)
    return {Place.PROBLEM: said, Place.LOG: heard.lines}, len(asks)
