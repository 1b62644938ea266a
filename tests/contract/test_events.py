"""Every container of events gives back what it was given, byte for byte, until it is removed."""

import pytest

from shared.adapters.blob_storage import BlobChunkStore, EventContainer
from shared.adapters.storage_accounts import StorageAccount
from shared.domain.errors import BlobGone, BlobUnreadable, StoreUnavailable
from shared.domain.ports import EventStore

from .conftest import new_name
from .samples import WAV

DOCUMENT = b'\xef\xbb\xbf[{"id": "1",\r\n\t"data": "\xff\xfe\x00 not JSON"}]\r\n'


def test_an_event_is_kept_byte_for_byte(events: EventStore) -> None:
    events.keep("2026/11/22/e1.json", DOCUMENT, "It is not JSON.")

    assert events.read("2026/11/22/e1.json") == DOCUMENT


def test_keeping_an_event_twice_leaves_the_first(events: EventStore) -> None:
    events.keep("e1", DOCUMENT, "first")

    events.keep("e1", b"second", "second")

    assert events.read("e1") == DOCUMENT


@pytest.mark.parametrize("reason", ["", "naïve 通話\r\nInjected: header", "x" * 20_000, "'quoted' \\ \"twice\""])
def test_any_reason_may_be_given(events: EventStore, reason: str) -> None:
    events.keep("e1", DOCUMENT, reason)

    assert events.read("e1") == DOCUMENT


def test_an_event_larger_than_a_message_is_kept(events: EventStore) -> None:
    events.keep("e1", DOCUMENT * 20_000, "large")

    assert events.read("e1") == DOCUMENT * 20_000


def test_an_empty_event_is_kept(events: EventStore) -> None:
    events.keep("e1", b"", "empty")

    assert events.read("e1") == b""


def test_an_empty_container_lists_nothing(events: EventStore) -> None:
    assert list(events.names()) == []


def test_every_event_is_listed_by_its_name(events: EventStore) -> None:
    for name in ("topic/SUB/2026/11/22/8/a.json", "topic/SUB/2026/11/22/9/b.json", "c"):
        events.keep(name, DOCUMENT, "listed")

    assert sorted(events.names()) == ["c", "topic/SUB/2026/11/22/8/a.json", "topic/SUB/2026/11/22/9/b.json"]


def test_a_removed_event_is_not_listed_any_more(events: EventStore) -> None:
    events.keep("e1", DOCUMENT, "removed")
    events.keep("e2", DOCUMENT, "stays")

    events.remove("e1")

    assert list(events.names()) == ["e2"]


def test_removing_an_event_twice_is_fine(events: EventStore) -> None:
    events.keep("e1", DOCUMENT, "removed")

    for _ in range(2):
        events.remove("e1")

    assert list(events.names()) == []


def test_events_may_be_removed_while_they_are_listed(events: EventStore) -> None:
    for number in range(30):
        events.keep(f"e{number}", DOCUMENT, "listed")

    for name in events.names():
        events.remove(name)

    assert list(events.names()) == []


def test_an_event_that_is_gone_is_told_from_an_outage(events: EventStore) -> None:
    events.keep("e1", DOCUMENT, "removed")
    events.remove("e1")

    with pytest.raises(BlobGone):
        events.read("e1")


@pytest.mark.stack
def test_a_container_that_is_gone_is_an_outage(account: StorageAccount) -> None:
    missing = EventContainer(account.blobs, new_name("c"))

    with pytest.raises(StoreUnavailable) as caught:
        missing.read("e1")

    assert not isinstance(caught.value, BlobGone)


MARKS = [{"hdi_isfolder": "true"}, {"Hdi_IsFolder": "True"}, {"hdi_isfolder": "true", "reason": "made by a tool"}]


@pytest.mark.stack
@pytest.mark.parametrize("marks", MARKS, ids=str)
def test_folders_of_a_hierarchical_namespace_are_no_files(
    account: StorageAccount, container: str, marks: dict[str, str]
) -> None:
    """R5. With a hierarchical namespace every folder is listed as an empty blob that says so in its metadata."""
    client = account.blobs.get_container_client(container)
    for folder in ("topic", "topic/2026", "2026/11/22", "2026/11/22/nobody"):
        client.upload_blob(folder, b"", metadata=marks)
    events, store = EventContainer(account.blobs, container), BlobChunkStore(account, container)
    events.keep("topic/2026/a.json", DOCUMENT, "listed")
    store.put("2026/11/22/nobody/a.wav", b"RIFF", WAV)

    assert list(events.names()) == ["2026/11/22/nobody/a.wav", "topic/2026/a.json"]
    assert list(store.names("2026/11/22")) == ["2026/11/22/nobody/a.wav"]


@pytest.mark.stack
@pytest.mark.parametrize(
    ("content", "marks"),
    [(b"", {}), (b"", {"hdi_isfolder": "false"}), (b"{}", {"hdi_isfolder": "true"}), (b"", {"isfolder": "true"})],
    ids=str,
)
def test_whatever_else_lies_there_is_a_file(
    account: StorageAccount, container: str, content: bytes, marks: dict[str, str]
) -> None:
    account.blobs.get_container_client(container).upload_blob("a", content, metadata=marks)

    assert list(EventContainer(account.blobs, container).names()) == ["a"]
    assert list(BlobChunkStore(account, container).names("")) == ["a"]


@pytest.mark.stack
def test_what_was_archived_is_told_from_an_outage(account: StorageAccount, container: str) -> None:
    events, store = EventContainer(account.blobs, container), BlobChunkStore(account, container)
    events.keep("e1", DOCUMENT, "archived")
    account.blobs.get_blob_client(container, "e1").set_standard_blob_tier("Archive")

    with pytest.raises(BlobUnreadable):
        events.read("e1")
    with pytest.raises(BlobUnreadable):
        list(store.read("e1"))
