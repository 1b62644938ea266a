"""A blob service that forgets every byte: it answers as Blob Storage would, and counts requests by kind.

It remembers ids and lengths of blocks, so that a committed list can be read back. Fast, because Azurite spends ten
times the CPU of the client under test and would be all that is measured.
"""

import base64
import json
import re
import threading
from collections import Counter
from email.utils import formatdate
from urllib.parse import parse_qs, urlsplit

from local.bench.server import FIGURES_PATH, Peer, Request, serve
from shared.domain.crc64 import crc64, header_bytes

LISTED = re.compile(rb"<(?:Latest|Uncommitted|Committed)>([^<]+)</")
UNCHECKED = base64.b64encode(header_bytes(0)).decode()
KINDS = {
    ("PUT", ""): "Put Blob",
    ("PUT", "block"): "Put Block",
    ("PUT", "blocklist"): "Put Block List",
    ("GET", "blocklist"): "Get Block List",
    ("HEAD", ""): "Get Blob Properties",
    ("GET", ""): "Get Blob",
}


class BlobSink:
    """Answers the operations of block blobs."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.operations: Counter[str] = Counter()
        self.blocks: dict[str, dict[str, int]] = {}
        self.lists: dict[str, list[str]] = {}

    def answer(self, peer: Peer, request: Request) -> None:
        if request.target == FIGURES_PATH:
            with self.lock:
                counted, self.operations = self.operations, Counter()
            return peer.answer("200 OK", {}, json.dumps(counted).encode())
        parts = urlsplit(request.target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        kind = KINDS.get((request.method, query.get("comp", "")), "other")
        with self.lock:
            self.operations[kind] += 1
        if kind == "Put Block":
            return self.put_block(peer, request, parts.path, query["blockid"])
        if kind == "Put Block List":
            return self.put_block_list(peer, request, parts.path)
        if kind == "Get Block List":
            return peer.answer("200 OK", headers() | {"Content-Type": "application/xml"}, self.listing(parts.path))
        peer.drop(request.length)
        return peer.answer("201 Created" if kind == "Put Blob" else "404 Not Found", headers())

    def put_block(self, peer: Peer, request: Request, blob: str, block_id: str) -> None:
        """Checks the block's CRC64, as Blob Storage does; zero is what a copier sends that computes none."""
        crc = 0

        def add(part: memoryview) -> None:
            nonlocal crc
            crc = crc64(part, crc)

        peer.drop(request.length, add)
        said = request.headers.get("x-ms-content-crc64", UNCHECKED)
        found = base64.b64encode(header_bytes(crc)).decode()
        if said not in {found, UNCHECKED}:
            return peer.answer("400 Bad Request", headers() | {"x-ms-error-code": "Crc64Mismatch"})
        with self.lock:
            self.blocks.setdefault(blob, {})[block_id] = request.length
        return peer.answer("201 Created", headers() | {"x-ms-content-crc64": found})

    def put_block_list(self, peer: Peer, request: Request, blob: str) -> None:
        body = peer.body(request.length)
        with self.lock:
            self.lists[blob] = [found.decode() for found in LISTED.findall(body)]
        peer.answer("201 Created", headers())

    def listing(self, blob: str) -> bytes:
        with self.lock:
            blocks = [(id, self.blocks[blob][id]) for id in self.lists.get(blob, [])]
        lines = "".join(f"<Block><Name>{id}</Name><Size>{length}</Size></Block>" for id, length in blocks)
        return (
            '<?xml version="1.0" encoding="utf-8"?><BlockList>'
            f"<CommittedBlocks>{lines}</CommittedBlocks><UncommittedBlocks/></BlockList>"
        ).encode()


def headers() -> dict[str, str]:
    return {
        "ETag": '"0x8DC0FFEE0C0FFEE"',
        "Last-Modified": formatdate(usegmt=True),
        "Date": formatdate(usegmt=True),
        "Server": "sink",
        "x-ms-request-id": base64.b16encode(b"bench").decode(),
        "x-ms-version": "2026-02-06",
        "x-ms-request-server-encrypted": "true",
    }


if __name__ == "__main__":
    serve(BlobSink().answer)
