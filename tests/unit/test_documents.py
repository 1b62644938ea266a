"""What the documents name is there: files, sections, commands, tests, versions."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
LEFT_OUT = {"node_modules", ".venv", ".local", ".pytest_cache", "dist"}  # not ours, or made by commands
DOCUMENTS = {
    str(path.relative_to(ROOT)): path
    for path in sorted(ROOT.glob("**/*.md"))
    if not LEFT_OUT & set(path.relative_to(ROOT).parts) and not path.name.endswith(".template.md")
}
LINK = re.compile(r"(?:\]\(|^\[[^\]]+\]: )(?!https?:)([^)\s#]*)(?:#([^)\s]+))?", re.MULTILINE)
CODE_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def headings(text: str) -> set[str]:
    """The anchors of a document's sections, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", CODE_BLOCK.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name: str) -> None:
    path = DOCUMENTS[name]
    broken = [
        f"{file}#{anchor}"
        for file, anchor in LINK.findall(CODE_BLOCK.sub("", path.read_text()))
        if not (target := path.parent / file if file else path).exists()
        or (anchor and anchor not in headings(target.read_text()))
    ]

    assert broken == []


def test_the_front_door_leads_to_every_document() -> None:
    readme = ROOT / "README.md"
    linked = {(ROOT / file).resolve() for file, _ in LINK.findall(readme.read_text()) if file}

    assert {path for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")] if path.resolve() not in linked} == {readme}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_of_make_is_a_target(name: str) -> None:
    text = DOCUMENTS[name].read_text()
    named = re.findall(r"`(?:[A-Z]+=\S+ )*make ([a-z]+)", text) + re.findall(r"^make ([a-z]+)", text, re.MULTILINE)

    assert set(named) <= TARGETS


def test_make_help_lists_every_target() -> None:
    told = set(re.findall(r"^([a-z]+):.* ## \S", MAKEFILE, re.MULTILINE))

    assert told == TARGETS - {"default"}
    assert set(re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)[0].split()) == TARGETS


@pytest.mark.parametrize(("tool", "file"), [("Python", ".python-version"), ("Node", ".node-version")])
def test_the_versions_that_are_asked_for_are_those_that_ci_runs(tool: str, file: str) -> None:
    version = (ROOT / file).read_text().strip()
    texts = [MAKEFILE, *(path.read_text() for path in DOCUMENTS.values())]
    told = {found for text in texts for found in re.findall(rf"\b{tool} (\d[\d.]*\d)", text)}

    assert {found for found in told if not f"{found}.".startswith(f"{version}.")} == set()
    assert version in told


@pytest.mark.parametrize("named", re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "CONTRIBUTING.md").read_text()))
def test_the_tests_that_contributing_names_are_there(named: tuple[str, str]) -> None:
    file, test = named

    assert f"def {test}(" in (ROOT / file).read_text()
