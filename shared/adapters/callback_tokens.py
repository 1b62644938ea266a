"""Verification of the token that ACS signs every callback with."""

import json
import time
from collections.abc import Callable, Mapping
from threading import Lock

import jwt
import requests

from shared.domain.durations import (
    TOKEN_KEYS_LIFETIME_SECONDS,
    TOKEN_KEYS_PAUSE_SECONDS,
    TOKEN_KEYS_SECONDS_MAX,
    TOKEN_KEYS_WAIT_SECONDS_MAX,
    TOKEN_LEEWAY_SECONDS,
)
from shared.domain.errors import CallbackKeysMissing, CallbackRefused

ALGORITHMS = ["RS256"]  # pinned: a token must not choose how it is verified
SCHEME = "bearer "
KEYS_BYTES_MAX = 256 * 1024  # ACS's have about two thousand
READ_BYTES = 16 * 1024


class JwtCallbackVerifier:
    """The port `CallbackVerifier` on ACS's published keys."""

    def __init__(
        self, audience: str, issuer: str, jwks_url: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.audience = audience
        self.issuer = issuer
        self.keys = PublishedKeys(jwks_url, monotonic)

    def verify(self, authorization: str | None) -> None:
        if authorization is None or not authorization.lower().startswith(SCHEME):
            raise CallbackRefused("The callback carries no bearer token.")
        token = authorization[len(SCHEME) :].strip()
        try:
            jwt.decode(
                token,
                self.keys.key(jwt.get_unverified_header(token).get("kid", "")),
                algorithms=ALGORITHMS,
                audience=self.audience,
                issuer=self.issuer,
                leeway=TOKEN_LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud"]},
            )
        except (jwt.PyJWTError, RecursionError) as error:
            raise CallbackRefused(f"The callback's token is not valid: {error}.") from error


class PublishedKeys:
    """Keys by their id, kept for a while. One thread at a time fetches them, and none sooner than after a pause.

    So whoever posts tokens that nobody signed makes us fetch seldom, and takes few threads while nothing answers.
    """

    def __init__(self, url: str, monotonic: Callable[[], float]) -> None:
        self.url = url
        self.monotonic = monotonic
        self.keys: Mapping[str, jwt.PyJWK] = {}
        self.known_until = self.next_fetch = monotonic()
        self.failure: Exception | None = None
        self.fetching = Lock()

    def key(self, id: str) -> jwt.PyJWK:
        """A key by its id.

        Raises:
            CallbackRefused: there is none of that id.
            CallbackKeysMissing: the keys could not be fetched, or another thread is fetching them.
        """
        if not self.has(id) and self.fetching.acquire(timeout=TOKEN_KEYS_WAIT_SECONDS_MAX):
            try:
                if not self.has(id) and self.monotonic() >= self.next_fetch:
                    self.fetch()
            finally:
                self.fetching.release()
        if self.monotonic() >= self.known_until:
            raise CallbackKeysMissing from self.failure
        if id not in self.keys:
            raise CallbackRefused("The callback's token is signed with none of ACS's keys.")
        return self.keys[id]

    def has(self, id: str) -> bool:
        return id in self.keys and self.monotonic() < self.known_until

    def fetch(self) -> None:
        self.next_fetch = self.monotonic() + TOKEN_KEYS_PAUSE_SECONDS  # whatever comes of this one
        try:
            published = jwt.PyJWKSet.from_dict(fetched(self.url, self.monotonic)).keys
            self.keys = {key.key_id: key for key in published if isinstance(key.key_id, str)}
            self.known_until = self.monotonic() + TOKEN_KEYS_LIFETIME_SECONDS
        except (requests.RequestException, OSError, ValueError, RecursionError, jwt.PyJWTError) as error:
            self.failure = error


def fetched(url: str, monotonic: Callable[[], float]) -> dict[str, object]:
    """The JSON object at a URL, within bounds of time and length.

    Raises:
        requests.RequestException, OSError: no answer, or none in time.
        ValueError, RecursionError: it is something else.
    """
    deadline = monotonic() + TOKEN_KEYS_SECONDS_MAX
    body = b""
    with requests.get(url, timeout=TOKEN_KEYS_SECONDS_MAX, stream=True, allow_redirects=False) as answer:
        answer.raise_for_status()
        while piece := answer.raw.read1(READ_BYTES, decode_content=True):
            body += piece
            if len(body) > KEYS_BYTES_MAX or monotonic() >= deadline:
                raise requests.Timeout("The keys are too long, or come too slowly.")
    document = json.loads(body)
    if not isinstance(document, dict):
        raise ValueError("The keys are no JSON object.")  # noqa: TRY004 - as for what is no JSON at all
    return document
