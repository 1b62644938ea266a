"""The checks are worth something: each of many deliberate mistakes is caught by at least one."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import pytest

from .bicep_tree import INFRA
from .checks_app import the_site_has_nothing_that_flex_consumption_refuses
from .mutations import MUTATIONS
from .service_rules import REFUSED, USELESS
from .test_points import CHECKS, Check

MISTAKES_MIN = 20


@cache
def found_before(check: Check) -> tuple[str, ...]:
    return tuple(check(INFRA))


def mistaken(mistake: str, directory: Path) -> Path:
    """A copy of infra/ with the mistake in it."""
    name, found, replacement = MUTATIONS[mistake]
    infra = directory / "infra"
    shutil.copytree(INFRA, infra, ignore=shutil.ignore_patterns("cases", "__pycache__"))  # no check reads these
    source = (infra / name).read_text()
    assert found in source, "the mistake cannot be made any more: rewrite it"
    (infra / name).write_text(source.replace(found, replacement))
    return infra


@pytest.mark.parametrize("mistake", MUTATIONS)
def test_a_deliberate_mistake_is_caught(mistake: str, tmp_path: Path) -> None:
    infra = mistaken(mistake, tmp_path)

    assert any(set(check(infra)) - set(found_before(check)) for check in CHECKS)


@pytest.mark.parametrize("name", sorted({**REFUSED, **USELESS}))
def test_what_flex_consumption_refuses_is_named_by_the_rule_for_it(name: str, tmp_path: Path) -> None:
    infra = mistaken(f"the site has {name}", tmp_path)

    (complaint,) = the_site_has_nothing_that_flex_consumption_refuses(infra)

    assert name in complaint


def test_there_are_enough_mistakes() -> None:
    assert len(MUTATIONS) >= MISTAKES_MIN
