"""A body that is short, and would take much memory once it is parsed, is refused before that."""

import json
import tracemalloc

import pytest

from shared.api.request_bodies import EVENT_BYTES_MAX, VALUES_MAX, parse_events
from shared.domain.errors import TooLarge
from tests.builders import announced_chunk, file_ready_event

CHUNKS_MAX = 2000  # of one event


@pytest.mark.parametrize("value", [b"{}", b"[]", b"9", b'{"a":{}}', b"{ }"])
def test_a_body_of_many_values_takes_no_more_memory_than_its_bytes(value: bytes) -> None:
    body = b"[" + b",".join([value] * (EVENT_BYTES_MAX // (len(value) + 1) - 1)) + b"]"

    tracemalloc.start()
    with pytest.raises(TooLarge, match=f"more than {VALUES_MAX} values"):
        parse_events(body)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert most < len(body)


def test_the_largest_event_has_a_third_of_the_values_that_are_allowed() -> None:
    event = file_ready_event([announced_chunk(number) for number in range(CHUNKS_MAX)])

    assert json.dumps(event).count(",") < VALUES_MAX / 3
    assert len(parse_events(json.dumps(event).encode())) == 1
