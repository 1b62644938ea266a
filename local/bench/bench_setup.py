"""Where measurements happen: source, sink, simulator and Azurite on loopback, started when first needed."""

import base64
import os
import subprocess
import sys
import tempfile
import uuid
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from azure.storage.blob import ContainerClient

from local.azurite import ACCOUNT, ACCOUNT_KEY, Azurite
from local.bench.client import CONTAINER, Job, Outcome
from local.bench.server import LOOPBACK, ROOT, ServerProcess
from local.bench.source import content_url, make_content
from local.simulator.admin_requests import ForeignRecordingRequest
from local.simulator.process import Announcement, SimulatorProcess
from local.simulator.resource import ENDPOINT_HOST
from local.simulator.scripts import Script
from local.simulator.settings import Settings

MIB = 1024 * 1024
PATIENCE_SECONDS = 300
PROXY_VARIABLES = frozenset(
    {"http_proxy", "https_proxy", "all_proxy", "no_proxy", "requests_ca_bundle", "ssl_cert_file"}
)
UNCHECKED_KEY = base64.b64encode(bytes(32)).decode()
HTTP, TLS = "http", "TLS"


class BenchSetup:
    """Everything outside the measured process; a context manager."""

    def __init__(self, largest_bytes: int) -> None:
        self.largest_bytes = largest_bytes
        self.running = ExitStack()
        self.documents: dict[int, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.running.close()

    @cached_property
    def directory(self) -> Path:
        return Path(self.running.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))

    @cached_property
    def content(self) -> Path:
        path = self.directory / "content"
        make_content(path, self.largest_bytes)
        return path

    @cached_property
    def source(self) -> ServerProcess:
        return self.running.enter_context(ServerProcess("local.bench.source", "--file", str(self.content)))

    @cached_property
    def sink(self) -> ServerProcess:
        return self.running.enter_context(ServerProcess("local.bench.sink"))

    @cached_property
    def simulator(self) -> SimulatorProcess:
        return self.running.enter_context(
            SimulatorProcess(self.directory / "simulator", settings=Settings(ready_delay_seconds=0.0))
        )

    @cached_property
    def azurite(self) -> Azurite:
        azurite = self.running.enter_context(Azurite())
        with ContainerClient.from_connection_string(azurite.connection_string, CONTAINER) as container:
            container.create_container()
        return azurite

    @property
    def simulated(self) -> Announcement:
        assert self.simulator.announcement
        return self.simulator.announcement

    @property
    def sink_connection(self) -> str:
        return (
            f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};"
            f"BlobEndpoint={self.sink.url}/{ACCOUNT};"
        )

    def served_cpu_seconds(self, scheme: str) -> float:
        """CPU that source and sink have used since they were started; their own processes, not the client's."""
        source = self.simulator.process if scheme == TLS else self.source.process
        assert source is not None
        return cpu_seconds_of(source.pid) + cpu_seconds_of(self.sink.process.pid)

    def url(self, scheme: str, size: int) -> str:
        """Of a content of that size, at the source or at the simulator."""
        if scheme == HTTP:
            return content_url(size)
        if size not in self.documents:
            request = ForeignRecordingRequest(
                content_type="audioVideo", format_type="mp4", script=Script(chunk_bytes=size)
            )
            recording = self.simulator.admin.foreign_recording(request)
            document = self.simulator.admin.wait_for_files(recording.recording_id, 60.0).documents[0]
            self.documents[size] = f"https://{document.home_host}/v1/objects/{document.document_id}/content/video"
        return self.documents[size]

    def environment(self, scheme: str) -> dict[str, str]:
        plain = {name: value for name, value in os.environ.items() if name.lower() not in PROXY_VARIABLES}
        return plain | (self.simulated.environment() if scheme == TLS else {})

    def job(self, way: str, scheme: str, size: int, at_once: int = 1) -> Job:
        """A copy to the sink under a name of its own, or several of them."""
        url = self.url(scheme, size)
        return Job(
            way=way,
            acs=self.simulated.connection_string
            if scheme == TLS
            else f"endpoint=https://{ENDPOINT_HOST}/;accesskey={UNCHECKED_KEY}",
            storage=self.sink_connection,
            clear=None if scheme == TLS else f"{LOOPBACK}:{self.source.port}",
            copies=[(url, uuid.uuid4().hex) for _ in range(at_once)],
        )

    def run(self, job: Job) -> Outcome | None:
        """Run a job in a fresh process; None when the process killed itself, as some jobs do."""
        path = self.directory / "job.json"
        path.write_bytes(msgspec.json.encode(job))
        ended = subprocess.run(
            [sys.executable, "-m", "local.bench.client", str(path)],
            cwd=ROOT,
            env=self.environment(HTTP if job.clear else TLS),
            stdout=subprocess.PIPE,
            timeout=PATIENCE_SECONDS,
            check=job.die_after is None,
        )
        return msgspec.json.decode(ended.stdout, type=Outcome) if ended.returncode == 0 else None


def cpu_seconds_of(pid: int) -> float:
    """User and system time of a process so far, in seconds (proc(5), stat, fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
