"""What ACS posts while a recording lives: believed when it is signed, else only a hint to ask ACS."""

import json
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.errors import CallbackRefused, ControlUnknown, InvalidRequest
from shared.domain.models import FailureKind, RecordingStatus
from shared.domain.open_work import recording_entry
from tests.builders import OUR_ID, RECORDING_ID, SERVER_CALL_ID, a_recording
from tests.fakes import GOOD_TOKEN, Cloud, Fault
from tests.fakes.acs import FakeAcsRecording

STATE_CHANGED = "Microsoft.Communication.RecordingStateChanged"
START_FAILED = "Microsoft.Communication.StartRecordingFailed"


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


@pytest.fixture
def verified() -> Cloud:
    return Cloud(CALLBACK_AUDIENCE="resource")


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


# Signed


def test_a_signed_callback_teaches_acs_s_id(verified: Cloud) -> None:
    start(verified)
    at_acs(verified, active=True)

    take_in(verified, post(event()))

    assert (verified.recording().recording_id, verified.recording().status) == (RECORDING_ID, RecordingStatus.ACTIVE)


def test_a_signed_callback_that_teaches_nothing_new_changes_nothing(verified: Cloud) -> None:
    start(verified, recording_id=RECORDING_ID, status=RecordingStatus.ACTIVE)
    at_acs(verified, active=True)
    before = verified.recording()

    take_in(verified, post(event()))

    assert verified.recording() == before


def test_acs_is_asked_what_a_signed_callback_says(verified: Cloud) -> None:
    start(verified)
    at_acs(verified, active=False)

    take_in(verified, post(event(state="active")))

    assert verified.recording().status is RecordingStatus.PAUSED


def test_a_signed_callback_without_acs_s_id_teaches_nothing(verified: Cloud) -> None:
    start(verified)

    take_in(verified, post(event(recordingId=None)))

    assert verified.recording().recording_id is None


def test_a_start_that_is_decided_is_not_what_a_callback_is_about(verified: Cloud) -> None:
    start(verified, recording_id="another", status=RecordingStatus.ACTIVE)

    take_in(verified, post(event()))

    assert RECORDING_ID not in verified.catalog.acs_ids


def test_a_signed_failure_says_what_the_start_waits_for(verified: Cloud) -> None:
    start(verified)

    take_in(verified, post(event(START_FAILED, recordingId=None, resultInformation={"code": 400, "subCode": 8508})))

    assert verified.recording().status is RecordingStatus.STARTING
    assert "8508" in str(verified.recording().waits_for)


def test_a_signed_failure_of_what_acs_does_not_know_is_the_start_s_end(verified: Cloud) -> None:
    start(verified, recording_id=RECORDING_ID)

    take_in(verified, post(event(START_FAILED)))

    recording = verified.recording()
    assert (recording.status, recording.shown_failure_kind) == (RecordingStatus.FAILED, FailureKind.UNANNOUNCED)
    assert recording.ended_at is None


def test_a_signed_failure_does_not_end_what_acs_records(verified: Cloud) -> None:
    start(verified, recording_id=RECORDING_ID, status=RecordingStatus.ACTIVE)
    at_acs(verified, active=True)

    take_in(verified, post(event(START_FAILED)))
    stopped = verified.services.control.stop(OUR_ID)

    assert verified.acs.recordings == {}
    assert stopped.status is RecordingStatus.STOPPED


