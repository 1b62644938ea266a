"""Made-up voices: syllables from a pitch and the formants of a vowel, each as long as a slot of a conversation."""

import math
from array import array
from functools import cache

from local.simulator.conversation import REST, SLOT_MS

SAMPLE_RATE = 16_000
"""Audio samples a second, in every format that ACS writes."""

SLOT_SAMPLES = SAMPLE_RATE * SLOT_MS // 1000
SILENT_SAMPLES = 16
"""How many samples at the beginning of a syllable are zero: the place of a running number."""

PEAK = 14_000
"""Of 32,767: two voices at once do not clip."""

PITCHES_HZ = (98, 186, 124, 221, 110, 205, 139, 167)
VOWELS_HZ = ((730, 1090), (270, 2290), (300, 870), (530, 1840), (570, 840), (440, 1020), (660, 1700))
"""First and second formant, roughly those of a, i, u, e, o and two between."""

FORMANT_WIDTH_HZ = 120
OVERTONES_BELOW_HZ = 3_000
LOUDNESS = (1.0, 0.6, 0.85, 0.5, 0.95, 0.7, 0.4)
LENGTHS = (3_800, 2_600, 3_200, 2_200, 3_600, 3_000, 2_400)
"""Samples of a syllable that sound; the rest of its slot is a gap before the next."""


@cache
def syllable(voice: int, variant: int) -> array[int]:
    """The samples of one slot, from a voice of any number; `REST` is silence."""
    silence = array("h", bytes(2 * SLOT_SAMPLES))
    if variant == REST:
        return silence
    wave, length = period(voice % len(PITCHES_HZ), variant - 1), LENGTHS[variant - 1]
    volume = PEAK * LOUDNESS[variant - 1]
    sounding = [
        round(volume * math.sin(math.pi * step / length) ** 0.5 * wave[step % len(wave)]) for step in range(length)
    ]
    silence[SILENT_SAMPLES : SILENT_SAMPLES + length] = array("h", sounding)
    return silence


def period(voice: int, vowel: int) -> list[float]:
    """One period of a voice at a vowel, between -1 and 1."""
    pitch = PITCHES_HZ[voice]
    samples = SAMPLE_RATE // pitch
    overtones = [
        (number, overtone_weight(number * pitch, vowel)) for number in range(1, OVERTONES_BELOW_HZ // pitch + 1)
    ]
    wave = [
        sum(weight * math.sin(2 * math.pi * number * step / samples) for number, weight in overtones)
        for step in range(samples)
    ]
    peak = max(map(abs, wave))
    return [value / peak for value in wave]


def overtone_weight(frequency: int, vowel: int) -> float:
    return sum(1 / (1 + ((frequency - formant) / FORMANT_WIDTH_HZ) ** 2) for formant in VOWELS_HZ[vowel])
