"""The body of POST /api/events: events as Event Grid would have delivered them."""

import json
from collections.abc import Mapping

from shared.domain.errors import InvalidRequest
from shared.domain.json_fields import Json, check_body_length

EVENT_BYTES_MAX = 1024 * 1024  # Event Grid's own limit


def parse_events(body: bytes) -> list[Json]:
    """One event or an array of them.

    Raises:
        InvalidRequest: it is something else.
    """
    check_body_length(body, EVENT_BYTES_MAX)
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"The body is not JSON: {error}.") from error
    events = parsed if isinstance(parsed, list) else [parsed]
    if not events or not all(isinstance(event, Mapping) for event in events):
        raise InvalidRequest("The body must be an event, or an array of events.")
    return events
