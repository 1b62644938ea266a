"""The lock files: what the .in files name, a digest for every file, and no word of whoever wrote them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMES = ("requirements", "requirements-dev")
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[a-z]+\])?==(\S+)(.*)$", re.MULTILINE)


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(path: Path) -> dict[str, str]:
    return {canonical(name): version for name, version, _ in PIN.findall(path.read_text())}


@pytest.mark.parametrize("name", NAMES)
def test_the_lock_has_what_its_in_file_pins(name: str) -> None:
    wanted = pins(ROOT / f"{name}.in")

    assert wanted
    assert wanted.items() <= pins(ROOT / f"{name}.txt").items()


def test_tests_run_with_the_versions_that_are_deployed() -> None:
    assert pins(ROOT / "requirements.txt").items() <= pins(ROOT / "requirements-dev.txt").items()


@pytest.mark.parametrize("name", NAMES)
def test_every_direct_dependency_has_its_reason(name: str) -> None:
    assert [
        pin for pin, _, rest in PIN.findall((ROOT / f"{name}.in").read_text()) if not re.search(r"# \S", rest)
    ] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_locked_pin_has_digests(name: str) -> None:
    blocks = re.split(r"^(?=[a-z0-9])", (ROOT / f"{name}.txt").read_text(), flags=re.MULTILINE)[1:]

    assert len(blocks) == len(pins(ROOT / f"{name}.txt"))
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_lock_says_nothing_of_where_it_was_written(name: str) -> None:
    lines = [line.strip().removesuffix(" \\") for line in (ROOT / f"{name}.txt").read_text().splitlines()]
    known = re.compile(r"#.*|--hash=sha256:[0-9a-f]{64}|[a-z0-9._-]+==[\w.]+( ; [\w !<>='.]+)?")

    assert [line for line in lines if not known.fullmatch(line)] == []
    assert [line for line in lines if "://" in line or "/" in line.removeprefix("# via")] == []


def test_production_runs_the_very_runtime_that_the_tests_run() -> None:
    assert "azure-functions-runtime" in pins(ROOT / "requirements.in")


def test_set_up_takes_nothing_that_the_lock_does_not_know() -> None:
    assert "--require-hashes -r requirements-dev.txt" in (ROOT / "Makefile").read_text()
