"""Who finds a blob under the name proves that it is the content, or touches nothing."""

import hashlib
from collections.abc import Sequence

import pytest

from shared.copying.block_ids import Layout
from shared.copying.copy_content import ContentCopier, CopyOptions
from shared.domain.crc64 import crc64
from shared.domain.errors import BlobExists, ContentConflict, StoreUnavailable
from shared.domain.ports import BlobHeaders, BlobVersion
from tests.builders import document_id, metadata
from tests.copying import HEADERS, MEDIA, NAME, OPTIONS, SMALL_BLOCK, a_request, checksum_of, copy, interrupted
from tests.fakes import Cloud, FakeStore


@pytest.fixture
def cloud() -> Cloud:
    cloud = Cloud()
    cloud.source.add(document_id(), MEDIA, metadata())
    return cloud


def commit_as_blocks(cloud: Cloud, content: bytes, total: int | None = None) -> None:
    """A blob of blocks whose ids say that they are of a content of that length."""
    ids = []
    for index in range(-(-len(content) // SMALL_BLOCK)):
        block = content[index * SMALL_BLOCK : (index + 1) * SMALL_BLOCK]
        ids.append(Layout(total or len(content), SMALL_BLOCK).block_id(index, crc64(block)))
        cloud.store.stage(NAME, ids[-1], memoryview(block), checksum_of(block))
    cloud.store.commit(NAME, ids, HEADERS)


def test_a_blob_that_is_whole_already_is_proven_without_asking_acs(cloud: Cloud) -> None:
    first = copy(cloud)
    asked = cloud.world.counts["source.open"]

    second = copy(cloud, resume=True)

    assert second == first
    assert cloud.world.counts["source.open"] == asked


def test_a_loser_proves_the_winner(cloud: Cloud) -> None:
    first = copy(cloud)

    assert copy(cloud) == first


def test_a_loser_whose_blocks_are_gone_proves_the_winner(cloud: Cloud) -> None:
    interrupted(cloud, 5)
    cloud.store.overwrite(NAME, MEDIA)

    assert copy(cloud, resume=True).sha256 == hashlib.sha256(MEDIA).hexdigest()


def test_a_winner_of_one_block_is_proven_by_its_digest(cloud: Cloud) -> None:
    options = CopyOptions(block_bytes=len(MEDIA), writers=1)

    assert copy(cloud, options) == copy(cloud, options)


def test_a_winner_is_proven_by_its_block_ids(cloud: Cloud) -> None:
    commit_as_blocks(cloud, MEDIA)
    asked = cloud.world.counts["source.open"]

    copied = copy(cloud, resume=True)

    assert copied.sha256 == hashlib.sha256(MEDIA).hexdigest()
    assert cloud.world.counts["source.open"] == asked


def test_a_blob_that_lacks_its_end_is_not_proven_by_its_block_ids(cloud: Cloud) -> None:
    commit_as_blocks(cloud, MEDIA[: 5 * SMALL_BLOCK], total=len(MEDIA))

    with pytest.raises(ContentConflict):
        copy(cloud, resume=True)


def test_a_blob_of_somebody_s_tool_is_compared_with_acs(cloud: Cloud) -> None:
    cloud.store.overwrite(NAME, MEDIA)

    assert copy(cloud, resume=True).length == len(MEDIA)


@pytest.mark.parametrize("other", [MEDIA[:-1], MEDIA + b"\x00", MEDIA[:-1] + b"\x00", b""])
def test_another_content_under_the_name_is_a_conflict_and_stays(cloud: Cloud, other: bytes) -> None:
    cloud.store.overwrite(NAME, other)

    with pytest.raises(ContentConflict, match="another content"):
        copy(cloud)

    assert cloud.store.blobs == {NAME: other}


class LosingStore(FakeStore):
    """A store in which somebody else always commits first, and removes the blob at once."""

    def commit(self, name: str, block_ids: Sequence[str], headers: BlobHeaders) -> BlobVersion:
        super().commit(name, block_ids, headers)
        self.lose(name)
        raise BlobExists(name)


def test_a_winner_that_was_removed_at_once_is_copied_anew_later(cloud: Cloud) -> None:
    copier = ContentCopier(cloud.source, LosingStore(cloud.world), OPTIONS)

    with pytest.raises(StoreUnavailable, match="begins anew"):
        copier.copy(a_request())
