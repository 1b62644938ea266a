"""What ACS's answers to recording control mean: done, refused, or neither, whatever they are made of.

The SDK takes any JSON for a recording, any 202 for a pause, and fails with errors of its own on bytes that its decoders
do not take. So each answer is checked here before the SDK reads it. Nothing of an answer that is none of ACS's is
repeated to callers but its status, its kind and its length.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from azure.communication.callautomation import RecordingState
from azure.core.exceptions import AzureError, DecodeError, HttpResponseError
from azure.core.pipeline import PipelineResponse
from azure.core.rest import HttpResponse
from requests.exceptions import ContentDecodingError, ProxyError
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from shared.adapters.acs_client import app_refused, retry_after
from shared.adapters.bounded_answers import AnswerTooLong
from shared.domain.errors import (
    NOT_JUDGED,
    NOT_JUDGED_CODES,
    AcsRefused,
    AcsUnavailable,
    AcsUncertain,
    AcsUnreadable,
)

CLIENT_ERRORS = range(400, 500)
CODE = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)  # ACS's are four digits, or a word
MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,40}/[a-z0-9.+-]{1,60}", re.ASCII)
WORDS_MAX = 500  # characters of ACS's message: it stands on the row, in problem documents and in the log
RECORDING_ID_MAX = 1024  # characters; ACS's ids have about 200

type Check = Callable[[PipelineResponse[Any, Any]], None]


@contextmanager
def acs_answer(is_done: Callable[[HttpResponse], bool], wanted: str) -> Iterator[Check]:
    """Translate what becomes of one request; yields the SDK's hook that checks each answer before the SDK reads it.

    Args:
        is_done: whether an answer confirms the request.
        wanted: what any other success lacks.

    Raises:
        AcsRefused, AcsUnavailable, AcsUncertain.
    """
    answer: HttpResponse | None = None

    def check(response: PipelineResponse[Any, Any]) -> None:
        nonlocal answer
        answer = response.http_response
        if answer.status_code < HTTPStatus.BAD_REQUEST and not is_done(answer):  # redirects are followed by nobody
            raise AcsUncertain(f"{described(answer)}: {wanted}.", status=answer.status_code)

    try:
        yield check
    except (DecodeError, ValueError, LookupError, RecursionError) as error:  # of the SDK's decoders, the others raw
        what = described(answer) if answer is not None else "ACS answered"
        status = answer.status_code if answer is not None else None
        raise AcsUnreadable(f"{what}, which cannot be read: {type(error).__name__}.", status=status) from error
    except HttpResponseError as error:
        raise refusal(error, answer) from error
    except AzureError as error:
        if was_never_connected(error):
            raise AcsUnavailable("No connection to ACS could be made, so it was not asked.") from error
        if isinstance(error.inner_exception, AnswerTooLong):
            raise AcsUnreadable(
                "ACS's answer is longer than any that it gives, and was not read to its end."
            ) from error
        if isinstance(error.inner_exception, ContentDecodingError):
            raise AcsUnreadable("ACS's answer is not compressed as it says, and cannot be read.") from error
        raise AcsUncertain(f"ACS did not answer: {type(error).__name__}.") from error


def was_never_connected(error: AzureError) -> bool:
    """Whether no connection was made, so that nothing was sent.

    The SDK's own ServiceRequestError does not say it: it is raised for a connection that is cut after the request, too.
    """
    cause: object = error.inner_exception
    if isinstance(cause, ProxyError):  # requests' own, around urllib3's, around what happened
        cause = getattr(cause.args[0] if cause.args else None, "original_error", None)
    return isinstance(cause, NewConnectionError | ConnectTimeoutError)


def refusal(error: HttpResponseError, answer: HttpResponse | None) -> AcsRefused | AcsUnavailable:
    """What an answer that is no success means: ACS's refusal only where it has ACS's own code."""
    status = error.status_code
    if status is None or answer is None:  # the answer may be that of an earlier try
        return AcsUncertain(f"ACS's answer broke off: {type(error).__name__}.")
    code = code_of(getattr(error.error, "code", None))
    words = words_of(getattr(error.error, "message", None))
    if not words:
        words = "ACS refused it without a word" if code else f"{described(answer)}: no error of ACS's in it"
    text = f"{words} ({status}/{code})" if code else f"{words} ({status})"
    kind: type[AcsRefused | AcsUnavailable] = AcsUncertain  # another success or a redirect does not say what was done
    if status in CLIENT_ERRORS and status != HTTPStatus.REQUEST_TIMEOUT:
        # Without a code it is a gateway's, or that of an endpoint that is none of ACS's.
        is_judged = code and code not in NOT_JUDGED_CODES and status not in NOT_JUDGED
        kind = AcsRefused if is_judged else AcsUnavailable
    text = f"{text} {app_refused(status, code, answer)}".rstrip()
    return kind(text, status=status, code=code, retry_after_seconds=retry_after(answer))


def code_of(said: object) -> str | None:
    """ACS's code; None for what cannot be one."""
    code = str(said) if isinstance(said, str | int) else ""
    return code if CODE.fullmatch(code) else None


def words_of(said: object) -> str | None:
    """ACS's words on one line, no longer than they can be of use, and of characters that can be written anywhere."""
    if not isinstance(said, str):
        return None
    return " ".join(said[: 2 * WORDS_MAX].encode(errors="replace").decode().split())[:WORDS_MAX]


def described(answer: HttpResponse) -> str:
    """What an answer is, without a byte of it."""
    media_type = MEDIA_TYPE.match(answer.headers.get("Content-Type", "").lower())
    kind = media_type[0] if media_type else "no known content type"
    size = len(answer.content)
    return f"ACS answered {answer.status_code} with {f'{kind}, {size:,} bytes' if size else 'an empty body'}"


# What confirms a request


def names_recording(answer: HttpResponse) -> bool:
    """Whether it is a start's success with a recording's id.

    Whatever else it says, with the id the recording can be asked about and stopped.
    """
    return answer.status_code in {HTTPStatus.OK, HTTPStatus.ACCEPTED} and has_recording_id(document(answer))


def tells_state(answer: HttpResponse) -> bool:
    """Whether it has a recording's id and a known state; the SDK would make any other "inactive"."""
    said = document(answer)
    is_known = has_recording_id(said) and is_state(said.get("recordingState"), *RecordingState)
    return answer.status_code == HTTPStatus.OK and is_known


def accepts(answer: HttpResponse) -> bool:
    """Whether it accepts a pause or a resume: ACS's 202 has no body, and a page is a gateway's."""
    said = document(answer)
    is_acceptance = not answer.content or (bool(said) and "error" not in said)
    return answer.status_code == HTTPStatus.ACCEPTED and is_acceptance


def has_stopped(answer: HttpResponse) -> bool:
    return answer.status_code == HTTPStatus.NO_CONTENT


def document(answer: HttpResponse) -> dict[str, object]:
    """The JSON object of an answer; without fields for whatever is none."""
    try:
        said = json.loads(answer.text())
    except (ValueError, LookupError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def has_recording_id(said: dict[str, object]) -> bool:
    id = said.get("recordingId")
    return isinstance(id, str) and 0 < len(id) <= RECORDING_ID_MAX and id.isascii() and id.isprintable()


def is_state(said: object, *states: RecordingState) -> bool:
    return isinstance(said, str) and said.casefold() in states
