"""Queue triggers and outputs against Azurite: success, failure, poison, crash, leases, concurrency."""

from __future__ import annotations

import base64
import json
import time
import uuid
from typing import TYPE_CHECKING

import pytest
from azure.storage.queue import QueueClient

from .samples import Queues, eventually

if TYPE_CHECKING:
    from .conftest import StartQueues

pytestmark = pytest.mark.stack


def queue(queues: Queues, suffix: str = "work") -> QueueClient:
    return QueueClient.from_connection_string(queues.azurite.connection_string, f"{queues.prefix}-{suffix}")


def waiting(queues: Queues, suffix: str = "work") -> int:
    """Messages in the queue, invisible ones included."""
    return queue(queues, suffix).get_queue_properties().approximate_message_count or 0


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def new_id() -> str:
    return uuid.uuid4().hex


def test_a_message_is_processed_once_and_deleted(queues: Queues) -> None:
    order = {"id": new_id(), "text": "grüße"}
    queues.send(order)

    (line,) = queues.record.wait_for("work", id=order["id"])

    assert line["dequeue_count"] == 1
    assert line["message_id"]
    assert line["receipt"]
    assert all(moment.startswith("20") for moment in line["times"])
    assert eventually(lambda: waiting(queues) == 0)
    assert len(queues.record.lines("work", id=order["id"])) == 1


def test_an_output_list_becomes_one_message_per_element(queues: Queues) -> None:
    orders = [{"id": new_id()} for _ in range(20)]

    queues.send(*orders)

    for order in orders:
        assert len(queues.record.wait_for("work", id=order["id"])) == 1


def test_an_output_text_becomes_one_message(queues: Queues) -> None:
    key = new_id()

    queues.host.request("POST", "/api/send-one", data=json.dumps({"id": key}))

    assert len(queues.record.wait_for("work", id=key)) == 1


def test_an_output_wakes_the_listener_at_once(queues: Queues) -> None:
    time.sleep(1.2)  # by now the listener sleeps half a second between polls
    sent = time.time()
    keys = [new_id() for _ in range(5)]
    for key in keys:
        queues.send({"id": key})

    received = [queues.record.wait_for("work", id=key)[0]["at"] for key in keys]

    assert max(received) - sent < 0.45


def test_an_output_that_cannot_be_sent_fails_the_invocation(queues: Queues) -> None:
    response = queues.host.request("POST", "/api/send-too-much")

    assert response.status_code == 500
    failed = [line for line in queues.host.log_lines() if "RequestBodyTooLarge" in line["message"]]
    assert failed[0]["function"] == "send_too_much"


def test_a_failed_message_comes_back_until_it_succeeds(queues: Queues) -> None:
    order = {"id": new_id(), "fail_times": 1}
    queues.send(order)

    lines = queues.record.wait_for("work", 2, id=order["id"])

    assert [line["dequeue_count"] for line in lines] == [1, 2]
    assert eventually(lambda: waiting(queues) == 0)


def test_a_message_that_fails_max_dequeue_count_times_is_copied_to_the_poison_queue(queues: Queues) -> None:
    order = {"id": new_id(), "fail": True}
    queues.send(order)

    (poisoned,) = queues.record.wait_for("work_poisoned", text=json.dumps(order))

    assert poisoned["dequeue_count"] == 1
    assert len(queues.record.lines("work", id=order["id"])) == 2
    assert eventually(lambda: waiting(queues) == 0)


def test_a_message_that_is_not_base64_is_poisoned_without_running(queues: Queues) -> None:
    key = new_id()
    queue(queues).send_message(json.dumps({"id": key}))

    assert eventually(lambda: any("not base64" in line["message"] for line in queues.host.log_lines()))

    # It is copied as it is, so the poison function does not see it either: it stays there, invisible.
    assert eventually(lambda: waiting(queues, "work-poison") >= 1)
    assert queues.record.lines("work", id=key) == []


def test_a_failing_poison_handler_leaves_the_message_invisible(start_queues: StartQueues) -> None:
    with start_queues() as queues:
        queues.send({"id": new_id(), "fail": True, "text": "fail in poison"})
        queues.record.wait_for("work_poisoned")
        time.sleep(0.6)

        assert len(queues.record.lines("work_poisoned")) == 1
        assert waiting(queues, "work-poison") == 1


