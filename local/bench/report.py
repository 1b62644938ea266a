"""Results as a page: `docs/performance.md`, from the template beside this file."""

import platform
import sys
from datetime import UTC, datetime
from os import cpu_count
from pathlib import Path
from statistics import median
from string import Template

import msgspec

from local.bench.bench_setup import HTTP, MIB, TLS
from local.bench.felt import QUIET_SECONDS, felt_rows
from local.bench.measure import (
    AT_ONCE,
    AT_ONCE_MIB,
    KILL_MIB,
    LARGE_MIB,
    OBSTORE,
    OFFICIAL,
    OURS,
    RELAY,
    SCHEMES,
    UNHASHED,
    Results,
    Sample,
    ways_for,
)
from shared.copying.block_ids import LARGE_BLOCK_BYTES, SMALL_BLOCK_BYTES, layout_for

TEMPLATE = Path(__file__).with_name("performance.template.md")
HASHES = Template(
    "SHA-256 and CRC64 alone cost $hashes CPU seconds per 512 MiB on this machine; the relay as a whole costs "
    "$relay_http (http) and $relay_tls (TLS). The same copier without the two (`unhashed`) reaches "
    "$unhashed_http of the relay's throughput over http and $unhashed_tls over TLS. Client, source and sink share "
    "$cores cores, so every CPU second of hashing is taken from copying. While ours copies, the three keep the cores "
    "$busy_http (http) and $busy_tls (TLS) busy, while the relay copies $relay_busy_http and $relay_busy_tls: what is "
    "left is where one waits for another. The thread that reads has to receive, to decrypt and to compute SHA-256, one "
    "after the other."
)
OTHERS = Template(
    "Against the official path, the relay itself, which hashes nothing, reaches $relay_official_http times the "
    "throughput over http and $relay_official_tls times over TLS. Ours reaches $obstore_http of obstore's throughput "
    "over http and $obstore_tls over TLS, for $cpu_http and $cpu_tls of its CPU."
)
CPU_MIB = 512
RING_BLOCKS = 3  # two writers and the reader
RING_MIB = RING_BLOCKS * SMALL_BLOCK_BYTES // MIB  # of the contents that are killed


class Bar(msgspec.Struct, frozen=True):
    """A figure and what it has to be."""

    figure: str
    bar: float
    goal: float
    measured: float
    at_least: bool
    unit: str = "x"

    @property
    def verdict(self) -> str:
        def reached(limit: float) -> bool:
            return self.measured >= limit if self.at_least else self.measured <= limit

        return "goal" if reached(self.goal) else "met" if reached(self.bar) else "**missed**"

    @property
    def row(self) -> list[str]:
        sign = "≥" if self.at_least else "≤"
        return [
            self.figure,
            f"{sign} {self.bar:g} {self.unit}".strip(),
            f"{sign} {self.goal:g} {self.unit}".strip(),
            f"{self.measured:.{2 if self.unit in {'x', 's'} else 0}f} {self.unit}".strip(),
            self.verdict,
        ]


def bars(results: Results) -> list[Bar]:
    """The promises, at the largest size, or for the worst copy."""
    largest = max(sample.mib for sample in results.samples)
    mine = [sample for sample in results.samples if sample.way == OURS]
    throughput = [
        Bar(
            f"throughput with full hashing, of the relay's, {scheme}",
            bar,
            1.0,
            results.ratio(scheme, largest, OURS, RELAY),
            True,
        )
        for scheme, bar in ((HTTP, 0.9), (TLS, 0.9))
    ]
    official = [
        Bar(
            f"throughput, of the official path's, {scheme}",
            3.5,
            4,
            results.ratio(scheme, largest, OURS, OFFICIAL),
            True,
        )
        for scheme in SCHEMES
    ]
    cpu = [
        Bar(f"client CPU per 512 MiB, {scheme}", bar, goal, cpu_seconds(results.of(OURS, scheme, largest)), False, "s")
        for scheme, bar, goal in ((HTTP, 0.65, 0.5), (TLS, 1.0, 0.85))
    ]
    most_operations = max(sum(sample.operations.values()) - blocks(sample.mib) for sample in mine)
    return [
        *throughput,
        *official,
        Bar("memory growth, one transfer up to 1 GiB", 16, 12, max(sample.growth_mib for sample in mine), False, "MiB"),
        Bar("memory growth, one transfer above 1 GiB", 28, 24, max(results.large_growth_mib.values()), False, "MiB"),
        Bar(f"memory growth, {AT_ONCE} at once", 130, 100, max(results.at_once_growth_mib.values()), False, "MiB"),
        *cpu,
        Bar("fetched again after a kill", RING_MIB, RING_MIB, again_mib(results), False, "MiB"),
        Bar("requests to Blob Storage beyond one per block", 2, 2, most_operations, False, ""),
    ]


def again_mib(results: Results) -> float:
    return max(killed.fetched_again_bytes for killed in results.killed) / MIB


def blocks(mib: int) -> int:
    return layout_for(mib * MIB, None).count


def cpu_seconds(samples: list[Sample]) -> float:
    return median(sample.cpu_seconds * CPU_MIB / sample.mib for sample in samples)


def served_cpu_seconds(samples: list[Sample]) -> float:
    return median(sample.served_cpu_seconds * CPU_MIB / sample.mib for sample in samples)


