"""What ACS posts while a recording lives: a hint to ask ACS, which may teach where it is signed and ACS confirms it."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from shared.control.state_callbacks import BODY_BYTES_MAX, CALLBACKS_MAX
from shared.domain.durations import CALLBACK_PAUSE, SETTLE
from shared.domain.errors import AcsUnavailable, CallbackRefused, ControlUnknown, InvalidRequest
from shared.domain.models import ControlStatus, FailureKind, RecordingStatus
from shared.domain.open_work import recording_entry
from tests.builders import OUR_ID, RECORDING_ID, SERVER_CALL_ID, a_recording
from tests.fakes import BEGINNING, GOOD_TOKEN, Cloud, Effect, Fault, acs_recording_id
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


# Signed: what it teaches


def test_a_signed_callback_teaches_acs_s_id(verified: Cloud) -> None:
    start(verified)
    at_acs(verified, active=True)

    take_in(verified, post(event()))

    assert (verified.recording().recording_id, verified.recording().status) == (RECORDING_ID, RecordingStatus.ACTIVE)
    assert verified.catalog.acs_ids == {RECORDING_ID: OUR_ID}


def test_an_id_that_acs_does_not_know_is_not_taught(verified: Cloud) -> None:
    start(verified)

    take_in(verified, post(event()))

    assert (verified.recording().recording_id, verified.catalog.acs_ids) == (None, {})


def test_an_id_is_not_taught_while_acs_is_silent(verified: Cloud) -> None:
    start(verified)
    at_acs(verified, active=True)
    verified.world.fail("acs.state", Fault.TIME_OUT)

    take_in(verified, post(event()))

    assert (verified.recording().recording_id, verified.catalog.acs_ids) == (None, {})


@pytest.mark.parametrize("id", ["../../calling", "a/b", "a?b", " ", "é", "x" * 1025])
def test_what_is_no_id_of_acs_s_is_not_asked_about(verified: Cloud, id: str) -> None:
    start(verified)

    take_in(verified, post(event(recordingId=id)))

    assert verified.world.counts["acs.state"] == 0


def test_of_two_undecided_starts_of_a_call_neither_is_taught(verified: Cloud) -> None:
    start(verified)
    start(verified, id="another")
    at_acs(verified, active=True)

    take_in(verified, post(event()))

    assert verified.catalog.acs_ids == {}


@pytest.mark.parametrize(
    "other",
    [
        {"recording_id": "another", "status": RecordingStatus.ACTIVE},
        {"status": RecordingStatus.FAILED, "refused_status": 400},
        {"status": RecordingStatus.COMPLETED},
    ],
    ids=["live", "refused", "of an event"],
)
def test_other_recordings_of_the_call_do_not_keep_the_only_undecided_one_from_being_taught(
    verified: Cloud, other: dict[str, Any]
) -> None:
    start(verified)
    start(verified, id="another", **other)
    at_acs(verified, active=True)

    take_in(verified, post(event()))

    assert verified.catalog.acs_ids[RECORDING_ID] == OUR_ID


def test_a_start_that_is_decided_is_not_what_a_callback_is_about(verified: Cloud) -> None:
    start(verified, recording_id="another", status=RecordingStatus.ACTIVE)
    at_acs(verified, active=True)

    take_in(verified, post(event()))

    assert RECORDING_ID not in verified.catalog.acs_ids


def test_a_start_that_came_after_the_recording_began_is_not_what_a_callback_is_about(verified: Cloud) -> None:
    start(verified, created_at=BEGINNING + timedelta(minutes=5))
    at_acs(verified, active=True)

    take_in(verified, post(event()))

    assert verified.catalog.acs_ids == {}


def test_a_start_whose_own_answer_came_meanwhile_keeps_it(verified: Cloud) -> None:
    start(verified)
    at_acs(verified, active=True)

    def answered(effect: Effect) -> None:
        if effect.name == "catalog.link_acs_id":
            row = verified.recording()
            key = (row.id, "")
            version = row.control_version + 1
            verified.catalog.written(key, replace(row, recording_id="its own", control_version=version))

    verified.world.plan = answered
    take_in(verified, post(event()))

    assert verified.recording().recording_id == "its own"


def test_an_id_that_is_taught_soon_after_the_start_has_the_sweep_ask_once_the_answer_counts(verified: Cloud) -> None:
    start(verified, start_requested_at=BEGINNING)
    at_acs(verified, active=False)

    take_in(verified, post(event()))
    verified.acs.begin(RECORDING_ID)
    verified.world.advance(SETTLE)
    verified.services.sweep.sweep()

    assert verified.recording().status is RecordingStatus.ACTIVE


def test_what_a_kill_left_half_taught_is_taught_by_the_next_callback(verified: Cloud) -> None:
    start(verified)
    at_acs(verified, active=True)
    verified.catalog.link_acs_id(RECORDING_ID, OUR_ID)

    take_in(verified, post(event(serverCallId=None)))

    assert (verified.recording().recording_id, verified.recording().status) == (RECORDING_ID, RecordingStatus.ACTIVE)


def test_what_acs_answers_is_written_and_not_what_the_callback_says(verified: Cloud) -> None:
    start(verified)
    at_acs(verified, active=False)

    take_in(verified, post(event(state="active")))

    assert verified.recording().status is RecordingStatus.PAUSED


def test_a_signed_callback_without_acs_s_id_teaches_nothing(verified: Cloud) -> None:
    start(verified)

    take_in(verified, post(event(recordingId=None)))

    assert verified.recording().recording_id is None


def test_of_several_signed_callbacks_in_one_post_the_first_one_teaches(verified: Cloud) -> None:
    start(verified)
    at_acs(verified, active=True)

    take_in(verified, post(event(recordingId="another"), event()))

    assert verified.catalog.acs_ids == {}


@pytest.mark.parametrize("fields", [{"serverCallId": None, "recordingId": None}, {"serverCallId": "another"}])
def test_a_signed_callback_about_nothing_of_ours_changes_nothing(verified: Cloud, fields: dict[str, Any]) -> None:
    start(verified)
    before = verified.recording()

    take_in(verified, post(event(**fields)))

    assert verified.recording() == before


# Signed: a failed start is told, and decides nothing


def test_a_reported_failure_says_what_the_start_waits_for(verified: Cloud) -> None:
    start(verified)

    take_in(verified, post(event(START_FAILED, recordingId=None, resultInformation={"code": 400, "subCode": 8508})))

    assert verified.recording().status is RecordingStatus.STARTING
    assert "8508" in str(verified.recording().waits_for)


def test_a_reported_failure_is_told_since_the_caller_heard_that_it_starts(
    verified: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    start(verified)

    take_in(verified, post(event(START_FAILED, recordingId=None)))

    assert [record.levelname for record in caplog.records if "recording_failed" in record.message] == ["ERROR"]


def test_a_failure_that_is_reported_twice_is_told_once(verified: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    start(verified)

    take_in(verified, post(event(START_FAILED, recordingId=None)))
    take_in(verified, post(event(START_FAILED, recordingId=None)))

    assert caplog.text.count("recording_failed") == 1


def test_what_acs_writes_about_a_failure_stays_out_of_the_log(
    verified: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    start(verified)
    said = {"code": 400, "subCode": 8608, "message": "participant 4:+15550100"}

    take_in(verified, post(event(START_FAILED, recordingId=None, resultInformation=said)))

    assert "8608" in caplog.text
    assert "15550100" not in caplog.text


def test_a_failure_without_a_code_says_so(verified: Cloud) -> None:
    start(verified)

    take_in(verified, post(event(START_FAILED, recordingId=None, resultInformation=None)))

    assert "no code given" in str(verified.recording().waits_for)


def test_a_reported_failure_of_what_acs_does_not_know_is_the_start_s_end(verified: Cloud) -> None:
    start(verified, recording_id=RECORDING_ID)

    take_in(verified, post(event(START_FAILED)))

    recording = verified.recording()
    assert (recording.status, recording.shown_failure_kind) == (RecordingStatus.FAILED, FailureKind.UNANNOUNCED)
    assert recording.ended_at is None


def test_of_two_undecided_starts_of_a_call_neither_is_reported_as_failed(verified: Cloud) -> None:
    start(verified)
    start(verified, id="another")

    take_in(verified, post(event(START_FAILED, recordingId=None)))

    assert {row.start_report for row in verified.recordings()} == {None}


@pytest.mark.parametrize(
    "status", [RecordingStatus.ACTIVE, RecordingStatus.PAUSED, RecordingStatus.STOPPED, RecordingStatus.COMPLETED]
)
def test_a_failure_of_what_has_started_changes_nothing(
    verified: Cloud, caplog: pytest.LogCaptureFixture, status: RecordingStatus
) -> None:
    start(verified, status=status, recording_id=RECORDING_ID)
    at_acs(verified, active=status is RecordingStatus.ACTIVE)
    before = verified.recording()

    take_in(verified, post(event(START_FAILED)))

    assert replace(verified.recording(), hinted_at=None, etag="") == replace(before, etag="")
    assert "recording_failed" not in caplog.text


def test_a_recording_of_which_a_stranger_says_that_it_failed_ends_as_acs_says(verified: Cloud) -> None:
    start(verified, recording_id=RECORDING_ID, status=RecordingStatus.PAUSED)
    verified.world.fail("acs.state", Fault.ERROR_BEFORE)
    take_in(verified, post(event(START_FAILED)))
    verified.acs.hang_up(RECORDING_ID)

    ended = verified.services.control.observe(verified.recording())

    assert (ended.status, ended.start_failure) == (RecordingStatus.STOPPED, None)


def test_a_reported_failure_does_not_end_what_acs_records(verified: Cloud) -> None:
    start(verified, recording_id=RECORDING_ID)
    at_acs(verified, active=True)

    take_in(verified, post(event(START_FAILED)))
    stopped = verified.services.control.stop(OUR_ID)

    assert verified.acs.recordings == {}
    assert stopped.status is RecordingStatus.STOPPED


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


def test_acs_is_not_asked_about_what_has_ended(cloud: Cloud) -> None:
    start(cloud, recording_id=RECORDING_ID, status=RecordingStatus.STOPPED)
    before = cloud.recording()

    take_in(cloud, post(event()), None)

    assert (cloud.recording(), cloud.world.counts["acs.state"]) == (before, 0)


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

    assert cloud.world.counts["acs.state"] == 1


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
        b" " * (BODY_BYTES_MAX + 1),
        b'[{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}]",
        b'[{"a":' * 9_000 + b"1" + b"}]" * 9_000,
    ],
    ids=range(8),
)
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
