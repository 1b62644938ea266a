"""Stands between the host and everything that it asks: sees each request, and may spoil it.

One loopback port for each of Azurite's three services, and a proxy port for ACS that ends TLS with a CA of its own.
Shared-key and HMAC signatures cover path and host header, which pass unchanged; so neither side can tell.
"""

import http.client
import socket
import ssl
import struct
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, cast

from local.azurite import ACCOUNT, ACCOUNT_KEY, LOOPBACK
from local.simulator.certificates import Certificates
from local.stack import Stack
from shared.settings import RUNTIME_CONNECTION

UPSTREAM_SECONDS = 60.0
HTTPS_PORT = 443
ABORT = struct.pack("ii", 1, 0)  # SO_LINGER of no time: closing sends a reset
NOT_PASSED_ON = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})


class Outcome(Enum):
    """What becomes of a request, or of its answer."""

    PASS = "pass"  #: it goes on unharmed
    RESET = "reset"  #: the connection ends instead
    UNAVAILABLE = "unavailable"  #: 503 instead; for requests only


@dataclass(frozen=True, eq=False)
class ForwardedRequest:
    """One request of the host; equal to itself only."""

    service: str
    """`blob`, `queue`, `table` or `acs`."""
    method: str
    target: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service said."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class FaultHook(Protocol):
    """Decides what goes wrong; called from many threads."""

    def before(self, call: ForwardedRequest) -> Outcome:
        """The request came and has had no effect yet."""
        ...

    def after(self, call: ForwardedRequest, answer: Answer) -> Outcome:
        """The request had its effect; its answer has not been handed back yet."""
        ...


class NoFaults:
    """Nothing goes wrong."""

    def before(self, _call: ForwardedRequest) -> Outcome:
        return Outcome.PASS

    def after(self, _call: ForwardedRequest, _answer: Answer) -> Outcome:
        return Outcome.PASS


class Gateway:
    """The four ports; `fault_hook` may be exchanged at any time."""

    def __init__(self, stack: Stack, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.fault_hook: FaultHook = NoFaults()
        self.certificates = Certificates(directory)
        self.proxy_port = stack.announcement.port
        self.trusting = ssl.create_default_context(cafile=stack.announcement.ca_file)
        blob, queue, table = stack.azurite.ports
        self.upstreams = {"blob": blob, "queue": queue, "table": table, "acs": self.proxy_port}
        self.servers = {service: Server(self, service) for service in self.upstreams}

    def environment(self) -> Mapping[str, str]:
        """What leads the app here instead of straight to the services."""
        url = {service: f"http://{LOOPBACK}:{server.server_port}" for service, server in self.servers.items()}
        return {
            RUNTIME_CONNECTION: (
                f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};"
                f"BlobEndpoint={url['blob']}/{ACCOUNT};QueueEndpoint={url['queue']}/{ACCOUNT};"
                f"TableEndpoint={url['table']}/{ACCOUNT};"
            ),
            "HTTPS_PROXY": url["acs"],
            "REQUESTS_CA_BUNDLE": str(self.certificates.ca_file),
            "SSL_CERT_FILE": str(self.certificates.ca_file),
        }

    def upstream(self, service: str, tunnel: str) -> http.client.HTTPConnection:
        """A fresh connection for each request: one that was kept may have been closed by the other side."""
        if not tunnel:
            return http.client.HTTPConnection(LOOPBACK, self.upstreams[service], timeout=UPSTREAM_SECONDS)
        secure = http.client.HTTPSConnection(LOOPBACK, self.proxy_port, timeout=UPSTREAM_SECONDS, context=self.trusting)
        secure.set_tunnel(tunnel, HTTPS_PORT)
        return secure

    def __enter__(self) -> Self:
        for server in self.servers.values():
            server.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self.servers.values():
            server.shutdown()
            server.server_close()
            server.thread.join()


class Server(ThreadingHTTPServer):
    """One port."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, gateway: Gateway, service: str) -> None:
        super().__init__((LOOPBACK, 0), Relay)
        self.gateway = gateway
        self.service = service
        self.thread = threading.Thread(target=partial(self.serve_forever, 0.05), name=f"gateway-{service}", daemon=True)

    def handle_error(self, _request: object, _client_address: object) -> None:
        """A host that is killed leaves broken connections behind; whoever waits for an effect says what is wrong."""


class Relay(BaseHTTPRequestHandler):
    """One connection of the host."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    tunnel = ""
    """The host that a CONNECT asked for."""

    def do_CONNECT(self) -> None:
        host = self.path.rpartition(":")[0]
        self.send_response_only(200, "Connection established")
        self.end_headers()
        secure = self.server_side.gateway.certificates.context(host).wrap_socket(self.connection, server_side=True)
        self.tunnel = host
        self.request = self.connection = secure
        self.rfile = secure.makefile("rb")
        self.wfile = cast("BufferedIOBase", secure.makefile("wb", buffering=0))
        self.close_connection = False

    def finish(self) -> None:
        super().finish()
        if self.tunnel:
            # The base class closes the plain socket only, which has been detached from its file.
            self.connection.close()

    @property
    def server_side(self) -> Server:
        return cast("Server", self.server)

    def relay(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        call = ForwardedRequest(self.server_side.service, self.command, self.path)
        fault_hook = self.server_side.gateway.fault_hook
        outcome = fault_hook.before(call)
        if outcome is Outcome.PASS:
            try:
                answer = self.passed_on(body)
            except (OSError, http.client.HTTPException):
                self.reset()
                return
            outcome = fault_hook.after(call, answer)
        else:
            answer = Answer(503, (("x-ms-error-code", "ServerBusy"),), b"")
        if outcome is Outcome.RESET:
            self.reset()
        else:
            self.hand_back(answer)

    def passed_on(self, body: bytes) -> Answer:
        upstream = self.server_side.gateway.upstream(self.server_side.service, self.tunnel)
        try:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                upstream.putheader(name, value)
            upstream.endheaders(body or None)
            answer = upstream.getresponse()
            return Answer(answer.status, tuple(answer.getheaders()), answer.read())
        finally:
            upstream.close()

    def hand_back(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            if name.lower() not in NOT_PASSED_ON or (self.command == "HEAD" and name.lower() == "content-length"):
                self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def reset(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing: the fault hook knows what it did."""


for verb in ("GET", "HEAD", "POST", "PUT", "PATCH", "MERGE", "DELETE"):
    # The base class looks its methods up by these names.
    setattr(Relay, f"do_{verb}", Relay.relay)
