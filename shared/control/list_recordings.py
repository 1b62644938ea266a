"""Lists of recordings, newest first, without a table scan: by day, by call, or by ACS's id.

A cursor is the place of the last recording on a page: in a list by day that of `recording_days`, in a list by call our
id of the recording.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from shared.domain.durations import AT_RISK
from shared.domain.errors import InvalidRequest, RowUnreadable, WrongField
from shared.domain.identifiers import CallId, CallIdKind, normal_server_call_id
from shared.domain.log import LOGGER
from shared.domain.models import FilesStatus, Recording, RecordingStatus
from shared.domain.ports import Catalog, Clock
from shared.domain.recording_days import recordings_by_days

LIMIT_DEFAULT = 50
LIMIT_MAX = 200
ROWS_READ_MAX = 2000  # how many rows one page reads in search of those that match
MIN_TIME = datetime.min.replace(tzinfo=UTC)


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """A list query: which recordings, from where on."""

    server_call_id: str | None = None
    recording_id: str | None = None
    status: RecordingStatus | None = None
    since: datetime
    until: datetime
    tags: dict[str, str] = {}
    at_risk: bool = False
    limit: int = LIMIT_DEFAULT
    cursor: str | None = None

    def matches(self, recording: Recording, now: datetime) -> bool:
        at_risk = recording.expires_at is not None and recording.expires_at - now < AT_RISK
        return (
            (self.status is None or recording.status is self.status)
            and self.since <= recording.created_at <= self.until
            and self.tags.items() <= recording.tags.items()
            and (not self.at_risk or (at_risk and recording.files is FilesStatus.TRANSFERRING))
            and (self.server_call_id is None or is_of_call(recording, self.server_call_id))
        )


class Page(msgspec.Struct, frozen=True):
    """One page of a list, and the cursor of the next; None at its end."""

    recordings: tuple[Recording, ...]
    continuation: str | None


def is_of_call(recording: Recording, server_call_id: str) -> bool:
    own = recording.server_call_id
    return own is not None and normal_server_call_id(own) == normal_server_call_id(server_call_id)


@dataclass(frozen=True)
class RecordingLists:
    """Answers list queries from the catalog's index entries."""

    catalog: Catalog
    clock: Clock

    def page(self, query: Query) -> Page:
        """One page of the list. Rows that cannot be read are not in it; a request for one of them says why."""
        now = self.clock()
        found: list[Recording] = []
        unreadable: list[RowUnreadable] = []
        continuation: str | None = None
        for read, (cursor, id) in enumerate(self.candidates(query), start=1):
            try:
                recording = self.catalog.recording(id) if id is not None else None
            except RowUnreadable as error:
                unreadable.append(error)
                recording = None
            if recording is not None and query.matches(recording, now):
                found.append(recording)
            if len(found) == query.limit or read == ROWS_READ_MAX or id is None:
                continuation = cursor
                break
        if unreadable:
            # No alert: that is the sweep's, once, and a list may be asked for every second.
            LOGGER.warning("a list passes over %d rows: %s", len(unreadable), unreadable[0])
        return Page(tuple(found), continuation)

    def candidates(self, query: Query) -> Iterator[tuple[str, str | None]]:
        """(cursor, id) of recordings that may match, newest first; id None when the page's limit of days is reached."""
        if query.recording_id is not None:
            id = self.catalog.recording_by_acs_id(query.recording_id)
            yield from [(id, id)] if id and not query.cursor else []
        elif query.server_call_id is not None:
            ids = self.catalog.recordings_by_call(CallId(CallIdKind.SERVER_CALL, query.server_call_id), query.until)
            yield from ((id, id) for id in behind(ids, query.cursor))
        else:
            list_day = self.catalog.recordings_by_day
            yield from recordings_by_days(list_day, query.until, query.since, query.cursor)


def behind(ids: Sequence[str], cursor: str | None) -> Sequence[str]:
    """The ids that follow a cursor. Raises: InvalidRequest when it is none of them: it would begin anew for ever."""
    if cursor is None:
        return ids
    if cursor not in ids:
        raise InvalidRequest.of([WrongField("continuation", "the list has changed too much to go on; begin anew.")])
    return ids[ids.index(cursor) + 1 :]
