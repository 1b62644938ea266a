"""What callers send over HTTP: bodies, queries, headers, ids, continuations.

Each answer is one that the OpenAPI document has, and none is a fault of the app's.
"""

import base64
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, cast
from urllib.parse import parse_qsl, quote

import azure.functions as func
from azure.data.tables import TableClient

from functions.http_openapi import document_reply
from functions.replies import callbacks, console, health, links, recordings
from functions.replies import operations as operating
from local.storm.memory_table import MemoryTable
from shared.adapters.table_catalog import TableCatalog
from shared.adapters.table_day_lines import TableDayLines
from shared.api import operations
from shared.api.continuations import digest
from shared.api.operations import Operation
from shared.api.queries import read_query, scope
from shared.services import Services
from tests.builders import (
    CALL_CONNECTION_ID,
    CONTAINER,
    OUR_ID,
    SERVER_CALL_ID,
    a_start_request,
    announced_chunk,
    document_id,
    file_ready_event,
    start_body,
)
from tests.fakes import GOOD_TOKEN, Cloud
from tests.fuzz.delivered import our_cloud, parsed, run_on, written
from tests.fuzz.door import Door, framed
from tests.unit.app import Output
from tests.unit.documented import check_reply

WITH_OUTPUTS = {"replay_recording", "replay_failed", "ingest_event"}
POSTS = (
    *("start_recording", "ingest_event", "recording_state", "pause_recording", "resume_recording", "stop_recording"),
    *("replay_recording", "replay_failed", "rebuild_recordings", "export_recording", "resend_events"),
)
GETS = (
    *("list_recordings", "get_recording", "recording_events", "chunk_content", "chunk_metadata", "check_consistency"),
    *("health", "health_dependencies", "openapi_document", "console"),
)
REPLIES = (callbacks, console, health, links, operating, recordings)
QUERIES = {"replay_failed": "since=2026-11-21", "rebuild_recordings": "day=2026-11-22"}
AFTER_START = timedelta(minutes=2)


class Calls:
    """What answers a request: a function without its trigger, since indexing an app takes too long here."""

    def __call__(self, services: Services, name: str, request: func.HttpRequest) -> func.HttpResponse:
        if name == "openapi_document":
            return document_reply(b"{}", request)
        outputs = (Output(), Output()) if name in WITH_OUTPUTS else ()
        (module,) = (one for one in REPLIES if hasattr(one, name))
        reply: func.HttpResponse = getattr(module, name)(services, request, *outputs)
        return reply


def url(query: str = "", path: str = "recordings", host: str = "localhost") -> str:
    return f"http://{host}/api/{path}?{query}"


def http_request(
    address: str, headers: Mapping[str, str], route: Mapping[str, str], body: bytes = b""
) -> func.HttpRequest:
    """A request as the platform hands it over, its own reading of the query included."""
    params = {name: value for name, value in parse_qsl(address.partition("?")[2], errors="replace") if value}
    return func.HttpRequest(
        method="POST", url=address, headers=headers, params=params, route_params=dict(route), body=body
    )


# Bodies


def bodies(data: bytes, call: Calls) -> None:
    """The body of a request to a route that may take one, of somebody who may send it."""
    name, body = framed(data, POSTS)
    cloud = Cloud(
        BYOS_CONTAINERS=CONTAINER,
        CALLBACK_HOSTS="caller.example",
        CALLBACK_AUDIENCE="audience",
        EVENTS_TOPIC_ENDPOINT="https://recordings.westeurope-1.eventgrid.azure.net/api/events",
    )
    ids = {"id": cloud.services.starts.start(a_start_request(), None).id, "documentId": document_id()}
    cloud.world.advance(AFTER_START)
    headers = {"authorization": GOOD_TOKEN, "idempotency-key": "key"}
    for _ in range(2):  # as a caller who lost the first answer
        reply = call(cloud.services, name, http_request(url(QUERIES.get(name, "")), headers, ids, body))
        check_reply(name, reply)
    run_on(cloud)
    for row in cloud.recordings():
        check_reply("get_recording", call(cloud.services, "get_recording", http_request(url(), {}, {"id": row.id})))


# Queries and headers


def requests(data: bytes, call: Calls) -> None:
    """A request: its function, host, path, query, headers and the parts of its route."""
    asked = parsed(data)
    if not isinstance(asked, dict):
        return
    name = text(asked.get("function"))
    if name not in GETS + POSTS:
        return
    cloud = our_cloud() if asked.get("auth") is None else Cloud(WEBSITE_AUTH_ENABLED="true")
    run_on(cloud, cloud.services.ingest.ingest(file_ready_event(2)).messages)
    given = {part: text(value) for part, value in texts(asked.get("route")).items()}
    address = url(text(asked.get("query")), text(asked.get("path")) or "x", text(asked.get("host")) or "localhost")
    route = {"id": OUR_ID, "documentId": document_id(), **given}
    body = start_body() if name == "start_recording" else b""
    check_reply(name, call(cloud.services, name, http_request(address, texts(asked.get("headers")), route, body)))


def texts(value: object) -> dict[str, str]:
    """The texts of an object, as the platform hands texts over: in UTF-8."""
    named = value if isinstance(value, dict) else {}
    return {text(name): text(one) for name, one in named.items() if isinstance(one, str)}


def text(value: object) -> str:
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""


# Continuations

