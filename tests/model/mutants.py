"""Do the tests notice a wrong line? Each mutant of the lines that guard deletion and completion is put to them.

`python -m tests.model.mutants` tries all of them and lists the survivors; `--sample` the few that would hurt most.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from tests.model.mutations import Mutant, mutants

ROOT = Path(__file__).parents[2]
COPIED = ("shared", "functions", "local", "tests")  # all of tests/: what its conftest.py imports is there, too
FILES = ("pyproject.toml", "function_app.py")
GUARDS: dict[str, tuple[str, ...] | None] = {
    "shared/pipeline/deletion.py": None,
    "shared/pipeline/completion.py": None,
    "shared/pipeline/claims.py": None,
    "shared/control/control_recording.py": None,
    "shared/control/control_answers.py": None,
    "shared/domain/units.py": None,
    "shared/pipeline/transfer.py": (
        *("transfer", "attempt", "copy", "copy_metadata", "copy_media", "name_copy"),
        *("mark_stored", "defer", "give_up", "fail", "put_off", "kept_metadata", "contradicted_call"),
    ),
    "shared/pipeline/retries.py": ("is_over", "unproven"),
    "shared/pipeline/places.py": None,
    "shared/pipeline/ingest_plan.py": ("announced_again", "with_other_locations", "is_settled"),
    "shared/pipeline/sweep.py": ("sweep", "set_aside", "checks"),
    "shared/pipeline/sweep_chunks.py": None,
    "shared/pipeline/sweep_recordings.py": None,
    "shared/domain/wholeness.py": None,
    "shared/pipeline/find_recording.py": None,
    "shared/domain/listed_rows.py": None,
    "shared/pipeline/dead_letters.py": ("ingest_due", "ingest_one", "remove"),
    "shared/domain/open_work.py": None,
    "shared/domain/transitions.py": None,
    "shared/pipeline/outbox.py": None,
    "shared/copying/copy_content.py": ("copy", "copy_in_blocks", "verify_winner", "digest_of_blob"),
    "shared/copying/block_ids.py": ("staged", "whole", "is_whole", "list_digest"),
}
FIRST = (
    *("deletion", "completion", "transfer", "transfer_failures", "announced_again", "copy_names"),
    *("copy_content", "winner", "block_ids", "races"),
)
THEN = (
    *("claims", "own_storage", "sweep", "sweep_recordings", "sweep_patience", "sweep_units", "replay", "recordings"),
    *(
        "start",
        "callbacks",
        "callback_lessons",
        "control",
        "control_answers",
        "control_questions",
        "models",
        "units",
        "unforeseen",
    ),
    *("hostile_events", "wholeness", "start_outcomes"),
)
MODEL = (
    *("tests/model/test_guards.py", "tests/model/test_cost.py"),
    "tests/model/test_control.py",
    "tests/model/test_faults.py",
    "tests/model/test_losses.py",
    "tests/model/test_schedules.py",
    "tests/model/test_state_machine.py",
    "tests/model/test_neighbours.py",
)
QUICK = "not prove"
# Who most likely notices a change is asked first: most mutants die within seconds.
CLOSEST: dict[str, tuple[str, ...]] = {
    "shared/control/control_recording.py": (
        "control",
        "control_answers",
        "control_questions",
        "recordings",
        "sweep_recordings",
        "start",
        "callbacks",
        "callback_lessons",
    ),
    "shared/control/control_answers.py": ("control_answers", "control", "control_questions", "sweep_recordings"),
    "shared/pipeline/claims.py": ("claims", "transfer", "transfer_failures"),
    "shared/pipeline/find_recording.py": ("matching", "ingest", "hostile_events"),
    "shared/domain/listed_rows.py": ("listing", "matching", "start_outcomes"),
    "shared/domain/units.py": ("units", "unforeseen", "sweep", "sweep_units", "replay"),
    "shared/pipeline/sweep.py": ("sweep", "sweep_recordings", "sweep_units"),
    "shared/pipeline/sweep_chunks.py": ("sweep", "sweep_units"),
    "shared/pipeline/sweep_recordings.py": ("sweep_recordings", "sweep_patience", "sweep_units"),
    "shared/domain/wholeness.py": ("wholeness", "completion"),
}
SECONDS_MAX = 1200  # of one round: a busy machine kills no mutant. An endless loop dies by the time-out of each test
UNCHANGED = "shared/pipeline/deletion.py"  # the module that is put to the tests as it is
# What must die in CI: without these an original could be deleted unproven, or a recording completed too early.
SAMPLE = (
    "reverify, line",
    "unaltered, line",
    "decide, line",
    "mark_stored, line",
)


def found(only: str = "") -> list[Mutant]:
    """The mutants of the guards whose path, or path and place, contain a text."""
    paths = {path: functions for path, functions in GUARDS.items() if only in path or not only.endswith(".py")}
    listed = [mutant for path, functions in paths.items() for mutant in mutants(path, source_of(path), functions)]
    return [mutant for mutant in listed if only in f"{mutant.path}: {mutant.where}"]


def source_of(path: str) -> str:
    return (ROOT / path).read_text()


def sampled(listed: Sequence[Mutant], count: int) -> list[Mutant]:
    """The guards' own mutants, evenly drawn."""
    guards = [mutant for mutant in listed if mutant.where.startswith(SAMPLE)]
    return guards[:: max(1, len(guards) // count)][:count]


def copy_of_tree(place: Path) -> Path:
    for name in COPIED:
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    for name in FILES:
        shutil.copy(ROOT / name, place / name)
    return place


def rounds(path: str, *, short: bool) -> list[list[str]]:
    """The files of tests that a module's mutants are put to, one round after the other until they die."""
    closest = CLOSEST.get(path, FIRST)
    others = [name for name in (FIRST if short else FIRST + THEN) if name not in closest]
    return [files for files in (units(closest), units(others), [] if short else list(MODEL)) if files]


def units(names: Iterable[str]) -> list[str]:
    return [str(file(name)) for name in names]


def file(name: str) -> Path:
    """The unit tests of a name, wherever below tests/unit/ they stand."""
    (found,) = ROOT.glob(f"tests/unit/**/test_{name}.py")
    return found.relative_to(ROOT)


def survives(mutant: Mutant, tree: Path, *, short: bool) -> bool:
    """Whether every test passes in spite of the change."""
    original = (tree / mutant.path).read_text()
    (tree / mutant.path).write_text(mutant.source)
    try:
        return all(passes(tree, files) for files in rounds(mutant.path, short=short))
    finally:
        (tree / mutant.path).write_text(original)


def passes(tree: Path, files: Sequence[str]) -> bool:
    """Raises: subprocess.TimeoutExpired when it cannot be told."""
    environment = os.environ | {"MODEL_EXAMPLES": "40", "MODEL_PREEMPTIONS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    options = ["-x", "-q", "-p", "no:cacheprovider", "-m", QUICK]
    command = [sys.executable, "-m", "pytest", *options, *files]
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, timeout=SECONDS_MAX, check=False)
    return done.returncode == 0


def tried(listed: Sequence[Mutant], *, short: bool) -> Iterator[tuple[Mutant, bool]]:
    """Each mutant, and whether it survives; on every processor.

    Raises:
        RuntimeError: the tests fail on the code as it is: then every mutant would seem to die.
    """
    unchanged = Mutant(UNCHANGED, "unchanged", source_of(UNCHANGED))
    processors = os.process_cpu_count() or 1
    trees: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory() as place, ThreadPoolExecutor(processors) as pool:
        for number in range(processors):
            trees.put(copy_of_tree(Path(place) / str(number)))

        def attempt(mutant: Mutant) -> bool:
            tree = trees.get()
            try:
                return survives(mutant, tree, short=short)
            finally:
                trees.put(tree)

        alive = pool.map(attempt, [unchanged, *listed])
        if not next(alive):
            pool.shutdown(cancel_futures=True)
            raise RuntimeError("The tests fail without any mutant.")
        yield from zip(listed, alive, strict=True)


def main(given: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.model.mutants", description=__doc__)
    parser.add_argument("--sample", type=int, help="try only so many, those of the guards themselves")
    parser.add_argument("--only", default="", help="try only those whose path or place contains this")
    options = parser.parse_args(given)
    listed = found(options.only)
    listed = sampled(listed, options.sample) if options.sample else listed
    began = time.monotonic()
    survivors = 0
    for mutant, alive in tried(listed, short=bool(options.sample)):
        survivors += alive
        print(f"{'SURVIVED' if alive else 'killed  '} {mutant.path}: {mutant.where}", flush=True)  # noqa: T201 - a command
    killed = len(listed) - survivors
    print(f"{len(listed)} mutants, {killed} killed, {survivors} survived, {time.monotonic() - began:.0f} s")  # noqa: T201 - as above
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
