"""The player alone in a page, before a storage that does what a test wants: no app, no Azure, exact times.

The page is served under the console's own policy, from another origin than the media. Links are signed with their end
only; the storage refuses them afterwards, as Azure does.
"""

import json
import math
import re
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from shared.api.console_files import console_files, console_headers

RATE = 16_000  # frames a second, as ACS writes them
BEGAN = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
LINK_SECONDS = 1800.0
SENT_BYTES = 64 * 1024
PAGE = b"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Player</title><link rel="stylesheet" href="console.css"><link rel="stylesheet" href="player/player.css">
<script type="module" src="page.js"></script></head>
<body><div class="detail" role="main"><h1>Player</h1><label>Note <input id="note"></label><div id="host"></div></div>
</body></html>"""
SCRIPT = b"""
import { mountPlayer } from "./player/player.js";
const told = await (await fetch("told.json")).json();
const names = { "8:acs:anna": "Anna", "8:acs:ben": "Ben", "8:acs:carla": "Carla" };
const linkOf = async (chunk, { fresh }) => {
  const response = await fetch(`link?document=${chunk.documentId}&fresh=${fresh}`);
  const body = await response.json();
  if (!response.ok) throw Object.assign(new Error(body.detail), { status: response.status });
  return body;
};
const positions = [];
document.getElementById("host").positions = positions;
mountPlayer(document.getElementById("host"), {
  recording: told.recording, linkOf, startAt: told.startAt,
  nameOf: (id) => ({ label: names[id] ?? id, full: id }), onPosition: (seconds) => positions.push(seconds),
});
"""


def wav(voices: Sequence[Callable[[float], float]], seconds: int) -> bytes:
    """A wav file of 16 bits, a function of time for each channel, from -1 to 1; its first second again and again."""
    samples = [int(32767 * voice(frame / RATE)) for frame in range(RATE) for voice in voices]
    return wav_head(len(voices), seconds) + struct.pack(f"<{len(samples)}h", *samples) * seconds


def wav_head(channels: int, seconds: int) -> bytes:
    size = RATE * channels * 2 * seconds
    form = struct.pack("<HHIIHH", 1, channels, RATE, RATE * channels * 2, channels * 2, 16)
    return b"".join(
        (b"RIFF", struct.pack("<I", 36 + size), b"WAVEfmt \x10\0\0\0", form, b"data", struct.pack("<I", size))
    )


def tone(hertz: float = 440.0, loud: float = 0.4) -> Callable[[float], float]:
    return lambda at: loud * math.sin(2 * math.pi * hertz * at)


def silence(_: float) -> float:
    return 0.0


def stamp(seconds: float) -> str:
    return (BEGAN + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def chunk(index: int, at: float, size: int, people: Sequence[str] = (), **other: Any) -> dict[str, Any]:
    """A saved file as the API tells it; `people` by their channels."""
    participants = [{"id": f"8:acs:{name}", "channel": channel} for channel, name in enumerate(people) if name]
    return {
        "documentId": f"document-{index}",
        "index": index,
        "status": "deleted",
        "sha256": "00" * 32,
        "storedAt": stamp(at),
        "failure": None,
        "failureKind": None,
        "bytes": size,
        "bytesDone": size,
        "startTime": stamp(at),
        "participants": participants,
        "pauses": [],
        **other,
    }


def recording(chunks: Sequence[dict[str, Any]], **other: Any) -> dict[str, Any]:
    return {
        "id": "6f1c",
        "recordingChannelType": "unmixed",
        "recordingFormatType": "wav",
        "recordingStartTime": stamp(0),
        "recordingDurationMs": None,
        "chunks": list(chunks),
        **other,
    }


@dataclass
class Storage:
    """What the account does, and what was asked of it."""

    files: dict[str, bytes] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)
    start_at: float = 0
    cors: bool = True
    link_seconds: float = LINK_SECONDS
    told_seconds: float | None = None  # how long links are said to last, where that is not so
    bytes_per_second: float = math.inf
    refused: dict[str, tuple[int, str]] = field(default_factory=dict)  # links that the app gives none of
    links: list[str] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    origin: str = ""

    def link(self, document: str) -> tuple[int, dict[str, str]]:
        self.links.append(document)
        if document in self.refused:
            status, detail = self.refused[document]
            return status, {"detail": detail}
        until = time.time() + self.link_seconds
        told = until if self.told_seconds is None else time.time() + self.told_seconds
        expires = datetime.fromtimestamp(told, UTC).isoformat().replace("+00:00", "Z")
        return 200, {"url": f"{self.origin}/{document}?until={until}&n={len(self.links)}", "expiresAt": expires}


class Quiet(BaseHTTPRequestHandler):
    """Answers whole files, and says nothing on the terminal."""

    protocol_version = "HTTP/1.1"
    storage: Storage

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.write(body)

    def write(self, body: bytes) -> None:
        try:
            for at in range(0, len(body), SENT_BYTES):
                self.wfile.write(body[at : at + SENT_BYTES])
                time.sleep(SENT_BYTES / self.storage.bytes_per_second)
        except ConnectionError:
            self.close_connection = True  # the browser has what it wanted


class PageHandler(Quiet):
    """The console's files, the page of the test, and links."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        name = url.path.removeprefix("/console/")
        if name == "link":
            status, link = self.storage.link(parse_qs(url.query)["document"][0])
            self.send(status, json.dumps(link).encode(), {"Content-Type": "application/json"})
            return
        own = {
            "": (PAGE, "text/html"),
            "page.js": (SCRIPT, "text/javascript"),
            "told.json": (self.told(), "application/json"),
        }
        served = {key: (file.body, file.content_type) for key, file in console_files().items() if key} | own
        body, kind = served.get(name, (b"", "text/plain"))
        self.send(200 if name in served else 204, body, {"Content-Type": kind, **console_headers(self.storage.origin)})

    def told(self) -> bytes:
        return json.dumps({"recording": self.storage.told, "startAt": self.storage.start_at}).encode()


