"""Rejected events: kept and alerted, until replay understands them.

What is kept is the document as it was handed over. Event Grid's binding parses an event before the app sees it, and
drops the keys that it does not know; docs/matching.md names the one published document that loses something so.
"""

import json
from collections.abc import Mapping

from shared.domain import identifiers
from shared.domain.json_fields import Json
from shared.domain.log import LogEvent, log
from shared.domain.ports import EventStore

REASON_CHARACTERS_MAX = 200  # in the log; whole beside the kept event
NESTING_MAX = 100  # levels of what is kept of an event that is too deep to be written down


def reject(rejected_events: EventStore, document: Json, reason: str) -> None:
    """Keep an event as it was handed over, under a name that a second delivery has again."""
    content = to_json(document)
    name = f"{identifiers.digest(content)}.json"
    rejected_events.keep(name, content.encode(), reason)
    log(LogEvent.EVENT_REJECTED, kept=name, reason=reason[:REASON_CHARACTERS_MAX])


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
