"""The answer to any write of storage is lost once, after the write was done, and nobody notices.

As a pooled connection does that the service closed meanwhile. Each run is a whole life: start, pause, resume, stop,
event, transfers in blocks and at once, deletions, completion; or it is a replay. SOAK=1 loses one answer a run,
`make prove` every fifth, until each was lost; `make test` makes one such run.
"""

import os
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from acsrec import Error, Recording
from local.simulator.faults import InjectedFault
from local.simulator.scripts import Script
from local.simulator.settings import Settings
from shared.domain.log import ALERTS, LogEvent
from shared.settings import CATALOG_TABLE, INDEX_TABLE
from tests.e2e.gateway import Answer, ForwardedRequest, NoFaults, Outcome
from tests.e2e.kill_points import kind_of
from tests.e2e.steps import WAV, differences, left_at_acs, violations_of
from tests.e2e.supervised_host import FAST_SETTINGS, SupervisedHost, supervised

SOAK = bool(os.environ.get("SOAK"))
RUNS = 5  # runs, each of which loses every fifth answer
REPEATED_WITHIN_SECONDS = 5.0  # the blob SDK waits up to 4 seconds before it sends again
RUN_SECONDS = 40.0
LINES_SECONDS = 5.0
# Nobody else takes over while an SDK waits. No callbacks: what they write is a hint, and is dropped with a lost answer.
PATIENT = {**FAST_SETTINGS, "CLAIM_SECONDS": "60", "CALLBACK_URL": ""}
# Three blocks, exactly one block, and less than one.
THREE = Script(chunks=3, chunk_bytes=(150_000, 65_536, 30_000))
WRITES = frozenset({"POST", "PUT", "PATCH", "MERGE", "DELETE"})

pytestmark = pytest.mark.timeout(3600 if SOAK else 300)


@dataclass(frozen=True, slots=True)
class Point:
    """The n-th write of a kind, counted from 1; by kind, since writes that run side by side come in any order."""

    kind: str
    number: int


class LostAnswers:
    """Loses the answers of some writes, never that of a repetition."""

    def __init__(self, points: frozenset[Point] = frozenset()) -> None:
        self.points = points
        self.seen: list[Point] = []
        self.lost: list[Point] = []
        self.of_kind: Counter[str] = Counter()
        self.lost_at: dict[tuple[str, str], float] = {}
        self.lock = threading.Lock()

    def before(self, _call: ForwardedRequest) -> Outcome:
        return Outcome.PASS

    def after(self, call: ForwardedRequest, _answer: Answer) -> Outcome:
        if call.service not in {"blob", "table"} or call.method not in WRITES:
            return Outcome.PASS
        with self.lock:
            if time.monotonic() - self.lost_at.pop((call.method, call.target), 0.0) < REPEATED_WITHIN_SECONDS:
                return Outcome.PASS
            kind = kind_of(call)
            self.of_kind[kind] += 1
            point = Point(kind, self.of_kind[kind])
            self.seen.append(point)
            if point not in self.points:
                return Outcome.PASS
            self.lost.append(point)
            self.lost_at[call.method, call.target] = time.monotonic()
        return Outcome.RESET


def asked(one: SupervisedHost, method: str, path: str, status: int, **arguments: Any) -> dict[str, Any]:
    """What the app answers; any other status is what this test is looking for."""
    answer = one.stack.recorder.request(method, path, **arguments)
    assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
    document: dict[str, Any] = answer.json()
    return document


def recorded(one: SupervisedHost) -> str:
    """A call is recorded from start to stop; its id."""
    call = one.stack.simulator.place_call(script=THREE)
    id = str(asked(one, "POST", "/recordings", 201, json={"serverCallId": call.server_call_id, **WAV})["id"])
    for act in ("pause", "resume", "stop"):
        asked(one, "POST", f"/recordings/{id}/{act}", 200)
    one.stack.simulator.end_call(call.call_id)
    return id


def lived(one: SupervisedHost, losing: LostAnswers) -> str:
    """From start to completion."""
    one.gateway.fault_hook = losing
    return recorded(one)


def replayed(one: SupervisedHost, losing: LostAnswers) -> str:
    """What could not be fetched is replayed; what counts are the writes from then on."""
    one.stack.simulator.add_fault(InjectedFault(action="notReady", kind="content", seconds=RUN_SECONDS))
    id = recorded(one)
    deadline = time.monotonic() + RUN_SECONDS
    while [chunk.failure is None for chunk in one.shown(id).chunks] != [False] * 3:
        assert time.monotonic() < deadline, one.shown(id)
        time.sleep(0.1)
    one.stack.simulator.clear_faults()
    one.gateway.fault_hook = losing
    asked(one, "POST", f"/recordings/{id}/replay", 202)
    return id


