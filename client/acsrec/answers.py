"""What an answer says: a reply as its struct, anything else as an exception."""

import httpx
import msgspec
from msgspec import UnsetType

from acsrec.errors import EMPTY_ANSWERS, Fault, Problem, Unanswered
from acsrec.replies import ProblemDocument
from acsrec.retries import retry_after


def decoded[Known](response: httpx.Response, kind: type[Known]) -> Known:
    """Raises: Unanswered, it is not what this app answers."""
    try:
        return msgspec.json.decode(response.content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        request = response.request
        raise Unanswered(
            f"{request.method} {request.url.path}: {response.status_code} with something else than a {kind.__name__}"
            f" ({error}). Look whether the address is the app's, and whether this client is of its version",
            sent=True,
        ) from error


def problem_of(response: httpx.Response) -> Problem:
    """The exception for an answer that is no success: the app's own words, or what can be said without them."""
    status, title, after = response.status_code, response.reason_phrase, retry_after(response)
    try:
        told = msgspec.json.decode(response.content, type=ProblemDocument)
    except (msgspec.DecodeError, UnicodeDecodeError):
        kind = response.headers.get("Content-Type") or "no body"
        unknown = f"An answer with {kind}, not the app's own: something before it answered, or it is starting."
        return Problem(status, title, EMPTY_ANSWERS.get(status, unknown), retry_after=after)
    fields = told_or(told.errors, ())
    settings = told_or(told.settings, ())
    return Problem(
        status,
        told.title,
        told.detail,
        acs_code=told_or(told.acs_code, None),
        acs_status=told_or(told.acs_status, None),
        id=told_or(told.id, None),
        faults=[
            *(Fault(fault.field, fault.detail) for fault in fields),
            *(Fault(fault.name, fault.must_be) for fault in settings),
        ],
        retry_after=after,
    )


def told_or[Told, Otherwise](value: Told | UnsetType, otherwise: Otherwise) -> Told | Otherwise:
    return otherwise if isinstance(value, UnsetType) else value
