"""The lock of Python's packages answers to its .in files: complete, nothing else in it, and as the index has it."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from .locked import NAMES, PLATFORMS, ROOT, Pin, direct, needed, pins, unfit

# uv's words when nobody answers at the index; whatever else it says is a finding.
NO_ANSWER = re.compile(r"Failed to fetch|error sending request|dns error|timed out|network was disabled", re.IGNORECASE)


def text(name: str) -> str:
    return (ROOT / f"{name}.txt").read_text(encoding="utf-8")


def findings(roots: list[Requirement], locked: dict[str, Pin], platform: str) -> list[str]:
    """How the lock differs from what an installation on a platform needs."""
    demands = needed(roots, platform)
    there = {name for name, pin in locked.items() if pin.is_for(platform)}
    missing = [f"{name} is needed and not locked" for name in sorted(demands.keys() - there)]
    needless = [f"{name} is locked and not needed" for name in sorted(there - demands.keys())]
    return missing + needless + unfit(demands, locked)


@pytest.mark.parametrize("name", NAMES)
def test_the_lock_is_what_the_in_files_need_on_each_platform(name: str, figure: Callable[..., None]) -> None:
    roots, lock = list(direct(ROOT / f"{name}.in")), pins(text(name))
    found = {platform: findings(roots, lock, platform) for platform in PLATFORMS}

    assert [each for each in found.items() if each[1]] == []
    figure(
        f"supply.lock.{name}",
        name + ".txt: {packages} packages on {platforms} platforms, {findings} missing or needless",
        packages=len(lock),
        platforms=len(PLATFORMS),
        findings=0,
    )


def test_every_direct_dependency_is_pinned_to_one_version() -> None:
    demands = [demand for name in NAMES for demand in direct(ROOT / f"{name}.in")]

    assert [str(demand) for demand in demands if not re.fullmatch(r"==[\w.]+", str(demand.specifier))] == []


def test_both_locks_have_the_same_versions_markers_and_digests() -> None:
    deployed, developed = pins(text("requirements")), pins(text("requirements-dev"))

    assert {name: pin for name, pin in deployed.items() if developed.get(name) != pin} == {}


def test_what_runs_here_is_what_is_locked() -> None:
    locked = pins(text("requirements-dev"))
    here = "Windows" if sys.platform == "win32" else "macOS" if sys.platform == "darwin" else "Linux"

    assert {
        name: version(name) for name, pin in locked.items() if pin.is_for(here) and version(name) != pin.version
    } == {}


# What shows that the test can fail: each mistake is found.


@pytest.mark.parametrize(
    ("mistake", "replacement", "finding"),
    [
        ("msgspec==0.22.0", "msgspec==0.21.0", "msgspec 0.21.0 is not ==0.22.0"),
        ("urllib3==", "urllib4==", "urllib3 is needed and not locked"),
        ("urllib3==", "urllib4==", "urllib4 is locked and not needed"),
        ("azure-core==1.41.0", "azure-core==1.0.0", r"azure-core 1\.0\.0 is not .*>=1\.\d+"),
        ("certifi==2026.10.19.post1", "certifi==2026.10.19.post1 ; sys_platform == 'win32'", "certifi is needed"),
    ],
)
def test_a_mistake_in_the_lock_is_found(mistake: str, replacement: str, finding: str) -> None:
    lock = text("requirements")
    assert mistake in lock

    found = findings(list(direct(ROOT / "requirements.in")), pins(lock.replace(mistake, replacement)), "Linux")

    assert re.search(finding, "\n".join(found))


def test_a_dependency_that_is_no_longer_named_is_found() -> None:
    roots = [demand for demand in direct(ROOT / "requirements.in") if demand.name != "azure-identity"]

    assert "msal is locked and not needed" in findings(roots, pins(text("requirements")), "Linux")


# As the index has it.


def compiled(folder: Path, lock: str) -> dict[str, Pin]:
    """The lock of development made anew with these versions: digests and markers are the index's of today."""
    for name in NAMES:
        shutil.copyfile(ROOT / f"{name}.in", folder / f"{name}.in")
    shutil.copyfile(ROOT / "requirements.txt", folder / "requirements.txt")
    versions = "".join(f"{pin.name}=={pin.version}\n" for pin in pins(lock).values())
    (folder / "versions.txt").write_text(versions, encoding="utf-8")
    made = re.search(r"^LOCK = \$\(BIN\)/(.*?)(?<!\\)$", (ROOT / "Makefile").read_text(), re.MULTILINE | re.DOTALL)
    assert made
    options = shlex.split(made[1].replace("\\\n", " ").replace("$(UPGRADE)", ""))
    command = [str(Path(sys.executable).with_name(options[0])), *options[1:], "--constraint", "versions.txt"]
    command += ["requirements-dev.in", "--output-file", "made.txt"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode and NO_ANSWER.search(done.stderr):
        pytest.skip("no index of Python's packages answers: the lock is not compared with what it has")
    assert done.returncode == 0, done.stderr
    return pins((folder / "made.txt").read_text(encoding="utf-8"))


def differences(lock: dict[str, Pin], made: dict[str, Pin]) -> list[str]:
    """A file that was published after locking is none; a digest that the index does not have is."""
    names = sorted(lock.keys() | made.keys())
    others = [name for name in names if name not in lock or name not in made]
    both = [name for name in names if name in lock and name in made]
    others += [f"{name}: marker" for name in both if lock[name].marker != made[name].marker]
    return others + [f"{name}: digest" for name in both if not lock[name].digests <= made[name].digests]


@pytest.mark.prove
def test_every_locked_digest_is_one_that_the_index_has_and_uv_makes_the_same_lock(
    tmp_path: Path, figure: Callable[..., None]
) -> None:
    lock = pins(text("requirements-dev"))

    made = compiled(tmp_path, text("requirements-dev"))

    assert differences(lock, made) == []
    forged = Pin("msgspec", "0.22.0", None, frozenset({"0" * 64}))
    assert differences(lock | {"msgspec": forged}, made) == ["msgspec: digest"]
    figure(
        "supply.lock.digests",
        "{digests} locked digests of {packages} Python packages: {unknown} unknown to the index",
        digests=sum(len(pin.digests) for pin in lock.values()),
        packages=len(lock),
        unknown=0,
    )
