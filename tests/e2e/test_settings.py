"""Whatever the settings say, the real runtime indexes every function, and each of them says what is wrong."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest
import requests

from local.host.client import HostProcess
from local.simulator.settings import Settings
from local.stack import ROOT, Stack
from shared import settings
from tests.builders import OUR_ID, document_id
from tests.e2e.conftest import FAST_HOST, FAST_SETTINGS
from tests.e2e.steps import differences, let_start_settle, record, settled, violations_of
from tests.e2e.test_faults import TWO

ENVIRONMENT = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "ACS_CONNECTION_STRING": "endpoint=https://acs.example/;accesskey=c2VjcmV0",
    "CALLBACK_AUDIENCE": "resource",
}
QUIET: dict[str, bool | float | str] = {"queues": False, "timers": False}
SECRET = "Hunter:2"
REFERENCE = f"@Microsoft.KeyVault(SecretUri=https://vault.example/secrets/{SECRET})"
# Free texts have no wrong value, only a reference in their place.
FREE = ["CALLBACK_AUDIENCE", "CALLBACK_ISSUER"]
SHAPED = [
    *("AzureWebJobsStorage__blobServiceUri", "AzureWebJobsStorage__anything", "RecordingsStorage"),
    *("RecordingsStorage__accountName", "RecordingsStorage__blobServiceUri", "RecordingsStorage__serviceUri"),
    *("RecordingsStorage__credential", "RecordingsStorage__clientId", "RecordingsStorage__anything", "AZURE_CLIENT_ID"),
    *("RECORDINGS_CONTAINER", "EXPORTS_CONTAINER", "EXPORT_MP3"),
    *("ACS_CONNECTION_STRING", "ACS_ENDPOINT", "ACS_RETENTION_HOURS", "DELETE_FROM_ACS"),
    *("UNKNOWN_RECORDINGS", "VERIFY_SOURCE", "RECORDING_HOST_SUFFIXES", "BYOS_CONTAINERS", "CALLBACK_URL"),
    *("ACS_TOPIC", "CALLBACK_HOSTS"),
    *("CALLBACK_JWKS_URL", "TRANSFER_BLOCK_BYTES", "CLAIM_SECONDS", "RETRY_FIRST_SECONDS", "RETRY_MAX_SECONDS"),
    "MAX_RECORDING_HOURS",
]
CASES = [*((name, SECRET) for name in SHAPED), *((name, REFERENCE) for name in [*FREE, *SHAPED])]
SOME_CASES = CASES[::6]  # `make prove` takes them all
SDK_IMPORT_SECONDS = 10  # at the first request that needs them, on a busy machine
NEEDS_NO_SETTINGS = {"openapi_document", "console"}
# Those that say nothing without another.
BESIDE = {
    "RecordingsStorage__credential": {"RecordingsStorage__accountName": "contoso"},
    "RecordingsStorage__clientId": {"RecordingsStorage__accountName": "contoso"},
}


def named_in(answer: requests.Response) -> list[str]:
    """The names of the settings that an answer says are wrong, after a look at the rest of it."""
    assert answer.status_code == 503
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert "Hunter" not in answer.text
    assert all(setting["mustBe"] for setting in answer.json()["settings"])
    return [setting["name"] for setting in answer.json()["settings"]]


@pytest.fixture(scope="module")
def every_function() -> list[dict[str, object]]:
    with HostProcess(ROOT, ENVIRONMENT, QUIET) as host:
        return host.functions


@pytest.mark.parametrize(
    ("name", "value"),
    [pytest.param(*case, marks=[] if case in SOME_CASES else pytest.mark.prove) for case in CASES],
)
def test_with_any_setting_wrong_every_function_is_there_and_names_it(
    every_function: list[dict[str, object]], name: str, value: str
) -> None:
    with HostProcess(ROOT, ENVIRONMENT | BESIDE.get(name, {}) | {name: value}, QUIET) as host:
        assert host.functions == every_function

        assert named_in(host.request("GET", "/api/health", key=None)) == [name]
        assert named_in(host.request("POST", "/api/recordings", json={})) == [name]
        assert host.run_function("sweep").status_code == 500

        lines = [line for line in host.log_lines() if line["message"].startswith("settings_wrong ")]
        assert [(line["level"], name in line["message"]) for line in lines] == [("Error", True)]
        assert "Hunter" not in host.log_text()


def test_all_that_is_wrong_is_told_at_once_by_every_route_and_trigger() -> None:
    shaped = [name for name in SHAPED if not name.startswith("RecordingsStorage__")]
    wrong = dict.fromkeys(shaped, SECRET) | dict.fromkeys(FREE, REFERENCE)
    message = json.dumps({"id": OUR_ID, "documentId": document_id()})
    with HostProcess(ROOT, wrong | {"AzureWebJobsStorage": ENVIRONMENT["AzureWebJobsStorage"]}, QUIET) as host:
        for function in host.functions:
            if function["trigger"] == "http" and function["name"] not in NEEDS_NO_SETTINGS:
                path = str(function["route"]).replace("{id}", OUR_ID).replace("{documentId}", document_id())
                answer = host.request(function["methods"][0], path)
                assert sorted(named_in(answer)) == sorted(wrong), path
        assert host.post_events("recording_file_ready", [{"id": "x", "data": {}, "eventTime": None}]).status_code == 500
        assert host.run_function("chunk_transfer", message).status_code == 500
        assert host.run_function("chunk_deletion", message).status_code == 500
        assert host.run_function("chunk_transfer_poisoned", message).status_code == 200
        assert host.run_function("chunk_deletion_poisoned", "junk").status_code == 500
        lines = [line["message"] for line in host.log_lines() if line["message"].startswith("settings_wrong ")]

    assert len(lines) == 5
    assert all(name in line for line in lines for name in wrong)


# Without usable storage the host itself does not start, here as in Azure; its worker does.
ALONE = """
import json, os
from pathlib import Path
from local.host.http_functions import request_data
from local.host.http_messages import Request, Response
from local.host.worker import Invocation, Worker

