"""Timer schedules: NCRONTAB with or without seconds, or an interval such as `00:05:00`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Protocol

from croniter import croniter  # type: ignore[import-untyped]  # croniter ships no types

from local.host.durations import format_duration, parse_duration

# NCRONTAB knows numbers, names, lists, ranges and steps; croniter's further dialects would fail in Azure.
FIELD = re.compile(r"[0-9A-Za-z*,/-]+")
NAMES = [
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
    "sun",
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
    "sat",
]
WORD = re.compile(r"[A-Za-z]+")
WITH_SECONDS, WITHOUT_SECONDS = 6, 5


class ScheduleError(Exception):
    """Neither an NCRONTAB expression nor an interval."""


class Schedule(Protocol):
    """When a timer fires."""

    def next_after(self, moment: datetime) -> datetime: ...


class Interval:
    """Fires a fixed time after the last run (ConstantSchedule)."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def next_after(self, moment: datetime) -> datetime:
        return moment + timedelta(seconds=self.seconds)

    def __str__(self) -> str:
        return format_duration(self.seconds)


class Cron:
    """Fires as an NCRONTAB expression says, in UTC."""

    def __init__(self, expression: str) -> None:
        fields = expression.split()
        if len(fields) not in {WITHOUT_SECONDS, WITH_SECONDS}:
            raise ScheduleError(
                f"schedule {expression!r} has {len(fields)} fields; NCRONTAB has 6, or 5 without seconds"
            )
        known = all(word.lower() in NAMES for word in WORD.findall(expression))
        if not known or not all(FIELD.fullmatch(field) for field in fields):
            raise ScheduleError(f"schedule {expression!r} is not NCRONTAB")
        self.expression = " ".join(fields if len(fields) == WITH_SECONDS else ["0", *fields])
        # Tried once here, because an impossible date such as 31 February parses.
        self.next_after(datetime.now(UTC))

    def next_after(self, moment: datetime) -> datetime:
        try:
            # NCRONTAB wants both day of month and day of week to match; cron wants either.
            ticks = croniter(self.expression, moment, second_at_beginning=True, day_or=False)
            tick: datetime = ticks.get_next(datetime)
        except ValueError as error:
            raise ScheduleError(f"schedule {self.expression!r} is not NCRONTAB: {error}") from error
        return tick

    def __str__(self) -> str:
        return self.expression


def parse_schedule(text: str) -> Schedule:
    """The schedule of a timer trigger, `%SETTING%` already expanded."""
    if ":" not in text:
        return Cron(text)
    try:
        return Interval(parse_duration(text))
    except ValueError as error:
        raise ScheduleError(f"schedule {text!r} is neither NCRONTAB nor an interval") from error


def is_frequent(schedule: Schedule) -> bool:
    """More often than once a minute, which turns the host's schedule monitor off."""
    first = schedule.next_after(datetime.now(UTC))
    return schedule.next_after(first) - first < timedelta(minutes=1)
