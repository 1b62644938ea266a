"""The tokens that sign recording-state callbacks, and the public key that verifies them."""

import json
import time
import uuid
from threading import Lock
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from local.simulator.resource import ISSUER_HOST

LIFETIME_SECONDS = 300
ISSUER = f"https://{ISSUER_HOST}"


class TokenSigner:
    """An RSA key that is made when it is first needed, once: a callback and the app's question come at one time."""

    def __init__(self, audience: str) -> None:
        self.audience = audience
        self.key_id = uuid.uuid4().hex
        self.lock = Lock()
        self.made: rsa.RSAPrivateKey | None = None

    @property
    def key(self) -> rsa.RSAPrivateKey:
        with self.lock:
            if self.made is None:
                self.made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            return self.made

    def token(self) -> str:
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": self.audience, "iat": now, "nbf": now, "exp": now + LIFETIME_SECONDS}
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": self.key_id})

    def jwks(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [public | {"kid": self.key_id, "use": "sig", "alg": "RS256"}]}


def openid_configuration() -> dict[str, Any]:
    return {
        "issuer": ISSUER,
        "jwks_uri": f"{ISSUER}/calling/keys",
        "id_token_signing_alg_values_supported": ["RS256"],
    }
