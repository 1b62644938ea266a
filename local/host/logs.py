"""Logs: one JSON object per line on stderr, with category, function and invocation id, filtered by host.json.

Categories are the real host's: `Function.<name>.User` for what functions log, `Function.<name>` for the start and
end of invocations, `Host.*` for the host itself; so `logging.logLevel` of host.json means the same here.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from local.host.worker import current_invocation_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LEVELS = {
    "trace": logging.NOTSET,
    "debug": logging.DEBUG,
    "information": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
    "none": logging.CRITICAL + 1,
}
NAMES = {
    logging.DEBUG: "Debug",
    logging.INFO: "Information",
    logging.WARNING: "Warning",
    logging.ERROR: "Error",
    logging.CRITICAL: "Critical",
}
OURS = "local.host"
# The host polls queues with the same SDK as the app; below warnings only the app's own calls are worth a line.
LIBRARIES = ("azure", "urllib3", "msal", "asyncio")


class HostLogHandler(logging.Handler):
    """Writes records to stderr as JSON lines."""

    def __init__(self, levels: Mapping[str, str], function_name: Callable[[str], str | None]) -> None:
        super().__init__()
        self.levels = levels
        self.function_name = function_name
        # The real stderr, so that an app that replaces sys.stderr does not swallow the host's lines.
        self.stream = sys.stderr

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.line(record)
        except Exception:  # noqa: BLE001 - a bad record must not break the code that logs it
            self.handleError(record)
            return
        if line is not None:
            self.stream.write(json.dumps(line, ensure_ascii=False) + "\n")
            self.stream.flush()

    def line(self, record: logging.LogRecord) -> dict[str, Any] | None:
        """The object to print, or None when the record is filtered out."""
        invocation_id = getattr(record, "invocation_id", None) or current_invocation_id()
        function = getattr(record, "function_name", None) or self.function_name(invocation_id or "")
        category = category_of(record, function)
        if record.levelno < level_for(category, self.levels) or is_library_noise(record, invocation_id):
            return None
        return {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": NAMES.get(record.levelno, record.levelname),
            "category": category,
            "function": function,
            "invocationId": invocation_id,
            "logger": record.name,
            "message": record.getMessage(),
            **({"exception": logging.Formatter().formatException(record.exc_info)} if record.exc_info else {}),
        }


def install(handler: HostLogHandler) -> None:
    """Make it the root handler, at the level the real worker gives the root logger."""
    root = logging.getLogger()
    for other in root.handlers[:]:
        root.removeHandler(other)
    root.addHandler(handler)
    debug = os.environ.get("PYTHON_ENABLE_DEBUG_LOGGING", "").lower() in {"1", "true"}
    root.setLevel(logging.DEBUG if debug else logging.INFO)


def category_of(record: logging.LogRecord, function: str | None) -> str:
    if record.name.startswith(OURS):
        return f"Function.{function}" if function else "Host" + record.name.removeprefix(OURS).title()
    return f"Function.{function}.User" if function else "Host.Function.Console"


def level_for(category: str, levels: Mapping[str, str]) -> int:
    """The level of the longest matching prefix, as Microsoft.Extensions.Logging picks its rule."""
    matching = [name for name in levels if name.lower() != "default" and category.lower().startswith(name.lower())]
    chosen = levels[max(matching, key=len)] if matching else default_level(levels)
    return LEVELS.get(chosen.lower(), logging.INFO)


def default_level(levels: Mapping[str, str]) -> str:
    return next((level for name, level in levels.items() if name.lower() == "default"), "Information")


def is_library_noise(record: logging.LogRecord, invocation_id: str | None) -> bool:
    if record.levelno >= logging.WARNING:
        return False
    # The worker library logs two lines of its own per invocation under this name; the real host files them away too.
    return record.name == "azure.functions" or (invocation_id is None and record.name.startswith(LIBRARIES))
