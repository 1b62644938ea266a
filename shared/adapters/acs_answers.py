"""What ACS's answers to recording control say: a refusal, an outage, or nothing that could be relied upon."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from azure.communication.callautomation import RecordingState
from azure.core.exceptions import AzureError, HttpResponseError
from azure.core.pipeline import PipelineResponse

from shared.adapters.acs_client import retry_after
from shared.domain.errors import AcsRefused, AcsUnavailable, AcsUncertain

THROTTLED = frozenset({429, 503})


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise the domain's error for the SDK's.

    Raises:
        AcsRefused, AcsUnavailable, AcsUncertain.
    """
    try:
        yield
    except HttpResponseError as error:
        raise refusal(error) from error
    except AzureError as error:
        # The SDK reports a connection that was cut after the request as ServiceRequestError, too: nothing tells it
        # from one that never came about, so either may have taken effect.
        raise AcsUncertain(f"ACS did not answer: {type(error).__name__}.") from error


def refusal(error: HttpResponseError) -> AcsRefused | AcsUnavailable:
    status = error.status_code or 0
    code = getattr(error.error, "code", None)
    message = getattr(error.error, "message", None) or f"ACS answered {status}"
    facts: dict[str, Any] = {
        "status": status,
        "code": str(code) if code else None,
        "retry_after_seconds": retry_after(error.response),
    }
    text = f"{message} ({status}/{code})" if code else f"{message} ({status})"
    if status in THROTTLED:
        return AcsUnavailable(text, **facts)
    # Beside a refusal everything is: another success than ACS's own, or a redirect, does not say what was done.
    is_refusal = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    if is_refusal and status != HTTPStatus.REQUEST_TIMEOUT:
        return AcsRefused(text, **facts)
    return AcsUncertain(text, **facts)


def refuse_unclear(response: PipelineResponse[Any, Any]) -> None:
    """Have a success that does not say what is recorded count as none; the SDK takes a missing state for "inactive".

    Raises:
        AcsUncertain: it names no recording, or no state that there is.
    """
    answer = response.http_response
    if not HTTPStatus.OK <= answer.status_code < HTTPStatus.MULTIPLE_CHOICES:
        return
    try:
        told = json.loads(answer.text())
        clear = bool(told["recordingId"]) and isinstance(told["recordingId"], str)
        clear = clear and told["recordingState"] in set(RecordingState)
    except (ValueError, LookupError, TypeError, RecursionError):
        clear = False
    if not clear:
        raise AcsUncertain(
            f"ACS answered {answer.status_code} without saying what it records.", status=answer.status_code
        )
