"""What says that it is ACS's: the tokens of callbacks, and the keys that they are verified with."""

import json
import threading
from collections.abc import Mapping
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import jwt

from local.simulator.tokens import ISSUER, TokenSigner
from shared.adapters.callback_tokens import JwtCallbackVerifier, keys_of
from shared.domain.errors import CallbackKeysMissing, CallbackRefused
from tests.fuzz.bounds import Finding
from tests.fuzz.delivered import parsed, written
from tests.fuzz.door import Door

AUDIENCE = "the-resource"
LONG_AGO, FAR_AHEAD = 1_700_000_000, 4_102_444_800  # seconds since 1970
# In inputs for what is made anew in each process: inputs stay what they are.
KEY_ID, MODULUS = "KEY_ID", "MODULUS"
ENCODINGS = ("identity", "gzip", "deflate", "br", "x")


class Believed(Finding):
    """A token was taken that is for nobody, from nobody, or over."""


@cache
def signer() -> TokenSigner:
    return TokenSigner(AUDIENCE)


@cache
def verifier() -> JwtCallbackVerifier:
    """A verifier that has fetched ACS's keys; its clock stands still."""
    one = JwtCallbackVerifier(AUDIENCE, ISSUER, "http://127.0.0.1:9/keys", lambda: 0.0)
    one.keys.keys = keys_of(signer().jwks())
    one.keys.known_until, one.keys.next_fetch = 1.0, 1.0
    return one


class Verifies:
    """What verifies a callback's header."""

    def __call__(self, verifier: JwtCallbackVerifier, header: str) -> None:
        verifier.verify(header)


def tokens(data: bytes, verify: Verifies) -> None:
    """An Authorization header; of a JSON object its `head` and `claims` are signed as ACS would."""
    asked = parsed(data)
    header = signed(asked) if isinstance(asked, dict) else data.decode("latin-1")
    if header is None:
        return
    try:
        verify(verifier(), header)
    except (CallbackRefused, CallbackKeysMissing):
        return
    if isinstance(asked, dict):
        require_acs(asked.get("claims"))


def signed(asked: Mapping[str, Any]) -> str | None:
    """A token of ACS's own key that says what is asked; None for what no token can say."""
    head, claims = asked.get("head"), asked.get("claims")
    try:
        token = jwt.PyJWS().encode(
            json.dumps(claims).encode(),
            signer().key,
            algorithm="RS256",
            headers={"kid": signer().key_id, **head} if isinstance(head, dict) else None,
        )
    except (jwt.PyJWTError, ValueError, TypeError, NotImplementedError, RecursionError):
        return None
    return f"Bearer {token}"


def require_acs(claims: Any) -> None:
    """Raises: Believed."""
    audience = claims.get("aud")
    is_ours = AUDIENCE in (audience if isinstance(audience, list) else [audience])
    if not is_ours or claims.get("iss") != ISSUER or float(claims.get("exp", 0)) < LONG_AGO:
        raise Believed("A token was believed that is not ACS's, not for us, or long over.")


# Keys


class KeyServer(HTTPServer):
    """Answers with what it was given last."""

    body = b""
    encoding = "identity"


class Handler(BaseHTTPRequestHandler):
    """Answers every request alike."""

    server: KeyServer

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.send_header("Content-Encoding", self.server.encoding)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: Any) -> None: ...


@cache
def key_server() -> KeyServer:
    """On loopback, as long as the process lives."""
    server = KeyServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def keys(data: bytes, verify: Verifies) -> None:
    """What the address of ACS's keys answers, before a token is verified; the first line is its encoding."""
    line, _, body = data.partition(b"\n")
    server = key_server()
    (key,) = signer().jwks()["keys"]
    body = body.replace(MODULUS.encode(), key["n"].encode()).replace(KEY_ID.encode(), key["kid"].encode())
    server.body, server.encoding = body, next((one for one in ENCODINGS if one.encode() == line), ENCODINGS[0])
    fresh = JwtCallbackVerifier(AUDIENCE, ISSUER, f"http://127.0.0.1:{server.server_port}/keys", lambda: 0.0)
    for _ in range(2):
        try:
            verify(fresh, good_token())
        except (CallbackRefused, CallbackKeysMissing):
            continue


@cache
def good_token() -> str:
    return f"Bearer {signer().token()}"


def claims(**more: object) -> dict[str, object]:
    return {"iss": ISSUER, "aud": AUDIENCE, "iat": LONG_AGO, "nbf": LONG_AGO, "exp": FAR_AHEAD} | more


RSA = {"kty": "RSA", "n": MODULUS, "e": "AQAB", "kid": KEY_ID, "use": "sig", "alg": "RS256"}
OTHERS = [
    {"kty": "oct", "k": "AA", "kid": "oct"},
    {"kty": "OKP", "crv": "Ed25519", "x": "AA", "kid": "okp"},
    {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "ec"},
]


DOORS = (
    Door(
        "tokens",
        [
            written({"head": {}, "claims": claims()}),
            written({"head": {"typ": "JWT", "crit": [], "b64": True}, "claims": claims(aud=[AUDIENCE, "another"])}),
            written({"head": {"kid": "another", "jku": "http://127.0.0.1/", "zip": "DEF"}, "claims": claims()}),
            b"Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.eyJleHAiOjQxMDI0NDQ4MDB9.AAAA",
            b"Bearer eyJhbGciOiJub25lIn0.e30.",
        ],
        tokens,
        Verifies(),
    ),
    Door(
        "keys",
        [b"identity\n" + written({"keys": [RSA]}), b"identity\n" + written({"keys": [*OTHERS, RSA]})],
        keys,
        Verifies(),
        is_framed=True,
    ),
)
