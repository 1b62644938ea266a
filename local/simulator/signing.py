"""Who may call: HMAC signatures as ACS verifies them, Entra tokens as a switch."""

import base64
import hashlib
import hmac
import re
import time
from email.utils import parsedate_to_datetime

import jwt

from local.simulator.clock import Clock
from local.simulator.settings import CurrentSettings
from local.simulator.wire import Request

SIGNED_HEADERS = "x-ms-date;host;x-ms-content-sha256"
AUTHORIZATION = re.compile(rf"HMAC-SHA256 SignedHeaders={re.escape(SIGNED_HEADERS)}&Signature=(.+)")
AUDIENCE = "https://communication.azure.com"


class UnauthorizedError(Exception):
    """The request is not signed, or not signed by us, now, and for exactly this."""


class Authenticator:
    """Checks the credentials of one ACS resource."""

    def __init__(self, access_key: str, endpoint_host: str, settings: CurrentSettings, clock: Clock) -> None:
        self.key = base64.b64decode(access_key)
        self.endpoint_host = endpoint_host
        self.settings = settings
        self.clock = clock

    def check(self, request: Request, *, content: bool) -> None:
        """Let a request pass.

        Raises:
            UnauthorizedError: it must be answered with 401.
        """
        # The storage host serves many resources; this header says whose key signed.
        if content and request.headers.get("x-ms-host") != self.endpoint_host:
            raise UnauthorizedError("x-ms-host does not name this resource")
        kind, accepted = auth_kind(request), self.settings.current.auth
        if kind not in {"hmac", "bearer"} or accepted not in {kind, "either"}:
            raise UnauthorizedError(f"{kind} credentials are not accepted")
        if kind == "hmac":
            self.check_signature(request)
        else:
            check_token(request.headers["authorization"].partition(" ")[2], AUDIENCE)

    def check_signature(self, request: Request) -> None:
        found = AUTHORIZATION.fullmatch(request.headers["authorization"])
        if found is None:
            raise UnauthorizedError("The Authorization header is malformed")
        content_hash = base64.b64encode(hashlib.sha256(request.body).digest()).decode()
        if request.headers.get("x-ms-content-sha256") != content_hash:
            raise UnauthorizedError("The body is not the one that was signed")
        self.check_date(request)
        expected = sign(
            self.key, request.method, request.target, request.headers["x-ms-date"], self.endpoint_host, content_hash
        )
        if not hmac.compare_digest(expected, found[1]):
            raise UnauthorizedError("The signature does not match")

    def check_date(self, request: Request) -> None:
        current = self.settings.current
        try:
            signed_at = parsedate_to_datetime(request.headers.get("x-ms-date", ""))
        except ValueError as error:
            raise UnauthorizedError("x-ms-date is not a date") from error
        skew = current.clock_skew_seconds + request.clock_skew_seconds
        age_seconds = self.clock.now().timestamp() + skew - signed_at.timestamp()
        if abs(age_seconds) > current.date_skew_seconds:
            raise UnauthorizedError("x-ms-date is too far from the service's clock")


def sign(key: bytes, method: str, target: str, date: str, host: str, content_hash: str) -> str:
    text = f"{method}\n{target}\n{date};{host};{content_hash}"
    return base64.b64encode(hmac.digest(key, text.encode(), "sha256")).decode()


def auth_kind(request: Request) -> str:
    """`hmac`, `bearer`, `none`, or `other`."""
    scheme = request.headers.get("authorization", "").partition(" ")[0].lower()
    return {"hmac-sha256": "hmac", "bearer": "bearer", "": "none"}.get(scheme, "other")


def check_token(token: str, audience: str) -> None:
    """Look at audience and expiry only: local tokens come from nobody who could sign them."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False, "verify_exp": False, "verify_aud": False})
    except jwt.PyJWTError as error:
        raise UnauthorizedError("The token is not a JWT") from error
    # The SDK asks for the scope with a double slash, so real audiences may end in one.
    if str(claims.get("aud", "")).rstrip("/") != audience:
        raise UnauthorizedError("The token is for another audience")
    expires_at = claims.get("exp")
    if not isinstance(expires_at, int | float) or expires_at <= time.time():
        raise UnauthorizedError("The token has expired")
