"""The lists by day of version 0.1, in a dictionary."""

from collections.abc import Sequence
from datetime import date, datetime

from shared.domain.list_entry import ListEntry, Place
from tests.fakes.catalog import order_of
from tests.fakes.world import World


class FakeDayLines:
    """The port `DayLines`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.all: dict[Place, ListEntry] = {}

    def first(self, most: int) -> Sequence[ListEntry]:
        with self.world.effect("days.first"):
            return sorted(self.all.values(), key=day_order)[:most]

    def of_day(self, day: datetime, behind: Place | None, most: int) -> Sequence[ListEntry]:
        with self.world.effect("days.of_day"):
            lines = [line for line in self.all.values() if line.created_at.date() == day.date()]
            rest = [line for line in lines if behind is None or order_of(line.place) > order_of(behind)]
            return sorted(rest, key=day_order)[:most]

    def remove(self, line: ListEntry) -> None:
        self.world.written("days.remove", lambda: self.all.pop(line.place, None))


def day_order(line: ListEntry) -> tuple[date, float, str]:
    return line.created_at.date(), *order_of(line.place)
