"""Starting a recording: what callers get, and what is never lost on the way."""

from datetime import timedelta

import msgspec
import pytest

from shared.control.start_recording import refused
from shared.domain.durations import START_SECONDS_MAX
from shared.domain.errors import AcsRefused, AcsUncertain, CatalogUnavailable
from shared.domain.models import Recording
from shared.domain.statuses import FilesStatus, RecordingStatus
from tests.builders import CONTAINER, a_start_request, file_ready_event
from tests.fakes import BEGINNING, Cloud, Crash, Effect, Fault

KEY = "case-42"
REFUSED = AcsRefused("Action is invalid (400/8501)", status=400, code="8501")
IN_PROGRESS = AcsRefused("Recording is already in progress (400/8553)", status=400, code="8553")


def start(cloud: Cloud, key: str | None = None, **fields: object) -> Recording:
    return cloud.services.starts.start(a_start_request(**fields), key)


def running(cloud: Cloud) -> Recording:
    """A recording that ACS has begun."""
    cloud.acs.starts_active = True
    return start(cloud)


def test_a_start_is_confirmed_and_named_by_acs(cloud: Cloud) -> None:
    recording = start(cloud)

    assert (recording.status, recording.recording_id) == (RecordingStatus.STARTING, next(iter(cloud.acs.recordings)))
    assert cloud.recording() == recording


def test_a_start_that_is_active_at_once_is_active(cloud: Cloud) -> None:
    assert running(cloud).status is RecordingStatus.ACTIVE


def test_a_start_that_is_to_wait_is_paused(cloud: Cloud) -> None:
    assert start(cloud, pauseOnStart=True).status is RecordingStatus.PAUSED


def test_the_row_knows_everything_that_was_asked(cloud: Cloud) -> None:
    asked = a_start_request(
        tags={"case": "42"},
        pauseOnStart=True,
        audioChannelParticipantOrdering=["8:acs:bob", "8:acs:alice"],
        channelAffinity=[{"participant": "8:acs:alice", "channel": 0}],
        recordingStorageContainerUrl=CONTAINER,
        recordingStateCallbackUrl="https://caller.example/states",
    )

    row = msgspec.structs.asdict(cloud.services.starts.start(asked, None))

    not_shown = {"recording_state_callback_url"}  # ACS's alone: it may hold a secret of the caller's
    options = {name: value for name, value in msgspec.structs.asdict(asked).items() if name not in not_shown}
    assert {name: row[name] for name in options} == options


@pytest.mark.parametrize("field", ["groupCallId", "roomId", "callConnectionId"])
def test_a_call_can_be_named_in_other_ways(cloud: Cloud, field: str) -> None:
    recording = start(cloud, serverCallId=None, **{field: "name"})

    assert recording.server_call_id is None
    assert recording.recording_id


def test_a_start_whose_answer_names_the_recording_alone_is_asked_about_and_can_be_stopped(cloud: Cloud) -> None:
    cloud.acs.tells_state_at_start = False
    recording = start(cloud, pauseOnStart=True)

    assert (recording.status, recording.inactive_at) == (RecordingStatus.STARTING, None)
    assert cloud.services.control.refresh(recording.id).recording_id == recording.recording_id
    assert cloud.services.control.stop(recording.id).ended_at == BEGINNING
    assert cloud.acs.recordings == {}


def test_a_recording_is_found_by_acs_s_id_at_once(cloud: Cloud) -> None:
    recording = start(cloud)

    assert cloud.catalog.acs_ids == {recording.recording_id: recording.id}


def test_a_start_is_looked_into_one_day(cloud: Cloud) -> None:
    recording = start(cloud)

    assert (recording.id, "") in cloud.catalog.open


def test_acs_gets_our_callback_unless_the_caller_names_one() -> None:
    cloud = Cloud(CALLBACK_URL="https://app.example/api/callbacks/recording-state")

    start(cloud)
    start(cloud, serverCallId="another", recordingStateCallbackUrl="https://caller.example/back")

    assert [request.recording_state_callback_url for request in cloud.acs.started] == [
        "https://app.example/api/callbacks/recording-state",
        "https://caller.example/back",
    ]


