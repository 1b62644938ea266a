"""The package that gets deployed: building it, and running the app from it where nothing else can be seen."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any

from local.host.client import LAUNCHER, HostProcess
from local.stack import ROOT, Stack

SITE_PACKAGES = Path(".python_packages", "lib", "site-packages")
LAUNCH = Path(__file__).with_name("launch_host.py")
# What the local functions host needs and the app does not. In Azure the host is another process, and not Python.
HOST_NEEDS = ("croniter", "azure-storage-queue")
# -I -S: neither the environment, nor the folder, nor the installed packages of this interpreter; -B: write nothing.
ISOLATED = (sys.executable, "-I", "-S", "-B")


def built(output: Path, *, root: Path = ROOT, **environment: str) -> Path:
    """Build the package of the work tree at `root`, with these variables on top."""
    command = [sys.executable, str(root / "infra" / "package.py"), "--output", str(output)]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return output


def run_isolated(app: Path, script: str, **environment: str) -> str:
    """What a script prints that sees the standard library and the package, and nothing else."""
    path = [str(app / SITE_PACKAGES), str(app)]
    command = [*ISOLATED, "-c", f"import sys; sys.path += {path}\n{script}"]
    done = subprocess.run(command, env=environment, cwd=os.sep, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@dataclass(frozen=True)
class Program:
    """The app in one of its two forms, and the command that hosts it."""

    app_directory: Path
    launcher: tuple[str, ...]

    def stack(self, directory: Path, **arguments: Any) -> Stack:
        return Stack(directory, app_directory=self.app_directory, launcher=self.launcher, **arguments)

    def host(
        self, environment: Mapping[str, str], options: Mapping[str, bool | float | str] | None = None
    ) -> HostProcess:
        return HostProcess(self.app_directory, environment, options, launcher=self.launcher)


SOURCE = Program(ROOT, LAUNCHER)


def packaged(app: Path, scratch: Path, *options: str) -> Program:
    """The app as it is deployed, hosted where only its package can be imported, and what the host alone needs."""
    host_only = scratch / "host-only"
    host_only.mkdir()
    (host_only / "local").symlink_to(ROOT / "local")
    for found in needed_by_the_host(app):
        copy_distribution(found, host_only)
    return Program(app, (*ISOLATED, *options, str(LAUNCH), str(app / SITE_PACKAGES), str(host_only)))


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def distributions(app: Path) -> dict[str, str]:
    """Every distribution in the package, with its version."""
    found = (path.name.removesuffix(".dist-info").split("-") for path in (app / SITE_PACKAGES).glob("*.dist-info"))
    return {canonical(name): version for name, version in found}


def needed_by_the_host(app: Path) -> Iterator[Distribution]:
    """What the host needs, and what that needs in turn, less all that is in the package."""
    there, open_names = set(distributions(app)), list(HOST_NEEDS)
    while open_names:
        found = distribution(open_names.pop())
        there.add(canonical(found.name))
        yield found
        needed = (line for line in found.requires or () if "extra ==" not in line)
        names = {canonical(match[0]) for line in needed if (match := re.match(r"[\w.-]+", line))}
        open_names += sorted(names - there)


def copy_distribution(found: Distribution, folder: Path) -> None:
    for file in found.files or ():
        if ".." not in file.parts and file.suffix != ".pyc":
            target = folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(file.locate()), target)
