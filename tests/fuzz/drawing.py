"""Inputs of a door, drawn by Hypothesis: the same ones on every run."""

from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky

from tests.fuzz.bounds import Finding, enter
from tests.fuzz.door import Door
from tests.fuzz.mutations import MUTATIONS, Mutation, mutated

EXAMPLES = 500  # of each door in CI: all of them take most of a minute
SHOWN = 4000  # bytes of an input that was found
FEW = 50  # in `make test`: seconds


def walk_through(door: Door[Any], examples: int) -> int:
    """Enter a door with that many inputs; returns how many there were.

    Raises:
        Finding: as the input that was found first. It is not made smaller: it is mutated little.
    """
    known = [*door.seeds, *door.corpus]
    entered = 0
    found: list[Finding] = []

    @settings(
        max_examples=examples,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(st.integers(0, len(known) - 1), MUTATIONS)
    def walk(number: int, changes: list[Mutation]) -> None:
        nonlocal entered
        entered += 1
        data = mutated(known[number], changes, is_framed=door.is_framed)
        try:
            enter(door, data)
        except Finding as finding:
            finding.add_note(f"The door {door.name}, entered with {data[:SHOWN]!r}")
            found.append(finding)
            raise

    try:
        walk()
    except Flaky:  # entered again, it ended as declared: memory was there already, a processor was free
        raise found[0] from None
    return entered
