"""Nothing secret or personal leaves the app, but where a closed list says so and why, whatever is asked and fails."""

import logging
from collections.abc import Callable
from functools import cache

import pytest

from tests.fakes import Cloud
from tests.marked.journey import Journey, direct_lines, functions_of
from tests.marked.markers import MARKERS, REASONS, TEXTS, Place, found_in

LEVELS = {"INFO": logging.INFO, "DEBUG": logging.DEBUG}
levels = pytest.mark.parametrize("level", LEVELS.values(), ids=LEVELS)


@cache
def calm(level: int) -> Journey:
    """The journey on which nothing fails."""
    journey = Journey()
    journey.run(level)
    return journey


@cache
def effects() -> tuple[str, ...]:
    """Every kind of request to something outside, by its name."""
    return tuple(sorted({effect.name for effect in calm(logging.DEBUG).cloud.world.effects}))


def failing(*, first: bool) -> list[Journey]:
    """A journey for each effect, which fails every time: every other one in a way that nobody foresaw."""
    journeys = [Journey(name, foreign=(number % 2 == 0) is first) for number, name in enumerate(effects())]
    for journey in journeys:
        journey.run(logging.DEBUG)
    return journeys


def leaks_of(journeys: list[Journey]) -> dict[tuple[str, bool, str, Place], str]:
    return {
        (journey.fails, journey.foreign, *where): text for journey in journeys for where, text in journey.leaks.items()
    }


@levels
def test_nothing_marked_stands_where_it_may_not(level: int) -> None:
    assert calm(level).leaks == {}


def test_every_route_and_every_trigger_is_gone_through() -> None:
    assert calm(logging.DEBUG).called == set(functions_of(Cloud()))


def test_nothing_marked_gets_out_where_something_fails(figure: Callable[..., None]) -> None:
    journeys = failing(first=True)

    assert leaks_of(journeys) == {}
    gone = [calm(level) for level in LEVELS.values()] + journeys
    figure(
        "logs.markers",
        "{markers} marked secrets and personal texts through {doors} functions at {levels} log levels, and with each of"
        " {effects} kinds of requests to something outside failing: {asked} calls, {found} found where none may be",
        markers=len(MARKERS),
        doors=len(calm(logging.DEBUG).called),
        levels=len(LEVELS),
        effects=len(effects()),
        asked=sum(journey.asked for journey in gone),
        found=sum(len(journey.leaks) for journey in gone),
    )


@pytest.mark.prove
def test_nothing_marked_gets_out_where_it_fails_in_the_other_way() -> None:
    assert leaks_of(failing(first=False)) == {}


@levels
def test_the_log_takes_no_marker_from_anybody(level: int) -> None:
    lines, raised = direct_lines(level)

    assert {name for text in (*lines, *raised) for name in found_in(text)} == set()


@pytest.mark.parametrize("reason", REASONS)
def test_what_may_stand_somewhere_does(reason: str) -> None:
    """So that the list allows no more than there is."""
    seen = calm(logging.DEBUG).seen
    there = {(name, place) for place, texts in seen.items() for text in texts for name in found_in(text)}
    found = there & set(REASONS[reason])

    assert {name for name, _ in found} == {name for name, _ in REASONS[reason]}
    assert {place for _, place in found} == {place for _, place in REASONS[reason]}


@pytest.mark.parametrize("name", MARKERS)
def test_a_marker_is_found_by_its_marks(name: str) -> None:
    assert name in found_in(f"before {TEXTS[name]} after".upper())
