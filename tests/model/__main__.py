"""Run the model in its long form, or one run again.

`--runs 1000000`: every single fault, every pair, every schedule, and that many drawn runs.
`--seed 17`: one drawn run, effect by effect. `--scenario … --faults …`, `--loss … --faults …`, `--script … --faults …`,
`--beside … --faults …`: one run as a violation printed it.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from tests.model import control, neighbours
from tests.model.faults import FixedFaults, parsed
from tests.model.losses import LOSSES, LossRun, play_loss
from tests.model.model_run import ModelRun, exactly, first_parts, seeded
from tests.model.scenarios import ONE, THREE, Scenario, in_blocks
from tests.model.schedules import RACES, explored
from tests.model.search import (
    UNDISTURBED,
    Play,
    Totals,
    drawn,
    everywhere,
    one,
    pairs,
    pairs_with,
    quiet,
    single_faults,
)
from tests.model.violation import Violation

RUNS = 50_000
PREEMPTIONS = 3
SCENARIOS = {
    "one chunk": ONE,
    "one chunk in blocks": in_blocks(ONE),
    "three chunks": THREE,
    "three chunks in blocks": in_blocks(THREE),
    "three chunks, an event each": first_parts(THREE),
}
PLAYED: list[tuple[Iterable[str], Play]] = [
    (LOSSES, play_loss),
    (control.SCRIPTS, control.play_script),
    (neighbours.HOPELESS_UNITS, neighbours.play_beside),
]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS, help="how many drawn runs")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="show the run of one seed")
    parser.add_argument("--scenario", type=Scenario.named, help="show one run: what happens in it")
    parser.add_argument("--loss", choices=LOSSES, help="… or what is lost in it")
    parser.add_argument("--script", choices=control.SCRIPTS, help="… or how it is controlled")
    parser.add_argument("--beside", choices=neighbours.HOPELESS_UNITS, help="… or what can never be done in it")
    parser.add_argument("--faults", type=parsed, default={}, help="… and which faults hit which effects")
    options = parser.parse_args(arguments)
    quiet()
    if options.seed is not None:
        return show(seeded(options.seed, UNDISTURBED))
    if options.scenario is not None:
        return show(exactly(options.scenario, options.faults))
    if options.loss is not None:
        return show(LossRun(options.loss, FixedFaults(options.faults)))
    if options.script is not None:
        return show(control.ControlRun(options.script, FixedFaults(options.faults)))
    if options.beside is not None:
        return show(neighbours.NeighbourRun(options.beside, FixedFaults(options.faults)))
    return long_form(options.first, options.runs)


def show(model_run: ModelRun | LossRun | control.ControlRun | neighbours.NeighbourRun) -> int:
    try:
        model_run.run()
        told = "every invariant holds"
    except Violation as violation:
        told = f"VIOLATION: {violation}"
    for effect in model_run.world.effects:
        print(f"{effect.number:5} {effect.name:32} {model_run.struck.get(effect.number, '')}")  # noqa: T201 - a command
    print(f"{model_run.name}: {told}")  # noqa: T201 - as above
    return int(told.startswith("VIOLATION"))


def long_form(first: int, runs: int) -> int:
    failures = 0
    for name, scenario in SCENARIOS.items():
        failures += told(f"every fault, {name}", partial(everywhere, one, single_faults(scenario)))
        if scenario.chunks == 1:
            failures += told(f"every pair, {name}", partial(everywhere, pairs_with, single_faults(scenario)))
    for names, play in PLAYED:
        for name in names:
            failures += told(f"every pair, {name}", partial(pairs, play, name))
    for name in control.CONTESTS:
        failures += told(f"every order, {name}", partial(control.every_order, name, PREEMPTIONS))
    for name in RACES:
        failures += told(f"schedules, {name}", partial(explored, name, PREEMPTIONS))
    failures += told("drawn, three chunks", partial(everywhere, drawn, range(first, first + runs)))
    return int(failures > 0)


def told(what: str, work: Callable[[], Totals]) -> int:
    began = time.monotonic()
    totals = work()
    print(f"{what}: {totals}, {time.monotonic() - began:.0f} s", flush=True)  # noqa: T201 - a command
    for violation in totals.violations[:5]:
        print(violation)  # noqa: T201 - a command
    return len(totals.violations)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