def test_a_signed_failure_is_told_since_the_caller_heard_that_it_starts(
    verified: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    start(verified)

    take_in(verified, post(event(START_FAILED, recordingId=None, resultInformation={"message": "no audio"})))

    assert "recording_failed" in caplog.text


def test_a_failure_without_a_reason_says_so(verified: Cloud) -> None:
    start(verified)

    take_in(verified, post(event(START_FAILED, recordingId=None, resultInformation=None)))

    assert "no reason given" in str(verified.recording().waits_for)


def test_a_failure_of_what_has_ended_changes_nothing(verified: Cloud) -> None:
    start(verified, status=RecordingStatus.COMPLETED, recording_id=RECORDING_ID)
    before = verified.recording()

    take_in(verified, post(event(START_FAILED)))

    assert verified.recording() == before


def test_a_signed_callback_is_about_the_latest_undecided_start(verified: Cloud) -> None:
    start(verified)
    start(verified, id="decided", recording_id="another", status=RecordingStatus.ACTIVE)

    take_in(verified, post(event()))

    assert verified.catalog.acs_ids[RECORDING_ID] == OUR_ID


@pytest.mark.parametrize("fields", [{"serverCallId": None, "recordingId": None}, {"serverCallId": "another"}])
def test_a_signed_callback_about_nothing_of_ours_changes_nothing(verified: Cloud, fields: dict[str, Any]) -> None:
    start(verified)
    before = verified.recording()

    take_in(verified, post(event(**fields)))

    assert verified.recording() == before


@pytest.mark.parametrize("authorization", [None, "", "Bearer forged"])
def test_a_callback_that_is_not_verified_is_refused(verified: Cloud, authorization: str | None) -> None:
    start(verified)
    before = verified.recording()

    with pytest.raises(CallbackRefused):
        take_in(verified, post(event()), authorization)

    assert verified.recording() == before


def test_a_refused_callback_leaves_a_line_that_repeats_nothing_of_it(
    verified: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    with pytest.raises(CallbackRefused):
        take_in(verified, post(event()), "Bearer forged")

    assert "callback_refused" in caplog.text
    assert "forged" not in caplog.text


# Unsigned


def test_an_unsigned_callback_teaches_nothing(cloud: Cloud) -> None:
    start(cloud)
    at_acs(cloud, active=True)

    take_in(cloud, post(event()), None)

    assert (cloud.recording().recording_id, cloud.recording().status) == (None, RecordingStatus.STARTING)


def test_an_unsigned_failure_is_not_believed(cloud: Cloud) -> None:
    start(cloud, recording_id=RECORDING_ID)
    at_acs(cloud, active=False)

    take_in(cloud, post(event(START_FAILED)), None)

    assert (cloud.recording().start_report, cloud.recording().waits_for) == (None, None)


def test_an_unsigned_callback_makes_us_ask_acs(cloud: Cloud) -> None:
    start(cloud, recording_id=RECORDING_ID)
    at_acs(cloud, active=True)

    take_in(cloud, post(event(state="inactive")), None)

    assert cloud.recording().status is RecordingStatus.ACTIVE


# Both


def test_a_paused_recording_is_not_changed_by_inactive(cloud: Cloud) -> None:
    start(cloud, recording_id=RECORDING_ID, status=RecordingStatus.PAUSED)
    at_acs(cloud, active=False)

    take_in(cloud, post(event(state="inactive")), None)

    assert cloud.recording().status is RecordingStatus.PAUSED


def test_acs_s_silence_makes_acs_post_again(cloud: Cloud) -> None:
    start(cloud, recording_id=RECORDING_ID)
    cloud.world.fail("acs.state", Fault.ERROR_AFTER)

    with pytest.raises(ControlUnknown):
        take_in(cloud, post(event()), None)


def test_several_callbacks_come_in_one_post(cloud: Cloud) -> None:
    start(cloud, recording_id=RECORDING_ID)
    at_acs(cloud, active=True)

    take_in(cloud, post({"type": "Another.Event"}, {}, event()), None)

    assert cloud.recording().status is RecordingStatus.ACTIVE


@pytest.mark.parametrize("data", [None, [], "text", {}, {"recordingId": 7, "startDateTime": "soon"}])
def test_a_callback_that_says_nothing_changes_nothing(verified: Cloud, data: object) -> None:
    start(verified)
    before = verified.recording()

    take_in(verified, post({"type": STATE_CHANGED, "data": data}))

    assert verified.recording() == before


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b"[", b"\xff"])
def test_what_is_no_array_of_events_is_refused(cloud: Cloud, body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        take_in(cloud, body, None)


# A failure that was reported


def test_a_failure_that_acs_s_own_word_refuted_says_nothing_of_the_end(verified: Cloud) -> None:
    start(verified, recording_id=RECORDING_ID)
    at_acs(verified, active=True)
    take_in(verified, post(event(START_FAILED)))
    verified.acs.hang_up(RECORDING_ID)

    verified.services.control.observe(verified.recording())

    assert (verified.recording().status, verified.recording().start_failure) == (RecordingStatus.STOPPED, None)


def test_stopping_a_start_that_failed_is_success_once_acs_says_that_there_is_none(verified: Cloud) -> None:
    start(verified, recording_id=RECORDING_ID)
    take_in(verified, post(event(START_FAILED)))

    assert verified.services.control.stop(OUR_ID).status is RecordingStatus.FAILED


def test_stopping_a_start_that_failed_is_no_success_while_acs_is_silent(verified: Cloud) -> None:
    start(verified, recording_id=RECORDING_ID)
    take_in(verified, post(event(START_FAILED)))
    verified.world.fail("acs.state", Fault.ERROR_BEFORE)

    with pytest.raises(ControlUnknown):
        verified.services.control.stop(OUR_ID)


def test_a_start_that_failed_is_not_asked_about_for_ever(verified: Cloud) -> None:
    start(verified, recording_id=RECORDING_ID)
    verified.catalog.put_entries([recording_entry(verified.recording(), verified.world.now)])
    take_in(verified, post(event(START_FAILED)))

    for _ in range(3):
        verified.world.advance(timedelta(days=5))
        verified.services.sweep.sweep()

    assert verified.catalog.open == {}
