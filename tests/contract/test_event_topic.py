"""The app's own sender of events, through Microsoft's SDK, against the simulator's topic; and the fake of it."""

import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from azure.core.credentials import AccessToken

from local.identity import token_answer
from local.simulator.client import SimulatorAdmin
from local.simulator.faults import InjectedFault
from local.simulator.simulator import Options, Simulator
from local.stack import TOPIC_ENDPOINT
from shared.adapters.event_topic import GridEventTopic
from shared.domain.durations import TOPIC_CONNECT_SECONDS, TOPIC_READ_SECONDS
from shared.domain.errors import EventsRefused, TopicUnavailable
from shared.domain.ports import EventTopic
from shared.domain.recording_event import CloudEventView, EventType
from tests.fakes.events import FakeTopic
from tests.fakes.world import World

MEBIBYTE = 1024 * 1024


class Token:
    """A token for whatever it is asked for."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        answer = token_answer(scopes[0].removesuffix("/.default"))
        return AccessToken(answer["access_token"], int(answer["expires_on"]))


def event(key: str = "Stopped:1", **data: Any) -> CloudEventView:
    return CloudEventView(
        type=EventType.STOPPED,
        source="/call-recording/local",
        id=f"1/{key}",
        subject="recordings/1",
        time="2026-11-27T09:00:00Z",
        dataschema="urn:call-recording:stopped:1",
        data=data,
    )


@pytest.fixture
def admin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatorAdmin]:
    with Simulator(Options(directory=tmp_path)) as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield SimulatorAdmin(running.admin_url)


@pytest.fixture
def topic(admin: SimulatorAdmin) -> GridEventTopic:
    assert admin.topic_events() == []
    return GridEventTopic(TOPIC_ENDPOINT, Token())


def tried(admin: SimulatorAdmin) -> int:
    return len(admin.requests("publish"))


def test_an_event_arrives_with_everything_that_it_says(topic: GridEventTopic, admin: SimulatorAdmin) -> None:
    topic.send([event(endedAt="2026-11-27T09:00:00Z")])

    (arrived,) = admin.topic_events()
    # The SDK writes the same instant with more digits.
    assert datetime.fromisoformat(arrived.event.pop("time")) == datetime(2026, 11, 27, 9, tzinfo=UTC)
    assert arrived.event == {
        "specversion": "1.0",
        "type": "CallRecording.Stopped",
        "source": "/call-recording/local",
        "id": "1/Stopped:1",
        "subject": "recordings/1",
        "dataschema": "urn:call-recording:stopped:1",
        "datacontenttype": "application/json",
        "data": {"endedAt": "2026-11-27T09:00:00Z"},
    }


def test_sending_says_nothing_in_the_log(topic: GridEventTopic, caplog: pytest.LogCaptureFixture) -> None:
    topic.send([event()])

    assert [entry.message for entry in caplog.records if entry.levelno >= logging.WARNING] == []


def test_many_events_are_one_request_in_their_order(topic: GridEventTopic, admin: SimulatorAdmin) -> None:
    topic.send([event(f"Stopped:{number}") for number in range(5)])

    assert [one.event["id"] for one in admin.topic_events()] == [f"1/Stopped:{number}" for number in range(5)]
    assert tried(admin) == 1


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (InjectedFault(action="unavailable"), "answered 503"),
        (InjectedFault(action="tooManyRequests", retry_after_seconds=60), "answered 429"),
        (InjectedFault(action="status", status=401), "EventGrid Data Sender"),
        (InjectedFault(action="status", status=403), "EventGrid Data Sender"),
        (InjectedFault(action="redirect", location=f"{TOPIC_ENDPOINT}?api-version=2018-01-01"), "answered 302"),
        (InjectedFault(action="loseRequest"), "did not answer"),
    ],
    ids=["503", "429", "401", "403", "redirect", "down"],
)
def test_a_topic_that_does_not_take_events_is_asked_once(
    topic: GridEventTopic, admin: SimulatorAdmin, fault: InjectedFault, told: str
) -> None:
    admin.add_fault(msgspec.structs.replace(fault, kind="publish"))

    with pytest.raises(TopicUnavailable, match=told):
        topic.send([event()])

    assert tried(admin) == 1
    assert admin.topic_events() == []


def test_an_answer_that_is_lost_leaves_open_what_was_taken(topic: GridEventTopic, admin: SimulatorAdmin) -> None:
    admin.add_fault(InjectedFault(action="loseResponse", kind="publish"))

    with pytest.raises(TopicUnavailable, match="did not answer"):
        topic.send([event()])

    assert (tried(admin), len(admin.topic_events())) == (1, 1)


def test_a_topic_that_is_silent_costs_three_seconds_at_most(topic: GridEventTopic, admin: SimulatorAdmin) -> None:
    admin.add_fault(InjectedFault(action="delay", kind="publish", seconds=30))
    began = time.monotonic()

    with pytest.raises(TopicUnavailable, match="did not answer"):
        topic.send([event()])

    assert time.monotonic() - began < TOPIC_CONNECT_SECONDS + TOPIC_READ_SECONDS


def test_a_request_that_is_too_long_is_told_from_other_refusals(topic: GridEventTopic, admin: SimulatorAdmin) -> None:
    with pytest.raises(EventsRefused):
        topic.send([event(tags="x" * MEBIBYTE)])

    assert admin.topic_events() == []


def test_the_fake_takes_and_refuses_as_the_topic_does() -> None:
    fake = FakeTopic(World())
    port: EventTopic = fake
    fake.events_max = 1

    port.send([event("Stopped:1")])
    with pytest.raises(EventsRefused):
        port.send([event("Stopped:2"), event("Stopped:3")])

    assert [one.id for one in fake.taken] == ["1/Stopped:1"]
