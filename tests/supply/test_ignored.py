"""What git does not take: keys, certificates and settings of somebody's own."""

import shutil
import subprocess

import pytest

from .locked import ROOT

PRIVATE = [
    ".env",
    ".env.production",
    "console/.env",
    "local.settings.json",
    "local.settings.production.json",
    ".azure/calls/.env",
    "server.key",
    "infra/server.pem",
    "client/client.pfx",
    "client.p12",
    "ca.crt",
    "ca.cer",
    "app.publishsettings",
    "id_rsa",
    "id_ed25519.pub",
]


def git(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(shutil.which("git")), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", PRIVATE)
def test_what_is_somebody_s_own_is_ignored(name: str) -> None:
    assert git("check-ignore", "--no-index", "--quiet", name).returncode == 0


@pytest.mark.parametrize("name", ["local.settings.example.json", "host.json", "shared/keys.py", "docs/key.md"])
def test_what_is_everybody_s_is_not_ignored(name: str) -> None:
    assert git("check-ignore", "--no-index", "--quiet", name).returncode == 1


def test_nothing_that_is_ignored_is_in_the_repository() -> None:
    done = git("ls-files", "--cached", "--ignored", "--exclude-standard")

    assert (done.returncode, done.stdout) == (0, "")
