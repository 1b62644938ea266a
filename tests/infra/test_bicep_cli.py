"""The real compiler, wherever it is installed: what it builds, lints, lays out and predicts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from .bicep_tree import INFRA
from .cases import FOLDER, RESOURCES
from .lacking import skip_without
from .test_cases import REFUSED

FILES = sorted([*INFRA.rglob("*.bicep"), *INFRA.rglob("*.bicepparam")])
OF_AZ = Path.home() / ".azure" / "bin" / "bicep"  # where `az bicep install` puts it
SECONDS_MAX = 110
SNAPSHOT = (
    *("--mode", "overwrite", "--location", "westeurope", "--deployment-name", "case"),
    *("--subscription-id", "11111111-1111-1111-1111-111111111111"),
    *("--tenant-id", "22222222-2222-2222-2222-222222222222"),
)


@pytest.fixture(scope="session")
def bicep() -> str:
    found = shutil.which("bicep") or (str(OF_AZ) if OF_AZ.is_file() else None)
    return found or skip_without("bicep", "the templates are compiled in CI only")


@pytest.fixture
def infra(tmp_path: Path) -> Path:
    """A copy, since a snapshot is written beside its case."""
    return Path(shutil.copytree(INFRA, tmp_path / "infra"))


def ran(bicep: str, *arguments: str, cwd: Path = INFRA) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [bicep, *arguments],
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
        cwd=cwd,
        env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
    )


def silent(done: subprocess.CompletedProcess[str]) -> bool:
    """Whether all is well: the compiler ends with 0 after mere warnings, too."""
    return (done.returncode, done.stderr) == (0, "")


def test_the_templates_compile_without_a_warning(bicep: str) -> None:
    done = ran(bicep, "build", "main.bicep", "--no-restore", "--stdout")

    assert silent(done), done.stderr


@pytest.mark.parametrize("what", [("main.bicep",), ("--pattern", "modules/*.bicep")])
def test_the_linter_has_nothing_to_say(bicep: str, what: tuple[str, ...]) -> None:
    done = ran(bicep, "lint", *what, "--no-restore")

    assert silent(done), done.stderr


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_layout_is_the_compiler_s(bicep: str, path: Path) -> None:
    assert ran(bicep, "format", str(path), "--stdout").stdout == path.read_text()


@pytest.mark.parametrize("case", RESOURCES)
def test_a_case_makes_what_was_counted(bicep: str, infra: Path, case: str) -> None:
    folder = infra / FOLDER.name

    done = ran(bicep, "snapshot", f"{case}.bicepparam", *SNAPSHOT, cwd=folder)

    assert silent(done), done.stderr
    predicted = json.loads((folder / f"{case}.snapshot.json").read_text())["predictedResources"]
    assert len(predicted) == RESOURCES[case]
    accounts = [found["name"] for found in predicted if found["type"] == "Microsoft.Storage/storageAccounts"]
    assert [name for name in accounts if len(name) > 24] == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("param maximumInstanceCount = 39", "BCP328"),
        ("param appSettings = { DELETE_AT_ACS: 'never' }", "DELETE_AT_ACS"),
        ("param appSettings = { AZURE_CLIENT_ID: 'mine' }", "AZURE_CLIENT_ID"),
        ("param appSettings = { VERIFY_SOURCE: 'twice' }", "twice"),
    ],
)
def test_a_value_that_cannot_be_is_refused(bicep: str, infra: Path, line: str, said: str) -> None:
    case = infra / FOLDER.name / "defaults.bicepparam"
    case.write_text(f"{case.read_text()}{line}\n")

    done = ran(bicep, "build-params", str(case), "--no-restore", "--stdout")

    assert done.returncode != 0
    assert said in done.stderr


@pytest.mark.parametrize("name", REFUSED)
def test_a_deployment_that_cannot_work_ends_with_the_sentence(bicep: str, infra: Path, name: str) -> None:
    parameters, names = REFUSED[name]
    case = infra / FOLDER.name / "defaults.bicepparam"
    given = (f"param {key} = {value if value == 'true' else repr(value)}\n" for key, value in parameters.items())
    case.write_text(case.read_text() + "".join(given))

    done = ran(bicep, "snapshot", str(case), *SNAPSHOT)

    assert done.returncode != 0
    assert [one for one in names if one not in done.stderr] == []
