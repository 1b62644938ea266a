"""The meaning of a storage service's answer, by its own code: a status alone is ambiguous.

409 is "there already", but also "the container is being deleted", "archived" and "leased"; 404 is "no such row", but
also "no such table". A request whose answer was lost may have been carried out.
"""

import json
from collections.abc import Callable
from typing import cast

from azure.core.exceptions import AzureError, DecodeError, HttpResponseError
from azure.core.rest import HttpResponse
from requests import RequestException

CODE_HEADER = "x-ms-error-code"
# What the SDKs raise. The second comes raw out of an answer that breaks off while they read it.
type Trouble = AzureError | RequestException
TROUBLE = (AzureError, RequestException)


def code_of(error: Trouble) -> str:
    """The service's error code; empty when it gave none."""
    code = getattr(error, "error_code", None)
    if code:
        return str(getattr(code, "value", code))
    response = cast("HttpResponse | None", getattr(error, "response", None))
    return code_in(response) if response is not None else ""


def code_in(response: HttpResponse) -> str:
    """The code of a response, which Table Storage's own SDK does not always take out of it."""
    try:
        code = json.loads(response.text())["odata.error"]["code"]
    except (AzureError, ValueError, LookupError, TypeError):  # not read, no JSON, or of another form
        code = None
    return str(code or response.headers.get(CODE_HEADER) or "")


def described(error: Trouble) -> str:
    """Status and reason of an answer, for a message."""
    return f"{getattr(error, 'status_code', None)} ({code_of(error) or getattr(error, 'reason', None)})"


def is_lost(error: Trouble) -> bool:
    """Whether no answer came, or only a part of one: the request may have been carried out."""
    return not isinstance(error, HttpResponseError) or isinstance(error, DecodeError)


def repeat_if_lost[Answer](send: Callable[[], Answer]) -> Answer:
    """Send a write; once more when its answer was lost, since the SDK repeats neither POST nor PATCH then.

    A pooled connection that the service has closed meanwhile fails in the same way.

    Raises:
        AzureError, RequestException: of the second try, or of the first if it was answered.
    """
    try:
        return send()
    except TROUBLE as error:
        if not is_lost(error):
            raise
    return send()
