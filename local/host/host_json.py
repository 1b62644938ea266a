"""host.json: the parts that this host obeys, checked more strictly than the real host checks them.

The real host ignores what it does not know, so a misspelt `batchSize` is found in production. Here it is a problem.
Known but without effect here: everything about scale and throttling except `maxOutstandingRequests`, `hsts`, sampling.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local.host.durations import parse_duration

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TOP_LEVEL = frozenset(
    [
        "version",
        "aggregator",
        "applicationInsights",
        "concurrency",
        "customHandler",
        "extensionBundle",
        "extensions",
        "functionTimeout",
        "healthMonitor",
        "logging",
        "managedDependency",
        "retry",
        "singleton",
        "telemetryMode",
        "watchDirectories",
        "watchFiles",
    ]
)
QUEUE_KEYS = frozenset(
    ["batchSize", "newBatchThreshold", "maxDequeueCount", "visibilityTimeout", "maxPollingInterval", "messageEncoding"]
)
HTTP_KEYS = frozenset(
    [
        "routePrefix",
        "maxOutstandingRequests",
        "maxConcurrentRequests",
        "dynamicThrottlesEnabled",
        "customHeaders",
        "hsts",
    ]
)
DEFAULT_TIMEOUT_SECONDS = 30 * 60.0


@dataclass(frozen=True)
class QueueSettings:
    """`extensions.queues`; the defaults are those of the Storage Queues extension 5.x."""

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_dequeue_count: int = 5
    visibility_timeout_seconds: float = 0.0
    max_polling_seconds: float = 60.0
    base64: bool = True


@dataclass(frozen=True)
class HostJson:
    """What host.json says, defaults filled in."""

    queues: QueueSettings = field(default_factory=QueueSettings)
    route_prefix: str = "api"
    function_timeout_seconds: float | None = DEFAULT_TIMEOUT_SECONDS
    log_levels: Mapping[str, str] = field(default_factory=dict)
    max_outstanding_requests: int | None = None
    custom_headers: Mapping[str, str] = field(default_factory=dict)


class Reader:
    """Reads values out of the document and notes everything that is wrong with it."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.problems: list[str] = []

    def table(self, *path: str) -> dict[str, Any]:
        found: Any = self.document
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        if found is None:
            return {}
        if not isinstance(found, dict):
            self.problems.append(f"host.json: {'.'.join(path)} must be an object")
            return {}
        return found

    def refuse_unknown(self, known: frozenset[str], *path: str) -> None:
        where = ".".join((*path, ""))
        self.problems += [f"host.json: unknown key {where}{key}" for key in self.table(*path) if key not in known]

    def whole(self, default: int, low: int, high: int, *path: str) -> int:
        value = self.table(*path[:-1]).get(path[-1], default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.problems.append(f"host.json: {'.'.join(path)} must be a whole number from {low} to {high}")
            return default
        return value

    def duration(self, default: float, low: float, high: float, *path: str) -> float:
        text = self.table(*path[:-1]).get(path[-1])
        if text is None:
            return default
        try:
            seconds = parse_duration(str(text))
        except ValueError as error:
            self.problems.append(f"host.json: {'.'.join(path)}: {error}")
            return default
        if not low <= seconds <= high:
            self.problems.append(f"host.json: {'.'.join(path)} must be between {low} and {high} seconds")
        return seconds


def load_host_json(path: Path) -> tuple[HostJson, list[str]]:
    """Read the file; everything wrong with it comes back as a list."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        return HostJson(), [f"host.json is missing in {path.parent}"]
    except ValueError as error:
        return HostJson(), [f"host.json is not JSON: {error}"]
    if not isinstance(document, dict):
        return HostJson(), ["host.json must be an object"]
    reader = Reader(document)
    return read_host_json(reader), reader.problems


def read_host_json(reader: Reader) -> HostJson:
    if reader.document.get("version") != "2.0":
        reader.problems.append('host.json: version must be "2.0"')
    reader.refuse_unknown(TOP_LEVEL)
    reader.refuse_unknown(HTTP_KEYS, "extensions", "http")
    levels = reader.table("logging", "logLevel")
    outstanding = reader.whole(-1, -1, 2**31 - 1, "extensions", "http", "maxOutstandingRequests")
    return HostJson(
        queues=read_queues(reader),
        route_prefix=str(reader.table("extensions", "http").get("routePrefix", "api")).strip("/"),
        function_timeout_seconds=read_timeout(reader),
        log_levels={str(category): str(level) for category, level in levels.items()},
        max_outstanding_requests=None if outstanding < 0 else outstanding,
        custom_headers={
            str(name): str(value) for name, value in reader.table("extensions", "http", "customHeaders").items()
        },
    )


def read_queues(reader: Reader) -> QueueSettings:
    queues = ("extensions", "queues")
    reader.refuse_unknown(QUEUE_KEYS, *queues)
    encoding = reader.table(*queues).get("messageEncoding", "base64")
    if str(encoding).lower() not in {"base64", "none"}:
        reader.problems.append('host.json: extensions.queues.messageEncoding must be "base64" or "none"')
    batch_size = reader.whole(16, 1, 32, *queues, "batchSize")
    # Half a batch per processor, as QueuesOptions computes it outside the classic Consumption plan.
    threshold = batch_size // 2 * (os.cpu_count() or 1)
    return QueueSettings(
        batch_size=batch_size,
        new_batch_threshold=reader.whole(threshold, 0, 1000, *queues, "newBatchThreshold"),
        max_dequeue_count=reader.whole(5, 1, 2**31 - 1, *queues, "maxDequeueCount"),
        visibility_timeout_seconds=reader.duration(0.0, 0, 7 * 86400, *queues, "visibilityTimeout"),
        max_polling_seconds=reader.duration(60.0, 0.1, 86400, *queues, "maxPollingInterval"),
        base64=str(encoding).lower() == "base64",
    )


def read_timeout(reader: Reader) -> float | None:
    if str(reader.document.get("functionTimeout")) == "-1":
        return None
    return reader.duration(DEFAULT_TIMEOUT_SECONDS, 1, 86400 * 365, "functionTimeout")
