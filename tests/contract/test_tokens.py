"""A callback is ACS's only with a fresh token that ACS signed for this very resource."""

import base64
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from local.simulator.simulator import Simulator
from local.simulator.tokens import ISSUER
from shared.adapters.callback_tokens import JwtCallbackVerifier
from shared.domain.errors import CallbackRefused

JWKS_URL = f"{ISSUER}/calling/keys"
TOMORROW = int(time.time()) + 24 * 3600  # tests are collected long before they run: minutes would have passed by then


@pytest.fixture
def verifier(simulator: Simulator) -> JwtCallbackVerifier:
    return JwtCallbackVerifier(simulator.components.resource.immutable_id, ISSUER, JWKS_URL)


def claims(simulator: Simulator, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    audience = simulator.components.resource.immutable_id
    whole = {"iss": ISSUER, "aud": audience, "iat": now, "nbf": now, "exp": now + 300} | changes
    return {name: value for name, value in whole.items() if value is not None}


def signed(simulator: Simulator, key_id: str | None = None, **changes: Any) -> str:
    """A token that ACS's own key signed, whatever it says."""
    signer = simulator.components.signer
    headers = {"kid": key_id or signer.key_id}
    return f"Bearer {jwt.encode(claims(simulator, **changes), signer.key, algorithm='RS256', headers=headers)}"


def refused(verifier: JwtCallbackVerifier, authorization: str | None) -> bool:
    try:
        verifier.verify(authorization)
    except CallbackRefused:
        return True
    return False


def test_a_token_of_acs_is_accepted(simulator: Simulator, verifier: JwtCallbackVerifier) -> None:
    assert not refused(verifier, f"Bearer {simulator.components.signer.token()}")


def test_the_scheme_may_be_written_in_any_case(simulator: Simulator, verifier: JwtCallbackVerifier) -> None:
    assert not refused(verifier, signed(simulator).replace("Bearer", "bEARER"))


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "HMAC-SHA256 x"])
def test_a_callback_without_a_token_is_refused(verifier: JwtCallbackVerifier, authorization: str | None) -> None:
    assert refused(verifier, authorization)


@pytest.mark.parametrize(
    "token",
    [
        "garbage",
        "a.b.c",
        "..",
        "é.é.é",
        "\x00.\x00.\x00",
        "e30.e30.",
        "bnVsbA.bnVsbA.bnVsbA",
        "W10.W10.W10",
        f"{base64.urlsafe_b64encode(b'[' * 30_000).decode().rstrip('=')}.e30.e30",
        f"{base64.urlsafe_b64encode(json.dumps({'alg': 'RS256', 'kid': ['x']}).encode()).decode().rstrip('=')}.e30.e30",
        f"{base64.urlsafe_b64encode(json.dumps({'alg': 'RS256', 'kid': 7}).encode()).decode().rstrip('=')}.e30.e30",
        f"{base64.urlsafe_b64encode(json.dumps({'alg': 'RS256'}).encode()).decode().rstrip('=')}.e30.e30",
        "x" * 100_000,
    ],
    ids=range(13),
)
def test_garbage_is_refused(verifier: JwtCallbackVerifier, token: str) -> None:
    assert refused(verifier, f"Bearer {token}")


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another-resource"},
        {"aud": None},
        {"aud": ""},
        {"aud": []},
        {"iss": "https://evil.example"},
        {"iss": f"{ISSUER}/"},
        {"iss": None},
        {"exp": int(time.time()) - 120},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": TOMORROW},
    ],
)
def test_a_token_for_something_else_is_refused(
    simulator: Simulator, verifier: JwtCallbackVerifier, changes: dict[str, Any]
) -> None:
    assert refused(verifier, signed(simulator, **changes))


def part(document: object) -> str:
    """A part of a token: JSON, or the bytes as they are."""
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


NO_TOKEN = "it is no JSON Web Token of ACS's"
OTHER_ALGORITHM = "it is signed otherwise than with RS256"
JUNK: dict[str, tuple[str, str]] = {
    "no token": ("garbage", NO_TOKEN),
    "no UTF-8": (f"{part(bytes([0xB7, 0xFF]))}.e30.e30", NO_TOKEN),
    "lone surrogate": ("a\ud800.b.c", NO_TOKEN),
    "beyond ASCII": ("\u00e9.\u00e9.\u00e9", NO_TOKEN),
    "deep": (f"{part(b'[' * 100_000)}.e30.e30", NO_TOKEN),
    "a long number": (f"{part(b'1' * 10_000)}.e30.e30", NO_TOKEN),
    "a megabyte": ("x" * 1_000_000, NO_TOKEN),
    "four parts": ("e30.e30.e30.e30", NO_TOKEN),
    "key id is a number": (f"{part({'alg': 'RS256', 'kid': 7})}.e30.e30", NO_TOKEN),
    "key id is a list": (f"{part({'alg': 'RS256', 'kid': ['x']})}.e30.e30", NO_TOKEN),
}
# With the id of ACS's key, as JSON of the header.
JUNK_OF_ACS_S_KEY: dict[str, tuple[dict[str, object], str]] = {
    "no algorithm": ({"alg": None}, OTHER_ALGORITHM),
    "algorithm none": ({"alg": "none"}, OTHER_ALGORITHM),
    "another algorithm": ({"alg": "HS256"}, OTHER_ALGORITHM),
    "algorithm is a list": ({"alg": ["RS256"]}, OTHER_ALGORITHM),
    "algorithm is a number": ({"alg": 7}, OTHER_ALGORITHM),
    "unknown extension": ({"crit": ["<script>"]}, NO_TOKEN),
    "detached": ({"b64": False, "crit": ["b64"]}, NO_TOKEN),
    "junk signature": ({}, "ACS's key did not sign it"),
}


