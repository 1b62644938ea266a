"""Faults on demand: what they are, which requests they hit, and how often.

Two that the service is known for are made of others: the 404 on stop although files follow is `status` 404 for
kind `stop` and then the end of the call; files that appear late are `notReady` for kind `content`. A topic that is
down is `loseRequest` or `unavailable` for kind `publish`; one that takes an event and does not say so, `loseResponse`.
"""

import random
import re
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from local.simulator.wire import Request

type Operation = Literal["start", "get", "stop", "pause", "resume", "content", "metadata", "delete", "publish", "other"]
type Action = Literal[
    # Instead of the answer; the request has no effect.
    "tooManyRequests",  # 429
    "internalError",  # 500, code 9999
    "unavailable",  # 503
    "status",  # any status
    "badRequestHtml",  # 400 with a page of HTML
    "unauthorized",  # 401
    "notReady",  # 404 for so many seconds after the fault was asked for, whatever `times` says
    "redirect",  # to any location
    "redirectLoop",  # to the very same place
    "emptyBody",  # 200 with nothing
    "htmlBody",  # 200 with a page of HTML
    "jsonBody",  # 200 with a JSON document
    "loseRequest",  # the connection ends without an answer
    # The right answer, sent wrongly.
    "truncate",  # an orderly end after some bytes
    "reset",  # a TCP reset after some bytes
    "closeDelimited",  # no Content-Length: the body ends with the connection
    "chunked",  # chunked encoding
    "chunkedOpen",  # chunked encoding without its terminator
    "longBody",  # more bytes than Content-Length says
    "slow",  # few bytes a second
    "stall",  # a pause in the middle
    "delay",  # a pause before the answer
    "loseResponse",  # the request has its effect, and the connection ends without an answer
    # A wrong answer.
    "wrongContentRange",  # one byte off
    "totalChanged",  # the total of Content-Range is one more
    "ignoreRange",  # 200 and the whole to a request for a range
    "gzip",  # compressed, and said so
    "flipBit",  # one bit of the file
    "wrongSignature",  # the first 16 bytes of the file
    "clockSkew",  # the request is judged with a clock that is wrong by so many seconds
]


class InjectedFault(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What goes wrong, for which requests. Parameters that an action does not use are ignored."""

    action: Action
    kind: Operation | None = None
    """Unset: any request to ACS. Those to the topic are hit by `publish` only."""
    method: str | None = None
    host: str | None = None
    """A regular expression, searched in the host."""
    path: str | None = None
    """A regular expression, searched in path and query."""
    skip: int = 0
    """How many matching requests go unharmed first."""
    times: int | None = 1
    """How many requests are hit; null: all."""
    probability: float = 1.0
    seed: int = 0
    at: int = 0
    """Byte: of the body for truncate, reset and stall; of the whole file for flipBit."""
    seconds: float = 1.0
    """For delay, stall, notReady and clockSkew."""
    bytes_per_second: int = 16_384
    extra_bytes: int = 100
    """For longBody."""
    status: int | None = None
    """For status and redirect."""
    retry_after_seconds: float | None = None
    """For every error answer."""
    retry_after_as_date: bool = False
    location: str | None = None
    """For redirect, taken as it is."""


@dataclass(eq=False)
class ActiveFault:
    """A fault that was asked for, and what became of it."""

    fault: InjectedFault
    fault_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    matched: int = 0
    hits: int = 0
    installed_at: float = field(default_factory=time.monotonic)
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.fault.seed)

    def matches(self, operation: str, request: Request) -> bool:
        fault = self.fault
        return (
            (fault.kind == operation if operation == "publish" else fault.kind in {None, operation})
            and fault.method in {None, request.method}
            and (fault.host is None or re.search(fault.host, request.host) is not None)
            and (fault.path is None or re.search(fault.path, request.target) is not None)
        )

    def fires(self) -> bool:
        """Whether the request that just matched is hit."""
        fault = self.fault
        self.matched += 1
        if self.matched <= fault.skip or self.chance.random() >= fault.probability:
            return False
        if fault.action == "notReady":
            over = time.monotonic() - self.installed_at >= fault.seconds
        else:
            over = fault.times is not None and self.hits >= fault.times
        self.hits += not over
        return not over


class Faults:
    """The faults in force; the first that fires decides."""

    def __init__(self) -> None:
        self.active: list[ActiveFault] = []
        self.lock = threading.Lock()

    def add(self, fault: InjectedFault) -> ActiveFault:
        """Put a fault in force.

        Raises:
            ValueError: host or path is not a regular expression.
        """
        for pattern in (fault.host, fault.path):
            try:
                re.compile(pattern or "")
            except re.error as error:
                raise ValueError(f"{pattern} is not a regular expression: {error}") from error
        active = ActiveFault(fault)
        with self.lock:
            self.active.append(active)
        return active

    def all(self) -> list[ActiveFault]:
        with self.lock:
            return list(self.active)

    def clear(self) -> None:
        with self.lock:
            self.active.clear()

    def claim(self, operation: str, request: Request) -> InjectedFault | None:
        with self.lock:
            for active in self.active:
                if active.matches(operation, request) and active.fires():
                    return active.fault
        return None
