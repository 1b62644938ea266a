"""What was wrong once is noticed when it comes back."""

import pytest

from tests.model.old_behaviours import OLD, noticed

QUICK = "a unit that nobody foresaw to fail stops the run"  # noticed by unit tests


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "name", [QUICK, *(pytest.param(name, marks=pytest.mark.prove) for name in OLD if name != QUICK)]
)
def test_an_old_behaviour_that_comes_back_is_noticed(name: str) -> None:
    assert noticed(OLD[name])