def busy_share(samples: list[Sample]) -> float:
    """How busy client, source and sink kept all cores while they copied."""
    cores = cpu_count() or 1
    return median((each.cpu_seconds + each.served_cpu_seconds) / each.seconds / cores for each in samples)


def page(results: Results) -> str:
    killed = [
        [
            f"{k.share:.0%}",
            f"{k.fetched_again_bytes / MIB:.1f} MiB",
            f"{k.sent_again_bytes / MIB:.1f} MiB",
            "yes" if k.same else "**no**",
        ]
        for k in results.killed
    ]
    return Template(TEMPLATE.read_text()).substitute(
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        machine=f"{cpu_count()} cores, {platform.system()}, Python {sys.version.split()[0]}",
        busy=f"{median(results.busy_shares):.0%}",
        busiest=f"{max(results.busy_shares):.0%}",
        bars=table(["figure", "bar", "goal", "measured", ""], [bar.row for bar in bars(results)]),
        hashes=hashes_text(results),
        others=others_text(results),
        rounds=" to ".join(sorted({str(len(results.of(OURS, HTTP, mib))) for mib in sizes(results)})),
        throughput=throughput_table(results),
        operations=operations_table(results),
        large=f"One transfer of {LARGE_MIB:,} MiB, in blocks of {LARGE_BLOCK_BYTES // MIB} MiB: "
        + ", ".join(f"+{growth:.0f} MiB ({scheme})" for scheme, growth in results.large_growth_mib.items())
        + ".",
        at_once=f"{AT_ONCE} transfers of {AT_ONCE_MIB} MiB at once in one process: "
        + ", ".join(f"+{growth:.0f} MiB ({scheme})" for scheme, growth in results.at_once_growth_mib.items())
        + ".",
        felt=table(["chunks", "stored", "deleted at ACS", "completed"], felt_rows(results.felt)),
        quiet_seconds=f"{QUIET_SECONDS:.0f}",
        kill_mib=KILL_MIB,
        ring_mib=RING_MIB,
        killed=table(["killed at", "fetched again", "sent again", "same blob"], killed),
    )


def sizes(results: Results) -> list[int]:
    return sorted({sample.mib for sample in results.samples})


def hashes_text(results: Results) -> str:
    largest = sizes(results)[-1]
    relayed = [cpu_seconds(results.of(RELAY, scheme, largest)) for scheme in SCHEMES]
    unhashed = [results.ratio(scheme, largest, UNHASHED, RELAY) for scheme in SCHEMES]
    return HASHES.substitute(
        hashes=f"{results.hash_seconds:.2f}",
        relay_http=f"{relayed[0]:.2f}",
        relay_tls=f"{relayed[1]:.2f}",
        busy_http=f"{busy_share(results.of(OURS, HTTP, largest)):.0%}",
        busy_tls=f"{busy_share(results.of(OURS, TLS, largest)):.0%}",
        relay_busy_http=f"{busy_share(results.of(RELAY, HTTP, largest)):.0%}",
        relay_busy_tls=f"{busy_share(results.of(RELAY, TLS, largest)):.0%}",
        unhashed_http=f"{unhashed[0]:.2f}",
        unhashed_tls=f"{unhashed[1]:.2f}",
        cores=cpu_count(),
    )


def others_text(results: Results) -> str:
    """How ours stands beside obstore, and how far ahead of the official path anything could be."""
    largest = sizes(results)[-1]
    cpu = [
        cpu_seconds(results.of(OURS, scheme, largest)) / cpu_seconds(results.of(OBSTORE, scheme, largest))
        for scheme in SCHEMES
    ]
    return OTHERS.substitute(
        relay_official_http=f"{results.ratio(HTTP, largest, RELAY, OFFICIAL):.2f}",
        relay_official_tls=f"{results.ratio(TLS, largest, RELAY, OFFICIAL):.2f}",
        obstore_http=f"{results.ratio(HTTP, largest, OURS, OBSTORE):.2f}",
        obstore_tls=f"{results.ratio(TLS, largest, OURS, OBSTORE):.2f}",
        cpu_http=f"{cpu[0]:.2f}",
        cpu_tls=f"{cpu[1]:.2f}",
    )


def throughput_table(results: Results) -> str:
    rows = []
    for scheme in SCHEMES:
        for mib in sizes(results):
            for way in ways_for(scheme, mib):
                found = results.of(way, scheme, mib)
                growth = "" if way == RELAY else f"+{max(sample.growth_mib for sample in found):.0f} MiB"
                speed = median(mib * MIB / 1e6 / sample.seconds for sample in found)
                ratio = results.ratio(scheme, mib, way, RELAY)
                rows.append(
                    [
                        scheme,
                        f"{mib:,} MiB",
                        way,
                        f"{speed:.0f} MB/s",
                        f"{ratio:.2f}",
                        f"{cpu_seconds(found):.2f} s",
                        f"{served_cpu_seconds(found):.2f} s",
                        growth,
                    ]
                )
    return table(
        ["source", "size", "way", "throughput", "of relay", "CPU per 512 MiB", "of the servers", "memory"], rows
    )


def operations_table(results: Results) -> str:
    rows = []
    for mib in sizes(results):
        for way in ways_for(HTTP, mib):
            counted = results.of(way, HTTP, mib)[0].operations
            spelled = ", ".join(f"{count} {kind}" for kind, count in sorted(counted.items()))
            rows.append([f"{mib:,} MiB", way, spelled, str(sum(counted.values()))])
    return table(["size", "way", "requests", "sum"], rows)


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
