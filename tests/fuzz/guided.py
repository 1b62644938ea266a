"""One door, entered as long as time allows, guided by which of the app's code each input reaches.

    python -m tests.fuzz.guided DOOR SECONDS FOLDER [--planted]

Run by `python -m tests.fuzz`, a process for each door: libFuzzer ends its process. FOLDER gets `corpus`, the inputs
that reached something new, and `found`, one input for each fault.
"""

import importlib
import pkgutil
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import atheris

with atheris.instrument_imports(include=["shared", "functions"]):
    import functions
    import shared

    for package in (shared, functions):  # what is imported at its first use, too
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)

    from tests.fuzz.bounds import Finding, enter
    from tests.fuzz.corpus import write
    from tests.fuzz.door import Door
    from tests.fuzz.doors import DOORS
    from tests.fuzz.mutations import drawn, mutated
    from tests.fuzz.planted import FAULTS

ROOT = Path(__file__).parents[2]
BYTES_MAX = 64 * 1024  # of an input: short ones are tried more often
HARD_SECONDS_MAX = 30  # then libFuzzer itself ends the process, should the app not be interrupted
HARD_MIB_MAX = 2048


def run(door: Door[Any], seconds: int, folder: Path) -> None:
    """Enter a door until the time is over; ends the process."""
    corpus, found = folder / "corpus", folder / "found"
    for made in (corpus, found):
        made.mkdir(parents=True, exist_ok=True)
    for data in [*door.seeds, *door.corpus]:
        write(corpus, data)

    def walk_in(data: bytes) -> None:
        try:
            enter(door, data)
        except Finding as finding:
            keep(found, finding, data)

    def change(data: bytes, bytes_max: int, seed: int) -> bytes:
        """By the grammar, or bit by bit as libFuzzer does, which knows what comparisons have failed."""
        if Random(seed).random() < 1 / 2:
            return mutated(data, drawn(seed), is_framed=door.is_framed)[:bytes_max]
        changed: bytes = atheris.Mutate(data, bytes_max)
        return changed

    options = [
        f"-max_total_time={seconds}",
        f"-max_len={BYTES_MAX}",
        f"-timeout={HARD_SECONDS_MAX}",
        f"-rss_limit_mb={HARD_MIB_MAX}",
        f"-artifact_prefix={found}/",
        "-verbosity=1",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], walk_in, custom_mutator=change)
    atheris.Fuzz()


def keep(found: Path, finding: Finding, data: bytes) -> None:
    """Write down an input, the first of each fault; a shorter one takes its place."""
    place = "-".join([type(finding).__name__, *where(finding)])
    path = found / place.replace("/", ".")
    if not path.exists():
        told = "".join(traceback.format_exception(finding))
        path.with_suffix(".txt").write_text(told, encoding="utf-8", errors="replace")
    if not path.exists() or path.stat().st_size > len(data):
        path.write_bytes(data)


def where(finding: Finding) -> Iterator[str]:
    """The kind of a fault's cause, and the last line of ours that it went through."""
    cause = finding.__cause__
    if cause is not None:
        yield type(cause).__name__
        ours = [one for one in traceback.extract_tb(cause.__traceback__) if one.filename.startswith(str(ROOT))]
        lines = [one for one in ours if ".venv" not in one.filename]
        if lines:
            yield f"{Path(lines[-1].filename).relative_to(ROOT)}-{lines[-1].lineno}"


if __name__ == "__main__":
    name, duration, target = sys.argv[1:4]
    chosen = DOORS[name]
    if "--planted" in sys.argv:
        chosen = chosen.around(FAULTS[name][0])
    run(chosen, int(duration), Path(target))
