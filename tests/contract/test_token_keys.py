"""ACS's keys: fetched seldom, by one thread at a time, and within bounds, whatever their address answers."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from local.simulator.tokens import ISSUER, TokenSigner
from shared.adapters.callback_tokens import KEYS_BYTES_MAX, JwtCallbackVerifier
from shared.domain.durations import (
    TOKEN_KEYS_LIFETIME_SECONDS,
    TOKEN_KEYS_PAUSE_SECONDS,
    TOKEN_KEYS_WAIT_SECONDS_MAX,
)
from shared.domain.errors import CallbackKeysMissing, CallbackRefused

AUDIENCE = "the-resource"
HTML = b"<!DOCTYPE html><html><body>Sign in</body></html>"


class KeyServer:
    """The address of the keys: counts fetches, answers as it is told, and is silent until it may answer."""

    def __init__(self, body: bytes, status: int = 200) -> None:
        self.body = body
        self.status = status
        self.headers: dict[str, str] = {}
        self.fetches = 0
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}/calling/keys"

    def handler(self) -> type[BaseHTTPRequestHandler]:
        keys = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                keys.fetches += 1
                keys.may_answer.wait(timeout=10)
                self.send_response(keys.status)
                self.send_header("Location", f"{keys.url}/elsewhere")
                for header in ({"Content-Length": str(len(keys.body))} | keys.headers).items():
                    self.send_header(*header)
                self.end_headers()
                with suppress(ConnectionError):  # whoever has read enough hangs up
                    self.wfile.write(keys.body)

            def log_message(self, *_: Any) -> None: ...

        return Handler

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.may_answer.set()
        self.server.shutdown()
        self.server.server_close()


class HandClock:
    """Seconds that pass by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def signer() -> TokenSigner:
    return TokenSigner(AUDIENCE)


@pytest.fixture
def server(signer: TokenSigner) -> Iterator[KeyServer]:
    with KeyServer(json.dumps(signer.jwks()).encode()) as running:
        yield running


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def verifier(server: KeyServer, clock: HandClock) -> JwtCallbackVerifier:
    return JwtCallbackVerifier(AUDIENCE, ISSUER, server.url, clock)


def outcome(verify: Callable[[], None]) -> str:
    try:
        verify()
    except CallbackKeysMissing:
        return "keys missing"
    except CallbackRefused:
        return "refused"
    return "verified"


def posted(verifier: JwtCallbackVerifier, signer: TokenSigner) -> str:
    return outcome(lambda: verifier.verify(f"Bearer {signer.token()}"))


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, HTML),
        (200, b""),
        (200, b"[]"),
        (200, b'{"keys": []}'),
        (200, b'{"keys": 7}'),
        (200, b'{"keys": [7]}'),
        (200, b"[" * 30_000),
        (200, b"\xff\xfe"),
        (200, b" " * (KEYS_BYTES_MAX + 1)),
        (302, b""),
        (404, HTML),
        (500, b""),
    ],
)
def test_an_answer_that_is_no_keys_is_an_outage(
    signer: TokenSigner, server: KeyServer, verifier: JwtCallbackVerifier, status: int, body: bytes
) -> None:
    server.status, server.body = status, body

    assert posted(verifier, signer) == "keys missing"
    assert server.fetches == 1


NOT_KEYS = {
    "no bytes of a number": {"kty": "RSA", "n": 7, "e": "AQAB", "alg": "RS256"},
    "no base64": {"kty": "RSA", "n": "\u00e9", "e": "AQAB", "alg": "RS256"},
    "a key of nothing": {"kty": "RSA", "n": "", "e": "", "alg": "RS256"},
    "another algorithm": {"kty": "RSA", "alg": ["RS256"], "n": "AQAB", "e": "AQAB"},
    "a curve that is none": {"kty": "EC", "crv": ["P-256"], "x": 7, "y": 7},
    "a secret": {"kty": "oct", "k": 7},
    "a kind that is none": {"kty": ["RSA"]},
    "no kind": {},
    "text": "key",
    "nothing": None,
}


@pytest.mark.parametrize("key", NOT_KEYS.values(), ids=NOT_KEYS)
def test_keys_that_are_none_are_an_outage(
    signer: TokenSigner, server: KeyServer, verifier: JwtCallbackVerifier, key: object
) -> None:
    server.body = json.dumps({"keys": [key | {"kid": signer.key_id} if isinstance(key, dict) else key]}).encode()

    assert posted(verifier, signer) in {"keys missing", "refused"}


