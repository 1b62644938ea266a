"""One measurement in a process of its own: `python -m local.bench.client JOB.json` prints what it measured.

The clock starts when everything is imported and every client is made; a curl process has that behind it at once.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
from azure.communication.callautomation import CallAutomationClient
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import BlobServiceClient

from local.bench.instruments import ClearTransport, CountedSource, NoDigest, Progress
from shared.adapters.acs_client import connect
from shared.adapters.acs_contents import SdkSource
from shared.adapters.blob_storage import BlobChunkStore
from shared.adapters.receiving import receiving_transport
from shared.adapters.storage_accounts import StorageAccount
from shared.connection_settings import StorageConnection
from shared.copying import copy_content as engine_module
from shared.copying.content_checks import check_signature
from shared.copying.copy_content import ContentCopier, CopyOptions, CopyRequest
from shared.domain.durations import ACS_CONNECT_SECONDS, ACS_CONTROL_READ_SECONDS
from shared.domain.ports import BlobHeaders, Source

CONTAINER = "recordings"
HOST_SUFFIXES = (".asm.skype.com",)
KIB = 1024


class Job(msgspec.Struct, kw_only=True):
    """What to copy, and how.

    Attributes:
        way: "ours", "unhashed" (ours without its two hashes: what they cost), "obstore", "official" (read all, upload
            all) or "stream" (upload what iter_bytes yields).
        acs: connection string.
        storage: connection string.
        clear: host and port of the plain-http source; None goes where the environment's proxy leads.
        copies: (URL of the content, name of the blob), proof at once when there are several.
        progress: where to count received bytes, in a file that outlives the process.
        die_after: kills itself, hard, when so many bytes were received.
    """

    way: str
    acs: str
    storage: str
    clear: str | None = None
    copies: list[tuple[str, str]]
    block_bytes: int | None = None
    resume: bool = False
    progress: str | None = None
    die_after: int | None = None


class Outcome(msgspec.Struct, kw_only=True):
    """What one process measured about itself; proofs are (SHA-256, digest of the block list) of our copies."""

    seconds: float
    cpu_seconds: float
    growth_bytes: int
    proofs: list[tuple[str, str]] = []


def ours(job: Job) -> Callable[[str, str], tuple[str, str]]:
    """The copier as the app wires it."""
    if job.way == "unhashed":
        cast("Any", engine_module).hashlib = SimpleNamespace(sha256=NoDigest)
        cast("Any", engine_module).crc64 = lambda _: 0
    source: Source = SdkSource(acs_client(job), HOST_SUFFIXES)
    if job.progress:
        source = CountedSource(source, Progress(Path(job.progress), job.die_after))
    store = BlobChunkStore(StorageAccount(StorageConnection(connection_string=job.storage), None), CONTAINER)
    options = CopyOptions(block_bytes=job.block_bytes)
    copier = ContentCopier(source, store, options)

    def copy(url: str, name: str) -> tuple[str, str]:
        request = CopyRequest(
            url=url,
            name=name,
            headers=BlobHeaders(content_type="video/mp4", metadata={"id": "bench"}),
            check_head=lambda head: check_signature(head, "mp4"),
            keep_going=lambda: None,
            resume=job.resume,
        )
        proof = copier.copy(request)
        return proof.sha256, proof.block_list_digest

    return copy


def acs_client(job: Job) -> CallAutomationClient:
    """The app's client; in the clear with a transport of the same options."""
    if job.clear is None:
        return connect(None, job.acs, credential=no_credential)
    inner = receiving_transport(connection_timeout=ACS_CONNECT_SECONDS, read_timeout=ACS_CONTROL_READ_SECONDS)
    transport = ClearTransport(job.clear, inner)
    return CallAutomationClient.from_connection_string(job.acs, transport=transport)


def no_credential() -> Any:
    raise NotImplementedError("The bench connects by connection string.")


def by_sdk(job: Job) -> Callable[[str, str], tuple[str, str]]:
    """What the published Python samples do, with the SDKs' defaults."""
    options: dict[str, Any] = {} if job.clear is None else {"transport": ClearTransport(job.clear, RequestsTransport())}
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


def copying(job: Job) -> Callable[[str, str], tuple[str, str]]:
    if job.way in {"official", "stream"}:
        return by_sdk(job)
    if job.way == "obstore":
        from local.bench.obstore_way import by_obstore  # its library belongs to no other way's memory

        return by_obstore(job)
    return ours(job)


def measured(job: Job) -> Outcome:
    copy = copying(job)
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
