"""`python -m local.cold_start`: how long a process takes from its start until the app is indexed, from the package.

Two forms of `dist/app` (`make package`) take turns, each in a fresh process that imports nothing but the package and
the worker's adapter: as it is deployed, with byte code, and without any. What a cold start in Azure takes beside this
(an instance, the host, the package's download) cannot be measured here.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from infra.package import OUTPUT, ROOT, SITE_PACKAGES

ROUNDS = 9
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


def measured(app: Path) -> tuple[float, float]:
    """Seconds from the start of a process until the app is indexed, and until its SDKs are loaded."""
    paths = [str(app / SITE_PACKAGES), str(app), str(ROOT)]
    # -I -S: nothing of this interpreter's environment; -B: no byte code is written where there is none.
    command = [sys.executable, "-I", "-S", "-B", "-c", CHILD.format(paths=paths, app=str(app))]
    began = time.time()
    done = subprocess.run(command, env={}, cwd=os.sep, capture_output=True, text=True, check=True)
    indexed, loaded = (float(line) - began for line in done.stdout.split())
    return indexed, loaded


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
    print(f"Milliseconds from the start of a process, minimum / median of {given.rounds}:\n\n{table(samples)}")


if __name__ == "__main__":
    main()
