"""Reads WAV files by their header, whoever wrote it."""

import struct
from dataclasses import dataclass

from local.simulator.wav import CHUNK_HEAD_BYTES, RIFF_BYTES, UNKNOWN_SIZES


@dataclass(frozen=True, slots=True)
class WavLayout:
    """Where the samples of a WAV file are."""

    channels: int
    data_at: int
    data_bytes: int


def wav_layout(content: bytes) -> WavLayout:
    """Find the samples of a whole file, chunk by chunk; a size that says nothing reaches to the end.

    Raises:
        ValueError: it is no WAV file.
    """
    if content[:4] != b"RIFF" or content[8:RIFF_BYTES] != b"WAVE":
        raise ValueError("No RIFF file of kind WAVE")
    at, channels = RIFF_BYTES, 0
    while at + CHUNK_HEAD_BYTES <= len(content):
        name, size = struct.unpack_from("<4sI", content, at)
        at += CHUNK_HEAD_BYTES
        if name == b"data":
            rest = len(content) - at
            return WavLayout(channels, at, rest if size in UNKNOWN_SIZES.values() else min(size, rest))
        if name == b"fmt ":
            (channels,) = struct.unpack_from("<H", content, at + 2)
        at += size + size % 2
    raise ValueError("No chunk `data`")
