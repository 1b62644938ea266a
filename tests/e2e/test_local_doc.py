"""The commands of docs/local.md do what the page says, each run as it stands."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from acsrec import Problem, Recording
from local.announcing import shell_variables, write_variables
from local.ports import FIXED
from local.simulator.faults import InjectedFault
from local.simulator.scripts import Script
from local.stack import Stack
from tests.e2e.conftest import FAST_HOST, FAST_SETTINGS
from tests.e2e.steps import differences, left_at_acs, let_start_settle, settled, violations_of

DOCUMENT = (Path(__file__).parents[2] / "docs" / "local.md").read_text()
PAGE = DOCUMENT.partition("\n## By hand\n")[2].partition("\n## ")[0]
COMMANDS = dict(re.findall(r"^### ([^\n]+)\n\n```sh\n(.+?)\n```$", PAGE, re.MULTILINE | re.DOTALL))
BASH = shutil.which("bash") or "bash is not on PATH"
SMALL = Script(chunk_bytes=20_000)
PATIENCE_SECONDS = 20.0

type Shell = Callable[[str], str]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack with short waits and the variables of a local run, in the folder that the commands are run in."""
    folder = tmp_path_factory.mktemp("here")
    with Stack(folder / ".local", app_settings=FAST_SETTINGS, host_options=FAST_HOST) as stack:
        call = stack.simulator.place_call(script=SMALL)
        write_variables(stack.directory / "env", shell_variables(stack, call))
        yield stack


@pytest.fixture
def shell(here: Stack) -> Iterator[Shell]:
    """Runs the command under a heading of the page; returns what it prints."""

    def run(heading: str) -> str:
        return subprocess.run(
            [BASH, "-c", f". .local/env\n{COMMANDS[heading]}"],
            cwd=here.directory.parent,
            env={"PATH": os.environ["PATH"]},
            check=True,
            capture_output=True,
            text=True,
            timeout=30,
        ).stdout

    yield run
    here.simulator.clear_faults()


