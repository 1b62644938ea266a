"""Replies to HTTP callers: JSON, and RFC 9457 problem documents for everything that went wrong."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from uuid import uuid4

import msgspec
from msgspec import UNSET

from shared.api.views import FieldFault, Problem, SettingFault
from shared.domain.durations import COME_AGAIN_SECONDS
from shared.domain.errors import (
    AcsError,
    AcsUncertain,
    AcsUnreadable,
    CatalogConflict,
    CatalogUnavailable,
    ControlUnknown,
    CopyRefused,
    InvalidRequest,
    OutOfTime,
    RecorderError,
    RecordingUnknown,
    Refused,
    SettingsInvalid,
    Transient,
)
from shared.domain.json_views import View
from shared.domain.log import LogEvent, log

PROBLEM_TYPE = "application/problem+json"
JSON_TYPE = "application/json"
WRONG_SETTINGS = (
    "The app does nothing until the settings listed here are corrected in the Function App; events and queue messages "
    "are waiting meanwhile."
)

# ACS's codes and the status our caller gets. Faults of the service, or between it and this app, are never the caller's:
# they are 502 with ACS's code. The codes are documented, under Call Automation SDK, on
# https://learn.microsoft.com/azure/communication-services/resources/troubleshooting/voice-video-calling/troubleshooting-codes
ACS_CODES: dict[str, HTTPStatus] = {
    "8500": HTTPStatus.BAD_REQUEST,  # invalid media mode
    "8501": HTTPStatus.CONFLICT,  # the call is not established
    "8508": HTTPStatus.CONFLICT,  # the operation was cancelled
    "8519": HTTPStatus.CONFLICT,  # parallel actions
    "8520": HTTPStatus.CONFLICT,  # not supported for this call
    "8522": HTTPStatus.NOT_FOUND,  # recording or call not found
    "8523": HTTPStatus.BAD_REQUEST,  # invalid argument
    "8527": HTTPStatus.BAD_REQUEST,  # invalid serverCallId
    "8528": HTTPStatus.CONFLICT,  # the call was terminated
    "8543": HTTPStatus.NOT_FOUND,  # the call does not exist
    "8553": HTTPStatus.CONFLICT,  # the call is being recorded
    "8557": HTTPStatus.BAD_REQUEST,  # wrong format type
    "8559": HTTPStatus.CONFLICT,  # the call is being recorded, or about to be
    "8562": HTTPStatus.BAD_REQUEST,  # recording mode not supported
    "8571": HTTPStatus.CONFLICT,  # recording operation conflict
    "8573": HTTPStatus.CONFLICT,  # pause or resume not allowed now
    "8516": HTTPStatus.TOO_MANY_REQUESTS,  # throttled, as the next three
    "8529": HTTPStatus.TOO_MANY_REQUESTS,
    "8530": HTTPStatus.TOO_MANY_REQUESTS,
    "8589": HTTPStatus.TOO_MANY_REQUESTS,
    "8608": HTTPStatus.BAD_GATEWAY,  # the recording participant failed
    "7504": HTTPStatus.BAD_GATEWAY,  # this app's identity lacks permission
    "7509": HTTPStatus.BAD_GATEWAY,  # this app's signature was refused
    "7510": HTTPStatus.BAD_GATEWAY,  # this app's managed identity was refused
    "7605": HTTPStatus.FORBIDDEN,  # recording a Teams interop call is not authorised
    "9999": HTTPStatus.BAD_GATEWAY,  # unknown internal error at ACS
}
ACS_STATUSES: dict[int, HTTPStatus] = {
    400: HTTPStatus.BAD_REQUEST,
    404: HTTPStatus.NOT_FOUND,
    409: HTTPStatus.CONFLICT,
    412: HTTPStatus.CONFLICT,
    429: HTTPStatus.TOO_MANY_REQUESTS,
}
# Between storage and itself: neither the caller's fault, nor the recording's state, nor over in a moment.
UPSTREAM: Mapping[type[RecorderError], HTTPStatus] = {
    CopyRefused: HTTPStatus.BAD_GATEWAY,
    OutOfTime: HTTPStatus.GATEWAY_TIMEOUT,
}
COME_AGAIN = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
RETRY_AFTER = "Retry-After"


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP reply, before it becomes the platform's."""

    status: HTTPStatus
    body: bytes
    content_type: str
    headers: Mapping[str, str] = {}


