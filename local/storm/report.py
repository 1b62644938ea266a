"""The costs as a page: `docs/scale.md`, from the template beside this file."""

from collections.abc import Iterable, Mapping
from math import ceil
from pathlib import Path
from string import Template

from local.storm.counting_table import Cost
from local.storm.measure import DUE, NOTHING_DUE, some_due
from shared.adapters.table_rows import OPEN_SHARDS
from shared.copying.block_ids import LARGE_BLOCK_BYTES
from shared.pipeline.sweep import ENTRIES_PER_RUN_MAX

TEMPLATE = Path(__file__).with_name("scale.template.md")
ACCOUNT_REQUESTS = 20_000  # a second; documented, of a standard account
PARTITION_ENTITIES = 2_000  # a second; documented, of a table's partition
# Requests for one recording of one small chunk beside its start, stop and event, as tests/contract/test_cost.py counts
# them: transfer and deletion at the tables, both at the blobs, and three at the queues for each message.
# tests/contract/test_storm.py drives one through, and counts the same.
TABLE_REQUESTS_LATER = 5 + 7
BLOB_WRITES, BLOB_READS = 3, 2
QUEUE_REQUESTS = 6
INDEX_WRITES = 1 + 1 + 2 + 1 + 2  # entities of open work: start, stop, event, claim, end
# Of one recording with a chunk of 2 MB: use cases and SDKs, on Azurite; 62 to 70 ms in three runs of a hundred.
CPU_SECONDS = 0.067
INSTANCES = 40  # default of the template
LARGE_BYTES = 2_300_000_000
COPY_BYTES_PER_SECOND = 150_000_000  # of an instance; assumed, since the network of Azure was not measured
DAY_SECONDS = 86_400
# List prices in dollars per 10,000, hot and locally redundant; the template names their date. Those of tables and
# queues are from memory; they are a seventh of the storage of a small recording. Compute: docs/deploy.md.
TABLE_PRICE, QUEUE_PRICE, BLOB_WRITE_PRICE, BLOB_READ_PRICE = 0.00036, 0.004, 0.055, 0.0044
GB_SECOND, EXECUTION = 0.000026, 0.40 / 1_000_000
EXECUTIONS, GB = 5, 2  # start, stop, event, transfer, deletion; each of a second at least
LARGE_BLOCKS = ceil(LARGE_BYTES / LARGE_BLOCK_BYTES)
LARGE_SECONDS = LARGE_BYTES / COPY_BYTES_PER_SECOND


def page(
    few: Mapping[str, Cost], many: Mapping[str, Cost], filters: Mapping[str, Cost], counting: Cost, due: int = DUE
) -> str:
    """The document.

    Args:
        few: what things cost among few past recordings.
        many: among many.
        filters: what filters cost that nothing passes.
        counting: what a sweep costs that counts what is open.
        due: how many chunks were due in one of the sweeps.
    """
    idle = many[NOTHING_DUE].requests
    tables = table_requests(many)
    return Template(TEMPLATE.read_text()).substitute(
        costs=table(
            ("", "requests", "entities", "KiB", "among 100,000: requests", "entities", "KiB"),
            ((name, *figures(few[name]), *figures(many[name])) for name in many),
        ),
        filters=table(("", "requests", "entities", "KiB"), ((name, *figures(cost)) for name, cost in filters.items())),
        ceilings=table(("limit", "each recording takes", "recordings/s", "a day", "what lifts it"), ceilings(tables)),
        money=table(("", "storage", "compute", "together"), money(tables)),
        tables=tables,
        idle=idle,
        each=f"{(many[some_due(due)].requests - idle) / due:g}",
        at_once=f"{ENTRIES_PER_RUN_MAX:,}",
        counting=f"{counting.requests:,}",
        counted=f"{counting.entities:,}",
    )


def table_requests(costs: Mapping[str, Cost]) -> int:
    """Of one recording of one small chunk, from its start to its completion."""
    steps = ("a start", "a stop", "an event of 1 chunk, started here")
    return sum(costs[step].requests for step in steps) + TABLE_REQUESTS_LATER


def figures(cost: Cost) -> tuple[str, ...]:
    return f"{cost.requests:,}", f"{cost.entities:,}", f"{cost.bytes / 1024:,.0f}"


def ceilings(tables: int) -> Iterable[tuple[str, ...]]:
    requests = tables + QUEUE_REQUESTS
    shards = OPEN_SHARDS * PARTITION_ENTITIES / INDEX_WRITES
    another = "another app beside it, with an account and an ACS resource of its own"
    yield limit("the runtime account, 20,000 requests/s", f"{requests} requests", ACCOUNT_REQUESTS / requests, another)
    yield limit("the partition `list`, 2,000 entities/s", "1 entity", PARTITION_ENTITIES, "the same")
    yield limit(f"{OPEN_SHARDS} partitions of open work", f"{INDEX_WRITES} entities", shards, "more shards: a constant")
    cpu = f"{CPU_SECONDS * 1000:.0f} ms of one core"
    yield limit(f"{INSTANCES} instances", cpu, INSTANCES / CPU_SECONDS, "`MAXIMUM_INSTANCE_COUNT`, up to 1,000")
    copying = f"{LARGE_SECONDS:.1f} s of one, if its chunk has 2.3 GB"
    yield limit(
        f"{INSTANCES} instances that copy 150 MB/s each (assumed)", copying, INSTANCES / LARGE_SECONDS, "the same"
    )
    swept = f"what a sweep sends again, {ENTRIES_PER_RUN_MAX:,} chunks a minute"
    oldest = "nothing: it is a safety net, and the oldest go first"
    yield limit(swept, "only what was lost or deferred", ENTRIES_PER_RUN_MAX / 60, oldest)


def limit(name: str, takes: str, per_second: float, lifted: str) -> tuple[str, ...]:
    a_day = per_second * DAY_SECONDS / 1_000_000
    return name, takes, short(per_second), f"{short(a_day)} million", lifted


def short(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 else f"{number:.1f}"  # noqa: PLR2004 - two digits tell enough


def money(tables: int) -> Iterable[tuple[str, ...]]:
    """Dollars for 1,000 recordings."""
    rows = tables * TABLE_PRICE + QUEUE_REQUESTS * QUEUE_PRICE
    small = (rows + BLOB_WRITES * BLOB_WRITE_PRICE + BLOB_READS * BLOB_READ_PRICE) / 10
    compute = EXECUTIONS * (GB * GB_SECOND + EXECUTION) * 1000
    yield "1 chunk of 2 MB", f"${small:.3f}", f"${compute:.2f}", f"${small + compute:.2f}"
    large = small + LARGE_BLOCKS * BLOB_WRITE_PRICE / 10
    copying = compute + (LARGE_SECONDS - 1) * GB * GB_SECOND * 1000  # a second is paid already
    yield "1 chunk of 2.3 GB", f"${large:.2f}", f"${copying:.2f}", f"${large + copying:.2f}"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head), *map(list, rows)]
    rule = ["---", *["--:"] * (len(lines[0]) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (lines[0], rule, *lines[1:]))
