"""Every chunk store keeps bytes as they were given, checks them on arrival, and overwrites nothing."""

from collections.abc import Sequence

import pytest

from shared.domain.errors import BlobExists, BlockRefused, BlocksGone, StoreUnavailable
from shared.domain.ports import BlobHead, BlobProperties, Block, ChunkStore
from tests.copying import checksum_of

from .samples import WAV, some_bytes

NAME = "2026/11/22/6f1c/0000-0-wus-d4-ab.wav"
MEBIBYTE = 1024 * 1024


def staged(store: ChunkStore, blocks: Sequence[bytes], name: str = NAME) -> list[str]:
    """Stage blocks; returns their ids."""
    ids = [f"{index:05}.{checksum_of(block).hex()}" for index, block in enumerate(blocks)]
    for id, block in zip(ids, blocks, strict=True):
        store.stage(name, id, memoryview(block), checksum_of(block))
    return ids


def whole(store: ChunkStore, name: str = NAME) -> bytes:
    return b"".join(store.read(name))


def test_nothing_is_seen_where_nothing_was_written(store: ChunkStore) -> None:
    assert store.stat(NAME) == BlobProperties()


def test_a_blob_that_was_put_is_read_as_it_was_given(store: ChunkStore) -> None:
    content = some_bytes(3 * MEBIBYTE + 1)

    store.put(NAME, content, WAV)

    assert whole(store) == content


@pytest.mark.parametrize("length", [0, 1])
def test_the_smallest_contents_can_be_put(store: ChunkStore, length: int) -> None:
    store.put(NAME, b"x" * length, WAV)

    assert whole(store) == b"x" * length
    assert store.stat(NAME).length == length


def test_a_blob_that_was_put_shows_its_etag_length_and_metadata_but_no_blocks(store: ChunkStore) -> None:
    put = store.put(NAME, b"RIFF", WAV)

    assert store.stat(NAME) == BlobProperties(etag=put.etag, version_id=put.id, length=4, metadata=WAV.metadata)


def test_a_head_has_the_length_and_the_etag_that_the_write_gave(store: ChunkStore) -> None:
    put = store.put(NAME, b"RIFF", WAV)
    committed = store.commit(f"{NAME}2", staged(store, [b"one"], f"{NAME}2"), WAV)

    assert (store.head(NAME), store.head(f"{NAME}2")) == (
        BlobHead(etag=put.etag, version_id=put.id, length=4),
        BlobHead(etag=committed.etag, version_id=committed.id, length=3),
    )


def test_what_was_never_written_or_only_staged_has_no_head(store: ChunkStore) -> None:
    staged(store, [b"one"])

    assert (store.head(NAME), store.head(f"{NAME}2")) == (None, None)


def test_a_memoryview_is_put_as_it_is_now(store: ChunkStore) -> None:
    buffer = bytearray(some_bytes(1000))

    store.put(NAME, memoryview(buffer)[100:200], WAV)
    buffer[:] = bytes(1000)

    assert whole(store) == some_bytes(1000)[100:200]


def test_putting_over_a_blob_is_refused_and_leaves_it_alone(store: ChunkStore) -> None:
    store.put(NAME, b"first", WAV)
    before = store.stat(NAME)

    with pytest.raises(BlobExists):
        store.put(NAME, b"second", WAV)

    assert store.stat(NAME) == before
    assert whole(store) == b"first"


def test_putting_over_a_blob_of_blocks_is_refused(store: ChunkStore) -> None:
    store.commit(NAME, staged(store, [b"first"]), WAV)

    with pytest.raises(BlobExists):
        store.put(NAME, b"second", WAV)

    assert whole(store) == b"first"


def test_a_block_that_does_not_match_its_digest_is_refused(store: ChunkStore) -> None:
    with pytest.raises(StoreUnavailable):
        store.stage(NAME, "00000", memoryview(b"one"), checksum_of(b"another"))

    assert store.stat(NAME) == BlobProperties()


def test_staged_blocks_are_seen_with_id_and_length_and_nothing_is_committed(store: ChunkStore) -> None:
    first, second = staged(store, [b"one", b"four"])

    blob = store.stat(NAME)

    assert blob.etag is None
    assert set(blob.staged) == {Block(first, 3), Block(second, 4)}
    assert blob.blocks == ()


def test_staged_blocks_cannot_be_read(store: ChunkStore) -> None:
    staged(store, [b"one"])

    with pytest.raises(StoreUnavailable):
        whole(store)


def test_a_block_whose_id_has_another_length_than_those_of_others_is_refused(store: ChunkStore) -> None:
    store.stage(NAME, "another length", memoryview(b"x"), checksum_of(b"x"))

    with pytest.raises(BlockRefused):
        staged(store, [b"one"])

    assert store.stat(NAME).staged == (Block("another length", 1),)


