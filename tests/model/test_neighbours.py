"""What can be done is done, whatever stands beside it that never can; and that one is told."""

import logging

import pytest

from shared.domain.log import LOGGER
from tests.model.faults import FixedFaults
from tests.model.neighbours import HOPELESS_UNITS, TOLD, NeighbourRun, Neighbours, play_beside
from tests.model.search import every_fault, pairs
from tests.model.violation import Violation

SOME_STEP = 17  # of the faults: prime to the number that an effect may meet, so that each kind comes in turn
FIRST_FAULTS = 8  # about so many for each unit; the long form takes every one


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", HOPELESS_UNITS)
@pytest.mark.parametrize("step", [SOME_STEP, pytest.param(1, marks=pytest.mark.prove)])
def test_with_one_fault_anywhere_what_can_be_done_is_done(name: str, step: int) -> None:
    totals = every_fault(play_beside, name, step)

    assert totals.violations[:5] == []
    assert totals.runs > 100 // step


@pytest.mark.prove
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", HOPELESS_UNITS)
def test_with_a_pair_of_faults_anywhere_what_can_be_done_is_done(name: str) -> None:
    totals = pairs(play_beside, name, FIRST_FAULTS)

    assert totals.violations[:5] == []


# A letter has no row on which it could be marked as told: of that one every sweep tells.
@pytest.mark.parametrize(
    "name", [name for name, event in TOLD.items() if event == "unforeseen_fault" and "letter" not in name]
)
def test_what_nobody_foresaw_is_told_once_and_not_once_a_minute(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, LOGGER.name)

    NeighbourRun(name, FixedFaults({})).run()

    told = [line for line in caplog.messages if line.startswith("unforeseen_fault")]
    assert len(set(told)) == len(told) > 0


def test_a_neighbour_that_was_not_done_is_noticed() -> None:
    with pytest.raises(Violation, match="A neighbour ended"):
        Neighbours().what_can_be_done_is_done()
