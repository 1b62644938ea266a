"""Block ids that identify the content of a block: the staged blocks of a killed attempt are its checkpoint.

An id is index, total length and MD5: `00017.0000536870912.9e107d9d372bb6826bd81d3542a419d6`. The service checked that
MD5 when it received the block: a block with the right index, total and length is not read again.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence

import msgspec

from shared.domain.ports import Block

BLOCK_ID = re.compile(r"(?P<index>\d{5})\.(?P<total>\d{13})\.(?P<md5>[0-9a-f]{32})", re.ASCII)
BLOCKS_MAX = 50_000  # a blob cannot have more


class Layout(msgspec.Struct, frozen=True):
    """How a content of `total` bytes is cut into blocks of `block_bytes` (the last may be shorter)."""

    total: int
    block_bytes: int

    @property
    def count(self) -> int:
        return -(-self.total // self.block_bytes)

    def length(self, index: int) -> int:
        return min(self.block_bytes, self.total - index * self.block_bytes)

    def staged(self, blocks: Iterable[Block]) -> dict[int, str]:
        """Index to id of those blocks that belong to this content and are whole."""
        found: dict[int, str] = {}
        for block in blocks:
            matched = BLOCK_ID.fullmatch(block.id)
            if matched is None or int(matched["total"]) != self.total:
                continue
            index = int(matched["index"])
            if index < self.count and block.length == self.length(index):
                found[index] = block.id
        return found

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


def layout_for(total: int, block_bytes: int) -> Layout:
    """The layout with the wanted block size, or with larger blocks where there would be too many."""
    return Layout(total, max(block_bytes, -(-total // BLOCKS_MAX)))


def block_id(index: int, total: int, md5: bytes) -> str:
    return f"{index:05}.{total:013}.{md5.hex()}"


def list_digest(blocks: Sequence[Block]) -> str:
    """SHA-256 of a block list, compared before a deletion; empty for a blob written at once, which has no blocks."""
    listed = "".join(f"{block.id}:{block.length}\n" for block in blocks)
    return hashlib.sha256(listed.encode()).hexdigest() if blocks else ""