def reason(verifier: JwtCallbackVerifier, token: str) -> str:
    with pytest.raises(CallbackRefused) as caught:
        verifier.verify(f"Bearer {token}")
    return str(caught.value)


@pytest.mark.parametrize(("token", "fault"), JUNK.values(), ids=JUNK)
def test_junk_is_refused_in_words_of_our_own(verifier: JwtCallbackVerifier, token: str, fault: str) -> None:
    """The library's quote its codec, and what was sent."""
    assert reason(verifier, token) == f"The callback's token is not valid: {fault}."


@pytest.mark.parametrize(("header", "fault"), JUNK_OF_ACS_S_KEY.values(), ids=JUNK_OF_ACS_S_KEY)
def test_junk_that_names_acs_s_key_is_refused_likewise(
    simulator: Simulator, verifier: JwtCallbackVerifier, header: dict[str, object], fault: str
) -> None:
    named = part({"alg": "RS256", "kid": simulator.components.signer.key_id} | header)

    assert reason(verifier, f"{named}.{part({})}.e30") == f"The callback's token is not valid: {fault}."


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"aud": "another"}, "it is for another resource than CALLBACK_AUDIENCE"),
        ({"iss": "https://evil.example"}, "another issued it than CALLBACK_ISSUER"),
        ({"exp": int(time.time()) - 120}, "it has expired"),
        ({"nbf": TOMORROW}, "its time has not come yet"),
        ({"exp": None}, "it has no exp"),
        ({"aud": None}, "it has no aud"),
        ({"iss": None}, "it has no iss"),
    ],
)
def test_what_is_wrong_with_a_token_of_acs_s_is_told(
    simulator: Simulator, verifier: JwtCallbackVerifier, changes: dict[str, Any], fault: str
) -> None:
    token = signed(simulator, **changes).removeprefix("Bearer ")

    assert reason(verifier, token) == f"The callback's token is not valid: {fault}."


ODD = [7, -1, float("inf"), float("nan"), 10**30, "x", [], [7], {}, [["a"]], "\ud800", True, "9" * 5000]


@pytest.mark.parametrize("claim", ["exp", "iat", "nbf", "aud", "iss", "sub", "jti"])
def test_odd_claims_under_acs_s_own_signature_are_refused_or_passed_over(
    simulator: Simulator, verifier: JwtCallbackVerifier, claim: str
) -> None:
    signer = simulator.components.signer
    for odd in ODD:
        body = json.dumps(claims(simulator) | {claim: odd}).encode()
        token = jwt.api_jws.encode(body, signer.key, algorithm="RS256", headers={"kid": signer.key_id})

        assert refused(verifier, f"Bearer {token}") in {True, False}


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"7", b"\xff", b"[" * 100_000, b"1" * 10_000], ids=range(7))
def test_a_body_that_is_no_object_is_refused_under_acs_s_own_signature(
    simulator: Simulator, verifier: JwtCallbackVerifier, body: bytes
) -> None:
    signer = simulator.components.signer
    token = jwt.api_jws.encode(body, signer.key, algorithm="RS256", headers={"kid": signer.key_id})

    assert reason(verifier, token) == f"The callback's token is not valid: {NO_TOKEN}."


def test_a_token_that_has_just_expired_is_accepted_because_clocks_differ(
    simulator: Simulator, verifier: JwtCallbackVerifier
) -> None:
    assert not refused(verifier, signed(simulator, exp=int(time.time()) - 10))


def test_a_token_of_an_unknown_key_is_refused(simulator: Simulator, verifier: JwtCallbackVerifier) -> None:
    assert refused(verifier, signed(simulator, key_id="another"))


def test_a_token_that_another_key_signed_under_the_known_id_is_refused(
    simulator: Simulator, verifier: JwtCallbackVerifier
) -> None:
    another = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    headers = {"kid": simulator.components.signer.key_id}

    assert refused(verifier, f"Bearer {jwt.encode(claims(simulator), another, algorithm='RS256', headers=headers)}")


def test_an_unsigned_token_is_refused(simulator: Simulator, verifier: JwtCallbackVerifier) -> None:
    headers = {"kid": simulator.components.signer.key_id}
    token = jwt.encode(claims(simulator), "", algorithm="none", headers=headers)

    assert refused(verifier, f"Bearer {token}")


def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(
    simulator: Simulator, verifier: JwtCallbackVerifier
) -> None:
    public = simulator.components.signer.key.public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    header = {"alg": "HS256", "typ": "JWT", "kid": simulator.components.signer.key_id}
    # By hand, because PyJWT rightly refuses to sign with such a key.
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims(simulator))]
    mac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(b".".join(parts), pem)
    token = b".".join([*parts, base64.urlsafe_b64encode(mac).rstrip(b"=")]).decode()

    assert refused(verifier, f"Bearer {token}")


def test_a_token_that_was_altered_is_refused(simulator: Simulator, verifier: JwtCallbackVerifier) -> None:
    header, _, signature = signed(simulator).split(".")
    payload = base64.urlsafe_b64encode(json.dumps(claims(simulator, exp=9_999_999_999)).encode()).decode().rstrip("=")

    assert refused(verifier, f"{header}.{payload}.{signature}")


def test_the_keys_are_fetched_once_for_many_callbacks(simulator: Simulator, verifier: JwtCallbackVerifier) -> None:
    for _ in range(5):
        verifier.verify(signed(simulator))

    assert len(simulator.components.log.all()) == 1
