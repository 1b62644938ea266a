"""Block ids say what is in the block; layouts say where."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.copying.block_ids import (
    BLOCKS_MAX,
    LARGE_BYTES,
    BlockCheck,
    Layout,
    layout_for,
    list_digest,
)
from shared.domain.crc64 import crc64
from shared.domain.ports import Block

CRC = crc64(b"x")
MIB = 1024 * 1024
LAYOUT = Layout(total=25, block_bytes=10)


def block(index: int, total: int = 25, length: int = 10, block_bytes: int = 10) -> Block:
    return Block(Layout(total, block_bytes).block_id(index, CRC), length)


def md5_block(index: int, total: int = 25, length: int = 10) -> Block:
    """As versions before named it."""
    return Block(f"{index:05}.{total:013}.{'0' * 32}", length)


@settings(max_examples=60)
@given(total=st.integers(1, 10**13), wanted=st.integers(1, 10**10))
def test_blocks_cover_the_content_exactly(total: int, wanted: int) -> None:
    layout = layout_for(total, wanted)
    last = layout.length(layout.count - 1)

    assert (layout.count - 1) * layout.block_bytes + last == total
    assert 0 < last <= layout.block_bytes
    assert layout.count <= BLOCKS_MAX


def test_the_wanted_block_size_is_used_while_there_are_not_too_many() -> None:
    assert layout_for(BLOCKS_MAX * 10, 10).block_bytes == 10


def test_blocks_grow_when_there_would_be_too_many() -> None:
    assert layout_for(BLOCKS_MAX * 10 + 1, 10).block_bytes == 11


def test_all_block_ids_have_one_length() -> None:
    ids = {Layout(1, 1).block_id(0, 0), Layout(10**13 - 1, 10**10).block_id(BLOCKS_MAX - 1, 2**64 - 1), md5_block(0).id}

    assert len({len(id) for id in ids}) == 1


def test_a_block_id_fits_into_sixty_four_bytes() -> None:
    assert len(LAYOUT.block_id(0, CRC)) <= 64


def test_staged_blocks_of_this_content_are_recognised() -> None:
    assert LAYOUT.staged([block(0), block(2, length=5)]) == {0: block(0).id, 2: block(2).id}


def test_blocks_of_a_content_that_was_cut_otherwise_are_not() -> None:
    assert LAYOUT.staged([block(1, block_bytes=15), block(2, length=5, block_bytes=5)]) == {}


def test_blocks_of_versions_before_are_recognised_where_they_can_be_nothing_else() -> None:
    large = Layout(total=2**30 + 7, block_bytes=4 * MIB)
    left = [md5_block(index, large.total, large.length(index)) for index in (0, 1, 128, 255, 256)]

    assert large.staged(left).keys() == {0, 1, 128, 255}  # the last one is as short as blocks may be set to


@settings(max_examples=300)
@given(total=st.integers(1, 200), wanted=st.integers(1, 60), once=st.integers(1, 60), md5=st.booleans())
def test_no_block_is_taken_for_another_part_whatever_the_setting_was_when_it_was_staged(
    total: int, wanted: int, once: int, *, md5: bool
) -> None:
    now, before = Layout(total, wanted), Layout(total, once)
    lengths = [before.length(index) for index in range(before.count)]
    left = [
        md5_block(index, total, length) if md5 else block(index, total, length, once)
        for index, length in enumerate(lengths)
    ]

    for index in now.staged(left):
        assert index * now.block_bytes == index * before.block_bytes
        assert now.length(index) == before.length(index)


@pytest.mark.parametrize(
    ("total", "block_bytes"),
    [(1, 4 * MIB), (LARGE_BYTES, 4 * MIB), (LARGE_BYTES + 1, 8 * MIB), (100 * LARGE_BYTES, 8 * MIB)],
)
def test_without_a_setting_blocks_are_twice_as_long_above_a_gibibyte(total: int, block_bytes: int) -> None:
    assert layout_for(total, None).block_bytes == block_bytes


def test_without_a_setting_a_content_goes_on_being_cut_as_it_was() -> None:
    total = 2 * LARGE_BYTES
    left = [md5_block(index, total, 4 * MIB) for index in range(3)]

    assert layout_for(total, None, left) == Layout(total, 4 * MIB)
    assert layout_for(total, None, [block(0, total, 8 * MIB, 8 * MIB)]) == Layout(total, 8 * MIB)
    assert layout_for(total, None, [Block("YWJj", 4 * MIB)]) == Layout(total, 8 * MIB)


def test_with_a_setting_a_content_is_cut_as_it_says() -> None:
    assert layout_for(2 * LARGE_BYTES, 5 * MIB, [block(0, 2 * LARGE_BYTES, 4 * MIB, 4 * MIB)]).block_bytes == 5 * MIB


CONTENT = bytes(range(256)) * 4


def md5_id(index: int, part: bytes) -> str:
    return f"{index:05}.{len(CONTENT):013}.{hashlib.md5(part, usedforsecurity=False).hexdigest()}"


def blocks_of(*, crc: bool) -> list[Block]:
    parts = [CONTENT[start : start + 100] for start in range(0, len(CONTENT), 100)]
    ids = [
        Layout(len(CONTENT), 100).block_id(index, crc64(part)) if crc else md5_id(index, part)
        for index, part in enumerate(parts)
    ]
    return [Block(id, len(part)) for id, part in zip(ids, parts, strict=True)]


@pytest.mark.parametrize("crc", [True, False], ids=["CRC64", "MD5"])
@pytest.mark.parametrize("piece_bytes", [1, 7, 100, 250, 5000])
def test_what_is_read_back_is_compared_with_the_ids_of_its_blocks(*, crc: bool, piece_bytes: int) -> None:
    blocks = blocks_of(crc=crc)

    def differing(content: bytes) -> list[str]:
        check = BlockCheck(blocks)
        for start in range(0, len(content), piece_bytes):
            check.read(content[start : start + piece_bytes])
        return check.differing

    assert differing(CONTENT) == []
    assert differing(CONTENT[:350] + b"X" + CONTENT[351:]) == [blocks[3].id]
    assert differing(CONTENT[:100] + CONTENT[200:300] + CONTENT[100:200] + CONTENT[300:]) == [
        blocks[1].id,
        blocks[2].id,
    ]


def test_blocks_of_others_are_passed_over_while_reading_back() -> None:
    check = BlockCheck([Block("YWJj", 3), *blocks_of(crc=True)])
    check.read(b"abc" + CONTENT)

    assert check.differing == []


@pytest.mark.parametrize(
    "foreign",
    [
        block(0, total=26),
        block(0, length=9),
        block(2, length=10),
        block(3),
        Block("AAAAAA==", 10),
        Block(LAYOUT.block_id(0, CRC) + "\n", 10),
        Block("00000.0000000000025." + "G" * 32, 10),
    ],
)
def test_blocks_of_anything_else_are_not(foreign: Block) -> None:
    assert LAYOUT.staged([foreign]) == {}


@pytest.mark.parametrize(
    ("present", "missing"),
    [
        ([], [range(3)]),
        ([0], [range(1, 3)]),
        ([1], [range(1), range(2, 3)]),
        ([0, 1, 2], []),
    ],
)
def test_missing_blocks_come_in_runs(present: list[int], missing: list[range]) -> None:
    assert LAYOUT.missing(present) == missing


def test_block_lists_that_differ_have_other_digests() -> None:
    lists = [[], [block(0)], [block(1)], [block(0), block(1)], [block(1), block(0)], [block(0, length=9)]]

    assert len({list_digest(blocks) for blocks in lists}) == len(lists)
