"""The lists by day of version 0.1: one partition a day, of which the upgrade moves every line into the one list.

Until none is left, the list of all recordings is made of both. A later version does without this module, its port, its
adapter and the upgrade.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, groupby, takewhile

from shared.domain.durations import DAYS_PER_PAGE_MAX
from shared.domain.list_entry import ListEntry, Place
from shared.domain.ports import Catalog, Clock, DayLines


@dataclass(frozen=True)
class AllRecordings:
    """The list of all recordings, with what the upgrade has not moved yet."""

    catalog: Catalog
    day_lines: DayLines
    clock: Clock

    def entries(self, behind: Place | None, at_once: int) -> tuple[Iterator[ListEntry], Place | None]:
        """Entries newest first behind a place, and at which place they end although the list goes on, if they do."""
        listed = self.catalog.listed(behind, at_once)
        oldest = next(iter(self.day_lines.first(1)), None)
        if oldest is None:
            return listed, None
        # The lines are read before the list: what is moved meanwhile is found there.
        lines, end = self.walked(behind, oldest.created_at, at_once)
        both = heapq.merge(listed, lines, key=order_of)
        once = (next(same) for _, same in groupby(both, key=order_of))  # what is just being moved stands in both
        return takewhile(lambda entry: end is None or order_of(entry) <= order_at(end), once), end

    def walked(self, behind: Place | None, oldest: datetime, most: int) -> tuple[list[ListEntry], Place | None]:
        """The lines of one day after the other, from a place back to the oldest, and where enough were read."""
        newest = behind[0] if behind else self.clock() + timedelta(days=1)
        lines: list[ListEntry] = []
        for number, day in enumerate(days_back(newest, oldest)):
            if number == DAYS_PER_PAGE_MAX:
                return lines, (day + timedelta(days=1), "")
            lines += self.day_lines.of_day(day, behind, most - len(lines))
            if len(lines) >= most:
                return lines, lines[-1].place
        return lines, None


def days_back(newest: datetime, oldest: datetime) -> Iterator[datetime]:
    """The beginnings of days, the newest first."""
    first = newest.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for number in count():
        day = first - timedelta(days=number)
        if day + timedelta(days=1) <= oldest:
            return
        yield day


def order_of(entry: ListEntry) -> tuple[float, str]:
    return order_at(entry.place)


def order_at(place: Place) -> tuple[float, str]:
    """Later times come first."""
    moment, id = place
    return -moment.timestamp(), id
