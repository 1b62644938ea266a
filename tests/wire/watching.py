"""Every connection that a process makes, or tries to, recorded by an audit hook: the interpreter tells it before.

Imports only the standard library, and is to be imported before anything else. What is not on this machine is refused
by the hook itself, so that no test ever reaches anybody.
"""

import ipaddress
import json
import os
import re
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

LOOPBACK_NAMES = frozenset({"localhost", "", "0.0.0.0", "::"})
REQUEST = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.1\r\n")
HOST = re.compile(rb"\r\nhost: ([^\r]*)\r\n", re.IGNORECASE)
PROCESSES = frozenset(
    {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty"}
)


class Watch:
    """Writes a line of JSON for each connection, look-up, datagram, request and process.

    Attributes:
        case: what the process is doing now; each line bears it.
    """

    def __init__(self, path: Path) -> None:
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.case = ""
        self.notes: Mapping[str, Callable[[Any], None]] = {
            "socket.connect": lambda arguments: self.connected("connect", arguments[1]),
            "socket.sendto": lambda arguments: self.connected("datagram", arguments[1]),
            "socket.sendmsg": lambda arguments: self.connected("datagram", arguments[1]),
            "socket.getaddrinfo": lambda arguments: self.looked_up(arguments[0]),
            "socket.gethostbyname": lambda arguments: self.looked_up(arguments[0]),
            "socket.gethostbyaddr": lambda arguments: self.looked_up(arguments[0]),
            "socket.getnameinfo": lambda arguments: self.looked_up(arguments[0][0]),
            "http.client.send": lambda arguments: self.sent(arguments[1]),
        }

    def begin(self) -> None:
        sys.addaudithook(self.hook)

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in self.notes:
            self.notes[event](arguments)
        elif event in PROCESSES:
            self.write("process", f"{event} {arguments[:2]}")

    def connected(self, kind: str, address: Any) -> None:
        if address is None:  # of a connected socket
            return
        if not isinstance(address, tuple):
            self.write(kind, f"unix:{address}")
            return
        self.write(kind, f"{address[0]}:{address[1]}")
        if not is_loopback(address[0]):
            raise ConnectionRefusedError(f"{address[0]} is not on this machine")

    def looked_up(self, host: str | bytes | None) -> None:
        name = host.decode("ascii", "backslashreplace") if isinstance(host, bytes) else host or ""
        self.write("lookup", name)
        if not is_loopback(name):
            raise socket.gaierror(socket.EAI_NONAME, f"{name} is not on this machine")

    def sent(self, content: object) -> None:
        """A request as http.client sends it, inside of TLS where there is any."""
        if isinstance(content, bytes) and (request := REQUEST.match(content)):
            host = HOST.search(content)
            self.write("request", f"{request[1].decode()} {host[1].decode() if host else ''} {request[2].decode()}")

    def write(self, kind: str, what: str) -> None:
        os.write(self.file, json.dumps({"kind": kind, "what": what, "case": self.case}).encode() + b"\n")


def is_loopback(host: str) -> bool:
    try:
        return host in LOOPBACK_NAMES or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


WATCH: list[Watch] = []


def begin(path: Path) -> None:
    """Watch this process from now on; a hook stays as long as the process."""
    WATCH.append(Watch(path))
    WATCH[-1].begin()


def case(name: str) -> None:
    """Say what the process does from now on."""
    for watch in WATCH:
        watch.case = name
