"""Managed identity on one machine: the endpoint that hands out tokens, and certificates so that they travel over https.

Azurite and the simulator look at a token's audience and expiry only; nobody here could sign one.
"""

import json
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HEADER = "X-IDENTITY-HEADER"
SECRET = "local-identity-header"
LIFETIME_SECONDS = 3600
CERTIFICATE_LIFETIME = timedelta(days=365)
USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)
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
    """A throw-away certificate of storage on this machine, which nobody else signed.

    Azurite reads its own blobs where a file is composed of them, and trusts nothing but its certificate then.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.authority = directory / "storage-ca.pem"  # what clients trust: the same certificate
        self.certificate = directory / "storage.pem"
        self.key = directory / "storage.key"
        key = ec.generate_private_key(ec.SECP256R1())
        pem = self_signed(key).public_bytes(serialization.Encoding.PEM)
        for path in (self.authority, self.certificate):
            path.write_bytes(pem)
        private = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        self.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, *private))

    def bundle(self, other: Path) -> Path:
        """A file that trusts another authority as well."""
        both = self.directory / "bundle.pem"
        both.write_bytes(other.read_bytes() + self.authority.read_bytes())
        return both


def self_signed(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """A certificate of this machine, with all that Python's strict verification wants of one."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Local storage")])
    here = [x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("localhost")]
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    usage = dict.fromkeys(USAGES, False) | {"digital_signature": True, "key_cert_sign": True}
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CERTIFICATE_LIFETIME)
        .not_valid_after(now + CERTIFICATE_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.SubjectAlternativeName(here), critical=False)
        .add_extension(own, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own), critical=False)
        .sign(key, hashes.SHA256())
    )
