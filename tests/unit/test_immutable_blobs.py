"""Under a policy or a legal hold storage refuses writes over a blob in other words than "it exists"."""

import pytest

from shared.domain.statuses import RecordingStatus
from tests.builders import file_ready_event, keep_at_acs, media
from tests.fakes import Cloud, FakeHost


@pytest.mark.parametrize("block_bytes", ["4194304", "300"], ids=["at once", "in blocks"])
def test_a_copy_of_the_same_bytes_that_nobody_may_overwrite_is_recognised(block_bytes: str) -> None:
    cloud = Cloud(TRANSFER_BLOCK_BYTES=block_bytes)
    cloud.store.immutable = True
    keep_at_acs(cloud, 1)
    host = FakeHost(cloud)
    cloud.services.ingest.ingest(file_ready_event(1))
    cloud.store.overwrite(cloud.chunk().content_blob, media(size=1000))
    host.publish(file_ready_event(1))
    host.settle()

    assert cloud.recording().status is RecordingStatus.COMPLETED
    assert cloud.store.blobs[cloud.chunk().content_blob] == media(size=1000)


def test_another_content_that_nobody_may_overwrite_is_a_conflict_and_stays() -> None:
    cloud = Cloud()
    cloud.store.immutable = True
    keep_at_acs(cloud, 1)
    host = FakeHost(cloud)
    cloud.services.ingest.ingest(file_ready_event(1))
    other = media(size=1000, seed=1)
    cloud.store.overwrite(cloud.chunk().content_blob, other)
    host.publish(file_ready_event(1))
    host.settle()

    assert cloud.recording().status is RecordingStatus.FAILED
    assert (cloud.store.blobs[cloud.chunk().content_blob], cloud.deleted) == (other, [])


def test_a_manifest_goes_beside_one_that_nobody_may_overwrite() -> None:
    cloud = Cloud()
    cloud.store.immutable = True
    keep_at_acs(cloud, 1)
    cloud.services.ingest.ingest(file_ready_event(1))
    folder = cloud.recording().folder
    cloud.store.overwrite(f"{folder}/recording.json", b"somebody's")
    host = FakeHost(cloud)
    host.publish(file_ready_event(1))
    host.settle()

    assert cloud.recording().status is RecordingStatus.COMPLETED
    assert cloud.store.blobs[f"{folder}/recording.json"] == b"somebody's"
    assert f"{folder}/recording.2.json" in cloud.store.blobs
