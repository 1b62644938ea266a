"""Verification of the token that ACS signs every callback with."""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Lock

import jwt
import requests
import urllib3

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
FAULTS: dict[type[Exception], str] = {
    jwt.ExpiredSignatureError: "it has expired",
    jwt.ImmatureSignatureError: "its time has not come yet",
    jwt.InvalidAudienceError: "it is for another resource than CALLBACK_AUDIENCE",
    jwt.InvalidIssuerError: "another issued it than CALLBACK_ISSUER",
    jwt.InvalidSignatureError: "ACS's key did not sign it",
    jwt.InvalidAlgorithmError: f"it is signed otherwise than with {' or '.join(ALGORITHMS)}",
}


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
                options={"require": ["exp", "iss", "aud"], "enforce_minimum_key_length": True},
            )
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise CallbackRefused(f"The callback's token is not valid: {fault_of(error)}.") from error


def fault_of(error: Exception) -> str:
    """What is wrong with a token, without the library's words, which may quote what a stranger sent."""
    if isinstance(error, jwt.MissingRequiredClaimError):
        return f"it has no {error.claim}"  # one of those that are required here
    return next(
        (fault for kind, fault in FAULTS.items() if isinstance(error, kind)), "it is no JSON Web Token of ACS's"
    )


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
            self.keys = keys_of(fetched(self.url, self.monotonic))
            self.known_until = self.monotonic() + TOKEN_KEYS_LIFETIME_SECONDS
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError, RecursionError) as error:
            self.failure = error


def keys_of(document: Mapping[str, object]) -> Mapping[str, jwt.PyJWK]:
    """The published keys by their ids; one that is not understood keeps no other from being used.

    Raises:
        ValueError: none is understood.
    """
    listed = document.get("keys")
    keys = []
    for one in listed if isinstance(listed, list) else []:
        with suppress(jwt.PyJWTError, ValueError, LookupError, TypeError, AttributeError):  # whatever is in it
            keys.append(jwt.PyJWK(one))
    if not keys:
        raise ValueError("There is no key that is understood.")
    return {key.key_id: key for key in keys if isinstance(key.key_id, str)}


def fetched(url: str, monotonic: Callable[[], float]) -> dict[str, object]:
    """The JSON object at a URL, within bounds of time and length.

    Raises:
        requests.RequestException, urllib3.exceptions.HTTPError, OSError: no answer, or none in time.
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
