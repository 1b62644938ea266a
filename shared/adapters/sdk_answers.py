"""What a storage service's answer says, by its own code: a status alone never tells one thing from another.

409 is "there already", but also "the container is being deleted", "archived" and "leased"; 404 is "no such row", but
also "no such table". And what no answer says: a request whose answer was lost may have been carried out.
"""

import json
from collections.abc import Callable
from typing import Any, cast

from azure.core.exceptions import AzureError, DecodeError, HttpResponseError
from azure.core.rest import HttpResponse
from requests import RequestException

CODE_HEADER = "x-ms-error-code"
# What the SDKs raise. The second comes raw out of an answer that breaks off while they read it.
type Trouble = AzureError | RequestException
TROUBLE = (AzureError, RequestException)


def code_of(error: Trouble) -> str:
    """The service's own word for what happened; empty when it did not say."""
    code = getattr(error, "error_code", None)
    response = cast("HttpResponse | None", getattr(error, "response", None))
    if code:
        return str(getattr(code, "value", code))
    return code_in(response) if response is not None else ""


def code_in(response: HttpResponse) -> str:
    """The code of a response, which Table Storage's own SDK does not always take out of it."""
    try:
        body: Any = json.loads(response.text())
        code = body["odata.error"]["code"]
    except (AzureError, ValueError, LookupError, TypeError):  # not read, no JSON, or of another form
        code = None
    return str(code or response.headers.get(CODE_HEADER) or "")


def told(error: Trouble) -> str:
    """An answer for people: its status, and why."""
    return f"{getattr(error, 'status_code', None)} ({code_of(error) or getattr(error, 'reason', None)})"


def is_lost(error: Trouble) -> bool:
    """Whether no answer came, or only a part of one: what was asked for may have been done."""
    return not isinstance(error, HttpResponseError) or isinstance(error, DecodeError)


def repeated[Answer](send: Callable[[], Answer]) -> Answer:
    """Send a write; once more when its answer was lost, since the SDK repeats neither POST nor PATCH then.

    A pooled connection that the service has closed meanwhile looks just like that.

    Raises:
        AzureError, RequestException: the second try's own, or the first's when it was answered.
    """
    try:
        return send()
    except TROUBLE as error:
        if not is_lost(error):
            raise
    return send()
