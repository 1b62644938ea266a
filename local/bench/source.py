"""A content server over plain http: ranges of one file by sendfile, without signatures.

The last 32 digits of a document's id say how many bytes of the file it has: `content_url` makes such a URL.
"""

import argparse
import json
import os
import re
import threading
from pathlib import Path

from local.bench.server import FIGURES_PATH, Peer, Request, serve

HOST = "us-storage.asm.skype.com"
TARGET = re.compile(r"/v1/objects/0-eus-d1-(?P<size>[0-9a-f]{32})/content/video")
RANGE = re.compile(r"bytes=(\d+)-(\d+)")
SEND_BYTES = 4 * 1024 * 1024
MP4_HEAD = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2"
WRITE_BYTES = 16 * 1024 * 1024


def content_url(size: int) -> str:
    """The URL of a content of so many bytes, as ACS would write it."""
    return f"https://{HOST}/v1/objects/0-eus-d1-{size:032x}/content/video"


def make_content(path: Path, size: int) -> None:
    """Random bytes that begin like an MP4 file."""
    with path.open("wb") as file:
        file.write(MP4_HEAD)
        while (left := size - file.tell()) > 0:
            file.write(os.urandom(min(left, WRITE_BYTES)))


class ContentServer:
    """Answers GET, and counts the bytes that it handed to the kernel."""

    def __init__(self, file: int) -> None:
        self.file = file
        self.lock = threading.Lock()
        self.sent = 0

    def answer(self, peer: Peer, request: Request) -> None:
        if request.target == FIGURES_PATH:
            with self.lock:
                sent, self.sent = self.sent, 0
            return peer.answer("200 OK", {}, json.dumps({"sent": sent}).encode())
        found = TARGET.fullmatch(request.target)
        if found is None:
            return peer.answer("404 Not Found", {})
        return self.send(peer, request, int(found["size"], 16))

    def send(self, peer: Peer, request: Request, size: int) -> None:
        asked = RANGE.fullmatch(request.headers.get("range", ""))
        first, last = (int(asked[1]), min(int(asked[2]), size - 1)) if asked else (0, size - 1)
        head = (
            f"HTTP/1.1 {'206 Partial Content' if asked else '200 OK'}\r\n"
            "Content-Type: application/octet-stream\r\n"
            f"Content-Range: bytes {first}-{last}/{size}\r\n"
            f"Content-Length: {last + 1 - first}\r\n\r\n"
        )
        peer.socket.sendall(head.encode())
        while first <= last:
            count = os.sendfile(peer.socket.fileno(), self.file, first, min(SEND_BYTES, last + 1 - first))
            first += count
            with self.lock:
                self.sent += count


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m local.bench.source")
    arguments.add_argument("--file", type=Path, required=True)
    with arguments.parse_args().file.open("rb") as file:
        serve(ContentServer(file.fileno()).answer)


if __name__ == "__main__":
    main()
