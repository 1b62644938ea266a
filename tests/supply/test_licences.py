"""Every package that is deployed or develops has a licence of the allow-list; each of the list has its reason."""

import json
import sys
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import distribution
from typing import Any

import pytest

from infra.licences import licence
from infra.sbom import NPM_LOCK, VENDOR

from .licences import ALLOWED, DEPLOYED, EXCEPTIONS
from .locked import NAMES, ROOT, pins

LOCK = {name: (ROOT / f"{name}.txt").read_text(encoding="utf-8") for name in NAMES}
HERE = "Windows" if sys.platform == "win32" else "macOS" if sys.platform == "darwin" else "Linux"


@cache
def of_python(lock: str) -> Mapping[str, str]:
    """The licence of each locked package; those for other platforms only are not installed here to be asked."""
    found = {}
    for pin in pins(lock).values():
        if pin.is_for(HERE):
            found[pin.name] = licence(distribution(pin.name).metadata.json)
    return found


def of_npm() -> dict[str, str]:
    packages = json.loads((ROOT / NPM_LOCK).read_bytes())["packages"]
    return {
        place.rpartition("node_modules/")[2]: str(entry.get("license")) for place, entry in packages.items() if place
    }


def refused(licences: Mapping[str, str], allowed: Mapping[str, str]) -> dict[str, str]:
    return {name: said for name, said in licences.items() if said not in allowed and name not in EXCEPTIONS}


def test_what_is_deployed_has_licences_that_let_it_be_delivered() -> None:
    vendored = {path.name for path in (ROOT / VENDOR).iterdir() if path.is_dir()}
    of_the_console = {name: said for name, said in of_npm().items() if name in vendored}

    assert of_the_console.keys() == vendored
    assert refused({**of_python(LOCK["requirements"]), **of_the_console}, DEPLOYED) == {}
    assert EXCEPTIONS.keys() & of_python(LOCK["requirements"]).keys() == set()


def test_what_develops_has_licences_of_the_allow_list(figure: Callable[..., None]) -> None:
    python, npm = of_python(LOCK["requirements-dev"]), of_npm()

    assert refused(python, ALLOWED) == {}
    assert refused(npm, ALLOWED) == {}
    figure(
        "supply.licences",
        "licences of {python} Python and {npm} npm packages by their metadata: {refused} outside the allow-list",
        python=len(python),
        npm=len(npm),
        refused=0,
    )


def test_nothing_is_allowed_that_nothing_needs() -> None:
    python, npm = of_python(LOCK["requirements-dev"]), of_npm()

    assert ALLOWED.keys() - {*python.values(), *npm.values()} == set()
    assert EXCEPTIONS.keys() - {*python, *npm} == set()


OSI = "License :: OSI Approved ::"
GPL = "GNU General Public License v3 (GPLv3)"


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"license_expression": "GPL-3.0-only"}, "GPL-3.0-only"),
        ({"license": "AGPL-3.0"}, "AGPL-3.0"),
        ({"license": "UNKNOWN", "classifier": [f"{OSI} {GPL}"]}, GPL),
        ({"classifier": ["License :: Other/Proprietary License"]}, "UNKNOWN"),
        ({}, "UNKNOWN"),
        ({"license_expression": "MIT AND GPL-2.0-only", "license": "MIT"}, "MIT AND GPL-2.0-only"),
    ],
)
def test_a_licence_that_is_not_allowed_is_found(metadata: dict[str, Any], said: str) -> None:
    planted = {**of_python(LOCK["requirements"]), "planted": licence(metadata)}

    assert refused(planted, ALLOWED) == {"planted": said}


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"license_expression": "MIT", "license": "whatever", "classifier": [f"{OSI} BSD License"]}, "MIT"),
        ({"license": "Apache 2.0"}, "Apache-2.0"),
        (
            {"license": "Copyright (c) 2021\nRedistribution and use …", "classifier": [f"{OSI} BSD License"]},
            "BSD License",
        ),
        ({"license": "", "classifier": ["Programming Language :: Python", f"{OSI} MIT License"]}, "MIT"),
    ],
)
def test_each_way_of_saying_a_licence_is_read(metadata: dict[str, Any], said: str) -> None:
    assert licence(metadata) == said
