"""docs/security.md names tests that exist, and only figures that a command printed; SECURITY.md this version."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from functions.http_requests import KEY_DIGEST_DIGITS
from shared.domain.durations import ACS_RETENTION_HOURS, LINK_LIFETIME, WARNINGS
from tests import figures, infra
from tests.figures import Figure
from tests.named_tests import NAMED, ROOT, names_in
from tests.security_page import BEGIN, BLOCK, END, NONE_YET, PAGE, block, rendered

PAGE_TEXT = PAGE.read_text()
POLICY = (ROOT / "SECURITY.md").read_text()
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
CHECKS = "\n".join(path.read_text() for path in Path(infra.__file__).parent.glob("checks_*.py"))
ATTACKERS = [
    "a stranger on the Internet",
    "a holder of a function key",
    "a caller of another app of the tenant",
    "somebody who can make ACS, or an event, name an address",
    "somebody who can write to a queue, a table or a container",
    "a thief of the app's identity",
    "an administrator in Azure",
    "somebody with ACS's access key, or ACS itself",
    "a malicious dependency",
    "somebody who may push a branch, or set a variable of the repository",
    "somebody who reads the repository",
    "a reader of logs",
    "somebody who wants a script run in the console",
    "a participant of a call",
]
ROWS = dict(re.findall(r"^\| \*\*(.+?)\*\* \|(.*)\|$", PAGE_TEXT, re.MULTILINE))
SHOWN = PAGE_TEXT.partition("\n## Which test shows it\n")[2].partition("\n## ")[0]
SHOWN_BY = {who: NAMED.findall(tests) for who, tests in re.findall(r"^\| ([a-z].+?) \|(.*)\|$", SHOWN, re.MULTILINE)}
# Names with digits in them that are no figures: a sentence may have these and no other.
NAMES = {"SHA-256"}
MADE_UP = [
    Figure("b.second", "2,000 mutated URLs: 0 connections outside", "make test", "2026-11-27"),
    Figure("c.third", "a | b", "make soak", "2026-11-28"),
]


def sentences(page: str) -> str:
    """What the page says in sentences: not the block of figures, code, where links lead, or the numbers of a list."""
    text = BLOCK.sub("", page)
    for other in (r"^```.*?^```$", r"`[^`]+`", r"(?<=\])\([^)]*\)", r"^\d+\. "):
        text = re.sub(other, "", text, flags=re.MULTILINE | re.DOTALL)
    return text


def typed_figures(page: str) -> set[str]:
    """Words with digits in the sentences of a page that are no names."""
    return {word.strip(".,:;()|*") for word in re.findall(r"\S*\d\S*", sentences(page))} - NAMES


# What is proven


def test_everyone_who_could_attack_has_a_row_and_nobody_else() -> None:
    assert list(ROWS) == ATTACKERS


@pytest.mark.parametrize("who", ATTACKERS)
def test_of_everyone_it_is_said_what_they_reach_what_stops_them_and_what_does_not(who: str) -> None:
    cells = [cell.strip() for cell in ROWS[who].split(" | ")]

    assert len(cells) == 3
    assert all(cells)


def test_against_everyone_tests_are_named() -> None:
    assert [who for who, tests in SHOWN_BY.items() if tests] == ATTACKERS
    assert [who for who, tests in SHOWN_BY.items() if len(set(tests)) < len(tests)] == []


@pytest.mark.parametrize("path", sorted({path for path, _, _ in NAMED.findall(PAGE_TEXT)}))
def test_every_test_that_the_page_names_exists(path: str) -> None:
    assert {name for place, name, _ in NAMED.findall(PAGE_TEXT) if place == path} - names_in(path) == set()


def test_every_case_that_the_page_names_is_a_check_of_the_templates() -> None:
    cases = {case for _, _, case in NAMED.findall(PAGE_TEXT) if case}

    assert cases
    assert [case for case in cases if f"\n    {case},\n" not in CHECKS] == []


def test_what_looks_like_the_name_of_a_test_is_one() -> None:
    assert len(re.findall(r"::", PAGE_TEXT)) == len(NAMED.findall(PAGE_TEXT))


def test_what_a_leaked_key_did_is_found_by_as_many_digits_as_events_have() -> None:
    assert f"sha256sum | cut -c1-{KEY_DIGEST_DIGITS} " in PAGE_TEXT


def test_durations_that_stand_in_words_are_those_of_the_code() -> None:
    text = " ".join(PAGE_TEXT.split())

    assert timedelta(minutes=30) == LINK_LIFETIME
    assert "and live for half an hour" in text
    assert (ACS_RETENTION_HOURS, WARNINGS[0]) == (24, timedelta(hours=12))
    assert "*chunk-at-risk* twelve hours before its end" in text
    assert "the first alert comes half a day later" in text


# What was measured


def test_the_page_is_what_is_made_of_the_stored_figures() -> None:
    assert rendered(PAGE_TEXT, figures.stored()) == PAGE_TEXT


def test_the_page_has_no_figure_outside_of_the_block() -> None:
    assert typed_figures(PAGE_TEXT) == set()


@pytest.mark.parametrize("typed", ["It stood 2,000 URLs.", "| x | 4 of 5 | y |", "no 0-day", "**12** hours"])
def test_a_figure_that_somebody_types_is_noticed(typed: str) -> None:
    assert typed_figures(f"{PAGE_TEXT}\n{typed}\n")


def test_every_command_that_is_said_to_print_a_figure_is_a_target_of_make() -> None:
    assert {each.command.removeprefix("make ") for each in figures.stored()} <= TARGETS


def test_figures_are_written_with_their_command_and_day_by_key(tmp_path: Path) -> None:
    path = tmp_path / "security.json"
    figures.store([*MADE_UP, Figure("a.first", "1 thing", "make prove", "2026-11-26")], path)
    written = rendered(f"before\n{BEGIN}\n{NONE_YET}{END}\nbehind\n", figures.stored(path))

    assert written.splitlines() == [
        "before",
        BEGIN,
        "| what was measured | printed by | on |",
        "| --- | --- | --- |",
        "| 1 thing | `make prove` | 2026-11-26 |",
        "| 2,000 mutated URLs: 0 connections outside | `make test` | 2026-11-27 |",
        r"| a \| b | `make soak` | 2026-11-28 |",
        END,
        "behind",
    ]


def test_writing_them_again_changes_nothing() -> None:
    once = rendered(PAGE_TEXT, MADE_UP)

    assert rendered(once, MADE_UP) == once != PAGE_TEXT
    assert typed_figures(once) == set()


def test_where_nothing_was_measured_the_page_says_so() -> None:
    assert block([]) == NONE_YET
    assert "make figures" in NONE_YET


@pytest.mark.parametrize("page", ["no block", f"{BEGIN}\n{END}\n{BEGIN}\n{END}\n", f"{BEGIN}\nno end\n"])
def test_a_page_without_one_place_for_figures_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="must have one line"):
        rendered(page, MADE_UP)


def test_make_figures_runs_the_tests_that_measure_and_writes_the_page() -> None:
    (recipe,) = re.findall(r"^figures:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert "WRITE_FIGURES=1 $(BIN)/pytest -q -m figures\n" in recipe
    assert recipe.endswith("$(BIN)/python -m tests.security_page\n")


def test_every_file_that_measures_a_long_form_is_run_by_make_soak() -> None:
    (recipe,) = re.findall(r"^soak:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    files = [path for path in (ROOT / "tests").glob("*/test_*.py") if ".soak" in path.read_text()]
    of_this = {Path(__file__), ROOT / "tests" / "unit" / "test_figures.py"}

    assert [path.name for path in files if path not in of_this and path.name not in recipe] == []


def test_a_test_that_measures_is_marked_so(request: pytest.FixtureRequest, figure: object) -> None:
    assert figure
    assert request.node.get_closest_marker("figures")


def test_a_test_that_measures_nothing_is_not(request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("figures") is None


# How to report


def test_the_supported_version_is_the_newest_of_the_changelog() -> None:
    (newest, *_) = re.findall(r"^## (\d+\.\d+)\.\d+", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert re.findall(r"^\| (.+?) \| yes \|$", POLICY, re.MULTILINE) == [f"{newest} and `main`"]


def test_whoever_finds_a_defect_is_told_where_to_report_it() -> None:
    assert "*Report a vulnerability*" in POLICY
