"""Block ids say what is in the block; layouts say where."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.copying.block_ids import BLOCKS_MAX, Layout, block_id, layout_for, list_digest
from shared.domain.ports import Block

MD5 = hashlib.md5(b"x", usedforsecurity=False).digest()
LAYOUT = Layout(total=25, block_bytes=10)


def block(index: int, total: int = 25, length: int = 10) -> Block:
    return Block(block_id(index, total, MD5), length)


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
    ids = {block_id(0, 1, MD5), block_id(BLOCKS_MAX - 1, 10**13 - 1, MD5)}

    assert {len(id) for id in ids} == {len(block_id(0, 1, MD5))}


def test_a_block_id_fits_into_sixty_four_bytes() -> None:
    assert len(block_id(0, 1, MD5)) <= 64


def test_staged_blocks_of_this_content_are_recognised() -> None:
    assert LAYOUT.staged([block(0), block(2, length=5)]) == {0: block(0).id, 2: block(2).id}


@pytest.mark.parametrize(
    "foreign",
    [
        block(0, total=26),
        block(0, length=9),
        block(2, length=10),
        block(3),
        Block("AAAAAA==", 10),
        Block(block_id(0, 25, MD5) + "\n", 10),
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
