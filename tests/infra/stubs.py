"""Stand-ins for `az` and `azd` on PATH that write down how they were called and answer as told.

A hook has two forms, for sh and for PowerShell; the same stand-ins and the same expectations hold for both.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .bicep_tree import INFRA
from .lacking import skip_without

HOOK = INFRA / "hooks" / "postdeploy.sh"
ENVIRONMENT = {
    "AZURE_ENV_NAME": "dev",
    "AZURE_SUBSCRIPTION_ID": "sub-1",
    "AZURE_RESOURCE_GROUP": "rg-dev",
    "AZURE_FUNCTION_APP_NAME": "func-1",
    "AZURE_FUNCTION_APP_ID": "/sites/func-1",
    "EVENTGRID_SYSTEM_TOPIC_NAME": "evgt-1",
    "EVENTGRID_SYSTEM_TOPIC_RESOURCE_GROUP": "rg-acs",
    "EVENTGRID_FUNCTION_NAME": "recording_file_ready",
    "RUNTIME_STORAGE_ID": "/accounts/run",
    "DEAD_LETTERS_CONTAINER_NAME": "dead-letters",
    "POLL_SECONDS": "0",
}
# What runs a hook: how its file ends, and the command before it.
SHELLS = {"sh": (".sh", ()), "pwsh": (".ps1", ("pwsh", "-NoProfile", "-NonInteractive", "-File"))}
# PowerShell may be a tool of .NET, which finds its runtime by these.
DOTNET = {name: value for name, value in os.environ.items() if name.startswith("DOTNET_")}
# Fails as many times as the file `<kind>.failures` has lines, one line less each time.
STUB = """#!/bin/sh
kind=azd
case "$0 $*" in
  *az\\ functionapp*) kind=function ;;
  *az\\ deployment*) kind=deployment ;;
  *az\\ rest*) kind=synchronisation ;;
esac
echo "$(basename "$0") $*" >> "$STUBS/calls"
if [ -s "$STUBS/$kind.failures" ]; then
  sed -i 1d "$STUBS/$kind.failures"
  echo "stub: $kind refused" >&2
  exit 1
fi
"""
TOOLS = ("sh", "dirname", "basename", "sed", "sleep")


def hook_command(hook: Path, shell: str) -> list[str]:
    """What runs a hook in one of its forms; the test is skipped where that shell is not installed."""
    ending, launcher = SHELLS[shell]
    if not launcher:
        return [str(hook.with_suffix(ending))]
    found = shutil.which(launcher[0])
    if found is None:
        skip_without("pwsh", "the hooks for Windows are not run")
    return [found, *launcher[1:], str(hook.with_suffix(ending))]


@dataclass(frozen=True)
class Stubs:
    """A folder that is the whole PATH of the hook."""

    folder: Path
    shell: str = "sh"

    @classmethod
    def made(cls, folder: Path, commands: tuple[str, ...] = ("az", "azd"), shell: str = "sh") -> Stubs:
        for command in commands:
            (folder / command).write_text(STUB)
            (folder / command).chmod(0o755)
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found, f"{tool} is not installed"
            (folder / tool).symlink_to(found)
        return cls(folder, shell)

    def fail(self, kind: str, times: int) -> None:
        (self.folder / f"{kind}.failures").write_text("again\n" * times)

    def calls(self, command: str) -> list[str]:
        written = self.folder / "calls"
        return (
            [line for line in written.read_text().splitlines() if line.startswith(command)] if written.exists() else []
        )

    def run(self, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the hook; a variable that is empty here is not set at all."""
        given = {name: text for name, text in {**ENVIRONMENT, **environment}.items() if text}
        return subprocess.run(
            hook_command(HOOK, self.shell),
            # PowerShell keeps a cache below HOME.
            env={**DOTNET, **given, "PATH": str(self.folder), "STUBS": str(self.folder), "HOME": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            cwd=os.sep,
        )
