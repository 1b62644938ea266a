"""Durations as .NET writes them in host.json: `hh:mm:ss` or `d.hh:mm:ss`."""

from __future__ import annotations

import re

PATTERN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2}(?:\.\d+)?))?")
HOURS_MAX, MINUTES_MAX = 23, 59


def parse_duration(text: str) -> float:
    """Seconds of a .NET TimeSpan; ValueError when it is none."""
    match = PATTERN.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a duration such as 00:05:00")
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    if hours > HOURS_MAX or minutes > MINUTES_MAX or seconds >= MINUTES_MAX + 1:
        raise ValueError(f"{text!r} is not a duration: a part is out of range")
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def format_duration(seconds: float) -> str:
    """The form in which the host prints an interval."""
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"
