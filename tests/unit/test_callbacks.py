"""What ACS posts while a recording lives, or anybody else does: a hint to ask ACS, within bounds."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event, Semaphore, Thread
from typing import Any

import pytest
from msgspec.structs import replace

from shared.control.state_callbacks import CALLBACKS_MAX, POSTS_MAX, START_FAILED, STATE_CHANGED
from shared.domain.durations import CALLBACK_PAUSE
from shared.domain.errors import AcsUnavailable, CallbackRefused, InvalidRequest
from shared.domain.statuses import ControlStatus, RecordingStatus
from tests.builders import OUR_ID, RECORDING_ID, SERVER_CALL_ID
from tests.fakes import BEGINNING, Cloud, Effect, Fault, acs_recording_id
from tests.fakes.acs import FakeAcsRecording
from tests.unit.callbacks import at_acs, event, post, start, take_in


@pytest.fixture
def verified() -> Cloud:
    return Cloud(CALLBACK_AUDIENCE="resource")


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

    assert 'callback_refused {"error": "CallbackRefused"}' in caplog.text
    assert "forged" not in caplog.text


# Unsigned: it makes us ask ACS, and nothing else


def test_an_unsigned_callback_teaches_nothing(cloud: Cloud) -> None:
    start(cloud)
    at_acs(cloud, active=True)

    take_in(cloud, post(event()), None)

    assert (cloud.recording().recording_id, cloud.recording().status) == (None, RecordingStatus.STARTING)
    assert cloud.world.counts["acs.state"] == 0


def test_an_unsigned_failure_is_not_believed(cloud: Cloud) -> None:
    start(cloud, recording_id=RECORDING_ID)
    at_acs(cloud, active=False)

    take_in(cloud, post(event(START_FAILED)), None)

    assert (cloud.recording().start_report, cloud.recording().waits_for) == (None, None)


# Both


@pytest.mark.parametrize("audience", ["", "resource"])
@pytest.mark.parametrize("status", [RecordingStatus.STARTING, RecordingStatus.PAUSED])
def test_a_callback_makes_us_ask_acs(audience: str, status: RecordingStatus) -> None:
    cloud = Cloud(CALLBACK_AUDIENCE=audience)
    start(cloud, recording_id=RECORDING_ID, status=status)
    at_acs(cloud, active=True)

    take_in(cloud, post(event(state="inactive")))

    assert cloud.recording().status is RecordingStatus.ACTIVE


def test_a_paused_recording_is_not_changed_by_inactive(cloud: Cloud) -> None:
    start(cloud, recording_id=RECORDING_ID, status=RecordingStatus.PAUSED)
    at_acs(cloud, active=False)

    take_in(cloud, post(event(state="inactive")), None)

    assert cloud.recording().status is RecordingStatus.PAUSED


def test_acs_is_not_asked_about_what_has_ended(cloud: Cloud) -> None:
    start(cloud, recording_id=RECORDING_ID, status=RecordingStatus.STOPPED)
    before = cloud.recording()

    take_in(cloud, post(event()), None)

    assert (cloud.recording(), cloud.world.counts["acs.state"]) == (before, 0)


@pytest.mark.parametrize("audience", ["", "resource"])
@pytest.mark.parametrize("kind", [STATE_CHANGED, START_FAILED])
@pytest.mark.parametrize("fields", [{}, {"recordingId": None}, {"startDateTime": None}])
def test_a_callback_of_a_stranger_s_recording_comes_to_nothing_in_silence(
    audience: str, kind: str, fields: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    take_in(Cloud(CALLBACK_AUDIENCE=audience), post(event(kind, **fields)))

    assert caplog.records == []


@pytest.mark.parametrize("audience", ["", "resource"])
def test_a_callback_without_acs_s_id_of_a_start_that_has_it_asks_nothing(audience: str) -> None:
    cloud = Cloud(CALLBACK_AUDIENCE=audience)
    start(cloud, recording_id=RECORDING_ID)

    take_in(cloud, post(event(recordingId=None)))

    assert cloud.world.counts["acs.state"] == 0


def test_other_kinds_of_events_are_passed_over(cloud: Cloud) -> None:
    start(cloud, recording_id=RECORDING_ID)
    at_acs(cloud, active=True)

    take_in(cloud, post({"type": "Another.Event"}, {}, event()), None)

    assert cloud.recording().status is RecordingStatus.ACTIVE


def unreadable(cloud: Cloud) -> None:
    cloud.catalog.spoil(OUR_ID)


def unforeseen(cloud: Cloud) -> None:
    def plan(effect: Effect) -> None:
        assert effect.name != "acs.state"

    cloud.world.plan = plan


def silent(cloud: Cloud) -> None:
    cloud.world.fail("acs.state", Fault.TIME_OUT)


def throttled(cloud: Cloud) -> None:
    cloud.acs.refuse("state", AcsUnavailable("Too many requests (429)", status=429))


def without_rows(cloud: Cloud) -> None:
    cloud.world.fail("catalog.recording_by_acs_id", Fault.ERROR_BEFORE)


@pytest.mark.parametrize("outage", [unreadable, unforeseen, silent, throttled, without_rows])
@pytest.mark.parametrize("audience", ["", "resource"])
def test_whatever_comes_of_a_hint_is_logged_and_not_told_its_sender(
    outage: Callable[[Cloud], None], audience: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    cloud = Cloud(CALLBACK_AUDIENCE=audience)
    start(cloud, recording_id=RECORDING_ID)
    outage(cloud)

    take_in(cloud, post(event()))

    assert [line.levelname for line in caplog.records if "callback_unused" in line.message] == ["INFO"]


def test_acs_s_silence_after_a_hint_has_the_sweep_ask(cloud: Cloud) -> None:
    start(cloud, recording_id=RECORDING_ID)
    at_acs(cloud, active=True)
    cloud.world.fail("acs.state", Fault.ERROR_AFTER)

    take_in(cloud, post(event()), None)
    cloud.world.advance(timedelta(minutes=1))
    cloud.services.sweep.sweep()

    assert cloud.recording().status is RecordingStatus.ACTIVE


# Bounds


def running(cloud: Cloud, count: int) -> list[str]:
    """Recordings of ours that run, of one call; returns ACS's ids."""
    ids = [acs_recording_id(number + 1) for number in range(count)]
    for id in ids:
        start(cloud, id=f"ours-{id[-9:]}", recording_id=id, status=RecordingStatus.ACTIVE)
        cloud.acs.recordings[id] = FakeAcsRecording(id, SERVER_CALL_ID, active=True)
    return ids


