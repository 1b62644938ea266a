"""What is said before a provision begins, against stand-ins for az and azd that answer as the real ones do."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.preflight import DELEGATE, NETWORK_PROVIDERS, PROVIDERS

from .bicep_tree import INFRA, resources
from .documented_commands import Command, wrong

SCRIPT = INFRA / "preflight.py"
PROGRAM = Path(__file__).with_name("answering_cli.sh")
ENVIRONMENT = {"AZURE_SUBSCRIPTION_ID": "sub-1", "AZURE_LOCATION": "West Europe"}
AZD = "azd version"
ACCOUNT = "az account show"
REGIONS = "az functionapp list-flexconsumption-locations"
SKUS = "az storage sku"
REGISTERED = "az provider list"
IDENTITY = "az resource show"
TOPICS = "az eventgrid system-topic"
PERMITTED = "az rest --method"
PACKAGE = "az functionapp deployment"
SIGN_IN = "az ad sp"
CONTRIBUTOR = {"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"]}
ASSIGNS = {"actions": ["Microsoft.Authorization/roleAssignments/write", "*/read"], "notActions": []}
# Shapes as the real commands print them, cut to what is read: azd 1.31 `version`, Azure CLI 2.91 the others.
ANSWERS: dict[str, Any] = {
    AZD: {"azd": {"version": "1.31.2", "commit": "0"}},
    ACCOUNT: {"id": "sub-1", "tenantId": "tenant-1"},
    REGIONS: [{"name": "northeurope"}, {"name": "westeurope"}],
    SKUS: [
        {
            "name": "Standard_LRS",
            "kind": "StorageV2",
            "locations": ["westcentralus"],
            "resourceType": "storageAccounts",
        },
        *(
            {
                "name": f"Standard_{name}",
                "kind": "StorageV2",
                "locations": ["westeurope"],
                "resourceType": "storageAccounts",
            }
            for name in ("LRS", "ZRS", "GZRS")
        ),
    ],
    REGISTERED: [
        {"namespace": name, "registrationState": "Registered"} for name in sorted(PROVIDERS | NETWORK_PROVIDERS)
    ]
    + [{"namespace": DELEGATE, "registrationState": "NotRegistered"}],
    IDENTITY: {"name": "acs-1", "identity": {"type": "SystemAssigned", "principalId": "p"}},
    PERMITTED: {"value": [CONTRIBUTOR, {"actions": ["*/read", "Microsoft.Authorization/*"], "notActions": []}]},
    PACKAGE: {"storage": {"type": "blobcontainer", "value": "https://stpkg1.blob.core.windows.net/app-package"}},
    SIGN_IN: True,
    TOPICS: [{"name": "evgt-other", "resourceGroup": "rg", "source": "/subscriptions/s/…/storageAccounts/acs-1"}],
}


OF_YOURS = {"EXISTING_ACS_NAME": "acs-1", "EXISTING_ACS_RESOURCE_GROUP": "rg", "AZURE_ENV_NAME": "dev"}
DEPLOYED = {
    "AZURE_FUNCTION_APP_NAME": "func-1",
    "AZURE_RESOURCE_GROUP": "rg-dev",
    "RUNTIME_STORAGE_NAME": "strun1",
    "DEPLOY_EVENT_SUBSCRIPTION": "true",
}
PACKAGE_OF_BEFORE = {"storage": {"type": "blobcontainer", "value": "https://strun1.blob.core.windows.net/app-package"}}
TOPIC_OF_YOURS = {
    "name": "evgt-1",
    "resourceGroup": "rg-events",
    "source": "/subscriptions/s/resourcegroups/rg/providers/Microsoft.Communication/CommunicationServices/ACS-1",
    "tags": None,
}


def preflight(folder: Path, answers: dict[str, Any], **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it with only az and azd on PATH. Where the answer is None the command fails; where it is "" it is missing."""
    given = {**ANSWERS, **answers}
    for tool in ("sh", "cat", "basename"):
        (folder / tool).symlink_to(shutil.which(tool) or tool)
    for command in {name.split()[0] for name, answer in given.items() if answer != ""}:
        shutil.copy(PROGRAM, folder / command)
        (folder / command).chmod(0o755)
    for name, answer in given.items():
        if answer is not None:
            (folder / name.replace(" ", "_")).write_text(json.dumps(answer))
    return subprocess.run(
        [sys.executable, str(SCRIPT)],
        env={"PATH": str(folder), "ANSWERS": str(folder), **ENVIRONMENT, **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def asked(folder: Path) -> list[str]:
    return (folder / "calls").read_text().splitlines()


def test_a_good_environment_passes_and_says_so(tmp_path: Path) -> None:
    done = preflight(tmp_path, {})

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "preprovision: nothing is in the way\n"


def test_the_subscription_of_the_environment_is_asked(tmp_path: Path) -> None:
    preflight(tmp_path, {})

    calls = [call for call in asked(tmp_path) if call.startswith("az ")]
    assert len(calls) == 5
    assert [call for call in calls if "--subscription sub-1" not in call] == []


def test_what_is_asked_is_in_the_grammar_of_the_tools(tmp_path: Path) -> None:
    preflight(tmp_path, {}, **OF_YOURS, **DEPLOYED, ACS_OWN_STORAGE="true", AUTH_CLIENT_ID="c-1")

    calls = asked(tmp_path)
    assert len(calls) == len(ANSWERS)
    assert [complaint for call in calls for complaint in wrong(Command(tuple(call.split())))] == []


@pytest.mark.parametrize(
    ("answers", "environment", "told"),
    [
        ({AZD: {"azd": {"version": "1.23.4"}}}, {}, "azd 1.23.4 is too old"),
        ({ACCOUNT: None}, {}, "Run `az login`"),
        ({ACCOUNT: None}, {"AZURE_TENANT_ID": "t-1"}, "Run `az login --tenant t-1`"),
        ({name: "" for name in ANSWERS if name != AZD}, {}, "the Azure CLI (az) is not installed"),
        ({}, {"AZURE_LOCATION": "westindia"}, "westindia has no Flex Consumption"),
        ({}, {"STORAGE_REDUNDANCY": "Standard_GRS"}, "westeurope offers no Standard_GRS"),
        ({SKUS: ANSWERS[SKUS][:2]}, {}, "`azd env set STORAGE_REDUNDANCY Standard_LRS`"),
        ({}, {"VNET_ENABLED": "true"}, "Run `az provider register -n Microsoft.App --wait`"),
        (
            {IDENTITY: {"name": "acs-1", "identity": None}},
            {**OF_YOURS, "ACS_OWN_STORAGE": "true"},
            "acs-1 has no system-assigned identity",
        ),
        (
            {IDENTITY: {"name": "evgt-1", "identity": {"type": "None"}}},
            {**OF_YOURS, "EXISTING_SYSTEM_TOPIC_NAME": "evgt-1"},
            "evgt-1 has no system-assigned identity",
        ),
        (
            {PERMITTED: {"value": [CONTRIBUTOR, ASSIGNS]}},
            {},
            "RECORDINGS_LEAST_PRIVILEGE defines a role, and none of yours permits that",
        ),
        ({PERMITTED: {"value": []}}, {}, "none of yours permits that"),  # whose roles are below the subscription
        (
            {PERMITTED: {"value": [CONTRIBUTOR]}},
            {"RECORDINGS_LEAST_PRIVILEGE": "false", "ACS_LEAST_PRIVILEGE": "true"},
            "`azd env set ACS_LEAST_PRIVILEGE false`",
        ),
        ({PACKAGE: PACKAGE_OF_BEFORE}, DEPLOYED, "`azd env set DEPLOY_EVENT_SUBSCRIPTION false`, then `azd up`"),
        ({TOPICS: [TOPIC_OF_YOURS]}, OF_YOURS, "`azd env set EXISTING_SYSTEM_TOPIC_NAME evgt-1`"),
    ],
)
def test_what_is_in_the_way_ends_the_provision_with_what_to_do(
    answers: dict[str, Any], environment: dict[str, str], told: str, tmp_path: Path
) -> None:
    done = preflight(tmp_path, answers, **environment)

    assert done.returncode == 2
    assert told in done.stderr
    assert done.stderr.endswith("nothing was provisioned. SKIP_PREFLIGHT=true lets all of this pass.\n")


def test_everything_that_is_in_the_way_is_named_at_once(tmp_path: Path) -> None:
    done = preflight(tmp_path, {AZD: {"azd": {"version": "1.0.0"}}}, AZURE_LOCATION="westindia", VNET_ENABLED="true")

    assert [part in done.stderr for part in ("too old", "no Flex Consumption", "Microsoft.App")] == [True] * 3


@pytest.mark.parametrize("unanswered", [AZD, REGIONS, SKUS, REGISTERED, PERMITTED])
def test_what_cannot_be_looked_up_is_said_and_passes(unanswered: str, tmp_path: Path) -> None:
    done = preflight(tmp_path, {unanswered: None})

    assert done.returncode == 0
    assert "could not be looked up (stand-in: no answer), and is not checked" in done.stdout


def test_a_region_that_is_not_chosen_yet_is_not_checked(tmp_path: Path) -> None:
    done = preflight(tmp_path, {}, AZURE_LOCATION="")

    assert done.returncode == 0
    assert "AZURE_LOCATION is not set yet" in done.stdout


def test_a_provider_that_azure_registers_by_itself_is_only_mentioned(tmp_path: Path) -> None:
    done = preflight(tmp_path, {REGISTERED: [{"namespace": "Microsoft.Web", "registrationState": "Registered"}]})

    assert done.returncode == 0
    assert "`az provider register -n Microsoft.EventGrid --wait`" in done.stdout


def test_the_topic_that_this_environment_made_is_not_in_the_way(tmp_path: Path) -> None:
    ours = {**TOPIC_OF_YOURS, "tags": {"azd-env-name": "dev"}}

    assert preflight(tmp_path, {TOPICS: [ours]}, **OF_YOURS).returncode == 0


def test_who_asks_for_built_in_roles_alone_need_not_define_any(tmp_path: Path) -> None:
    done = preflight(tmp_path, {PERMITTED: {"value": [CONTRIBUTOR, ASSIGNS]}}, RECORDINGS_LEAST_PRIVILEGE="false")

    assert done.returncode == 0
    assert not any(call.startswith("az rest") for call in asked(tmp_path))


def test_a_package_may_move_where_the_hook_subscribes_the_function_again(tmp_path: Path) -> None:
    done = preflight(tmp_path, {PACKAGE: PACKAGE_OF_BEFORE}, **{**DEPLOYED, "DEPLOY_EVENT_SUBSCRIPTION": "false"})

    assert done.returncode == 0


def test_a_registration_that_lets_in_whom_nobody_assigned_is_mentioned(tmp_path: Path) -> None:
    done = preflight(tmp_path, {SIGN_IN: False}, AUTH_CLIENT_ID="c-1")

    assert done.returncode == 0
    assert "`az ad sp update --id c-1 --set appRoleAssignmentRequired=true`" in done.stdout


def test_a_registration_that_asks_for_an_assignment_is_not(tmp_path: Path) -> None:
    assert preflight(tmp_path, {}, AUTH_CLIENT_ID="c-1").stdout == "preprovision: nothing is in the way\n"


def test_an_azd_of_somebody_s_own_build_passes(tmp_path: Path) -> None:
    assert preflight(tmp_path, {AZD: {"azd": {"version": "0.0.0-dev.0"}}}).returncode == 0


def test_whoever_knows_better_can_pass(tmp_path: Path) -> None:
    done = preflight(tmp_path, {}, AZURE_LOCATION="westindia", SKIP_PREFLIGHT="true")

    assert done.returncode == 0
    assert not (tmp_path / "calls").exists()


def test_the_providers_are_those_of_the_templates() -> None:
    deployed = {found.type.partition("/")[0] for found in resources(INFRA)}

    assert deployed - {"Microsoft.Resources", "Microsoft.Authorization"} == PROVIDERS | NETWORK_PROVIDERS


def test_the_network_s_provider_is_used_by_the_network_alone() -> None:
    files = {found.file for found in resources(INFRA) if found.type.partition("/")[0] in NETWORK_PROVIDERS}

    assert files == {"modules/network.bicep"}
