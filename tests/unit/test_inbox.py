"""What lies on the queues: our messages are read, junk is kept once and told by its measure."""

import base64
import hashlib
import json

import pytest

from shared.domain.errors import NotUnderstood, StoreUnavailable, Unforeseen
from shared.domain.models import ChunkRef
from shared.pipeline.queue_messages import Inbox, parse_ref
from shared.settings import DELETION_QUEUE, TRANSFER_POISON_QUEUE, TRANSFER_QUEUE
from tests.builders import OUR_ID, document_id
from tests.fakes import Cloud, FakeHost, Fault
from tests.fakes.events import FakeEventContainer
from tests.fakes.host import QueuedMessage

REF = ChunkRef(OUR_ID, document_id())
OURS = json.dumps({"id": OUR_ID, "documentId": document_id()}).encode()
SECRET = b"+49 30 901820"
JUNK = [
    b"",
    b"not json",
    b"[]",
    b"\x00\xff\xfe",
    b"[" * 100_000,
    b'{"id": 1, "documentId": "x"}',
    b'{"id": "x"}',
    b'{"id": "x", "documentId": "y"}',
    OURS.replace(b"}", b', "more": 1}'),
    OURS.replace(OUR_ID.encode(), OUR_ID.encode() + b"/.."),
    OURS.replace(document_id().encode(), b"a b"),
    OURS[:-1],
    base64.b64encode(b"not json"),
    base64.b64encode(base64.b64encode(OURS)),
    b"!" + base64.b64encode(OURS),
]


@pytest.mark.parametrize("body", [OURS, b" " + OURS, base64.b64encode(OURS)])
def test_a_message_of_ours_is_read_as_this_version_and_the_one_before_write_it(body: bytes) -> None:
    assert parse_ref(body) == REF


@pytest.mark.parametrize("body", JUNK)
def test_nothing_else_is_a_message_of_ours(body: bytes) -> None:
    with pytest.raises(NotUnderstood):
        parse_ref(body)


@pytest.mark.parametrize("queue", [TRANSFER_QUEUE, DELETION_QUEUE, TRANSFER_POISON_QUEUE])
@pytest.mark.parametrize("body", JUNK)
def test_junk_is_kept_byte_for_byte_and_told_once_on_whichever_queue(
    cloud: Cloud, queue: str, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    host = FakeHost(cloud)
    host.queues[queue].append(QueuedMessage(body))

    host.work()

    assert cloud.rejected.events == {f"messages/{hashlib.sha256(body).hexdigest()}.bin": body}
    assert len([line for line in caplog.messages if line.startswith("message_poisoned ")]) == 1
    assert host.is_quiet()
    assert cloud.catalog.rows == {}


def test_junk_is_told_by_queue_length_and_eight_digits_and_never_by_its_text(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    cloud.services.inbox.read(TRANSFER_QUEUE, SECRET)

    (line,) = caplog.messages
    event, _, fields = line.partition(" ")
    assert event == "message_poisoned"
    assert json.loads(fields) == {
        "queue": "chunk-transfers",
        "bytes": 13,
        "sha256": hashlib.sha256(SECRET).hexdigest()[:8],
        "failure": "It is no message of ours; it lies in rejected-events now, under messages/.",
    }
    (reason,) = cloud.rejected.reasons.values()
    assert reason == "It lay on the queue chunk-transfers and is no message of ours; 13 bytes."


def test_the_same_junk_twice_is_told_twice_and_kept_once(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        cloud.services.inbox.read(TRANSFER_QUEUE, SECRET)

    assert (len(caplog.messages), len(cloud.rejected.events)) == (2, 1)


def test_junk_that_cannot_be_kept_is_not_told_and_comes_back(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    cloud.world.fail("rejected.keep", Fault.ERROR_BEFORE)

    with pytest.raises(StoreUnavailable):
        cloud.services.inbox.read(TRANSFER_QUEUE, SECRET)

    assert caplog.messages == []


@pytest.mark.parametrize("times", [1, 4, 5, 6, 50])
def test_however_long_junk_cannot_be_kept_it_ends_kept_and_told_once(
    cloud: Cloud, times: int, caplog: pytest.LogCaptureFixture
) -> None:
    host = FakeHost(cloud)
    host.queues[TRANSFER_QUEUE].append(QueuedMessage(SECRET))
    cloud.world.fail("rejected.keep", Fault.ERROR_BEFORE, times=times)

    host.settle()

    assert list(cloud.rejected.events.values()) == [SECRET]
    assert len([line for line in caplog.messages if line.startswith("message_poisoned ")]) == 1


def test_junk_whose_keeping_fails_as_nobody_foresaw_comes_back(cloud: Cloud) -> None:
    class Astonishing(FakeEventContainer):
        """A container that fails as nobody foresaw."""

        def keep(self, name: str, document: bytes, reason: str) -> None:
            raise KeyError(name, document, reason)

    with pytest.raises(Unforeseen):
        Inbox(Astonishing(cloud.world)).read(TRANSFER_QUEUE, SECRET)
