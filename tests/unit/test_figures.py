"""Figures of security: as they are told by tests, printed and kept."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests import figures
from tests.figures import Figure


def test_numbers_are_written_as_people_read_them() -> None:
    assert figures.sentence("{urls} in {seconds} s", {"urls": 400000, "seconds": 1.25}) == "400,000 in 1.2 s"


def test_a_figure_replaces_the_one_of_its_key_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "security.json"
    figures.store(
        [Figure("b", "old", "make test", "2026-01-01"), Figure("a", "other", "make test", "2026-01-01")], path
    )
    figures.store([Figure("b", "new", "make prove", "2026-01-02")], path)
    assert [(each.key, each.sentence) for each in figures.stored(path)] == [("a", "other"), ("b", "new")]


def test_a_test_tells_its_figure_with_the_command_that_prints_it(
    figure: Callable[..., None], request: pytest.FixtureRequest
) -> None:
    figure("figures.told", "{tests} test told its figure", tests=1)
    name, told = request.node.user_properties.pop()
    assert (name, told["sentence"], told["command"]) == ("figure", "1 test told its figure", "make test")


def test_a_figure_of_a_long_form_is_printed_by_the_long_forms(
    figure: Callable[..., None], request: pytest.FixtureRequest
) -> None:
    figure("figures.told.soak", "{tests} test told its figure", tests=1)
    _, told = request.node.user_properties.pop()
    assert told["command"] == "make soak"
