"""Many runs: every single fault, every pair, and as many drawn ones as wanted, on every processor there is."""

import gc
import logging
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import batched, islice
from math import inf
from multiprocessing import get_context

from shared.domain.log import LOGGER
from tests.fakes import Fault
from tests.model.faults import faults_of
from tests.model.model_run import ModelRun, exactly, seeded
from tests.model.scenarios import Scenario
from tests.model.violation import Violation

ITEMS_PER_TASK = 100
GARBAGE_LETS_WAIT = 50_000  # a run is full of cycles; collecting them after each would take half of the time
AGAIN_EVERY = 10  # of the drawn runs, how many deliver everything once more in the end


@dataclass
class Totals:
    """What was found in some runs."""

    runs: int = 0
    effects_max: int = 0
    struck: Counter[int] = field(default_factory=Counter)  # how many faults hit: how many runs
    violations: list[str] = field(default_factory=list)

    def count(self, model_run: ModelRun, *, again: bool) -> ModelRun | None:
        """Run it once and count it; None when an invariant broke."""
        self.runs += 1
        try:
            model_run.run(again=again)
        except Violation as violation:
            self.violations.append(str(violation))
            return None
        finally:
            self.effects_max = max(self.effects_max, len(model_run.world.effects))
            self.struck[len(model_run.struck)] += 1
        return model_run

    def add(self, other: "Totals") -> None:
        self.runs += other.runs
        self.effects_max = max(self.effects_max, other.effects_max)
        self.struck += other.struck
        self.violations += other.violations

    def __str__(self) -> str:
        return f"{self.runs} runs, {len(self.violations)} violations, up to {self.effects_max} effects in a run"


type Faults = tuple[tuple[int, Fault], ...]
type Task = tuple[Scenario, Faults]
# Runs what bears a name under these faults; returns the faults that its effects can meet. Raises: Violation.
type Play = Callable[[str, Faults], Iterable[tuple[int, Fault]]]


def undisturbed(scenario: Scenario) -> list[str]:
    """The names of the effects of a run without faults."""
    return [effect.name for effect in exactly(scenario, {}).run(again=False).world.effects]


def single_faults(scenario: Scenario) -> list[Task]:
    names = enumerate(undisturbed(scenario), start=1)
    return [(scenario, ((number, fault),)) for number, name in names for fault in faults_of(name)]


def one(task: Task) -> Totals:
    """One run, and everything delivered again in the end."""
    scenario, faults = task
    totals = Totals()
    totals.count(exactly(scenario, dict(faults)), again=True)
    return totals


def pairs_with(task: Task) -> Totals:
    """Every second fault that can follow a first one: at every later effect, those of the retries too."""
    scenario, ((first, fault),) = task
    totals = Totals()
    after = [*exactly(scenario, {first: fault}).run(again=False).world.effects][first:]
    for effect in after:
        for second in faults_of(effect.name):
            totals.count(exactly(scenario, {first: fault, effect.number: second}), again=False)
    return totals


def following_faults(play: Play, name: str, faults: Faults, totals: Totals) -> Iterator[Faults]:
    """Run it, count it, and say which faults can follow these."""
    totals.runs += 1
    try:
        possible = play(name, faults)
    except Violation as violation:
        totals.violations.append(str(violation))
        return
    last = faults[-1][0] if faults else 0
    for number, fault in possible:
        totals.effects_max = max(totals.effects_max, number)
        if number > last:
            yield *faults, (number, fault)


def every_fault(play: Play, name: str, step: int = 1) -> Totals:
    """Every so many of the faults that can hit a run; all for 1."""
    totals = Totals()
    for fault in islice(following_faults(play, name, (), totals), 0, None, step):
        next(following_faults(play, name, fault, totals), None)  # run, and left at that
    return totals


def first_faults(play: Play, name: str) -> list[tuple[str, Faults]]:
    return [(name, faults) for faults in following_faults(play, name, (), Totals())]


def pairs_after(play: Play, task: tuple[str, Faults]) -> Totals:
    """A first fault, alone and with every second one that can follow it."""
    name, first = task
    totals = Totals()
    for pair in following_faults(play, name, first, totals):
        next(following_faults(play, name, pair, totals), None)
    return totals


def pairs(play: Play, name: str, firsts: int | None = None) -> Totals:
    """Every pair of faults that can hit a run, on every processor; of about so many first ones, if not of all."""
    tasks = first_faults(play, name)
    step = max(1, len(tasks) // firsts) if firsts else 1
    return everywhere(partial(pairs_after, play), list(strided(tasks, step)))


UNDISTURBED: dict[Scenario, int] = {}


def drawn(seed: int) -> Totals:
    """The run of a seed."""
    totals = Totals()
    totals.count(seeded(seed, UNDISTURBED), again=seed % AGAIN_EVERY == 0)
    for place, violation in enumerate(totals.violations):
        totals.violations[place] = f"seed {seed}: {violation}\n  or: python -m tests.model --seed {seed}"
    return totals


def quiet() -> None:
    """As little beside the work as possible; alerts can be heard by those who listen."""
    LOGGER.setLevel(logging.ERROR)
    LOGGER.propagate = False
    LOGGER.addHandler(logging.NullHandler())  # or Python writes what nobody hears to standard error
    gc.set_threshold(GARBAGE_LETS_WAIT)


def several[Item](work: Callable[[Item], Totals], items: Sequence[Item]) -> Totals:
    total = Totals()
    for item in items:
        total.add(work(item))
    return total


def everywhere[Item](work: Callable[[Item], Totals], items: Sequence[Item], seconds: float = inf) -> Totals:
    """The work on all items, spread over the processors; on as many as the time allows."""
    total = Totals()
    size = max(1, min(ITEMS_PER_TASK, len(items) // 20))
    processors = os.process_cpu_count() or 1
    stop_at = time.monotonic() + seconds
    batches = iter(batched(items, size, strict=False))
    with ProcessPoolExecutor(processors, get_context("spawn"), quiet) as pool:
        waiting = deque(pool.submit(several, work, batch) for batch in islice(batches, 2 * processors))
        while waiting:
            total.add(waiting.popleft().result())
            if time.monotonic() < stop_at:
                waiting.extend(pool.submit(several, work, batch) for batch in islice(batches, 1))
    return total


def strided[Item](items: Sequence[Item], step: int) -> Iterator[Item]:
    """Every so many of them; all for 1."""
    yield from items[::step]
