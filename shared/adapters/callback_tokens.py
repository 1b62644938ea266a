"""Verification of the token that ACS signs every callback with."""

import jwt

from shared.domain.durations import TOKEN_KEYS_LIFETIME_SECONDS, TOKEN_KEYS_SECONDS_MAX, TOKEN_LEEWAY_SECONDS
from shared.domain.errors import AcsUnavailable, CallbackRefused

ALGORITHMS = ["RS256"]  # pinned: a token must not choose how it is verified
SCHEME = "bearer "


class JwtCallbackVerifier:
    """The port `CallbackVerifier` on ACS's published keys, which are kept and fetched anew for an unknown key id."""

    def __init__(self, audience: str, issuer: str, jwks_url: str) -> None:
        self.audience = audience
        self.issuer = issuer
        self.keys = jwt.PyJWKClient(jwks_url, lifespan=TOKEN_KEYS_LIFETIME_SECONDS, timeout=TOKEN_KEYS_SECONDS_MAX)

    def verify(self, authorization: str | None) -> None:
        if authorization is None or not authorization.lower().startswith(SCHEME):
            raise CallbackRefused("The callback carries no bearer token.")
        token = authorization[len(SCHEME) :].strip()
        try:
            jwt.decode(
                token,
                self.keys.get_signing_key_from_jwt(token).key,
                algorithms=ALGORITHMS,
                audience=self.audience,
                issuer=self.issuer,
                leeway=TOKEN_LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud"]},
            )
        except jwt.PyJWKClientConnectionError as error:
            raise AcsUnavailable("ACS's keys could not be fetched, so the callback could not be verified.") from error
        except jwt.PyJWTError as error:
            raise CallbackRefused(f"The callback's token is not valid: {error}.") from error