def test_acs_is_asked_once_however_often_a_post_says_the_same(cloud: Cloud) -> None:
    (id,) = running(cloud, 1)

    take_in(cloud, post(*[event(recordingId=f"{id}{'=' * (number % 3)}") for number in range(90)]), None)

    assert cloud.world.counts["acs.state"] == 1


def test_acs_is_asked_about_a_few_recordings_of_a_post(cloud: Cloud) -> None:
    take_in(cloud, post(*[event(recordingId=id) for id in running(cloud, 20)]), None)

    assert cloud.world.counts["acs.state"] == CALLBACKS_MAX


def test_acs_is_asked_once_however_many_posts_come_in_a_moment(cloud: Cloud) -> None:
    running(cloud, 1)

    for _ in range(20):
        take_in(cloud, post(event()), None)
    cloud.world.advance(CALLBACK_PAUSE - timedelta(milliseconds=1))
    take_in(cloud, post(event()), None)

    assert cloud.world.counts["acs.state"] == 1


def test_of_two_hints_at_once_one_makes_us_ask(cloud: Cloud) -> None:
    running(cloud, 1)

    def plan(effect: Effect) -> None:
        if effect.name == "catalog.save_recording" and effect.count == 2:  # the first one was the start
            row = cloud.recording()
            cloud.catalog.written((row.id, ""), replace(row, hinted_at=BEGINNING - timedelta(seconds=1)))

    cloud.world.plan = plan
    take_in(cloud, post(event()), None)

    assert cloud.world.counts["acs.state"] == 0


