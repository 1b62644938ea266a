"""The listening side: a CONNECT proxy that ends TLS for the hosts of ACS and Event Grid, and plain HTTP for admin.

The app under test reaches it through `HTTPS_PROXY` alone. Other loopback targets are passed through; anything
else is refused, so that a local run cannot talk to the outside by mistake.
"""

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable
from http import HTTPStatus

from local.simulator.certificates import Certificates
from local.simulator.connection import RECEIVE_BYTES, Connection, ConnectionOverError, number
from local.simulator.wire import Request, Response

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Proxy:
    """Accepts connections on loopback, each served by its own thread."""

    def __init__(
        self,
        port: int,
        certificates: Certificates,
        is_ours: Callable[[str], bool],
        answer: Callable[[Request], Response],
        refused: Callable[[Request], None],
    ) -> None:
        self.certificates = certificates
        self.is_ours = is_ours
        self.answer = answer
        self.refused = refused
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.connections: set[Connection] = set()
        self.threads: set[threading.Thread] = set()
        self.listener = socket.create_server(("127.0.0.1", port), backlog=256)
        self.port: int = self.listener.getsockname()[1]
        self.acceptor = threading.Thread(target=self.accept, name="simulator-accept", daemon=True)

    def start(self) -> None:
        self.acceptor.start()

    def stop(self) -> None:
        self.stopping.set()
        # Closing alone would not wake a thread that is blocked in accept().
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.acceptor.join()
        with self.lock:
            connections, threads = list(self.connections), list(self.threads)
        for connection in connections:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection.peer, socket.SHUT_RDWR)
        for thread in threads:
            thread.join(timeout=2)

    def accept(self) -> None:
        with contextlib.suppress(OSError):
            while not self.stopping.is_set():
                peer, _ = self.listener.accept()
                thread = threading.Thread(target=self.serve, args=(peer,), name="simulator-serve", daemon=True)
                with self.lock:
                    self.threads.add(thread)
                thread.start()

    def serve(self, peer: socket.socket) -> None:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(peer, self.stopping)
        with self.lock:
            self.connections.add(connection)
        try:
            # A peer may vanish or talk nonsense at any point: that ends this connection, not the simulator.
            with contextlib.suppress(ConnectionOverError, OSError):
                self.serve_requests(connection)
        finally:
            connection.close()
            with self.lock:
                self.connections.discard(connection)
                self.threads.discard(threading.current_thread())

    def serve_requests(self, connection: Connection) -> None:
        host = ""
        while not self.stopping.is_set():
            request = connection.read_request(host)
            if request.method == "CONNECT" and not host:
                host = self.open_tunnel(connection, request)
                continue
            connection.send_response(request, self.answer(request))
            if request.headers.get("connection", "").lower() == "close":
                break

    def open_tunnel(self, connection: Connection, request: Request) -> str:
        """Answer CONNECT; returns the host that the following requests are for."""
        host, _, port = request.target.rpartition(":")
        host = host.strip("[]").lower()
        if self.is_ours(host):
            connection.peer.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            connection.peer = self.certificates.context(host).wrap_socket(connection.peer, server_side=True)
            return host
        if host in LOOPBACK:
            self.pass_through(connection, host, number(port))
        else:
            self.refused(request)
            connection.send_response(request, Response(HTTPStatus.BAD_GATEWAY))
        raise ConnectionOverError("The tunnel was closed or refused")

    def pass_through(self, connection: Connection, host: str, port: int) -> None:
        with socket.create_connection((host, port)) as target, selectors.DefaultSelector() as waiting:
            connection.peer.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            waiting.register(connection.peer, selectors.EVENT_READ, (connection.peer, target))
            waiting.register(target, selectors.EVENT_READ, (target, connection.peer))
            while not self.stopping.is_set():
                for ready, _ in waiting.select(timeout=1.0):
                    source, sink = ready.data
                    received = source.recv(RECEIVE_BYTES)
                    if not received:
                        return
                    sink.sendall(received)
