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
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from tests.model.mutations import Mutant, mutants

ROOT = Path(__file__).parents[2]
COPIED = ("shared", "functions", "local", "tests/unit", "tests/model", "tests/fakes", "tests/events")
FILES = (
    "tests/__init__.py",
    "tests/builders.py",
    "tests/copying.py",
    "tests/hostile.py",
    "tests/conftest.py",
    "tests/packaged.py",
    "pyproject.toml",
    "function_app.py",
)
GUARDS: dict[str, tuple[str, ...] | None] = {
    "shared/pipeline/deletion.py": None,
    "shared/pipeline/completion.py": None,
    "shared/pipeline/claims.py": None,
    "shared/control/control_requests.py": None,
    "shared/domain/units.py": None,
    "shared/pipeline/transfer.py": (
        "transfer",
        "attempt",
        "copied",
        "copy_metadata",
        "copy_media",
        "read_twice",
        "stored",
        "deferred",
        "expired",
        "failed",
        "put_off",
    ),
    "shared/pipeline/sweep.py": (
        "sweep",
        "set_aside",
        "chunk_looked_at",
        "recording_looked_at",
        "look_again",
        "failure_looked_at",
        "failed_looked_at",
        "transferring_looked_at",
        "without_files_looked_at",
        "sent_again",
        "warn",
        "letters",
    ),
    "shared/copying/copy_content.py": ("copy", "copy_in_blocks", "verify_winner", "digest_of_blob", "proven_by_ids"),
    "shared/copying/block_ids.py": ("staged", "list_digest"),
}
FIRST = ("deletion", "completion", "transfer", "transfer_failures", "copy_content", "winner", "block_ids", "races")
THEN = (
    *("own_storage", "sweep", "sweep_recordings", "replay", "recordings", "start", "callbacks"),
    *("models", "units", "unforeseen", "hostile_events"),
)
MODEL = (
    *("tests/model/test_guards.py", "tests/model/test_cost.py"),
    "tests/model/test_control.py",
    "tests/model/test_neighbours.py",
    "tests/model/test_losses.py",
    "tests/model/test_faults.py",
    "tests/model/test_schedules.py",
    "tests/model/test_state_machine.py",
)
QUICK = "not prove"
SECONDS_MAX = 120  # an endless loop is a death, too
# What must die in CI: without these an original could be deleted unproven, or a recording completed too early.
SAMPLE = (
    "second_look, line",
    "unaltered, line",
    "decide, line",
    "stored, line",
)


def found() -> list[Mutant]:
    return [
        mutant for path, functions in GUARDS.items() for mutant in mutants(path, (ROOT / path).read_text(), functions)
    ]


def sampled(listed: Sequence[Mutant], count: int) -> list[Mutant]:
    """The guards' own mutants, evenly drawn."""
    guards = [mutant for mutant in listed if mutant.where.startswith(SAMPLE)]
    return guards[:: max(1, len(guards) // count)][:count]


def copy_of_tree(place: Path) -> Path:
    for name in COPIED:
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    for name in FILES:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, place / name)
    return place


def arguments(*, short: bool) -> list[str]:
    chosen = [str(file(name)) for name in (FIRST if short else FIRST + THEN)]
    options = ["-x", "-q", "-p", "no:cacheprovider", "-k", QUICK]
    return [*options, *chosen, *(() if short else MODEL)]


def file(name: str) -> Path:
    """The unit tests of a name, wherever below tests/unit/ they stand."""
    (found,) = ROOT.glob(f"tests/unit/**/test_{name}.py")
    return found.relative_to(ROOT)


def survives(mutant: Mutant, tree: Path, *, short: bool) -> bool:
    """Whether every test passes in spite of the change."""
    original = (tree / mutant.path).read_text()
    (tree / mutant.path).write_text(mutant.source)
    environment = os.environ | {"MODEL_EXAMPLES": "40", "MODEL_PREEMPTIONS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", *arguments(short=short)]
    try:
        done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, timeout=SECONDS_MAX, check=False)
    except subprocess.TimeoutExpired:
        return False
    finally:
        (tree / mutant.path).write_text(original)
    return done.returncode == 0


def tried(listed: Sequence[Mutant], *, short: bool) -> Iterator[tuple[Mutant, bool]]:
    """Each mutant, and whether it survives; on every processor."""
    processors = os.process_cpu_count() or 1
    trees: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory() as place, ThreadPoolExecutor(processors) as pool:
        for number in range(processors):
            trees.put(copy_of_tree(Path(place) / str(number)))
        refuse_broken(trees, short=short)

        def attempt(mutant: Mutant) -> bool:
            tree = trees.get()
            try:
                return survives(mutant, tree, short=short)
            finally:
                trees.put(tree)

        yield from zip(listed, pool.map(attempt, listed), strict=True)


def refuse_broken(trees: SimpleQueue[Path], *, short: bool) -> None:
    """Raises: RuntimeError when the tests fail on the code as it is: then every mutant would seem to die."""
    tree = trees.get()
    path = next(iter(GUARDS))
    unchanged = Mutant(path, "unchanged", (tree / path).read_text())
    if not survives(unchanged, tree, short=short):
        raise RuntimeError("The tests fail without any mutant.")
    trees.put(tree)


def main(given: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.model.mutants", description=__doc__)
    parser.add_argument("--sample", type=int, help="try only so many, those of the guards themselves")
    parser.add_argument("--only", default="", help="try only those whose path or place contains this")
    options = parser.parse_args(given)
    listed = [mutant for mutant in found() if options.only in f"{mutant.path}: {mutant.where}"]
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
