"""Copying one content: exact, resumable, bounded in memory, and never over another one."""

import hashlib
from collections.abc import Iterator
from contextlib import nullcontext

import pytest
from msgspec.structs import replace

from shared.copying.block_ids import Layout, layout_for
from shared.copying.copy_content import DIGEST_KEY, BufferPool, ContentCopier, CopyOptions, CopyRequest
from shared.copying.source_reader import CONTENT_BYTES_MAX, RATE_BYTES_PER_SECOND_MIN, MinimumRate
from shared.domain.crc64 import crc64
from shared.domain.durations import ATTEMPT_SECONDS_MAX, RATE_WINDOW_SECONDS
from shared.domain.errors import (
    BlockRefused,
    BlocksInTheWay,
    OutOfTime,
    SourceSuspect,
    SourceUnavailable,
    StoreUnavailable,
    Transient,
)
from shared.domain.ports import Block
from shared.settings import BLOCK_BYTES_MAX
from tests.builders import document_id, media, metadata
from tests.copying import MEDIA, NAME, OPTIONS, SMALL_BLOCK, a_request, copy, interrupted
from tests.fakes import Cloud, FakeBlob, FakeSource, FakeStore, Fault
from tests.fakes.acs import FakeRange


@pytest.fixture
def cloud() -> Cloud:
    cloud = Cloud()
    cloud.source.add(document_id(), MEDIA, metadata())
    return cloud


@pytest.mark.parametrize(
    "size", [20, SMALL_BLOCK - 1, SMALL_BLOCK, SMALL_BLOCK + 1, 2 * SMALL_BLOCK, 5 * SMALL_BLOCK + 7]
)
@pytest.mark.parametrize("writers", [1, 4])
def test_a_content_of_any_length_arrives_byte_for_byte(size: int, writers: int) -> None:
    cloud = Cloud()
    content = media(size=size)
    cloud.source.add(document_id(), content, metadata())

    copied = copy(cloud, CopyOptions(block_bytes=SMALL_BLOCK, writers=writers))

    assert cloud.store.blobs == {NAME: content}
    assert (copied.length, copied.sha256) == (size, hashlib.sha256(content).hexdigest())


def test_a_content_of_one_block_is_written_at_once(cloud: Cloud) -> None:
    copied = copy(cloud, CopyOptions(block_bytes=len(MEDIA), writers=2))

    assert cloud.store.stat(NAME).blocks == ()
    assert copied.block_list_digest == ""


def test_the_proof_names_the_version_that_was_written(cloud: Cloud) -> None:
    assert copy(cloud).etag == cloud.store.stat(NAME).etag


def test_a_blob_carries_label_and_digest(cloud: Cloud) -> None:
    copied = copy(cloud)

    assert cloud.store.stat(NAME).metadata == {"id": "6f1c", DIGEST_KEY: copied.sha256}
    assert cloud.store.all[NAME].headers.content_type == "audio/wav"


@pytest.mark.parametrize("done", [1, 5, 10])
def test_a_second_attempt_fetches_only_what_is_missing(cloud: Cloud, done: int) -> None:
    interrupted(cloud, done)
    staged = len(cloud.store.stat(NAME).staged)
    before = cloud.world.counts["store.stage"]

    copied = copy(cloud, resume=True)

    assert cloud.store.blobs == {NAME: MEDIA}
    assert cloud.world.counts["store.stage"] - before == 11 - staged
    assert copied.sha256 == hashlib.sha256(MEDIA).hexdigest()


def test_blocks_with_gaps_are_filled(cloud: Cloud) -> None:
    interrupted(cloud, 10)
    staged = cloud.store.all[NAME].staged
    for id in list(staged)[2:8:2]:
        del staged[id]

    copy(cloud, resume=True)

    assert cloud.store.blobs == {NAME: MEDIA}


def test_blocks_of_another_length_of_content_are_not_used(cloud: Cloud) -> None:
    interrupted(cloud, 10)
    other = media(size=len(MEDIA) + 1, seed=5)
    cloud.source.add(document_id(), other, metadata())

    copy(cloud, resume=True)

    assert cloud.store.blobs == {NAME: other}


