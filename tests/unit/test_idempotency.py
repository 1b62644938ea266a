"""The same Idempotency-Key again: the first answer, a refusal, or the first start driven on."""

from datetime import timedelta

import pytest

from shared.domain.errors import AcsRefused, AcsUncertain, Conflict, KeyReused
from shared.domain.models import Recording
from shared.domain.statuses import RecordingStatus
from tests.builders import a_start_request
from tests.fakes import Cloud, Crash, Effect, Fault

KEY = "case-42"
MINUTE = timedelta(minutes=1)
REFUSED = AcsRefused("Action is invalid (400/8501)", status=400, code="8501")


def start(cloud: Cloud, key: str | None = None, **fields: object) -> Recording:
    return cloud.services.starts.start(a_start_request(**fields), key)


def running(cloud: Cloud) -> Recording:
    """A recording that ACS has begun."""
    cloud.acs.starts_active = True
    return start(cloud)


def test_the_same_key_and_body_get_the_first_answer_again(cloud: Cloud) -> None:
    first = start(cloud, KEY)

    assert start(cloud, KEY) == first
    assert len(cloud.acs.started) == 1


def test_the_same_key_with_another_body_is_refused(cloud: Cloud) -> None:
    start(cloud, KEY)

    with pytest.raises(KeyReused):
        start(cloud, KEY, tags={"case": "43"})


def test_other_keys_are_other_recordings(cloud: Cloud) -> None:
    first = start(cloud, KEY)

    assert start(cloud, "another", serverCallId="another").id != first.id


def test_without_a_key_every_start_is_a_new_one(cloud: Cloud) -> None:
    first = start(cloud)

    assert start(cloud, serverCallId="another").id != first.id


def crashed(cloud: Cloud, fault: Fault) -> None:
    """The first request under the key dies while it asks ACS."""
    cloud.world.fail("acs.start", fault)
    with pytest.raises(Crash):
        start(cloud, KEY)
    cloud.restart()


def test_a_start_that_is_still_in_flight_is_a_conflict(cloud: Cloud) -> None:
    crashed(cloud, Fault.CRASH_BEFORE)

    with pytest.raises(Conflict, match="in flight") as caught:
        start(cloud, KEY)

    assert caught.value.id == cloud.recording().id


@pytest.mark.parametrize("honoured", [True, False])
def test_a_start_that_died_before_acs_heard_of_it_is_driven_on(cloud: Cloud, *, honoured: bool) -> None:
    cloud.acs.honours_repeatability = honoured
    crashed(cloud, Fault.CRASH_BEFORE)
    cloud.world.advance(2 * MINUTE)

    assert start(cloud, KEY).recording_id


def test_a_start_that_died_after_acs_heard_of_it_keeps_starting(cloud: Cloud) -> None:
    crashed(cloud, Fault.CRASH_AFTER)
    cloud.world.advance(2 * MINUTE)

    recording = start(cloud, KEY)

    assert (recording.status, recording.recording_id) == (RecordingStatus.STARTING, None)


def test_a_start_after_an_outage_is_driven_on_at_once(cloud: Cloud) -> None:
    cloud.acs.refuse("start", AcsUncertain("not now", status=503, retry_after_seconds=7))
    with pytest.raises(AcsUncertain):
        start(cloud, KEY)

    assert start(cloud, KEY).recording_id
    assert len(cloud.acs.first_sent) == 1


def test_a_refusal_is_the_first_answer_too(cloud: Cloud) -> None:
    cloud.acs.refuse("start", REFUSED)
    with pytest.raises(AcsRefused):
        start(cloud, KEY)

    with pytest.raises(AcsRefused, match="8501") as again:
        start(cloud, KEY)

    assert (again.value.status, again.value.code) == (400, "8501")


def test_of_two_requests_with_one_key_one_starts(cloud: Cloud) -> None:
    faster: list[Recording] = []

    def plan(effect: Effect) -> None:
        if effect.name == "catalog.put_entries" and effect.count == 1:
            faster.append(start(cloud, KEY))

    cloud.world.plan = plan

    assert [start(cloud, KEY)] == faster
    assert len(cloud.acs.started) == 1


def test_of_two_that_drive_a_start_on_one_does(cloud: Cloud) -> None:
    crashed(cloud, Fault.CRASH_BEFORE)
    cloud.world.advance(2 * MINUTE)
    cloud.catalog.save_recording(cloud.recording())
    cloud.world.fail("catalog.recording", Fault.STALE)

    with pytest.raises(Conflict):
        start(cloud, KEY)
