"""Timers on their schedules, and the schedules themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from local.host.client import HostProcess
from local.host.schedules import ScheduleError, is_frequent, parse_schedule

from .samples import APPS, Record, write_app

if TYPE_CHECKING:
    from pathlib import Path

    from local.azurite import Azurite

NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("*/10 * * * * *", "2026-11-22T12:00:10"),
        ("0 */5 * * * *", "2026-11-22T12:05:00"),
        ("*/5 * * * *", "2026-11-22T12:05:00"),
        ("0 30 9 * * Mon-Fri", "2026-11-23T09:30:00"),
        ("0 0 0 1 jan *", "2027-01-01T00:00:00"),
        ("0 0 0 13 * 5", "2027-08-13T00:00:00"),
        ("0 0 12 * * 0", "2026-11-29T12:00:00"),
        ("00:05:00", "2026-11-22T12:05:00"),
        ("1.00:00:00", "2026-11-23T12:00:00"),
    ],
)
def test_a_schedule_fires_next_when_ncrontab_says(text: str, then: str) -> None:
    assert parse_schedule(text).next_after(NOON) == datetime.fromisoformat(then + "+00:00")


@pytest.mark.parametrize(
    "text",
    ["", "* * * *", "0 0 0 31 2 *", "60 * * * * *", "@daily", "0 0 0 L * *", "0 0 0 ? * *", "99:00:00", "H * * * * *"],
)
def test_what_is_not_ncrontab_is_refused(text: str) -> None:
    with pytest.raises(ScheduleError):
        parse_schedule(text)


def test_a_schedule_under_a_minute_is_frequent() -> None:
    assert is_frequent(parse_schedule("*/30 * * * * *"))
    assert not is_frequent(parse_schedule("0 * * * * *"))


@pytest.mark.stack
def test_a_timer_fires_on_its_schedule_and_goes_on_after_failures(azurite: Azurite, tmp_path: Path) -> None:
    record = Record(tmp_path / "record")
    environment = {
        "RECORD": str(record.path),
        "TICK": "* * * * * *",
        "TICK_FAILS": "yes",
        "AzureWebJobsStorage": azurite.connection_string,
    }

    with HostProcess(APPS / "web", environment):
        fired = record.wait_for("tick", 2)

    assert all(line["status"] == {} for line in fired)


@pytest.mark.stack
def test_a_timer_remembers_its_last_run_across_restarts(azurite: Azurite, tmp_path: Path) -> None:
    source = """
import json, os
@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", run_on_startup=True)
def yearly(timer: func.TimerRequest) -> None:
    with open(os.environ["RECORD"], "a") as file:
        file.write(json.dumps({"function": "yearly", "status": timer.schedule_status, "late": timer.past_due}) + "\\n")
"""
    record = Record(tmp_path / "record")
    environment = {"RECORD": str(record.path), "AzureWebJobsStorage": azurite.connection_string}

    with HostProcess(write_app(tmp_path, source), environment) as host:
        record.wait_for("yearly")
        host.restart()
        first, second = record.wait_for("yearly", 2)

    assert (first["status"], first["late"]) == ({}, False)
    assert second["status"]["Last"] >= "2026"
    assert second["status"]["Next"].endswith("-01-01T00:00:00+00:00")