def test_a_message_in_flight_at_kill_comes_back_after_its_lease(start_queues: StartQueues) -> None:
    with start_queues(queue_visibility_seconds=1) as queues:
        order = {"id": new_id(), "sleep": 0.7}
        queues.send(order)
        queues.record.wait_for("work", id=order["id"])
        queues.host.kill()

        queues.host.restart()

        lines = queues.record.wait_for("work", 2, id=order["id"])
        assert [line["dequeue_count"] for line in lines] == [1, 2]
        assert len(queues.record.wait_for("work-done", id=order["id"])) == 1
        assert eventually(lambda: waiting(queues) == 0)


def test_a_message_that_kills_the_host_every_time_is_poisoned_without_running_again(start_queues: StartQueues) -> None:
    with start_queues(queue_visibility_seconds=1) as queues:
        order = {"id": new_id(), "sleep": 0.7}
        queues.send(order)
        for attempt in (1, 2):
            queues.record.wait_for("work", attempt, id=order["id"])
            queues.host.kill()
            queues.host.restart()

        queues.record.wait_for("work_poisoned", text=json.dumps(order))

        assert len(queues.record.lines("work", id=order["id"])) == 2


def test_a_lease_is_renewed_while_the_function_runs(start_queues: StartQueues) -> None:
    with start_queues(queue_visibility_seconds=1) as queues:
        order = {"id": new_id(), "sleep": 1.7}
        queues.send(order)
        queues.record.wait_for("work-done", id=order["id"])

        assert eventually(lambda: waiting(queues) == 0)
        assert len(queues.record.lines("work", id=order["id"])) == 1


def test_no_more_messages_run_at_a_time_than_a_batch_and_the_threshold(start_queues: StartQueues) -> None:
    with start_queues() as queues:
        orders = [{"id": new_id(), "sleep": 0.2} for _ in range(14)]
        queue(queues).create_queue()
        for order in orders:
            queue(queues).send_message(encoded(json.dumps(order)))
        queues.record.wait_for("work-done", len(orders))
        begun = [(line["at"], 1) for line in queues.record.lines("work")]
        ended = [(line["at"], -1) for line in queues.record.lines("work-done")]

    level, levels = 0, []
    for _, change in sorted(begun + ended):
        level += change
        levels.append(level)
    assert 4 <= max(levels) <= 6


PLAIN = ["not base64 {", "plain", "YmFzZTY0", "<a>&amp;", "gr\u00fc\u00dfe"]


@pytest.mark.parametrize(("encoding", "seen"), [("none", PLAIN), ("base64", ["base64"])])
def test_texts_reach_the_function_as_the_real_listener_hands_them_on(
    start_queues: StartQueues, encoding: str, seen: list[str]
) -> None:
    with start_queues({"messageEncoding": encoding}) as queues:
        queue(queues, "work-poison").create_queue()
        for text in PLAIN:
            queue(queues, "work-poison").send_message(text)
        queues.record.wait_for("work_poisoned", len(seen))

        assert sorted(line["text"] for line in queues.record.lines("work_poisoned")) == sorted(seen)
        assert eventually(lambda: waiting(queues, "work-poison") == len(PLAIN) - len(seen))


def test_without_an_encoding_outputs_are_sent_as_they_are(start_queues: StartQueues) -> None:
    with start_queues({"messageEncoding": "none"}, queues=False) as queues:
        queues.send({"id": "plain"})

        (message,) = queue(queues).receive_messages()
        assert message.content == '{"id": "plain"}'


def test_messages_stay_where_they_are_when_queues_are_off(start_queues: StartQueues) -> None:
    with start_queues(queues=False) as queues:
        queues.send({"id": new_id()})
        time.sleep(0.3)

        assert waiting(queues) == 1
        assert queues.record.lines("work") == []


def test_stopping_lets_a_function_finish_and_deletes_its_message(start_queues: StartQueues) -> None:
    with start_queues() as queues:
        order = {"id": new_id(), "sleep": 0.5}
        queues.send(order)
        queues.record.wait_for("work", id=order["id"])

        assert queues.host.stop() == 0

        assert len(queues.record.lines("work-done", id=order["id"])) == 1
        assert waiting(queues) == 0


def test_a_queue_function_can_be_run_by_hand(queues: Queues) -> None:
    key = new_id()

    assert queues.host.run_function("work", json.dumps({"id": key})).status_code == 200

    assert [line["dequeue_count"] for line in queues.record.lines("work", id=key)] == [1]
