"""A service, or the app itself, is gone for a while: afterwards everything that was announced is stored."""

import time
from collections.abc import Iterator

import pytest

from local.simulator.scripts import Script
from local.simulator.settings import Settings
from shared.settings import DEAD_LETTERS_CONTAINER
from tests.e2e.gateway import FaultHook, NoFaults
from tests.e2e.random_faults import Outage
from tests.e2e.steps import differences, left_at_acs, violations_of
from tests.e2e.supervised_host import StartedRecording, SupervisedHost, supervised

OUTAGE_SECONDS = 10.0
SHORT_SECONDS = 4.0
RECORDINGS = 4
TWO = Script(chunks=2, chunk_bytes=(150_000, 20_000))
IMPATIENT = Settings(retry_delays_seconds=(0.2, 0.5), delivery_attempts_max=3)

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SupervisedHost]:
    with supervised(tmp_path_factory.mktemp("outage"), IMPATIENT) as one:
        yield one


@pytest.fixture
def one(running: SupervisedHost) -> Iterator[SupervisedHost]:
    """The stack, for a test that takes something away from it; all is there again afterwards."""
    yield running
    running.gateway.fault_hook = NoFaults()
    running.revive()


def started(one: SupervisedHost) -> list[StartedRecording]:
    return [one.start(TWO) for _ in range(RECORDINGS)]


def ended_while(
    one: SupervisedHost, fault_hook: FaultHook, recordings: list[StartedRecording], seconds: float = OUTAGE_SECONDS
) -> None:
    """End half of the calls, let the outage begin while their files come in, and end the others during it."""
    for recording in recordings[::2]:
        one.stack.simulator.end_call(recording.call_id)
    time.sleep(0.5)
    one.gateway.fault_hook = fault_hook
    for recording in recordings[1::2]:
        one.stack.simulator.end_call(recording.call_id)
    time.sleep(seconds)
    one.gateway.fault_hook = NoFaults()


def wrong_with(one: SupervisedHost, recordings: list[StartedRecording]) -> list[str]:
    """What is not as if nothing had happened, after waiting for completion."""
    wrong: list[str] = []
    for began in recordings:
        one.wait_until_completed(began.id, seconds=60)
        recording = one.shown(began.id)
        wrong += differences(one.stack, recording) + violations_of(one.stack, recording)
        wrong += left_at_acs(one.stack, recording)
        wrong += [chunk.status for chunk in recording.chunks if chunk.status != "deleted"]
    return wrong


def letters(one: SupervisedHost) -> list[str]:
    with one.stack.blobs as blobs:
        return list(blobs.get_container_client(DEAD_LETTERS_CONTAINER).list_blob_names())


@pytest.mark.prove
def test_what_is_announced_while_storage_is_gone_is_stored_afterwards(one: SupervisedHost) -> None:
    outage, recordings = Outage("blob", "queue", "table"), started(one)

    ended_while(one, outage, recordings)

    assert outage.refused > 0
    assert wrong_with(one, recordings) == []
    assert letters(one) == []


@pytest.mark.parametrize("service", ["blob", "queue", "table"])
def test_what_is_announced_while_one_storage_service_is_gone_is_stored_afterwards(
    one: SupervisedHost, service: str
) -> None:
    outage, recordings = Outage(service), started(one)

    ended_while(one, outage, recordings, SHORT_SECONDS)

    assert outage.refused > 0
    assert wrong_with(one, recordings) == []
    assert letters(one) == []


@pytest.mark.prove
def test_what_is_announced_while_acs_is_gone_is_stored_afterwards(one: SupervisedHost) -> None:
    outage, recordings = Outage("acs"), started(one)

    ended_while(one, outage, recordings)

    assert outage.refused > 0
    assert wrong_with(one, recordings) == []


@pytest.mark.prove
def test_what_is_announced_while_the_app_is_gone_comes_in_as_dead_letters(one: SupervisedHost) -> None:
    recordings = started(one)

    one.kill()
    for recording in recordings:
        one.stack.simulator.end_call(recording.call_id)
    deadline = time.monotonic() + OUTAGE_SECONDS + 20
    while len(letters(one)) < RECORDINGS and time.monotonic() < deadline:
        time.sleep(0.1)

    assert len(letters(one)) == RECORDINGS
    assert wrong_with(one, recordings) == []
    assert letters(one) == []
