"""README's lines and the examples beside `make local`: each starts a recording, is told of its end, and holds it."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from azure.storage.queue import QueueClient

from acsrec import Client, verify
from examples.call_automation import on_callback
from examples.queue_consumer import consume
from local.simulator.client import SimulatorAdmin
from local.stack import ROOT
from tests.e2e.test_local_run import LocalRun, free_first_port, local_run

SECTION = (ROOT / "README.md").read_text().partition("\n## One recording\n")[2].partition("\n## ")[0]
[PYTHON] = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)
[CURL] = re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL)
[WEBHOOK, PREPARED] = re.findall(r"`(?:EVENTS_WEBHOOK=(\S+) make local|(\. .*?))`", SECTION)
DONE = "CallRecording.Completed"
QUEUE = "events"
PATIENCE_SECONDS = 20.0


@dataclass(frozen=True)
class Shell:
    """A shell in the folder where somebody cloned the app, and where it runs."""

    folder: Path
    run: LocalRun

    def type(self, lines: str) -> str:
        """What the lines print."""
        done = subprocess.run(
            ["/bin/sh", "-e", "-c", f"{PREPARED[1]}\n{lines}"],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "client")},
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{self.run.text}"
        return done.stdout

    def recorded(self) -> tuple[str, dict[str, bytes]]:
        """The id of the latest recording, and what ACS recorded, by document."""
        latest = self.run.get("/recordings")["recordings"][0]["id"]
        chunks = self.run.get(f"/recordings/{latest}")["chunks"]
        simulator = SimulatorAdmin(self.run.variables["ADMIN"])
        return latest, {chunk["documentId"]: simulator.content(chunk["documentId"]) for chunk in chunks}


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    address = urlsplit(WEBHOOK[0])
    with socket.socket() as probe:
        if probe.connect_ex((str(address.hostname), address.port or 0)) == 0:
            pytest.skip(f"{address.netloc}, where README's lines listen, is taken by another program")
    folder = tmp_path_factory.mktemp("clone")
    (folder / ".venv").symlink_to(sys.prefix)
    first_port = free_first_port()
    with local_run(folder / ".local", first_port, EVENTS_WEBHOOK=WEBHOOK[0], EVENTS_QUEUE=QUEUE) as run:
        yield Shell(folder, run)


def test_ten_lines_of_python_are_told_of_the_end_and_hold_the_verified_files(shell: Shell) -> None:
    (shell.folder / "lines.py").write_text(PYTHON)

    printed = shell.type("python lines.py")

    id, recorded = shell.recorded()
    held = {path.read_bytes() for path in (shell.folder / id).glob("*.mp3")}
    assert printed.split() == [DONE, "True"]
    assert recorded
    assert held == set(recorded.values())


def test_the_same_lines_with_curl_are_told_of_the_end_and_hold_the_verified_files(shell: Shell) -> None:
    printed = shell.type(CURL)

    id, recorded = shell.recorded()
    last = json.loads((shell.folder / "events.jsonl").read_text().splitlines()[-1])
    assert printed.splitlines() == [f"{document}: OK" for document in recorded]
    assert recorded
    assert {document: (shell.folder / document).read_bytes() for document in recorded} == recorded
    assert (last["type"], last["data"]["id"]) == (DONE, id)


def test_a_call_that_is_connected_is_recorded_and_its_files_are_there_when_the_queue_has_told(shell: Shell) -> None:
    variables, folder = shell.run.variables, shell.folder / "recordings"
    call = SimulatorAdmin(variables["ADMIN"]).place_call()
    queue = QueueClient.from_connection_string(variables["STORAGE"], QUEUE)
    with Client(variables["ACSREC_URL"], variables["ACSREC_KEY"]) as client, closing(queue):
        for _ in range(2):
            on_callback(connected(call.call_connection_id), client)
        (recording,) = client.recordings(call_connection_id=call.call_connection_id)
        client.stop(recording.id)

        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (folder / recording.id).exists():
            assert time.monotonic() < deadline, shell.run.text
            consume(queue, client, folder)
            time.sleep(0.1)

    assert verify(folder / recording.id).proven


def connected(call_connection_id: str) -> dict[str, Any]:
    return {"type": "Microsoft.Communication.CallConnected", "data": {"callConnectionId": call_connection_id}}
