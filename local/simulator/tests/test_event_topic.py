"""The topic for the app's own events: spoken to by Microsoft's SDK, and by whoever gets it wrong."""

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
import requests
from azure.core.credentials import AccessToken, AzureKeyCredential, TokenCredential
from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError
from azure.core.messaging import CloudEvent
from azure.eventgrid import EventGridPublisherClient

from local.simulator.client import SimulatorAdmin
from local.simulator.cloud_events import BATCH, SINGLE
from local.simulator.event_topic import AUDIENCE, BODY_BYTES_MAX
from local.simulator.faults import InjectedFault

from .webhook import Webhook, wait_until

ENDPOINT = "https://call-recording.westeurope-1.eventgrid.azure.net/api/events"
EVENT = {"specversion": "1.0", "id": "1", "source": "/here", "type": "Thing.Happened"}


def token(audience: str = AUDIENCE, seconds: int = 60) -> str:
    return jwt.encode({"aud": audience, "exp": int(time.time()) + seconds}, "0" * 32, algorithm="HS256")


class Identity(TokenCredential):
    """Has a token for whatever it is asked for."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken(token(scopes[0].removesuffix("/.default")), int(time.time()) + 60)


class Publisher:
    """The SDK without retries, so that a test sees every answer."""

    def __init__(self, client: EventGridPublisherClient) -> None:
        self.client = client

    def send(self, *events: CloudEvent[Any], **options: Any) -> None:
        # Not given to the client, which ignores what it is given.
        self.client.send(list(events), retry_total=0, **options)


@pytest.fixture
def publisher(admin: SimulatorAdmin) -> Iterator[Publisher]:
    assert admin.topic_events() == []
    with EventGridPublisherClient(ENDPOINT, Identity()) as client:
        yield Publisher(client)


def event(id: str = "1", **data: Any) -> CloudEvent[Any]:
    return CloudEvent("/here", "Thing.Happened", id=id, subject="things/1", data=data)


def post(body: Any, /, target: str = ENDPOINT + "?api-version=2018-01-01", **headers: str) -> requests.Response:
    """As a client without the SDK's manners; a header `_` stands for `-`."""
    given = {"authorization": f"Bearer {token()}", "content-type": f"{BATCH}; charset=utf-8"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return requests.post(target, content, headers=given, timeout=10)


def error_of(answer: requests.Response) -> tuple[int, str]:
    """Status and code, of an error that is written as Event Grid writes it."""
    error = answer.json()["error"]
    assert [one["message"] for one in error["details"]] == [error["message"]]
    return answer.status_code, error["code"]


def test_events_arrive_in_order_with_repetitions(publisher: Publisher, admin: SimulatorAdmin) -> None:
    publisher.send(event("1"), event("2"))
    publisher.send(event("1", answer=42))

    assert [(one.number, one.event["id"]) for one in admin.topic_events()] == [(1, "1"), (2, "2"), (3, "1")]
    assert admin.topic_events()[-1].event["data"] == {"answer": 42}
    assert [(one.operation, one.auth, one.status) for one in admin.requests()] == [("publish", "bearer", 200)] * 2


def test_what_was_seen_can_be_left_out_or_forgotten(publisher: Publisher, admin: SimulatorAdmin) -> None:
    publisher.send(event("1"), event("2"))

    assert [one.event["id"] for one in admin.topic_events(after=1)] == ["2"]
    admin.clear_topic_events()
    assert admin.topic_events() == []
    publisher.send(event("3"))
    assert [one.number for one in admin.topic_events()] == [3]


@pytest.mark.usefixtures("publisher")
def test_the_answer_is_empty() -> None:
    answer = post([EVENT])

    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.usefixtures("publisher")
@pytest.mark.parametrize(
    "authorization", ["", "Bearer x", f"Bearer {token('https://storage.azure.com')}", f"Bearer {token(seconds=-1)}"]
)
def test_who_has_no_good_token_is_refused(authorization: str, admin: SimulatorAdmin) -> None:
    assert error_of(post([EVENT], authorization=authorization)) == (401, "Unauthorized")
    assert admin.topic_events() == []


def test_a_key_is_refused(admin: SimulatorAdmin) -> None:
    with (
        EventGridPublisherClient(ENDPOINT, AzureKeyCredential("key")) as client,
        pytest.raises(HttpResponseError) as error,
    ):
        client.send(event())

    assert error.value.status_code == 401
    assert admin.topic_events() == []


@pytest.mark.parametrize(
    "wrong",
    [
        *({name: value for name, value in EVENT.items() if name != left_out} for left_out in EVENT),
        EVENT | {"id": ""},
        EVENT | {"specversion": "0.3"},
        EVENT | {"subject": 7},
        EVENT | {"time": "yesterday"},
        EVENT | {"recordingId": "1"},
        EVENT | {"data": 1, "data_base64": "MQ=="},
        "event",
    ],
)
def test_what_is_no_cloud_event_is_refused_with_all_beside_it(wrong: Any, admin: SimulatorAdmin) -> None:
    assert error_of(post([EVENT, wrong])) == (400, "BadRequest")
    assert admin.topic_events() == []


@pytest.mark.usefixtures("admin")
@pytest.mark.parametrize(("content_type", "body"), [(BATCH, EVENT), (SINGLE, [EVENT]), (BATCH, b"[")])
def test_a_body_that_is_not_what_it_says_is_refused(content_type: str, body: Any) -> None:
    assert error_of(post(body, content_type=content_type)) == (400, "BadRequest")


def test_one_event_alone_is_taken(admin: SimulatorAdmin) -> None:
    assert post(EVENT, content_type=SINGLE).status_code == 200
    assert [one.event for one in admin.topic_events()] == [EVENT]


@pytest.mark.usefixtures("admin")
@pytest.mark.parametrize(
    ("target", "content_type", "status"),
    [
        (ENDPOINT, BATCH, 400),
        (f"{ENDPOINT}?api-version=2017-01-01", BATCH, 400),
        (f"{ENDPOINT}/more?api-version=2018-01-01", BATCH, 404),
        (f"{ENDPOINT}?api-version=2018-01-01", "application/json", 415),
    ],
)
def test_another_request_than_publishing_is_refused(target: str, content_type: str, status: int) -> None:
    assert error_of(post([EVENT], target, content_type=content_type))[0] == status


def test_a_mebibyte_is_taken_and_a_byte_more_is_not(admin: SimulatorAdmin) -> None:
    room = BODY_BYTES_MAX - len(json.dumps([EVENT | {"data": ""}]))

    assert post([EVENT | {"data": "x" * room}]).status_code == 200
    assert error_of(post([EVENT | {"data": "x" * (room + 1)}])) == (413, "RequestEntityTooLarge")
    assert len(admin.topic_events()) == 1


@pytest.mark.parametrize("status", [401, 403, 413, 429, 503])
def test_a_topic_that_answers_with_an_error_takes_nothing(
    status: int, publisher: Publisher, admin: SimulatorAdmin
) -> None:
    admin.add_fault(InjectedFault(action="status", kind="publish", status=status))

    with pytest.raises(HttpResponseError) as error:
        publisher.send(event())

    assert error.value.status_code == status
    assert error.value.error is not None
    assert admin.topic_events() == []


def test_a_topic_that_is_down_takes_nothing(publisher: Publisher, admin: SimulatorAdmin) -> None:
    admin.add_fault(InjectedFault(action="loseRequest", kind="publish"))

    with pytest.raises((ServiceRequestError, ServiceResponseError)):
        publisher.send(event())

    assert admin.topic_events() == []


def test_a_lost_answer_leaves_the_event_there(publisher: Publisher, admin: SimulatorAdmin) -> None:
    admin.add_fault(InjectedFault(action="loseResponse", kind="publish"))

    with pytest.raises((ServiceRequestError, ServiceResponseError)):
        publisher.send(event())
    publisher.send(event())

    assert [one.event["id"] for one in admin.topic_events()] == ["1", "1"]


def test_a_slow_topic_says_nothing_for_as_long_as_it_is_asked_to(publisher: Publisher, admin: SimulatorAdmin) -> None:
    admin.add_fault(InjectedFault(action="delay", kind="publish", seconds=5))

    with pytest.raises(ServiceResponseError):
        publisher.send(event(), read_timeout=0.1)


def test_a_fault_of_acs_leaves_the_topic_alone(publisher: Publisher, admin: SimulatorAdmin) -> None:
    admin.add_fault(InjectedFault(action="unavailable", times=None))

    publisher.send(event())

    assert len(admin.topic_events()) == 1


def test_a_webhook_gets_each_event_after_a_handshake(publisher: Publisher, admin: SimulatorAdmin) -> None:
    with Webhook() as webhook:
        admin.change_settings(topic_webhook=webhook.url)
        publisher.send(event("1"), event("2"))
        handshake, *posts = webhook.wait(3)

    assert (handshake.method, handshake.headers["webhook-request-origin"]) == ("OPTIONS", "eventgrid.azure.net")
    assert {one.headers["content-type"] for one in posts} == {"application/cloudevents+json; charset=utf-8"}
    assert sorted(one.document["id"] for one in posts) == ["1", "2"]
    assert [one.event for one in admin.topic_events()] == sorted(
        (one.document for one in posts), key=lambda document: str(document["id"])
    )


def test_a_webhook_that_fails_gets_the_event_again(publisher: Publisher, admin: SimulatorAdmin) -> None:
    # The handshake is refused, then taken; then the event is.
    with Webhook(statuses=(405,)) as webhook:
        admin.change_settings(topic_webhook=webhook.url)
        publisher.send(event())
        assert [one.method for one in webhook.wait(3)] == ["OPTIONS", "OPTIONS", "POST"]
        wait_until(lambda: len(admin.topic_events()[0].handovers) == 2)

    first, second = admin.topic_events()[0].handovers
    assert (first.to, first.status, second.status) == ("webhook", None, 200)
    assert "handshake was answered with 405" in first.failure


def test_a_webhook_that_hangs_does_not_delay_the_answer(publisher: Publisher, admin: SimulatorAdmin) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        admin.change_settings(topic_webhook=f"http://127.0.0.1:{silent.getsockname()[1]}")

        publisher.send(event(), read_timeout=1)

    assert len(admin.topic_events()) == 1
