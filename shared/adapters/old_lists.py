"""The lists by day of version 0.1: partitions `day-2026-11-22`, whose rows have the keys of the list's entries."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from azure.data.tables import TableClient

from shared.adapters import table_rows
from shared.adapters.table_catalog import refuse_other_than_gone, translate_errors
from shared.domain.list_entry import ListEntry, Place
from shared.domain.old_lists import OldPage

DAYS_PER_PAGE = 40  # chosen: a day costs one request, or a few more behind days without lines
DAYS = "day-"


def partition(day: int) -> str:
    return f"{DAYS}{date.fromordinal(day).isoformat()}"


def day_of(moment: datetime) -> int:
    """The day in UTC, as its ordinal."""
    return moment.astimezone(UTC).date().toordinal()


@dataclass(frozen=True)
class TableOldLists:
    """The port `OldLists`."""

    index: TableClient

    def page(self, behind: Place, most: int) -> OldPage:
        day = day_of(behind[0])
        oldest = self.first_day(date.min.toordinal(), day)
        lines: list[ListEntry] = []
        for _ in range(DAYS_PER_PAGE):
            if oldest is None or day < oldest:
                return OldPage(lines, None)
            found = self.lines(day, behind, most - len(lines))
            lines += found
            if len(lines) == most:
                return OldPage(lines, lines[-1].place)
            day -= 1
            if not found and oldest < day:
                day = self.newest_day(oldest, day)
        later = datetime.combine(date.fromordinal(day + 1), time.min, UTC)
        return OldPage(lines, (later - table_rows.MICROSECOND, ""))  # behind all of that day, before all of this one

    def remove(self, line: ListEntry) -> None:
        with translate_errors():
            self.index.delete_entity(
                partition(day_of(line.created_at)),
                table_rows.place_row(line.place),
                raw_response_hook=refuse_other_than_gone,
            )

    def lines(self, day: int, behind: Place, most: int) -> list[ListEntry]:
        """The lines of a day behind a place."""
        found: list[ListEntry] = []
        with translate_errors():
            for entity in self.index.query_entities(
                "PartitionKey eq @day and RowKey gt @place",
                parameters={"day": partition(day), "place": table_rows.place_row(behind)},
                results_per_page=most,
            ):
                line = table_rows.to_list_entry(entity)
                if line is not None and day_of(line.created_at) == day:  # else no row could belong to it
                    found.append(line)
                if len(found) == most:
                    break
        return found

    def newest_day(self, oldest: int, newest: int) -> int:
        """The newest day that has lines, of those from one that has some; found by halves."""
        while oldest < newest:
            middle = oldest + (newest - oldest + 1) // 2
            day = self.first_day(middle, newest)
            oldest, newest = (day, newest) if day is not None else (oldest, middle - 1)
        return oldest

    def first_day(self, since: int, until: int) -> int | None:
        """The first of some days that has lines."""
        with translate_errors():
            for entity in self.index.query_entities(
                "PartitionKey ge @since and PartitionKey le @until",
                parameters={"since": partition(since), "until": partition(until)},
                select=["PartitionKey"],
                results_per_page=1,
            ):
                try:
                    return date.fromisoformat(str(entity["PartitionKey"]).removeprefix(DAYS)).toordinal()
                except ValueError:
                    continue  # no day of ours
        return None
