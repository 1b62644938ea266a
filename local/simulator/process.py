"""Starting the simulator as a process of its own, and knowing where it is."""

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from local.simulator.client import SimulatorAdmin
from local.simulator.settings import Settings

ROOT = Path(__file__).parents[2]
STOP_SECONDS = 10.0


class Announcement(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The line of JSON that a simulator prints when it is ready."""

    port: int
    proxy_url: str
    admin_url: str
    ca_file: str
    connection_string: str
    endpoint: str
    resource_id: str
    immutable_resource_id: str

    def environment(self) -> dict[str, str]:
        """The variables that lead an unchanged app to the simulator."""
        return {
            "HTTPS_PROXY": self.proxy_url,
            "REQUESTS_CA_BUNDLE": self.ca_file,
            "SSL_CERT_FILE": self.ca_file,
            "NODE_EXTRA_CA_CERTS": self.ca_file,
            "NO_PROXY": "127.0.0.1,localhost",
        }


class SimulatorStartError(Exception):
    """The simulator did not get ready; what it had to say stands on standard error."""


class SimulatorProcess:
    """One simulator process; it ends with this object, or with the process that made it."""

    def __init__(self, directory: Path, *, port: int = 0, settings: Settings | None = None) -> None:
        self.directory = directory
        self.port = port
        self.settings = settings or Settings()
        self.process: subprocess.Popen[bytes] | None = None
        self.announcement: Announcement | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Announcement:
        """Start, and wait until it answers.

        Raises:
            SimulatorStartError: it ended instead.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        settings_file = self.directory / "settings.json"
        settings_file.write_bytes(msgspec.json.encode(self.settings))
        command = [sys.executable, "-m", "local.simulator", "--stop-with-stdin", "--port", str(self.port)]
        command += ["--directory", str(self.directory), "--settings", str(settings_file)]
        # A session of its own: Ctrl-C in the terminal reaches the parent, which decides what ends when.
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.stop()
            raise SimulatorStartError("The ACS simulator ended before it was ready; what it said stands above.")
        self.announcement = msgspec.json.decode(line, type=Announcement)
        return self.announcement

    def stop(self) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()

    @property
    def admin(self) -> SimulatorAdmin:
        assert self.announcement is not None, "The simulator was not started"
        return SimulatorAdmin(self.announcement.admin_url)
