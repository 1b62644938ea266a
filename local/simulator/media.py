"""Recorded media: files of the right kind that play, computable at any offset.

A file is a header followed by equal-sized blocks of a whole recording, each carrying its own number so that no two are
alike. Two gigabytes therefore cost a megabyte, and a test can still compare the hash of the whole.
"""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from local.simulator.conversation import Conversation, Speaker
from local.simulator.mp3 import MP3_FRAME_BYTES, MP3_FRAME_MS, Mp3Voices, silent_frame
from local.simulator.mp4 import SECOND_BYTES, Mp4Seconds
from local.simulator.mp4_boxes import film_seconds, mp4_head
from local.simulator.voices import SAMPLE_RATE
from local.simulator.wav import HEADER_ROOM_BYTES, MARK_SAMPLES, SAMPLE_BYTES, WavHeader, WavVoices, wav_frame

MEDIA_BYTES_MIN = 64
"""Room for the plain header of each kind, and a little more."""


class Blocks(Protocol):
    """A whole recording in one format, without headers: an endless row of numbered blocks."""

    @property
    def block_bytes(self) -> int: ...

    def block(self, number: int) -> memoryview: ...


@dataclass(frozen=True)
class Media:
    """One media file, as a body."""

    size: int
    head: bytes = field(repr=False)
    blocks: Blocks = field(repr=False)
    skipped: int
    """Which byte of the blocks follows the head."""
    tail: bytes = b""

    def pieces(self, start: int, stop: int) -> Iterator[memoryview]:
        middle_ends = self.size - len(self.tail)
        if start < min(stop, len(self.head)):
            yield memoryview(self.head)[start:stop]
            start = len(self.head)
        while start < min(stop, middle_ends):
            number, within = divmod(start - len(self.head) + self.skipped, self.blocks.block_bytes)
            piece = self.blocks.block(number)[within : within + min(stop, middle_ends) - start]
            yield piece
            start += len(piece)
        if start < stop:
            yield memoryview(self.tail)[start - middle_ends : stop - middle_ends]

    @cached_property
    def sha256(self) -> str:
        digest = hashlib.sha256()
        for piece in self.pieces(0, self.size):
            digest.update(piece)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Which part of which recording a file holds.

    Attributes:
        conversation: of the recording; unset: one voice, by the file's seed.
        elapsed: how much of the recording earlier files hold, in the format's units (`unit_count`).
        wav_header: how a WAV file begins.
    """

    conversation: Conversation | None = None
    elapsed: int = 0
    wav_header: WavHeader = "plain"


WHOLE = Part()


def make_media(media_format: str, size: int, channels: int, seed: int, part: Part = WHOLE) -> Media:
    """Make the file that ACS would store for `wav`, `mp3` or `mp4`; no two seeds give the same bytes.

    Raises:
        ValueError: the size is smaller than any file of this kind.
    """
    if size < MEDIA_BYTES_MIN or (part.wav_header != "plain" and size < HEADER_ROOM_BYTES):
        raise ValueError(f"A file of {size} bytes has no room for its header")
    conversation = part.conversation or Conversation(seed, (Speaker(),))
    if media_format == "wav":
        return wav_media(size, channels, seed, part, WavVoices(conversation, channels))
    if media_format == "mp3":
        skipped = part.elapsed * MP3_FRAME_BYTES
        return Media(size, silent_frame(seed), Mp3Voices(conversation), skipped + MP3_FRAME_BYTES)
    skipped = part.elapsed // SECOND_BYTES * SECOND_BYTES
    return Media(size, mp4_head(size), Mp4Seconds.seeded(seed), skipped)


def wav_media(size: int, channels: int, seed: int, part: Part, voices: WavVoices) -> Media:
    """Make a WAV file; the lowest bits of its first samples are those of its seed."""
    frame = wav_frame(size, channels, part.wav_header)
    frame_bytes = SAMPLE_BYTES * channels
    skipped = part.elapsed * frame_bytes
    unmarked = Media(size, frame.head, voices, skipped, frame.tail)
    marked = len(frame.head) + 2 * MARK_SAMPLES * frame_bytes
    head = bytearray().join(unmarked.pieces(0, min(marked, size - len(frame.tail))))
    chance = random.Random(seed)
    for at in range(len(frame.head), len(head), SAMPLE_BYTES):
        head[at] = head[at] & 0xF0 | chance.randrange(16)
    return Media(size, bytes(head), voices, skipped + len(head) - len(frame.head), frame.tail)


def unit_count(media_format: str, size: int, channels: int, wav_header: WavHeader = "plain") -> int:
    """How much a file of this size holds: samples of a channel, frames of an MP3, bytes of a film at its rate."""
    if media_format == "wav":
        frame = wav_frame(size, channels, wav_header)
        return (size - len(frame.head) - len(frame.tail)) // (SAMPLE_BYTES * channels)
    if media_format == "mp3":
        return size // MP3_FRAME_BYTES
    return film_seconds(size) * SECOND_BYTES or size


def unit_ms(media_format: str) -> float:
    """How long a unit lasts."""
    return {"wav": 1000 / SAMPLE_RATE, "mp3": MP3_FRAME_MS, "mp4": 1000 / SECOND_BYTES}[media_format]


def bytes_per_second(media_format: str, channels: int) -> int:
    """ACS's documented rates: 1.92 MB a minute and channel, 0.36 and 7.5 MB a minute."""
    return {"wav": SAMPLE_BYTES * SAMPLE_RATE * channels, "mp3": 6_000, "mp4": SECOND_BYTES}[media_format]
