"""What the catalog costs does not depend on the past, and is counted in memory as it is on Azurite."""

from collections.abc import Mapping
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any, cast

import pytest
from azure.data.tables import TableClient, TableServiceClient

from local.azurite import Azurite
from local.storm.__main__ import write
from local.storm.both import differences, in_memory, on_azurite
from local.storm.counting_table import Cost, Counter, CountingTable
from local.storm.measure import DUE, MANY_CHUNKS, NOTHING_DUE, Storm, a_request, an_event
from local.storm.memory_table import MemoryTable
from local.storm.report import INDEX_WRITES, figures, page, table_requests
from shared.adapters.table_catalog import TableCatalog
from shared.adapters.table_rows import OPEN_SHARDS
from shared.control.list_recordings import ENTRIES_READ_MAX, ROWS_READ_MAX
from shared.domain.statuses import RecordingStatus
from tests.builders import file_ready_event, keep_at_acs
from tests.contract.test_cost import CountingTransport
from tests.fakes import Cloud

pytestmark = pytest.mark.cost
DOCUMENT = (Path(__file__).parents[2] / "docs" / "scale.md").read_text()


OPEN = 300  # chunks


@pytest.fixture(scope="module")
def few() -> Storm:
    return in_memory(100, OPEN)


@pytest.fixture(scope="module")
def many() -> Storm:
    return in_memory(10_000, OPEN)


@pytest.fixture(scope="module")
def counting(few: Storm) -> Cost:
    return few.counting()


@pytest.fixture(scope="module")
def costs(few: Storm, counting: Cost) -> dict[str, Cost]:
    assert counting
    return few.costs()


@pytest.fixture(scope="module")
def among_many(many: Storm) -> dict[str, Cost]:
    return many.costs()


@pytest.fixture(scope="module")
def filters(many: Storm, among_many: dict[str, Cost]) -> dict[str, Cost]:
    assert among_many
    return many.filters()


def test_the_past_costs_nothing(costs: dict[str, Cost], among_many: dict[str, Cost]) -> None:
    assert among_many == costs


def test_the_document_says_what_things_cost(costs: dict[str, Cost]) -> None:
    rows = [f"| {name} | {' | '.join(figures(cost) * 2)} |" for name, cost in costs.items()]

    assert [row for row in rows if row not in DOCUMENT] == []


def test_the_document_is_written_from_its_template(
    costs: dict[str, Cost], filters: dict[str, Cost], counting: Cost
) -> None:
    """Save what depends on how much is there."""

    def lines(text: str) -> list[str]:
        return [line for line in text.splitlines() if not line.startswith(("| a page by ", "Every five minutes"))]

    assert lines(page(costs, costs, filters, counting)) == lines(DOCUMENT)


def test_what_is_open_is_counted_by_a_request_for_each_thousand_entries(counting: Cost, costs: dict[str, Cost]) -> None:
    assert counting.entities == OPEN
    assert counting.requests - costs[NOTHING_DUE].requests <= OPEN_SHARDS * ceil(OPEN / 1000)


def test_the_document_is_written_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(10, 20, 30, tmp_path / "scale.md")

    assert (tmp_path / "scale.md").read_text().startswith("# Scale")
    assert "requests (entities) among 10 and among 20 past recordings, with 30 open chunks" in capsys.readouterr().out


def test_a_page_of_two_hundred_takes_two_requests_more_than_it_has_rows(
    costs: dict[str, Cost],
) -> None:
    """One for the entries, and one for what an upgrade may have left."""
    assert costs["a page of 200"].requests <= 200 + 10


def test_a_tag_that_nothing_has_takes_a_request_for_each_thousand_entries(
    filters: dict[str, Cost],
) -> None:
    cost = filters["a page by a tag that nothing has"]

    assert cost.entities == 10_000 + OPEN + DUE + 2
    assert cost.requests <= 20 * cost.entities / 1000
    assert ENTRIES_READ_MAX == 20_000


def test_a_status_that_nothing_has_reads_five_hundred_rows(filters: dict[str, Cost]) -> None:
    assert filters["a page by a status that nothing has"].requests <= ROWS_READ_MAX + 20


class OpenWorkCounter(MemoryTable):
    """An index that counts what is written into its partitions of open work, and removed from them."""

    writes = 0

    def put(self, entity: Mapping[str, Any], *, merge: bool = False) -> Mapping[str, Any]:
        self.writes += str(entity["PartitionKey"]).startswith("open-")
        return super().put(entity, merge=merge)

    def drop(self, key: tuple[str, str]) -> None:
        self.writes += key[0].startswith("open-")
        super().drop(key)


def test_a_recording_takes_what_the_limits_in_the_document_assume(costs: dict[str, Cost]) -> None:
    counter, index = Counter(), OpenWorkCounter()
    cloud = Cloud()
    cloud.source.on_delete = lambda *_: None  # the rows are not where the fakes look
    services = cloud.services
    tables = (cast("TableClient", CountingTable(table, counter)) for table in (MemoryTable(), index))
    services.catalog = TableCatalog(*tables)
    keep_at_acs(cloud, 1)

    started = services.starts.start(a_request(), None)
    services.control.stop(started.id)
    event = file_ready_event(1, recording_id=str(started.recording_id))
    messages = services.ingest.ingest(event).messages
    messages = services.transfer.transfer(messages.transfers[0])
    services.deletion.delete(messages.deletions[0])
    requests = counter.cost.requests

    row = services.catalog.recording(started.id)
    assert row is not None
    assert row.status is RecordingStatus.COMPLETED
    assert requests == table_requests(costs)
    assert index.writes == INDEX_WRITES


@pytest.mark.stack
def test_costs_are_counted_in_memory_as_on_azurite(azurite: Azurite) -> None:
    with TableServiceClient.from_connection_string(azurite.connection_string) as service:
        assert differences(service, past=60, waiting=20, due=20) == []


@pytest.mark.stack
def test_requests_are_counted_as_they_go_over_the_wire(azurite: Azurite) -> None:
    transport = CountingTransport()
    with TableServiceClient.from_connection_string(azurite.connection_string, transport=transport) as service:
        storm = on_azurite(service, past=60, waiting=20, due=5)
        acts = storm.reads() | {
            "a sweep": storm.services.sweep.sweep,
            "an event": partial(storm.services.ingest.ingest, an_event(MANY_CHUNKS, "eyJQforeign")),
        }
        counted: dict[str, int] = {}
        sent: dict[str, int] = {}
        for name, act in acts.items():
            transport.sent.clear()
            counted[name] = storm.cost(act).requests
            sent[name] = transport.sent.total()

    assert sent == counted
