"""Poison is a station, not an end."""

import json
from datetime import timedelta

import pytest

from shared.domain.models import Chunk, ChunkRef
from shared.domain.statuses import ChunkStatus
from shared.settings import TRANSFER_POISON_QUEUE, TRANSFER_QUEUE
from tests.builders import OUR_ID, document_id, file_ready_event, keep_at_acs
from tests.fakes import BEGINNING, Cloud, FakeHost, Fault, World
from tests.fakes.catalog import FakeCatalog
from tests.fakes.host import QueuedMessage


class Astonishing(FakeCatalog):
    """A catalog that fails as nobody foresaw."""

    def __init__(self) -> None:
        super().__init__(World())

    def chunk(self, ref: ChunkRef) -> Chunk | None:
        raise KeyError(ref.id)


@pytest.fixture
def announced(cloud: Cloud) -> Cloud:
    keep_at_acs(cloud, 1)
    cloud.services.ingest.ingest(file_ready_event(1))
    return cloud


def take_in(cloud: Cloud, body: bytes) -> None:
    cloud.services.poison.take_in(TRANSFER_POISON_QUEUE, body)


def message(cloud: Cloud) -> bytes:
    return json.dumps({"id": cloud.recording().id, "documentId": document_id()}).encode()


def test_the_chunk_of_a_poisoned_message_is_tried_again_later(announced: Cloud) -> None:
    take_in(announced, message(announced))

    chunk = announced.chunk()
    assert (chunk.status, chunk.due_at) == (ChunkStatus.PENDING, BEGINNING + timedelta(minutes=15))
    assert announced.catalog.open[chunk.id, chunk.document_id].due_at == chunk.due_at


def test_the_row_says_what_happened(announced: Cloud) -> None:
    take_in(announced, message(announced))

    assert "five times" in str(announced.chunk().failure)


def test_a_finished_chunk_stays_finished(announced: Cloud) -> None:
    announced.services.transfer.transfer(announced.chunk().ref)
    before = announced.chunk()

    take_in(announced, message(announced))

    assert announced.chunk() == before


def test_a_chunk_that_nobody_knows_is_told_and_nothing_else(cloud: Cloud) -> None:
    take_in(cloud, json.dumps({"id": OUR_ID, "documentId": document_id()}).encode())

    assert (cloud.catalog.rows, cloud.catalog.open, cloud.rejected.events) == ({}, {}, {})


@pytest.mark.parametrize("fault", [Fault.ERROR_BEFORE, Fault.STALE])
def test_it_never_raises_and_the_index_still_has_the_chunk(announced: Cloud, fault: Fault) -> None:
    announced.catalog.save_chunk(announced.chunk())
    announced.world.fail("catalog.chunk", fault)

    take_in(announced, message(announced))

    assert (announced.chunk().id, document_id()) in announced.catalog.open


def test_what_nobody_foresaw_does_not_raise_either(announced: Cloud) -> None:
    announced.services.catalog = Astonishing()

    take_in(announced, message(announced))

    assert (announced.chunk().id, document_id()) in announced.catalog.open


def test_a_chunk_survives_its_poisoned_message(announced: Cloud) -> None:
    host = FakeHost(announced)
    host.queues[TRANSFER_QUEUE].append(QueuedMessage(message(announced)))
    announced.world.fail("catalog.chunk", Fault.ERROR_BEFORE, times=5)

    host.settle()

    assert announced.chunk().status is ChunkStatus.STORED


def test_a_message_of_a_chunk_that_cannot_be_read_is_told_and_nothing_else(announced: Cloud) -> None:
    """A poison queue has no other: what is raised here comes back five times and is gone."""
    body, before = message(announced), dict(announced.catalog.open)
    announced.catalog.spoil(announced.recording().id, document_id())

    take_in(announced, body)

    assert announced.catalog.open == before
