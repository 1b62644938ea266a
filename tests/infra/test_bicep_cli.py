"""The real compiler, wherever it is installed."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from .bicep_tree import INFRA
from .lacking import skip_without

MAIN = str(INFRA / "main.bicep")


def command_line(command: str) -> list[str]:
    if found := shutil.which("bicep"):
        return [found, command, MAIN]
    if (found := shutil.which("az")) and subprocess.run([found, "bicep", "version"], check=False).returncode == 0:
        return [found, "bicep", command, "--file", MAIN]
    return skip_without("bicep", "the templates are compiled in CI only")


@pytest.mark.parametrize(("command", "options"), [("build", ["--stdout"]), ("lint", [])])
def test_the_templates_compile(command: str, options: list[str]) -> None:
    done = subprocess.run([*command_line(command), *options], capture_output=True, text=True, timeout=110, check=False)

    assert done.returncode == 0, done.stderr
