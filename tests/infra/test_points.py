"""Everything that can be said of infra/ without Azure, said of the real thing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from . import (
    checks_access,
    checks_app,
    checks_events,
    checks_shape,
    checks_storage,
    checks_subscribers,
    checks_watching,
    service_rules_bicep,
)
from .bicep_tree import INFRA

type Check = Callable[[Path], list[str]]

CHECKS: tuple[Check, ...] = (
    *checks_shape.CHECKS,
    *checks_storage.CHECKS,
    *checks_app.CHECKS,
    *checks_events.CHECKS,
    *checks_subscribers.CHECKS,
    *checks_access.CHECKS,
    *checks_watching.CHECKS,
    *service_rules_bicep.CHECKS,
)


def name_of(check: Check) -> str:
    return str(getattr(check, "__name__", check))


@pytest.mark.parametrize("check", CHECKS, ids=name_of)
def test_infra_is_as_it_should_be(check: Check) -> None:
    assert check(INFRA) == []