def test_where_blocks_are_staged_nothing_is_put_at_once(store: ChunkStore) -> None:
    store.stage(NAME, "another length", memoryview(b"x"), checksum_of(b"x"))

    with pytest.raises(BlobExists):
        store.put(NAME, b"whole", WAV)

    assert store.stat(NAME).staged == (Block("another length", 1),)


def test_a_block_may_be_staged_again(store: ChunkStore) -> None:
    staged(store, [b"one"])

    ids = staged(store, [b"one"])

    assert store.stat(NAME).staged == (Block(ids[0], 3),)


def test_committed_blocks_make_the_blob_in_the_order_of_the_list(store: ChunkStore) -> None:
    first, second, third = staged(store, [b"a" * 10, b"b" * 20, b"c" * 30])

    made = store.commit(NAME, [third, first, second], WAV)

    listed = (Block(third, 30), Block(first, 10), Block(second, 20))
    assert whole(store) == b"c" * 30 + b"a" * 10 + b"b" * 20
    assert store.committed(NAME) == listed
    assert store.stat(NAME) == BlobProperties(
        etag=made.etag, version_id=made.id, length=60, metadata=WAV.metadata, blocks=listed
    )


def test_blocks_that_are_not_in_the_list_are_gone_after_the_commit(store: ChunkStore) -> None:
    first, _ = staged(store, [b"one", b"two"])

    store.commit(NAME, [first], WAV)

    assert store.stat(NAME).staged == ()
    assert whole(store) == b"one"


def test_committing_twice_is_refused_and_leaves_the_first(store: ChunkStore) -> None:
    store.commit(NAME, staged(store, [b"one"]), WAV)
    before = store.stat(NAME)
    second = staged(store, [b"two"])

    with pytest.raises(BlobExists):
        store.commit(NAME, second, WAV)

    assert whole(store) == b"one"
    assert store.stat(NAME).etag == before.etag


def test_a_block_that_was_never_staged_cannot_be_committed(store: ChunkStore) -> None:
    ids = staged(store, [b"one"])

    with pytest.raises(BlocksGone):
        store.commit(NAME, [*ids, "00001." + "0" * 32], WAV)

    assert store.stat(NAME).etag is None


def test_blocks_that_another_commit_took_away_cannot_be_committed(store: ChunkStore) -> None:
    first, second = staged(store, [b"one", b"two"])
    store.commit(NAME, [first], WAV)

    with pytest.raises((BlocksGone, BlobExists)):
        store.commit(NAME, [first, second], WAV)

    assert whole(store) == b"one"


def test_blocks_staged_behind_a_blob_leave_it_alone(store: ChunkStore) -> None:
    etag = store.commit(NAME, staged(store, [b"one"]), WAV).etag

    staged(store, [b"two"])

    blob = store.stat(NAME)
    assert (blob.etag, blob.length) == (etag, 3)
    assert whole(store) == b"one"


def test_a_buffer_that_is_used_again_sends_what_it_held_each_time(store: ChunkStore) -> None:
    buffer = bytearray(MEBIBYTE)
    contents = [some_bytes(MEBIBYTE, seed) for seed in range(4)]

    ids = []
    for index, content in enumerate(contents):
        buffer[:] = content
        block = memoryview(buffer)[: MEBIBYTE - index]
        ids.append(f"{index:05}")
        store.stage(NAME, ids[-1], block, checksum_of(block))
    buffer[:] = bytes(MEBIBYTE)
    store.commit(NAME, ids, WAV)

    assert whole(store) == b"".join(content[: MEBIBYTE - index] for index, content in enumerate(contents))


def test_reading_what_is_not_there_is_an_error(store: ChunkStore) -> None:
    with pytest.raises(StoreUnavailable):
        whole(store)


def test_the_blocks_of_what_is_not_there_are_an_error(store: ChunkStore) -> None:
    with pytest.raises(StoreUnavailable):
        store.committed(NAME)


def test_blobs_of_other_names_are_apart(store: ChunkStore) -> None:
    store.put(f"{NAME}.metadata.json", b"{}", WAV)

    assert store.stat(NAME) == BlobProperties()


def test_names_are_those_of_blobs_that_begin_with_a_prefix(store: ChunkStore) -> None:
    for name in ("2026/11/22/a/0000.wav", "2026/11/22/a/recording.json", "2026/11/22/ab/0000.wav", "2026/11/23/a"):
        store.put(name, b"x", WAV)
    staged(store, [b"one"], "2026/11/22/a/0001.wav")

    assert sorted(store.names("2026/11/22/a/")) == ["2026/11/22/a/0000.wav", "2026/11/22/a/recording.json"]


def test_no_blob_has_no_name(store: ChunkStore) -> None:
    assert list(store.names("2026/")) == []
