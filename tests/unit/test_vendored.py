"""What the console brings along from npm is what npm has: the same bytes, of the version that is named."""

import json
import re
from pathlib import Path

import pytest

from shared.api.console_files import CONSOLE

ROOT = Path(__file__).parents[2]
VENDOR = CONSOLE / "vendor"
PACKAGES = ROOT / "local" / "node_modules"
NAMED = re.compile(r"npm package \[([\w.-]+)\]\(\S+\) (\d+\.\d+\.\d+) ")
FILES = sorted(path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file())
VENDORED = [name for name in FILES if name != "README.md"]
IMPORTED = re.compile(r'(?:\bimport|\bfrom)\s*"([^"]+)"')


def installed(name: str) -> Path:
    """A file of npm's installed packages."""
    if not PACKAGES.is_dir():
        pytest.skip("local/node_modules is not there: run `make setup` to compare the vendored files with npm's")
    return PACKAGES / name


@pytest.mark.parametrize("name", VENDORED)
def test_a_vendored_file_is_npm_s_byte_for_byte(name: str) -> None:
    assert (VENDOR / name).read_bytes() == installed(name).read_bytes()


def test_the_version_that_is_named_is_the_one_that_is_installed() -> None:
    named = dict(NAMED.findall((VENDOR / "README.md").read_text()))
    wanted = json.loads((ROOT / "local" / "package.json").read_bytes())["dependencies"]

    assert named == {name: wanted[name] for name in {one.partition("/")[0] for one in VENDORED}}
    assert named == {name: json.loads(installed(f"{name}/package.json").read_bytes())["version"] for name in named}


def test_every_vendored_package_has_its_licence_beside_it() -> None:
    packages = {name.partition("/")[0] for name in VENDORED}

    assert {name for name in VENDORED if name.endswith("/LICENSE")} == {f"{package}/LICENSE" for package in packages}


@pytest.mark.parametrize("name", [name for name in VENDORED if name.endswith(".js")])
def test_what_a_vendored_file_imports_is_vendored_too(name: str) -> None:
    folder = (VENDOR / name).parent
    imported = [folder / found for found in IMPORTED.findall((VENDOR / name).read_text())]

    assert [path for path in imported if not path.is_file()] == []
