"""What `make local` takes from its environment, where it listens, and what it tells; nothing of it is started here."""

import signal
import socket
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import azure.functions as func
import msgspec
import pytest

from functions import create_app
from local.__main__ import run
from local.announcing import (
    address_of_storage,
    busy_text,
    event_line,
    farewell,
    told_settings,
    told_subscribers,
    write_variables,
    wrong_settings,
)
from local.choices import ChoiceError, Choices
from local.ports import FIXED, StackPorts, busy_ports
from local.run_lock import AlreadyRunning, RunLock
from local.simulator.views import TopicEventView
from local.stack import ROOT, TOPIC_ENDPOINT
from shared.services import Services
from tests.fakes import ENVIRONMENT

CONNECTIONS = (
    "AzureWebJobsStorage",
    "AzureWebJobsStorage__accountName",
    "RecordingsStorage__serviceUri",
    "ACS_CONNECTION_STRING",
    "ACS_ENDPOINT",
    "AZURE_CLIENT_ID",
)
HOLDER = """
import sys
from pathlib import Path
from local.run_lock import RunLock
with RunLock(Path(sys.argv[1]), "process 7"):
    print("held", flush=True)
    sys.stdin.read()
"""


def choices(*arguments: str, **environment: str) -> Choices:
    return Choices.read(arguments, environment)


@pytest.mark.parametrize("value", ["double-read", "nonsense", ""])
def test_a_setting_of_the_app_is_passed_on_whatever_its_value_is(value: str) -> None:
    assert choices(VERIFY_SOURCE=value).app_settings == {"VERIFY_SOURCE": value}


@pytest.mark.parametrize("name", ["PATH", "FUNCTIONS_WORKER_RUNTIME", "VERIFYSOURCE"])
def test_what_is_no_setting_of_the_app_is_not_passed_on(name: str) -> None:
    chosen = choices(**{name: "x"})

    assert (chosen.app_settings, chosen.left_out) == ({}, ())


@pytest.mark.parametrize("name", CONNECTIONS)
def test_a_connection_of_the_shell_is_not_used_and_that_is_told(name: str) -> None:
    chosen = choices(**{name: "in Azure"})

    assert chosen.app_settings == {}
    assert f"not taken: {name};" in "\n".join(told_settings(chosen, {}))


def test_settings_that_were_taken_are_told_with_their_values() -> None:
    assert "CLAIM_SECONDS=5" in told_settings(choices(CLAIM_SECONDS="5"), {})


def test_a_wrong_setting_is_told_with_what_the_app_says_that_it_must_be() -> None:
    functions = create_app(Services(ENVIRONMENT | {"VERIFY_SOURCE": "twice"})).get_functions()
    [health] = [function.get_user_function() for function in functions if function.get_function_name() == "health"]
    reply = health(func.HttpRequest(method="GET", url="http://localhost/api/health", body=b""))

    told = told_settings(choices(VERIFY_SOURCE="twice"), wrong_settings(msgspec.json.decode(reply.get_body())))

    assert "VERIFY_SOURCE=twice" in told
    assert told[-1] == "WRONG, so every route answers 503: VERIFY_SOURCE must be one of once, double-read"


@pytest.mark.parametrize("name", ["PERSIST", "IDENTITY"])
def test_a_switch_that_is_not_understood_is_refused_with_what_it_may_be(name: str) -> None:
    with pytest.raises(ChoiceError, match=f"{name}=1 "):
        choices(**{name: "yes"})


@pytest.mark.parametrize("value", ["", "0"])
def test_a_switch_that_is_off_is_off(value: str) -> None:
    chosen = choices(PERSIST=value, IDENTITY=value)

    assert (chosen.persist, chosen.identity, chosen.storage) == (False, False, None)


def test_the_events_of_the_app_go_where_they_are_asked_for() -> None:
    chosen = choices(EVENTS_WEBHOOK=" http://127.0.0.1:8080/events ", EVENTS_QUEUE="events")

    assert (chosen.events_webhook, chosen.events_queue) == ("http://127.0.0.1:8080/events", "events")
    told = "\n".join(told_subscribers(chosen, TOPIC_ENDPOINT))
    assert "posted to http://127.0.0.1:8080/events" in told
    assert "the queue events" in told


