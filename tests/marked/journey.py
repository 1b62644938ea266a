"""Marked secrets and personal data, fed through every route and every trigger of the app, and what came out where."""

import json
import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode

import azure.functions as func
import msgspec

from functions import create_app
from shared.control.state_callbacks import START_FAILED, STATE_CHANGED
from shared.domain.errors import AcsRefused, AcsUncertain, RecorderError
from shared.domain.log import LogEvent, log
from shared.domain.log_values import KINDS, UUID
from shared.domain.units import function
from tests.builders import TOPIC, announced_chunk, document_id, file_ready_event, keep_at_acs, media, metadata
from tests.fakes import GOOD_TOKEN, Cloud, Effect, Fault, acs_recording_id
from tests.fakes.world import ERRORS
from tests.log_levels import quieted
from tests.marked.markers import ALLOWED, TEXTS, Place, found_in
from tests.unit.app import Output, grid_event

CONTAINER = "https://operator.blob.core.windows.net/own"
SAS_URL = f"https://operator.blob.core.windows.net/own/a.wav?sv=2025&sig={TEXTS['SAS signature']}"
OWN_FILE = f"{CONTAINER}/2026/11/22/a.wav"
BACK = f"https://caller.example/back?code={TEXTS['secret in a query']}"
SETTINGS = {
    "AzureWebJobsStorage": (
        "DefaultEndpointsProtocol=https;AccountName=runtime;EndpointSuffix=core.windows.net;"
        f"AccountKey={TEXTS['key of the storage account']}"
    ),
    "ACS_CONNECTION_STRING": f"endpoint=https://acs.example/;accesskey={TEXTS['access key of ACS']}",
    "CALLBACK_AUDIENCE": "audience",
    "CALLBACK_HOSTS": "caller.example",
    "BYOS_CONTAINERS": CONTAINER,
    "ACS_TOPIC": TOPIC,
    "TRANSFER_BLOCK_BYTES": "400",
    "EVENTS_TOPIC_ENDPOINT": "https://recordings.westeurope-1.eventgrid.azure.net/api/events",
}
WAV = {"recordingContentType": "audio", "recordingChannelType": "unmixed", "recordingFormatType": "wav"}


