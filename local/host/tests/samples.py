"""The sample apps while they run, and what they wrote down."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.azurite import Azurite
    from local.host.client import HostProcess

APPS = Path(__file__).parent / "apps"
ROOT = Path(__file__).parents[3]
WAIT_SECONDS = 20.0


class Record:
    """The file to which the functions of a sample app append one JSON line per call."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def lines(self, function: str, **wanted: object) -> list[dict[str, Any]]:
        """What a function wrote, narrowed to the lines with these values."""
        written = self.path.read_text().splitlines() if self.path.exists() else []
        lines = [line for line in map(json.loads, written) if line["function"] == function]
        return [line for line in lines if all(line[name] == value for name, value in wanted.items())]

    def wait_for(self, function: str, count: int = 1, **wanted: object) -> list[dict[str, Any]]:
        """The same, once there are enough of them."""
        assert eventually(lambda: len(self.lines(function, **wanted)) >= count), self.lines(function)
        return self.lines(function, **wanted)


@dataclass(frozen=True)
class Web:
    """The app `web`: no storage, timers fired by hand."""

    host: HostProcess
    record: Record


@dataclass(frozen=True)
class Queues:
    """The app `queues`, on queues of its own."""

    host: HostProcess
    record: Record
    prefix: str
    azurite: Azurite

    def send(self, *orders: dict[str, Any]) -> None:
        assert self.host.request("POST", "/api/send", json=list(orders)).status_code == 200


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def write_app(directory: Path, source: str, host_json: object = None) -> Path:
    """A throw-away app from its source, written without the usual first lines."""
    head = "import azure.functions as func\nimport typing\napp = func.FunctionApp()\n"
    (directory / "function_app.py").write_text(head + source)
    (directory / "host.json").write_text(json.dumps(host_json or {"version": "2.0"}))
    return directory
