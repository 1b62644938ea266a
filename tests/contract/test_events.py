"""Every container of events gives back what it was given, byte for byte, until it is removed."""

import pytest

from shared.ports import KeptEvents

DOCUMENT = b'\xef\xbb\xbf[{"id": "1",\r\n\t"data": "\xff\xfe\x00 not JSON"}]\r\n'


def test_an_event_is_kept_byte_for_byte(events: KeptEvents) -> None:
    events.keep("2026/11/22/e1.json", DOCUMENT, "It is not JSON.")

    assert events.read("2026/11/22/e1.json") == DOCUMENT


def test_keeping_an_event_twice_leaves_the_first(events: KeptEvents) -> None:
    events.keep("e1", DOCUMENT, "first")

    events.keep("e1", b"second", "second")

    assert events.read("e1") == DOCUMENT


@pytest.mark.parametrize("reason", ["", "naïve 通話\r\nInjected: header", "x" * 20_000, "'quoted' \\ \"twice\""])
def test_any_reason_may_be_given(events: KeptEvents, reason: str) -> None:
    events.keep("e1", DOCUMENT, reason)

    assert events.read("e1") == DOCUMENT


def test_an_event_larger_than_a_message_is_kept(events: KeptEvents) -> None:
    events.keep("e1", DOCUMENT * 20_000, "large")

    assert events.read("e1") == DOCUMENT * 20_000


def test_an_empty_event_is_kept(events: KeptEvents) -> None:
    events.keep("e1", b"", "empty")

    assert events.read("e1") == b""


def test_an_empty_container_lists_nothing(events: KeptEvents) -> None:
    assert list(events.listed()) == []


def test_every_event_is_listed_by_its_name(events: KeptEvents) -> None:
    for name in ("topic/SUB/2026/11/22/8/a.json", "topic/SUB/2026/11/22/9/b.json", "c"):
        events.keep(name, DOCUMENT, "listed")

    assert sorted(events.listed()) == ["c", "topic/SUB/2026/11/22/8/a.json", "topic/SUB/2026/11/22/9/b.json"]


def test_a_removed_event_is_not_listed_any_more(events: KeptEvents) -> None:
    events.keep("e1", DOCUMENT, "removed")
    events.keep("e2", DOCUMENT, "stays")

    events.remove("e1")

    assert list(events.listed()) == ["e2"]


def test_removing_an_event_twice_is_fine(events: KeptEvents) -> None:
    events.keep("e1", DOCUMENT, "removed")

    for _ in range(2):
        events.remove("e1")

    assert list(events.listed()) == []


def test_events_may_be_removed_while_they_are_listed(events: KeptEvents) -> None:
    for number in range(30):
        events.keep(f"e{number}", DOCUMENT, "listed")

    for name in events.listed():
        events.remove(name)

    assert list(events.listed()) == []
