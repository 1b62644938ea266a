"""Lists of recordings, newest first, of any age: of all, of a call, or by ACS's id.

    entries (one request for up to 1,000) ─► those that may match ─► their rows, side by side ─► those that do

What stands in the entry of a list reads no row that it throws away; the other filters read the rows of a bounded number
of entries. A page may therefore be short, or empty, and yet have a continuation: the place of the last entry that it
has seen.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from shared.domain.day_lines import AllRecordings
from shared.domain.errors import RowUnreadable
from shared.domain.identifiers import CallId
from shared.domain.list_entry import ListEntry, Place, cursor_at, parse_cursor
from shared.domain.listed_rows import read_listed
from shared.domain.log import LogEvent, log
from shared.domain.models import Recording
from shared.domain.ports import Catalog, Clock
from shared.domain.recording_rows import call_ids
from shared.domain.statuses import RecordingStatus

LIMIT_DEFAULT = 50
LIMIT_MAX = 200
ROWS_READ_MAX = 500  # of one page, in search of those that match
ENTRIES_AT_ONCE_MAX = 1000  # Table Storage answers a request with no more
ENTRIES_READ_MAX = 20 * ENTRIES_AT_ONCE_MAX  # chosen: of one page; a few seconds


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """A list query: which recordings, from where on.

    Attributes:
        calls: ids of the call that all are to name.
        recording_id: ACS's id.
        status: as they show it.
        since, until: when they were created.
        tags: names and values that they all have.
        include_refused: whether refused starts are listed, too.
        limit: how many.
        cursor: behind which place the page begins.
    """

    calls: tuple[CallId, ...] = ()
    recording_id: str | None = None
    status: RecordingStatus | None = None
    since: datetime | None = None
    until: datetime | None = None
    tags: dict[str, str] = {}
    include_refused: bool = False
    limit: int = LIMIT_DEFAULT
    cursor: str | None = None

    @property
    def begin(self) -> Place | None:
        """Behind which place the list begins. Raises: InvalidRequest when no page gave this cursor."""
        return parse_cursor(self.cursor) if self.cursor else (self.until, "") if self.until else None

    def may_match(self, entry: ListEntry) -> bool:
        return entry.tags is None or self.tags.items() <= entry.tags.items()

    def matches(self, recording: Recording) -> bool:
        named = {(call.kind, call.normal) for call in call_ids(recording)}
        return (
            (self.include_refused or not recording.refused)
            and (self.status is None or recording.status is self.status)
            and (self.since is None or self.since <= recording.created_at)
            and (self.until is None or recording.created_at <= self.until)
            and self.tags.items() <= recording.tags.items()
            and all((call.kind, call.normal) in named for call in self.calls)
        )


class Page(msgspec.Struct, frozen=True):
    """One page of a list.

    Attributes:
        recordings: those that match.
        continuation: the cursor of the next page; None at the end of the list.
        unreadable: our ids of recordings that may belong to it, and whose rows cannot be read.
    """

    recordings: tuple[Recording, ...]
    continuation: str | None
    unreadable: tuple[str, ...] = ()


@dataclass
class Search:
    """The entries of a list that may match a query, up to the end of the list or as many as one page looks at.

    Attributes:
        entries: of the list.
        query: what is searched.
        end: at which place the entries end although the list goes on; None where they do not.
        place: up to which the list was seen.
        seen: how many entries that were.
        is_done: whether nothing follows that may match.
    """

    entries: Iterator[ListEntry]
    query: Query
    end: Place | None = None
    place: Place | None = None
    seen: int = 0
    is_done: bool = False

    def next(self, count: int) -> list[ListEntry]:
        """The next entries that may match; fewer at the end of the list, and where enough was looked at."""
        found: list[ListEntry] = []
        while len(found) < count and self.seen < ENTRIES_READ_MAX:
            entry = next(self.entries, None)
            place = entry.place if entry is not None else self.end
            if place is None or (self.query.since and place[0] < self.query.since):
                self.is_done = True
                break
            self.seen, self.place = self.seen + 1, place
            if entry is None:
                self.seen = ENTRIES_READ_MAX  # the next page goes on
                break
            found += [entry] if self.query.may_match(entry) else []
        return found


@dataclass
class Matches:
    """What a page has found so far."""

    recordings: list[Recording] = field(default_factory=list)
    unreadable: list[RowUnreadable] = field(default_factory=list)

    def add(self, row: Recording | RowUnreadable, query: Query) -> None:
        if isinstance(row, RowUnreadable):
            self.unreadable.append(row)
        elif query.matches(row):
            self.recordings.append(row)

    def page(self, continuation: str | None) -> Page:
        if self.unreadable:
            # No alert: that is the sweep's, once, and a list may be asked for every second.
            log(LogEvent.ROWS_UNREADABLE, units=len(self.unreadable), failure=str(self.unreadable[0]))
        return Page(tuple(self.recordings), continuation, tuple(error.id for error in self.unreadable if error.id))


@dataclass(frozen=True)
class RecordingLists:
    """Answers list queries."""

    catalog: Catalog
    all_recordings: AllRecordings
    clock: Clock

    def page(self, query: Query) -> Page:
        """One page of the list.

        Raises:
            InvalidRequest: the cursor is none that a page gave.
            CatalogUnavailable: Table Storage did not answer.
        """
        if query.recording_id is not None:
            return self.by_acs_id(query, query.recording_id)
        call = query.calls[0] if query.calls else None
        search, matches, read = self.search(query, call), Matches(), 0
        while not search.is_done and len(matches.recordings) < query.limit and read < ROWS_READ_MAX:
            wanted = search.next(min(query.limit - len(matches.recordings), ROWS_READ_MAX - read))
            if not wanted:
                break
            read += len(wanted)
            for row in read_listed(self.catalog, wanted, self.clock(), call):
                matches.add(row, query)
        return matches.page(None if search.is_done or search.place is None else cursor_at(search.place))

    def search(self, query: Query, call: CallId | None) -> Search:
        """The entries of the list, from where the page begins; each request fetches what is likely to be wanted."""
        at_once = ENTRIES_AT_ONCE_MAX if query.tags else ROWS_READ_MAX if query.status else query.limit
        if call is not None:
            return Search(self.catalog.listed_of_call(call, query.begin, at_once), query)
        entries, end = self.all_recordings.entries(query.begin, at_once)
        return Search(entries, query, end)

    def by_acs_id(self, query: Query, recording_id: str) -> Page:
        """The recording with this id of ACS's, if it matches, too."""
        matches = Matches()
        id = self.catalog.recording_by_acs_id(recording_id)
        if id is not None and query.cursor is None:
            for row in self.catalog.recordings([id]).values():
                matches.add(row, query)
        return matches.page(None)
