"""Queues in memory and in Azurite do the same; and what the real listener sends over the wire, the host does, too."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.queue import QueueClient

from local.host.connections import Connection
from local.host.options import Options
from local.host.storage_queue import StorageQueue, queue_client

from .memory_queue import MemoryQueue
from .recorded.queues import DELETE, POISON, RECEIVE, RELEASE, RENEW, SEND, STATUS, WORK

if TYPE_CHECKING:
    from local.azurite import Azurite
    from local.host.storage_message import MessageQueue

LEASE_SECONDS = 600


@pytest.fixture(params=["memory", pytest.param("azurite", marks=pytest.mark.stack)])
def queue(request: pytest.FixtureRequest) -> MessageQueue:
    if request.param == "memory":
        return MemoryQueue("work")
    azurite: Azurite = request.getfixturevalue("azurite")
    connection = Connection(azurite.connection_string, "", managed_identity=False, client_id=None)
    return StorageQueue(queue_client(connection, f"q{uuid.uuid4().hex}"))


def test_a_queue_that_was_never_sent_to_has_no_messages(queue: MessageQueue) -> None:
    assert queue.receive(4, LEASE_SECONDS) == []


def test_messages_come_in_order_as_many_as_asked_for_and_are_invisible_from_then_on(queue: MessageQueue) -> None:
    for text in ("a", "<b>", "c"):
        queue.send(text)

    batches = [[message.text for message in queue.receive(2, LEASE_SECONDS)] for _ in range(3)]

    assert batches == [["a", "<b>"], ["c"], []]


def test_a_message_that_is_visible_again_comes_again_and_counts(queue: MessageQueue) -> None:
    queue.send("a")
    (first,) = queue.receive(1, LEASE_SECONDS)

    receipt = queue.hide(first, 0)

    (second,) = queue.receive(1, LEASE_SECONDS)
    assert [first.dequeue_count, second.dequeue_count] == [1, 2]
    assert first.message_id == second.message_id
    assert len({first.pop_receipt, receipt, second.pop_receipt}) == 3


def test_only_the_latest_receipt_hides_and_deletes(queue: MessageQueue) -> None:
    queue.send("a")
    (first,) = queue.receive(1, LEASE_SECONDS)
    renewed = replace(first, pop_receipt=queue.hide(first, LEASE_SECONDS) or "")

    assert queue.hide(first, 0) is None
    queue.delete(first)
    assert queue.hide(renewed, 0) is not None
    (second,) = queue.receive(1, LEASE_SECONDS)
    queue.delete(second)
    assert queue.hide(second, 0) is None


class NotingSession(requests.Session):
    """Notes each request the way the recorded ones are written, with its status."""

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self.prefix = prefix
        self.noted: list[tuple[str, int]] = []

    def send(self, request: requests.PreparedRequest, **arguments: Any) -> requests.Response:
        response = super().send(request, **arguments)
        address = urlsplit(request.url or "")
        queue, *below = address.path.partition(self.prefix)[2].split("/")
        query = {name: values[0] for name, values in sorted(parse_qs(address.query).items())}
        if "popreceipt" in query:
            below[-1], query["popreceipt"] = "{id}", "{receipt}"
        line = f"{request.method} {'/'.join([queue, *below])}"
        line += f"?{'&'.join(f'{name}={value}' for name, value in query.items())}" if query else ""
        self.noted.append((line, response.status_code))
        return response


@pytest.mark.stack
def test_the_requests_of_the_host_are_those_of_the_real_listener(azurite: Azurite) -> None:
    prefix = f"q{uuid.uuid4().hex}-"
    session = NotingSession(prefix)
    transport = RequestsTransport(session=session, session_owner=False)
    work, poison = (
        StorageQueue(QueueClient.from_connection_string(azurite.connection_string, prefix + name, transport=transport))
        for name in (WORK, POISON)
    )
    for queue in (work, poison):
        queue.create()
    work.send("text")
    session.noted.clear()

    (message,) = work.receive(4, Options().queue_visibility_seconds)
    message = replace(message, pop_receipt=work.hide(message, Options().queue_visibility_seconds) or "")
    message = replace(message, pop_receipt=work.hide(message, 2) or "")
    poison.send(message.text)
    work.delete(message)

    expected = [(RECEIVE, WORK), (RENEW, WORK), (RELEASE, WORK), (SEND, POISON), (DELETE, WORK)]
    assert session.noted == [(line.format(queue=name), STATUS[line]) for line, name in expected]
    session.close()
