"""tests/README.md names every folder, and only files that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
README = (TESTS / "README.md").read_text()
FOLDERS = sorted(path.name for path in TESTS.iterdir() if path.is_dir() and path.name != "__pycache__")
FILES = sorted(set(re.findall(r"`([\w/]*test_[\w*]+\.py)`", README)))


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_folder_of_tests_is_named(folder: str) -> None:
    assert f"| `{folder}/` |" in README


@pytest.mark.parametrize("name", FILES)
def test_every_file_that_is_named_exists(name: str) -> None:
    place = name if "/" in name else f"unit/{name}"

    assert list((ROOT if name.startswith("local/") else TESTS).glob(place))


@pytest.mark.parametrize("product", ["host", "simulator"])
def test_a_product_has_a_readme_and_tests_of_its_own(product: str) -> None:
    assert (ROOT / "local" / product / "README.md").is_file()
    assert list((ROOT / "local" / product / "tests").glob("test_*.py"))


def test_every_mark_is_explained() -> None:
    registered = re.findall(r'^    "(\w+): ', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)

    assert re.findall(r"^\| `(\w+)` \| (?!no tests)", README.partition("| mark |")[2], re.MULTILINE) == sorted(
        registered, key=["prove", "stack", "cost", "figures"].index
    )
