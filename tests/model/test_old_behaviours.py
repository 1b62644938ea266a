"""What was wrong once is noticed when it comes back."""

from pathlib import Path

import pytest

from tests.model.old_behaviours import OLD, noticed

ROOT = Path(__file__).parents[2]
QUICK = "a unit that nobody foresaw to fail stops the run"  # noticed by unit tests


def test_what_each_takes_back_stands_in_the_code_once() -> None:
    """Else it would be noticed by nobody, in the long run of the proofs only."""
    found = {name: (ROOT / old.path).read_text().count(old.today) for name, old in OLD.items()}

    assert {name for name, count in found.items() if count != 1} == set()


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "name", [QUICK, *(pytest.param(name, marks=pytest.mark.prove) for name in OLD if name != QUICK)]
)
def test_an_old_behaviour_that_comes_back_is_noticed(name: str) -> None:
    assert noticed(OLD[name])
