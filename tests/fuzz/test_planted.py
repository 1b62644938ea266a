"""Each fuzzer finds a fault that was planted, with no more inputs than it has in CI."""

import pytest

from tests.fuzz.doors import DOORS
from tests.fuzz.drawing import EXAMPLES, walk_through
from tests.fuzz.planted import FAULTS


def test_every_door_has_a_fault_to_be_found() -> None:
    assert FAULTS.keys() == DOORS.keys()


@pytest.mark.prove
@pytest.mark.parametrize("name", DOORS)
def test_a_planted_fault_is_found(name: str) -> None:
    plant, finding = FAULTS[name]

    with pytest.raises(finding):
        walk_through(DOORS[name].around(plant), EXAMPLES)
