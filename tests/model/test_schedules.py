"""Two invocations at once, in every order that up to two switches make, and in drawn ones with many."""

import os

import pytest

from tests.model.schedules import RACES, at_random, explored

PREEMPTIONS = int(os.environ.get("MODEL_PREEMPTIONS", "2"))  # the long form takes three
DRAWN_SCHEDULES = 50


@pytest.mark.parametrize("name", RACES)
def test_two_at_once_end_in_the_same_state_in_every_order(name: str) -> None:
    totals = explored(name, PREEMPTIONS)

    assert totals.violations == []
    assert totals.runs > 10


@pytest.mark.parametrize("name", RACES)
def test_two_at_once_end_in_the_same_state_however_often_they_take_turns(name: str) -> None:
    totals = at_random(name, range(DRAWN_SCHEDULES))

    assert totals.violations == []
