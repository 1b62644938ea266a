"""Contents and documents at ACS: ranged reads, redirects followed by hand, the copy verified before every DELETE."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.client import HTTPException
from typing import Any, cast

import msgspec
from azure.communication.callautomation import CallAutomationClient
from azure.core.exceptions import AzureError, HttpResponseError
from azure.core.rest import HttpResponse
from urllib3.exceptions import HTTPError

from shared.adapters.acs_client import REVERIFY, app_refused, retry_after
from shared.adapters.receiving import receiver
from shared.domain.acs_urls import Location, parse_location
from shared.domain.durations import ACS_CONTENT_READ_SECONDS
from shared.domain.errors import AcsUnavailable, NotUnderstood, SourceMissing, SourceSuspect, SourceUnavailable
from shared.domain.ports import SourceRange

REDIRECTS_MAX = 3
REDIRECTS = frozenset({301, 302, 303, 307, 308})
CONTENT_RANGE = re.compile(r"bytes (?P<first>\d{1,18})-(?P<last>\d{1,18})/(?P<total>\d{1,18})", re.ASCII)


@dataclass(frozen=True)
class SdkSource:
    """The port `Source`."""

    client: CallAutomationClient
    host_suffixes: tuple[str, ...]
    read_seconds: float = ACS_CONTENT_READ_SECONDS

    @property
    def options(self) -> dict[str, Any]:
        """The SDK's arguments of every request: the caller decides on retries."""
        return {"read_timeout": self.read_seconds, "retry_total": 0}

    @contextmanager
    def open(self, url: str, offset: int, length: int) -> Iterator[SourceRange]:
        headers = {"Range": f"bytes={offset}-{offset + length - 1}", "Accept-Encoding": "identity"}
        send = partial(self.client.download_recording, headers=headers, **self.options)
        # The annotation in the SDK says Iterable[bytes]; what comes is a response (azure-sdk-for-python#42835).
        response = cast("HttpResponse", self.follow_redirects(url, send))
        try:
            yield ResponseRange(response, offset, length)
        finally:
            response.close()

    def delete(self, url: str, reverify: Callable[[], None]) -> None:
        send = partial(self.client.delete_recording, **self.options | {REVERIFY: reverify})
        with suppress(SourceMissing):
            self.follow_redirects(url, send)

    def follow_redirects[Answer](self, url: str, send: Callable[[str], Answer]) -> Answer:
        """Send a request, following redirects by hand: each URL is matched whole, rebuilt and signed anew.

        Only the host may change: another document or content is never what was asked for.
        """
        location = self.location(url)
        for _ in range(REDIRECTS_MAX + 1):
            try:
                return send_signed(location.url, send)
            except HttpResponseError as error:
                if error.status_code not in REDIRECTS:
                    raise unavailable(error) from error
                location = self.redirected(location, str(getattr(error.response, "headers", {}).get("Location")))
            except AzureError as error:
                raise SourceUnavailable(f"ACS did not answer: {type(error).__name__}.") from error
            except (ValueError, LookupError, RecursionError) as error:  # of the SDK's decoders of what is no content
                raise SourceUnavailable(f"ACS's answer cannot be read: {type(error).__name__}.") from error
            except AcsUnavailable as error:  # no token; the client is that of the calls
                raise SourceUnavailable(str(error)) from error
        raise SourceUnavailable(f"ACS redirected more than {REDIRECTS_MAX} times.")

    def redirected(self, location: Location, url: str) -> Location:
        """The target of a redirect. Raises: SourceUnavailable unless it is the same content at another host."""
        other = self.location(url)
        if other != msgspec.structs.replace(location, host=other.host):
            raise SourceUnavailable("ACS redirected to another document or content; it was not asked for.")
        return other

    def location(self, url: str) -> Location:
        """Raises: SourceUnavailable for a URL that is not allowed; a later answer, or corrected settings, may help."""
        try:
            return parse_location(url, self.host_suffixes)
        except NotUnderstood as error:
            raise SourceUnavailable(f"ACS points to a place that we do not go to. {error}") from error


def send_signed[Answer](url: str, send: Callable[[str], Answer]) -> Answer:
    """Send a request; once more when the signature is refused, since its date may have been too old."""
    try:
        return close_on_error(url, send)
    except HttpResponseError as error:
        if error.status_code != HTTPStatus.UNAUTHORIZED:
            raise
        return close_on_error(url, send)


def close_on_error[Answer](url: str, send: Callable[[str], Answer]) -> Answer:
    """Send a request, and give the connection back when it is refused: the SDK leaves a streamed response open."""
    try:
        return send(url)
    except HttpResponseError as error:
        if error.response is not None:
            cast("HttpResponse", error.response).close()
        raise


def unavailable(error: HttpResponseError) -> SourceUnavailable:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return SourceMissing("ACS has no such document: not yet, or not any more.")
    answer = cast("HttpResponse", error.response)
    text = f"ACS answered {error.status_code}. {app_refused(error.status_code or 0, None, answer)}".rstrip()
    return SourceUnavailable(text, retry_after_seconds=retry_after(answer))


class ResponseRange:
    """The port `SourceRange` on an HTTP response; refuses one that is not exactly the range that was asked for."""

    def __init__(self, response: HttpResponse, offset: int, length: int) -> None:
        """Raises: SourceSuspect."""
        self.response = response
        if response.status_code != HTTPStatus.PARTIAL_CONTENT:
            raise SourceSuspect(f"ACS answered {response.status_code} to a request for a range.")
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise SourceSuspect("ACS answered with an encoded content although none was accepted.")
        matched = CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if matched is None:
            raise SourceSuspect("ACS's Content-Range is missing or malformed.")
        first, last, self.total = map(int, matched.group("first", "last", "total"))
        self.length = last - first + 1
        if first != offset or last != min(offset + length, self.total) - 1:
            raise SourceSuspect(
                f"ACS answered with bytes {first:,} to {last:,} of {self.total:,} instead of those asked for."
            )
        if response.headers.get("Content-Length") != str(self.length):
            raise SourceSuspect("ACS's Content-Length is missing or is not that of the range.")
        self.arrived = 0
        self.receive = receiver(response)

    def receive_into(self, target: memoryview) -> int:
        wanted = min(len(target), self.length - self.arrived)
        try:
            count = self.receive(target[:wanted])
        except (HTTPError, HTTPException, OSError) as error:
            text = f"The connection broke after {self.arrived} bytes: {type(error).__name__}."
            raise SourceUnavailable(text) from error
        if wanted and not count:
            raise SourceUnavailable(f"The connection ended after {self.arrived} bytes instead of {self.length}.")
        self.arrived += count
        return count
