"""What can be switched on the command line: mostly times that the real host hard-codes."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SWITCH = {"on": True, "true": True, "off": False, "false": False}


class OptionError(Exception):
    """An option is unknown or its value cannot be read."""


@dataclass(frozen=True)
class Options:
    """Every `--option name=value`, with the real host's behaviour as the default."""

    authentication: bool = True
    """Ask for keys; `func start` does not unless told to, Azure always does."""
    timers: bool = True
    """Run timers on their schedules; off, they run only when asked through the admin API."""
    queues: bool = True
    """Listen to queues; off, messages stay where they are."""
    overlapping_routes: bool = False
    """Start although two routes match the same URL; the real host takes the first by name."""
    queue_visibility_seconds: float = 600
    """How long a received message stays invisible; the real host has no setting for its ten minutes."""
    queue_polling_max_seconds: float | None = None
    """Instead of host.json's `maxPollingInterval`."""
    function_timeout: float | None = None
    """Seconds, instead of host.json's `functionTimeout`."""
    body_grace_seconds: float = 5
    """How long a body may come more slowly than Kestrel's least rate, 240 bytes a second."""
    drain_seconds: float = 10
    """How long functions in flight may go on after SIGTERM."""
    exit_with_stdin: bool = False
    """Stop when standard input closes, so that no host outlives the process that started it."""

    @staticmethod
    def parse(assignments: Iterable[str]) -> Options:
        values: dict[str, Any] = {}
        for assignment in assignments:
            name, _, text = assignment.partition("=")
            values[name] = value(known(name), text)
        return Options(**values)


def assignments(options: Mapping[str, bool | float | str]) -> list[str]:
    """The command-line form of a mapping; the inverse of `Options.parse`."""
    words = {True: "on", False: "off"}
    return [f"{name}={words[value] if isinstance(value, bool) else value}" for name, value in options.items()]


def known(name: str) -> str:
    names = [field.name for field in fields(Options)]
    if name not in names:
        raise OptionError(f"unknown option {name!r}; there are {', '.join(names)}")
    return name


def value(name: str, text: str) -> bool | float:
    if isinstance(getattr(Options(), name), bool):
        if text.lower() not in SWITCH:
            raise OptionError(f"option {name} takes on or off, not {text!r}")
        return SWITCH[text.lower()]
    try:
        return float(text)
    except ValueError as error:
        raise OptionError(f"option {name} takes a number of seconds, not {text!r}") from error
