"""What whoever types `make local` sees: one history of two runs on the same ports, which every test looks at.

The first run keeps its storage, somebody starts a second one beside it, Ctrl-C ends it. The next goes on with that
storage, without keys, until its functions host is killed.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.storage.queue import QueueClient, TextBase64DecodePolicy

from local.ports import busy_ports, ports_from
from local.simulator.client import SimulatorAdmin
from local.simulator.views import ViolationView
from local.stack import ROOT

WAIT_SECONDS = 30.0
POLL_SECONDS = 0.05
# Below what systems give to outgoing connections, so that nobody takes one of six between two runs.
FIRST_PORTS = range(20000, 32000, 6)


def free_first_port() -> int:
    """The first of six free ports; each process of a test run looks for them from another place on."""
    begin, count = os.getpid(), len(FIRST_PORTS)
    looked_at = (FIRST_PORTS[(begin + step) % count] for step in range(count))
    return next(first for first in looked_at if not busy_ports(ports_from(first)))


@dataclass
class LocalRun:
    """One `python -m local`, what it said, and the variables that it wrote."""

    process: subprocess.Popen[bytes]
    said: Path
    variables_file: Path

    @property
    def text(self) -> str:
        return self.said.read_text()

    @property
    def variables(self) -> dict[str, str]:
        lines = self.variables_file.read_text().splitlines()
        return {
            name: value.strip("'") for name, _, value in (line.removeprefix("export ").partition("=") for line in lines)
        }

    def get(self, path: str) -> Any:
        headers = {"x-functions-key": self.variables["KEY"]}
        return requests.get(self.variables["API"] + path, headers=headers, timeout=10).json()

    def host_process(self) -> int:
        """The process of its functions host."""
        for child in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split():
            if "local.host" in Path(f"/proc/{child}/cmdline").read_text().split("\0"):
                return int(child)
        raise AssertionError("no functions host runs")


@dataclass
class History:
    """What happened, in order."""

    first: str
    variables: Mapping[str, str]
    completed: Mapping[str, Any]
    content_fetches: int
    violations: list[ViolationView]
    in_queue: list[dict[str, Any]]
    second: subprocess.CompletedProcess[str]
    touched: list[str]
    code: int
    left: set[str]
    next: str
    kept_log: bool
    listed: list[str]
    next_code: int
    noticed_seconds: float


def until[T](look: Callable[[], T | None]) -> T:
    deadline = time.monotonic() + WAIT_SECONDS
    while (seen := look()) is None:
        assert time.monotonic() < deadline, "nothing came of it"
        time.sleep(POLL_SECONDS)
    return seen


@contextmanager
def local_run(directory: Path, first_port: int, **environment: str) -> Iterator[LocalRun]:
    """A run that is ready; killed in the end, unless it ended before."""
    command = [sys.executable, "-m", "local", "--directory", str(directory), "--first-port", str(first_port)]
    said = directory.with_suffix(f".{environment.get('IDENTITY', '0')}.txt")
    with said.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, stdout=output, stderr=subprocess.STDOUT
        )
    run = LocalRun(process, said, directory / "env")
    try:
        until(lambda: "Ctrl-C stops" in run.text or process.poll() is not None or None)
        assert process.poll() is None, run.text
        yield run
    finally:
        process.kill()
        process.wait()


def printed_lines(text: str) -> str:
    """What the introduction tells to type."""
    return "\n".join(re.findall(r"^  (\S.*|  \S.*)$", text, re.MULTILINE))


def files(directory: Path) -> dict[str, int]:
    """What lies there and when it was written, save what the app itself writes all the time."""
    found = (path for path in directory.rglob("*") if path.is_file() and "storage" not in path.parts)
    return {path.name: path.stat().st_mtime_ns for path in found if path.suffix != ".log"}


def completed(run: LocalRun) -> dict[str, Any] | None:
    listed = run.get("/recordings")["recordings"]
    return next((one for one in listed if one["status"] == "completed"), None)


def events_in_queue(run: LocalRun) -> list[dict[str, Any]] | None:
    """Those in the queue, once the last one is there."""
    with QueueClient.from_connection_string(
        run.variables["STORAGE"], "events", message_decode_policy=TextBase64DecodePolicy()
    ) as queue:
        events = [json.loads(message.content) for message in queue.peek_messages(max_messages=32)]
    return events if "CallRecording.Completed" in {event["type"] for event in events} else None


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    directory = tmp_path_factory.mktemp("local") / "state"
    first_port = free_first_port()
    shell = {
        "PERSIST": "1",
        "VERIFY_SOURCE": "double-read",
        "RECORDINGS_CONTAINER": "calls",
        "AzureWebJobsStorage": "in Azure",
        "EVENTS_QUEUE": "events",
    }
    with local_run(directory, first_port, **shell) as run:
        subprocess.run(["/bin/sh", "-e", "-c", printed_lines(run.text)], cwd=ROOT, check=True, capture_output=True)
        recording = until(lambda: completed(run))
        until(lambda: "CallRecording.Completed" in run.text or None)
        in_queue = until(lambda: events_in_queue(run))
        simulator = SimulatorAdmin(run.variables["ADMIN"])
        [recorded], violations = simulator.recordings(), simulator.violations()
        before = files(directory)
        command = [sys.executable, "-m", "local", "--directory", str(directory)]
        second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=WAIT_SECONDS)
        touched = sorted(name for name, written in files(directory).items() if before.get(name) != written)
        variables = run.variables
        run.process.send_signal(signal.SIGINT)
        code = run.process.wait(WAIT_SECONDS)
        first, left = run.text, set(files(directory))
        log_size = (directory / "host.log").stat().st_size
    with local_run(directory, first_port, PERSIST="1", IDENTITY="1") as run:
        kept_log = (directory / "host.previous.log").stat().st_size == log_size
        listed = [one["id"] for one in run.get("/recordings")["recordings"]]
        os.kill(run.host_process(), signal.SIGKILL)
        killed = time.monotonic()
        next_code = run.process.wait(WAIT_SECONDS)
        noticed_seconds = time.monotonic() - killed
    return History(
        first=first,
        variables=variables,
        completed=recording,
        content_fetches=recorded.documents[0].content_fetches,
        violations=violations,
        in_queue=in_queue,
        second=second,
        touched=touched,
        code=code,
        left=left,
        next=run.text,
        kept_log=kept_log,
        listed=listed,
        next_code=next_code,
        noticed_seconds=noticed_seconds,
    )


def test_the_lines_that_it_prints_record_a_call_to_its_end(history: History) -> None:
    assert history.completed["serverCallId"] == history.variables["SERVER_CALL_ID"]


def test_it_prints_the_console_with_the_key_of_the_run(history: History) -> None:
    address = history.first.partition("\nConsole ")[2].split(maxsplit=1)[0]

    assert address == f"{history.variables['API']}/console/#key={history.variables['KEY']}"


def test_a_setting_of_its_environment_reaches_the_app(history: History) -> None:
    assert "VERIFY_SOURCE=double-read" in history.first
    assert history.content_fetches == 2


def test_a_container_that_a_setting_names_is_there_and_the_simulator_looks_into_it(history: History) -> None:
    assert "RECORDINGS_CONTAINER=calls" in history.first
    assert history.violations == []


def test_what_the_app_tells_others_is_printed_a_line_each(history: History) -> None:
    told = re.findall(r"^event  \S+Z  CallRecording\.(\w+)  (\S+)$", history.first, re.MULTILINE)
    subject = f"recordings/{history.completed['id']}"

    assert {("Stopped", subject), ("Completed", subject)} <= set(told)
    assert [where.startswith(f"{subject}/chunks/") for kind, where in told if kind == "Stored"] == [True]


def test_what_the_app_tells_others_comes_into_the_queue_that_was_asked_for(history: History) -> None:
    assert len(history.in_queue) == len(re.findall("^event  ", history.first, re.MULTILINE))
    assert "put into the queue events" in history.first


def test_an_account_that_the_shell_names_is_not_used(history: History) -> None:
    assert "not taken: AzureWebJobsStorage;" in history.first
    assert "127.0.0.1" in history.variables["STORAGE"]


def test_a_second_run_says_that_one_runs_and_where(history: History) -> None:
    assert history.second.returncode == 1
    assert history.variables["API"] in history.second.stderr
    assert len(history.second.stderr.splitlines()) == 1


def test_a_second_run_touches_nothing_of_the_first(history: History) -> None:
    assert history.touched == []


def test_ctrl_c_says_what_is_kept_and_where_the_log_is(history: History) -> None:
    told = history.first.splitlines()[-1]

    assert history.code == 0
    assert "Storage is kept in" in told
    assert "may be missing" not in told
    assert "host.log" in told


def test_the_variables_of_a_run_go_with_it(history: History) -> None:
    assert "host-keys.json" in history.left
    assert "env" not in history.left


def test_the_next_run_goes_on_with_the_storage_that_was_kept_without_keys_as_well(history: History) -> None:
    assert history.listed == [history.completed["id"]]


def test_the_log_of_the_run_before_is_kept_aside(history: History) -> None:
    assert history.kept_log


def test_a_host_that_dies_is_noticed_within_seconds_and_ends_the_run(history: History) -> None:
    assert "The functions host ended by itself (exit code -9)" in history.next
    assert history.next_code == 1
    assert history.noticed_seconds < 10
