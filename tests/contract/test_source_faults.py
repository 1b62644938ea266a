"""Whatever ACS does wrong, the source refuses: nothing but the bytes that were asked for gets through."""

import math
import time

import pytest
from azure.communication.callautomation import CallAutomationClient

from local.simulator.client import SimulatorAdmin
from local.simulator.faults import Action, InjectedFault
from local.simulator.simulator import Simulator
from shared.adapters.acs_contents import SdkSource
from shared.domain.errors import SourceMissing, SourceSuspect, SourceUnavailable, Transient

from .conftest import HOST_SUFFIXES
from .source_under_test import SDK_WARNINGS, SimulatorSourceUnderTest, fetched, unverified

pytestmark = SDK_WARNINGS
SIZE = 300_000


@pytest.mark.parametrize(
    "action",
    [
        "wrongContentRange",  # 206 with another range
        "totalChanged",  # 206 whose range does not reach the end it tells
        "ignoreRange",  # 200 to a Range request
        "closeDelimited",
        "chunked",
        "chunkedOpen",
        "gzip",
        "emptyBody",  # 200 with 0 bytes
        "htmlBody",
        "jsonBody",
    ],
)
def test_an_answer_that_cannot_be_the_range_is_suspect(
    simulated_source: SimulatorSourceUnderTest, action: Action
) -> None:
    kept = simulated_source.keep(SIZE)
    simulated_source.spoil(InjectedFault(action=action, kind="content"))

    with pytest.raises(SourceSuspect):
        fetched(simulated_source.source, kept.url)

    assert fetched(simulated_source.source, kept.url) == kept.content


def test_bytes_behind_the_announced_ones_are_never_handed_out(simulated_source: SimulatorSourceUnderTest) -> None:
    kept = simulated_source.keep(SIZE)
    simulated_source.spoil(InjectedFault(action="longBody", kind="content", extra_bytes=100_000))

    assert fetched(simulated_source.source, kept.url) == kept.content
    time.sleep(0.1)  # they arrive; the connection that they came over is not used again
    assert fetched(simulated_source.source, kept.url, 5, 10) == kept.content[5:15]


@pytest.mark.parametrize("action", ["truncate", "reset"])
@pytest.mark.parametrize("at", [0, 1, 11, 12, 65_536, SIZE - 1])
def test_a_body_that_breaks_off_is_an_error(
    simulated_source: SimulatorSourceUnderTest, action: Action, at: int
) -> None:
    kept = simulated_source.keep(SIZE)
    simulated_source.spoil(InjectedFault(action=action, kind="content", at=at))

    with pytest.raises((SourceUnavailable, SourceSuspect)):
        fetched(simulated_source.source, kept.url)

    assert fetched(simulated_source.source, kept.url) == kept.content


def test_an_error_page_is_transient(simulated_source: SimulatorSourceUnderTest) -> None:
    kept = simulated_source.keep()
    simulated_source.spoil(InjectedFault(action="badRequestHtml", kind="content"))

    with pytest.raises(SourceUnavailable):
        fetched(simulated_source.source, kept.url)


def test_a_document_that_is_not_ready_is_missing_for_now(simulated_source: SimulatorSourceUnderTest) -> None:
    kept = simulated_source.keep()
    simulated_source.spoil(InjectedFault(action="status", status=404, kind="content"))

    with pytest.raises(SourceMissing):
        fetched(simulated_source.source, kept.url)

    assert fetched(simulated_source.source, kept.url) == kept.content


def test_an_expired_document_is_missing(simulated_source: SimulatorSourceUnderTest) -> None:
    kept = simulated_source.keep()
    simulated_source.admin.advance_time(24 * 3600)

    with pytest.raises(SourceMissing):
        fetched(simulated_source.source, kept.url)


@pytest.mark.parametrize("action", ["unauthorized", "clockSkew"])
def test_a_refused_signature_is_renewed_once(simulated_source: SimulatorSourceUnderTest, action: Action) -> None:
    kept = simulated_source.keep()
    simulated_source.spoil(InjectedFault(action=action, seconds=3600, kind="content"))

    assert fetched(simulated_source.source, kept.url) == kept.content
    assert [request.status for request in simulated_source.admin.requests("content")] == [401, 206]


def test_a_signature_that_is_always_refused_is_transient_and_tried_twice(
    simulated_source: SimulatorSourceUnderTest,
) -> None:
    kept = simulated_source.keep()
    simulated_source.spoil(InjectedFault(action="unauthorized", kind="content", times=None))

    with pytest.raises(SourceUnavailable, match="Check ACS_CONNECTION_STRING"):
        fetched(simulated_source.source, kept.url)

    assert [request.status for request in simulated_source.admin.requests("content")] == [401, 401]


