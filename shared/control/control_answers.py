"""What ACS's answers make of the control half of a recording's row, and when ACS is asked next: pure functions."""

from datetime import datetime

import msgspec

from shared.domain.durations import ASK_AGAIN, FILES_CAME, LOOK_AGAIN, SETTLE
from shared.domain.models import Recording
from shared.domain.ports import AcsState
from shared.domain.statuses import ControlStatus, StartFailure


def observed(recording: Recording, state: AcsState | None, now: datetime) -> Recording:
    """What ACS's answer to the question for a recording's state makes of the row."""
    if recording.ended_at is not None:
        return recording
    if state is None:
        return unknown_to_acs(recording, now)
    recording = with_kind(recording, state)
    if state.active:
        return active(recording)
    inactive = recording if recording.has_run else msgspec.structs.replace(recording, inactive_at=now)
    if is_settling(recording, now):
        return inactive
    return msgspec.structs.replace(
        inactive, control=ControlStatus.PAUSED, start_failure=None, start_report=None, waits_for=None
    )


def with_kind(recording: Recording, state: AcsState) -> Recording:
    return msgspec.structs.replace(recording, recording_kind=state.kind or recording.recording_kind)


def unknown_to_acs(recording: Recording, now: datetime) -> Recording:
    """After a 404: the end, unless the start is so fresh that ACS may not know of it everywhere yet."""
    if recording.start_requested_at and now - recording.start_requested_at < SETTLE:
        return recording
    if recording.start_report is not None:
        return unconfirmed(recording, recording.start_report)
    return ended(recording, now)


def active(recording: Recording) -> Recording:
    return msgspec.structs.replace(
        recording, control=ControlStatus.ACTIVE, has_run=True, start_failure=None, start_report=None, waits_for=None
    )


def ended(recording: Recording, now: datetime) -> Recording:
    """After ACS confirmed that it does not record any more; the first confirmation stands."""
    if recording.ended_at is not None:
        return recording
    return msgspec.structs.replace(recording, ended_at=now, waits_for=None)


def ended_after_a_run(recording: Recording, now: datetime) -> Recording:
    """After an end before which ACS did not say whether it ever ran."""
    return msgspec.structs.replace(ended(recording, now), has_run=True)


def unconfirmed(recording: Recording, reason: str) -> Recording:
    """After a start that never became a recording: neither an end nor a file will come."""
    return msgspec.structs.replace(
        recording,
        start_failure=StartFailure.UNCONFIRMED,
        start_failure_reason=reason,
        claimed_until=None,
        waits_for=None,
    )


def resume_tried(recording: Recording, now: datetime) -> Recording:
    return msgspec.structs.replace(recording, resume_requested_at=now, has_run=True)


def with_control(recording: Recording, control: ControlStatus, now: datetime) -> Recording:
    """After ACS confirmed a pause or a resume."""
    if recording.ended_at is not None:
        return recording
    if control is ControlStatus.ACTIVE:
        return msgspec.structs.replace(active(recording), resume_requested_at=now)
    return msgspec.structs.replace(recording, control=control)


def is_settling(recording: Recording, now: datetime) -> bool:
    """Whether "inactive" may mean that it is about to run: shortly after a start or a resume."""
    return now < settled_at(recording)


def settled_at(recording: Recording) -> datetime:
    """From when on "inactive" can only mean that it is paused."""
    requests = (recording.start_requested_at, recording.resume_requested_at)
    return max((request + SETTLE for request in requests if request), default=recording.created_at)


def next_question(recording: Recording, now: datetime, *, in_vain: bool = False) -> datetime:
    """When ACS is to be asked next about a recording that may still run.

    Every minute for ten minutes after an event, or after the row's last change where ACS did not answer; else hourly.
    """
    if is_settling(recording, now):
        return settled_at(recording)
    news = [recording.heard_at, recording.updated_at if in_vain else None]
    often = any(moment is not None and now - moment < FILES_CAME for moment in news)
    return now + (ASK_AGAIN if often else LOOK_AGAIN)
