"""host.json: each value that the app relies on."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOST = json.loads((ROOT / "host.json").read_text())
QUEUES = HOST["extensions"]["queues"]
REQUESTS_HELD_MAX = 100  # of 1.1 MiB each: the load test measures what so many take of the smallest instance, 512 MB
AT_ONCE = 4  # transfers of one instance: three blocks of 4 MiB each fit the smallest, 512 MB


def test_an_instance_runs_four_messages_at_once_and_no_more() -> None:
    assert QUEUES["batchSize"] + QUEUES["newBatchThreshold"] == AT_ONCE


def test_no_message_waits_for_another_one_to_end_while_a_place_is_free() -> None:
    """The listener fetches again when so many run; with a batch of one that is as soon as a single one has ended."""
    assert QUEUES["newBatchThreshold"] == AT_ONCE - 1


def test_every_reply_says_that_nothing_is_guessed_and_that_http_is_over() -> None:
    headers = HOST["extensions"]["http"]["customHeaders"]

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert re.fullmatch(r"max-age=(\d+)", headers["Strict-Transport-Security"])


def test_an_instance_takes_a_bounded_number_of_requests_and_more_than_the_platform_ever_sends_it_by_http() -> None:
    http = HOST["extensions"]["http"]
    infra = (ROOT / "infra" / "main.bicep").read_text()
    at_most = re.search(r"@maxValue\((\d+)\)\nparam httpConcurrency int", infra)
    assert at_most

    assert int(at_most[1]) < http["maxOutstandingRequests"] <= REQUESTS_HELD_MAX
    assert "maxConcurrentRequests" not in http


def test_every_text_on_a_queue_reaches_the_app() -> None:
    assert QUEUES["messageEncoding"] == "none"
