"""Pause, resume, stop and look: what callers get, and what ACS's answers mean."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from shared.control.start_recording import with_start_answer
from shared.domain.errors import AcsRefused, Conflict, ControlUnknown, NotFound, RecordingUnknown
from shared.domain.models import Recording
from shared.domain.ports import AcsState
from shared.domain.recording_rows import chunks_in_order
from shared.domain.statuses import ControlStatus, FilesStatus, RecordingStatus
from tests.builders import OUR_ID, a_chunk, a_recording, a_start_request, file_ready_event
from tests.fakes import BEGINNING, Cloud, Effect, Fault

MINUTE = timedelta(minutes=1)


def start(cloud: Cloud, key: str | None = None, **fields: object) -> Recording:
    return cloud.services.starts.start(a_start_request(**fields), key)


def running(cloud: Cloud) -> Recording:
    """A recording that ACS has begun."""
    cloud.acs.starts_active = True
    return start(cloud)


def test_pause_and_resume(cloud: Cloud) -> None:
    id = running(cloud).id

    assert cloud.services.control.pause(id).status is RecordingStatus.PAUSED
    assert cloud.services.control.resume(id).status is RecordingStatus.ACTIVE


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_pausing_or_resuming_twice_is_what_acs_makes_of_it(cloud: Cloud, action: str) -> None:
    id = running(cloud).id
    act = getattr(cloud.services.control, action)

    assert act(id).status is act(id).status


@pytest.mark.parametrize("action", ["pause", "resume", "stop"])
def test_what_acs_refuses_leaves_the_row_as_it_was(cloud: Cloud, action: str) -> None:
    recording = running(cloud)
    cloud.acs.refuse(action, AcsRefused("conflict (409/8571)", status=409, code="8571"))

    with pytest.raises(AcsRefused, match="8571"):
        getattr(cloud.services.control, action)(recording.id)

    assert (cloud.recording().status, cloud.recording().ended_at) == (recording.status, None)


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_controlling_what_acs_no_longer_knows_is_a_conflict(cloud: Cloud, action: str) -> None:
    recording = running(cloud)
    cloud.acs.hang_up(str(recording.recording_id))
    cloud.world.advance(MINUTE)

    with pytest.raises(RecordingUnknown, match="has ended"):
        getattr(cloud.services.control, action)(recording.id)


@pytest.mark.parametrize("action", ["pause", "resume", "stop"])
def test_what_nobody_knows_is_not_found(cloud: Cloud, action: str) -> None:
    with pytest.raises(NotFound):
        getattr(cloud.services.control, action)("nobody")


@pytest.mark.parametrize("action", ["pause", "resume", "stop"])
def test_what_acs_has_not_named_yet_cannot_be_controlled(cloud: Cloud, action: str) -> None:
    cloud.catalog.save_recording(a_recording(status=RecordingStatus.STARTING, recording_id=None))

    with pytest.raises(Conflict, match="not answered the start"):
        getattr(cloud.services.control, action)(OUR_ID)


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_what_has_ended_cannot_be_controlled(cloud: Cloud, action: str) -> None:
    cloud.catalog.save_recording(a_recording(status=RecordingStatus.STOPPED))

    with pytest.raises(Conflict, match="has ended"):
        getattr(cloud.services.control, action)(OUR_ID)


def test_stop_ends_a_recording(cloud: Cloud) -> None:
    id = running(cloud).id

    assert cloud.services.control.stop(id).status is RecordingStatus.STOPPED
    assert cloud.acs.recordings == {}


def test_stopping_twice_is_success(cloud: Cloud) -> None:
    id = running(cloud).id

    first = cloud.services.control.stop(id)

    assert cloud.services.control.stop(id) == first


def test_stopping_what_acs_no_longer_knows_is_success(cloud: Cloud) -> None:
    recording = running(cloud)
    cloud.acs.hang_up(str(recording.recording_id))
    cloud.world.advance(MINUTE)

    assert cloud.services.control.stop(recording.id).status is RecordingStatus.STOPPED


def test_a_stop_whose_answer_is_lost_is_confirmed_by_the_question_for_the_state(cloud: Cloud) -> None:
    id = running(cloud).id
    cloud.world.advance(MINUTE)
    cloud.world.fail("acs.stop", Fault.ERROR_AFTER)

    assert cloud.services.control.stop(id).status is RecordingStatus.STOPPED


def test_a_stop_that_nothing_confirms_is_no_success(cloud: Cloud) -> None:
    id = running(cloud).id
    cloud.world.advance(MINUTE)
    cloud.world.fail("acs.stop", Fault.ERROR_AFTER)
    cloud.world.fail("acs.state", Fault.ERROR_BEFORE)

    with pytest.raises(ControlUnknown):
        cloud.services.control.stop(id)

    assert cloud.recording().ended_at is None
    assert cloud.services.control.stop(id).status is RecordingStatus.STOPPED


def test_a_stop_that_acs_answers_with_not_found_while_it_records_is_no_success(cloud: Cloud) -> None:
    recording = running(cloud)
    cloud.world.advance(MINUTE)
    cloud.acs.refuse("stop", AcsRefused("Recording not found. (404/8522)", status=404, code="8522"))

    with pytest.raises(ControlUnknown):
        cloud.services.control.stop(recording.id)

    assert (cloud.recording().status, cloud.recording().ended_at) == (RecordingStatus.ACTIVE, None)


@pytest.mark.parametrize("files", FilesStatus)
def test_a_stop_asks_acs_whatever_became_of_the_files(cloud: Cloud, files: FilesStatus) -> None:
    recording = running(cloud)
    cloud.catalog.save_recording(replace(recording, files=files))

    stopped = cloud.services.control.stop(recording.id)

    assert stopped.ended_at
    assert cloud.acs.recordings == {}


def test_a_recording_that_was_never_resumed_is_empty(cloud: Cloud) -> None:
    id = start(cloud, pauseOnStart=True).id

    assert cloud.services.control.stop(id).status is RecordingStatus.EMPTY


def test_a_recording_that_was_resumed_once_is_not(cloud: Cloud) -> None:
    id = start(cloud, pauseOnStart=True).id
    cloud.services.control.resume(id)
    cloud.services.control.pause(id)

    assert cloud.services.control.stop(id).status is RecordingStatus.STOPPED


def test_a_recording_that_acs_began_in_spite_of_the_pause_has_run() -> None:
    row = a_recording(status=RecordingStatus.STARTING, has_run=False)

    state = AcsState("eyJQ", active=True)

    assert with_start_answer(row, state, ControlStatus.ACTIVE, asked_of=row.control_version, now=BEGINNING).has_run


def test_an_event_that_comes_before_the_stop_is_kept(cloud: Cloud) -> None:
    recording = running(cloud)
    cloud.services.ingest.ingest(file_ready_event(1))

    assert cloud.services.control.stop(recording.id).status is RecordingStatus.TRANSFERRING


@pytest.mark.parametrize("action", ["pause", "stop"])
def test_an_event_that_comes_during_the_request_keeps_its_say_on_the_files(cloud: Cloud, action: str) -> None:
    recording = running(cloud)
    event = file_ready_event(1, recording_id=str(recording.recording_id))

    def plan(effect: Effect) -> None:
        if effect.name == f"acs.{action}":
            cloud.services.ingest.ingest(event)

    cloud.world.plan = plan

    assert getattr(cloud.services.control, action)(recording.id).files is FilesStatus.TRANSFERRING


# Looking


def test_a_start_is_seen_to_be_active_when_somebody_looks(cloud: Cloud) -> None:
    recording = start(cloud)
    cloud.acs.begin(str(recording.recording_id))

    assert cloud.services.control.refresh(recording.id).status is RecordingStatus.ACTIVE


def test_a_start_that_is_not_active_yet_keeps_starting(cloud: Cloud) -> None:
    recording = start(cloud)

    assert cloud.services.control.refresh(recording.id).status is RecordingStatus.STARTING


def test_not_found_tells_nothing_right_after_a_start(cloud: Cloud) -> None:
    recording = start(cloud)
    cloud.acs.hang_up(str(recording.recording_id))

    assert cloud.services.control.refresh(recording.id).status is RecordingStatus.STARTING


def test_not_found_is_the_end_a_minute_later(cloud: Cloud) -> None:
    recording = start(cloud)
    cloud.acs.hang_up(str(recording.recording_id))
    cloud.world.advance(MINUTE)

    assert cloud.services.control.refresh(recording.id).status is RecordingStatus.STOPPED


def test_acs_s_silence_changes_nothing(cloud: Cloud) -> None:
    recording = start(cloud)
    cloud.world.fail("acs.state", Fault.ERROR_BEFORE)

    assert cloud.services.control.refresh(recording.id) == recording


def test_a_recording_that_is_not_starting_is_shown_as_it_is(cloud: Cloud) -> None:
    recording = running(cloud)
    cloud.acs.hang_up(str(recording.recording_id))

    assert cloud.services.control.refresh(recording.id) == recording


def test_a_paused_recording_is_not_taken_for_a_starting_one(cloud: Cloud) -> None:
    recording = running(cloud)
    paused = cloud.services.control.pause(recording.id)

    assert cloud.services.control.observe(paused).status is RecordingStatus.PAUSED


def test_chunks_are_shown_in_order(cloud: Cloud) -> None:
    row = cloud.catalog.save_recording(a_recording())
    cloud.catalog.add_chunks(row, [a_chunk(2, index=0), a_chunk(0, index=1), a_chunk(1, index=0)])

    shown = chunks_in_order(cloud.catalog, OUR_ID)

    assert [(chunk.index, int(chunk.document_id[-1])) for chunk in shown] == [(0, 1), (0, 2), (1, 0)]


def test_a_fingerprint_tells_every_difference() -> None:
    bodies: list[dict[str, object]] = [{}, {"tags": {"a": "b"}}, {"pauseOnStart": True}]

    assert len({a_start_request(**body).fingerprint for body in bodies}) == len(bodies)


def test_what_waits_to_be_resumed_can_be_stopped_while_acs_does_not_tell_its_state(cloud: Cloud) -> None:
    id = start(cloud, pauseOnStart=True).id
    cloud.world.fail("acs.state", Fault.ERROR_BEFORE)

    stopped = cloud.services.control.stop(id)

    assert cloud.acs.recordings == {}
    assert stopped.status is RecordingStatus.STOPPED  # and not empty: it may have been resumed behind our back
