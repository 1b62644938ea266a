"""Measure everything and write docs/performance.md and docs/performance.svg: `python -m local.bench`."""

import time
from pathlib import Path

from local.bench.bench_setup import MIB, BenchSetup
from local.bench.felt import measure_felt
from local.bench.measure import (
    LARGE_MIB,
    Results,
    compare,
    measure_at_once,
    measure_hashes,
    measure_kills,
    measure_large,
)
from local.bench.plot import picture
from local.bench.quiet import QuietMoments
from local.bench.report import page
from local.bench.server import ROOT

ROUNDS = {64: 7, 256: 7, 1024: 7}
DOCS = ROOT / "docs"


def main() -> None:
    began = time.monotonic()
    results, quiet = Results(), QuietMoments()
    with BenchSetup(LARGE_MIB * MIB) as bench:
        measure_hashes(results)
        for mib, rounds in ROUNDS.items():
            compare(bench, results, quiet, mib, rounds)
        measure_large(bench, results)
        measure_at_once(bench, results)
        measure_kills(bench, results)
    results.felt = measure_felt()
    write(DOCS, results)
    print(f"Measured in {time.monotonic() - began:.0f} seconds; the figures are in docs/performance.md")


def write(directory: Path, results: Results) -> None:
    (directory / "performance.md").write_text(page(results))
    (directory / "performance.svg").write_text(picture(results))


if __name__ == "__main__":
    main()