def test_what_acs_refuses_is_refused_and_the_row_says_so(cloud: Cloud) -> None:
    cloud.acs.refuse("start", REFUSED)

    with pytest.raises(AcsRefused):
        start(cloud)

    assert cloud.recording().status is RecordingStatus.FAILED
    assert "8501" in str(cloud.recording().shown_failure)


def test_a_second_recording_of_a_call_is_refused(cloud: Cloud) -> None:
    start(cloud)

    with pytest.raises(AcsRefused, match="8553"):
        start(cloud)


def test_a_start_whose_answer_is_lost_is_repeated_under_the_same_id(cloud: Cloud) -> None:
    cloud.acs.honours_repeatability = True
    cloud.world.fail("acs.start", Fault.ERROR_AFTER)

    recording = start(cloud)

    assert recording.recording_id
    assert list(cloud.acs.first_sent) == [recording.repeatability_request_id]
    assert cloud.acs.first_sent[str(recording.repeatability_request_id)] == {BEGINNING}


def test_already_recording_on_the_second_try_keeps_starting(cloud: Cloud) -> None:
    cloud.world.fail("acs.start", Fault.ERROR_AFTER)

    recording = start(cloud)

    assert (recording.status, recording.recording_id) == (RecordingStatus.STARTING, None)


def test_a_start_that_was_lost_is_explained_by_its_event(cloud: Cloud) -> None:
    cloud.world.fail("acs.start", Fault.ERROR_AFTER)
    recording = start(cloud)

    cloud.services.ingest.ingest(file_ready_event(1))

    assert (cloud.recording().id, cloud.recording().files) == (recording.id, FilesStatus.TRANSFERRING)
    assert cloud.recording().recording_id
    assert cloud.chunk().managed


def test_already_recording_on_the_first_try_is_a_refusal(cloud: Cloud) -> None:
    cloud.acs.refuse("start", IN_PROGRESS)

    with pytest.raises(AcsRefused):
        start(cloud)

    assert cloud.recording().status is RecordingStatus.FAILED


def test_a_crash_between_acs_s_answer_and_ours_loses_nothing(cloud: Cloud) -> None:
    cloud.world.fail("acs.start", Fault.CRASH_AFTER)
    with pytest.raises(Crash):
        start(cloud)
    cloud.restart()

    cloud.services.ingest.ingest(file_ready_event(1))

    assert len(cloud.recordings()) == 1
    assert cloud.chunk().managed


def test_nothing_is_asked_of_acs_before_there_is_a_row(cloud: Cloud) -> None:
    cloud.world.fail("catalog.save_recording", Fault.ERROR_BEFORE)

    with pytest.raises(CatalogUnavailable):
        start(cloud)

    assert cloud.acs.started == []


def carried_out_late(cloud: Cloud) -> Recording:
    """A start that ACS carries out after a second try under its key was refused."""

    def plan(effect: Effect) -> None:
        if effect.name == "acs.start" and effect.count == 1:
            cloud.world.advance(timedelta(seconds=START_SECONDS_MAX))
            cloud.acs.refuse("start", AcsUncertain("not now", status=503))
            cloud.catalog.save_recording(refused(cloud.recording(), REFUSED, "no"))
            cloud.services.sweep.sweep()
            cloud.acs.answers.clear()

    cloud.world.plan = plan
    return running(cloud)


def test_a_start_that_acs_carried_out_is_none_that_it_refused(cloud: Cloud) -> None:
    recording = carried_out_late(cloud)

    assert (recording.start_failure, recording.refused_status) == (None, None)
    assert (recording.id, "") in cloud.catalog.open


def test_stop_stops_what_acs_records_whatever_another_try_was_answered(cloud: Cloud) -> None:
    recording = carried_out_late(cloud)

    cloud.services.control.stop(recording.id)

    assert cloud.acs.recordings == {}