class Log(logging.Handler):
    """Every line that is logged by anybody, as a formatter of the platform's writes it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@contextmanager
def logged(level: int) -> Iterator[Log]:
    """Hear the root logger at a level, with libraries as the app has them."""
    root, heard = logging.getLogger(), Log()
    before = root.level
    with quieted():
        root.addHandler(heard)
        root.setLevel(level)
        try:
            yield heard
        finally:
            root.removeHandler(heard)
            root.setLevel(before)


LIBRARY_LOGGERS = ("azure.core.pipeline.policies.http_logging_policy", "urllib3.connectionpool", "msal.authority")
NOBODY = "00000000-0000-4000-8000-00000000dead"  # a recording that is not there
HEADERS = {
    "x-functions-key": TEXTS["function key"],
    "x-ms-client-principal-name": TEXTS["name of a principal"],
    "x-forwarded-host": TEXTS["Host header"],
}
WHO = {  # who asks, and for whom
    "tags": {
        TEXTS["name of a tag"]: TEXTS["value of a tag"],
        "person": TEXTS["name of a person in a tag"],
        f"name.{TEXTS['raw id of a participant']}": TEXTS["name of a participant"],
    },
    "audioChannelParticipantOrdering": [TEXTS["raw id of a participant"], TEXTS["phone number"]],
    "recordingStateCallbackUrl": BACK,
}
CALLS = {name: TEXTS[name] for name in ("serverCallId", "groupCallId", "roomId", "callConnectionId")}
# Start requests that are refused before ACS is asked.
WRONG_STARTS: list[bytes] = [
    json.dumps({"serverCallId": TEXTS["serverCallId"], **WAV, **fields}).encode()
    for fields in (
        {"recordingStorageContainerUrl": SAS_URL},
        {"recordingStateCallbackUrl": f"https://ada:{TEXTS['password in a URL']}@evil.example/"},
        {"tags": {"name": TEXTS["value of a tag"] * 40}},
        {"tags": {TEXTS["name of a tag"]: 7}},
        {"audioChannelParticipantOrdering": [TEXTS["phone number"], TEXTS["phone number"]]},
        {"recordingFormatType": TEXTS["text in an event"]},
    )
] + [f'{{"serverCallId": "{TEXTS["serverCallId"]}", '.encode(), TEXTS["text in an event"].encode(), b"\xff"]
QUERIES: list[dict[str, str]] = [
    {"serverCallId": TEXTS["serverCallId"]},
    {"groupCallId": TEXTS["groupCallId"]},
    {f"tag.{TEXTS['name of a tag']}": TEXTS["value of a tag"]},
    {"status": TEXTS["secret in a query"]},
    {TEXTS["name in a query"]: TEXTS["secret in a query"]},
    {"continuation": TEXTS["secret in a query"]},
    {"limit": TEXTS["secret in a query"]},
    {"atRisk": "true"},
]


def hostile_events() -> Iterator[dict[str, Any]]:
    """Events with a marker wherever they have room for text."""
    text = TEXTS["text in an event"]
    yield file_ready_event(1) | {"id": TEXTS["id of an event"], "subject": TEXTS["subject of an event"]}
    yield file_ready_event(1, sessionEndReason=text) | {"eventType": TEXTS["type of an event"]}
    yield file_ready_event(1) | {"topic": TEXTS["topic of an event"], "id": TEXTS["id of an event"]}
    yield file_ready_event([announced_chunk(endReason=text)], server_call_id=text, sessionEndReason=text)
    yield file_ready_event([announced_chunk(documentId=TEXTS["phone number"])], server_call_id="b")
    yield file_ready_event(1, server_call_id="c", recordingFormatType=text, recordingContentType=text)
    yield file_ready_event(1, server_call_id="d", recording_id=text)
    yield file_ready_event([announced_chunk(2, contentLocation=SAS_URL)], server_call_id="e", recordingId=None)
    yield file_ready_event([announced_chunk(3, deleteLocation=SAS_URL)], server_call_id="f", recordingId=None)
    yield file_ready_event(
        [announced_chunk(4, documentId=TEXTS["documentId of another form"])], server_call_id="g", recordingId=None
    )


class Journey:
    """The app on fakes, and what left it.

    Args:
        fails: the name of the effect that fails every time; none where nothing fails.
        foreign: whether it fails with an exception that nobody foresaw.
        alone: without the routes that ask nobody, and take longer than all others.

    Attributes:
        seen: what left the app, by where it went.
        called: the functions that were called.
        asked: how many requests, messages and runs there were.
    """

    def __init__(self, fails: str = "", *, foreign: bool = False, alone: bool = False) -> None:
        self.fails = fails
        self.foreign = foreign
        self.alone = alone or bool(fails)
        self.cloud = Cloud(self.plan, **SETTINGS)
        self.functions = functions_of(self.cloud)
        self.seen: dict[Place, list[str]] = {place: [] for place in Place}
        self.called: set[str] = set()
        self.asked = 0

    def plan(self, effect: Effect) -> Fault | None:
        if effect.name == self.fails:
            raise failure_of(effect.name, foreign=self.foreign)
        return None

    def run(self, level: int) -> None:
        """Go through every door once, and collect what is in the rows and blobs afterwards."""
        with logged(level) as heard:
            keep_at_acs(self.cloud, 1)
            keep_at_acs(self.cloud, 2, first=10)
            text = TEXTS["text in ACS's metadata"]
            people = [{"participantId": TEXTS["phone number"], "displayName": TEXTS["name of a participant"]}]
            self.cloud.source.add(document_id(1), media(), metadata(1, participants=people, note=text))
            self.cloud.source.add(document_id(3), media(), metadata(3, callId=text, chunkDocumentId=text))
            ids = [*self.starts(), NOBODY, NOBODY][:2]
            self.lists()
            self.controls(ids[0])
            self.callbacks()
            self.cloud.acs.recordings.clear()  # all calls end
            self.announcements()
            self.messages()
            self.sweeps()
            self.messages()  # of what the sweeps sent again
            for id in ids:
                self.operations(id)
            self.wrong_settings()
        self.seen[Place.LOG] += heard.lines
        self.collect()

    # The doors

    def starts(self) -> Iterator[str]:
        """Start a recording by each name of a call, refused and unclear ones among them."""
        words = TEXTS["error text of ACS"]
        self.cloud.acs.answers["start"].clear()
        for number, (name, call) in enumerate(CALLS.items()):
            if name == "roomId":
                self.cloud.acs.refuse("start", AcsRefused(f"{words} (400/8523)", status=400, code="8523"))
            if name == "callConnectionId":
                for _ in range(3):
                    self.cloud.acs.refuse("start", AcsUncertain(words, status=500))
            body = json.dumps({name: call, **WAV, **WHO}).encode()
            key = {"idempotency-key": f"{TEXTS['idempotency key']}{number}"}
            reply = self.http("start_recording", body, headers=key)
            self.http("start_recording", json.dumps({name: call, **WAV}).encode(), headers=key)
            self.cloud.acs.answers["start"].clear()
            if "status" in reply and reply.get("id") and "type" not in reply:
                yield reply["id"]
        for body in WRONG_STARTS:
            self.http("start_recording", body)

    def lists(self) -> None:
        for query in QUERIES:
            self.http("list_recordings", query=query)

    def controls(self, id: str) -> None:
        for name in ("get_recording", "recording_events", "pause_recording", "resume_recording", "resend_events"):
            self.http(name, route={"id": id})
            self.http(name, route={"id": TEXTS["path"]})
        for action in ("pause", "resume", "stop"):
            self.cloud.acs.refuse(action, AcsUncertain(TEXTS["error text of ACS"], status=500))
            self.cloud.acs.refuse("state", AcsUncertain(TEXTS["error text of ACS"], status=500))
            self.http(f"{action}_recording", route={"id": id})
            self.cloud.acs.answers.clear()
        self.cloud.world.advance(timedelta(minutes=2))
        self.http("stop_recording", route={"id": id})

    def callbacks(self) -> None:
        """Believed ones, refused ones, and what is no callback."""
        text = TEXTS["body of a callback"]
        for kind in (STATE_CHANGED, START_FAILED):
            data = {
                "recordingId": text,
                "serverCallId": TEXTS["serverCallId"],
                "callConnectionId": TEXTS["callConnectionId"],
                "resultInformation": {"code": 500, "subCode": 7, "message": f"{text} {TEXTS['phone number']}"},
            }
            body = json.dumps([{"id": text, "type": kind, "data": data, "source": text}]).encode()
            tokens = (GOOD_TOKEN, *(f"Bearer {TEXTS[name]}" for name in ("bearer token", "JSON Web Token")))
            for token in tokens:
                self.http("recording_state", body, headers={"authorization": token})
        self.http("recording_state", text.encode(), headers={"authorization": GOOD_TOKEN})

    def announcements(self) -> None:
        """File-ready events, from Event Grid and by hand."""
        good = file_ready_event(2, server_call_id=TEXTS["serverCallId"])
        chunks = [announced_chunk(number, index=number - 10) for number in (10, 11)]
        whole = file_ready_event(chunks, "cloud", recording_id=acs_recording_id(2))
        self.cloud.own.add(OWN_FILE, media())
        own = file_ready_event([announced_chunk(12, contentLocation=OWN_FILE)], recording_id=acs_recording_id(9))
        for event in (whole, own, good, *hostile_events()):
            transfers = Output()
            self.call("recording_file_ready", grid_event(event), transfers)
            self.queue(transfers)
            self.http("ingest_event", json.dumps([event]).encode(), outputs=2)
        self.http("ingest_event", TEXTS["text in an event"].encode(), outputs=2)

    def messages(self) -> None:
        """Ours, some of which lead to others, and what is none."""
        waiting = [chunk.ref for chunk in self.cloud.chunks()]
        for name in ("chunk_transfer", "chunk_deletion", "chunk_transfer_poisoned", "chunk_deletion_poisoned"):
            bodies = [msgspec.json.encode(ref) for ref in waiting]
            for body in (*bodies, TEXTS["queue message"].encode(), json.dumps(CALLS).encode()):
                outputs = [Output() for _ in range({"chunk_transfer": 2, "chunk_deletion": 1}.get(name, 0))]
                self.call(name, func.QueueMessage(id="1", body=body), *outputs)
                self.queue(*outputs)

    def sweeps(self) -> None:
        letter = f"2026/11/22/{TEXTS['dead letter']}.json"
        self.cloud.letters.events[letter] = json.dumps([{"id": TEXTS["dead letter"]}]).encode()
        self.cloud.letters.events["l.json"] = TEXTS["dead letter"].encode()
        for wait in (timedelta(minutes=5), timedelta(hours=13), timedelta(hours=60)):
            self.cloud.world.advance(wait)
            outputs = Output(), Output()
            self.call("sweep", None, *outputs)
            self.queue(*outputs)

    def operations(self, id: str) -> None:
        chunk = {"id": id, "documentId": document_id(10)}
        for name in ("chunk_content", "chunk_metadata"):
            self.http(name, route=chunk)
            self.http(name, route=chunk | {"documentId": TEXTS["path"]})
        self.http("export_recording", route={"id": id})
        self.http("replay_recording", route={"id": id}, outputs=2)
        day = {"day": "2026-11-22"}
        for name, query in (("rebuild_recordings", day), ("check_consistency", day), ("health_dependencies", {})):
            self.http(name, query=query)
            self.http(name, query=query | {TEXTS["name in a query"]: TEXTS["secret in a query"]})
        self.http("replay_failed", query={"since": "2026-11-22"}, outputs=2)
        self.http("health")
        if not self.alone:
            self.http("openapi_document")
            self.http("console", route={"file": "index.html"})
            self.http("console", route={"file": TEXTS["path"]})

    def wrong_settings(self) -> None:
        """The same app on settings of which one is malformed."""
        wrong = {"CLAIM_SECONDS": TEXTS["malformed setting"], "CALLBACK_URL": SAS_URL, "ACS_TOPIC": TEXTS["path"]}
        right, self.functions = self.functions, functions_of(Cloud(**(SETTINGS | wrong)))
        self.http("health")
        self.http("list_recordings")
        self.call("sweep", None, Output(), Output())
        self.call("chunk_transfer_poisoned", func.QueueMessage(id="1", body=TEXTS["queue message"].encode()))
        self.functions = right

    # How they are gone through

    def http(
        self,
        name: str,
        body: bytes = b"",
        *,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        route: dict[str, str] | None = None,
        outputs: int = 0,
    ) -> dict[str, Any]:
        """A request's reply; empty where it is no object."""
        asked = {"code": TEXTS["function key"], **(query or {})}
        path = quote("/".join((route or {name: name}).values()))
        request = func.HttpRequest(
            method="POST",
            url=f"http://{TEXTS['Host header']}/api/{path}?{urlencode(asked)}",
            headers=HEADERS | (headers or {}),
            params=asked,
            route_params=route or {},
            body=body,
        )
        sent = [Output() for _ in range(outputs)]
        response = self.call(name, request, *sent)
        self.queue(*sent)
        if not isinstance(response, func.HttpResponse):
            return {}
        text = (response.get_body() or b"null").decode()
        self.seen[Place.PROBLEM if response.status_code >= 400 else Place.REPLY].append(text)
        self.seen[Place.HEADER].append(str(dict(response.headers)))
        parsed = json.loads(text) if "json" in response.mimetype else None
        return parsed if isinstance(parsed, dict) else {}

    def call(self, name: str, *arguments: object) -> object:
        """What a function returns; what it raises is what the platform logs."""
        self.asked += 1
        self.called.add(name)
        try:
            return self.functions[name](*arguments)
        except Exception as error:  # noqa: BLE001 - as the platform does
            self.seen[Place.RAISED].append("".join(traceback.format_exception(error)))
            return None

    def queue(self, *outputs: Output) -> None:
        self.seen[Place.QUEUE] += [message for output in outputs for message in output.messages]

    def collect(self) -> None:
        """What stands in the rows, the blobs and the topic."""
        cloud, seen = self.cloud, self.seen
        seen[Place.ROW] += [repr(row) for row in cloud.catalog.rows.values()]
        seen[Place.ROW] += [repr(found) for found in (cloud.catalog.acs_ids, cloud.catalog.lists, cloud.catalog.open)]
        seen[Place.EVENT] += [repr(event) for event in (*cloud.catalog.told.values(), *cloud.topic.taken)]
        seen[Place.KEPT] += [content.decode(errors="replace") for content in cloud.rejected.events.values()]
        seen[Place.REASON] += cloud.rejected.reasons.values()
        for name, blob in cloud.store.all.items():
            seen[Place.BLOB] += [name, repr(blob.headers)]
            if "/recording" in name:
                seen[Place.BLOB].append(blob.content.decode())

    @cached_property
    def leaks(self) -> dict[tuple[str, Place], str]:
        """What stands where it may not, each with one text that has it."""
        found = {(name, place): text for place, texts in self.seen.items() for text in texts for name in found_in(text)}
        return {where: text for where, text in found.items() if where not in ALLOWED}


