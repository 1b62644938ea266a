"""What is measured, in which order. Ways take turns, so that a busy moment of the machine hits all of them."""

import hashlib
import os
import time
from pathlib import Path
from statistics import median

import msgspec
from azure.storage.blob import BlobClient

from local.bench.bench_setup import HTTP, MIB, TLS, BenchSetup
from local.bench.client import CONTAINER, Job
from local.bench.felt import Felt
from local.bench.quiet import QuietMoments
from local.bench.relay import relay
from shared.domain.crc64 import crc64

RELAY, OURS, UNHASHED, OBSTORE, OFFICIAL, STREAM = "relay", "ours", "unhashed", "obstore", "official", "stream"
SCHEMES = (HTTP, TLS)
STREAM_MIB = 64  # upload_blob's buffer for iterators is quadratic: 512 MiB took 31 CPU-seconds
KILL_MIB = 256
KILL_SHARES = (0.1, 0.5, 0.9)
LARGE_MIB = 1280  # blocks of 8 MiB, the first size in the bench that has them
AT_ONCE = 8
AT_ONCE_MIB = 128
READ_BYTES = 4 * MIB


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One copy.

    Attributes:
        cpu_seconds: of the client, which of the relay is two processes.
        served_cpu_seconds: of source and sink meanwhile.
    """

    way: str
    scheme: str
    mib: int
    seconds: float
    cpu_seconds: float
    served_cpu_seconds: float
    growth_mib: float
    operations: dict[str, int]


class Killed(msgspec.Struct, frozen=True, kw_only=True):
    """A copy that was killed and resumed.

    Attributes:
        share: of the content that had been received when SIGKILL came.
        fetched_again_bytes: received by both attempts together, less the content's length.
        sent_again_bytes: the same at the source: what it gave to the kernel, read by anybody or not.
        same: the blob is the content, block for block the blob of an unbroken copy.
    """

    share: float
    fetched_again_bytes: int
    sent_again_bytes: int
    same: bool


class Results(msgspec.Struct, kw_only=True):
    """Everything that one run measured."""

    samples: list[Sample] = []
    killed: list[Killed] = []
    large_growth_mib: dict[str, float] = {}
    at_once_growth_mib: dict[str, float] = {}
    busy_shares: list[float] = []
    """How busy other work kept the cores just before each copy that was compared."""
    felt: list[Felt] = []
    hash_seconds: float = 0.0
    """CPU for SHA-256 and CRC64 over 512 MiB: what no copy with these two can go below."""

    def of(self, way: str, scheme: str, mib: int) -> list[Sample]:
        return [found for found in self.samples if (found.way, found.scheme, found.mib) == (way, scheme, mib)]

    def ratio(self, scheme: str, mib: int, way: str, to: str) -> float:
        """Median of the rounds' throughput ratios."""
        pairs = zip(self.of(way, scheme, mib), self.of(to, scheme, mib), strict=True)
        return median(other.seconds / one.seconds for one, other in pairs)


def ways_for(scheme: str, mib: int) -> list[str]:
    return [RELAY, OURS, OBSTORE, OFFICIAL, UNHASHED] + [STREAM] * (scheme == HTTP and mib == STREAM_MIB)


def compare(bench: BenchSetup, results: Results, quiet: QuietMoments, mib: int, rounds: int) -> None:
    for turn in range(rounds):
        for scheme in SCHEMES:
            ways = ways_for(scheme, mib)
            for place in range(len(ways)):
                quiet.wait()
                found = sample(bench, ways[(place + turn) % len(ways)], scheme, mib)
                results.samples.append(found)
                print(
                    f"{scheme:4} {mib:5} MiB {found.way:8} {mib * MIB / 1e6 / found.seconds:7.0f} MB/s "
                    f"{found.cpu_seconds:6.2f} CPU s  +{found.growth_mib:.0f} MiB",
                    flush=True,
                )
    results.busy_shares = quiet.shares