def test_acs_is_asked_again_a_moment_later(cloud: Cloud) -> None:
    running(cloud, 1)
    take_in(cloud, post(event()), None)
    cloud.world.advance(CALLBACK_PAUSE)

    take_in(cloud, post(event()), None)

    assert cloud.world.counts["acs.state"] == 2


def test_while_acs_throttles_the_other_hints_of_a_post_are_left_out(cloud: Cloud) -> None:
    ids = running(cloud, 2)
    throttled(cloud)

    take_in(cloud, post(*[event(recordingId=id) for id in ids]), None)

    assert cloud.world.counts["acs.state"] == 1


def test_while_storage_is_silent_only_a_few_posts_are_waiting_for_it(cloud: Cloud) -> None:
    silence, waiting = Event(), Semaphore(0)

    def plan(_: Effect) -> None:
        waiting.release()
        silence.wait(timeout=10)

    cloud.world.plan = plan
    threads = [Thread(target=take_in, args=(cloud, post(event()), None)) for _ in range(POSTS_MAX)]
    for thread in threads:
        thread.start()
    for _ in threads:
        waiting.acquire(timeout=10)

    take_in(cloud, post(event()), None)

    assert len(cloud.world.effects) == POSTS_MAX
    silence.set()
    for thread in threads:
        thread.join()
    take_in(cloud, post(event()), None)
    assert len(cloud.world.effects) == POSTS_MAX + 1


def ended(cloud: Cloud) -> None:
    cloud.acs.recordings.clear()


def just_started(cloud: Cloud) -> None:
    for row in cloud.recordings():
        cloud.catalog.written((row.id, ""), replace(row, control=ControlStatus.STARTING, start_requested_at=BEGINNING))


def answers_lost(cloud: Cloud) -> None:
    for row in cloud.recordings():
        cloud.catalog.written((row.id, ""), replace(row, control=ControlStatus.STARTING, recording_id=None))
    cloud.catalog.acs_ids.clear()


def only_one_answer_lost(cloud: Cloud) -> None:
    row = cloud.recordings()[0]
    cloud.catalog.written((row.id, ""), replace(row, control=ControlStatus.STARTING, recording_id=None))
    cloud.catalog.acs_ids.pop(row.recording_id or "")


@pytest.mark.parametrize("arranged", [just_started, ended, answers_lost, only_one_answer_lost, silent])
@pytest.mark.parametrize("kind", [STATE_CHANGED, START_FAILED])
@pytest.mark.parametrize("audience", ["", "resource"])
def test_one_post_costs_twenty_requests_at_most(arranged: Callable[[Cloud], None], kind: str, audience: str) -> None:
    cloud = Cloud(CALLBACK_AUDIENCE=audience)
    ids = running(cloud, 20)
    arranged(cloud)
    cloud.world.effects.clear()

    take_in(cloud, post(*[event(kind, recordingId=id) for id in ids]))

    assert 0 < len(cloud.world.effects) <= 20


# What it may look like


@pytest.mark.parametrize("data", [None, [], "text", {}, {"recordingId": 7, "startDateTime": "soon"}])
def test_a_callback_that_says_nothing_changes_nothing(verified: Cloud, data: object) -> None:
    start(verified)
    before = verified.recording()

    take_in(verified, post({"type": STATE_CHANGED, "data": data}))

    assert verified.recording() == before


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[1]",
        b"[",
        b"\xff",
        b'[{"type": "\xff"}]',
        b'[{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}]",
        b'[{"a":' * 9_000 + b"1" + b"}]" * 9_000,
    ],
    ids=range(8),
)
def test_what_is_no_array_of_events_is_refused(cloud: Cloud, body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        take_in(cloud, body, None)
