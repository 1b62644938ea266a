"""Containers of the operator's that ACS records into: verified where the file lies."""

from datetime import timedelta

import pytest

from shared.domain.models import ChunkStatus
from tests.builders import CONTAINER, keep_at_acs, media
from tests.fakes import Cloud, Effect
from tests.unit.steps import announce, failed, transfer


def test_a_chunk_in_own_storage_is_verified_where_it_lies() -> None:
    cloud = Cloud(BYOS_CONTAINERS=CONTAINER)
    url = f"{CONTAINER}/20261122/call/0-audio.wav"
    cloud.own.add(url, media(size=200_000))
    announce(cloud, contentLocation=url, metadataLocation=f"{CONTAINER}/20261122/call/0.json")

    transfer(cloud)

    assert (cloud.chunk().status, cloud.chunk().bytes) == (ChunkStatus.STORED, 200_000)
    assert list(cloud.store.blobs) == [f"{cloud.recording().folder}/recording.json"]


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
