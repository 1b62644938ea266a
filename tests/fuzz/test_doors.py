"""No input ends but as declared: whatever comes in at a door of the app."""

import time
from collections.abc import Callable

import pytest

from tests.fuzz.__main__ import KEPT_BYTES_MAX
from tests.fuzz.bounds import enter
from tests.fuzz.doors import DOORS
from tests.fuzz.drawing import EXAMPLES, FEW, walk_through


@pytest.mark.parametrize("name", DOORS)
def test_what_a_door_takes_and_what_led_far_ends_as_declared(name: str) -> None:
    for data in [*DOORS[name].seeds, *DOORS[name].corpus]:
        enter(DOORS[name], data)


@pytest.mark.parametrize("name", DOORS)
def test_the_inputs_that_are_kept_are_few_and_short(name: str) -> None:
    assert sum(map(len, DOORS[name].corpus)) <= KEPT_BYTES_MAX


@pytest.mark.parametrize("name", DOORS)
def test_few_mutated_inputs_end_as_declared(name: str) -> None:
    walk_through(DOORS[name], FEW)


@pytest.mark.prove
@pytest.mark.timeout(600)  # a minute where nobody else uses the machine
def test_mutated_inputs_end_as_declared(figure: Callable[..., None]) -> None:
    start = time.monotonic()
    inputs = sum(walk_through(door, EXAMPLES) for door in DOORS.values())

    assert inputs == EXAMPLES * len(DOORS)
    figure(
        "fuzz.examples",
        "{inputs} mutated inputs at {doors} doors in {seconds} s: {unforeseen} ended otherwise than declared",
        inputs=inputs,
        doors=len(DOORS),
        seconds=time.monotonic() - start,
        unforeseen=0,
    )
