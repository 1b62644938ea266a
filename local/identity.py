"""Managed identity on one machine: the endpoint that hands out tokens, and certificates so that they travel over https.

Azurite and the simulator look at a token's audience and expiry only; nobody here could sign one.
"""

import json
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, urlsplit

import jwt
import trustme

HEADER = "X-IDENTITY-HEADER"
SECRET = "local-identity-header"
LIFETIME_SECONDS = 3600
TENANT_ID = "ab1f708d-50f6-404c-a006-d71b2ac7a606"
ISSUER = f"https://sts.windows.net/{TENANT_ID}/"  # Azurite insists on an issuer of this shape
CLIENT_ID = "11111111-2222-4333-8444-555555555555"


class ManagedIdentity:
    """The endpoint that App Service offers its apps, on a free port if 0; use it as a context manager."""

    def __init__(self, port: int = 0) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", port), TokenHandler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    @property
    def environment(self) -> Mapping[str, str]:
        """What App Service sets for an app that has an identity."""
        return {"IDENTITY_ENDPOINT": f"http://127.0.0.1:{self.server.server_port}/token", "IDENTITY_HEADER": SECRET}

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class TokenHandler(BaseHTTPRequestHandler):
    """Answers as App Service's identity endpoint, API version 2019-08-01."""

    def do_GET(self) -> None:
        wanted = parse_qs(urlsplit(self.path).query)
        refused = self.headers.get(HEADER) != SECRET or wanted.get("client_id") != [CLIENT_ID]
        resource = wanted.get("resource", [""])[0]
        body = {"error": "unknown identity"} if refused else token_answer(resource)
        content = json.dumps(body).encode()
        self.send_response(400 if refused else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: a line for every token helps nobody."""


def token_answer(resource: str) -> dict[str, str]:
    now = int(time.time())
    claims = {
        "aud": resource,
        "iss": ISSUER,
        "iat": now,
        "nbf": now - 60,
        "exp": now + LIFETIME_SECONDS,
        "oid": CLIENT_ID,  # delegation keys name the identity and its tenant
        "tid": TENANT_ID,
    }
    return {
        "access_token": jwt.encode(claims, "0" * 32, algorithm="HS256"),
        "expires_on": str(now + LIFETIME_SECONDS),
        "resource": resource,
        "token_type": "Bearer",
        "client_id": CLIENT_ID,
    }


class Certificates:
    """A throw-away authority, and a certificate of its for this machine."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        authority = trustme.CA()
        leaf = authority.issue_cert("127.0.0.1", "localhost")
        self.directory = directory
        self.authority = directory / "storage-ca.pem"
        self.certificate = directory / "storage.pem"
        self.key = directory / "storage.key"
        authority.cert_pem.write_to_path(str(self.authority))
        leaf.private_key_pem.write_to_path(str(self.key))
        leaf.cert_chain_pems[0].write_to_path(str(self.certificate))

    def bundle(self, other: Path) -> Path:
        """A file that trusts another authority as well."""
        both = self.directory / "bundle.pem"
        both.write_bytes(other.read_bytes() + self.authority.read_bytes())
        return both
