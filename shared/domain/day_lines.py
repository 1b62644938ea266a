"""The lists by day of version 0.1: one partition a day, of which the upgrade moves every line into the one list.

Until none is left, the list of all recordings is made of both. A later version does without this module, its port, its
adapter and the upgrade.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, groupby

from shared.domain.durations import DAYS_PER_PAGE_MAX
from shared.domain.list_entry import ListEntry, Place
from shared.domain.ports import Catalog, Clock, DayLines

PAUSE = ""  # the id of an entry that is none: the page ends here, and the next one goes on behind it


@dataclass(frozen=True)
class AllRecordings:
    """The list of all recordings, with what the upgrade has not moved yet."""

    catalog: Catalog
    day_lines: DayLines
    clock: Clock

    def entries(self, behind: Place | None, at_once: int) -> Iterator[ListEntry]:
        """Entries newest first behind a place; one whose id is PAUSE where enough days were walked."""
        listed = self.catalog.listed(behind, at_once)
        oldest = next(iter(self.day_lines.first(1)), None)
        if oldest is None:
            return listed
        both = heapq.merge(listed, self.walked(behind, oldest.created_at), key=order_of)
        return (next(same) for _, same in groupby(both, key=order_of))  # what is just being moved stands in both

    def walked(self, behind: Place | None, oldest: datetime) -> Iterator[ListEntry]:
        """The lines of one day after the other, from a place back to the oldest."""
        newest = behind[0] if behind else self.clock() + timedelta(days=1)
        for number, day in enumerate(days_back(newest, oldest)):
            if number == DAYS_PER_PAGE_MAX:
                yield ListEntry(id=PAUSE, created_at=day + timedelta(days=1))
            lines = self.day_lines.of_day(day)
            yield from (line for line in lines if behind is None or order_of(line) > order_at(behind))


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
