"""Block ids that identify the content of a block: the staged blocks of a killed attempt are its checkpoint.

An id is index, total length, CRC64 and the length of the blocks that the content is cut into:
`00017.0000536870912.ae8b14860a799888-000000004194304`. It says where its block begins and what it holds; the service
checked the CRC64 when it received the block, so it is not read again. Versions before had the block's MD5 there, in 32
digits; ids of one blob must have one length, so ours are as long.
"""

import hashlib
import re
from collections.abc import Buffer, Iterable, Sequence

import msgspec

from shared.domain.crc64 import crc64
from shared.domain.ports import Block
from shared.settings import BLOCK_BYTES_MAX

BLOCK_ID = re.compile(
    r"(?P<index>\d{5})\.(?P<total>\d{13})\.(?:(?P<crc64>[0-9a-f]{16})-(?P<block_bytes>\d{15})|(?P<md5>[0-9a-f]{32}))",
    re.ASCII,
)
BLOCKS_MAX = 50_000  # a blob cannot have more
# Blocks are what a large recording costs, memory what small ones need: above this length blocks are twice as long.
LARGE_BYTES = 1024**3
SMALL_BLOCK_BYTES, LARGE_BLOCK_BYTES = 4 * 1024 * 1024, BLOCK_BYTES_MAX


class Layout(msgspec.Struct, frozen=True):
    """How a content of `total` bytes is cut into blocks of `block_bytes` (the last may be shorter)."""

    total: int
    block_bytes: int

    @property
    def count(self) -> int:
        return -(-self.total // self.block_bytes)

    def length(self, index: int) -> int:
        return min(self.block_bytes, self.total - index * self.block_bytes)

    def block_id(self, index: int, crc: int) -> str:
        return f"{index:05}.{self.total:013}.{crc:016x}-{self.block_bytes:015}"

    def staged(self, blocks: Iterable[Block]) -> dict[int, str]:
        """Index to id of those blocks that are surely parts of this content; the others are fetched again."""
        found = self.whole(blocks)
        return {index: id for index, id in found.items() if says_where(id) or self.can_only_be(index)}

    def whole(self, blocks: Iterable[Block]) -> dict[int, str]:
        """Index to id of those blocks whose ids name this content, and that are as long as its parts."""
        found: dict[int, str] = {}
        for block in blocks:
            matched = BLOCK_ID.fullmatch(block.id)
            if matched is None or int(matched["total"]) != self.total:
                continue
            index = int(matched["index"])
            alike = int(matched["block_bytes"] or self.block_bytes) == self.block_bytes
            if alike and index < self.count and block.length == self.length(index):
                found[index] = block.id
        return found

    def can_only_be(self, index: int) -> bool:
        """Whether a block with this index, of our length, is that part of the content however the content was cut.

        An id with an MD5 does not say where its block begins. Were the content cut into blocks of another length, as
        after a change of the setting, the block could be its last one, or, where it is our last one, any.
        """
        length = self.length(index)
        if index == 0:
            return True
        if length != self.block_bytes:
            return False
        other, rest = divmod(self.total - length, index)  # the length of blocks of which it would be the last
        return rest != 0 or not length < other <= BLOCK_BYTES_MAX

    def missing(self, present: Iterable[int]) -> list[range]:
        """Runs of block indexes that are still to be fetched."""
        there = set(present)
        runs: list[range] = []
        for index in range(self.count):
            if index in there:
                continue
            if runs and runs[-1].stop == index:
                runs[-1] = range(runs[-1].start, index + 1)
            else:
                runs.append(range(index, index + 1))
        return runs


def layout_for(total: int, block_bytes: int | None, staged: Sequence[Block] = ()) -> Layout:
    """How to cut a content.

    Args:
        total: its length.
        block_bytes: what a setting wants; blocks are longer only where there would be too many.
        staged: what an earlier attempt left: without a setting the content goes on being cut as it was.
    """
    least = -(-total // BLOCKS_MAX)
    if block_bytes is not None:
        return Layout(total, max(block_bytes, least))
    usual = LARGE_BLOCK_BYTES if total > LARGE_BYTES else SMALL_BLOCK_BYTES
    layouts = [Layout(total, max(length, least)) for length in (usual, SMALL_BLOCK_BYTES, LARGE_BLOCK_BYTES)]
    return max(layouts, key=lambda layout: len(layout.staged(staged)) * layout.block_bytes)


def says_where(id: str) -> bool:
    """Whether an id of ours has the length of its content's blocks in it."""
    matched = BLOCK_ID.fullmatch(id)
    return matched is not None and matched["block_bytes"] is not None


def is_whole(total: int, blocks: Sequence[Block]) -> bool:
    """Whether a block list is that of a content of this length: our ids, in order, without a gap."""
    first = BLOCK_ID.fullmatch(blocks[0].id) if blocks else None
    if first is None:
        return False
    layout = Layout(total, int(first["block_bytes"] or blocks[0].length))
    found = layout.whole(blocks)
    return [block.id for block in blocks] == [found.get(index) for index in range(layout.count)]


class BlockCheck:
    """Compares what is read of a blob, piece by piece, with what the ids of its blocks say.

    Blocks whose ids are not ours say nothing of their content: they are passed over.
    """

    def __init__(self, blocks: Iterable[Block]) -> None:
        self.blocks = iter(blocks)
        self.differing: list[str] = []  # ids of blocks that hold something else than they say
        self.take_next()

    def take_next(self) -> None:
        block = next(self.blocks, None)
        matched = BLOCK_ID.fullmatch(block.id) if block else None
        self.id = block.id if block else ""
        self.left = block.length if block else 0
        self.said = matched["crc64"] or matched["md5"] if matched else None
        self.crc = 0
        self.md5 = hashlib.md5(usedforsecurity=False) if matched and matched["md5"] else None

    def read(self, piece: Buffer) -> None:
        """The next bytes of the blob."""
        rest = memoryview(piece)
        while rest and self.left:
            part, rest = rest[: self.left], rest[self.left :]
            self.left -= len(part)
            self.add(part)
            if not self.left:
                self.compare()
                self.take_next()

    def add(self, part: memoryview) -> None:
        if self.md5 is not None:
            self.md5.update(part)
        elif self.said is not None:
            self.crc = crc64(part, self.crc)

    def compare(self) -> None:
        found = self.md5.hexdigest() if self.md5 is not None else f"{self.crc:016x}"
        if self.said not in {None, found}:
            self.differing.append(self.id)


def list_digest(blocks: Sequence[Block]) -> str:
    """SHA-256 of a block list, compared before a deletion; empty for a blob written at once, which has no blocks."""
    listed = "".join(f"{block.id}:{block.length}\n" for block in blocks)
    return hashlib.sha256(listed.encode()).hexdigest() if blocks else ""
