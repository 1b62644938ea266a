"""Two invocations at once, in every order that up to two switches make, and in drawn ones with many.

`make test` takes those with one switch, and few drawn ones.
"""

import os

import pytest

from tests.model.schedules import RACES, at_random, explored

PREEMPTIONS = int(os.environ.get("MODEL_PREEMPTIONS", "2"))  # the long form takes three
DRAWN_SCHEDULES = 50
SOME_SCHEDULES = 5


@pytest.mark.parametrize("name", RACES)
@pytest.mark.parametrize("preemptions", [1, pytest.param(PREEMPTIONS, marks=pytest.mark.prove)])
def test_two_at_once_end_in_the_same_state_in_every_order(name: str, preemptions: int) -> None:
    totals = explored(name, preemptions)

    assert totals.violations == []
    assert totals.runs > 10


@pytest.mark.parametrize("name", RACES)
@pytest.mark.parametrize("schedules", [SOME_SCHEDULES, pytest.param(DRAWN_SCHEDULES, marks=pytest.mark.prove)])
def test_two_at_once_end_in_the_same_state_however_often_they_take_turns(name: str, schedules: int) -> None:
    totals = at_random(name, range(schedules))

    assert totals.violations == []
