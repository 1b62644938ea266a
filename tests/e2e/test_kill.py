"""The host is killed before and after every request that it makes for a recording, and nothing is lost.

Each point is a run of its own: a call is recorded from start to stop, `kill -9` strikes, the host starts again, and
the sweep runs as its timer would have it. SOAK=1 takes every point, `make prove` every fifth, `make test` a few.
"""

import os
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from local.simulator.scripts import Script
from local.simulator.settings import Settings
from shared.settings import DEAD_LETTERS_CONTAINER
from tests.e2e.gateway import NoFaults
from tests.e2e.kill_points import KillPoint, RequestCounter
from tests.e2e.steps import differences, left_at_acs, violations_of
from tests.e2e.supervised_host import SupervisedHost, supervised

SOAK = bool(os.environ.get("SOAK"))
STRIDE = 1 if SOAK else 5  # odd, so that both moments come in turn
FEW_STRIDE = 61  # odd, too
LANES = 3 if SOAK else 2  # stacks that work side by side: most of a run is waiting
UNDISTURBED_SECONDS = 5.0  # how long a recording may take before the sweep helps along
RUN_SECONDS = 60.0
EVENTS_SECONDS = 150.0  # two tries of the sweep, and some runs of it
TOPIC = "POST /api/events?api-version="
TRIES = 3  # for a point that a run did not come to: a few requests depend on who comes first
PROBLEMS_MAX = 5  # after which going on tells nothing new

PATIENT = Settings(retry_delays_seconds=(0.2, 0.3, 0.5), delivery_attempts_max=60)
NOBODY = "http://127.0.0.1:9/nobody"
# Three blocks, exactly one block, and less than one.
THREE = Script(chunks=3, chunk_bytes=(150_000, 65_536, 30_000))

type Run = Callable[[SupervisedHost, RequestCounter], str]
"""Makes a recording and returns its id as soon as it is on its way."""


@dataclass
class Figures:
    """What became of all runs."""

    points: list[KillPoint] = field(default_factory=list)
    runs: int = 0
    hit: set[KillPoint] = field(default_factory=set)
    missed: list[KillPoint] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    slowest: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


def announced(one: SupervisedHost, counting: RequestCounter) -> str:
    """All goes its usual way: control requests, event, transfers, deletions, completion."""
    one.gateway.fault_hook = counting
    return one.record(THREE)


def dead_lettered(one: SupervisedHost, counting: RequestCounter) -> str:
    """The event comes in as a dead letter; what counts are the requests of the sweep that takes it in."""
    one.stack.simulator.change_settings(event_endpoint=NOBODY)
    id = one.record(THREE)
    deadline = time.monotonic() + 20
    with one.stack.blobs as blobs:
        container = blobs.get_container_client(DEAD_LETTERS_CONTAINER)
        while not list(container.list_blob_names()):
            assert time.monotonic() < deadline, "No dead letter was written"
            time.sleep(0.05)
    one.gateway.fault_hook = counting
    one.swept_at = 0.0
    one.sweep()
    counting.mark()
    return id


def carried_out(one: SupervisedHost, run: Run, counting: RequestCounter) -> list[str]:
    """One recording from start to completed; what is wrong with it in the end."""
    one.clear_queues()
    one.kills = 0
    try:
        id = run(one, counting)
        one.wait_until_completed(id, RUN_SECONDS, UNDISTURBED_SECONDS)
        counting.wait_until_quiet()
    except (TimeoutError, AssertionError) as error:
        return [str(error)]
    finally:
        one.gateway.fault_hook = NoFaults()
        one.revive()
    recording = one.shown(id)
    wrong = differences(one.stack, recording) + violations_of(one.stack, recording) + left_at_acs(one.stack, recording)
    wrong += one.untold(recording)
    one.recorded.append(id)
    statuses = [chunk.status for chunk in recording.chunks]
    return wrong if (recording.status, statuses) == ("completed", ["deleted"] * 3) else [*wrong, str(recording)]


