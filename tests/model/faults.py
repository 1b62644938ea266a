"""Which faults can hit which effect, and the plans that say when they do."""

import random
from collections.abc import Mapping
from functools import cache
from typing import Protocol

from tests.fakes import Effect, Fault

EVERYWHERE = (Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.ERROR_BEFORE, Fault.TIME_OUT, Fault.ERROR_AFTER)
BAD_ANSWERS = (Fault.EMPTY, Fault.TRUNCATED, Fault.HTML, Fault.MISSING)
# A flipped bit in the media is in no port's power to notice on a single read; see docs/reliability.md.
LOST = (Fault.LOST_ONCE,)
WRITES = (
    "catalog.save_recording",
    "catalog.save_chunk",
    "catalog.add_chunks",
    "catalog.index_recording",
    "catalog.index_calls",
    "catalog.link_acs_id",
    "catalog.put_entries",
    "catalog.remove_entry",
    "catalog.remove_entries",
    "catalog.mark_events",
    "catalog.have_due",
    "catalog.put_listed",
    "catalog.remove_listed",
    "store.put",
    "store.stage",
    "store.commit",
    "rejected.keep",
    "rejected.remove",
    "letters.remove",
)
ELSEWHERE: Mapping[str, tuple[Fault, ...]] = dict.fromkeys(WRITES, LOST) | {
    "source.open": BAD_ANSWERS,
    "source.delete": (Fault.ASKED_AGAIN,),
    "catalog.recording": (Fault.STALE,),
    "catalog.chunk": (Fault.STALE,),
    "queue.send": (Fault.DUPLICATE,),
    "acs.pause": (Fault.MISSING,),
    "acs.resume": (Fault.MISSING,),
    "acs.stop": (Fault.MISSING,),
}
FAULTS_MIN, FAULTS_MAX = 3, 8


@cache
def faults_of(name: str) -> tuple[Fault, ...]:
    """Every fault that an effect of this name may meet."""
    return EVERYWHERE + ELSEWHERE.get(name, ())


class FaultPlan(Protocol):
    """Decides which fault hits an effect."""

    def __call__(self, effect: Effect) -> Fault | None: ...


class FixedFaults:
    """These faults at these effects, by number."""

    def __init__(self, faults: Mapping[int, Fault]) -> None:
        self.faults = faults

    def __call__(self, effect: Effect) -> Fault | None:
        return self.faults.get(effect.number)


class DrawnFaults:
    """Three to eight faults, drawn: where they hit before the run, which they are when they do."""

    def __init__(self, draw: random.Random, undisturbed: int) -> None:
        """Three of them hit surely: no run has fewer effects than an undisturbed one."""
        self.draw = draw
        more = draw.randint(FAULTS_MIN, FAULTS_MAX) - FAULTS_MIN
        self.places = set(draw.sample(range(1, undisturbed + 1), FAULTS_MIN))
        self.places |= {draw.randint(1, undisturbed * 3 // 2) for _ in range(more)}

    def __call__(self, effect: Effect) -> Fault | None:
        return self.draw.choice(faults_of(effect.name)) if effect.number in self.places else None


def text_of(faults: Mapping[int, Fault]) -> str:
    return ", ".join(f"{number}:{fault}" for number, fault in sorted(faults.items()))


def parsed(text: str) -> dict[int, Fault]:
    """What `text_of` wrote."""
    pairs = (part.split(":") for part in text.split(",") if part.strip())
    return {int(number): Fault(fault.strip()) for number, fault in pairs}
