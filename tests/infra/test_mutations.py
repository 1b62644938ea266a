"""The checks are worth something: each of many deliberate mistakes is caught by at least one."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import pytest

from .bicep_tree import INFRA
from .mutations import MUTATIONS
from .test_points import CHECKS, Check

MISTAKES_MIN = 20


@cache
def found_before(check: Check) -> tuple[str, ...]:
    return tuple(check(INFRA))


@pytest.mark.parametrize("mistake", MUTATIONS)
def test_a_deliberate_mistake_is_caught(mistake: str, tmp_path: Path) -> None:
    name, found, replacement = MUTATIONS[mistake]
    infra = tmp_path / "infra"
    shutil.copytree(INFRA, infra)
    source = (infra / name).read_text()
    assert found in source, "the mistake cannot be made any more: rewrite it"

    (infra / name).write_text(source.replace(found, replacement))

    assert any(set(check(infra)) - set(found_before(check)) for check in CHECKS)


def test_there_are_enough_mistakes() -> None:
    assert len(MUTATIONS) >= MISTAKES_MIN
