"""Response bodies whose bytes are made when they are sent, at any offset, in large pieces."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


class Body(Protocol):
    """Bytes of known size that can be produced from any offset."""

    @property
    def size(self) -> int: ...

    def pieces(self, start: int, stop: int) -> Iterator[memoryview]:
        """Yield the bytes from start up to stop; stop must not lie behind the end."""
        ...


@dataclass(frozen=True, slots=True)
class BytesBody:
    """Bytes that are already there."""

    content: bytes = b""

    @property
    def size(self) -> int:
        return len(self.content)

    def pieces(self, start: int, stop: int) -> Iterator[memoryview]:
        yield memoryview(self.content)[start:stop]


@dataclass(frozen=True, slots=True)
class SliceBody:
    """A range of another body."""

    whole: Body
    start: int
    stop: int

    @property
    def size(self) -> int:
        return self.stop - self.start

    def pieces(self, start: int, stop: int) -> Iterator[memoryview]:
        return self.whole.pieces(self.start + start, self.start + stop)


@dataclass(frozen=True, slots=True)
class DamagedBody:
    """Another body with the bits of a few bytes flipped."""

    whole: Body
    at: int
    length: int = 1
    mask: int = 0x01

    @property
    def size(self) -> int:
        return self.whole.size

    def pieces(self, start: int, stop: int) -> Iterator[memoryview]:
        position = start
        for piece in self.whole.pieces(start, stop):
            yield self.damaged(piece, position)
            position += len(piece)

    def damaged(self, piece: memoryview, position: int) -> memoryview:
        first, last = max(self.at, position), min(self.at + self.length, position + len(piece))
        if first >= last:
            return piece
        copy = bytearray(piece)
        for index in range(first - position, last - position):
            copy[index] ^= self.mask
        return memoryview(copy)


def whole(body: Body) -> bytes:
    return b"".join(body.pieces(0, body.size))