worker = Worker(Path.cwd())
functions = {function.name: function.function_id for function in worker.start()}
asked = request_data(Request("GET", "/api/health", {}, b""), {})
answer = worker.call(worker.invoke(Invocation("1", functions["health"], "req", asked))).result()
reply = answer.return_value.value
print(json.dumps([sorted(functions), reply.status_code, json.loads(reply.body.value)]), flush=True)
os._exit(0)
"""


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({}, ["ACS_CONNECTION_STRING", "AzureWebJobsStorage"]),
        (ENVIRONMENT | {"AzureWebJobsStorage": SECRET}, ["AzureWebJobsStorage"]),
        (ENVIRONMENT | {"AzureWebJobsStorage": REFERENCE}, ["AzureWebJobsStorage"]),
        ({"AzureWebJobsStorage__accountName": SECRET}, ["ACS_CONNECTION_STRING", "AzureWebJobsStorage__accountName"]),
    ],
)
def test_without_storage_the_runtime_indexes_every_function_and_health_names_it(
    every_function: list[dict[str, object]], environment: dict[str, str], named: list[str]
) -> None:
    asked = subprocess.run(
        [sys.executable, "-c", ALONE],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=True,
    )

    functions, status, problem = json.loads(asked.stdout)
    assert functions == sorted(str(function["name"]) for function in every_function)
    assert (int(status), sorted(setting["name"] for setting in problem["settings"])) == (503, named)
    assert "Hunter" not in asked.stdout


class Silence:
    """A server on loopback that takes every connection, and never says a word."""

    def __init__(self) -> None:
        self.connections: list[socket.socket] = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        threading.Thread(target=self.take, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self.listener, *self.connections):
            one.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def take(self) -> None:
        with suppress(OSError):
            while True:
                self.connections.append(self.listener.accept()[0])

    def environment(self) -> dict[str, str]:
        """Settings of an app that has nobody else to talk to."""
        endpoints = "".join(f"{kind}Endpoint={self.url}/contoso;" for kind in ("Blob", "Queue", "Table"))
        storage = f"AccountName=contoso;AccountKey=c2VjcmV0;{endpoints}"
        return ENVIRONMENT | {"AzureWebJobsStorage": storage, "HTTPS_PROXY": self.url}


def test_a_stranger_s_look_at_health_asks_nobody_and_silent_dependencies_hold_a_caller_three_seconds() -> None:
    """S5, counted at the wire."""
    with Silence() as everybody, HostProcess(ROOT, everybody.environment(), QUIET) as host:
        looks = [host.request("GET", "/api/health", key=None).status_code for _ in range(20)]
        asked = len(everybody.connections)
        began = time.monotonic()
        dependencies = host.request("GET", "/api/health/dependencies")
        taken = time.monotonic() - began

    assert (set(looks), asked) == ({200}, 0)
    assert (dependencies.status_code, set(dependencies.json()["checks"].values())) == (503, {False})
    assert taken < 3 + SDK_IMPORT_SECONDS
    assert len(everybody.connections) == len(dependencies.json()["checks"])


def test_what_is_required_and_missing_is_named() -> None:
    with HostProcess(ROOT, {"AzureWebJobsStorage": ENVIRONMENT["AzureWebJobsStorage"]}, QUIET) as host:
        assert named_in(host.request("GET", "/api/health", key=None)) == ["ACS_CONNECTION_STRING"]


def test_what_comes_while_the_settings_are_wrong_is_stored_once_they_are_mended(tmp_path: Path) -> None:
    patient = Settings(retry_delays_seconds=(0.5, 1.0, 2.0, 2.0), delivery_attempts_max=30)
    with Stack(tmp_path, app_settings=FAST_SETTINGS, host_options=FAST_HOST, simulator_settings=patient) as stack:
        stack.host.options["queues"] = False
        stack.host.restart()
        sent = record(stack, TWO)
        wait_for_messages(stack, 2)
        call = stack.simulator.place_call(script=TWO)
        late = stack.recorder.start({"serverCallId": call.server_call_id})
        stack.recorder.wait(late.id, "active", seconds=10)
        let_start_settle(stack, late.id)
        right = dict(stack.host.environment)

        stack.host.environment |= {"CLAIM_SECONDS": SECRET, "CALLBACK_AUDIENCE": REFERENCE}
        stack.host.options["queues"] = True
        stack.host.restart()
        stack.simulator.end_call(call.call_id)
        wait_for_failures(stack, {"recording_file_ready", "chunk_transfer"})
        told = named_in(stack.host.request("GET", "/api/health", key=None))

        stack.host.environment = right
        stack.host.restart()
        completed = [settled(stack, id, seconds=60) for id in (sent.id, late.id)]

        assert sorted(told) == ["CALLBACK_AUDIENCE", "CLAIM_SECONDS"]
        assert [wrong for one in completed for wrong in (*differences(stack, one), *violations_of(stack, one))] == []
        assert stack.host.request("GET", "/api/health", key=None).status_code == 200


def wait_for_messages(stack: Stack, count: int) -> None:
    deadline = time.monotonic() + 20
    with stack.queues as queues:
        transfers = queues.get_queue_client(settings.TRANSFER_QUEUE)
        while (transfers.get_queue_properties().approximate_message_count or 0) < count:
            assert time.monotonic() < deadline, "The event brought no messages"
            time.sleep(0.1)


def wait_for_failures(stack: Stack, functions: set[str]) -> None:
    """Until each of the functions has said that the settings are wrong."""
    deadline = time.monotonic() + 20
    while True:
        lines = [line for line in stack.host.log_lines() if line["message"].startswith("settings_wrong ")]
        if functions <= {str(line["function"]) for line in lines}:
            return
        assert time.monotonic() < deadline, f"Only these were woken: {lines}"
        time.sleep(0.1)
