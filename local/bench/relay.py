"""The yardstick: `curl | curl`, which hashes nothing, checks nothing and cannot resume."""

import base64
import hashlib
import resource
import shutil
import subprocess
import time
import uuid
from datetime import UTC, datetime
from urllib.parse import urlsplit

from local.azurite import ACCOUNT
from local.bench.bench_setup import HTTP, PATIENCE_SECONDS, BenchSetup
from local.bench.client import CONTAINER, Outcome
from local.simulator.clock import http_date
from local.simulator.resource import ENDPOINT_HOST
from local.simulator.signing import SIGNED_HEADERS, sign


def relay(bench: BenchSetup, scheme: str, size: int) -> Outcome:
    """Copy a content to the sink with two curl processes and a pipe.

    Raises:
        RuntimeError: one of them failed.
    """
    curl = shutil.which("curl")
    if curl is None:
        raise RuntimeError("The bench compares with `curl | curl`, and curl is not on PATH.")
    down = [curl, "-sf", *source_options(bench, scheme, size)]
    # Blob Storage wants a length, which curl cannot know of a pipe.
    up = [curl, "-sf", "-T", "-", "-H", "Transfer-Encoding:", "-H", f"Content-Length: {size}"]
    up += ["-H", "x-ms-blob-type: BlockBlob", f"{bench.sink.url}/{ACCOUNT}/{CONTAINER}/{uuid.uuid4().hex}"]
    from_environment, to_environment = bench.environment(scheme), bench.environment(HTTP)
    before, began = children_cpu_seconds(), time.perf_counter()
    with (
        subprocess.Popen(down, stdout=subprocess.PIPE, env=from_environment) as first,
        subprocess.Popen(up, stdin=first.stdout, env=to_environment) as second,
    ):
        assert first.stdout
        first.stdout.close()
        codes = first.wait(PATIENCE_SECONDS), second.wait(PATIENCE_SECONDS)
    seconds = time.perf_counter() - began
    if codes != (0, 0):
        raise RuntimeError(f"The relay failed with exit codes {codes}.")
    return Outcome(seconds=seconds, cpu_seconds=children_cpu_seconds() - before, growth_bytes=0)


def source_options(bench: BenchSetup, scheme: str, size: int) -> list[str]:
    url = bench.url(scheme, size)
    target = urlsplit(url).path
    if scheme == HTTP:
        return [f"{bench.source.url}{target}"]
    date, nothing = http_date(datetime.now(UTC)), base64.b64encode(hashlib.sha256().digest()).decode()
    key = base64.b64decode(bench.simulated.connection_string.rpartition("accesskey=")[2])
    signature = sign(key, "GET", target, date, ENDPOINT_HOST, nothing)
    headers = {
        "x-ms-date": date,
        "x-ms-host": ENDPOINT_HOST,
        "x-ms-content-sha256": nothing,
        "Authorization": f"HMAC-SHA256 SignedHeaders={SIGNED_HEADERS}&Signature={signature}",
    }
    given = [option for name, value in headers.items() for option in ("-H", f"{name}: {value}")]
    return ["--cacert", bench.simulated.ca_file, *given, url]


def children_cpu_seconds() -> float:
    """Of the child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
