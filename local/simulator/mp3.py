"""MP3 files: a conversation in MPEG-2 layer III frames, made of three steady tones.

The tones were made here: `sum(weight * sin(2 * pi * cycles * overtone * t / 576))` for 4, 6 and 8 cycles a frame (111,
167 and 222 Hz at 16 kHz), encoded by `ffmpeg -c:a libmp3lame -b:a 48k -reservoir 0 -write_xing 0`. A tone that is
periodic in a frame yields equal frames; below is one of each without its header and without the padding at its end.
"""

import base64
import random
import struct
from dataclasses import dataclass
from functools import cache

from local.simulator.conversation import REST, SEGMENT_SLOTS, Conversation

MP3_FRAME = bytes((0xFF, 0xF3, 0x68, 0xC0))
"""Header of an MPEG-2 layer III frame: 48 kbit/s, 16 kHz, mono."""

MP3_FRAME_BYTES = 216
MP3_FRAME_MS = 36
MP3_SIDE_BYTES = 9
"""Side information of a mono frame; all zero means silence, and decoders skip what follows."""

TONES = (
    base64.b64decode(
        "ABfT0gwAvUSg4R78AYLFBEAFBgK4EY3IGCzARA5AYJ0hFsNBgunhFGlBglvhE4gycWTr/VvwTav+r69X06jfqP2/Ue1v/t//343b+39/"
        "79u9rf30b+2rdtRv/Tg31bVtW06cG2DdrrqT"
    ),
    base64.b64decode(
        "ABMLwgwAvMTg+EfeoGEhHhGnpBhM/4RRHwYTaeESqgGB8nhHQM/6P6v4Jv/T/6D/f7f/b7fG9R/j//f7fb7/f7/+g/o33+/q//r8G/o/"
        "o/q/gn1a9SY="
    ),
    base64.b64decode(
        "ABPqhhAAuAtA/hH00BhN0EQaAGERvhFiTBg0zhECrBgN9hFg4BhHl4RAYAYA1hEpZBgmT+KyN79f1f9W//1f//t+jfoO/Qd+o/+/8NX8"
        "f0//8jyX/yPJf2I="
    ),
)
GAIN_BIT = 72 - 38
"""Of the side information as a number: where its global gain ends, eight bits in steps of 1.5 dB."""

SLOT_FRAMES = 7
"""A silent frame with the running number, and a syllable: 252 ms for a conversation's slot of 250."""

SYLLABLES = (
    (8, 2, 0, 1, 4, 10),
    (6, 0, 2, 5, 10, 18),
    (14, 6, 1, 0, 3, 9),
    (4, 0, 6, 16, 30, 60),
    (9, 3, 0, 0, 2, 7),
    (5, 1, 0, 4, 9, 16),
    (7, 2, 4, 12, 24, 48),
)
"""For each variant how much quieter than the tone each frame is."""


@dataclass(frozen=True, slots=True)
class Mp3Voices:
    """The frames of a whole recording, as a row of numbered blocks."""

    conversation: Conversation

    @property
    def block_bytes(self) -> int:
        return SEGMENT_SLOTS * SLOT_FRAMES * MP3_FRAME_BYTES

    def block(self, number: int) -> memoryview:
        slots = self.conversation.segment(number)
        made = bytearray().join(spoken(slot.speakers[0].voice % len(TONES), slot.variant) for slot in slots)
        for index in range(SEGMENT_SLOTS):
            at = index * SLOT_FRAMES * MP3_FRAME_BYTES + len(MP3_FRAME) + MP3_SIDE_BYTES
            struct.pack_into("<Q", made, at, number * SEGMENT_SLOTS + index)
        return memoryview(made)


def silent_frame(seed: int) -> bytes:
    """A frame of silence; what decoders skip differs from seed to seed."""
    unheard = MP3_FRAME_BYTES - len(MP3_FRAME) - MP3_SIDE_BYTES
    return MP3_FRAME + bytes(MP3_SIDE_BYTES) + random.Random(seed).randbytes(unheard)


@cache
def spoken(voice: int, variant: int) -> bytes:
    silence = silent_frame(0)
    if variant == REST:
        return silence * SLOT_FRAMES
    return silence + b"".join(tone_frame(TONES[voice], quieter) for quieter in SYLLABLES[variant - 1])


def tone_frame(tone: bytes, quieter: int) -> bytes:
    side = int.from_bytes(tone[:MP3_SIDE_BYTES]) - (quieter << GAIN_BIT)
    frame = MP3_FRAME + side.to_bytes(MP3_SIDE_BYTES) + tone[MP3_SIDE_BYTES:]
    return frame + bytes(MP3_FRAME_BYTES - len(frame))
