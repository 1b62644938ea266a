"""Guided by coverage: a planted fault is found, and with `SOAK=1` each door is entered for a long time."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fuzz.__main__ import guided, is_available
from tests.fuzz.doors import DOORS

SECONDS = int(os.environ.get("FUZZ_SECONDS", "600"))  # for each door
SECONDS_OF_A_PLANTED_FAULT = 3
WITHOUT = "atheris is not installed: it is there for Linux on x86_64 only"
needs_atheris = pytest.mark.skipif(not is_available(), reason=WITHOUT)
TOLD = (
    "guided by coverage the door {door} was entered {{executions}} times in {{seconds}} s: {{found}} inputs ended"
    " otherwise than declared; tests keep {{mended}} faults mended that were found there"
)
FOUND = Path(__file__).with_name("test_found.py").read_text(encoding="utf-8")


@needs_atheris
@pytest.mark.prove
def test_a_planted_fault_is_found(tmp_path: Path) -> None:
    run = guided("heads", SECONDS_OF_A_PLANTED_FAULT, tmp_path, "--planted")

    assert any(name.startswith("Unforeseen") for name in run.found)


@needs_atheris
@pytest.mark.skipif("SOAK" not in os.environ, reason="takes hours; make soak runs it")
@pytest.mark.timeout(SECONDS + 600)
@pytest.mark.parametrize("name", DOORS)
def test_a_door_ends_as_declared_for_as_long_as_it_is_entered(
    tmp_path: Path, name: str, figure: Callable[..., None]
) -> None:
    run = guided(name, SECONDS, tmp_path)

    assert run.found == ()
    figure(
        f"fuzz.{name}.soak",
        TOLD.format(door=name),
        executions=run.executions,
        seconds=run.seconds,
        found=len(run.found),
        mended=FOUND.count(f'DOORS["{name}"]'),
    )
