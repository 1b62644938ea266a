"""Rejected events: kept and alerted, until replay understands them.

What is kept is the document as it was handed over. Event Grid's binding parses an event before the app sees it, and
drops the keys that it does not know; docs/matching.md names the one published document that loses something so.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated

from shared.domain import identifiers
from shared.domain.json_fields import Json
from shared.domain.json_views import View, says
from shared.domain.log import LogEvent, log
from shared.domain.ports import EventStore

NESTING_MAX = 100  # levels of what is kept of an event that is too deep to be written down
LISTED_MAX = 1_000  # in one reply: a host that is not allowed refuses two thousand chunks of an event for one reason


class Rejected(View, frozen=True):
    """An event, or a chunk of one, that was kept as rejected, or ignored as `UNKNOWN_RECORDINGS` says."""

    event: Annotated[str | None, says("The event's id; null without one.")]
    document_id: Annotated[
        str | None, says("ACS's id of the file; null where it is about the event, or cannot be read.")
    ]
    reason: Annotated[str, says("Why it was rejected, and what to do.")]


def reject(rejected_events: EventStore, document: Json, rejected: Sequence[Rejected]) -> None:
    """Keep an event as it was handed over, under a name that a second delivery has again."""
    reason = " ".join(one.reason for one in rejected)
    content = to_json(document)
    name = f"{identifiers.digest(content)}.json"
    rejected_events.keep(name, content.encode(), reason)
    log(LogEvent.EVENT_REJECTED, kept=name, reason=reason)


def to_json(document: Json) -> str:
    """An event as JSON; of one that is nested too deeply to be written what lies at the depths of any real event."""
    try:
        return json.dumps(document, separators=(",", ":"))
    except RecursionError:
        return json.dumps(cut_off(document, NESTING_MAX), separators=(",", ":"))


def cut_off(value: object, levels: int) -> object:
    if isinstance(value, Mapping) and levels:
        return {name: cut_off(item, levels - 1) for name, item in value.items()}
    if isinstance(value, list) and levels:
        return [cut_off(item, levels - 1) for item in value]
    return "nested too deeply to be kept" if isinstance(value, Mapping | list) else value


def listed(rejected: Sequence[Rejected]) -> tuple[Rejected, ...]:
    """What one reply tells of them: the first ones, and how many more there are."""
    more = len(rejected) - LISTED_MAX
    if more <= 0:
        return tuple(rejected)
    return (*rejected[:LISTED_MAX], Rejected(None, None, f"{more} more were rejected; correct these first."))
