"""Where the parts of a local run listen on loopback: always the same ports for `make local`, free ones for tests."""

import socket
from collections.abc import Iterator
from dataclasses import astuple, dataclass, field, fields

from local.azurite import LOOPBACK


@dataclass(frozen=True, kw_only=True)
class StackPorts:
    """One port for each part; 0 is any free one. `part` says in messages who listens there."""

    api: int = field(default=0, metadata={"part": "the functions host"})
    blob: int = field(default=0, metadata={"part": "Azurite's blob service"})
    queue: int = field(default=0, metadata={"part": "Azurite's queue service"})
    table: int = field(default=0, metadata={"part": "Azurite's table service"})
    simulator: int = field(default=0, metadata={"part": "the ACS simulator"})
    identity: int = field(default=0, metadata={"part": "the managed identity's endpoint"})

    def named(self) -> Iterator[tuple[str, int]]:
        """Each part with its port."""
        for part, port in zip(fields(self), astuple(self), strict=True):
            yield part.metadata["part"], port


FREE = StackPorts()
# Those of `func start` and of Azurite, and two that neither uses.
FIXED = StackPorts(api=7071, blob=10000, queue=10001, table=10002, simulator=7080, identity=7081)


def ports_from(first: int) -> StackPorts:
    """Six ports in a row, for a run beside another."""
    return StackPorts(
        api=first, blob=first + 1, queue=first + 2, table=first + 3, simulator=first + 4, identity=first + 5
    )


def busy_ports(ports: StackPorts) -> dict[int, str]:
    """The ports on which another program listens, each with the part that is to listen there."""
    return {port: part for part, port in ports.named() if port and not is_free(port)}


def is_free(port: int) -> bool:
    with socket.socket() as listener:
        # As the parts do it themselves: a connection that was closed a minute ago keeps no port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
            listener.listen()
        except OSError:
            return False
    return True
