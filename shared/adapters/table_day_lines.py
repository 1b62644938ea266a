"""The lists by day of version 0.1 in Azure Tables: partitions `day-2026-11-22` of the index."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from azure.data.tables import TableClient

from shared.adapters import table_rows
from shared.adapters.table_errors import refuse_other_than_gone, translate_errors
from shared.domain.list_entry import ListEntry, Place

DAYS, DAYS_END = "day-", "day."  # the first key after every day-…


@dataclass(frozen=True)
class TableDayLines:
    """The port `DayLines`."""

    index: TableClient

    def first(self, most: int) -> Sequence[ListEntry]:
        return self.lines("PartitionKey ge @first and PartitionKey lt @end", most, first=DAYS, end=DAYS_END)

    def of_day(self, day: datetime, behind: Place | None, most: int) -> Sequence[ListEntry]:
        place = table_rows.place_row(behind) if behind else ""
        return self.lines("PartitionKey eq @day and RowKey gt @place", most, day=day_partition(day), place=place)

    def lines(self, condition: str, most: int, **parameters: str) -> list[ListEntry]:
        with translate_errors():
            entities = self.index.query_entities(condition, parameters=parameters, results_per_page=most)
            found = map(table_rows.to_list_entry, entities)  # None for a key that no line has
            return list(islice((line for line in found if line is not None), most))

    def remove(self, line: ListEntry) -> None:
        partition, row = day_partition(line.created_at), table_rows.place_row(line.place)
        with translate_errors():
            self.index.delete_entity(partition, row, raw_response_hook=refuse_other_than_gone)


def day_partition(day: datetime) -> str:
    return f"{DAYS}{day.astimezone(UTC):%Y-%m-%d}"
