"""The boxes of an MP4 file: what a player reads before the pictures."""

import struct

from local.simulator.h264 import parameters, picture_parameters
from local.simulator.mp4 import BLOCK, COLUMNS, FRAMES_PER_SECOND, ROWS, SECOND_BYTES, picture_second

TICKS = 16
"""The files' unit of time, in a second: a tick is a picture."""

MATRIX = struct.pack(">9I", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
WIDTH, HEIGHT = COLUMNS * BLOCK, ROWS * BLOCK
LANGUAGE_UNKNOWN = 0x55C4
DOTS_PER_INCH = 72 << 16


def mp4_head(size: int) -> bytes:
    """Everything up to the first picture; a file with no room for a second has no pictures, only their box."""
    seconds = film_seconds(size)
    head = file_type() + (movie(seconds, film_begin(seconds)) if seconds else b"")
    return head + struct.pack(">I4sQ", 1, b"mdat", size - len(head))


def film_seconds(size: int) -> int:
    """How long the film in a file of this size is."""
    return max(0, size - film_begin(0)) // (SECOND_BYTES + film_begin(1) - film_begin(0))


def film_begin(seconds: int) -> int:
    """Where the pictures of so many seconds begin."""
    return len(file_type()) + len(movie(seconds, 0)) + struct.calcsize(">I4sQ")


def file_type() -> bytes:
    return box(b"ftyp", b"isom", struct.pack(">I", 512), b"isomiso2avc1mp41")


def box(name: bytes, *content: bytes) -> bytes:
    joined = b"".join(content)
    return struct.pack(">I4s", 8 + len(joined), name) + joined


def full_box(name: bytes, flags: int, *content: bytes) -> bytes:
    return box(name, struct.pack(">I", flags), *content)


def movie(seconds: int, begin: int) -> bytes:
    ticks = seconds * TICKS
    header = struct.pack(">4I", 0, 0, TICKS, ticks) + struct.pack(">IH10x", 1 << 16, 1 << 8) + MATRIX
    track_header = struct.pack(">5I8x4H", 0, 0, 1, 0, ticks, 0, 0, 0, 0) + MATRIX
    return box(
        b"moov",
        full_box(b"mvhd", 0, header, bytes(24), struct.pack(">I", 2)),
        box(
            b"trak",
            full_box(b"tkhd", 3, track_header, struct.pack(">2I", WIDTH << 16, HEIGHT << 16)),
            box(
                b"mdia",
                full_box(b"mdhd", 0, struct.pack(">4I2H", 0, 0, TICKS, ticks, LANGUAGE_UNKNOWN, 0)),
                full_box(b"hdlr", 0, bytes(4), b"vide", bytes(12), b"video\0"),
                box(
                    b"minf",
                    full_box(b"vmhd", 1, bytes(8)),
                    box(b"dinf", full_box(b"dref", 0, struct.pack(">I", 1), full_box(b"url ", 1))),
                    sample_table(seconds, begin),
                ),
            ),
        ),
    )


def sample_table(seconds: int, begin: int) -> bytes:
    """Every second is a chunk of its own, and begins with the one picture that needs no other."""
    pictures = seconds * FRAMES_PER_SECOND
    keys = range(1, pictures + 1, FRAMES_PER_SECOND)
    chunks = range(begin, begin + seconds * SECOND_BYTES, SECOND_BYTES)
    return box(
        b"stbl",
        full_box(b"stsd", 0, struct.pack(">I", 1), sample_entry()),
        full_box(b"stts", 0, struct.pack(">3I", 1, pictures, TICKS // FRAMES_PER_SECOND)),
        full_box(b"stss", 0, struct.pack(f">{1 + seconds}I", seconds, *keys)),
        full_box(b"stsc", 0, struct.pack(">4I", 1, 1, FRAMES_PER_SECOND, 1)),
        full_box(b"stsz", 0, struct.pack(">2I", 0, pictures), picture_sizes() * seconds),
        full_box(b"stco", 0, struct.pack(f">{1 + seconds}I", seconds, *chunks)),
    )


def picture_sizes() -> bytes:
    return struct.pack(f">{FRAMES_PER_SECOND}I", *picture_second().sizes)


def sample_entry() -> bytes:
    visual = struct.pack(">6xH16x2H2I4xH32xHh", 1, WIDTH, HEIGHT, DOTS_PER_INCH, DOTS_PER_INCH, 1, 24, -1)
    sequence, picture = parameters(COLUMNS, ROWS), picture_parameters()
    lengths_of_four_bytes = 0xFF
    one_sequence = 0xE1
    config = bytes((1, *sequence[1:4], lengths_of_four_bytes, one_sequence))
    config += struct.pack(">H", len(sequence)) + sequence + b"\x01" + struct.pack(">H", len(picture)) + picture
    return box(b"avc1", visual, box(b"avcC", config))
