"""The example that reads a Storage Queue, on a real one, filled as Event Grid fills it: base64 of JSON."""

import base64
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from azure.storage.queue import QueueClient

from examples.queue_consumer import TRIES_TOLD, consume
from local.azurite import Azurite
from tests.builders import OUR_ID, a_recording
from tests.contract.conftest import new_name
from tests.unit.client.fake_app import FakeApp, answer, problem, shown

pytestmark = pytest.mark.stack

AT_RISK = {
    "id": f"{OUR_ID}/AtRisk:-:12",
    "type": "CallRecording.AtRisk",
    "data": {"id": OUR_ID, "expiresAt": "2026-11-28T03:04:05.000Z", "failure": "Müller's storage is full."},
}
UNKNOWN = {"id": "unknown/Completed:1", "type": "CallRecording.Completed", "data": {"id": "unknown"}}


@pytest.fixture
def queue(azurite: Azurite) -> Iterator[QueueClient]:
    with closing(QueueClient.from_connection_string(azurite.connection_string, new_name("q"))) as queue:
        queue.create_queue()
        yield queue


def put(queue: QueueClient, document: object) -> None:
    queue.send_message(base64.b64encode(json.dumps(document).encode()).decode())


def waiting(queue: QueueClient) -> int:
    """Messages that are there, those included that somebody has just now."""
    return queue.get_queue_properties().approximate_message_count or 0


def consumed(queue: QueueClient, folder: Path) -> list[str]:
    """What is told, where the app knows one recording, which is at risk, and no other."""
    app, told = FakeApp(), list[str]()
    app.on("GET", f"/api/recordings/{OUR_ID}", answer(shown(a_recording(status="transferring"))))
    app.on("GET", "/api/recordings/unknown", problem(404))
    consume(queue, app.client(), folder, told.append)
    return told


def test_every_message_is_handled_and_then_deleted(queue: QueueClient, tmp_path: Path) -> None:
    for document in (AT_RISK, AT_RISK, [AT_RISK]):
        put(queue, document)

    told = consumed(queue, tmp_path)

    assert ([text.count("Müller's storage is full.") for text in told], waiting(queue)) == ([1, 1, 1], 0)


def test_a_message_that_fails_stays_and_keeps_no_other_one_waiting(queue: QueueClient, tmp_path: Path) -> None:
    put(queue, UNKNOWN)
    put(queue, AT_RISK)

    told = consumed(queue, tmp_path)

    assert (len(told), waiting(queue)) == (1, 1)


@pytest.mark.parametrize("content", ["{}", "not base64!", base64.b64encode(b"{").decode()])
def test_what_is_no_event_is_not_lost_and_keeps_no_other_one_waiting(
    content: str, queue: QueueClient, tmp_path: Path
) -> None:
    queue.send_message(content)
    put(queue, AT_RISK)

    assert (len(consumed(queue, tmp_path)), waiting(queue)) == (1, 1)


@pytest.mark.parametrize(("tries", "times_told"), [(TRIES_TOLD - 1, 0), (TRIES_TOLD, 1), (TRIES_TOLD + 1, 0)])
def test_after_some_tries_somebody_is_told_once(
    tries: int, times_told: int, queue: QueueClient, tmp_path: Path
) -> None:
    put(queue, UNKNOWN)
    for _ in range(tries - 1):
        queue.update_message(next(iter(queue.receive_messages())), visibility_timeout=0)

    assert len(consumed(queue, tmp_path)) == times_told