def functions_of(cloud: Cloud) -> dict[str, Callable[..., Any]]:
    return {str(one.get_function_name()): one.get_user_function() for one in create_app(cloud.services).get_functions()}


def failure_of(effect: str, *, foreign: bool) -> Exception:
    """What an effect fails with: as the SDKs word it, or as the adapters translate that."""
    words = f"Max retries exceeded with url: /own/a?sig={TEXTS['SAS signature']} ({TEXTS['error body of storage']})"
    cause = RuntimeError(words)
    if foreign:
        cause.__cause__ = AcsUncertain(TEXTS["error text of ACS"], status=500)  # an error of ours may be the cause, too
        return cause
    if effect.startswith("acs."):
        error: Exception = AcsUncertain(TEXTS["error text of ACS"], status=500)
    else:
        error = ERRORS[effect.partition(".")[0]][0](f"{effect} failed before it took effect.")
    error.__cause__ = cause
    return error


def direct_lines(level: int) -> tuple[list[str], list[str]]:
    """Every marker given to the log, logged by libraries and raised by a function: what is logged, what is raised."""
    raised: list[str] = []
    with logged(level) as heard:
        log_directly()
        for text in TEXTS.values():
            try:
                with function():
                    raise_marked(text)
            except RecorderError as error:
                raised.append("".join(traceback.format_exception(error)))
            for name in LIBRARY_LOGGERS:
                for levelno in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
                    logging.getLogger(name).log(levelno, "GET https://x.example/?sig=%s", text)
    return heard.lines, raised


def raise_marked(text: str) -> None:
    try:
        raise KeyError(text)  # noqa: TRY301 - the cause of the next
    except KeyError as error:
        raise AcsUncertain(f"No call {text} is there.") from error


def log_directly() -> None:
    """Every field of a log line, given every marker; a UUID is of the form of our own ids, whatever it names."""
    for field in (*KINDS, "another"):
        for text in TEXTS.values():
            of_our_form = field in {"id", "sameAs", "incident"} and UUID.fullmatch(text)
            for value in (f"The call {text} is not there.", *(() if of_our_form else (text,))):
                fields: dict[str, Any] = {field: value}
                log(LogEvent.CHUNK_DEFERRED, **fields)
