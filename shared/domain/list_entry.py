"""An entry of a list of recordings: facts that never change, so that it cannot disagree with its row."""

from datetime import UTC, datetime

import msgspec

from shared.domain.errors import InvalidRequest, WrongField
from shared.domain.models import Recording

# Where a recording stands in every list, newest first: when its row was created, and our id of it. Before all ids of a
# moment stands the empty one.
type Place = tuple[datetime, str]


class ListEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the list of all recordings, or of those of a call.

    It is written before the row. Of two writers of one recording both leave an entry, and the row that one of them
    wrote says which of the two is right: the one that was created when it was.

    Attributes:
        id: our id of the recording.
        created_at: when its row was created.
        tags: the caller's; None on entries that version 0.1 wrote, which do not say.
    """

    id: str
    created_at: datetime
    tags: dict[str, str] | None = None

    @property
    def place(self) -> Place:
        return self.created_at, self.id


def list_entry(recording: Recording) -> ListEntry:
    return ListEntry(id=recording.id, created_at=recording.created_at, tags=recording.tags)


def cursor_at(place: Place) -> str:
    """A place, as text."""
    moment, id = place
    return f"{moment.astimezone(UTC).isoformat()}/{id}"


def parse_cursor(cursor: str) -> Place:
    """Raises: InvalidRequest when no page gave this cursor."""
    moment, _, id = cursor.partition("/")
    try:
        return datetime.fromisoformat(moment).astimezone(UTC), id
    except (ValueError, OverflowError) as error:  # of the first and the last day not all are in the calendar in UTC
        wrong = WrongField("continuation", "it must be the one that the last page gave; begin anew.")
        raise InvalidRequest.of([wrong]) from error
