"""`python -m tests.security_page` writes the figures of `docs/security.json` into `docs/security.md`.

They stand in one block between two comments, each with the command that prints it and the day it was measured.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from tests.figures import ROOT, Figure, stored

PAGE = ROOT / "docs" / "security.md"
BEGIN, END = "<!-- figures -->", "<!-- end -->"
BLOCK = re.compile(rf"(?<={BEGIN}\n).*?(?={END}\n)", re.DOTALL)
NONE_YET = "None yet: `make figures` runs the tests that measure, and writes them here.\n"
HEAD = "| what was measured | printed by | on |\n| --- | --- | --- |\n"


def block(figures: Sequence[Figure]) -> str:
    """The table of the figures, by key; a sentence where there are none."""
    rows = [f"| {cell(each.sentence)} | `{each.command}` | {each.measured} |\n" for each in figures]
    return HEAD + "".join(rows) if rows else NONE_YET


def cell(sentence: str) -> str:
    """A sentence as a cell of a table: in one line, its bars escaped."""
    return " ".join(sentence.split()).replace("|", "\\|")


def rendered(page: str, figures: Sequence[Figure]) -> str:
    """The page with these figures. Raises: ValueError where it has no block for them, or two."""
    if len(BLOCK.findall(page)) != 1:
        raise ValueError(f"The page must have one line {BEGIN} and, behind it, one line {END}.")
    return BLOCK.sub(lambda _: block(figures), page)


def write(page: Path = PAGE) -> None:
    """Write the stored figures into the page."""
    page.write_text(rendered(page.read_text(encoding="utf-8"), stored()), encoding="utf-8")


if __name__ == "__main__":
    write()
