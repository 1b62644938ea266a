"""The ACS client: the official SDK, which signs every request, with what it leaves to us.

Found by experiment with azure-communication-callautomation 1.6.0. The SDK
- follows redirects to any host: it follows none here, and those of contents are matched and signed anew;
- drops the Range header when the offset is 0: the header is set here;
- returns a response where its annotation says bytes;
- retries a start under a repeatability id of its own making: the id is ours, kept on the row;
- makes of an error a text that grows with the square of how deep its JSON is: such an answer is refused here;
- repeats a DELETE after an error and after an authentication challenge: the copy is verified in each request.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from azure.communication.callautomation import CallAutomationClient
from azure.core.credentials import AzureKeyCredential, TokenCredential
from azure.core.exceptions import ResponseNotReadError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import CustomHookPolicy, RetryPolicy
from azure.core.rest import HttpRequest, HttpResponse

from shared.adapters.receiving import receiving_transport
from shared.domain.durations import ACS_CONNECT_SECONDS, ACS_CONTROL_READ_SECONDS, ACS_RETRY_AFTER_SECONDS_MAX
from shared.domain.errors import CODES_APP_REFUSED, AcsUnreadable
from shared.domain.urls import https_origin
from shared.settings_reader import parsed_connection_string

CODE_TEAMS_FORBIDDEN = "7605"  # recording this Teams meeting is not authorised; it says nothing of the app's access
CHECK_ROLE = (
    "Check that the app's identity has its role on the ACS resource: Communication and Email Service Owner, or that of"
    " ACS_ROLE_ID. A new assignment takes some minutes."
)
CHECK_KEY = (
    "Check ACS_CONNECTION_STRING: its access key must be a present one of the ACS resource that it names, and keys must"
    " not be switched off there."
)
ERROR_PARTS_MAX = 1_000  # lists and objects: ACS's errors have some ten; so many in one another make four megabytes
REVERIFY = "reverify"  # the option of a request that `ReverifyPolicy` takes


def connect(
    endpoint: str | None,
    connection_string: str | None,
    credential: Callable[[], TokenCredential],
    read_seconds: float = ACS_CONTROL_READ_SECONDS,
    **more: Any,
) -> CallAutomationClient:
    """A client by connection string, else by endpoint and identity; `more` are options of the SDK's own."""
    times = {"connection_timeout": ACS_CONNECT_SECONDS, "read_timeout": read_seconds}
    options: dict[str, Any] = (
        {"transport": receiving_transport(**times)}
        | more
        | times
        | {
            "permit_redirects": False,
            "retry_policy": NoRetryAfterPolicy(),
            "custom_hook_policy": ReverifyPolicy(),
        }
    )
    if connection_string:
        # Not from_connection_string(): it drops the scheme, and then takes a host that begins with "http" for one.
        parts = parsed_connection_string(connection_string) or {}
        key = AzureKeyCredential(parts["accesskey"])
        return CallAutomationClient(https_origin(parts["endpoint"]), key, **options)
    assert endpoint
    return CallAutomationClient(endpoint, credential(), **options)


class NoRetryAfterPolicy(RetryPolicy[HttpRequest, HttpResponse]):
    """The SDK's retries, but never after a Retry-After of up to an hour: the caller schedules the next attempt."""

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        return retry_after(response.http_response) is None and super().is_retry(settings, response)


class ReverifyPolicy(CustomHookPolicy[HttpRequest, HttpResponse]):
    """Calls the request's `REVERIFY` option each time before the request is sent.

    It stands where the SDK has its hooks: behind retries and authentication, each of which may send a request a second
    time, and which may wait for a token; before nothing that waits or repeats.
    """

    def on_request(self, request: PipelineRequest[HttpRequest]) -> None:
        reverify = request.context.options.pop(REVERIFY, None) or request.context.get(REVERIFY)
        if reverify is not None:
            request.context[REVERIFY] = reverify  # kept for a repetition, which finds the option taken
            reverify()
        super().on_request(request)

    def on_response(
        self, request: PipelineRequest[HttpRequest], response: PipelineResponse[HttpRequest, HttpResponse]
    ) -> None:
        refuse_many_parts(response.http_response)
        super().on_response(request, response)


def refuse_many_parts(answer: HttpResponse) -> None:
    """Refuse an error before the SDK makes one of its own of it, with all of its JSON in the text, indented.

    Of twenty kilobytes of lists in lists that made hundreds of megabytes.

    Raises:
        AcsUnreadable: it has more lists and objects than any of ACS's.
    """
    if answer.status_code < HTTPStatus.BAD_REQUEST:
        return
    with suppress(ResponseNotReadError):  # of a content nobody has read a byte yet, nor will
        body = answer.content
        if body.lstrip()[:1] == b"{" and body.count(b"[") + body.count(b"{") > ERROR_PARTS_MAX:
            raise AcsUnreadable(
                f"ACS answered {answer.status_code} with an error of more parts than any that it gives.",
                status=answer.status_code,
            )


def retry_after(response: object) -> float | None:
    """Seconds that an answer asks us to wait, given as a number or as a date."""
    value = getattr(response, "headers", {}).get("Retry-After")
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError, OverflowError):
            return None
    return min(max(0.0, seconds), ACS_RETRY_AFTER_SECONDS_MAX)  # in this order NaN becomes 0


def app_refused(status: int, code: str | None, answer: HttpResponse) -> str:
    """What to check where ACS refused the app itself, by how the request was signed; empty for other answers.

    ACS's own words never say which role or which key it misses.
    """
    refused = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    if code == CODE_TEAMS_FORBIDDEN or not (status in refused or code in CODES_APP_REFUSED):
        return ""
    signed = str(answer.request.headers.get("Authorization", ""))
    return CHECK_KEY if signed.startswith("HMAC-SHA256 ") else CHECK_ROLE
