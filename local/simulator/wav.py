"""WAV files: a conversation in PCM behind a header as one of several real writers makes it."""

import struct
import sys
from array import array
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from local.simulator.conversation import SEGMENT_SLOTS, Conversation
from local.simulator.voices import SAMPLE_RATE, SLOT_SAMPLES, syllable

type WavHeader = Literal["plain", "fmt18", "extensible", "junk", "list", "trailing", "streamed", "unfinished"]
"""plain: 44 bytes · fmt18 and extensible: `fmt ` of 18 and 40 bytes · junk: `JUNK` up to 4 KiB before `data` ·
list: a `LIST` of odd size and its pad byte before `data` · trailing: a `LIST` behind `data` ·
streamed and unfinished: both sizes 0xFFFFFFFF, or 0."""

HEADER_ROOM_BYTES = 8192
"""A file of so many bytes has room for any header."""

SAMPLE_BYTES = 2
PCM, EXTENSIBLE = 1, 0xFFFE
PCM_SUBFORMAT = struct.pack("<HHIQ", PCM, 0, 0x0010_0000, 0x719B_3800_AA00_0080)
"""The GUID 00000001-0000-0010-8000-00AA00389B71."""

UNKNOWN_SIZES = {"streamed": 0xFFFF_FFFF, "unfinished": 0}
RIFF_BYTES, CHUNK_HEAD_BYTES = 12, 8
JUNK_UP_TO = 4096
WRITER = b"ISFT" + struct.pack("<I", 10) + b"simulator\0"
INFO = b"INFO" + WRITER + b"\0"
"""Of odd size."""

BLOCK_SLOTS = 16
MARK_SAMPLES = 8
"""The running number of a slot: a nibble each in the first samples of its speaker, 66 dB below full scale."""

NIBBLES = bytes.maketrans(b"0123456789abcdef", bytes(range(16)))
RENDERED_KEPT = 128


@dataclass(frozen=True, slots=True)
class WavFrame:
    """What stands before and behind the samples."""

    head: bytes
    tail: bytes = b""


def wav_frame(size: int, channels: int, form: WavHeader = "plain") -> WavFrame:
    """Header, and what follows the samples, of a file of this size."""
    before = chunk(b"fmt ", format_chunk(channels, form))
    if form == "junk":
        before = chunk(b"JUNK", bytes(JUNK_UP_TO - RIFF_BYTES - len(before) - 2 * CHUNK_HEAD_BYTES)) + before
    if form in {"list", "streamed"}:
        before += chunk(b"LIST", INFO)
    content = size - RIFF_BYTES - len(before) - CHUNK_HEAD_BYTES
    tail = b""
    if form == "trailing":
        # Of the size that leaves the samples an even number of bytes, so that nothing has to be padded.
        listed = INFO + bytes(1 - content % 2)
        tail = struct.pack("<4sI", b"LIST", len(listed)) + listed
        content -= len(tail)
    riff_size, data_size = (UNKNOWN_SIZES[form],) * 2 if form in UNKNOWN_SIZES else (size - 8, content)
    head = struct.pack("<4sI4s", b"RIFF", riff_size, b"WAVE") + before + struct.pack("<4sI", b"data", data_size)
    return WavFrame(head, tail)


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack("<4sI", name, len(content)) + content + bytes(len(content) % 2)


def format_chunk(channels: int, form: WavHeader) -> bytes:
    frame_bytes = SAMPLE_BYTES * channels
    tag = EXTENSIBLE if form == "extensible" else PCM
    plain = struct.pack("<HHIIHH", tag, channels, SAMPLE_RATE, SAMPLE_RATE * frame_bytes, frame_bytes, 16)
    if form == "extensible":
        # No place in the room for any channel: they are participants, not loudspeakers.
        return plain + struct.pack("<HHI", 22, 16, 0) + PCM_SUBFORMAT
    return plain + struct.pack("<H", 0) if form == "fmt18" else plain


@dataclass(frozen=True, slots=True)
class WavVoices:
    """The samples of a whole recording, as a row of numbered blocks."""

    conversation: Conversation
    channels: int

    @property
    def block_bytes(self) -> int:
        return BLOCK_SLOTS * SLOT_SAMPLES * SAMPLE_BYTES * self.channels

    def block(self, number: int) -> memoryview:
        segment, part = divmod(number, SEGMENT_SLOTS // BLOCK_SLOTS)
        slots = self.conversation.segment(segment)[part * BLOCK_SLOTS : (part + 1) * BLOCK_SLOTS]
        made = bytearray().join(
            rendered(self.channels, tuple((one.channel, one.voice) for one in slot.speakers), slot.variant)
            for slot in slots
        )
        frame_bytes = SAMPLE_BYTES * self.channels
        for index, slot in enumerate(slots):
            at = index * SLOT_SAMPLES * frame_bytes + SAMPLE_BYTES * slot.speakers[0].channel
            made[at : at + MARK_SAMPLES * frame_bytes : frame_bytes] = nibbles(number * BLOCK_SLOTS + index)
        return memoryview(made)


def nibbles(number: int) -> bytes:
    return f"{number:0{MARK_SAMPLES}x}".encode().translate(NIBBLES)


@lru_cache(maxsize=RENDERED_KEPT)
def rendered(channels: int, speakers: tuple[tuple[int, int], ...], variant: int) -> bytes:
    """One slot of all channels; on a channel that nobody speaks on, exactly zero."""
    samples = array("h", bytes(SLOT_SAMPLES * SAMPLE_BYTES * channels))
    for channel, voice in speakers:
        spoken = syllable(voice, variant)
        there = samples[channel::channels]
        samples[channel::channels] = array("h", map(int.__add__, there, spoken)) if any(there) else spoken
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()