@pytest.mark.parametrize("key", NOT_KEYS.values(), ids=NOT_KEYS)
def test_a_key_that_is_none_keeps_no_other_from_being_used(
    signer: TokenSigner, server: KeyServer, verifier: JwtCallbackVerifier, key: object
) -> None:
    """ACS may publish, beside the key that it signs with, one of a kind that this library does not know."""
    server.body = json.dumps({"keys": [key, *signer.jwks()["keys"]]}).encode()

    assert posted(verifier, signer) == "verified"


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Encoding": "gzip"},
        {"Content-Encoding": "deflate"},
        {"Content-Length": "100000"},
        {"Transfer-Encoding": "chunked"},
    ],
)
def test_an_answer_that_cannot_be_read_is_an_outage(
    signer: TokenSigner, server: KeyServer, verifier: JwtCallbackVerifier, headers: dict[str, str]
) -> None:
    server.headers = headers

    assert posted(verifier, signer) == "keys missing"


def test_keys_that_are_none_for_these_tokens_verify_nothing(
    signer: TokenSigner, server: KeyServer, verifier: JwtCallbackVerifier
) -> None:
    elliptic = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key()))
    server.body = json.dumps(
        {"keys": [elliptic | {"kid": signer.key_id}, signer.jwks()["keys"][0] | {"kid": [signer.key_id]}]}
    ).encode()

    assert posted(verifier, signer) == "refused"


def test_an_address_that_nobody_answers_is_an_outage(signer: TokenSigner, server: KeyServer) -> None:
    server.server.server_close()

    assert posted(JwtCallbackVerifier(AUDIENCE, ISSUER, server.url), signer) == "keys missing"


def test_after_a_fetch_that_failed_none_is_tried_for_a_while(
    signer: TokenSigner, server: KeyServer, verifier: JwtCallbackVerifier, clock: HandClock
) -> None:
    server.status = 500

    outcomes = {posted(verifier, signer) for _ in range(20)}
    clock.now += TOKEN_KEYS_PAUSE_SECONDS - 1
    posted(verifier, signer)

    assert (outcomes, server.fetches) == ({"keys missing"}, 1)


def test_after_that_while_the_keys_are_fetched_anew(
    signer: TokenSigner, server: KeyServer, verifier: JwtCallbackVerifier, clock: HandClock
) -> None:
    server.status = 500
    posted(verifier, signer)
    server.status = 200
    clock.now += TOKEN_KEYS_PAUSE_SECONDS

    assert posted(verifier, signer) == "verified"


def test_tokens_of_unknown_keys_do_not_make_us_fetch_each_time(
    server: KeyServer, verifier: JwtCallbackVerifier
) -> None:
    outcomes = {posted(verifier, TokenSigner(AUDIENCE)) for _ in range(5)}

    assert (outcomes, server.fetches) == ({"refused"}, 1)


def test_a_key_that_acs_published_later_is_fetched_after_the_pause(
    signer: TokenSigner, server: KeyServer, verifier: JwtCallbackVerifier, clock: HandClock
) -> None:
    posted(verifier, signer)
    later = TokenSigner(AUDIENCE)
    server.body = json.dumps({"keys": signer.jwks()["keys"] + later.jwks()["keys"]}).encode()
    clock.now += TOKEN_KEYS_PAUSE_SECONDS

    assert (posted(verifier, later), posted(verifier, signer)) == ("verified", "verified")


def test_an_outage_does_not_forget_keys_that_are_known(
    signer: TokenSigner, server: KeyServer, verifier: JwtCallbackVerifier, clock: HandClock
) -> None:
    posted(verifier, signer)
    server.status = 500
    clock.now += TOKEN_KEYS_PAUSE_SECONDS
    posted(verifier, TokenSigner(AUDIENCE))

    assert posted(verifier, signer) == "verified"


def test_keys_are_not_believed_for_ever(
    signer: TokenSigner, server: KeyServer, verifier: JwtCallbackVerifier, clock: HandClock
) -> None:
    posted(verifier, signer)
    server.body = json.dumps(TokenSigner(AUDIENCE).jwks()).encode()
    clock.now += TOKEN_KEYS_LIFETIME_SECONDS

    assert posted(verifier, signer) == "refused"


def test_while_one_waits_for_the_keys_the_others_are_answered_soon(signer: TokenSigner, server: KeyServer) -> None:
    verifier = JwtCallbackVerifier(AUDIENCE, ISSUER, server.url)
    server.may_answer.clear()
    outcomes: list[str] = []
    threads = [threading.Thread(target=lambda: outcomes.append(posted(verifier, signer))) for _ in range(8)]

    began = time.monotonic()
    for thread in threads:
        thread.start()
    while len(outcomes) < len(threads) - 1:
        time.sleep(0.01)
    taken = time.monotonic() - began
    server.may_answer.set()
    for thread in threads:
        thread.join()

    assert (outcomes, server.fetches) == ([*["keys missing"] * 7, "verified"], 1)
    assert taken < TOKEN_KEYS_WAIT_SECONDS_MAX + 1
