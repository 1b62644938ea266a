"""What an operator may ask for in events for other apps, and what is refused before anything is deployed."""

from __future__ import annotations

import pytest

from .evaluate import RefusedError, resolved_variable

ACCOUNT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/theirs"
QUEUE = f"{ACCOUNT}/queueServices/default/queues/recordings"
WEBHOOK = "https://crm.example.com/hooks?key=1"


@pytest.mark.parametrize("source", ["topic", "manifests"])
@pytest.mark.parametrize("queue", ["", QUEUE])
@pytest.mark.parametrize("webhook", ["", WEBHOOK])
def test_a_source_goes_with_any_subscriber_and_with_none(source: str, queue: str, webhook: str) -> None:
    given = {"eventsFrom": source, "eventsQueueId": queue, "eventsWebhookUrl": webhook}

    assert resolved_variable("eventsSource", given) == source


def test_no_source_goes_with_no_subscriber() -> None:
    assert resolved_variable("eventsSource", {"eventsFrom": "none"}) == "none"


@pytest.mark.parametrize("subscriber", [{"eventsQueueId": QUEUE}, {"eventsWebhookUrl": WEBHOOK}])
def test_a_subscriber_that_would_hear_nothing_is_refused(subscriber: dict[str, str]) -> None:
    with pytest.raises(RefusedError, match="would get nothing"):
        resolved_variable("eventsSource", {"eventsFrom": "none", **subscriber})


def test_the_id_of_a_queue_is_taken() -> None:
    assert resolved_variable("queueId", {"eventsQueueId": QUEUE}) == QUEUE.split("/")
    assert resolved_variable("queueName", {"eventsQueueId": QUEUE}) == "recordings"


@pytest.mark.parametrize(
    "identifier", [ACCOUNT, f"{QUEUE}/messages", "recordings", "https://theirs.queue.core.windows.net/q"]
)
def test_what_is_no_id_of_a_queue_is_refused(identifier: str) -> None:
    with pytest.raises(RefusedError, match="not the id of a queue"):
        resolved_variable("queueId", {"eventsQueueId": identifier})


def test_without_a_queue_the_id_stands_for_none() -> None:
    unused = resolved_variable("unusedQueueId", {"subscription().id": "/subscriptions/s", "groupName": "g"})

    assert str(unused).replace("unused", "theirs") == QUEUE.replace("recordings", "theirs")
