"""Where clients would connect to for a URL: each parser by itself, as a tuple that can be compared."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import urlsplit

import httpx
import requests
from urllib3.exceptions import HTTPError
from urllib3.util import parse_url
from yarl import URL

from shared.domain.acs_urls import Location
from shared.domain.errors import NotUnderstood

type Target = tuple[str | None, str | None, int, str | None]  # scheme, host, port, path with whatever follows
type Matcher = Callable[[str], Location]

HTTPS_PORT = 443


def of_urllib(url: str) -> Target:
    parts = urlsplit(url)
    behind = parts._replace(scheme="", netloc="").geturl()
    return parts.scheme, parts.hostname, parts.port or HTTPS_PORT, user(parts.username, behind)


def of_urllib3(url: str) -> Target:
    parts = parse_url(url)
    behind = parts.request_uri + (f"#{parts.fragment}" if parts.fragment is not None else "")
    return parts.scheme, parts.host, parts.port or HTTPS_PORT, user(parts.auth, behind)


def of_requests(url: str) -> Target:
    """What its session prepares and hands to urllib3."""
    return of_urllib3(str(requests.Request("GET", url).prepare().url))


def of_yarl(url: str) -> Target:
    parts = URL(url)
    behind = parts.raw_path_qs + (f"#{parts.raw_fragment}" if parts.raw_fragment else "")
    return parts.scheme, parts.raw_host, parts.port or HTTPS_PORT, user(parts.raw_user, behind)


def of_httpx(url: str) -> Target:
    parts = httpx.URL(url)
    behind = parts.raw_path.decode() + (f"#{parts.fragment}" if parts.fragment else "")
    return parts.scheme, parts.raw_host.decode(), parts.port or HTTPS_PORT, user(parts.userinfo.decode(), behind)


def user(name: str | None, behind: str) -> str:
    return f"{name}@{behind}" if name else behind


PARSERS: Mapping[str, Callable[[str], Target]] = {
    "urllib": of_urllib,
    "urllib3": of_urllib3,
    "requests": of_requests,
    "yarl": of_yarl,
    "httpx": of_httpx,
}


def accepted(urls: Iterable[tuple[int, str]], matcher: Matcher) -> Iterator[tuple[str, Location]]:
    """The URLs that a matcher takes, with what it makes of each."""
    for _, url in urls:
        try:
            yield url, matcher(url)
        except NotUnderstood:
            continue


def differences(url: str, location: Location) -> list[str]:
    """Where a client would connect to elsewhere than to the location: for the URL as it came, or as it was rebuilt."""
    path = f"/v1/objects/{location.document_id}" + (f"/content/{location.content}" if location.content else "")
    expected = ("https", location.host, HTTPS_PORT, path)
    return [f"{text!r} for {name}: {to}" for text in (url, location.url) for name, to in read(text) if to != expected]


def read(url: str) -> Iterator[tuple[str, Target | str]]:
    """What each client makes of a URL; a word where it would not connect at all."""
    for name, parse in PARSERS.items():
        try:
            yield name, parse(url)
        except (ValueError, HTTPError, httpx.InvalidURL) as error:
            yield name, type(error).__name__