type Life = Callable[[SupervisedHost, LostAnswers], str]


def wrong_with(one: SupervisedHost, life: Life, losing: LostAnswers) -> list[str]:
    """One run, and what is not in the end as if no answer had been lost."""
    lines = len(one.host.log_lines())
    try:
        id = life(one, losing)
        one.wait_until_completed(id, RUN_SECONDS, patience=RUN_SECONDS)  # no sweep helps along
    except (AssertionError, TimeoutError, Error, httpx.RequestError) as error:
        return [str(error)]
    finally:
        one.gateway.fault_hook = NoFaults()
    recording = one.shown(id)
    wrong = differences(one.stack, recording) + violations_of(one.stack, recording) + left_at_acs(one.stack, recording)
    wrong += [f"A chunk ended {chunk}" for chunk in recording.chunks if chunk.status != "deleted"]
    tries = 2 if life is replayed else 1
    wrong += [f"It took {chunk.attempts} tries" for chunk in recording.chunks if chunk.attempts > tries]
    wrong += told(one, lines, ALERTS if life is replayed else ALERTS | {LogEvent.CHUNK_DEFERRED})
    return wrong + at_last(lambda: rows_twice(one, recording)) + deliveries(one, recording)


def at_last(problems: Callable[[], list[str]]) -> list[str]:
    """What does not pass: a recording is completed before its line in the open-work index is closed."""
    deadline = time.monotonic() + LINES_SECONDS
    while (found := problems()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def told(one: SupervisedHost, since: int, events: frozenset[LogEvent]) -> list[str]:
    """What the app said of these events in this run."""
    messages = [str(line["message"]) for line in one.host.log_lines()[since:]]
    return [message for message in messages if message.partition(" ")[0] in events]


def rows_twice(one: SupervisedHost, recording: Recording) -> list[str]:
    """Rows and lines of a recording that are more, or fewer, than one of each."""
    id = recording.id
    rows = [
        row["RowKey"] for row in one.tables.get_table_client(CATALOG_TABLE).query_entities(f"PartitionKey eq '{id}'")
    ]
    lines = one.tables.get_table_client(INDEX_TABLE).query_entities(f"id eq '{id}'")
    partitions = Counter(str(line["PartitionKey"]).partition("-")[0] for line in lines)
    kinds = Counter(re.sub(r"^(~?[A-Za-z]+).*", r"\1", str(row)) for row in rows)
    right = kinds["recording"] == 1 and kinds["chunk"] == kinds["~Stored"] == 3 and kinds["~Stopped"] == 1
    wrong = [] if right else [f"The rows are {rows}"]
    return wrong if partitions == {"list": 1, "call": 1, "acs": 1} else [*wrong, f"The lines are {partitions}"]


def deliveries(one: SupervisedHost, recording: Recording) -> list[str]:
    """Events that the app did not take at once."""
    events = [event for event in one.stack.simulator.events() if event.recording_id == recording.recording_id]
    return [f"An event was tried {len(event.attempts)} times" for event in events if len(event.attempts) > 1]


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SupervisedHost]:
    settings = Settings(retry_delays_seconds=(0.5, 1.0), delivery_attempts_max=9, active_delay_seconds=0.0)
    with supervised(tmp_path_factory.mktemp("lost"), settings, app_settings=PATIENT) as one:
        yield one


def test_every_fifth_answer_is_lost_and_noticed_by_nobody(one: SupervisedHost) -> None:
    undisturbed = LostAnswers()
    assert wrong_with(one, lived, undisturbed) == []
    losing = LostAnswers(frozenset(undisturbed.seen[::RUNS]))

    assert wrong_with(one, lived, losing) == []
    assert losing.lost


@pytest.mark.prove
@pytest.mark.parametrize("life", [lived, replayed])
def test_a_lost_answer_to_any_write_of_storage_is_noticed_by_nobody(
    one: SupervisedHost, life: Life, record_property: Callable[[str, object], None]
) -> None:
    began, undisturbed = time.monotonic(), LostAnswers()
    assert wrong_with(one, life, undisturbed) == []
    runs = len(undisturbed.seen) if SOAK else RUNS
    problems, lost = list[str](), set[Point]()

    for number in range(runs):
        losing = LostAnswers(frozenset(undisturbed.seen[number::runs]))
        wrong = wrong_with(one, life, losing)
        lost |= set(losing.lost)
        problems += [f"after {losing.lost}: {reason}" for reason in wrong]

    figures = {"writes": len(undisturbed.seen), "lost": len(lost), "seconds": round(time.monotonic() - began)}
    record_property("lost answers", figures)
    print(figures)  # noqa: T201 - the figures are half of what this test is for
    assert problems == []
    assert {point.kind for point in lost} == {point.kind for point in undisturbed.seen}