@pytest.mark.parametrize("fault", [Fault.EMPTY, Fault.HTML, Fault.TRUNCATED, Fault.MISSING, Fault.ERROR_BEFORE])
@pytest.mark.parametrize("options", [OPTIONS, CopyOptions(block_bytes=len(MEDIA), writers=1)])
def test_a_bad_answer_is_never_stored(cloud: Cloud, fault: Fault, options: CopyOptions) -> None:
    cloud.world.fail("source.open", fault)

    with pytest.raises(Transient):
        copy(cloud, options)

    assert cloud.store.blobs == {}


def test_a_content_that_changes_its_length_on_the_way_is_suspect(cloud: Cloud) -> None:
    interrupted(cloud, 3)
    copier = ContentCopier(cloud.source, cloud.store, OPTIONS)

    def grow() -> None:
        cloud.source.add(document_id(), MEDIA + b"x", metadata())

    with pytest.raises(SourceSuspect, match=r"had 10123 bytes, now it has 10124"):
        copier.copy(a_request(resume=True, keep_going=grow))


@pytest.mark.parametrize("effect", ["store.stage", "store.commit", "store.committed"])
@pytest.mark.parametrize("fault", [Fault.ERROR_BEFORE, Fault.ERROR_AFTER])
def test_a_write_that_fails_is_made_good_by_the_next_attempt(cloud: Cloud, effect: str, fault: Fault) -> None:
    options = CopyOptions(block_bytes=SMALL_BLOCK, writers=2)
    cloud.world.fail(effect, fault)

    with pytest.raises(StoreUnavailable):
        copy(cloud, options)
    copied = copy(cloud, options, resume=True)

    assert cloud.store.blobs == {NAME: MEDIA}
    assert copied.sha256 == hashlib.sha256(MEDIA).hexdigest()


def test_a_put_whose_answer_was_lost_is_recognised(cloud: Cloud) -> None:
    options = CopyOptions(block_bytes=len(MEDIA), writers=1)
    cloud.world.fail("store.put", Fault.ERROR_AFTER)

    with pytest.raises(StoreUnavailable):
        copy(cloud, options)

    assert copy(cloud, options, resume=True).sha256 == hashlib.sha256(MEDIA).hexdigest()


class ForgetfulStore(FakeStore):
    """A store that loses the last byte and the last block of whatever it shows."""

    def read(self, name: str) -> Iterator[bytes]:
        yield b"".join(super().read(name))[:-1]

    def committed(self, name: str) -> tuple[Block, ...]:
        return super().committed(name)[:-1]


def test_a_block_list_that_is_not_the_one_that_was_sent_is_no_proof(cloud: Cloud) -> None:
    copier = ContentCopier(cloud.source, ForgetfulStore(cloud.world), OPTIONS)

    with pytest.raises(StoreUnavailable, match="is not the one that was sent"):
        copier.copy(a_request())


def test_a_blob_that_gives_other_bytes_than_it_has_is_no_proof(cloud: Cloud) -> None:
    store = ForgetfulStore(cloud.world)
    store.overwrite(NAME, MEDIA)

    with pytest.raises(StoreUnavailable, match="gave 10122 bytes instead of 10123"):
        ContentCopier(cloud.source, store, OPTIONS).copy(a_request(resume=True))


class SilentSource(FakeSource):
    """A source whose answers end before they should, without a word."""

    def answer(self, url: str, offset: int, length: int, fault: Fault | None) -> FakeRange:
        whole = super().answer(url, offset, length, fault)
        return FakeRange(whole.total, whole.length, whole.content[:-1])


def test_an_answer_that_ends_early_is_suspect(cloud: Cloud) -> None:
    source = SilentSource(cloud.world)
    source.documents = cloud.source.documents

    with pytest.raises(SourceSuspect, match="broke off after 10122 bytes"):
        ContentCopier(source, cloud.store, OPTIONS).copy(a_request())