class StorageHandler(Quiet):
    """Files by range, as Blob Storage gives them."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        name = url.path.strip("/")
        until = float(parse_qs(url.query).get("until", ["0"])[0])
        body = self.storage.files.get(name, b"")
        status = 403 if time.time() > until else 404 if name not in self.storage.files else 200
        headers = {"Content-Type": self.storage.types.get(name, "audio/wav"), "Accept-Ranges": "bytes"}
        if self.storage.cors:
            headers |= {
                "Access-Control-Allow-Origin": "*",
                "Access-Control-Expose-Headers": "content-range, content-length",
            }
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if status == 200 and wanted:
            first = int(wanted[1])
            last = min(int(wanted[2] or len(body) - 1), len(body) - 1)
            headers["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
            status, body = 206, body[first : last + 1]
        self.storage.answers.append(status)
        self.send(status, b"" if status >= 400 else body, headers)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_OPTIONS(self) -> None:
        allowed = (
            {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "range"} if self.storage.cors else {}
        )
        self.send(200 if allowed else 403, b"", allowed)


@contextmanager
def player_page() -> Iterator[tuple[str, Storage]]:
    """The page's address, and the storage behind it."""
    storage = Storage()
    servers = [
        ThreadingHTTPServer(("127.0.0.1", 0), type(kind.__name__, (kind,), {"storage": storage}))
        for kind in (PageHandler, StorageHandler)
    ]
    threads = [threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True) for server in servers]
    for server, thread in zip(servers, threads, strict=True):
        server.daemon_threads = True
        thread.start()
    storage.origin = f"http://127.0.0.1:{servers[1].server_port}"
    yield f"http://127.0.0.1:{servers[0].server_port}/console/", storage
    for server, thread in zip(servers, threads, strict=True):
        server.shutdown()
        server.server_close()
        thread.join()
