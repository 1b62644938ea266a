"""What the catalog costs does not depend on the past, and is counted in memory as it is on Azurite."""

from pathlib import Path

import pytest
from azure.data.tables import TableServiceClient

from local.azurite import Azurite
from local.storm.both import differences, in_memory
from local.storm.counting_table import Cost
from local.storm.report import figures, page
from shared.control.list_recordings import ENTRIES_READ_MAX, ROWS_READ_MAX

pytestmark = pytest.mark.cost
DOCUMENT = (Path(__file__).parents[2] / "docs" / "scale.md").read_text()


@pytest.fixture(scope="module")
def few() -> dict[str, Cost]:
    return in_memory(100, 300).costs()


@pytest.fixture(scope="module")
def many() -> tuple[dict[str, Cost], dict[str, Cost]]:
    storm = in_memory(3000, 300)
    return storm.costs(), storm.filters()


def test_the_past_costs_nothing(few: dict[str, Cost], many: tuple[dict[str, Cost], dict[str, Cost]]) -> None:
    assert many[0] == few


def test_the_document_says_what_things_cost(few: dict[str, Cost]) -> None:
    rows = [f"| {name} | {' | '.join(figures(cost) * 2)} |" for name, cost in few.items()]

    assert [row for row in rows if row not in DOCUMENT] == []


def test_the_document_is_written_from_its_template(
    few: dict[str, Cost], many: tuple[dict[str, Cost], dict[str, Cost]]
) -> None:
    def without_filters(text: str) -> list[str]:
        return [line for line in text.splitlines() if not line.startswith("| a page ")]

    assert without_filters(page(few, few, many[1])) == without_filters(DOCUMENT)


def test_a_page_of_two_hundred_takes_two_requests_more_than_it_has_rows(
    many: tuple[dict[str, Cost], dict[str, Cost]],
) -> None:
    """One for the entries, and one for what an upgrade may have left."""
    assert many[1]["a page of 200"].requests <= 200 + 10


def test_a_tag_that_nothing_has_takes_a_request_for_each_thousand_entries(
    many: tuple[dict[str, Cost], dict[str, Cost]],
) -> None:
    cost = many[1]["a page by a tag that nothing has"]

    assert cost.entities == 3000 + 300 + 500 + 2
    assert cost.requests <= 20 * cost.entities / 1000
    assert ENTRIES_READ_MAX == 20_000


def test_a_status_that_nothing_has_reads_five_hundred_rows(many: tuple[dict[str, Cost], dict[str, Cost]]) -> None:
    assert many[1]["a page by a status that nothing has"].requests <= ROWS_READ_MAX + 20


@pytest.mark.stack
def test_costs_are_counted_in_memory_as_on_azurite(azurite: Azurite) -> None:
    with TableServiceClient.from_connection_string(azurite.connection_string) as service:
        assert differences(service, past=60, waiting=20, due=20) == []
