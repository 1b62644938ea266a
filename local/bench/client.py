"""One measurement in a process of its own: `python -m local.bench.client JOB.json` prints what it measured.

The clock starts when everything is imported and every client is made; a curl process has that behind it at once.
"""

import json
import mmap
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Self, cast
from urllib.parse import urlsplit, urlunsplit

import msgspec
from azure.communication.callautomation import CallAutomationClient
from azure.core.pipeline.transport import HttpTransport, RequestsTransport
from azure.storage.blob import BlobServiceClient

from shared.adapters.acs import CONNECT_SECONDS, CONTROL_READ_SECONDS, RECEIVE_BYTES, SdkSource, connect
from shared.adapters.blobs import BlobChunkStore
from shared.adapters.connections import StorageAccount
from shared.pipeline.engine import CopyOrder, Engine, EngineOptions
from shared.pipeline.media import check_signature
from shared.ports import BlobLabel, Source, SourceRange
from shared.settings import StorageConnection

CONTAINER = "recordings"
HOST_SUFFIXES = (".asm.skype.com",)
KIB = 1024


class Job(msgspec.Struct, kw_only=True):
    """What to copy, and how.

    Attributes:
        way: "ours", "official" (read all, upload all) or "stream" (upload what iter_bytes yields).
        acs: connection string.
        storage: connection string.
        clear: host and port of the plain-http source; None goes where the environment's proxy leads.
        copies: (URL of the content, name of the blob), copied at once when there are several.
        progress: where to count received bytes, in a file that outlives the process.
        die_after: kills itself, hard, when so many bytes were received.
    """

    way: str
    acs: str
    storage: str
    clear: str | None = None
    copies: list[tuple[str, str]]
    block_bytes: int = 4 * 1024 * 1024
    writers: int = 2
    parallel_ranges: int = 1
    resume: bool = False
    progress: str | None = None
    die_after: int | None = None


class Outcome(msgspec.Struct, kw_only=True):
    """What one process measured about itself; proofs are (SHA-256, digest of the block list) of our copies."""

    seconds: float
    cpu_seconds: float
    growth_bytes: int
    proofs: list[tuple[str, str]] = []


class ClearTransport(HttpTransport[Any, Any]):
    """The SDK's own transport, but what was signed for ACS's host goes to the bench's source, in the clear."""

    def __init__(self, netloc: str, **options: Any) -> None:
        self.netloc = netloc
        self.inner: Any = RequestsTransport(**options)

    def send(self, request: Any, **options: Any) -> Any:
        secure = request.url
        parts = urlsplit(secure)
        request.url = urlunsplit(("http", self.netloc, parts.path, parts.query, ""))
        request.headers["Host"] = parts.netloc
        try:
            return self.inner.send(request, **options)
        finally:
            request.url = secure

    def open(self) -> None:
        self.inner.open()

    def close(self) -> None:
        self.inner.close()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Progress:
    """A count of received bytes in a file; the counted process may be killed at any moment."""

    def __init__(self, path: Path, die_after: int | None) -> None:
        self.path = path
        self.die_after = die_after
        path.write_bytes(bytes(8))
        with path.open("r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 8)

    def add(self, count: int) -> None:
        received = int.from_bytes(self.memory[:8], "little") + count
        self.memory[:8] = received.to_bytes(8, "little")
        if self.die_after is not None and received >= self.die_after:
            os.kill(os.getpid(), signal.SIGKILL)


class CountedSource:
    """A source that counts what came."""

    def __init__(self, source: Source, progress: Progress) -> None:
        self.source = source
        self.progress = progress

    def open(self, url: str, offset: int, length: int) -> AbstractContextManager[SourceRange]:
        return self.opened(url, offset, length)

    @contextmanager
    def opened(self, url: str, offset: int, length: int) -> Iterator[SourceRange]:
        with self.source.open(url, offset, length) as answer:
            yield CountedRange(answer, self.progress)

    def delete(self, url: str) -> None:
        self.source.delete(url)


class CountedRange:
    """One answer of a counted source."""

    def __init__(self, answer: SourceRange, progress: Progress) -> None:
        self.answer = answer
        self.progress = progress
        self.total, self.length = answer.total, answer.length

    def pieces(self) -> Iterator[bytes]:
        for piece in self.answer.pieces():
            self.progress.add(len(piece))
            yield piece


def ours(job: Job) -> Callable[[str, str], tuple[str, str]]:
    """The engine as the app wires it."""
    source: Source = SdkSource(acs_client(job), HOST_SUFFIXES)
    if job.progress:
        source = CountedSource(source, Progress(Path(job.progress), job.die_after))
    store = BlobChunkStore(StorageAccount(StorageConnection(connection_string=job.storage), None), CONTAINER)
    options = EngineOptions(block_bytes=job.block_bytes, writers=job.writers, parallel_ranges=job.parallel_ranges)
    engine = Engine(source, store, options)

    def copy(url: str, name: str) -> tuple[str, str]:
        order = CopyOrder(
            url=url,
            name=name,
            label=BlobLabel(content_type="video/mp4", metadata={"id": "bench"}),
            check_head=lambda head: check_signature(head, "mp4"),
            keep_going=lambda: None,
            resume=job.resume,
        )
        copied = engine.copy(order)
        return copied.sha256, copied.block_list_digest

    return copy


def acs_client(job: Job) -> CallAutomationClient:
    """The app's client; in the clear with a transport of the same options."""
    if job.clear is None:
        return connect(None, job.acs, credential=no_credential)
    transport = ClearTransport(
        job.clear,
        connection_timeout=CONNECT_SECONDS,
        read_timeout=CONTROL_READ_SECONDS,
        connection_data_block_size=RECEIVE_BYTES,
    )
    return CallAutomationClient.from_connection_string(job.acs, transport=transport)


def no_credential() -> Any:
    raise NotImplementedError("The bench connects by connection string.")


def by_sdk(job: Job) -> Callable[[str, str], tuple[str, str]]:
    """What the published Python samples do, with the SDKs' defaults."""
    options: dict[str, Any] = {} if job.clear is None else {"transport": ClearTransport(job.clear)}
    client = CallAutomationClient.from_connection_string(job.acs, **options)
    blobs = BlobServiceClient.from_connection_string(job.storage)

    def copy(url: str, name: str) -> tuple[str, str]:
        answer = cast("Any", client.download_recording(url))
        content = answer.read() if job.way == "official" else answer.iter_bytes()
        blobs.get_blob_client(CONTAINER, name).upload_blob(content)
        return "", ""

    return copy


def memory_peak() -> int:
    """The process's largest resident size so far, in bytes."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) * KIB


def measured(job: Job) -> Outcome:
    copy = ours(job) if job.way == "ours" else by_sdk(job)
    before, memory_before = resource.getrusage(resource.RUSAGE_SELF), memory_peak()
    began = time.perf_counter()
    if len(job.copies) == 1:
        proofs = [copy(*job.copies[0])]
    else:
        with ThreadPoolExecutor(len(job.copies)) as pool:
            proofs = list(pool.map(lambda pair: copy(*pair), job.copies))
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    return Outcome(
        seconds=seconds,
        cpu_seconds=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        growth_bytes=memory_peak() - memory_before,
        proofs=proofs,
    )


if __name__ == "__main__":
    job = msgspec.convert(json.loads(Path(sys.argv[1]).read_bytes()), Job)
    print(msgspec.json.encode(measured(job)).decode())
