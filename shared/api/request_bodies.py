"""What comes in over HTTP: the body of a start with its Idempotency-Key, and the body of events handed in.

Every option of a start is checked before ACS is asked:

    {"serverCallId": "aHR0cHM6Ly9hcGku…", "recordingContentType": "audio", "recordingChannelType": "unmixed",
     "pauseOnStart": true, "tags": {"case": "4711"}}
"""

import json
from collections.abc import Mapping

from shared.api.fields import read_fields
from shared.domain.errors import InvalidRequest, TooLarge, WrongField
from shared.domain.json_fields import Json, parse_json
from shared.domain.start_request import StartRequest, checked

BODY_BYTES_MAX = 64 * 1024  # of every route but the next one
EVENT_BYTES_MAX = 1024 * 1024  # Event Grid's own limit
VALUES_MAX = 50_000  # chosen: an event of 2,000 chunks has some 12,000
EVENTS_MAX = 100  # each takes some requests to storage, and a caller waits 230 seconds at most
KEY_CHARACTERS_MAX = 256


def parse_start_request(body: bytes, containers: tuple[str, ...], callback_hosts: tuple[str, ...] = ()) -> StartRequest:
    """Read and check the body of a start.

    Args:
        body: JSON.
        containers: container URLs that callers may record into.
        callback_hosts: hosts that callers may have ACS post states to.

    Raises:
        InvalidRequest: with every wrong field, and what is allowed.
    """
    document = parse_json(body)
    if not isinstance(document, Mapping):
        raise InvalidRequest('The body must be a JSON object such as {"serverCallId": "aHR0cHM6…"}.')
    return checked(read_fields(StartRequest, document), containers, callback_hosts)


def parse_idempotency_key(key: str | None) -> str | None:
    """The key as given; None without one. Raises: InvalidRequest when it is empty or too long."""
    if key is not None and not 1 <= len(key) <= KEY_CHARACTERS_MAX:
        raise InvalidRequest.of([WrongField("Idempotency-Key", f"it must have 1 to {KEY_CHARACTERS_MAX} characters.")])
    return key


def check_no_body(body: bytes) -> None:
    """Raises: InvalidRequest for a body where none is expected; an empty object, which some clients send, is none."""
    if body.strip() not in {b"", b"{}"}:
        raise InvalidRequest("This route takes no body; send none. Nothing was done.")


def check_values(body: bytes) -> None:
    """Refuse a body that would take many times its length in memory, parsed: an empty object is three bytes, and 72.

    Commas in texts count as well; no body that is wanted has nearly as many.

    Raises:
        TooLarge.
    """
    if body.count(b",") >= VALUES_MAX:
        raise TooLarge(f"The body has more than {VALUES_MAX} values. None of it was taken in.")


def parse_events(body: bytes) -> list[Json]:
    """One event as Event Grid would have delivered it, or an array of at most EVENTS_MAX.

    Raises:
        InvalidRequest: it is neither.
        TooLarge: they are more, or have too many values.
    """
    if not body.strip():
        raise InvalidRequest("The body is empty; it must be an event, or an array of events.")
    check_values(body)
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"The body is not JSON: {error}.") from error
    events = parsed if isinstance(parsed, list) else [parsed]
    if not events or not all(isinstance(event, Mapping) for event in events):
        raise InvalidRequest("The body must be an event, or an array of events.")
    if len(events) > EVENTS_MAX:
        raise TooLarge(f"The body has {len(events)} events; {EVENTS_MAX} are allowed. None was taken in.")
    return events
