"""Containers of the operator's that ACS records into: verified where the file lies."""

from datetime import timedelta

import pytest

from shared.domain.json_views import recording_view
from shared.domain.statuses import ChunkStatus, RecordingStatus
from tests.builders import (
    CONTAINER,
    OUR_ID,
    RECORDING_ID,
    a_recording,
    announced_chunk,
    file_ready_event,
    keep_at_acs,
    media,
)
from tests.fakes import Cloud, Effect, FakeHost
from tests.unit.steps import announce, failed, transfer, warnings


def test_a_chunk_in_own_storage_is_verified_where_it_lies() -> None:
    cloud = Cloud(BYOS_CONTAINERS=CONTAINER)
    url = f"{CONTAINER}/20261122/call/0-audio.wav"
    cloud.own.add(url, media(size=200_000))
    announce(cloud, contentLocation=url, metadataLocation=f"{CONTAINER}/20261122/call/0.json")

    transfer(cloud)

    assert (cloud.chunk().status, cloud.chunk().bytes) == (ChunkStatus.STORED, 200_000)
    assert list(cloud.store.blobs) == [f"{cloud.recording().folder}/recording.json"]


def test_metadata_that_are_not_beside_their_media_are_told(caplog: pytest.LogCaptureFixture) -> None:
    cloud = Cloud(BYOS_CONTAINERS=CONTAINER)
    url = f"{CONTAINER}/20261122/call/0-audio.wav"
    cloud.own.add(url, media(size=2000))
    announce(cloud, contentLocation=url)

    transfer(cloud)

    assert cloud.chunk().status is ChunkStatus.STORED
    assert "The metadata of chunk" in warnings(caplog, "event_rejected")[0]
    assert len(cloud.rejected.events) == 1


@pytest.mark.parametrize("content", [None, b"", b"<html></html>"])
def test_a_chunk_that_is_not_in_own_storage_yet_is_waited_for(content: bytes | None) -> None:
    cloud = Cloud(BYOS_CONTAINERS=CONTAINER)
    url = f"{CONTAINER}/20261122/call/0-audio.wav"
    if content is not None:
        cloud.own.add(url, content)
    announce(cloud, contentLocation=url)

    assert failed(cloud).status is ChunkStatus.PENDING


def test_a_file_in_own_storage_that_changes_while_it_is_read_is_waited_for() -> None:
    cloud = Cloud(BYOS_CONTAINERS=CONTAINER)
    url = f"{CONTAINER}/20261122/call/0-audio.wav"
    cloud.own.add(url, media(size=2000))
    announce(cloud, contentLocation=url)

    def plan(effect: Effect) -> None:
        if effect.name == "own.read":
            cloud.own.add(url, media(size=3000))

    cloud.world.plan = plan

    assert "3000 bytes instead of 2000" in str(failed(cloud).failure)


def test_a_chunk_that_acs_fell_back_to_keep_itself_is_transferred_like_any_other() -> None:
    cloud = Cloud(BYOS_CONTAINERS=CONTAINER)
    keep_at_acs(cloud, 1)
    announce(cloud)

    transfer(cloud)

    assert cloud.chunk().content_blob in cloud.store.blobs


def test_a_file_that_never_came_into_own_storage_is_not_said_to_be_destroyed() -> None:
    cloud = Cloud(BYOS_CONTAINERS=CONTAINER)
    announce(cloud, contentLocation=f"{CONTAINER}/a.wav")
    cloud.world.advance(timedelta(hours=24))

    chunk = failed(cloud)

    assert chunk.status is ChunkStatus.FAILED
    assert "ACS never put the chunk into your own container" in str(chunk.failure)


@pytest.mark.parametrize("said", ["ACS", "AzureBlob", None])
def test_an_export_that_failed_is_rescued_and_told_whatever_the_event_says(
    caplog: pytest.LogCaptureFixture, said: str | None
) -> None:
    cloud = Cloud(BYOS_CONTAINERS=CONTAINER)
    keep_at_acs(cloud, 2)
    cloud.catalog.save_recording(a_recording(status=RecordingStatus.STOPPED, recording_storage_container_url=CONTAINER))
    cloud.catalog.link_acs_id(RECORDING_ID, OUR_ID)
    host = FakeHost(cloud)
    host.publish(file_ready_event(storageType=said))
    host.work()

    assert [chunk.status for chunk in cloud.chunks()] == [ChunkStatus.DELETED] * 2
    assert len(warnings(caplog, "recording_unusual")) == 1


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (["ACS"], "acs"),
        (["AzureBlob"], "azureBlob"),
        (["BlobStorage"], "azureBlob"),
        (["AzureBlob", "ACS"], "acs"),
        (["ACS", "AzureBlob"], "acs"),
        ([None, "AzureBlob"], "azureBlob"),
        (["AzureBlob", None], "azureBlob"),
        ([None], None),
    ],
)
def test_where_acs_wrote_the_files_is_shown(cloud: Cloud, said: list[str | None], shown: str | None) -> None:
    for number, storage in enumerate(said):
        cloud.services.ingest.ingest(file_ready_event([announced_chunk(number)], storageType=storage))

    assert recording_view(cloud.recording()).storage_type == shown
