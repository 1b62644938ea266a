"""Every ACS starts, pauses, resumes and stops recordings, and says what it knows of them."""

import pytest

from shared.domain.acs_words import RecordingKind
from shared.domain.errors import AcsRefused
from shared.domain.ports import AcsState

from .acs_under_test import AcsUnderTest, running, started
from .source_under_test import SDK_WARNINGS

pytestmark = SDK_WARNINGS


def active(acs: AcsUnderTest, recording_id: str) -> bool | None:
    """Whether a recording is active; None when ACS knows of none."""
    state = acs.calls.state(recording_id)
    return state.active if state else None


def test_a_started_recording_has_an_id_that_its_state_can_be_asked_by(acs: AcsUnderTest) -> None:
    state = started(acs)

    assert state.recording_id is not None
    assert acs.calls.state(state.recording_id) is not None


def test_a_recording_that_runs_is_active(acs: AcsUnderTest) -> None:
    recording_id = running(acs)

    assert acs.calls.state(recording_id) == AcsState(recording_id, active=True, kind=RecordingKind.ACS)


def test_a_start_is_answered_with_whose_recording_it_is(acs: AcsUnderTest) -> None:
    assert started(acs).kind is RecordingKind.ACS


def test_a_paused_recording_is_not_active(acs: AcsUnderTest) -> None:
    recording_id = running(acs)

    acs.calls.pause(recording_id)

    assert active(acs, recording_id) is False


def test_a_resumed_recording_is_active_again(acs: AcsUnderTest) -> None:
    recording_id = running(acs)
    acs.calls.pause(recording_id)

    acs.calls.resume(recording_id)

    assert active(acs, recording_id) is True


def test_a_stopped_recording_is_not_known_any_more(acs: AcsUnderTest) -> None:
    recording_id = running(acs)

    acs.calls.stop(recording_id)

    assert acs.calls.state(recording_id) is None


def test_an_unknown_recording_has_no_state(acs: AcsUnderTest) -> None:
    assert acs.calls.state("eyJQbGF0Zm9ybUVuZHBvaW50SWQiOiIifQ") is None


@pytest.mark.parametrize("action", ["pause", "resume", "stop"])
def test_nothing_can_be_done_with_a_stopped_recording(acs: AcsUnderTest, action: str) -> None:
    recording_id = running(acs)
    acs.calls.stop(recording_id)

    with pytest.raises(AcsRefused) as caught:
        getattr(acs.calls, action)(recording_id)

    assert (caught.value.status, caught.value.code) == (404, "8522")


def test_a_call_is_recorded_once_at_a_time(acs: AcsUnderTest) -> None:
    call = acs.place_call()
    started(acs, server_call_id=call)

    with pytest.raises(AcsRefused) as caught:
        started(acs, server_call_id=call)

    assert (caught.value.status, caught.value.code) == (400, "8553")


def test_a_call_may_be_recorded_again_after_a_stop(acs: AcsUnderTest) -> None:
    call = acs.place_call()
    first = started(acs, server_call_id=call).recording_id
    assert first is not None
    acs.calls.stop(first)

    second = started(acs, server_call_id=call).recording_id

    assert second not in {None, first}


def test_a_start_that_is_repeated_under_its_id_is_one_recording(acs: AcsUnderTest) -> None:
    call = acs.place_call()

    first, second = (started(acs, "24e4b374-bbf0-4d27-a543-4186ef4adf67", server_call_id=call) for _ in range(2))

    assert first.recording_id == second.recording_id