@pytest.mark.parametrize("environment", [{}, {"EVENTS_WEBHOOK": " ", "EVENTS_QUEUE": ""}])
def test_whoever_asks_for_no_events_is_told_how(environment: dict[str, str]) -> None:
    chosen = choices(**environment)

    assert (chosen.events_webhook, chosen.events_queue) == (None, None)
    assert "EVENTS_WEBHOOK=URL" in told_subscribers(chosen, TOPIC_ENDPOINT)[-1]


@pytest.mark.parametrize(
    ("name", "value"),
    [("EVENTS_WEBHOOK", "127.0.0.1:8080/events"), ("EVENTS_QUEUE", "My Events"), ("EVENTS_QUEUE", "a")],
)
def test_events_are_not_asked_for_at_no_place(name: str, value: str) -> None:
    with pytest.raises(ChoiceError, match=f"{name}={value} is no "):
        choices(**{name: value})


def test_a_run_can_be_without_a_topic() -> None:
    chosen = choices(EVENTS_TOPIC_ENDPOINT="")

    assert chosen.app_settings == {"EVENTS_TOPIC_ENDPOINT": ""}
    assert "EVENTS_TOPIC_ENDPOINT is blank" in told_subscribers(chosen, "")[0]


def test_an_event_is_a_line() -> None:
    event = {"time": "2026-11-27T09:00:00Z", "type": "CallRecording.Started", "subject": "recordings/1"}
    arrival = TopicEventView(number=1, at=datetime.now(UTC), event=event, handovers=())

    assert event_line(arrival) == "event  2026-11-27T09:00:00Z  CallRecording.Started  recordings/1"


def test_storage_is_kept_in_the_folder_of_the_run_where_that_is_asked_for() -> None:
    chosen = choices("--directory", "/somewhere", PERSIST="1")

    assert chosen.storage == Path("/somewhere/storage")
    assert "kept in /somewhere/storage" in farewell(chosen, saved=True)


@pytest.mark.parametrize("saved", [True, False])
def test_what_storage_may_have_lost_as_it_was_killed_is_told(saved: bool) -> None:
    assert ("may be missing" in farewell(choices(PERSIST="1"), saved=saved)) != saved


def test_whoever_keeps_nothing_is_told_how_storage_is_kept() -> None:
    assert "in memory and is gone (PERSIST=1 keeps it)" in farewell(choices(), saved=False)


def test_storage_on_its_usual_ports_is_what_every_tool_takes_for_the_emulator() -> None:
    assert (FIXED.blob, FIXED.queue, FIXED.table) == (10000, 10001, 10002)
    assert address_of_storage(choices(), "x").startswith("UseDevelopmentStorage=true ")


@pytest.mark.parametrize("chosen", [choices("--first-port", "20000"), choices(IDENTITY="1")])
def test_storage_that_is_not_as_usual_has_its_connection_string_told(chosen: Choices) -> None:
    assert "AccountName=" in address_of_storage(chosen, "AccountName=x")


def test_a_port_that_another_program_uses_is_named_with_the_part_that_needs_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        busy = busy_ports(StackPorts(queue=port))

    assert busy == {port: "Azurite's queue service"}
    assert f"port {port}, where Azurite's queue service is to listen" in busy_text(busy)


def test_while_a_port_is_taken_nothing_is_started_and_nothing_written(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        first = listener.getsockname()[1]
        code = run(choices("--directory", str(tmp_path), "--first-port", str(first)), threading.Event())

    assert code == 1
    assert list(tmp_path.iterdir()) == []


def test_a_second_run_is_refused_and_told_of_the_first(tmp_path: Path) -> None:
    with (
        RunLock(tmp_path / "lock", "process 7"),
        pytest.raises(AlreadyRunning, match="process 7"),
        RunLock(tmp_path / "lock", "process 8"),
    ):
        pass

    assert (tmp_path / "lock").read_text() == "process 7"


def test_a_run_that_was_killed_leaves_no_lock(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "lock")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        holder.send_signal(signal.SIGKILL)

    with RunLock(tmp_path / "lock", "process 8"):
        assert (tmp_path / "lock").read_text() == "process 8"


def test_a_shell_reads_back_what_was_written_for_it_and_nobody_else_does(tmp_path: Path) -> None:
    value = "AccountName=a;AccountKey=b+c/d==;x='$HOME'"
    write_variables(tmp_path / "env", {"STORAGE": value})

    shell = ["/bin/sh", "-c", '. "$1" && printf %s "$STORAGE"', "sh", str(tmp_path / "env")]
    assert subprocess.run(shell, capture_output=True, text=True, check=True).stdout == value
    assert (tmp_path / "env").stat().st_mode & 0o077 == 0
