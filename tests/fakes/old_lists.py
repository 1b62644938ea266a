"""The lists by day of version 0.1, in a set."""

from datetime import datetime

from shared.domain.list_entry import ListEntry, Place
from shared.domain.old_lists import OldPage, order, order_of
from tests.fakes.world import World


class FakeOldLists:
    """The port `OldLists`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.lines: dict[Place, ListEntry] = {}

    def write(self, id: str, created_at: datetime) -> None:
        """Have version 0.1 list a recording."""
        line = ListEntry(id=id, created_at=created_at)
        self.lines[line.place] = line

    def page(self, behind: Place, most: int) -> OldPage:
        with self.world.effect("catalog.old_page"):
            rest = sorted((one for one in self.lines.values() if order(one) > order_of(behind)), key=order)
        return OldPage(rest[:most], rest[most - 1].place if len(rest) >= most else None)

    def remove(self, line: ListEntry) -> None:
        self.world.written("catalog.remove_old", lambda: self.lines.pop(line.place, None))