def waited(
    source_under_test: SimulatorSourceUnderTest, action: Action, seconds: float | None, *, as_date: bool = False
) -> float | None:
    """How long the source says that ACS asked to be left alone."""
    kept = source_under_test.keep()
    source_under_test.spoil(
        InjectedFault(action=action, kind="content", retry_after_seconds=seconds, retry_after_as_date=as_date)
    )

    with pytest.raises(SourceUnavailable) as caught:
        fetched(source_under_test.source, kept.url)

    return caught.value.retry_after_seconds


@pytest.mark.parametrize("action", ["tooManyRequests", "unavailable"])
def test_a_wait_in_seconds_is_told(simulated_source: SimulatorSourceUnderTest, action: Action) -> None:
    assert waited(simulated_source, action, 17) == 17


def test_a_wait_until_a_date_is_told(simulated_source: SimulatorSourceUnderTest) -> None:
    wait = waited(simulated_source, "unavailable", 60, as_date=True)

    assert wait is not None
    assert 55 < wait <= 60


def test_no_wait_is_told_when_none_was_asked_for(simulated_source: SimulatorSourceUnderTest) -> None:
    assert waited(simulated_source, "unavailable", None) is None


@pytest.mark.parametrize("seconds", [86_400.0, 1e12, -5.0])
def test_an_absurd_wait_is_bounded(simulated_source: SimulatorSourceUnderTest, seconds: float) -> None:
    wait = waited(simulated_source, "unavailable", seconds)

    assert wait is not None
    assert 0 <= wait <= 3600


def test_a_wait_that_is_no_number_is_none(simulator: Simulator, simulated_source: SimulatorSourceUnderTest) -> None:
    kept = simulated_source.keep()
    simulator.components.faults.add(InjectedFault(action="unavailable", kind="content", retry_after_seconds=math.nan))

    with pytest.raises(SourceUnavailable) as caught:
        fetched(simulated_source.source, kept.url)

    assert caught.value.retry_after_seconds == 0


@pytest.mark.parametrize("status", [400, 403, 408, 409, 410, 416, 418, 500, 502, 504])
def test_any_other_status_is_transient(simulated_source: SimulatorSourceUnderTest, status: int) -> None:
    kept = simulated_source.keep()
    simulated_source.spoil(InjectedFault(action="status", status=status, kind="content"))

    with pytest.raises(Transient):
        fetched(simulated_source.source, kept.url)

    assert len(simulated_source.admin.requests("content")) == 1


@pytest.mark.parametrize("at", [0, 100_000])
def test_a_silence_ends_the_attempt(admin: SimulatorAdmin, acs_client: CallAutomationClient, at: int) -> None:
    source_under_test = SimulatorSourceUnderTest(admin, SdkSource(acs_client, HOST_SUFFIXES, read_seconds=0.2))
    kept = source_under_test.keep(SIZE)
    source_under_test.spoil(InjectedFault(action="stall" if at else "delay", kind="content", at=at, seconds=5))
    began = time.monotonic()

    with pytest.raises(SourceUnavailable):
        fetched(source_under_test.source, kept.url)

    assert time.monotonic() - began < 2


def test_a_lost_answer_is_transient(simulated_source: SimulatorSourceUnderTest) -> None:
    kept = simulated_source.keep()
    simulated_source.spoil(InjectedFault(action="loseResponse", kind="content"))

    with pytest.raises(SourceUnavailable):
        fetched(simulated_source.source, kept.url)


@pytest.mark.parametrize("status", [400, 403, 429, 500, 503])
def test_a_refused_deletion_is_transient_and_not_waited_for(
    simulated_source: SimulatorSourceUnderTest, status: int
) -> None:
    kept = simulated_source.keep()
    simulated_source.spoil(
        InjectedFault(action="status", status=status, kind="delete", times=None, retry_after_seconds=30)
    )
    began = time.monotonic()

    with pytest.raises(SourceUnavailable) as caught:
        simulated_source.source.delete(kept.delete_url, unverified)

    assert caught.value.retry_after_seconds == 30
    assert time.monotonic() - began < 2
    assert fetched(simulated_source.source, kept.url) == kept.content


def test_a_deletion_whose_answer_was_lost_is_transient_and_the_next_one_is_fine(
    simulated_source: SimulatorSourceUnderTest,
) -> None:
    kept = simulated_source.keep()
    simulated_source.spoil(InjectedFault(action="loseResponse", kind="delete"))

    with pytest.raises(SourceUnavailable):
        simulated_source.source.delete(kept.delete_url, unverified)
    simulated_source.source.delete(kept.delete_url, unverified)

    with pytest.raises(SourceMissing):
        fetched(simulated_source.source, kept.url)