def json_reply(view: View, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] = {}) -> Reply:
    return Reply(status=status, body=msgspec.json.encode(view), content_type=JSON_TYPE, headers=headers)


def reply_or_problem(instance: str, act: Callable[[], Reply]) -> Reply:
    """The reply of a use case, or the problem document of whatever it raised; `instance` is the path asked for.

    Each 429 and 503 says when to come again.
    """
    reply = reply_of(instance, act)
    if reply.status not in COME_AGAIN or RETRY_AFTER in reply.headers:
        return reply
    return msgspec.structs.replace(reply, headers={**reply.headers, RETRY_AFTER: str(COME_AGAIN_SECONDS)})


def reply_of(instance: str, act: Callable[[], Reply]) -> Reply:
    try:
        return act()
    except RecorderError as error:
        return problem(error, instance)
    except Exception as error:  # noqa: BLE001 - here an unknown fault becomes a 500 with an id that the log has
        incident = str(uuid4())
        log(LogEvent.UNKNOWN_FAULT, incident=incident, traceback=error)
        detail = f"An unknown fault, logged under {incident}. Nothing that was acknowledged is lost."
        return problem_reply(HTTPStatus.INTERNAL_SERVER_ERROR, detail, instance)


def problem(error: RecorderError, instance: str) -> Reply:
    """The problem document of one of this app's errors."""
    if isinstance(error, SettingsInvalid):
        wrong = tuple(SettingFault(name=name, must_be=must_be) for name, must_be in error.wrong)
        return problem_reply(HTTPStatus.SERVICE_UNAVAILABLE, WRONG_SETTINGS, instance, settings=wrong)
    detail = f"{error} {error.advice}".rstrip()
    if not isinstance(error, AcsError):
        faults = error.faults if isinstance(error, InvalidRequest) else ()
        errors = tuple(FieldFault(field=field, detail=reason) for field, reason in faults)
        return problem_reply(status_of(error), detail, instance, id=error.id, errors=errors)
    after = error.retry_after_seconds
    return problem_reply(
        status_of(error),
        detail,
        instance,
        {} if after is None else {RETRY_AFTER: str(max(1, round(after)))},
        id=error.id,
        acs_code=error.code,
        acs_status=error.status,
    )


def status_of(error: RecorderError) -> HTTPStatus:
    match error:
        case Refused():
            return error.status
        case ControlUnknown() | CatalogUnavailable() | Transient():
            return UPSTREAM.get(type(error), HTTPStatus.SERVICE_UNAVAILABLE)
        case CatalogConflict() | RecordingUnknown():
            return HTTPStatus.CONFLICT
        case AcsError():
            return acs_status(error)
    return HTTPStatus.INTERNAL_SERVER_ERROR


def acs_status(error: AcsError) -> HTTPStatus:
    """The status that says whose fault it is: the caller's, the call's state, ACS's, or the connection's."""
    if isinstance(error, AcsUncertain):  # never the caller's: the request may have taken effect
        if error.status is None:
            return HTTPStatus.BAD_GATEWAY if isinstance(error, AcsUnreadable) else HTTPStatus.GATEWAY_TIMEOUT
        return HTTPStatus.SERVICE_UNAVAILABLE if error.status in COME_AGAIN else HTTPStatus.BAD_GATEWAY
    if error.status is None:
        return HTTPStatus.SERVICE_UNAVAILABLE  # ACS was not reached
    if error.code is None and error.status != HTTPStatus.TOO_MANY_REQUESTS:
        return HTTPStatus.BAD_GATEWAY  # a gateway's answer, which says nothing of the caller's request
    if error.code in ACS_CODES:
        return ACS_CODES[error.code]
    return ACS_STATUSES.get(error.status, HTTPStatus.BAD_GATEWAY)


def problem_reply(
    status: HTTPStatus,
    detail: str,
    instance: str,
    headers: Mapping[str, str] = {},
    *,
    id: str | None = None,
    acs_code: str | None = None,
    acs_status: int | None = None,
    errors: tuple[FieldFault, ...] = (),
    settings: tuple[SettingFault, ...] = (),
) -> Reply:
    document = Problem(
        title=status.phrase,
        status=status.value,
        detail=detail,
        instance=instance,
        id=id or UNSET,
        acs_code=acs_code or UNSET,
        acs_status=acs_status or UNSET,
        errors=errors or UNSET,
        settings=settings or UNSET,
    )
    return Reply(status=status, body=msgspec.json.encode(document), content_type=PROBLEM_TYPE, headers=headers)
