"""`python -m local.cold_start`: how long a process takes from its start until the app is indexed, from the package.

Two forms of `dist/app` (`make package`) take turns, each in a fresh process that imports nothing but the package and
the worker's adapter: as it is deployed, with byte code, and without any. What a cold start in Azure takes beside this
(an instance, the host, the package's download) cannot be measured here. Then the CPU time of indexing alone, as a
multiple of what an app with as many functions costs that do nothing: a ratio is the same on any machine.
"""

from __future__ import annotations

import argparse
import os
import py_compile
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from infra.package import OUTPUT, ROOT, SITE_PACKAGES

ROUNDS = 9
RATIO_ROUNDS = 3
FORMS = ("with byte code", "without")
# Prints twice: when the functions are indexed, and when every SDK that a first request may need is loaded.
CHILD = """
import sys, time
sys.path += {paths}
from pathlib import Path
from local.host.worker import Worker
assert Worker(Path({app!r})).start()
print(time.time(), flush=True)
import shared.adapters.acs_calls, shared.adapters.blob_storage, shared.adapters.table_catalog
import azure.identity
print(time.time(), flush=True)
"""

# The worker's own modules are loaded before, and are not counted; azure.functions, which any app imports, is.
INDEXING = """
import sys, time
sys.path += {paths}
from pathlib import Path
from local.host.worker import Worker
began = time.process_time()
functions = Worker(Path({app!r})).start()
print(time.process_time() - began, len(functions), flush=True)
"""
BARE = """
import azure.functions as func

app = func.FunctionApp()
for number in range({functions}):

    @app.function_name(f"function_{{number}}")
    @app.route(f"route-{{number}}", methods=["GET"])
    def function(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse()
"""


class Indexing(NamedTuple):
    """What indexing an app took, in seconds of CPU time, and how many functions it has."""

    cpu: float
    functions: int


def measured(app: Path) -> tuple[float, float]:
    """Seconds from the start of a process until the app is indexed, and until its SDKs are loaded."""
    began = time.time()
    indexed, loaded = (float(line) - began for line in output(CHILD, app, app).split())
    return indexed, loaded


def output(child: str, app: Path, package: Path) -> str:
    """What a fresh process prints that sees an app, the dependencies of a package, and the worker's adapter."""
    paths = [str(package / SITE_PACKAGES), str(app), str(ROOT)]
    # -I -S: nothing of this interpreter's environment; -B: no byte code is written where there is none.
    command = [sys.executable, "-I", "-S", "-B", "-c", child.format(paths=paths, app=str(app))]
    return subprocess.run(command, env={}, cwd=os.sep, capture_output=True, text=True, check=True).stdout


def indexing(app: Path, package: Path) -> Indexing:
    """What indexing an app takes in a fresh process, with the dependencies of a package."""
    cpu, functions = output(INDEXING, app, package).split()
    return Indexing(float(cpu), int(functions))


def bare_app(folder: Path, functions: int) -> Path:
    """An app with so many functions that do nothing, with byte code."""
    shutil.copy(ROOT / "host.json", folder)
    entry = folder / "function_app.py"
    entry.write_text(BARE.format(functions=functions))
    py_compile.compile(str(entry), doraise=True)
    return folder


def indexing_ratio(package: Path, bare: Path, rounds: int = RATIO_ROUNDS) -> float:
    """CPU time of indexing the package by that of a bare app: the least of each, in turns, since noise only adds."""
    taken = [(indexing(package, package).cpu, indexing(bare, package).cpu) for _ in range(rounds)]
    ours, bares = zip(*taken, strict=True)
    return float(min(ours) / min(bares))


def without_byte_code(app: Path, folder: Path) -> Path:
    return Path(shutil.copytree(app, folder / "app", ignore=shutil.ignore_patterns("__pycache__")))


def table(samples: dict[str, list[tuple[float, float]]]) -> str:
    """Minimum and median of each form, in milliseconds."""
    lines = ["| | indexed | SDKs loaded, too |", "| --- | --- | --- |"]
    for form, taken in samples.items():
        cells = [
            f"{min(column) * 1000:.0f} / {statistics.median(column) * 1000:.0f}" for column in zip(*taken, strict=True)
        ]
        lines.append(f"| {form} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser("python -m local.cold_start", description="Measure a cold start from the package.")
    parser.add_argument("--app", type=Path, default=OUTPUT, help="the package; dist/app unless it is named")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"processes of each form, {ROUNDS} by default")
    given = parser.parse_args()
    if not (given.app / "host.json").is_file():
        parser.error(f"{given.app} is no package; run `make package` first")
    with tempfile.TemporaryDirectory() as scratch:
        apps = dict(zip(FORMS, (given.app.resolve(), without_byte_code(given.app, Path(scratch))), strict=True))
        samples: dict[str, list[tuple[float, float]]] = {form: [] for form in FORMS}
        for app in apps.values():
            measured(app)  # from now on the files are in memory
        for _ in range(given.rounds):
            for form, app in apps.items():
                samples[form].append(measured(app))
        package, bare = apps[FORMS[0]], Path(scratch, "bare")
        bare.mkdir()
        functions = indexing(package, package).functions
        ratio = indexing_ratio(package, bare_app(bare, functions), given.rounds)
    print(f"Milliseconds from the start of a process, minimum / median of {given.rounds}:\n\n{table(samples)}")
    print(f"\nIndexing takes {ratio:.2f} times the CPU time of a bare app with as many functions, {functions}.")


if __name__ == "__main__":
    main()
