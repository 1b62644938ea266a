"""Run the model in its long form, or one run again.

`--runs 1000000`: every single fault, every pair, every schedule, and that many drawn runs.
`--seed 17`: one drawn run, effect by effect. `--scene … --strikes …`, `--loss … --strikes …`, `--script … --strikes …`,
`--beside … --strikes …`: one run as a violation printed it.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial

from tests.model import control, neighbours
from tests.model.faults import At, parsed
from tests.model.losses import LOSSES, Losing, first_faults, pairs_around
from tests.model.oracle import Violation
from tests.model.scene import ONE, THREE, Scene, in_blocks
from tests.model.schedules import RACES, explored
from tests.model.search import UNDISTURBED, Tally, drawn, everywhere, one, pairs_with, quiet, single_faults
from tests.model.trial import Trial, exactly, first_parts, seeded

RUNS = 50_000
PREEMPTIONS = 3
SCENES = {
    "one chunk": ONE,
    "one chunk in blocks": in_blocks(ONE),
    "three chunks": THREE,
    "three chunks in blocks": in_blocks(THREE),
    "three chunks, an event each": first_parts(THREE),
}


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS, help="how many drawn runs")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="show the run of one seed")
    parser.add_argument("--scene", type=Scene.named, help="show one run: what happens in it")
    parser.add_argument("--loss", choices=LOSSES, help="… or what is lost in it")
    parser.add_argument("--script", choices=control.SCRIPTS, help="… or how it is controlled")
    parser.add_argument("--beside", choices=neighbours.HOPELESS_UNITS, help="… or what can never be done in it")
    parser.add_argument("--strikes", type=parsed, default={}, help="… and which faults hit which effects")
    options = parser.parse_args(arguments)
    quiet()
    if options.seed is not None:
        return show(seeded(options.seed, UNDISTURBED))
    if options.scene is not None:
        return show(exactly(options.scene, options.strikes))
    if options.loss is not None:
        return show(Losing(options.loss, At(options.strikes)))
    if options.script is not None:
        return show(control.Played(options.script, At(options.strikes)))
    if options.beside is not None:
        return show(neighbours.Beside(options.beside, At(options.strikes)))
    return long_form(options.first, options.runs)


def show(trial: Trial | Losing | control.Played | neighbours.Beside) -> int:
    try:
        trial.run()
        told = "every invariant holds"
    except Violation as violation:
        told = f"VIOLATION: {violation}"
    for effect in trial.world.effects:
        print(f"{effect.number:5} {effect.name:32} {trial.struck.get(effect.number, '')}")  # noqa: T201 - a command
    print(f"{trial.name}: {told}")  # noqa: T201 - as above
    return int(told.startswith("VIOLATION"))


def long_form(first: int, runs: int) -> int:
    failures = 0
    for name, scene in SCENES.items():
        failures += told(f"every fault, {name}", partial(everywhere, one, single_faults(scene)))
        if scene.chunks == 1:
            failures += told(f"every pair, {name}", partial(everywhere, pairs_with, single_faults(scene)))
    for name in LOSSES:
        failures += told(f"every pair, {name}", partial(everywhere, pairs_around, first_faults(name)))
    for name in control.SCRIPTS:
        failures += told(f"every pair, {name}", partial(everywhere, control.pairs_with, control.first_faults(name)))
    for name in neighbours.HOPELESS_UNITS:
        failures += told(
            f"every pair, {name}", partial(everywhere, neighbours.pairs_with, neighbours.first_faults(name))
        )
    for name in control.CONTESTS:
        failures += told(f"every order, {name}", partial(control.every_order, name, PREEMPTIONS))
    for name in RACES:
        failures += told(f"schedules, {name}", partial(explored, name, PREEMPTIONS))
    failures += told("drawn, three chunks", partial(everywhere, drawn, range(first, first + runs)))
    return int(failures > 0)


def told(what: str, work: Callable[[], Tally]) -> int:
    began = time.monotonic()
    tally = work()
    print(f"{what}: {tally}, {time.monotonic() - began:.0f} s", flush=True)  # noqa: T201 - a command
    for violation in tally.violations[:5]:
        print(violation)  # noqa: T201 - a command
    return len(tally.violations)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
