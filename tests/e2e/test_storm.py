"""Everything at once: a fifth of all requests fails, the host is killed every few seconds, every event comes twice.

SOAK=1 takes 200 recordings, `make prove` 30, `make test` a few. The storm ends when all is completed or its time is
over; then whatever is left has calm to finish in.
"""

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.simulator.scripts import EventOptions, Script
from local.simulator.settings import Settings
from tests.e2e.gateway import NoFaults
from tests.e2e.random_faults import RandomFaults, bad_day
from tests.e2e.steps import differences, left_at_acs
from tests.e2e.supervised_host import SupervisedHost, supervised

SOAK = bool(os.environ.get("SOAK"))
RECORDINGS = 200 if SOAK else 30
CALLERS = 15
STORM_SECONDS = 300.0 if SOAK else 25.0
CALM_SECONDS = 300.0 if SOAK else 60.0
CALLER_SECONDS = STORM_SECONDS + CALM_SECONDS
PROBABILITY = 0.2
KILL_EVERY_SECONDS = (4.0, 8.0)
SEED = 20261122

IMPATIENT = Settings(retry_delays_seconds=(0.3, 1.0), delivery_attempts_max=4)


def scripts(recordings: int) -> list[Script]:
    """Small recordings of one to three chunks; every event comes twice, and in any order."""
    chance = random.Random(SEED)
    return [
        Script(
            chunks=(chunks := chance.randint(1, 3)),
            chunk_bytes=tuple(chance.randint(1_000, 100_000) for _ in range(chunks)),
            events=EventOptions(duplicates=1, shuffle=True, one_event_per_chunk=chance.random() < 0.5),
        )
        for _ in range(recordings)
    ]


@contextmanager
def storm(one: SupervisedHost) -> Iterator[RandomFaults]:
    """Faults everywhere, and a killer at work."""
    random_faults = RandomFaults(PROBABILITY, SEED)
    for fault in bad_day(PROBABILITY, SEED):
        one.stack.simulator.add_fault(fault)
    over = threading.Event()
    killer = threading.Thread(target=keep_killing, args=(one, over), name="killer")
    one.gateway.fault_hook = random_faults
    killer.start()
    try:
        yield random_faults
    finally:
        over.set()
        killer.join()
        one.gateway.fault_hook = NoFaults()
        random_faults.faults_of_acs = sum(fault.hits for fault in one.stack.simulator.faults())
        random_faults.requests_to_acs = len(one.stack.simulator.requests())
        one.stack.simulator.clear_faults()


def keep_killing(one: SupervisedHost, over: threading.Event) -> None:
    chance = random.Random(SEED)
    while not over.wait(chance.uniform(*KILL_EVERY_SECONDS)):
        one.kill()
        one.revive()


def outlast(one: SupervisedHost, ids: list[str], seconds: float, done: Callable[[], bool] = lambda: True) -> list[str]:
    """Keep host and sweep running; the recordings that are still not completed when the time is over."""
    deadline = time.monotonic() + seconds
    completed: set[str] = set()
    while time.monotonic() < deadline:
        completed |= {id for id in ids[:] if id not in completed and one.status(id) == "completed"}
        if done() and len(completed) == len(ids):
            break
        one.revive()
        one.sweep()
        time.sleep(0.1)
    return [id for id in ids if id not in completed]


@pytest.mark.timeout(1800 if SOAK else 300)
@pytest.mark.parametrize(
    ("recordings", "storm_seconds"),
    [(6, 8.0), pytest.param(RECORDINGS, STORM_SECONDS, marks=pytest.mark.prove)],
    ids=["short", "long"],
)
def test_in_a_storm_of_faults_and_kills_every_recording_is_completed_and_none_deleted_early(
    tmp_path: Path, record_property: Callable[[str, object], None], recordings: int, storm_seconds: float
) -> None:
    began, ids = time.monotonic(), list[str]()
    with supervised(tmp_path, IMPATIENT, direct_to_acs=True) as one, ThreadPoolExecutor(CALLERS) as callers:
        with storm(one) as random_faults:
            calls = [
                callers.submit(lambda script: ids.append(one.record(script, CALLER_SECONDS)), script)
                for script in scripts(recordings)
            ]
            outlast(one, ids, storm_seconds, lambda: all(call.done() for call in calls))
            stormy = time.monotonic() - began
            in_time = sum(one.status(id) == "completed" for id in list(ids))
        for call in calls:
            call.result(CALM_SECONDS)

        late = outlast(one, ids, CALM_SECONDS)

        told = {
            "recordings": len(ids),
            "kills": one.kills,
            "storage requests": random_faults.requests,
            "of them faulted": random_faults.faulted,
            "requests to ACS": random_faults.requests_to_acs,
            "of these faulted": random_faults.faults_of_acs,
            "completed in the storm": in_time,
            "seconds of storm": round(stormy),
            "seconds": round(time.monotonic() - began),
        }
        record_property("storm", told)
        print(told)  # noqa: T201 - the figures are half of what this test is for
        assert [one.shown(id) for id in late] == []
        shown = [one.shown(id) for id in ids]
        assert len(shown) == recordings
        assert [name for recording in shown for name in differences(one.stack, recording)] == []
        assert one.stack.simulator.violations() == []
        assert [document for recording in shown for document in left_at_acs(one.stack, recording)] == []
