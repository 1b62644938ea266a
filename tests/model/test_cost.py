"""What the work costs: rows written, contents fetched, blobs read. A failure here breaks no promise.

These tests count; all others look at what came of it. `pytest -m cost` runs these and those of the contract tests.
"""

from collections import Counter
from datetime import timedelta

import pytest
from msgspec.structs import replace

from shared.domain.open_work import chunk_entry
from shared.domain.recording_rows import save_recording
from shared.domain.statuses import ChunkStatus, RecordingStatus
from tests.builders import RECORDING_ID, a_chunk, a_recording, document_id, file_ready_event, keep_at_acs, metadata
from tests.copying import MEDIA, copy
from tests.fakes import BEGINNING, Cloud, Effect, Fault
from tests.model.model_run import exactly
from tests.model.scenarios import ONE, Scenario, in_blocks
from tests.unit.steps import announce, failed, transfer
from tests.unit.test_deletion import change, delete, stored_cloud

pytestmark = pytest.mark.cost


def writes(cloud: Cloud) -> Counter[str]:
    return Counter(effect.name for effect in cloud.world.effects if effect.name.startswith(("catalog.save", "store.p")))


@pytest.mark.parametrize(("scenario", "puts"), [(ONE, 3), (in_blocks(ONE), 2)], ids=["at once", "in blocks"])
def test_an_undisturbed_recording_writes_no_row_twice_over(scenario: Scenario, puts: int) -> None:
    model_run = exactly(scenario, {}).run(again=False)

    # The chunk: claimed, stored, deleted. The recording: created, ended, completed.
    assert writes(model_run.cloud) == {"catalog.save_chunk": 3, "catalog.save_recording": 3, "store.put": puts}
    assert model_run.world.counts["source.open"] == 2  # metadata and media, each once


def requests(cloud: Cloud) -> Counter[str]:
    """The effects that are requests to the operator's storage, since the last time."""
    names = Counter(effect.name for effect in cloud.world.effects if effect.name.startswith(("catalog.", "store.")))
    cloud.world.effects.clear()
    return names


def test_each_step_of_a_small_chunk_asks_and_writes_once_what_it_needs(cloud: Cloud) -> None:
    row = cloud.catalog.save_recording(a_recording(recording_id=RECORDING_ID, ended_at=BEGINNING))
    cloud.catalog.link_acs_id(RECORDING_ID, row.id)
    keep_at_acs(cloud, 1)
    services = cloud.services
    requests(cloud)

    (chunk,) = services.ingest.ingest(file_ready_event(1)).messages.transfers
    assert requests(cloud) == {
        "catalog.recording_by_acs_id": 1,
        "catalog.recording_and_chunks": 1,
        "catalog.recording": 1,  # one request on the wire with that before; here others may come in between
        "catalog.put_entries": 1,
        "catalog.add_chunks": 1,
    }
    services.transfer.transfer(chunk)
    assert requests(cloud) == {
        "catalog.chunk": 1,
        "catalog.put_entries": 1,
        "catalog.save_chunk": 2,  # claimed and stored
        "catalog.recording": 1,  # which the event of a stored chunk names
        "store.put": 2,  # metadata and media
    }
    services.deletion.delete(chunk)
    assert requests(cloud) == {
        "catalog.chunk": 1,
        "store.head": 2,
        "catalog.save_chunk": 1,
        "catalog.recording": 2,  # before the chunks, and once its entry is gone
        "catalog.few_chunks": 1,
        "store.put": 1,
        "catalog.save_recording": 1,
        "catalog.remove_entries": 1,
    }
    assert cloud.recording().status is RecordingStatus.COMPLETED


def test_a_chunk_that_waits_for_its_copy_keeps_the_others_unread() -> None:
    model_run = exactly(ONE, {})
    services = model_run.cloud.services
    services.ingest.ingest(next(ONE.events()))
    model_run.world.effects.clear()

    services.completion.complete_if_last(model_run.cloud.recording().id)

    assert [effect.name for effect in model_run.world.effects] == ["catalog.recording", "catalog.few_chunks"]


