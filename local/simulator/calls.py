"""Calls: what a recording is made of."""

import threading
import uuid
from dataclasses import dataclass, field
from datetime import datetime

from local.simulator.identifiers import make_server_call_id
from local.simulator.scripts import Script


def new_guid() -> str:
    return str(uuid.uuid4())


@dataclass(slots=True)
class SimulatedCall:
    """One call; established until it is ended over admin."""

    started_at: datetime
    participants: tuple[str, ...]
    """Raw ids: `8:acs:...`, `4:+1555...`."""
    group_call_id: str | None = None
    room_id: str | None = None
    script: Script | None = None
    """For the recordings of this call that have no script of their own."""
    call_id: str = field(default_factory=new_guid)
    call_connection_id: str = field(default_factory=new_guid)
    correlation_id: str = field(default_factory=new_guid)
    server_call_id: str = field(default_factory=make_server_call_id)
    ended_at: datetime | None = None


class Calls:
    """Every call placed so far."""

    def __init__(self) -> None:
        self.by_id: dict[str, SimulatedCall] = {}
        self.lock = threading.Lock()

    def add(self, call: SimulatedCall) -> None:
        with self.lock:
            self.by_id[call.call_id] = call

    def all(self) -> list[SimulatedCall]:
        with self.lock:
            return list(self.by_id.values())

    def get(self, call_id: str) -> SimulatedCall:
        """Find a call that admin names.

        Raises:
            LookupError: there is none.
        """
        with self.lock:
            if call_id not in self.by_id:
                raise LookupError(f"No call {call_id}")
            return self.by_id[call_id]

    def established(self, kind: str, value: str) -> SimulatedCall | None:
        """The running call that a locator names; the padding of a server call id does not matter."""
        matching = [call for call in self.all() if call.ended_at is None and locator_value(call, kind) == key(value)]
        return matching[-1] if matching else None


def locator_value(call: SimulatedCall, kind: str) -> str | None:
    return {
        "serverCallId": key(call.server_call_id),
        "groupCallId": call.group_call_id,
        "roomId": call.room_id,
        "callConnectionId": call.call_connection_id,
    }[kind]


def key(value: str) -> str:
    return value.rstrip("=")
