"""H.264 without compression: pictures of PCM macroblocks, each byte of which stays where it is in the file.

Baseline profile, one slice a picture. A picture that follows another repeats all of it but a few macroblocks. Samples
are at least `SAMPLE_MIN`, so that no start code can come about in them, and nothing has to be escaped.
"""

import re
import struct

MACROBLOCK_BYTES = 256 + 2 * 64
"""16 x 16 of luma, 8 x 8 of each chroma."""

SAMPLE_MIN = 16
PARAMETERS, PICTURE_PARAMETERS, KEY_PICTURE, NEXT_PICTURE = 0x67, 0x68, 0x65, 0x61
"""The first byte of the units."""

PROFILE_BASELINE, CONSTRAINED, LEVEL_2 = 66, 0xC0, 20
FRAME_NUMBERS = 16
"""How many pictures may follow each other, the key picture among them."""

PCM_IN_KEY, PCM_IN_NEXT = 25, 30
"""The macroblock type `I_PCM` in either kind of slice."""

PCM_HEAD_BYTES = 2
"""The type of a macroblock, and the bits up to the next byte."""


def ue(value: int) -> str:
    """An unsigned Exp-Golomb code, as bits."""
    bits = f"{value + 1:b}"
    return "0" * (len(bits) - 1) + bits


def aligned(bits: str, filled: str = "0") -> bytes:
    """Bits as bytes, filled up."""
    bits += filled * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8)


def ended(bits: str) -> bytes:
    """Bits as bytes, with the stop bit of a unit."""
    return aligned(bits + "1")


def unit(kind: int, content: bytes) -> bytes:
    """A unit, with its escapes."""
    return bytes((kind,)) + re.sub(rb"\x00\x00(?=[\x00-\x03])", b"\x00\x00\x03", content)


def parameters(columns: int, rows: int) -> bytes:
    """The sequence parameters of a picture of so many macroblocks."""
    bits = ue(0) + ue(0) + ue(2) + ue(1) + "0" + ue(columns - 1) + ue(rows - 1) + "1" + "1" + "0" + "0"
    return unit(PARAMETERS, bytes((PROFILE_BASELINE, CONSTRAINED, LEVEL_2)) + ended(bits))


def picture_parameters() -> bytes:
    """No entropy coding but CAVLC, one reference; the deblocking filter may be switched off."""
    bits = ue(0) + ue(0) + "0" + "0" + ue(0) + ue(0) + ue(0) + "0" + "00" + ue(0) * 3 + "1" + "0" + "0"
    return unit(PICTURE_PARAMETERS, ended(bits))


def key_picture(macroblocks: list[bytes]) -> bytes:
    """A whole picture."""
    head = ue(0) + ue(7) + ue(0) + "0000" + ue(0) + "00" + ue(0) + ue(1)
    first = aligned(head + ue(PCM_IN_KEY))
    return unit(KEY_PICTURE, first + aligned(ue(PCM_IN_KEY)).join(macroblocks) + ended(""))


def next_picture(number: int, total: int, changes: dict[int, bytes]) -> bytes:
    """The picture before it, but for some macroblocks; `number` counts from the key picture."""
    bits = ue(0) + ue(5) + ue(0) + f"{number % FRAME_NUMBERS:04b}" + "0" + "0" + "0" + ue(0) + ue(1)
    content, position = b"", 0
    for at, macroblock in sorted(changes.items()):
        content += aligned(bits + ue(at - position) + ue(PCM_IN_NEXT)) + macroblock
        bits, position = "", at + 1
    if position < total:
        bits += ue(total - position)
    return unit(NEXT_PICTURE, content + ended(bits))


def macroblock_at(picture: bytes, number: int, total: int) -> int:
    """Where a macroblock begins in a key picture: all but the first have a head of the same length."""
    last_ends = len(picture) - 1
    return last_ends - (total - number) * (MACROBLOCK_BYTES + PCM_HEAD_BYTES) + PCM_HEAD_BYTES


def length_prefixed(picture: bytes) -> bytes:
    """A unit as MP4 holds it."""
    return struct.pack(">I", len(picture)) + picture