@pytest.mark.parametrize(("rate", "is_slow"), [(1024, True), (45_000, False), (RATE_BYTES_PER_SECOND_MIN, False)])
def test_a_source_that_is_slow_for_a_whole_window_is_given_up_for_now(rate: int, *, is_slow: bool) -> None:
    with pytest.raises(SourceUnavailable) if is_slow else nullcontext():
        MinimumRate().add(int(rate * RATE_WINDOW_SECONDS), RATE_WINDOW_SECONDS)


def test_a_source_has_a_window_to_show_its_pace() -> None:
    rate = MinimumRate()

    rate.add(1, RATE_WINDOW_SECONDS / 2)

    assert rate.window_bytes == 1


def test_the_largest_block_comes_through_at_the_slowest_rate_before_an_attempt_ends() -> None:
    assert BLOCK_BYTES_MAX / RATE_BYTES_PER_SECOND_MIN < ATTEMPT_SECONDS_MAX


def test_no_content_that_is_believed_needs_larger_blocks_than_the_largest() -> None:
    assert layout_for(CONTENT_BYTES_MAX, BLOCK_BYTES_MAX).block_bytes == BLOCK_BYTES_MAX
    assert layout_for(CONTENT_BYTES_MAX, 1).block_bytes <= BLOCK_BYTES_MAX


def test_an_attempt_may_stop_in_the_middle_of_a_block(cloud: Cloud) -> None:
    pieces = iter(range(4))  # of 1,024 bytes each

    def keep_reading() -> None:
        if next(pieces, None) is None:
            raise OutOfTime

    with pytest.raises(OutOfTime):
        ContentCopier(cloud.source, cloud.store, OPTIONS).copy(replace(a_request(), keep_reading=keep_reading))

    assert [block.length for block in cloud.store.stat(NAME).staged] == [SMALL_BLOCK] * 4


OTHERS_ID = "a block of somebody else's"


def test_blocks_of_others_whose_ids_have_another_length_are_told_with_who_must_remove_them(cloud: Cloud) -> None:
    cloud.store.all[NAME] = FakeBlob(staged={OTHERS_ID: b"x"})

    for resume in (False, True):
        with pytest.raises(BlocksInTheWay, match="Whoever wrote them must remove them"):
            copy(cloud, resume=resume)

    assert cloud.store.all[NAME].staged == {OTHERS_ID: b"x"}


def test_once_the_blocks_of_others_are_removed_the_content_is_copied(cloud: Cloud) -> None:
    cloud.store.all[NAME] = FakeBlob(staged={OTHERS_ID: b"x"})
    with pytest.raises(BlocksInTheWay):
        copy(cloud)
    cloud.store.lose(NAME)

    copy(cloud, resume=True)

    assert cloud.store.blobs == {NAME: MEDIA}


@pytest.mark.parametrize("md5", [False, True], ids=["CRC64", "MD5"])
def test_a_block_of_another_size_is_never_put_in_another_place(*, md5: bool) -> None:
    """The last of two large blocks has the index and the length of the second of three small ones."""
    cloud = Cloud()
    content = media(size=3 * SMALL_BLOCK)
    cloud.source.add(document_id(), content, metadata())
    last = content[2 * SMALL_BLOCK :]
    digest = hashlib.md5(last, usedforsecurity=False).hexdigest()
    before = f"00001.{len(content):013}.{digest}"  # as versions before named it
    id = before if md5 else Layout(len(content), 2 * SMALL_BLOCK).block_id(1, crc64(last))
    cloud.store.all[NAME] = FakeBlob(staged={id: last})

    proof = copy(cloud, resume=True)

    assert cloud.store.blobs == {NAME: content}
    assert proof.sha256 == hashlib.sha256(content).hexdigest()


def test_blocks_of_others_whose_ids_have_our_length_hinder_nothing(cloud: Cloud) -> None:
    cloud.store.all[NAME] = FakeBlob(staged={"x" * len(Layout(1, 1).block_id(0, 0)): b"x"})

    copy(cloud, resume=True)

    assert cloud.store.blobs == {NAME: MEDIA}


