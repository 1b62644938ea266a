"""What azd uploads: the package, built here by a hook that finds the right Python or says that there is none."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra import package

from .bicep_tree import INFRA, ROOT
from .service_rules import REFUSED_SETTINGS
from .stubs import DOTNET, SHELLS, hook_command

HOOKS = INFRA / "hooks"
# What each hook runs, with the right Python, before azd packages and before it provisions.
SCRIPTS = {"prepackage": "package.py", "preprovision": "preflight.py"}
VERSION = (ROOT / ".python-version").read_text().strip()
# Answers as a Python of the version in the name would, and writes down what it was asked to run.
STAND_IN = """#!/bin/sh
case "$1" in
  -c) case "$2" in *"!= '%s'"*) exit 0 ;; *) exit 1 ;; esac ;;
  *) echo "$(basename "$0") $*" >> "$CALLS" ;;
esac
"""


@pytest.fixture
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "azure.yaml").read_text())
    return loaded


@pytest.fixture
def service(document: dict[str, Any]) -> dict[str, Any]:
    (found,) = document["services"].values()
    assert isinstance(found, dict)
    return found


def test_azd_uploads_what_was_built_here(service: dict[str, Any]) -> None:
    assert (ROOT / service["project"] / service["dist"]).resolve() == package.OUTPUT
    assert service["remoteBuild"] is False


@pytest.mark.parametrize("system", ["posix", "windows"])
def test_the_package_is_built_whenever_the_service_is_packaged(service: dict[str, Any], system: str) -> None:
    # A hook of the service, not of the project: `azd deploy` alone packages, too, and runs only these.
    hook = service["hooks"]["prepackage"][system]

    assert hook["continueOnError"] is False
    assert hook["shell"] == {"posix": "sh", "windows": "pwsh"}[system]
    assert "package.py" in (ROOT / hook["run"]).read_text()


@pytest.mark.parametrize(("system", "shell", "ending"), [("posix", "sh", "sh"), ("windows", "pwsh", "ps1")])
def test_what_would_fail_late_is_looked_up_before_every_provision(
    document: dict[str, Any], system: str, shell: str, ending: str
) -> None:
    hook = document["hooks"]["preprovision"][system]

    assert hook == {"shell": shell, "run": f"infra/hooks/preprovision.{ending}", "continueOnError": False}
    assert "preflight.py" in (ROOT / hook["run"]).read_text()


def test_the_template_has_a_name_and_the_version_of_the_changelog(document: dict[str, Any]) -> None:
    name, _, version = document["metadata"]["template"].partition("@")
    released = re.findall(r"^## \[?(\d+\.\d+\.\d+)\]?", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert name == document["name"]
    assert version == released[0]


def test_no_setting_asks_azure_to_build() -> None:
    assert [
        name for name in ("SCM_DO_BUILD_DURING_DEPLOYMENT", "ENABLE_ORYX_BUILD") if not REFUSED_SETTINGS.fullmatch(name)
    ] == []


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def checkout(
    directory: Path, hook: str, shell: str, pythons: dict[str, str], *, venv: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a hook in a checkout of its own, with these Pythons (name to version) on PATH and perhaps one in .venv."""
    shutil.copytree(HOOKS, directory / "infra" / "hooks")
    (directory / ".python-version").write_text(f"{VERSION}\n")
    commands = directory / "bin"
    commands.mkdir()
    for tool in ("sh", "dirname", "basename"):
        (commands / tool).symlink_to(shutil.which(tool) or tool)
    made = {commands / name: version for name, version in pythons.items()}
    if venv:
        installed = {
            "sh": directory / ".venv" / "bin" / "python",
            "pwsh": directory / ".venv" / "Scripts" / "python.exe",
        }
        installed[shell].parent.mkdir(parents=True)
        made[installed[shell]] = venv
    for path, version in made.items():
        path.write_text(STAND_IN % version)
        path.chmod(0o755)
    environment = {**DOTNET, "PATH": str(commands), "CALLS": str(directory / "calls"), "HOME": str(directory)}
    command = hook_command(directory / "infra" / "hooks" / hook, shell)
    return subprocess.run(command, env=environment, cwd=os.sep, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize("hook", SCRIPTS)
@pytest.mark.parametrize(
    ("pythons", "chosen"),
    [
        ({f"python{VERSION}": VERSION, "python3": "3.12"}, f"python{VERSION}"),
        ({"python3": VERSION}, "python3"),
        ({"python3": "3.12", "python": VERSION}, "python"),
    ],
)
def test_a_hook_takes_the_python_that_python_version_names(
    hook: str, shell: str, pythons: dict[str, str], chosen: str, tmp_path: Path
) -> None:
    done = checkout(tmp_path, hook, shell, pythons)

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "calls").read_text() == f"{chosen} {tmp_path / 'infra' / SCRIPTS[hook]}\n"


def test_a_hook_prefers_the_python_of_make_setup(shell: str, tmp_path: Path) -> None:
    checkout(tmp_path, "prepackage", shell, {"python3": VERSION}, venv=VERSION)

    assert (tmp_path / "calls").read_text().startswith(("python ", "python.exe "))


@pytest.mark.parametrize("hook", SCRIPTS)
def test_without_that_python_a_hook_says_what_to_do(hook: str, shell: str, tmp_path: Path) -> None:
    done = checkout(tmp_path, hook, shell, {"python3": "3.12"}, venv="3.11")

    assert done.returncode == 2
    assert f"{hook}: Python {VERSION} was not found; install it" in done.stderr
    assert not (tmp_path / "calls").exists()


def test_both_hooks_try_the_same_pythons() -> None:
    for hook in ((HOOKS / "python.sh").read_text(), (HOOKS / "python.ps1").read_text()):
        assert [name for name in (".venv", "python$version", "python3", "python") if name not in hook] == []
