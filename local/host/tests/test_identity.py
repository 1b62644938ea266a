"""Identity-based connections: the host gets a token and reaches the queues with it, no key anywhere."""

from __future__ import annotations

import base64
import json
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme

from local.azurite import Azurite
from local.host.client import HostProcess

from .samples import APPS, Record

if TYPE_CHECKING:
    from collections.abc import Iterator


class TokenEndpoint(BaseHTTPRequestHandler):
    """Answers as App Service's managed identity endpoint does, with an unsigned token that Azurite accepts."""

    def do_GET(self) -> None:
        now = int(time.time())
        claims = {
            "aud": "https://storage.azure.com",
            "iss": "https://sts.windows.net/tenant/",
            "iat": now,
            "nbf": now - 60,
            "exp": now + 3600,
        }
        token = ".".join([segment({"alg": "RS256", "typ": "JWT"}), segment(claims), "c2lnbmF0dXJl"])
        answer = {"access_token": token, "expires_on": str(now + 3600), "token_type": "Bearer"}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def segment(document: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


@pytest.fixture
def token_url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), TokenEndpoint)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/token"
    server.shutdown()
    server.server_close()


@pytest.mark.stack
@pytest.mark.usefixtures("azurite")
def test_queues_are_reached_with_a_managed_identity(tmp_path: Path, token_url: str) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    record = Record(tmp_path / "record")

    with Azurite(oauth_certificate=(tmp_path / "cert.pem", tmp_path / "key.pem")) as azurite:
        environment = {
            "RECORD": str(record.path),
            "PREFIX": f"t{uuid.uuid4().hex[:8]}",
            "AzureWebJobsStorage__queueServiceUri": azurite.queue_url,
            "AzureWebJobsStorage__credential": "managedidentity",
            "AzureWebJobsStorage__clientId": str(uuid.uuid4()),
            "IDENTITY_ENDPOINT": token_url,
            "IDENTITY_HEADER": "header",
            "REQUESTS_CA_BUNDLE": str(tmp_path / "ca.pem"),
        }
        with HostProcess(APPS / "queues", environment) as host:
            assert host.request("POST", "/api/send", json=[{"id": "by-identity"}]).status_code == 200, host.log_text()
            record.wait_for("work-done", id="by-identity")
