"""What was wrong once is noticed when it comes back."""

import pytest

from tests.model.old_behaviours import OLD, noticed


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", OLD)
def test_an_old_behaviour_that_comes_back_is_noticed(name: str) -> None:
    assert noticed(OLD[name])
