"""The query strings of the routes, as structs: what may be asked, and what it must look like."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta

from shared.api.fields import read_texts
from shared.control import list_recordings
from shared.control.list_recordings import LIMIT_DEFAULT, LIMIT_MAX
from shared.domain.errors import InvalidRequest, WrongField
from shared.domain.identifiers import CallId, CallIdKind
from shared.domain.json_fields import ALLOWED, parse_time
from shared.domain.start_request import Identifier, TagName, TagValue
from shared.domain.statuses import RecordingStatus

CONTINUATION_CHARACTERS_MAX = 1024
OF_THE_PLATFORM = frozenset({"code", "clientid"})  # keys and their names, which the platform reads; without case

# A day of 2000 to 2200 that is in the calendar: 31 days, 30 days, February, and its last day in leap years.
LONG_MONTH = r"(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
SHORT_MONTH = r"(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
FEBRUARY = r"02-(?:0[1-9]|1[0-9]|2[0-8])"
LEAP_YEAR = r"(?:20(?:[02468][048]|[13579][26])|21(?:0[48]|[2468][048]|[13579][26]))"
DAY = rf"(?:(?:2[01][0-9]{{2}}|2200)-(?:{LONG_MONTH}|{SHORT_MONTH}|{FEBRUARY})|{LEAP_YEAR}-02-29)"
# A plus sign that was not escaped arrives as a space.
TIME = r"T(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?(?:Z|[ +-](?:0[0-9]|1[0-4]):[0-5][0-9])?"
SOME_DAY = "a day such as 2026-11-22"
SOME_TIME = f"a time such as 2026-11-22T08:00:00Z or {SOME_DAY}, from 2000 to 2200"

type Day = Annotated[str, Meta(pattern=f"^{DAY}$", examples=["2026-11-22"], extra={ALLOWED: SOME_DAY})]
type DayOrTime = Annotated[
    str, Meta(pattern=f"^{DAY}(?:{TIME})?$", examples=["2026-11-22T08:00:00Z"], extra={ALLOWED: SOME_TIME})
]
type Continuation = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=CONTINUATION_CHARACTERS_MAX,
        description="Where to go on: what the last answer to the same request gave.",
        extra={ALLOWED: "the one that the last answer to the same request gave"},
    ),
]
type TagFilters = Annotated[
    dict[TagName, TagValue],
    Meta(description="tag.NAME=VALUE: recordings that have this tag.", extra={ALLOWED: "given as tag.NAME=VALUE"}),
]

type EventKey = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z]{1,16}:[A-Za-z0-9:-]{1,160}$",
        examples=["Completed:1"],
        extra={ALLOWED: "the key of an event, such as Completed:1"},
    ),
]


class Query(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A query string; without fields for a route that takes none."""


class ListQuery(Query, frozen=True, kw_only=True):
    """Which recordings a list shows; where several filters are given, those that all of them let through."""

    server_call_id: Annotated[Identifier | None, Meta(description="Of this call.")] = None
    call_connection_id: Annotated[Identifier | None, Meta(description="Of the call with this connection.")] = None
    group_call_id: Annotated[Identifier | None, Meta(description="Of this group call.")] = None
    room_id: Annotated[Identifier | None, Meta(description="Of the call in this room.")] = None
    recording_id: Annotated[Identifier | None, Meta(description="With this id of ACS's.")] = None
    status: Annotated[RecordingStatus | None, Meta(description="In this status.")] = None
    from_: Annotated[DayOrTime | None, Meta(description="Created then or later; without it of any age.")] = (
        msgspec.field(name="from", default=None)
    )
    to: Annotated[DayOrTime | None, Meta(description="Created then or earlier; a day counts whole.")] = None
    tags: TagFilters = msgspec.field(name="tag", default_factory=dict)
    at_risk: Annotated[bool, Meta(description="An unsaved original expires in 12 hours; soonest first.")] = False
    include_refused: Annotated[bool, Meta(description="Also starts that ACS refused, or did not judge.")] = False
    limit: Annotated[int, Meta(ge=1, le=LIMIT_MAX, description="Recordings on a page.")] = LIMIT_DEFAULT
    continuation: Continuation | None = None

    @property
    def calls(self) -> tuple[CallId, ...]:
        """The ids of the call; the first of them names the list that is read."""
        named = {
            CallIdKind.CALL_CONNECTION: self.call_connection_id,
            CallIdKind.SERVER_CALL: self.server_call_id,
            CallIdKind.GROUP_CALL: self.group_call_id,
            CallIdKind.ROOM: self.room_id,
        }
        return tuple(CallId(kind, id) for kind, id in named.items() if id)


