"""What a request asks for, as query and path: the API's names, texts for everything."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import TypedDict
from urllib.parse import quote

type When = str | date | datetime


class Filters(TypedDict, total=False):
    """Which recordings a list shows: those that every filter lets through."""

    server_call_id: str
    call_connection_id: str
    group_call_id: str
    room_id: str
    recording_id: str
    status: str
    from_: When
    to: When
    tags: Mapping[str, str]
    include_refused: bool
    limit: int


def query_of(filters: Filters) -> dict[str, str]:
    """The query of a list: the API's names, texts for everything."""
    query: dict[str, str] = {}
    for name, value in filters.items():
        if isinstance(value, Mapping):
            query |= {f"tag.{tag}": str(wanted) for tag, wanted in value.items()}
        else:
            first, *rest = name.rstrip("_").split("_")
            query[first + "".join(map(str.capitalize, rest))] = text_of(value)
    return query


def text_of(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return time_text(value) if isinstance(value, date) else str(value)


def time_text(when: When) -> str:
    """A time as the API wants it; a `datetime` must have a zone.

    Raises:
        ValueError: it has none.
    """
    if isinstance(when, datetime):
        if when.tzinfo is None:
            raise ValueError(f"{when} has no time zone; give it one, such as datetime.UTC")
        return when.isoformat()
    return when.isoformat() if isinstance(when, date) else when


def going_on(query: Mapping[str, str], continuation: str | None) -> dict[str, str]:
    return {**query, **({} if continuation is None else {"continuation": continuation})}


def segment(text: str) -> str:
    """A part of a path, which cannot become another path.

    Raises:
        ValueError: it is no id.
    """
    if text in {"", ".", ".."}:
        raise ValueError(f"{text!r} is no id")
    return quote(text, safe="")