def survive(one: SupervisedHost, run: Run, point: KillPoint, figures: Figures) -> None:
    """Carry out a run that is killed at a point."""
    for _ in range(TRIES):
        counting, began = RequestCounter(one.kill, point), time.monotonic()
        wrong = carried_out(one, run, counting)
        with figures.lock:
            figures.runs += 1
            figures.slowest = max(figures.slowest, time.monotonic() - began)
            figures.problems += [f"{point}: {reason}" for reason in wrong]
            if counting.hit:
                figures.hit.add(point)
        if counting.hit or wrong:
            return
    with figures.lock:
        figures.missed.append(point)


def work(one: SupervisedHost, run: Run, points: "queue.SimpleQueue[KillPoint]", figures: Figures) -> None:
    while len(figures.problems) < PROBLEMS_MAX:
        try:
            point = points.get_nowait()
        except queue.Empty:
            return
        survive(one, run, point, figures)


def kill_at(
    directory: Path,
    run: Run,
    settings: Settings,
    *,
    stride: int = STRIDE,
    lanes: int = LANES,
    tells_all: bool = True,
) -> Figures:
    """Look at an undisturbed run, then kill at every so many of its points.

    `tells_all` says that in the end it is waited for events that a kill kept from being sent.
    """
    figures, points = Figures(), queue.SimpleQueue[KillPoint]()
    ready = threading.Barrier(lanes, timeout=120)

    def lane(number: int) -> None:
        with supervised(directory / f"lane{number}", settings) as one:
            for _ in range(2):  # the first run of a host makes a few requests that later ones need not make
                counting = RequestCounter(one.kill)
                assert carried_out(one, run, counting) == []
            if ready.wait() == 0:
                figures.points = counting.points()
                for point in figures.points[::stride]:
                    points.put(point)
            ready.wait()
            work(one, run, points, figures)
            if tells_all:
                never_told = one.tell_all(one.recorded, EVENTS_SECONDS)
                figures.problems += [f"The topic never got {event}" for event in never_told]

    in_lanes(lane, lanes)
    return figures


def in_lanes(lane: Callable[[int], None], lanes: int) -> None:
    """Run the lanes side by side, and fail as the first of them does."""
    failures: list[BaseException] = []

    def recorded_lane(number: int) -> None:
        try:
            lane(number)
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            failures.append(error)

    threads = [threading.Thread(target=recorded_lane, args=(number,)) for number in range(lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def test_a_kill_at_a_few_requests_loses_nothing_and_deletes_nothing_early(tmp_path: Path) -> None:
    figures = kill_at(tmp_path, announced, PATIENT, stride=FEW_STRIDE, lanes=1, tells_all=False)

    assert any(TOPIC in point.kind for point in figures.points)
    assert not figures.problems, "\n".join(figures.problems)
    assert figures.hit


@pytest.mark.prove
@pytest.mark.timeout(3600 if SOAK else 600)
@pytest.mark.parametrize(
    ("run", "settings"),
    [
        pytest.param(announced, PATIENT, id="announced"),
        pytest.param(dead_lettered, Settings(delivery_attempts_max=1), id="dead-lettered"),
    ],
)
def test_a_kill_before_or_after_any_request_loses_nothing_and_deletes_nothing_early(
    tmp_path: Path, record_property: Callable[[str, object], None], run: Run, settings: Settings
) -> None:
    began = time.monotonic()

    figures = kill_at(tmp_path, run, settings)

    told = {
        "requests": len(figures.points) // 2,
        "kill points": len(figures.points),
        "runs": figures.runs,
        "killed": len(figures.hit),
        "not reached": [str(point) for point in figures.missed],
        "slowest run": f"{figures.slowest:.1f} s",
        "seconds": round(time.monotonic() - began),
    }
    record_property("kills", told)
    print(told)  # noqa: T201 - the figures are half of what this test is for
    assert not figures.problems, "\n".join(figures.problems)
    # Which polls find one message and which several is up to chance, and so are the last of a few kinds of request.
    assert len(figures.missed) <= max(2, figures.runs // 15)
    if SOAK:
        wanted = {(point.kind, point.moment) for point in figures.points}
        assert wanted - {(point.kind, point.moment) for point in figures.hit} == set()
