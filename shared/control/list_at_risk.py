"""The list of what is at risk: recordings with an original that is not saved and that ACS destroys within hours.

It comes from the index of open work, which says when ACS destroys what is not saved: whatever a recording's status,
also where a chunk's URL was refused, or no event ever came. The index is read to its end, or the list is not given;
what it says too much, for the seconds until an entry follows its row, is shown as at risk.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched, islice

import msgspec

from shared.control.list_recordings import ROWS_READ_MAX, Query
from shared.domain.durations import AT_RISK
from shared.domain.errors import RowUnreadable
from shared.domain.list_entry import Place, cursor_at, parse_cursor
from shared.domain.models import Recording
from shared.domain.ports import Catalog, Clock
from shared.domain.statuses import FilesStatus


class AtRisk(msgspec.Struct, frozen=True):
    """A recording that is at risk, and when ACS destroys the first of its originals that is not saved."""

    recording: Recording
    deadline: datetime


class AtRiskPage(msgspec.Struct, frozen=True):
    """One page of the list, the soonest first.

    Attributes:
        recordings: those that match.
        continuation: the cursor of the next page; None at the end of the list.
        unreadable: our ids of recordings that are at risk, and whose rows cannot be read, or are not there (yet).
    """

    recordings: tuple[AtRisk, ...]
    continuation: str | None
    unreadable: tuple[str, ...]


@dataclass(frozen=True)
class AtRiskList:
    """Answers what is at risk."""

    catalog: Catalog
    clock: Clock

    def page(self, query: Query) -> AtRiskPage:
        """One page of the list.

        Raises:
            InvalidRequest: the cursor is none that a page gave.
            CatalogUnavailable: Table Storage did not answer, so that nothing can be said.
        """
        behind = parse_cursor(query.cursor) if query.cursor else None
        places = [place for place in self.places() if behind is None or place > behind]
        found: list[AtRisk] = []
        unreadable: list[str] = []
        seen = 0
        for batch in batched(islice(places, ROWS_READ_MAX), query.limit, strict=False):
            rows = self.catalog.recordings([id for _, id in batch])
            for deadline, id in batch:
                if len(found) == query.limit:
                    break
                seen += 1
                row = rows.get(id)
                if row is None or isinstance(row, RowUnreadable):
                    unreadable.append(id)
                elif is_unsaved(row) and query.matches(row):
                    found.append(AtRisk(row, deadline))
        return AtRiskPage(tuple(found), cursor_behind(places, seen), tuple(unreadable))

    def places(self) -> list[Place]:
        """(deadline, our id) of every recording that is at risk, the soonest first."""
        now = self.clock()
        deadlines: dict[str, datetime] = {}
        for entry in self.catalog.expiring_entries(now + AT_RISK):
            if entry.expires_at is not None and entry.is_at_risk(now):
                deadlines[entry.id] = min(entry.expires_at, deadlines.get(entry.id, entry.expires_at))
        return sorted((deadline, id) for id, deadline in deadlines.items())


def cursor_behind(places: Sequence[Place], seen: int) -> str | None:
    return cursor_at(places[seen - 1]) if seen < len(places) else None


def is_unsaved(recording: Recording) -> bool:
    """Whether its row leaves anything unsaved."""
    return recording.files is not FilesStatus.COMPLETED and not recording.is_empty