def test_a_worker_that_lost_its_claim_asks_acs_for_nothing_more() -> None:
    model_run = exactly(ONE, {})
    cloud = model_run.cloud
    cloud.services.ingest.ingest(next(ONE.events()))

    def robbing(effect: Effect) -> None:
        if effect.name == "source.open":
            row = cloud.chunk()
            cloud.catalog.written((row.id, row.document_id), row)
            cloud.world.advance(timedelta(minutes=1))  # so that it is renewed before whatever comes next

    cloud.world.plan = robbing
    cloud.services.transfer.transfer(cloud.chunk().ref)

    assert cloud.world.counts["source.open"] == 1


def test_what_is_proven_is_neither_fetched_nor_looked_at_again() -> None:
    cloud = Cloud()
    cloud.catalog.save_recording(a_recording(status=RecordingStatus.TRANSFERRING, folder="f"))
    row = a_chunk(metadata_sha256="m", metadata_bytes=1, sha256="s", bytes=1, attempts=1)
    cloud.catalog.written((row.id, row.document_id), row)
    cloud.world.effects.clear()

    cloud.services.transfer.transfer(row.ref)

    assert cloud.chunk().status is ChunkStatus.STORED
    assert [effect.name for effect in cloud.world.effects if not effect.name.startswith("catalog.")] == []


@pytest.mark.parametrize("due", [True, False], ids=["due", "not due"])
def test_what_was_just_sent_or_warned_of_is_not_even_read_again(cloud: Cloud, *, due: bool) -> None:
    keep_at_acs(cloud, 2)
    cloud.services.ingest.ingest(file_ready_event(2))
    cloud.world.advance(timedelta(hours=21))
    if not due:
        later = cloud.world.now + timedelta(hours=1)
        for chunk in cloud.chunks():
            cloud.catalog.put_entries([chunk_entry(cloud.catalog.save_chunk(replace(chunk, due_at=later)), later)])
    cloud.services.sweep.sweep()
    cloud.world.advance(timedelta(minutes=1))
    before = cloud.world.counts["catalog.chunk"]

    cloud.services.sweep.sweep()

    assert cloud.world.counts["catalog.chunk"] == before


def test_a_first_attempt_does_not_ask_what_is_there(cloud: Cloud) -> None:
    cloud.source.add(document_id(), MEDIA, metadata())

    copy(cloud)

    assert cloud.world.counts["store.stat"] == 0


def test_the_next_attempt_goes_on_from_the_blocks_that_are_there() -> None:
    cloud = Cloud(TRANSFER_BLOCK_BYTES="100")
    keep_at_acs(cloud, 1)
    announce(cloud)
    cloud.world.fail("store.commit", Fault.ERROR_BEFORE)
    failed(cloud)

    transfer(cloud)

    assert (cloud.chunk().status, cloud.world.counts["store.stage"]) == (ChunkStatus.STORED, 10)


def test_a_change_that_changes_nothing_is_not_written(cloud: Cloud) -> None:
    before = cloud.catalog.save_recording(a_recording())
    cloud.world.counts.clear()

    assert save_recording(cloud.catalog, before, lambda row: row) is before
    assert cloud.world.counts["catalog.save_recording"] == 0


@pytest.fixture
def stored() -> Cloud:
    return stored_cloud(TRANSFER_BLOCK_BYTES="300")


def test_a_blob_of_blocks_is_compared_block_by_block(stored: Cloud) -> None:
    before = stored.world.counts["store.read"]

    delete(stored)

    # Only the metadata of the manifest's own making is read: none of the chunk's bytes.
    assert (stored.chunk().status, stored.world.counts["store.read"]) == (
        ChunkStatus.DELETED,
        before,
    )


def test_a_blob_of_other_blocks_is_read_again(stored: Cloud) -> None:
    change(stored, block_list_digest="of other blocks")
    before = stored.world.counts["store.read"]

    delete(stored)

    assert (stored.chunk().status, stored.world.counts["store.read"]) == (
        ChunkStatus.DELETED,
        before + 1,
    )
