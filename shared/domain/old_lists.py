"""The lists of version 0.1, one per day: read beside the list until the upgrade has moved them.

Once no operator has that version any more, this module goes, with all that imports it.
"""

from collections.abc import Iterator, Sequence
from heapq import merge
from typing import Protocol

import msgspec

from shared.domain.list_entry import ListEntry, Place


class OldPage(msgspec.Struct, frozen=True):
    """Lines of the lists by day, newest first.

    Attributes:
        lines: as entries without tags.
        end: up to which place they are all there are; None where no more follow.
    """

    lines: Sequence[ListEntry]
    end: Place | None


class OldLists(Protocol):
    """The lists by day.

    Raises:
        CatalogUnavailable: Table Storage did not answer (from every method).
    """

    def page(self, behind: Place, most: int) -> OldPage:
        """Lines behind a place, at most so many. Where nothing is left to be moved, this costs one request."""

    def remove(self, line: ListEntry) -> None:
        """Remove a line; fine if there is none."""


def with_old_lines(entries: Iterator[ListEntry], old: OldPage) -> Iterator[ListEntry]:
    """The entries of the list and the old lines, newest first, up to where the latter are known.

    The old ones must have been read first: a line goes once its entry is there, so that one of the two is found.
    """
    last: Place | None = None
    for entry in merge(entries, old.lines, key=order):
        if old.end is not None and order(entry) > order_of(old.end):
            return
        if entry.place != last:  # of two the entry comes first, which says the tags
            yield entry
        last = entry.place


def order(entry: ListEntry) -> tuple[float, str]:
    return order_of(entry.place)


def order_of(place: Place) -> tuple[float, str]:
    """Later times come first."""
    moment, id = place
    return -moment.timestamp(), id
