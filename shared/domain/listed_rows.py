"""The rows that a list's entries lead to; entries that are not true are passed over, and removed by whoever meets them.

An entry is not true where its row was created at another time (another writer of that recording was faster), where it
has had no row for long (its writer died), and in the list of a call where ACS refused the start: no event can be about
that, and it must not hide those that can.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import batched, islice

from shared.domain.durations import ORPHAN_PATIENCE
from shared.domain.errors import RowUnreadable
from shared.domain.identifiers import CallId
from shared.domain.list_entry import ListEntry, list_entry
from shared.domain.models import Recording
from shared.domain.ports import Catalog
from shared.domain.recording_rows import call_ids

ENTRIES_OF_CALL_MAX = 1000  # how many recordings of a call are looked at for the one that is meant
ROWS_AT_ONCE = 50  # how many rows are read before it is seen whether more are wanted


def read_listed(
    catalog: Catalog, entries: Sequence[ListEntry], now: datetime | None = None, call: CallId | None = None
) -> list[Recording | RowUnreadable]:
    """Read the rows of entries, in their order; of one that cannot be read the reason. Entries that are wrong go.

    Args:
        catalog: where both are.
        entries: of one list.
        now: to tell whether an entry without a row is an old one; without it such an entry stays.
        call: whose list it is; None for the list of all recordings.
    """
    rows = catalog.recordings([entry.id for entry in entries])
    found: list[Recording | RowUnreadable] = []
    for entry in entries:
        row = rows.get(entry.id)
        if isinstance(row, RowUnreadable):
            found.append(row)
        elif is_wrong(entry, row, now, call):
            remove_entry(catalog, entry, call)
        elif row is not None:
            found.append(row)
    return found


def is_wrong(entry: ListEntry, row: Recording | None, now: datetime | None, call: CallId | None) -> bool:
    if row is None:
        return now is not None and now - entry.created_at > ORPHAN_PATIENCE
    return row.created_at != entry.created_at or (call is not None and row.judged)


def remove_entry(catalog: Catalog, entry: ListEntry, call: CallId | None) -> None:
    """Remove an entry that is wrong; put it back if its row was written, or its refusal withdrawn, at that moment."""
    catalog.remove_listed(entry, call)
    row = catalog.recordings([entry.id]).get(entry.id)
    if isinstance(row, Recording) and not is_wrong(entry, row, None, call):
        catalog.put_listed(list_entry(row), call)


def rows_of_call(
    catalog: Catalog, call: CallId, not_after: datetime, at_once: int = ROWS_AT_ONCE
) -> Iterator[Recording | RowUnreadable]:
    """The recordings of a call that were created by then, newest first; of a row that cannot be read the reason."""
    entries = catalog.listed_of_call(call, (not_after, ""), at_once)
    for batch in batched(islice(entries, ENTRIES_OF_CALL_MAX), at_once, strict=False):
        yield from read_listed(catalog, batch, call=call)


def leave_calls(catalog: Catalog, recording: Recording) -> None:
    """Take a recording whose start ACS refused out of the lists of its call, once its row says so."""
    for call in call_ids(recording):
        remove_entry(catalog, list_entry(recording), call)
