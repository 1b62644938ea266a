"""docs/reliability.md names tests that exist, row by row, and the figures that can be counted quickly are true."""

import re
from collections.abc import Mapping

import pytest

from tests.model.__main__ import SCENARIOS
from tests.model.losses import LOSSES
from tests.model.schedules import RACES
from tests.model.search import single_faults, undisturbed
from tests.named_tests import NAMED, ROOT, names_in

DOCUMENT = (ROOT / "docs" / "reliability.md").read_text()
ROWS = dict(re.findall(r"^\| (\d+) \|(.*)\|$", DOCUMENT, re.MULTILINE))
FIGURE = re.compile(r"^\| ([^|]+) \| (\d+) \| (\d+) \|", re.MULTILINE)
FAILURE_MODES = 58


@pytest.mark.parametrize("path", sorted({path for path, _, _ in NAMED.findall(DOCUMENT)}))
def test_every_test_that_the_document_names_exists(path: str) -> None:
    named = {name for place, name, _ in NAMED.findall(DOCUMENT) if place == path}

    assert named - names_in(path) == set()


def test_every_failure_mode_has_a_row() -> None:
    assert list(map(int, ROWS)) == list(range(1, FAILURE_MODES + 1))


@pytest.mark.parametrize("row", range(1, FAILURE_MODES + 1))
def test_every_failure_mode_is_shown_by_a_test(row: int) -> None:
    assert NAMED.findall(ROWS[str(row)])


def test_effects_and_single_faults_are_as_many_as_the_document_says() -> None:
    told = {
        name: (int(effects), int(faults)) for name, effects, faults in FIGURE.findall(DOCUMENT) if name in SCENARIOS
    }

    assert told == {
        name: (len(undisturbed(scenario)), len(single_faults(scenario))) for name, scenario in SCENARIOS.items()
    }


@pytest.mark.parametrize("names", [RACES, LOSSES], ids=["races", "losses"])
def test_everything_that_the_model_tries_is_told_of(names: Mapping[str, object]) -> None:
    assert [name for name in names if f"- {name}\n" not in DOCUMENT] == []
