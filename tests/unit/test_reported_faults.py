"""Faults that public bug reports of the trade found here, each with its smallest input."""

import json
from datetime import timedelta

import pytest

from shared.domain.errors import AcsRefused, AcsUncertain, ControlUnknown
from shared.domain.models import Recording
from shared.domain.statuses import FilesStatus, RecordingStatus
from tests.builders import a_start_request, file_ready_event, keep_at_acs
from tests.fakes import Cloud, Effect, FakeHost, Fault

MINUTE = timedelta(minutes=1)


def running(cloud: Cloud, **fields: object) -> Recording:
    """A recording that ACS began two minutes ago."""
    cloud.acs.starts_active = True
    recording = cloud.services.starts.start(a_start_request(**fields), None)
    cloud.world.advance(2 * MINUTE)
    return recording


def status(cloud: Cloud) -> RecordingStatus:
    return cloud.recording().status


def test_r14_a_pause_whose_answer_is_lost_is_shown_as_acs_has_it(cloud: Cloud) -> None:
    recording = running(cloud)
    cloud.world.fail("acs.pause", Fault.ERROR_AFTER)

    paused = cloud.services.control.pause(recording.id)

    assert paused.status is status(cloud) is RecordingStatus.PAUSED


def test_r14_a_pause_that_acs_did_not_carry_out_is_no_success(cloud: Cloud) -> None:
    recording = running(cloud)
    cloud.world.fail("acs.pause", Fault.TIME_OUT)

    with pytest.raises(AcsUncertain):
        cloud.services.control.pause(recording.id)

    assert status(cloud) is RecordingStatus.ACTIVE


def test_r14_a_pause_of_which_acs_says_nothing_is_asked_about_in_a_minute(cloud: Cloud) -> None:
    recording = running(cloud)
    cloud.world.fail("acs.pause", Fault.ERROR_AFTER)
    cloud.world.fail("acs.state", Fault.TIME_OUT)
    with pytest.raises(ControlUnknown):
        cloud.services.control.pause(recording.id)

    cloud.world.advance(MINUTE)
    FakeHost(cloud).sweep()

    assert status(cloud) is RecordingStatus.PAUSED


def test_r15_a_pause_that_is_answered_after_a_later_resume_does_not_win(cloud: Cloud) -> None:
    recording = running(cloud)
    other = cloud.new_process()

    def resume_meanwhile(effect: Effect) -> Fault | None:
        if effect.name == "catalog.save_recording":
            cloud.world.plan = lambda _: None
            other.control.resume(recording.id)
        return None

    cloud.world.plan = resume_meanwhile
    shown = cloud.services.control.pause(recording.id)

    assert next(iter(cloud.acs.recordings.values())).active
    assert shown.status is status(cloud) is RecordingStatus.ACTIVE


def test_r16_a_resume_whose_answer_is_lost_leaves_no_empty_recording(cloud: Cloud) -> None:
    id = cloud.services.starts.start(a_start_request(pauseOnStart=True), None).id
    cloud.world.advance(2 * MINUTE)
    cloud.world.fail("acs.resume", Fault.ERROR_AFTER)
    cloud.services.control.resume(id)

    assert cloud.services.control.stop(id).status is RecordingStatus.STOPPED


def test_r16_only_acs_s_fresh_word_makes_a_recording_empty(cloud: Cloud) -> None:
    recording = cloud.services.starts.start(a_start_request(pauseOnStart=True), None)
    cloud.world.advance(2 * MINUTE)
    cloud.acs.begin(str(recording.recording_id))  # somebody else resumed it

    assert cloud.services.control.stop(recording.id).status is RecordingStatus.STOPPED


def test_s1_the_event_of_an_earlier_recording_does_not_end_the_live_one(cloud: Cloud) -> None:
    recording = running(cloud)
    keep_at_acs(cloud, 1)
    event = file_ready_event(1, subject_form=3, recordingId=None, recordingStartTime=None)
    host = FakeHost(cloud)
    host.publish(event)
    host.work()

    assert (status(cloud), cloud.recording().files) == (RecordingStatus.ACTIVE, FilesStatus.TRANSFERRING)
    assert cloud.services.control.stop(recording.id).ended_at
    assert cloud.acs.recordings == {}


def test_a_stop_that_acs_refuses_is_no_success(cloud: Cloud) -> None:
    recording = running(cloud)
    cloud.acs.refuse("stop", AcsRefused("conflict (409/8571)", status=409, code="8571"))

    with pytest.raises(AcsRefused):
        cloud.services.control.stop(recording.id)

    assert status(cloud) is RecordingStatus.ACTIVE


def test_r3_a_letter_that_cannot_be_removed_keeps_no_other_and_no_retry_from_being_done(cloud: Cloud) -> None:
    keep_at_acs(cloud, 1)
    cloud.letters.events["a.json"] = json.dumps([{"eventType": "Other"}]).encode()
    cloud.letters.events["b.json"] = json.dumps([file_ready_event(1)]).encode()
    cloud.world.fail("letters.remove", Fault.ERROR_BEFORE)

    messages = cloud.services.sweep.sweep()

    assert [ref.document_id for ref in messages.transfers] == [cloud.chunk().document_id]
    assert list(cloud.letters.events) == ["a.json"]
