"""The host as a process: keys, restart, stop, time-out, what it prints where."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.host.client import HostProcess, HostStartError

from .samples import ROOT, eventually, write_app

if TYPE_CHECKING:
    from collections.abc import Iterator

SLEEPER = """
import time
@app.route(route="sleep", auth_level=func.AuthLevel.ANONYMOUS)
def sleep(req: func.HttpRequest) -> str:
    time.sleep(float(req.params["seconds"]))
    return "slept"
@app.route(route="leave", auth_level=func.AuthLevel.ANONYMOUS)
def leave(req: func.HttpRequest) -> str:
    raise SystemExit(0)
@app.route(route="block", auth_level=func.AuthLevel.ANONYMOUS)
async def block(req: func.HttpRequest) -> str:
    time.sleep(30)
    return "never"
"""

LOADED = """
import sys
LOADED = sorted(name for name in ("azure.storage.queue", "azure.storage.blob") if name in sys.modules)
@app.route(route="loaded", auth_level=func.AuthLevel.ANONYMOUS)
def loaded(req: func.HttpRequest) -> str:
    return f"indexing: {LOADED}; first call: {[name for name in sys.modules if name.startswith('azure.storage')]}"
@app.route(route="send", auth_level=func.AuthLevel.ANONYMOUS)
@app.queue_output(arg_name="work", queue_name="some-work", connection="AzureWebJobsStorage")
def send(req: func.HttpRequest, work: func.Out[str]) -> str:
    return "sent"
@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
def new_year(timer: func.TimerRequest) -> None: ...
"""


@pytest.fixture
def sleeper(tmp_path: Path) -> Path:
    return write_app(tmp_path, SLEEPER)


@pytest.fixture
def stray() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes that a test starts without a HostProcess around them."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


def call_in_background(host: HostProcess, path: str) -> tuple[threading.Thread, list[str]]:
    answers: list[str] = []

    def call() -> None:
        try:
            answers.append(host.request("GET", path).text)
        except OSError as error:
            answers.append(type(error).__name__)

    thread = threading.Thread(target=call)
    thread.start()
    assert eventually(lambda: any("Executing" in line["message"] for line in host.log_lines()))
    return thread, answers


def test_a_small_app_is_ready_within_a_second(sleeper: Path) -> None:
    with HostProcess(sleeper, {}) as host:
        assert host.ready_seconds < 1.0


def test_the_host_loads_its_sdks_after_indexing_and_before_the_first_call(tmp_path: Path) -> None:
    """They import each other in circles: a host that loads them beside a running function breaks its imports."""
    app = write_app(tmp_path, LOADED)
    # Nothing listens there: the client is made without a connection.
    storage = "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://127.0.0.1:9"
    with HostProcess(app, {"AzureWebJobsStorage": storage}) as host:
        indexing, _, first_call = host.request("GET", "/api/loaded").text.partition(";")

    assert indexing == "indexing: []"
    assert "'azure.storage.queue'" in first_call
    assert "'azure.storage.blob'" in first_call


def test_keys_and_port_survive_a_kill(sleeper: Path) -> None:
    with HostProcess(sleeper, {}) as host:
        keys, url = host.keys, host.url
        host.kill()

        host.restart()

        assert (host.keys, host.url) == (keys, url)
        assert host.request("GET", "/api/sleep?seconds=0").text == "slept"


def test_keys_of_the_callers_own_file_are_used_and_completed(sleeper: Path, tmp_path: Path) -> None:
    keys_file = tmp_path / "keys.json"
    keys_file.write_text(json.dumps({"master": "m", "default": "d", "functions": {"sleep": "s"}, "systemKeys": {}}))

    with HostProcess(sleeper, {}, keys_file=keys_file) as host:
        keys = host.keys

    assert (keys.master, keys.default, keys.functions["sleep"]) == ("m", "d", "s")
    assert json.loads(keys_file.read_text())["systemKeys"] == keys.systemKeys
    assert len(keys.systemKeys["eventgrid_extension"]) > 20


def test_stop_lets_requests_in_flight_finish(sleeper: Path) -> None:
    with HostProcess(sleeper, {}) as host:
        thread, answers = call_in_background(host, "/api/sleep?seconds=0.5")

        assert host.stop() == 0

        thread.join()
    assert answers == ["slept"]


def test_stop_does_not_wait_for_ever(sleeper: Path) -> None:
    with HostProcess(sleeper, {}, {"drain_seconds": 0.3}) as host:
        thread, answers = call_in_background(host, "/api/sleep?seconds=30")
        started = time.monotonic()

        assert host.stop() == 0

        thread.join()
    assert time.monotonic() - started < 3
    assert answers == ["ConnectionError"]


@pytest.mark.parametrize("path", ["/api/sleep?seconds=30", "/api/block"])
def test_a_function_over_its_time_out_takes_the_process_with_it(sleeper: Path, path: str) -> None:
    with HostProcess(sleeper, {}, {"function_timeout": 0.3}) as host:
        thread, _ = call_in_background(host, path)

        assert host.wait(5) == 4

        thread.join()
        assert any("Timeout value of 0.3 seconds exceeded" in line["message"] for line in host.log_lines())


def test_a_function_that_exits_takes_the_process_with_it(sleeper: Path) -> None:
    with HostProcess(sleeper, {}) as host:
        thread, _ = call_in_background(host, "/api/leave")

        assert host.wait(5) == 4

        thread.join()


def test_requests_beyond_the_outstanding_maximum_are_turned_away(tmp_path: Path) -> None:
    host_json = {"version": "2.0", "extensions": {"http": {"routePrefix": "", "maxOutstandingRequests": 1}}}
    with HostProcess(write_app(tmp_path, SLEEPER, host_json), {}) as host:
        thread, answers = call_in_background(host, "/sleep?seconds=0.3")

        assert host.request("GET", "/sleep?seconds=0").status_code == 429

        thread.join()
    assert answers == ["slept"]


def test_a_port_that_is_taken_is_said(sleeper: Path) -> None:
    with HostProcess(sleeper, {}) as host, pytest.raises(HostStartError) as caught:
        HostProcess(sleeper, {}, port=host.port).start()

    assert caught.value.exit_code == 2
    assert "cannot listen" in caught.value.complaint


def test_keys_are_not_asked_for_when_authentication_is_off(tmp_path: Path) -> None:
    app = write_app(tmp_path, '@app.route(route="x")\ndef f(req: func.HttpRequest) -> str: return "in"')

    with HostProcess(app, {}, {"authentication": False}) as host:
        assert host.request("GET", "/api/x", key=None).text == "in"


def test_local_settings_fill_up_the_environment_without_overriding_it(tmp_path: Path) -> None:
    source = """
