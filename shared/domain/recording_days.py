"""The recordings of one day after the other, newest first, as many days as one request may read.

A cursor is the place of a recording in that order, `2026-11-22/ROW`, with the row of the day's index entry; without a
row it is the beginning of a day.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta

from shared.domain.durations import DAYS_PER_REQUEST_MAX
from shared.domain.errors import InvalidRequest

type ListDay = Callable[[datetime, str | None], Iterable[tuple[str, str]]]


def recordings_by_days(
    list_day: ListDay, until: datetime, since: datetime, continuation: str | None
) -> Iterator[tuple[str, str | None]]:
    """(cursor, our id) of recordings; the last id is None where DAYS_PER_REQUEST_MAX ended the list before `since` did.

    Args:
        list_day: (row, our id) of a day's recordings behind a row.
        until: in the first day.
        since: in the last one.
        continuation: the cursor of the last recording that is not wanted again.

    Raises:
        InvalidRequest: the continuation is none that came from here.
    """
    day, after = parse_cursor(continuation) if continuation else (until, None)
    first = since.astimezone(UTC).date()
    for _ in range(DAYS_PER_REQUEST_MAX):
        if day.astimezone(UTC).date() < first:
            return
        for row, id in list_day(day, after):
            yield f"{day.astimezone(UTC):%Y-%m-%d}/{row}", id
        day, after = day - timedelta(days=1), None
    yield f"{day.astimezone(UTC):%Y-%m-%d}/", None


def parse_cursor(continuation: str) -> tuple[datetime, str]:
    """Raises: InvalidRequest when no page gave this continuation."""
    day, _, row = continuation.partition("/")
    try:
        return datetime.fromisoformat(day).replace(tzinfo=UTC), row
    except ValueError as error:
        raise InvalidRequest("continuation: it must be the one that the last page gave.") from error
