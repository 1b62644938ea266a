"""Lists of recordings, newest first, without a table scan: by day, by call, or by ACS's id.

A continuation is the cursor of the last recording on a page: in a list by day that of `recording_days`, in a list by
call our id of the recording.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from shared.domain.durations import AT_RISK, DAYS_WITHOUT_FROM, LIST_AHEAD
from shared.domain.errors import InvalidRequest, RowUnreadable
from shared.domain.identifiers import CallId, CallIdKind, normal_server_call_id
from shared.domain.json_fields import parse_time
from shared.domain.log import LOGGER
from shared.domain.models import FilesStatus, Recording, RecordingStatus
from shared.domain.ports import Catalog, Clock
from shared.domain.recording_days import recordings_by_days

LIMIT_DEFAULT = 50
LIMIT_MAX = 200
ROWS_READ_MAX = 2000  # how many rows one page reads in search of those that match
MIN_TIME = datetime.min.replace(tzinfo=UTC)
TAG_PREFIX = "tag."
FIELDS = frozenset(
    {"serverCallId", "recordingId", "status", "from", "to", "atRisk", "limit", "continuation", "code", "clientId"}
)


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
    continuation: str | None = None

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


def parse_query(params: Mapping[str, str], now: datetime) -> Query:
    """Parse the query string of a list. Raises: InvalidRequest, which names the field."""
    unknown = [name for name in params if name not in FIELDS and not name.startswith(TAG_PREFIX)]
    if unknown:
        raise InvalidRequest(f"There is no filter {', '.join(sorted(unknown))}.")
    limit = params.get("limit", str(LIMIT_DEFAULT))
    if not re.fullmatch(r"[0-9]{1,3}", limit) or not 1 <= int(limit) <= LIMIT_MAX:
        raise InvalidRequest(f"limit: it must be a whole number from 1 to {LIMIT_MAX}.")
    # Looking up a call or an id costs the same at any age; walking days does not.
    looked_up = "serverCallId" in params or "recordingId" in params
    earliest = MIN_TIME if looked_up else now - timedelta(days=DAYS_WITHOUT_FROM)
    status = params.get("status")
    if status is not None and status not in list(RecordingStatus):
        raise InvalidRequest(f"status: it must be one of {', '.join(RecordingStatus)}.")
    return Query(
        server_call_id=params.get("serverCallId"),
        recording_id=params.get("recordingId"),
        status=RecordingStatus(status) if status else None,
        since=time_filter(params, "from") or earliest,
        until=time_filter(params, "to") or now + LIST_AHEAD,
        tags={name.removeprefix(TAG_PREFIX): value for name, value in params.items() if name.startswith(TAG_PREFIX)},
        at_risk=params.get("atRisk", "false").lower() == "true",
        limit=int(limit),
        continuation=params.get("continuation"),
    )


def time_filter(params: Mapping[str, str], name: str) -> datetime | None:
    """The time that a filter names; None without it. Raises: InvalidRequest when it is no time."""
    if name not in params:
        return None
    parsed = parse_time(params[name].replace(" ", "+"))  # a plus sign that was not escaped arrives as a space
    if parsed is None:
        raise InvalidRequest(f"{name}: it must be a time such as 2026-11-22T08:00:00Z or a day such as 2026-11-22.")
    return parsed


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
            yield from [(id, id)] if id and not query.continuation else []
        elif query.server_call_id is not None:
            ids = self.catalog.recordings_by_call(CallId(CallIdKind.SERVER_CALL, query.server_call_id), query.until)
            skipped = ids.index(query.continuation) + 1 if query.continuation in ids else 0
            yield from ((id, id) for id in ids[skipped:])
        else:
            list_day = self.catalog.recordings_by_day
            yield from recordings_by_days(list_day, query.until, query.since, query.continuation)