LISTS: Mapping[str, Operation[Any]] = {
    "limit=1": operations.LIST_RECORDINGS,
    "atRisk=true": operations.LIST_RECORDINGS,
    f"serverCallId={quote(SERVER_CALL_ID, safe='')}": operations.LIST_RECORDINGS,
    "tag.case=42&status=completed": operations.LIST_RECORDINGS,
    "day=2026-11-22": operations.CHECK_CONSISTENCY,
    "day=2026-11-22&": operations.REBUILD_RECORDINGS,
    "since=2026-11-21": operations.REPLAY_FAILED,
}


def continuations(data: bytes, call: Calls) -> None:
    """A continuation as it came, and one that bears the digest of its request: whoever has a key can make it."""
    query, cursor = framed(data, list(LISTS))
    operation = LISTS[query]
    cloud = on_tables(our_cloud())
    run_on(cloud, cloud.services.ingest.ingest(file_ready_event([announced_chunk(contentLocation=None)])).messages)
    bound_to = scope(operation.name, read_query(operation.query, query.rstrip("&")))
    forged = base64.urlsafe_b64encode(digest(bound_to) + cursor).decode().rstrip("=")
    for continuation in (forged, quote(cursor)):
        address = url(f"{query.rstrip('&')}&continuation={continuation}")
        check_reply(operation.name, call(cloud.services, operation.name, http_request(address, {}, {})))


def on_tables(cloud: Cloud) -> Cloud:
    """The same cloud, the app's own tables in it instead of a fake catalog."""
    rows, index = (cast("TableClient", MemoryTable()) for _ in range(2))
    cloud.services.catalog = TableCatalog(rows, index)
    cloud.services.day_lines = TableDayLines(index)
    return cloud


CALLBACK = {
    "type": "Microsoft.Communication.RecordingStateChanged",
    "data": {"recordingId": "eyJQ", "serverCallId": SERVER_CALL_ID, "startDateTime": "2026-11-22T08:00:00Z"},
}
FAILED = {
    "type": "Microsoft.Communication.StartRecordingFailed",
    "data": {"callConnectionId": CALL_CONNECTION_ID, "resultInformation": {"code": 400, "subCode": 8500}},
}
START = {
    "pauseOnStart": True,
    "tags": {"case": "42"},
    "audioChannelParticipantOrdering": ["8:acs:a", "4:+15551234567"],
    "channelAffinity": [{"participant": "8:acs:a", "channel": 0}],
    "recordingStorageContainerUrl": CONTAINER,
    "recordingStateCallbackUrl": "https://caller.example/states",
}
BODIES: Mapping[str, Sequence[bytes]] = {
    "start_recording": [
        start_body(),
        start_body(**START),
        start_body(serverCallId=None, roomId="a room"),
        start_body(callConnectionId="a", serverCallId=None),
    ],
    "ingest_event": [written(file_ready_event(1)), written([file_ready_event(2, "cloud"), {}])],
    "recording_state": [written([CALLBACK, FAILED])],
}
REQUESTS: list[dict[str, object]] = [
    {
        "function": "list_recordings",
        "query": f"limit=2&status=active&from=2026-11-01&tag.case=42&serverCallId={quote(SERVER_CALL_ID)}",
    },
    {"function": "list_recordings", "query": "atRisk=true&to=2026-11-23T08:00:00%2B01:00&includeRefused=true"},
    {"function": "get_recording", "route": {"id": OUR_ID}, "headers": {"x-functions-key": "secret"}},
    {"function": "chunk_content", "route": {"documentId": document_id()}, "query": "redirect=true&download=true"},
    {"function": "chunk_metadata", "query": "code=a&clientId=b", "host": "recorder.example:443"},
    {"function": "check_consistency", "query": "day=2026-11-22", "path": "consistency"},
    {"function": "replay_failed", "query": "since=2026-11-22T07:00:00Z", "auth": True},
    {"function": "rebuild_recordings", "query": "day=2024-02-29"},
    {"function": "resend_events", "query": "key=Completed:1"},
    {
        "function": "start_recording",
        "headers": {"idempotency-key": "0f0e", "x-ms-client-principal-name": "a"},
        "auth": True,
    },
    {
        "function": "console",
        "path": "console/",
        "route": {"file": "index.html"},
        "headers": {"if-none-match": 'W/"a", *', "range": "bytes=0-"},
    },
    {"function": "recording_state", "headers": {"authorization": "Bearer a.b.c", "host": "["}},
    {"function": "openapi_document", "headers": {"if-none-match": '"a"'}, "host": "[::1]:8080"},
    {"function": "health", "query": "x=1"},
]
USUAL: dict[str, object] = {"host": "recorder.example:443", "headers": {"x-functions-key": "secret"}}
CURSORS = (
    *("2026-11-22T08:00:00+00:00/" + OUR_ID, f"folders/{OUR_ID}", OUR_ID, f"{OUR_ID}:{document_id()}", f"{OUR_ID}:"),
)
DOORS = (
    Door(
        "bodies",
        [f"{name}\n".encode() + body for name in POSTS for body in BODIES.get(name, [b"{}"])],
        bodies,
        Calls(),
        is_framed=True,
    ),
    Door("requests", [written(USUAL | one) for one in REQUESTS], requests, Calls()),
    Door(
        "continuations",
        [f"{query}\n{cursor}".encode() for query in LISTS for cursor in CURSORS],
        continuations,
        Calls(),
        is_framed=True,
    ),
)
