"""The host as a child process, for tests, the demo and anything else that wants an app running."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import requests

from local.host.keys import EVENT_GRID_KEY, Keys
from local.host.options import assignments

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

ROOT = Path(__file__).resolve().parents[2]
# What every program needs and no app reads; all else comes from the caller, so that runs do not depend on the shell.
INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT")
STOP_SECONDS = 20.0
LAUNCHER = (sys.executable, "-m", "local.host")


class HostStartError(Exception):
    """The host did not get ready; carries its exit code and what it said."""

    def __init__(self, exit_code: int | None, complaint: str) -> None:
        super().__init__(f"the host did not start (exit code {exit_code}):\n{complaint}")
        self.exit_code = exit_code
        self.complaint = complaint


class HostProcess:
    """A local Functions host running one app in a process of its own.

    Use it as a context manager, or call `start` and `stop`::

        environment = {"AzureWebJobsStorage": azurite.connection_string, "ACS_CONNECTION_STRING": "..."}
        with HostProcess(Path("."), environment, {"timers": False, "queue_visibility_seconds": 2}) as host:
            host.request("POST", "/api/recordings", json={...})            # with the host-wide function key
            host.post_events("recording_file_ready", [event])              # as Event Grid delivers
            host.fire_timer("sweep")                                       # runs it now, raises when it fails
            host.kill(); host.restart()                                    # SIGKILL, then again on the same port

    `environment` is the app's whole environment (only PATH, HOME and the like are inherited), so nothing of the
    caller's shell leaks in. `options` are those of `local.host.options.Options`: switches as bool, times in seconds.
    Port and keys stay the same across `restart`, so URLs given away before remain good. The log is a file of JSON
    lines, `log_path`; `log_lines` reads it. The host ends when this process does, however it ends. `launcher` is the
    command that runs `local.host`, for an interpreter that must see other packages than this one.

    After `start`: `url` ("http://127.0.0.1:PORT"), `port`, `keys` (a `Keys`: `.master`, `.default`, `.functions`,
    `.systemKeys`), `functions` (one dictionary per function: `name`, `trigger`, and for HTTP `route` with the prefix
    such as "/api/recordings/{id}", `methods`, `authLevel`), `ready_seconds` (how long it took).
    """

    def __init__(
        self,
        app_directory: Path,
        environment: Mapping[str, str],
        options: Mapping[str, bool | float | str] | None = None,
        *,
        port: int = 0,
        keys_file: Path | None = None,
        settings_file: Path | None = None,
        log_path: Path | None = None,
        launcher: tuple[str, ...] = LAUNCHER,
        start_seconds: float = 30.0,
    ) -> None:
        directory = Path(tempfile.mkdtemp(prefix="functions-host-"))
        # Removed with the object, not with the context: the log stays readable after `stop`.
        weakref.finalize(self, shutil.rmtree, directory, ignore_errors=True)
        self.app_directory = app_directory
        self.environment = dict(environment)
        self.options = dict(options or {})
        self.port = port
        self.keys_file = keys_file or directory / "keys.json"
        self.settings_file = settings_file
        self.log_path = log_path or directory / "host.log"
        self.launcher = launcher
        self.start_seconds = start_seconds
        self.process: subprocess.Popen[bytes] | None = None
        self.url = ""
        self.keys = Keys()
        self.functions: list[dict[str, Any]] = []
        self.ready_seconds = 0.0

    def start(self) -> Self:
        """Start the process and wait for its ready line; HostStartError when none comes."""
        started = time.monotonic()
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        with self.log_path.open("ab") as log:
            said_before = log.tell()
            # A session of its own: Ctrl-C in the terminal reaches the parent, which decides what ends when.
            self.process = subprocess.Popen(
                self.command(),
                cwd=ROOT,
                env={**inherited, **self.environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        ready = json.loads(self.read_ready_line(self.process, said_before))
        self.ready_seconds = time.monotonic() - started
        self.port, self.url, self.functions = ready["port"], ready["url"], ready["functions"]
        self.keys = Keys(**ready["keys"])
        return self

    def stop(self) -> int:
        """SIGTERM: functions in flight finish, bounded by `drain_seconds`; the exit code, 0 when all went well."""
        if self.process is None:
            return 0
        self.process.terminate()
        return self.wait(STOP_SECONDS)

    def kill(self) -> None:
        """SIGKILL: everything in flight is lost, as when an instance dies."""
        if self.process is not None:
            self.process.kill()
            self.wait(STOP_SECONDS)

    def restart(self) -> Self:
        """Start again on the same port with the same keys, stopping first if it still runs."""
        self.stop()
        return self.start()

    def wait(self, seconds: float) -> int:
        """Wait for the process to end by itself; its exit code (4 after a function time-out)."""
        assert self.process is not None, "the host is not running"
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
        self.process = None
        return code

    def request(self, method: str, path: str, *, key: str | None = "", **arguments: Any) -> requests.Response:
        """Call an HTTP function, with the host-wide function key unless told otherwise (None sends no key)."""
        chosen = self.keys.default if key == "" else key
        headers = {**({"x-functions-key": chosen} if chosen else {}), **(arguments.pop("headers", None) or {})}
        arguments.setdefault("timeout", 60)
        return requests.request(method, self.url + path, headers=headers, **arguments)  # noqa: S113 - set above

    def event_grid_url(self, function_name: str) -> str:
        """The webhook address as an Event Grid subscription has it, key included."""
        key = self.keys.systemKeys[EVENT_GRID_KEY]
        return f"{self.url}/runtime/webhooks/eventgrid?functionName={function_name}&code={key}"

    def post_events(self, function_name: str, events: object, kind: str = "Notification") -> requests.Response:
        """Deliver a batch (a list) or a single event as Event Grid does; 202 when every event was taken."""
        return requests.post(
            self.event_grid_url(function_name), json=events, headers={"aeg-event-type": kind}, timeout=60
        )

    def run_function(self, name: str, value: str = "", *, wait: bool = True) -> requests.Response:
        """Run a function that is not HTTP through the admin API: 200 or 500 when waiting, else 202."""
        path = f"/admin/functions/{name}" + ("?wait=true" if wait else "")
        return self.request("POST", path, key=self.keys.master, json={"input": value})

    def fire_timer(self, name: str) -> None:
        """Run a timer now and wait for it; RuntimeError with the function's own message when it fails."""
        response = self.run_function(name)
        if response.status_code != requests.codes.ok:
            raise RuntimeError(f"timer {name}: {response.status_code} {response.text}")

    def log_lines(self) -> list[dict[str, Any]]:
        """Every log line so far: time, level, category, function, invocationId, logger, message, exception."""
        return [json.loads(line) for line in self.log_text().splitlines() if line.startswith("{")]

    def log_text(self) -> str:
        """The log as written, with whatever the app printed in between."""
        return self.log_path.read_text(encoding="utf-8", errors="replace") if self.log_path.exists() else ""

    def command(self) -> list[str]:
        command = [*self.launcher, "--app", str(self.app_directory.resolve())]
        command += ["--port", str(self.port), "--keys", str(self.keys_file.resolve())]
        if self.settings_file is not None:
            command += ["--settings", str(self.settings_file.resolve())]
        for assignment in assignments({"exit_with_stdin": True, **self.options}):
            command += ["--option", assignment]
        return command

    def read_ready_line(self, process: subprocess.Popen[bytes], said_before: int) -> bytes:
        """The line that says that the host is ready.

        Raises:
            HostStartError: with what this start logged, behind the bytes that earlier ones did.
        """
        assert process.stdout is not None, "started with a pipe"
        ready, _, _ = select.select([process.stdout], [], [], self.start_seconds)
        line = process.stdout.readline() if ready else b""
        if not line:
            if not ready:
                process.kill()
            code = self.wait(STOP_SECONDS)
            raise HostStartError(code, self.log_path.read_bytes()[said_before:].decode(errors="replace"))
        return line

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
