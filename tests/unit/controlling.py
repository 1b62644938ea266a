"""A recording that ACS knows, and others who write its row at a chosen moment."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from shared.control.control_recording import Control
from shared.domain.models import Recording
from tests.builders import OUR_ID, a_recording
from tests.fakes import BEGINNING, Cloud, Effect
from tests.fakes.acs import FakeAcsRecording


def control_of(cloud: Cloud) -> Control:
    return cloud.services.control


def recorded(cloud: Cloud, *, active: bool = True, **fields: Any) -> Recording:
    """A recording whose start has settled, and which ACS knows."""
    row = cloud.catalog.save_recording(a_recording(**fields))
    if row.recording_id:
        cloud.acs.recordings[row.recording_id] = FakeAcsRecording(row.recording_id, "call", active=active)
    return row


def just_started(cloud: Cloud, **fields: Any) -> Recording:
    return recorded(cloud, start_requested_at=BEGINNING, **fields)


def during(cloud: Cloud, name: str, act: Callable[[], object], *, times: int = 1) -> None:
    """Somebody else acts at the moment of an effect, as often as said."""
    left = times

    def plan(effect: Effect) -> None:
        nonlocal left
        if effect.name == name and left:
            left -= 1
            act()

    cloud.world.plan = plan


def rewritten(cloud: Cloud, **fields: object) -> Callable[[], object]:
    """Somebody else writes the row."""

    def rewrite() -> None:
        cloud.catalog.written((OUR_ID, ""), replace(cloud.recording(), **fields))

    return rewrite


def controlled(cloud: Cloud, **fields: object) -> Callable[[], object]:
    """Somebody else writes an answer of ACS's."""

    def control() -> None:
        rewritten(cloud, control_version=cloud.recording().control_version + 1, **fields)()

    return control


def line(cloud: Cloud) -> datetime | None:
    """When the sweep is to look at the recording."""
    found = cloud.catalog.open.get((OUR_ID, ""))
    return found.due_at if found else None
