"""S7. What nobody foresaw in a transfer or a deletion is put off like any failure, told once, ended by the deadline."""

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest

from shared.copying.source_reader import CONTENT_BYTES_MAX
from shared.domain.durations import SILENCE_RETENTIONS
from shared.domain.models import Chunk, Messages, Recording
from shared.domain.statuses import ChunkStatus, FilesStatus, RecordingStatus
from tests.builders import (
    OUR_ID,
    RECORDING_ID,
    a_recording,
    announced_chunk,
    document_id,
    file_ready_event,
    keep_at_acs,
)
from tests.fakes import BEGINNING, Cloud, FakeCatalog, FakeSource, Fault
from tests.fakes.acs import FakeRange
from tests.unit.steps import failed, transfer, warnings

MINUTE = timedelta(minutes=1)
DAY = timedelta(hours=24)
ODD = [RuntimeError("a secret"), ValueError("a secret"), MemoryError(), RecursionError(), KeyError("x"), OSError("x")]
each_odd = pytest.mark.parametrize("error", ODD, ids=lambda error: type(error).__name__)


class OddSource(FakeSource):
    """ACS, where whatever names a certain content raises what no port raises."""

    error: Exception | None = None
    content = ""
    total: int | None = None

    def answer(self, url: str, offset: int, length: int, fault: Fault | None) -> FakeRange:
        if self.error is not None and url.endswith(self.content):
            raise self.error
        whole = super().answer(url, offset, length, fault)
        return whole if self.total is None else FakeRange(self.total, length, b"RIFF    WAVE")

    def delete(self, url: str, look: Callable[[], None]) -> None:
        if self.error is not None:
            look()
            raise self.error
        super().delete(url, look)


def odd_source(cloud: Cloud) -> OddSource:
    """The source of the app from now on."""
    odd = OddSource(cloud.world)
    odd.documents = cloud.source.documents
    odd.on_delete = cloud.source.on_delete
    cloud.source = odd
    cloud.restart()
    return odd


@pytest.fixture
def odd(ready: Cloud) -> OddSource:
    return odd_source(ready)


@each_odd
def test_a_transfer_that_nobody_foresaw_to_fail_is_tried_again_later(
    ready: Cloud, odd: OddSource, error: Exception
) -> None:
    odd.error = error

    chunk = failed(ready)

    assert (chunk.status, chunk.attempts, chunk.claimed_until) == (ChunkStatus.PENDING, 1, None)
    assert chunk.due_at == BEGINNING + MINUTE
    assert ready.catalog.open[chunk.id, chunk.document_id].due_at == chunk.due_at
    assert type(error).__name__ in str(chunk.failure)
    assert "secret" not in str(chunk.failure)


class OddCatalog(FakeCatalog):
    """Rows that cannot be written for a reason that no port raises."""

    times = 0

    def save_chunk(self, chunk: Chunk, recording: Recording | None = None) -> Chunk:
        if self.times:
            self.times -= 1
            raise RuntimeError("a secret")
        return super().save_chunk(chunk, recording)


@pytest.mark.parametrize("place", [1, 2])
def test_wherever_it_happens_in_an_attempt_the_chunk_is_tried_again_later(ready: Cloud, place: int) -> None:
    """At the claim, at the last write."""
    catalog = OddCatalog(ready.world)
    catalog.__dict__ |= ready.catalog.__dict__
    ready.catalog = catalog
    ready.restart()
    ready.world.plan = lambda effect: plan(effect.name, effect.count)
    before = ready.world.counts["catalog.save_chunk"]

    def plan(name: str, count: int) -> None:
        # The write before the one that is to fail has just begun.
        if name == "catalog.save_chunk" and count == before + place - 1:
            catalog.times = 1

    catalog.times = int(place == 1)

    chunk = failed(ready)

    assert (chunk.status, chunk.claimed_until) == (ChunkStatus.PENDING, None)
    assert chunk.due_at
    assert chunk.due_at > ready.world.now
    assert "RuntimeError" in str(chunk.failure)