def sample(bench: BenchSetup, way: str, scheme: str, mib: int) -> Sample:
    bench.url(scheme, mib * MIB)  # the simulator makes it before anything is counted
    bench.sink.figures()
    served = bench.served_cpu_seconds(scheme)
    outcome = relay(bench, scheme, mib * MIB) if way == RELAY else bench.run(bench.job(way, scheme, mib * MIB))
    assert outcome
    return Sample(
        way=way,
        scheme=scheme,
        mib=mib,
        seconds=outcome.seconds,
        cpu_seconds=outcome.cpu_seconds,
        served_cpu_seconds=bench.served_cpu_seconds(scheme) - served,
        growth_mib=outcome.growth_bytes / MIB,
        operations=bench.sink.figures(),
    )


def measure_large(bench: BenchSetup, results: Results) -> None:
    """Memory of one process that copies a content whose blocks are long."""
    for scheme in SCHEMES:
        found = sample(bench, OURS, scheme, LARGE_MIB)
        results.large_growth_mib[scheme] = found.growth_mib
        print(f"{scheme:4} {LARGE_MIB:5} MiB: +{found.growth_mib:.0f} MiB", flush=True)


def measure_at_once(bench: BenchSetup, results: Results) -> None:
    """Memory of one process that copies several contents at the same time."""
    for scheme in SCHEMES:
        outcome = bench.run(bench.job(OURS, scheme, AT_ONCE_MIB * MIB, AT_ONCE))
        assert outcome
        results.at_once_growth_mib[scheme] = outcome.growth_bytes / MIB
        print(f"{scheme:4} {AT_ONCE} x {AT_ONCE_MIB} MiB at once: +{outcome.growth_bytes / MIB:.0f} MiB", flush=True)


def measure_kills(bench: BenchSetup, results: Results) -> None:
    """SIGKILL at a share of the content, then a second attempt; into Azurite, whose blobs can be read back."""
    size = KILL_MIB * MIB
    digest = digest_of_file(bench.content, size)
    unbroken = bench.run(kill_job(bench, "unbroken", size))
    assert unbroken
    for share in KILL_SHARES:
        bench.source.figures()
        name = f"killed-{share}"
        assert bench.run(kill_job(bench, name, size, die_after=int(size * share))) is None
        received = received_so_far(bench)
        again = bench.run(kill_job(bench, name, size, resume=True))
        received += received_so_far(bench)
        assert again
        killed = Killed(
            share=share,
            fetched_again_bytes=received - size,
            sent_again_bytes=int(bench.source.figures()["sent"]) - size,
            same=again.proofs == [(digest, unbroken.proofs[0][1])] and digest_of_blob(bench, name) == digest,
        )
        results.killed.append(killed)
        print(
            f"killed at {share:.0%}: {killed.fetched_again_bytes / MIB:.1f} MiB again, same: {killed.same}", flush=True
        )


def kill_job(bench: BenchSetup, name: str, size: int, *, die_after: int | None = None, resume: bool = False) -> Job:
    return msgspec.structs.replace(
        bench.job(OURS, HTTP, size),
        storage=bench.azurite.connection_string,
        copies=[(bench.url(HTTP, size), name)],
        progress=str(progress_file(bench)),
        die_after=die_after,
        resume=resume,
    )


def progress_file(bench: BenchSetup) -> Path:
    return bench.directory / "progress"


def received_so_far(bench: BenchSetup) -> int:
    return int.from_bytes(progress_file(bench).read_bytes(), "little")


def digest_of_file(path: Path, size: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for _ in range(size // READ_BYTES):
            digest.update(file.read(READ_BYTES))
    return digest.hexdigest()


def digest_of_blob(bench: BenchSetup, name: str) -> str:
    digest = hashlib.sha256()
    with BlobClient.from_connection_string(bench.azurite.connection_string, CONTAINER, name) as blob:
        for piece in blob.download_blob().chunks():
            digest.update(piece)
    return digest.hexdigest()


def measure_hashes(results: Results) -> None:
    block = memoryview(os.urandom(READ_BYTES))
    began = time.process_time()
    whole = hashlib.sha256()
    for _ in range(512 * MIB // READ_BYTES):
        whole.update(block)
        crc64(block)
    results.hash_seconds = time.process_time() - began
