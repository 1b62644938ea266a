"""Who speaks when in a recording: turns of one to four seconds, computable at any moment of it.

A recording has one conversation, whatever files it is cut into. Time goes in slots, a syllable each.
"""

import random
from dataclasses import dataclass
from functools import lru_cache

SLOT_MS = 250
SEGMENT_SLOTS = 64
"""Turns are drawn for so many slots at once, from a seed of their own: any moment costs what the first one does."""

TURN_SLOTS = (4, 16)
OVERLAP_SLOTS = 2
OVERLAP_CHANCE = 0.3
"""How often the next speaker does not wait for the end of a turn."""

REST = 0
"""The variant of a slot in which nobody speaks."""

VARIANTS = 8
SEGMENTS_KEPT = 32


@dataclass(frozen=True, slots=True)
class Speaker:
    """One participant's voice, where it is recorded, and when it is in the call.

    Attributes:
        voice: number of the voice.
        channel: of the file, from 0; a mixed file has one for all.
        joins_ms, leaves_ms: on the recording's time line, pauses not counted; no end when None.
    """

    voice: int = 0
    channel: int = 0
    joins_ms: int = 0
    leaves_ms: int | None = None

    def is_there(self, begin_ms: float, end_ms: float) -> bool:
        """Whether any of this part of the recording is theirs to be heard in."""
        return self.joins_ms < end_ms and (self.leaves_ms is None or self.leaves_ms > begin_ms)

    def speaks(self, begin_ms: int, slot_ms: int) -> bool:
        """Whether they are there for a whole slot."""
        return self.joins_ms <= begin_ms and (self.leaves_ms is None or self.leaves_ms >= begin_ms + slot_ms)


@dataclass(frozen=True, slots=True)
class Slot:
    """What is heard during one slot; never without a speaker, who is silent when the variant is `REST`."""

    speakers: tuple[Speaker, ...]
    variant: int


@dataclass(frozen=True, slots=True)
class Conversation:
    """The conversation of one recording."""

    seed: int | str
    speakers: tuple[Speaker, ...]
    slot_ms: int = SLOT_MS

    def segment(self, number: int) -> tuple[Slot, ...]:
        """The slots from `number * SEGMENT_SLOTS` on."""
        return drawn_segment(self, number)


@lru_cache(maxsize=SEGMENTS_KEPT)
def drawn_segment(conversation: Conversation, number: int) -> tuple[Slot, ...]:
    chance = random.Random(f"{conversation.seed}/{number}")
    slots: list[Slot] = []
    speaker = conversation.speakers[0]
    while len(slots) < SEGMENT_SLOTS:
        begin_ms = (number * SEGMENT_SLOTS + len(slots)) * conversation.slot_ms
        there = [one for one in conversation.speakers if one.speaks(begin_ms, conversation.slot_ms)]
        if not there:
            slots.append(Slot((conversation.speakers[0],), REST))
            continue
        speaker = chance.choice([one for one in there if one is not speaker] or there)
        others = [one for one in there if one is not speaker]
        slots += turn(chance, speaker, others, begin_ms, conversation.slot_ms)
    return tuple(slots[:SEGMENT_SLOTS])


def turn(chance: random.Random, speaker: Speaker, others: list[Speaker], begin_ms: int, slot_ms: int) -> list[Slot]:
    """What one speaker says; it ends with a rest, or with somebody who falls in."""
    length = chance.randint(*TURN_SLOTS)
    if speaker.leaves_ms is not None:
        length = min(length, (speaker.leaves_ms - begin_ms) // slot_ms)
    said = [Slot((speaker,), chance.randrange(1, VARIANTS)) for _ in range(length)]
    staying = [one for one in others if one.speaks(begin_ms + (length - 1) * slot_ms, slot_ms)]
    if staying and length > OVERLAP_SLOTS and chance.random() < OVERLAP_CHANCE:
        both = (speaker, chance.choice(staying))
        said[-OVERLAP_SLOTS:] = [Slot(both, slot.variant) for slot in said[-OVERLAP_SLOTS:]]
    else:
        said[-1] = Slot((speaker,), REST)
    return said
