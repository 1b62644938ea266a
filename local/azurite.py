"""Azurite, Microsoft's storage emulator: start it on loopback, say where it answers, stop it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import IO

HERE = Path(__file__).parent
SCRIPT = HERE / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
LOOPBACK = "127.0.0.1"
ACCOUNT = "devstoreaccount1"
# Published by Microsoft, the same in every emulator ever installed: nothing secret about it.
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
# Azurite would outlive a test run that is killed; this makes it stop when the pipe to its parent closes.
STOP_WITH_PARENT = (
    'data:text/javascript,process.stdin.on("end",()=>process.kill(process.pid,"SIGTERM")).resume().unref()'
)
MEMORY_LIMIT_MB = 4096
POLL_SECONDS = 0.05
STOP_SECONDS = 10.0


class AzuriteError(Exception):
    """Azurite could not be started."""


@dataclass(frozen=True)
class Ports:
    """The ports of the three services; 0 means any free one."""

    blob: int = 0
    queue: int = 0
    table: int = 0

    def chosen(self) -> Ports:
        """The same ports, with free ones in place of the zeros."""
        return Ports(*(port or free_port() for port in self))

    def __iter__(self) -> Iterator[int]:
        return iter((self.blob, self.queue, self.table))


class Azurite:
    """One Azurite process, in memory unless a directory is given; use it as a context manager.

    With `oauth_certificate` (paths of certificate and key) it serves https and accepts bearer tokens, which
    clients need for identity-based connections; they must trust the certificate themselves.
    """

    def __init__(
        self,
        *,
        ports: Ports | None = None,
        directory: Path | None = None,
        oauth_certificate: tuple[Path, Path] | None = None,
        start_seconds: float = 30.0,
    ) -> None:
        self.ports = (ports or Ports()).chosen()
        self.directory = directory
        self.oauth_certificate = oauth_certificate
        self.start_seconds = start_seconds
        self.process: subprocess.Popen[bytes] | None = None
        self.exit_code: int | None = None
        """Of the last process, once it has ended; 0 means that what it had to keep is on disk."""
        self.complaints: IO[bytes] | None = None

    @property
    def blob_url(self) -> str:
        return self.url(self.ports.blob)

    @property
    def queue_url(self) -> str:
        return self.url(self.ports.queue)

    @property
    def table_url(self) -> str:
        return self.url(self.ports.table)

    @property
    def connection_string(self) -> str:
        """What a client needs, endpoints spelled out because the ports are not the usual ones."""
        return (
            f"DefaultEndpointsProtocol={self.scheme};AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};"
            f"BlobEndpoint={self.blob_url};QueueEndpoint={self.queue_url};TableEndpoint={self.table_url};"
        )

    @property
    def scheme(self) -> str:
        return "https" if self.oauth_certificate else "http"

    def url(self, port: int) -> str:
        return f"{self.scheme}://{LOOPBACK}:{port}/{ACCOUNT}"

    def start(self) -> Self:
        """Start the process and wait until all three ports answer."""
        # A file, because nobody reads a pipe while Azurite runs and a full one would stop it.
        self.complaints = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        # A session of its own: Ctrl-C in the terminal reaches us, and we stop Azurite last.
        self.process = subprocess.Popen(
            self.command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self.complaints,
            start_new_session=True,
        )
        try:
            self.wait_until_ports_answer(self.process)
        except AzuriteError:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop the process that was started here, and no other."""
        process, self.process = self.process, None
        if process is None:
            return
        if self.directory is None:
            process.kill()  # nothing to save, and a polite stop waits for every idle connection
        else:
            process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self.exit_code = process.returncode
        for stream in (process.stdin, self.complaints):
            if stream is not None:
                stream.close()

    def command(self) -> list[str]:
        command = [find_node(), "--import", STOP_WITH_PARENT, str(find_script())]
        # SDKs speak newer service versions than any released Azurite knows.
        command += ["--skipApiVersionCheck", "--disableTelemetry", "--silent"]
        for service, port in zip(("blob", "queue", "table"), self.ports, strict=True):
            command += [f"--{service}Host", LOOPBACK, f"--{service}Port", str(port)]
        if self.directory is None:
            command += ["--inMemoryPersistence", "--extentMemoryLimit", str(MEMORY_LIMIT_MB)]
        else:
            command += ["--location", str(self.directory)]
        if self.oauth_certificate is not None:
            certificate, key = self.oauth_certificate
            command += ["--oauth", "basic", "--cert", str(certificate), "--key", str(key)]
        return command

    def wait_until_ports_answer(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + self.start_seconds
        for port in self.ports:
            while not answers(port):
                if process.poll() is not None:
                    raise AzuriteError(f"Azurite ended with exit code {process.returncode}: {self.complaint()}")
                if time.monotonic() > deadline:
                    raise AzuriteError(f"Azurite did not answer on port {port} within {self.start_seconds} seconds")
                time.sleep(POLL_SECONDS)

    def complaint(self) -> str:
        if self.complaints is None:
            return ""
        self.complaints.seek(0)
        return self.complaints.read().decode(errors="replace").strip()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def is_installed() -> bool:
    """Whether the npm packages are there; tests skip, and say so, when they are not."""
    return SCRIPT.exists() and shutil.which("node") is not None


def find_node() -> str:
    node = shutil.which("node")
    if node is None:
        raise AzuriteError("Azurite needs Node.js 20 or later: `node` is not on PATH")
    return node


def find_script() -> Path:
    if not SCRIPT.exists():
        raise AzuriteError(f"Azurite is not installed in {HERE}: run `make setup` (or `npm ci` there)")
    return SCRIPT


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), timeout=1.0).close()
    except OSError:
        return False
    return True
