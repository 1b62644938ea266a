"""Faults to be found: one for each door, as careless code has them. Each is put around what the door tests."""

import base64
import json
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import jwt

from shared.domain.errors import CallbackRefused
from shared.domain.models import Messages
from tests.builders import OUR_ID, document_id
from tests.fakes import Cloud
from tests.fuzz.answered import client
from tests.fuzz.bounds import Finding, Growth, Hang, Unforeseen
from tests.fuzz.delivered import parsed
from tests.fuzz.door import Dropped
from tests.fuzz.signed import Believed

MUCH = 100 * 1024 * 1024  # bytes


def believes_numbers(ingest: Callable[..., Any]) -> Callable[..., Any]:
    def careless(cloud: Cloud, document: Any) -> Any:
        _ = document["data"]["recordingDurationMs"] // 1000
        return ingest(cloud, document)

    return careless


def believes_messages(take: Callable[..., Any]) -> Callable[..., Any]:
    """What is JSON names a recording."""

    def careless(cloud: Cloud, queue: str, body: bytes) -> Any:
        with suppress(ValueError, RecursionError):
            message = json.loads(body)
            _ = message["id"]
        return take(cloud, queue, body)

    return careless


def drops_letters(sweep: Callable[..., Any]) -> Callable[..., Any]:
    """What is no JSON is removed."""

    def careless(cloud: Cloud) -> Any:
        letters = cloud.letters.events
        for name in [name for name, letter in letters.items() if parsed(letter) is None]:
            del letters[name]
        return sweep(cloud)

    return careless


def believes_bodies(call: Callable[..., Any]) -> Callable[..., Any]:
    def careless(services: Any, name: str, request: Any) -> Any:
        body = parsed(request.get_body())
        if name == "start_recording" and isinstance(body, dict):
            for text in ("serverCallId", "recordingContentType", "recordingChannelType", "recordingFormatType"):
                _ = (body.get(text) or "").strip()
        return call(services, name, request)

    return careless


def believes_hosts(call: Callable[..., Any]) -> Callable[..., Any]:
    def careless(services: Any, name: str, request: Any) -> Any:
        _ = urlsplit(request.url).port
        return call(services, name, request)

    return careless


def believes_cursors(call: Callable[..., Any]) -> Callable[..., Any]:
    def careless(services: Any, name: str, request: Any) -> Any:
        cursor = base64.urlsafe_b64decode(request.params.get("continuation", "") + "==")[8:].decode(errors="replace")
        place, slash, _ = cursor.partition("/")
        if slash and place != "folders":
            datetime.fromisoformat(place)
        return call(services, name, request)

    return careless


def believes_any_audience(_: Callable[..., Any]) -> Callable[..., Any]:
    def careless(verifier: Any, header: str) -> None:
        try:
            key = next(iter(verifier.keys.keys.values()))
            jwt.decode(header.removeprefix("Bearer "), key, algorithms=["RS256"], options={"verify_aud": False})
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise CallbackRefused("no") from error

    return careless


def waits_for_keys(verify: Callable[..., Any]) -> Callable[..., Any]:
    """Without keys it never ends."""

    def careless(verifier: Any, header: str) -> None:
        try:
            verify(verifier, header)
        finally:
            while not verifier.keys.keys:
                pass

    return careless


def keeps_everything(transfer: Callable[..., Any]) -> Callable[..., Any]:
    """What cannot be read is kept in memory, and much more than that."""

    def careless(cloud: Cloud, ref: Any) -> Messages:
        content = cloud.source.documents[document_id()].contents["acsmetadata"]
        _ = b"" if parsed(content) is not None else b"x" * MUCH
        messages: Messages = transfer(cloud, ref)
        return messages

    return careless


def believes_rows(read: Callable[..., Any]) -> Callable[..., Any]:
    """A row that cannot be read is met nowhere."""

    def careless(cloud: Cloud, ids: Any) -> None:
        cloud.services.catalog.recording(OUR_ID)
        read(cloud, ids)

    return careless


def believes_manifests(rebuild: Callable[..., Any]) -> Callable[..., Any]:
    def careless(cloud: Cloud) -> Any:
        (manifest,) = (content for name, content in cloud.store.blobs.items() if name.endswith("recording.json"))
        for chunk in json.loads(manifest).get("chunks", []):
            _ = chunk["participants"][0]["id"]
        return rebuild(cloud)

    return careless


def believes_heads(read: Callable[..., Any]) -> Callable[..., Any]:
    def careless(content: bytes) -> Any:
        header = read(content)
        _ = header.data_bytes // struct.unpack("<H", content[32:34])[0]
        return header

    return careless


def believes_answers(ask: Callable[..., Any]) -> Callable[..., Any]:
    def careless(calls: Any, action: str) -> None:
        said = parsed(client()[0].body)
        if isinstance(said, dict):
            _ = said.get("error", {}).get("code", "").casefold()
        ask(calls, action)

    return careless


type Plant = Callable[[Callable[..., Any]], Callable[..., Any]]
FAULTS: Mapping[str, tuple[Plant, type[Finding]]] = {
    "events": (believes_numbers, Unforeseen),
    "messages": (believes_messages, Unforeseen),
    "letters": (drops_letters, Dropped),
    "bodies": (believes_bodies, Unforeseen),
    "requests": (believes_hosts, Unforeseen),
    "continuations": (believes_cursors, Unforeseen),
    "tokens": (believes_any_audience, Believed),
    "keys": (waits_for_keys, Hang),
    "contents": (keeps_everything, Growth),
    "rows": (believes_rows, Unforeseen),
    "manifests": (believes_manifests, Unforeseen),
    "heads": (believes_heads, Unforeseen),
    "answers": (believes_answers, Unforeseen),
}
