"""Throw-away TLS certificates: one CA for each run of the simulator, one leaf for each host it stands in for."""

import ssl
import threading
from pathlib import Path

import trustme


class Certificates:
    """The CA, its file, and the server contexts made from it so far."""

    def __init__(self, directory: Path) -> None:
        self.authority = trustme.CA(organization_name="Local ACS simulator")
        self.ca_file = directory / "ca.pem"
        self.authority.cert_pem.write_to_path(str(self.ca_file))
        self.contexts: dict[str, ssl.SSLContext] = {}
        self.lock = threading.Lock()

    def context(self, host: str) -> ssl.SSLContext:
        with self.lock:
            if host not in self.contexts:
                self.contexts[host] = self.issue(host)
            return self.contexts[host]

    def issue(self, host: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        self.authority.issue_cert(host).configure_cert(context)
        return context
