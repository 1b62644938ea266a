"""Enter doors guided by coverage: `python -m tests.fuzz --seconds 60 [door…]`; all of them, one after the other.

Inputs that reach something new are kept in `.local/fuzz/{door}/corpus`, from one run to the next; each that ends other
than declared lies in `.local/fuzz/{door}/found`, with its traceback. Such an input becomes a test in `test_found.py`.
With `--keep` the fewest and shortest inputs that reach what all of them do are added to the corpus of the repository.
"""

import argparse
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.fuzz.corpus import smallest, write
from tests.fuzz.door import CORPORA, Door
from tests.fuzz.doors import DOORS

ROOT = Path(__file__).parents[2]
WORK = ROOT / ".local" / "fuzz"
DONE = re.compile(r"Done (\d+) runs in (\d+) second")
KEPT_BYTES_MAX = 8 * 1024  # of a door's corpus in the repository
LATE_SECONDS = 120  # for the imports, and for what is under way at the end


@dataclass(frozen=True)
class Run:
    """What became of a door.

    Attributes:
        executions: inputs that were entered.
        seconds: that it took.
        found: names of the inputs that ended other than declared.
    """

    executions: int
    seconds: int
    found: tuple[str, ...]


def is_available() -> bool:
    """Whether atheris is installed: it is there for Linux on x86_64 only."""
    return find_spec("atheris") is not None


def guided(name: str, seconds: int, folder: Path, *options: str) -> Run:
    """Enter a door for some seconds. Raises: RuntimeError where the fuzzer itself failed."""
    command = [sys.executable, "-m", "tests.fuzz.guided", name, str(seconds), str(folder), *options]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False, timeout=seconds + LATE_SECONDS
    )
    counted = DONE.search(done.stderr)
    found = tuple(sorted(path.name for path in (folder / "found").glob("*") if path.suffix != ".txt"))
    if counted is None and not found:
        raise RuntimeError(f"The fuzzer of {name} failed: {done.stderr[-2000:]}")
    executions, took = (int(counted[1]), int(counted[2])) if counted else (0, 0)
    return Run(executions, took, found)


def keep(door: Door[Any], folder: Path) -> None:
    """Have the repository's corpus be the shortest inputs that reach what is reached by now, as far as there is room.

    What the seeds reach needs none.
    """
    kept = CORPORA / door.name
    kept.mkdir(parents=True, exist_ok=True)
    reached = [path.read_bytes() for path in (folder / "corpus").iterdir()]
    found = smallest(door, door.seeds, [*door.corpus, *reached], KEPT_BYTES_MAX)
    for old in kept.iterdir():
        old.unlink()
    for data in found:
        write(kept, data)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("doors", nargs="*", metavar="door", help=f"of {', '.join(DOORS)}; all without one")
    parser.add_argument("--seconds", type=int, default=60, help="for each door")
    parser.add_argument("--keep", action="store_true", help="add what reached new code to the repository's corpus")
    asked = parser.parse_args()
    unknown = set(asked.doors) - set(DOORS)
    if unknown or not is_available():
        parser.error(f"no such door: {', '.join(unknown)}" if unknown else "atheris is not installed here")
    failed = False
    for name in asked.doors or DOORS:
        run = guided(name, asked.seconds, WORK / name)
        sys.stdout.write(f"{name}: {run.executions:,} executions in {run.seconds} s, {len(run.found)} found\n")
        sys.stdout.writelines(f"  {WORK / name / 'found' / found}\n" for found in run.found)
        sys.stdout.flush()
        failed = failed or bool(run.found)
        if asked.keep:
            keep(DOORS[name], WORK / name)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