class LinkQuery(Query, frozen=True, kw_only=True):
    """How a link is answered."""

    redirect: Annotated[bool, Meta(description="Answer 302 to the link.")] = False
    download: Annotated[bool, Meta(description="A link that browsers save as a file instead of opening it.")] = False


class ReplayQuery(Query, frozen=True, kw_only=True):
    """What is replayed."""

    since: Annotated[DayOrTime, Meta(description="What failed or got stuck since then, 7 days back at most.")]
    continuation: Continuation | None = None


class ResendQuery(Query, frozen=True, kw_only=True):
    """Which events are sent again."""

    key: Annotated[EventKey | None, Meta(description="Only the event with this key.")] = None


class RebuildQuery(Query, frozen=True, kw_only=True):
    """What is rebuilt."""

    day: Annotated[Day, Meta(description="The day (UTC) whose folder of blobs has the manifests.")]
    continuation: Continuation | None = None


class ConsistencyQuery(Query, frozen=True, kw_only=True):
    """What is compared."""

    day: Annotated[Day, Meta(description="The day (UTC) whose recordings are compared.")]
    continuation: Continuation | None = None


def read_query[Asked: Query](kind: type[Asked], query: str, *, ignore_unknown: bool = False) -> Asked:
    """Read a query string, percent-encoded as it came, with what is blank in it.

    Args:
        kind: what may be asked.
        query: without the question mark.
        ignore_unknown: whether other names are passed over, as for routes that anybody may call.

    Raises:
        InvalidRequest: with every fault: an unknown name, one that is given twice, a value that is not allowed.
    """
    given: dict[str, object] = {}
    twice: list[str] = []
    names = {field.encode_name for field in msgspec.structs.fields(kind)}
    for name, value in parse_qsl(query, keep_blank_values=True, errors="replace"):
        first, dot, rest = name.partition(".")
        if name.lower() in OF_THE_PLATFORM or (ignore_unknown and first not in names):
            continue
        place = given.setdefault(first, {}) if dot and first in names else given
        if not isinstance(place, dict) or (rest if place is not given else name) in place:
            twice.append(name)
        else:
            place[rest if place is not given else name] = value
    if twice:
        raise InvalidRequest.of([WrongField(name, "it is given twice; give it once.") for name in twice])
    return read_texts(kind, given)


def time_of(given: str, *, is_end: bool = False) -> datetime:
    """The time that a filter means; a day is its first moment, or its last where it ends a list."""
    moment = parse_time(given.replace(" ", "+"))
    assert moment is not None  # its type has seen to that
    whole_day = is_end and "T" not in given
    return moment + timedelta(days=1, microseconds=-1) if whole_day else moment


def scope(operation: str, query: Query) -> Mapping[str, object]:
    """What a continuation belongs to: the operation, and what was asked of it, save how many on a page."""
    asked: dict[str, object] = msgspec.to_builtins(query)
    filters = {field: value for field, value in asked.items() if field not in {"limit", "continuation"}}
    return {"operation": operation, **filters}


def list_query(asked: ListQuery, cursor: str | None) -> list_recordings.Query:
    """What a list is asked for. Raises: InvalidRequest when it ends before it begins."""
    since = time_of(asked.from_) if asked.from_ else None
    until = time_of(asked.to, is_end=True) if asked.to else None
    if since and until and until < since:
        raise InvalidRequest.of([WrongField("to", "it must not be before from.")])
    return list_recordings.Query(
        calls=asked.calls,
        recording_id=asked.recording_id,
        status=asked.status,
        since=since,
        until=until,
        tags=asked.tags,
        include_refused=asked.include_refused,
        limit=asked.limit,
        cursor=cursor,
    )
