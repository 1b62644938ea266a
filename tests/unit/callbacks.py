"""Callbacks as ACS posts them, and starts that they are about."""

import json
from typing import Any

from shared.control.state_callbacks import STATE_CHANGED
from shared.domain.statuses import RecordingStatus
from tests.builders import RECORDING_ID, SERVER_CALL_ID, a_recording
from tests.fakes import GOOD_TOKEN, Cloud
from tests.fakes.acs import FakeAcsRecording


def post(*events: dict[str, object]) -> bytes:
    return json.dumps(events).encode()


def event(kind: str = STATE_CHANGED, **fields: Any) -> dict[str, object]:
    data = {
        "recordingId": RECORDING_ID,
        "serverCallId": SERVER_CALL_ID,
        "state": "active",
        "startDateTime": "2026-11-22T08:00:00.5177847+00:00",
        "resultInformation": {"code": 200, "subCode": 0, "message": ""},
    } | fields
    return {"specversion": "1.0", "id": "1", "type": kind, "data": data}


def start(cloud: Cloud, **fields: object) -> None:
    """A start of ours; unless told otherwise, ACS's answer to it was lost."""
    row = {"status": RecordingStatus.STARTING, "recording_id": None} | fields
    recording = cloud.catalog.save_recording(a_recording(**row))
    if recording.recording_id:
        cloud.catalog.link_acs_id(recording.recording_id, recording.id)


def at_acs(cloud: Cloud, *, active: bool) -> None:
    cloud.acs.recordings[RECORDING_ID] = FakeAcsRecording(RECORDING_ID, SERVER_CALL_ID, active)


def take_in(cloud: Cloud, body: bytes, authorization: str | None = GOOD_TOKEN) -> None:
    cloud.services.state_callbacks.take_in(body, authorization)