def test_it_is_told_once_however_often_it_is_tried(
    ready: Cloud, odd: OddSource, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    odd.error = RuntimeError("a secret")

    for _ in range(5):
        ready.world.now = failed(ready).due_at or BEGINNING

    (line,) = warnings(caplog, "unforeseen_fault")
    assert document_id() in line
    assert len(warnings(caplog, "chunk_deferred")) == 5


def test_it_is_told_anew_when_something_else_happens(
    ready: Cloud, odd: OddSource, caplog: pytest.LogCaptureFixture
) -> None:
    for error in (RuntimeError(), RuntimeError(), KeyError(), KeyError()):
        odd.error = error
        ready.world.now = failed(ready).due_at or BEGINNING

    assert len(warnings(caplog, "unforeseen_fault")) == 2


def test_what_was_foreseen_is_not_told_as_if_it_were_not(ready: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    ready.world.fail("source.open", Fault.MISSING, times=2)

    failed(ready)

    assert warnings(caplog, "unforeseen_fault") == []


def test_the_deadline_ends_it(ready: Cloud, odd: OddSource, caplog: pytest.LogCaptureFixture) -> None:
    odd.error = RuntimeError()
    ready.world.advance(DAY * SILENCE_RETENTIONS)

    chunk = failed(ready)

    assert (chunk.status, chunk.open) == (ChunkStatus.FAILED, False)
    assert ready.recording().files is FilesStatus.FAILED
    assert len(warnings(caplog, "chunk_failed")) == 1


def test_once_the_fault_is_mended_the_chunk_is_stored(ready: Cloud, odd: OddSource) -> None:
    odd.error = RuntimeError()
    failed(ready)
    ready.world.advance(MINUTE)
    odd.error = None

    transfer(ready)

    assert (ready.chunk().status, ready.chunk().failure) == (ChunkStatus.STORED, None)


def test_media_do_not_wait_for_metadata_that_nobody_foresaw_to_fail(ready: Cloud, odd: OddSource) -> None:
    odd.error, odd.content = RuntimeError(), "acsmetadata"

    chunk = failed(ready)

    assert (chunk.status, chunk.bytes) == (ChunkStatus.PENDING, 1000)
    assert "RuntimeError" in str(chunk.failure)


@pytest.mark.parametrize("total", [CONTENT_BYTES_MAX + 1, 10**13, 10**14, 10**18 - 1])
def test_a_total_beyond_what_acs_makes_is_not_believed(ready: Cloud, odd: OddSource, total: int) -> None:
    odd.total = total

    chunk = failed(ready)

    assert (chunk.status, chunk.bytes, ready.store.all) == (ChunkStatus.PENDING, None, {})
    assert f"{total} bytes" in str(chunk.failure)


@pytest.mark.parametrize(
    "content", [b"[" * 20_000, b'{"chunkStartTime": "9999-12-31T23:59:59Z", "chunkDuration": 1e300}']
)
def test_odd_metadata_end_no_attempt(cloud: Cloud, content: bytes) -> None:
    keep_at_acs(cloud, 1)
    cloud.source.documents[document_id()].contents["acsmetadata"] = content
    cloud.services.ingest.ingest(file_ready_event(1))

    transfer(cloud)

    assert cloud.chunk().bytes == 1000


def test_a_message_of_a_chunk_that_cannot_be_read_is_stale(ready: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    """R2. No delivery mends a row; its line stays, and the sweep finds it by that."""
    caplog.set_level(logging.INFO)
    ref, lines = ready.chunk().ref, dict(ready.catalog.open)
    ready.catalog.spoil(ref.id, ref.document_id)

    assert ready.services.transfer.transfer(ref) == Messages()
    assert ready.services.deletion.delete(ref) == Messages()

    assert ready.catalog.open == lines
    assert all("column status" in line for line in warnings(caplog, "message_stale"))
    assert len(warnings(caplog, "message_stale")) == 2


def test_a_transfer_ends_beside_a_chunk_that_cannot_be_read(cloud: Cloud) -> None:
    keep_at_acs(cloud, 2)
    first, second = cloud.services.ingest.ingest(file_ready_event(2)).messages.transfers
    cloud.catalog.spoil(second.id, second.document_id)

    cloud.services.transfer.transfer(first)

    assert cloud.chunk(0).status is ChunkStatus.STORED
    assert cloud.recording().status is RecordingStatus.TRANSFERRING
    assert set(cloud.catalog.open) == {(second.id, second.document_id), (second.id, "")}


# Deletions.


@pytest.fixture
def stored(cloud: Cloud) -> Cloud:
    keep_at_acs(cloud, 1)
    cloud.catalog.save_recording(a_recording())
    cloud.catalog.link_acs_id(RECORDING_ID, OUR_ID)
    (ref,) = cloud.services.ingest.ingest(file_ready_event(1)).messages.transfers
    cloud.services.transfer.transfer(ref)
    return cloud


def delete(cloud: Cloud) -> Chunk:
    assert cloud.services.deletion.delete(cloud.chunk().ref) == Messages()
    return cloud.chunk()


@each_odd
def test_a_deletion_that_nobody_foresaw_to_fail_is_tried_again_later(stored: Cloud, error: Exception) -> None:
    odd_source(stored).error = error

    chunk = delete(stored)

    assert (chunk.status, chunk.open) == (ChunkStatus.STORED, True)
    assert chunk.due_at
    assert chunk.due_at > stored.world.now
    assert stored.catalog.open[chunk.id, chunk.document_id].due_at == chunk.due_at
    assert "The copy is safe" in str(chunk.failure)
    assert "secret" not in str(chunk.failure)


def test_such_a_deletion_is_told_once(stored: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    odd_source(stored).error = RuntimeError("a secret")

    for _ in range(4):
        stored.world.now = delete(stored).due_at or BEGINNING

    assert len(warnings(caplog, "unforeseen_fault")) == 1


def test_such_a_deletion_ends_when_acs_has_destroyed_the_original_by_itself(stored: Cloud) -> None:
    odd_source(stored).error = RuntimeError()
    stored.world.advance(DAY * SILENCE_RETENTIONS)

    chunk = delete(stored)

    assert (chunk.status, chunk.open) == (ChunkStatus.STORED, False)
    assert stored.recording().status is RecordingStatus.COMPLETED


def test_it_is_put_off_even_if_the_verification_has_just_written_the_row(stored: Cloud) -> None:
    """The blob was tagged: the verification proves it anew, and writes its etag."""
    stored.store.retag(stored.chunk().content_blob)
    odd_source(stored).error = RuntimeError()
    before = stored.chunk()

    chunk = delete(stored)

    assert chunk.content_etag != before.content_etag
    assert chunk.attempts == before.attempts + 1
    assert "RuntimeError" in str(chunk.failure)


def test_once_the_fault_is_mended_the_original_is_deleted(stored: Cloud) -> None:
    odd = odd_source(stored)
    odd.error = RuntimeError()
    delete(stored)
    odd.error = None

    assert delete(stored).status is ChunkStatus.DELETED


def test_a_deletion_ends_beside_a_chunk_that_cannot_be_read(cloud: Cloud) -> None:
    keep_at_acs(cloud, 2)
    cloud.catalog.save_recording(a_recording())
    cloud.catalog.link_acs_id(RECORDING_ID, OUR_ID)
    first, second = cloud.services.ingest.ingest(file_ready_event(2)).messages.transfers
    cloud.services.transfer.transfer(first)
    cloud.catalog.spoil(second.id, second.document_id)

    cloud.services.deletion.delete(first)

    assert cloud.chunk(0).status is ChunkStatus.DELETED
    assert cloud.recording().files is FilesStatus.TRANSFERRING


def test_a_chunk_at_a_host_that_no_resolver_takes_is_refused_at_once(cloud: Cloud) -> None:
    url = f"https://{'a' * 64}.asm.skype.com/v1/objects/{document_id()}/content/video"

    cloud.services.ingest.ingest(file_ready_event([announced_chunk(0, contentLocation=url)]))

    assert cloud.chunk().status is ChunkStatus.FAILED
    assert "not of the form" in str(cloud.chunk().failure)


class LateCatalog(FakeCatalog):
    """Rows whose write raises what no port raises, after it was carried out."""

    status: ChunkStatus | None = None
    forgets = False

    def save_chunk(self, chunk: Chunk, recording: Recording | None = None) -> Chunk:
        saved = super().save_chunk(chunk, recording)
        if chunk.status is self.status:
            self.status = None
            if self.forgets:
                del self.rows[chunk.id, chunk.document_id]
            raise RuntimeError("a secret")
        return saved


def late_catalog(cloud: Cloud, status: ChunkStatus) -> LateCatalog:
    catalog = LateCatalog(cloud.world)
    catalog.__dict__ |= cloud.catalog.__dict__
    catalog.status = status
    cloud.catalog = catalog
    cloud.restart()
    return catalog


def test_a_transfer_that_was_written_down_is_not_put_off(ready: Cloud) -> None:
    late_catalog(ready, ChunkStatus.STORED)

    transfer(ready)

    assert (ready.chunk().status, ready.chunk().failure) == (ChunkStatus.STORED, None)


def test_a_deletion_that_was_written_down_is_not_put_off(stored: Cloud) -> None:
    late_catalog(stored, ChunkStatus.DELETED)

    delete(stored)

    assert (stored.chunk().status, stored.chunk().failure) == (ChunkStatus.DELETED, None)
    assert stored.recording().status is RecordingStatus.COMPLETED


def test_a_chunk_whose_row_is_gone_is_not_put_off(stored: Cloud) -> None:
    late_catalog(stored, ChunkStatus.DELETED).forgets = True

    assert stored.services.deletion.delete(stored.chunk().ref) == Messages()

    assert stored.chunks() == []