def awaited[T](stack: Stack, look: Callable[[], T]) -> T:
    """Wait, firing the sweep as its timer would, until there is something to see."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (seen := look()):
        assert time.monotonic() < deadline
        stack.host.fire_timer("sweep")
        time.sleep(0.2)
    return seen


def of_others(stack: Stack, recording_id: str) -> Recording:
    """What the app knows of a recording that it did not start, once it knows of it."""
    (known,) = awaited(stack, lambda: list(stack.recorder.recordings(recording_id=recording_id)))
    return stack.recorder.get(known.id)


def test_the_commands_are_single_ones_and_all_are_run() -> None:
    run = re.findall(r'shell\("(.+?)"\)', Path(__file__).read_text())

    assert set(run) == set(COMMANDS) == set(re.findall(r"^### (.+)$", PAGE, re.MULTILINE))
    assert [text for text in COMMANDS.values() if re.search(r"(?<!&&)\n", text)] == []


def test_the_ports_and_the_variables_are_those_of_a_local_run(here: Stack) -> None:
    variables = shell_variables(here, here.simulator.place_call())
    told = DOCUMENT.partition("\n## What runs\n")[2].partition("\n- ")[0]

    assert [port for _, port in FIXED.named() if not re.search(rf"\b{port}\b", told)] == []
    assert [name for name in variables if f"`{name}`" not in PAGE] == []
    assert set(re.findall(r"\$([A-Z_]+)", "\n".join(COMMANDS.values()))) <= set(variables)


def test_a_call_is_recorded_ended_and_looked_at(here: Stack, shell: Shell) -> None:
    decoder = json.JSONDecoder()
    placed = shell("Place a call of three chunks and record it")
    call, end = decoder.raw_decode(placed)
    started = json.loads(placed[end:])
    here.recorder.wait(started["id"], "active")

    assert json.loads(shell("End the call"))["callId"] == call["callId"]
    let_start_settle(here, started["id"])

    completed = settled(here, started["id"])
    assert [chunk.status for chunk in completed.chunks] == ["deleted"] * 3
    assert differences(here, completed) == []
    assert started["id"] in [one["id"] for one in json.loads(shell("List the recordings"))["recordings"]]
    assert json.loads(shell("Ask whether anything was deleted too early")) == []
    assert "start" in {one["operation"] for one in json.loads(shell("See what the app asked of ACS"))}


def test_a_503_of_acs_delays_a_copy_and_no_more(here: Stack, shell: Shell) -> None:
    shell("Make ACS answer 503")

    recording = of_others(here, here.simulator.foreign_recording().recording_id)

    (chunk,) = settled(here, recording.id).chunks
    assert (chunk.status, chunk.attempts) == ("stored", 3)
    assert [one.hits for one in here.simulator.faults()] == [2]


def test_all_of_acs_fails_until_the_faults_are_taken_back(here: Stack, shell: Shell) -> None:
    def acs_answers() -> bool:
        answer: bool = here.recorder.request("GET", "/health/dependencies").json()["checks"]["acs"]
        return answer

    shell("Make all of ACS fail")
    failing = acs_answers()
    shell("Take all faults back")

    assert (failing, acs_answers()) == (False, True)


def test_events_wait_while_the_topic_is_down_until_they_are_sent_again(here: Stack, shell: Shell) -> None:
    def told() -> set[str]:
        events = [one["event"] for one in json.loads(shell("See what the app told other apps"))]
        return {event["type"] for event in events if event["data"]["recordingId"] == foreign}

    def failures() -> list[str | None]:
        events = here.recorder.request("GET", f"/recordings/{id}/events").json()["events"]
        return [event["lastError"] for event in events]

    shell("Let the topic be down")
    foreign = here.simulator.foreign_recording().recording_id
    id = settled(here, of_others(here, foreign).id).id
    awaited(here, lambda: failures() == ["Event Grid answered 503."] * 2)
    told_while_down = told()
    shell("Take all faults back")
    here.recorder.request("POST", f"/recordings/{id}/events/resend")

    assert told_while_down == set()
    assert awaited(here, lambda: told() == {"CallRecording.Stored", "CallRecording.Completed"})


def test_acs_is_reached_with_keys_and_the_topic_with_a_token(here: Stack) -> None:
    of_others(here, here.simulator.foreign_recording().recording_id)

    assert awaited(here, lambda: here.simulator.requests("publish"))
    known = [one for one in here.simulator.requests() if one.operation != "other"]
    assert {(one.operation == "publish", one.auth) for one in known} == {(True, "bearer"), (False, "hmac")}


def test_a_foreign_recording_keeps_ours_away_and_is_copied_and_kept(here: Stack, shell: Shell) -> None:
    call = here.simulator.place_call(script=SMALL)
    foreign = json.loads(shell("Start a foreign recording"))
    with pytest.raises(Problem, match="409"):
        here.recorder.start({"serverCallId": call.server_call_id})
    here.simulator.end_call(call.call_id)

    recording = settled(here, of_others(here, foreign["recordingId"]).id)

    assert (recording.origin, [chunk.status for chunk in recording.chunks]) == ("event", ["stored"])
    assert len(left_at_acs(here, recording)) == 1


def test_an_expired_file_is_asked_for_on_and_on(here: Stack, shell: Shell) -> None:
    here.simulator.add_fault(InjectedFault(action="unavailable", kind="content", times=None))
    id = of_others(here, here.simulator.foreign_recording().recording_id).id

    expired = json.loads(shell("Expire a file"))
    here.simulator.clear_faults()

    def missed() -> bool:
        (chunk,) = here.recorder.get(id).chunks
        return chunk.document_id == expired["documentId"] and "no such document" in (chunk.failure or "")

    assert awaited(here, missed)
    assert here.recorder.get(id).status == "transferring"


def test_an_event_that_comes_twice_changes_nothing(here: Stack, shell: Shell) -> None:
    recording = settled(here, of_others(here, here.simulator.foreign_recording().recording_id).id)

    shell("Deliver an event twice")

    attempts = awaited(here, lambda: here.simulator.events()[-1].attempts[1:])
    assert [attempt.status for attempt in attempts] == [202]
    assert here.recorder.get(recording.id) == recording
    assert violations_of(here, recording) == []
