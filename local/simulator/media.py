"""Recorded media: real headers of the right kind around seeded bytes, computable at any offset.

A file is a header followed by equal-sized patterns, each carrying its own number so that no two are alike.
Two gigabytes therefore cost a quarter of a megabyte, and a test can still compare the hash of the whole.
"""

import hashlib
import math
import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

SAMPLE_RATE = 16_000
"""Audio samples a second, in every format that ACS writes."""

PATTERN_BYTES = 1 << 18
MEDIA_BYTES_MIN = 64
"""Room for the longest header and the first running number."""

MP3_FRAME = bytes((0xFF, 0xF3, 0x68, 0xC0))
"""Header of an MPEG-2 layer III frame: 48 kbit/s, 16 kHz, mono."""

MP3_FRAME_BYTES = 216
MP3_SIDE_BYTES = 9
"""Side information of a mono frame; all zero means silence, and decoders skip what follows."""


@dataclass(frozen=True)
class Media:
    """One media file, as a body."""

    size: int
    header: bytes
    pattern: bytes = field(repr=False)
    counter_at: int
    """Where in the pattern its running number stands."""

    def pieces(self, start: int, stop: int) -> Iterator[memoryview]:
        if start < len(self.header):
            yield memoryview(self.header)[start:stop]
            start = len(self.header)
        while start < stop:
            number, within = divmod(start - len(self.header), len(self.pattern))
            piece = self.numbered(number)[within : within + stop - start]
            yield piece
            start += len(piece)

    def numbered(self, number: int) -> memoryview:
        copy = bytearray(self.pattern)
        struct.pack_into("<Q", copy, self.counter_at, number)
        return memoryview(copy)

    @cached_property
    def sha256(self) -> str:
        digest = hashlib.sha256()
        for piece in self.pieces(0, self.size):
            digest.update(piece)
        return digest.hexdigest()


def make_media(media_format: str, size: int, channels: int, seed: int) -> Media:
    """Make the file that ACS would store for `wav`, `mp3` or `mp4`.

    Raises:
        ValueError: the size is smaller than any file of this kind.
    """
    if size < MEDIA_BYTES_MIN:
        raise ValueError(f"A file of {size} bytes has no room for its header")
    length = min(size, PATTERN_BYTES)
    if media_format == "wav":
        return Media(size, wav_header(size, channels), wav_pattern(seed, length), 0)
    if media_format == "mp3":
        return Media(size, b"", mp3_pattern(seed, length), len(MP3_FRAME) + MP3_SIDE_BYTES)
    return Media(size, mp4_header(size), random.Random(seed).randbytes(length), 0)


def bytes_per_second(media_format: str, channels: int) -> int:
    """ACS's documented rates: 1.92 MB a minute and channel, 0.36 and 7.5 MB a minute."""
    return {"wav": 2 * SAMPLE_RATE * channels, "mp3": 6_000, "mp4": 125_000}[media_format]


def wav_header(size: int, channels: int) -> bytes:
    frame_bytes = 2 * channels
    form = struct.pack("<HHIIHH", 1, channels, SAMPLE_RATE, SAMPLE_RATE * frame_bytes, frame_bytes, 16)
    riff = struct.pack("<4sI4s", b"RIFF", size - 8, b"WAVE")
    return riff + struct.pack("<4sI", b"fmt ", len(form)) + form + struct.pack("<4sI", b"data", size - 44)


def wav_pattern(seed: int, length: int) -> bytes:
    """Make a quiet tone with a little hiss, so that a person who listens to a demo hears something."""
    source, samples = random.Random(seed), length // 2
    period = source.randrange(24, 64)
    wave = bytes(round(8 * math.sin(2 * math.pi * step / period)) & 0xFF for step in range(period))
    pattern = bytearray(2 * samples)
    pattern[0::2] = source.randbytes(samples)
    pattern[1::2] = (wave * (samples // period + 1))[:samples]
    return bytes(pattern)


def mp3_pattern(seed: int, length: int) -> bytes:
    source = random.Random(seed)
    silence = MP3_FRAME + bytes(MP3_SIDE_BYTES)
    ancillary = MP3_FRAME_BYTES - len(silence)
    frames = max(1, length // MP3_FRAME_BYTES)
    return b"".join(silence + source.randbytes(ancillary) for _ in range(frames))


def mp4_header(size: int) -> bytes:
    """A file type box and the head of one media box; the 64-bit length has room for any size."""
    brands = b"isom" + struct.pack(">I", 512) + b"isomiso2avc1mp41"
    file_type = struct.pack(">I4s", 8 + len(brands), b"ftyp") + brands
    return file_type + struct.pack(">I4sQ", 1, b"mdat", size - len(file_type))