@pytest.mark.parametrize("resume", [False, True])
def test_blocks_of_others_are_told_for_a_content_of_one_block_too(cloud: Cloud, *, resume: bool) -> None:
    cloud.store.all[NAME] = FakeBlob(staged={OTHERS_ID: b"x"})

    with pytest.raises(BlocksInTheWay):
        copy(cloud, CopyOptions(block_bytes=len(MEDIA)), resume=resume)


def test_a_content_of_one_block_goes_with_blocks_of_our_length_at_once(cloud: Cloud) -> None:
    cloud.store.all[NAME] = FakeBlob(staged={"x" * len(Layout(1, 1).block_id(0, 0)): b"x"})

    copy(cloud, CopyOptions(block_bytes=len(MEDIA)))

    assert cloud.store.blobs == {NAME: MEDIA}


def test_a_block_that_is_refused_although_all_are_ours_is_not_laid_on_others(cloud: Cloud) -> None:
    interrupted(cloud, 2)
    cloud.store.staged_blocks_max = 2

    with pytest.raises(BlockRefused, match="BlockCountExceedsLimit"):
        copy(cloud, resume=True)


def test_the_attempt_stops_at_a_block_boundary_when_it_is_told_to(cloud: Cloud) -> None:
    interrupted(cloud, 4)

    assert {block.length for block in cloud.store.stat(NAME).staged} == {SMALL_BLOCK}
    assert cloud.store.blobs == {}


@pytest.mark.parametrize(("writers", "blocks", "buffers"), [(2, 11, 3), (4, 11, 5), (4, 2, 2)])
def test_the_pool_holds_a_bounded_number_of_blocks(writers: int, blocks: int, buffers: int) -> None:
    options = CopyOptions(block_bytes=SMALL_BLOCK, writers=writers)

    with BufferPool(options.writers, Layout(blocks * SMALL_BLOCK, SMALL_BLOCK)) as pool:
        assert pool.buffers.qsize() == buffers


def test_a_buffer_comes_back_even_when_its_write_failed() -> None:
    def fail() -> str:
        raise StoreUnavailable

    with BufferPool(1, Layout(2 * SMALL_BLOCK, SMALL_BLOCK)) as pool:
        pool.write(0, pool.acquire(), fail)
        with pytest.raises(StoreUnavailable):
            pool.finish()

        assert pool.buffers.qsize() == 2


def test_two_independent_reads_give_one_digest(cloud: Cloud) -> None:
    copier = ContentCopier(cloud.source, cloud.store, OPTIONS)

    assert copier.digest_of_source(a_request()) == (len(MEDIA), hashlib.sha256(MEDIA).hexdigest())


# Progress.


def progress(cloud: Cloud, request: CopyRequest) -> list[tuple[int, int]]:
    """What a copy says of its progress, each time with how many bytes lay in storage then."""
    told: list[tuple[int, int]] = []

    def take_down(done: int) -> None:
        blob = cloud.store.all.get(NAME)
        told.append((done, sum(map(len, blob.staged.values())) if blob else 0))

    ContentCopier(cloud.source, cloud.store, OPTIONS).copy(replace(request, on_progress=take_down))
    return told


def test_progress_never_says_more_than_is_staged_and_ends_with_all(cloud: Cloud) -> None:
    told = progress(cloud, a_request())

    assert [done for done, staged in told if done > staged] == []
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert (told[0], told[-1]) == ((0, 0), (len(MEDIA), len(MEDIA)))


def test_progress_of_a_later_attempt_begins_with_what_is_staged(cloud: Cloud) -> None:
    interrupted(cloud, 5)
    staged = sum(map(len, cloud.store.all[NAME].staged.values()))  # several write at once: a block more or less

    told = progress(cloud, a_request(resume=True))

    assert (told[0], staged > 0) == ((staged, staged), True)
    assert told[-1] == (len(MEDIA), len(MEDIA))
