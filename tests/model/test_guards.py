"""What mutants of the guards would change where neither the model nor a count of requests (test_cost.py) notices it."""

import json

import pytest
from msgspec.structs import replace

from shared.copying.block_ids import Layout, is_whole
from shared.domain.models import Messages
from shared.domain.ports import Block
from shared.domain.statuses import ChunkStatus, RecordingStatus
from shared.pipeline.manifest import lists_exactly
from tests.builders import a_chunk, a_recording
from tests.fakes import BEGINNING, Cloud, Fault
from tests.model.model_run import exactly
from tests.model.scenarios import ONE


@pytest.mark.parametrize("policy", ["never", "after-store"])
def test_a_deletion_of_a_chunk_that_is_finished_at_stored_writes_nothing(policy: str) -> None:
    cloud = Cloud(DELETE_FROM_ACS=policy)
    cloud.catalog.save_recording(a_recording())
    row = a_chunk(status=ChunkStatus.STORED, open=False, due_at=None, managed=policy == "never")
    cloud.catalog.written((row.id, row.document_id), row)
    before = cloud.chunk()

    cloud.services.deletion.delete(row.ref)

    assert cloud.chunk() == before


def test_a_deletion_that_works_out_in_the_end_leaves_no_failure_behind() -> None:
    model_run = exactly(ONE, {})
    model_run.world.fail("source.delete", Fault.ERROR_BEFORE)

    model_run.run(again=False)

    assert model_run.cloud.chunk().failure is None


def test_a_manifest_that_lists_another_copy_is_not_taken_for_ours() -> None:
    model_run = exactly(ONE, {}).run(again=False)
    cloud, name = model_run.cloud, f"{model_run.cloud.recording().folder}/recording.json"
    written, chunks = json.loads(cloud.store.blobs[name]), cloud.chunks()

    assert lists_exactly(written, chunks)
    assert lists_exactly(written, [replace(chunks[0], attempts=7, failure="tried", due_at=BEGINNING)])
    assert not lists_exactly(written, [replace(chunks[0], sha256="0" * 64)])


def test_a_manifest_is_written_to_be_read() -> None:
    cloud = Cloud()
    cloud.catalog.save_recording(a_recording(status=RecordingStatus.TRANSFERRING, folder="f", tags={"où": "là"}))
    finished = a_chunk(status=ChunkStatus.DELETED, open=False)
    cloud.catalog.written((finished.id, finished.document_id), finished)

    cloud.services.completion.complete_if_last(finished.id)

    manifest = cloud.store.blobs["f/recording.json"].decode()
    assert manifest == json.dumps(json.loads(manifest), indent=2, ensure_ascii=False)


def test_a_failed_recording_says_what_to_do_and_stays_in_sight() -> None:
    cloud = Cloud()
    row = cloud.catalog.save_recording(a_recording(status=RecordingStatus.TRANSFERRING))

    cloud.services.completion.complete_if_last(row.id)

    assert "rejected-events" in (cloud.recording().failure or "")
    assert [line.failed for line in cloud.catalog.open.values()] == [True]


def test_a_redelivered_transfer_completes_at_once_what_a_crash_left() -> None:
    cloud = Cloud()
    cloud.catalog.save_recording(a_recording(status=RecordingStatus.TRANSFERRING, folder="f"))
    finished = a_chunk(status=ChunkStatus.STORED, open=False, managed=False)
    cloud.catalog.written((finished.id, finished.document_id), finished)

    cloud.services.transfer.transfer(finished.ref)

    assert cloud.recording().status is RecordingStatus.COMPLETED


def test_a_chunk_without_metadata_is_stored_without_them() -> None:
    model_run = exactly(ONE, {})
    cloud = model_run.cloud
    cloud.catalog.save_recording(a_recording(status=RecordingStatus.TRANSFERRING, folder="f"))
    row = a_chunk(metadata_location=None, metadata_blob=None, delete_location=None)
    cloud.catalog.written((row.id, row.document_id), row)

    messages = cloud.services.transfer.transfer(row.ref)

    assert cloud.chunk().status is ChunkStatus.STORED
    assert cloud.world.counts["source.open"] == 1
    assert messages == Messages()  # nothing may be deleted, so nothing is sent
    assert cloud.chunk().due_at is None


@pytest.mark.parametrize(
    ("lengths", "proven"), [((16,), True), ((16, 4), True), ((16, 16, 1), True), ((4, 16), False), ((), False)]
)
def test_a_block_list_proves_itself_by_its_first_block(lengths: tuple[int, ...], *, proven: bool) -> None:
    total = sum(lengths)
    layout = Layout(total, lengths[0] if lengths else 1)
    blocks = tuple(Block(layout.block_id(index, 0), length) for index, length in enumerate(lengths))

    assert is_whole(total, blocks) is proven


def test_a_block_list_of_another_tool_proves_nothing() -> None:
    assert not is_whole(4, (Block("YWJj", 4),))
