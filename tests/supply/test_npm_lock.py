"""The lock of npm's packages answers to package.json: complete, nothing else in it, each with a place and a digest."""

import copy
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.infra.lacking import skip_without

LOCAL = Path(__file__).parents[2] / "local"
REGISTRY = "https://registry.npmjs.org"
MODULES = "node_modules/"
KINDS = ("dependencies", "optionalDependencies", "peerDependencies")  # npm installs peers, too

type Lock = dict[str, dict[str, Any]]


@pytest.fixture
def lock() -> Lock:
    """Each package by its place, the root's being the empty one."""
    packages: Lock = json.loads((LOCAL / "package-lock.json").read_bytes())["packages"]
    return packages


def manifest() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((LOCAL / "package.json").read_bytes())
    return found


def name_of(place: str) -> str:
    return place.rpartition(MODULES)[2]


def resolved(lock: Lock, place: str, name: str) -> str | None:
    """Where node finds a package that is asked for at a place: there, or in the nearest folder above."""
    while True:
        found = f"{place}/{MODULES}{name}".removeprefix("/")
        if found in lock:
            return found
        if not place:
            return None
        place = place.rpartition(MODULES)[0].removesuffix("/")


def reached(lock: Lock) -> tuple[set[str], list[str]]:
    """The places that the root leads to, and the names that lead nowhere."""
    places, nowhere, waiting = {""}, [], [""]
    while waiting:
        place = waiting.pop()
        optional = {
            *lock[place].get("optionalDependencies", {}),
            *(name for name, each in lock[place].get("peerDependenciesMeta", {}).items() if each.get("optional")),
        }
        for name in sorted({name for kind in KINDS for name in lock[place].get(kind, {})}):
            found = resolved(lock, place, name)
            if found is None and name not in optional:
                nowhere.append(f"{place or 'package.json'} needs {name}")
            if found is not None and found not in places:
                places.add(found)
                waiting.append(found)
    return places, nowhere


def findings(lock: Lock) -> list[str]:
    """What is wrong with a lock by itself."""
    places, found = reached(lock)
    found += [f"{place} is locked and not needed" for place in sorted(lock.keys() - places)]
    for place, entry in sorted(lock.items()):
        name, version = name_of(place), str(entry.get("version"))
        address = f"{REGISTRY}/{name}/-/{name.rpartition('/')[2]}-{version}.tgz"
        if place and entry.get("resolved") != address:
            found.append(f"{place} is not resolved to {address}")
        if place and not re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", str(entry.get("integrity"))):
            found.append(f"{place} has no digest")
    return found


def test_the_lock_is_whole_and_every_package_has_its_place_and_its_digest(
    lock: Lock, figure: Callable[..., None]
) -> None:
    found = findings(lock)

    assert found == []
    figure(
        "supply.lock.npm",
        "{packages} locked npm packages, each at a place of the registry with a digest: {findings} missing or needless",
        packages=len(lock) - 1,
        findings=len(found),
    )


def test_the_lock_has_what_package_json_names_and_each_is_one_version(lock: Lock) -> None:
    wanted = manifest()["dependencies"]

    assert lock[""]["dependencies"] == wanted
    assert {name: lock[f"{MODULES}{name}"]["version"] for name in wanted} == wanted
    assert [kind for kind in ("devDependencies", *KINDS[1:]) if kind in manifest()] == []


@pytest.mark.stack
def test_npm_finds_every_version_to_be_in_the_range_that_is_asked_for(tmp_path: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        skip_without("npm", "the ranges in the lock are not judged")
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(LOCAL / name, tmp_path / name)

    done = subprocess.run(
        [npm, "ls", "--package-lock-only", "--all", "--json"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert json.loads(done.stdout).get("problems", []) == []
    assert done.returncode == 0


@pytest.mark.stack
def test_an_installation_runs_no_script_of_a_package_and_a_lock_written_by_hand_keeps_the_places() -> None:
    npm = shutil.which("npm")
    if npm is None:
        skip_without("npm", "what it reads of local/.npmrc is not asked")
    assert "npm --prefix local ci " in (LOCAL.parent / "Makefile").read_text()

    command = [npm, "--prefix", "local", "config", "get", "ignore-scripts", "omit-lockfile-registry-resolved"]
    done = subprocess.run(command, cwd=LOCAL.parent, capture_output=True, text=True, check=False)

    assert done.stdout.split() == ["ignore-scripts=true", "omit-lockfile-registry-resolved=false"]


@pytest.mark.parametrize(
    ("place", "change", "finding"),
    [
        ("node_modules/lit-html", {"resolved": "https://evil.example/lit-html-3.3.3.tgz"}, "is not resolved to"),
        ("node_modules/lit-html", {"resolved": None}, "is not resolved to"),
        ("node_modules/lit-html", {"version": "3.3.2"}, "is not resolved to"),
        ("node_modules/lit-html", {"integrity": None}, "has no digest"),
        ("node_modules/lit-html", {"integrity": "sha1-Vd5zBQ1LTmlk3zDqpkcXTZ2Yx2g="}, "has no digest"),
        ("node_modules/lit-html", {"dependencies": {"left-pad": "^1.0.0"}}, "lit-html needs left-pad"),
        ("node_modules/left-pad", {"version": "1.0.0"}, "left-pad is locked and not needed"),
    ],
)
def test_a_mistake_in_the_lock_is_found(lock: Lock, place: str, change: dict[str, Any], finding: str) -> None:
    planted = copy.deepcopy(lock)
    planted[place] = {name: value for name, value in (planted.get(place, {}) | change).items() if value is not None}

    assert [found for found in findings(planted) if finding in found]