import os
@app.route(route="x")
def f(req: func.HttpRequest) -> str: return os.environ["A"] + os.environ["B"]
"""
    settings = tmp_path / "local.settings.json"
    settings.write_text(json.dumps({"IsEncrypted": False, "Values": {"A": "file", "B": "file"}}))

    with HostProcess(write_app(tmp_path, source), {"A": "environment-"}, settings_file=settings) as host:
        assert host.request("GET", "/api/x").text == "environment-file"


def test_a_host_ends_with_the_process_that_started_it(
    sleeper: Path, stray: list[subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    script = (
        "import os, sys; from pathlib import Path; from local.host.client import HostProcess\n"
        f"host = HostProcess(Path({str(sleeper)!r}), {{}}, log_path=Path({str(tmp_path / 'log')!r})).start()\n"
        "print(host.process.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE)
    stray.append(parent)
    assert parent.stdout is not None
    host_id = int(parent.stdout.readline())

    assert parent.wait() == -signal.SIGKILL
    assert eventually(lambda: not is_alive(host_id))


def test_standard_output_carries_the_ready_line_alone(tmp_path: Path, stray: list[subprocess.Popen[bytes]]) -> None:
    source = 'print("noise")\n@app.route(route="x")\ndef f(req: func.HttpRequest) -> str: return ""'
    command = [sys.executable, "-m", "local.host", "--app", str(write_app(tmp_path, source))]
    host = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    stray.append(host)
    assert host.stdout is not None

    ready = json.loads(host.stdout.readline())
    host.terminate()

    assert set(ready) == {"port", "url", "functions", "keys"}
    assert set(ready["keys"]) == {"master", "default", "functions", "systemKeys"}
    assert host.stdout.read() == b""
    assert host.wait() == 0


def test_bad_options_are_named(sleeper: Path) -> None:
    command = [sys.executable, "-m", "local.host", "--app", str(sleeper), "--option", "speed=11"]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 2
    assert "unknown option 'speed'" in ended.stderr


def is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    # A dead process that nobody collected yet still has an id.
    state = Path(f"/proc/{process_id}/stat")
    return not (state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] == "Z")
