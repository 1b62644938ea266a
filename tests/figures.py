"""What the tests of security measured, printed at the end of their run and written into `docs/security.json`.

A test tells a figure with the fixture `figure`. The run prints it; with `WRITE_FIGURES=1` it also replaces the figure
of that key in the file, from which `docs/security.md` is made (`python -m tests.security_page`). So nobody types one.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
FIGURES = ROOT / "docs" / "security.json"
PROPERTY = "figure"  # of pytest's reports, which carry it from wherever the test ran


@dataclass(frozen=True)
class Figure:
    """One measured sentence.

    Attributes:
        key: what it is about, like `urls.mutated`; one figure per key.
        sentence: what was measured, complete, with its numbers: "2,000 mutated URLs: 0 connections outside".
        command: what prints it, like `make test`.
        measured: the day, `2026-11-27`.
    """

    key: str
    sentence: str
    command: str
    measured: str


def stored(path: Path = FIGURES) -> list[Figure]:
    """The figures of the file, by key."""
    return [Figure(**each) for each in json.loads(path.read_text(encoding="utf-8"))] if path.exists() else []


def store(figures: Sequence[Figure], path: Path = FIGURES) -> None:
    """Replace the figures of these keys; the others stay."""
    merged = {figure.key: figure for figure in [*stored(path), *figures]}
    rows = [asdict(merged[key]) for key in sorted(merged)]
    path.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def sentence(text: str, values: Mapping[str, float]) -> str:
    """The text with its numbers filled in; whole numbers have commas, others one digit behind the point."""
    return text.format(
        **{name: f"{value:,}" if value == int(value) else f"{value:,.1f}" for name, value in values.items()}
    )
