"""MP4 files that play: a second of H.264 after the other, each with the time painted into it.

There is no sound in them, and the picture is smaller than ACS's: 256 x 144 at 16 frames a second.
"""

import random
import struct
from dataclasses import dataclass, field
from functools import cache

from local.simulator.h264 import (
    MACROBLOCK_BYTES,
    PCM_HEAD_BYTES,
    key_picture,
    length_prefixed,
    macroblock_at,
    next_picture,
)

SECOND_BYTES = 125_000
"""ACS's 7.5 MB a minute; what the pictures leave of a second is unused."""

FRAMES_PER_SECOND = 16
COLUMNS, ROWS = 16, 9
BLOCK = 16
"""Luma samples in a macroblock's row, and rows."""

CLOCK_ROW, CLOCK_COLUMN, PROGRESS_ROW = 6, 4, 8
DIGIT_SCALE = 3
GLYPHS = dict(
    zip(
        "0123456789:",
        (0x7B6F, 0x2C97, 0x73E7, 0x73CF, 0x5BC9, 0x79CF, 0x79EF, 0x7292, 0x7BEF, 0x7BCF, 0x0410),
        strict=True,
    )
)
"""Three columns by five rows, the top left in the highest of fifteen bits."""

type Colour = tuple[int, int, int]
"""Luma and both chromas."""

NIGHT: Colour = (34, 136, 126)
INK: Colour = (210, 128, 128)
TRACK: Colour = (60, 134, 127)
PEOPLE: tuple[Colour, ...] = ((120, 160, 100), (130, 105, 165))
TILE_COLUMNS = (3, 9)
TILE_BLOCKS = 4
"""A tile is so many macroblocks wide and high."""


def flat(colour: Colour) -> bytes:
    luma, blue, red = colour
    return bytes((luma,)) * 256 + bytes((blue,)) * 64 + bytes((red,)) * 64


def digit(character: str) -> bytes:
    """The luma of one macroblock, with a character in it."""
    luma = bytearray(bytes((NIGHT[0],)) * 256)
    for cell in range(15):
        if GLYPHS[character] >> (14 - cell) & 1:
            row, column = divmod(cell, 3)
            for line in range(DIGIT_SCALE):
                at = (row * DIGIT_SCALE + line) * BLOCK + 3 + column * DIGIT_SCALE
                luma[at : at + DIGIT_SCALE] = bytes((INK[0],)) * DIGIT_SCALE
    return bytes(luma)


DIGITS = {character: digit(character) for character in GLYPHS}


def clock(second: int) -> str:
    """A time as it is painted: `hh:mm:ss`."""
    return f"{second // 3600 % 100:02}:{second // 60 % 60:02}:{second % 60:02}"


def scene() -> list[bytes]:
    """Two people, the place of the clock, and a bar that fills within a second."""
    blocks = [flat(NIGHT)] * (COLUMNS * ROWS)
    for colour, column in zip(PEOPLE, TILE_COLUMNS, strict=True):
        for row in range(1, 1 + TILE_BLOCKS):
            for offset in range(TILE_BLOCKS):
                blocks[row * COLUMNS + column + offset] = figure(row - 1, offset, colour)
    blocks[PROGRESS_ROW * COLUMNS :] = [flat(INK), *[flat(TRACK)] * (COLUMNS - 1)]
    return blocks


def figure(row: int, column: int, colour: Colour) -> bytes:
    """One macroblock of a tile: a head and shoulders, lighter than what is behind."""
    luma = bytearray()
    for y in range(row * BLOCK, (row + 1) * BLOCK):
        for x in range(column * BLOCK, (column + 1) * BLOCK):
            head = (x - 31.5) ** 2 + (y - 24) ** 2 < 11**2
            shoulders = (x - 31.5) ** 2 + (y - 62) ** 2 < 23**2
            luma.append(colour[0] + 60 if head or shoulders else colour[0] - 40)
    return bytes(luma) + bytes((colour[1],)) * 64 + bytes((colour[2],)) * 64


@dataclass(frozen=True, slots=True)
class PictureSecond:
    """The pictures of one second, and where in their bytes the clock is painted."""

    content: bytes = field(repr=False)
    sizes: tuple[int, ...]
    clock_at: int


@cache
def picture_second() -> PictureSecond:
    total = COLUMNS * ROWS
    key = length_prefixed(key_picture(scene()))
    bar = PROGRESS_ROW * COLUMNS
    rest = [
        length_prefixed(next_picture(number, total, {bar + number: flat(INK)}))
        for number in range(1, FRAMES_PER_SECOND)
    ]
    clock_at = macroblock_at(key, CLOCK_ROW * COLUMNS + CLOCK_COLUMN, total)
    return PictureSecond(key + b"".join(rest), (len(key), *map(len, rest)), clock_at)


@dataclass(frozen=True, slots=True)
class Mp4Seconds:
    """The seconds of a whole recording, as a row of numbered blocks."""

    unused: bytes = field(repr=False)
    """What fills each second up; it differs from file to file."""

    @classmethod
    def seeded(cls, seed: int) -> "Mp4Seconds":
        return cls(random.Random(seed).randbytes(SECOND_BYTES - len(picture_second().content)))

    @property
    def block_bytes(self) -> int:
        return SECOND_BYTES

    def block(self, number: int) -> memoryview:
        second = picture_second()
        made = bytearray().join((second.content, self.unused))
        step = MACROBLOCK_BYTES + PCM_HEAD_BYTES
        for place, character in enumerate(clock(number)):
            at = second.clock_at + place * step
            made[at : at + 256] = DIGITS[character]
        struct.pack_into("<Q", made, len(second.content), number)
        return memoryview(made)
