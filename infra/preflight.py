"""`python infra/preflight.py`: say what would make `azd provision` fail late, before it begins, and what to do.

azd's hook `preprovision` runs it with the environment's variables: the versions of the tools, the region (Flex
Consumption, the redundancy of storage), the resource providers and resources of yours that are to be used. It asks,
and changes nothing. What it cannot find out it says, and lets pass; SKIP_PREFLIGHT=true lets everything pass.

Only the standard library is needed. Exit codes: 0 nothing is in the way, 2 something is, named on standard error.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[1]
ANSWER_SECONDS_MAX = 120
IN_THE_WAY = 2
# Whose resources the templates deploy. Azure registers these while it deploys, if the deployer's role allows it.
PROVIDERS = frozenset(
    {
        "Microsoft.Communication",
        "Microsoft.EventGrid",
        "Microsoft.Insights",
        "Microsoft.ManagedIdentity",
        "Microsoft.OperationalInsights",
        "Microsoft.Storage",
        "Microsoft.Web",
    }
)
# With VNET_ENABLED as well.
NETWORK_PROVIDERS = frozenset({"Microsoft.Network"})
# No template deploys anything of it, so nothing registers it: the subnet of the app is delegated to it.
DELEGATE = "Microsoft.App"
# Variables that have the templates define a role, and what they are where they are not set.
DEFINE_ROLES = {"RECORDINGS_LEAST_PRIVILEGE": "true", "ACS_LEAST_PRIVILEGE": "false"}
DEFINES_ROLES = "Microsoft.Authorization/roleDefinitions/write"
# What whoever asks may do in the subscription: what their roles hold, inherited ones included.
PERMISSIONS = "/subscriptions/{subscriptionId}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01"
# Outputs of the deployment before: the app, its group, and the account where the package lay up to 0.3.
PACKAGE_OF = ("AZURE_FUNCTION_APP_NAME", "AZURE_RESOURCE_GROUP", "RUNTIME_STORAGE_NAME")
ACS_TYPE = "Microsoft.Communication/communicationServices"
TOPIC_TYPE = "Microsoft.EventGrid/systemTopics"


class Unanswered(Exception):
    """A command gave no answer; the message is its last line."""


def asked(*command: str) -> Any:
    """What a command answers, as JSON.

    Raises:
        Unanswered: it is not there, failed, took too long, or answered something else.
    """
    found = shutil.which(command[0])
    if found is None:
        raise Unanswered(f"{command[0]} is not installed")
    try:
        done = subprocess.run(
            [found, *command[1:], "--output", "json"],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=ANSWER_SECONDS_MAX,
            check=False,
        )
        if done.returncode == 0:
            return json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired, json.JSONDecodeError) as error:
        raise Unanswered(str(error)) from error
    raise Unanswered((done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])


def place(name: str) -> str:
    """A region's name as ARM compares it: "West Europe" is westeurope."""
    return name.replace(" ", "").lower()


def permits(held: Mapping[str, Any], action: str) -> bool:
    """Whether one role's permissions, as Azure lists them, contain an action."""

    def named(kind: str) -> bool:
        return any(fnmatchcase(action.lower(), str(each).lower()) for each in held.get(kind) or ())

    return named("actions") and not named("notActions")


def version_of(text: str) -> tuple[int, ...]:
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    return tuple(int(part) for part in found.groups()) if found else ()


@dataclass
class Preflight:
    """The questions, and what came of them."""

    environment: Mapping[str, str]
    root: Path = ROOT
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def given(self, name: str, default: str = "") -> str:
        return self.environment.get(name) or default

    def is_on(self, name: str) -> bool:
        return self.given(name).lower() == "true"

    def ask(self, what: str, *command: str) -> Any:
        """The answer of the Azure CLI for this subscription, or None and a note."""
        subscription = self.given("AZURE_SUBSCRIPTION_ID")
        chosen = ("--subscription", subscription) if subscription else ()
        try:
            return asked(*command, *chosen)
        except Unanswered as error:
            self.notes.append(f"{what} could not be looked up ({error}), and is not checked")
            return None

    def run(self) -> None:
        self.check_azd()
        if self.check_login():
            self.check_flex_consumption()
            self.check_redundancy()
            self.check_providers()
            self.check_role_definitions()
            self.check_yours()
            self.check_package()
            self.check_sign_in()

    def check_azd(self) -> None:
        required = re.search(r'azd: ">= ([\d.]+)"', (self.root / "azure.yaml").read_text(encoding="utf-8"))
        try:
            told = str(asked("azd", "version")["azd"]["version"])
        except (Unanswered, KeyError, TypeError) as error:
            self.notes.append(f"azd's version could not be looked up ({error}), and is not checked")
            return
        if required and (0, 0, 0) < version_of(told) < version_of(required[1]):
            self.problems.append(
                f"azd {told} is too old: it would upload the wrong files. Install {required[1]} or later: "
                "https://aka.ms/azd"
            )

    def check_login(self) -> bool:
        """Whether the Azure CLI can be asked."""
        if shutil.which("az") is None:
            self.problems.append(
                "the Azure CLI (az) is not installed; the last step of `azd up`, which subscribes the function to "
                "ACS's events, needs it. Install it: https://aka.ms/azure-cli"
            )
            return False
        subscription = self.given("AZURE_SUBSCRIPTION_ID")
        chosen = ("--subscription", subscription) if subscription else ()
        try:
            asked("az", "account", "show", *chosen)
        except Unanswered as error:
            tenant = self.given("AZURE_TENANT_ID")
            command = f"az login --tenant {tenant}" if tenant else "az login"
            self.problems.append(
                f"the Azure CLI cannot use the subscription {subscription or 'of azd'} ({error}). Run `{command}`"
            )
            return False
        return True

    def region(self) -> str:
        return place(self.given("AZURE_LOCATION"))

    def check_flex_consumption(self) -> None:
        if not self.region():
            self.notes.append("AZURE_LOCATION is not set yet: azd asks for it, and the region is not checked")
            return
        answer = self.ask("where Flex Consumption is offered", "az", "functionapp", "list-flexconsumption-locations")
        offered = {place(str(found.get("name"))) for found in answer or ()}
        if offered and self.region() not in offered:
            self.problems.append(
                f"{self.region()} has no Flex Consumption. `az functionapp list-flexconsumption-locations` lists the "
                "regions that have; then `azd env set AZURE_LOCATION REGION`"
            )

    def check_redundancy(self) -> None:
        wanted = self.given("STORAGE_REDUNDANCY", "Standard_ZRS")
        if not self.region():
            return
        answer = self.ask("which redundancy of storage the region offers", "az", "storage", "sku", "list")
        offered = {
            str(found.get("name"))
            for found in answer or ()
            if self.region() in {place(str(location)) for location in found.get("locations") or ()}
        }
        if offered and wanted not in offered:
            instead = "Standard_LRS" if wanted.endswith("ZRS") else "Standard_ZRS"
            self.problems.append(
                f"{self.region()} offers no {wanted}, because it has no availability zones or no paired region. Choose "
                f"another one, or `azd env set STORAGE_REDUNDANCY {instead}`; it is fixed once the accounts are there"
            )

    def check_providers(self) -> None:
        answer = self.ask("which resource providers are registered", "az", "provider", "list")
        if not answer:
            return
        there = {str(found.get("namespace")) for found in answer if found.get("registrationState") == "Registered"}
        network = self.is_on("VNET_ENABLED")
        for missing in sorted((PROVIDERS | (NETWORK_PROVIDERS if network else frozenset())) - there):
            self.notes.append(
                f"{missing} is not registered: Azure does so while it deploys, if your role allows it; otherwise have "
                f"somebody run `az provider register -n {missing} --wait`"
            )
        if network and DELEGATE not in there:
            self.problems.append(
                f"{DELEGATE} is not registered, and the virtual network needs it. Run "
                f"`az provider register -n {DELEGATE} --wait`"
            )

    def check_role_definitions(self) -> None:
        wanted = [name for name, usual in DEFINE_ROLES.items() if self.given(name, usual).lower() == "true"]
        if not wanted:
            return
        answer = self.ask("what your roles permit", "az", "rest", "--method", "get", "--url", PERMISSIONS)
        held = answer.get("value") if isinstance(answer, dict) else None
        if held is not None and not any(permits(each, DEFINES_ROLES) for each in held):
            self.problems.append(
                f"{' and '.join(wanted)} defines a role, and none of yours permits that ({DEFINES_ROLES}). Have "
                "somebody provision who has Owner or User Access Administrator, or take the built-in role: "
                + ", ".join(f"`azd env set {name} false`" for name in wanted)
            )

    def check_yours(self) -> None:
        """What is yours and is to write into storage needs an identity; ACS takes no second system topic."""
        name, group = self.given("EXISTING_ACS_NAME"), self.given("EXISTING_ACS_RESOURCE_GROUP")
        if name and group and self.is_on("ACS_OWN_STORAGE"):
            self.check_identity(name, group, ACS_TYPE, "write to the container of ACS_OWN_STORAGE")
        topic = self.given("EXISTING_SYSTEM_TOPIC_NAME")
        topic_group = self.given("EXISTING_SYSTEM_TOPIC_RESOURCE_GROUP", group)
        if topic and topic_group:
            self.check_identity(topic, topic_group, TOPIC_TYPE, "write dead letters")
        elif name and not topic:
            self.check_no_topic_of(name)

    def check_identity(self, name: str, group: str, resource_type: str, purpose: str) -> None:
        options = ("--resource-type", resource_type, "-g", group, "-n", name)
        answer = self.ask(f"the identity of {name}", "az", "resource", "show", *options)
        if isinstance(answer, dict) and "SystemAssigned" not in ((answer.get("identity") or {}).get("type") or ""):
            self.problems.append(
                f"{name} has no system-assigned identity, and without one it cannot {purpose}. Switch it on at the "
                "resource's page Identity in the portal"
            )

    def check_no_topic_of(self, acs: str) -> None:
        """Azure refuses a second system topic of one source, and a preview does not notice."""
        for topic in self.ask(f"system topics of {acs}", "az", "eventgrid", "system-topic", "list") or ():
            source = str(topic.get("source")).lower()
            ours = (topic.get("tags") or {}).get("azd-env-name") == self.given("AZURE_ENV_NAME")
            if source.endswith(f"/communicationservices/{acs.lower()}") and not ours:
                self.problems.append(
                    f"{acs} has a system topic already, and can have no second one. Use it: `azd env set "
                    f"EXISTING_SYSTEM_TOPIC_NAME {topic.get('name')}` and `azd env set "
                    f"EXISTING_SYSTEM_TOPIC_RESOURCE_GROUP {topic.get('resourceGroup')}`"
                )

    def check_package(self) -> None:
        """Where another account had the package, the app has none from the provision until it is deployed.

        Azure refuses an event subscription of a function that is not there, and the provision would end with that.
        """
        app, group, account = (self.given(name) for name in PACKAGE_OF)
        if not (app and group and account and self.is_on("DEPLOY_EVENT_SUBSCRIPTION")):
            return
        command = ("az", "functionapp", "deployment", "config", "show", "-n", app, "-g", group)
        answer = self.ask("where the app's package lies", *command)
        storage = (answer.get("storage") or {}) if isinstance(answer, dict) else {}
        if f"//{account}." in str(storage.get("value")).lower():
            self.problems.append(
                f"the package of {app} lies in {account}, and this version puts it into an account of its own: from "
                "the provision until the deployment the app has no code, and Azure would refuse its event subscription."
                " Run `azd env set DEPLOY_EVENT_SUBSCRIPTION false`, then `azd up`, which does both and subscribes it "
                "again; events wait meanwhile"
            )

    def check_sign_in(self) -> None:
        """Easy Auth names the clients that may call; which people may sign in through one only Entra ID can say."""
        client = self.given("AUTH_CLIENT_ID")
        if not client:
            return
        what = "who may sign in through AUTH_CLIENT_ID"
        try:  # the directory is asked, which takes no subscription
            required = asked("az", "ad", "sp", "show", "--id", client, "--query", "appRoleAssignmentRequired")
        except Unanswered as error:
            self.notes.append(f"{what} could not be looked up ({error}), and is not checked")
            return
        if required is not True:
            self.notes.append(
                f"everybody in the tenant, guests too, may sign in through AUTH_CLIENT_ID ({client}); a function key "
                "still stands before the API. To let in only whom you assign: "
                f"`az ad sp update --id {client} --set appRoleAssignmentRequired=true`"
            )


def main() -> None:
    preflight = Preflight(os.environ)
    if preflight.is_on("SKIP_PREFLIGHT"):
        print("preprovision: nothing is checked, because SKIP_PREFLIGHT is true")
        return
    preflight.run()
    for note in preflight.notes:
        print(f"preprovision: {note}.")
    for problem in preflight.problems:
        print(f"preprovision: {problem}.", file=sys.stderr)
    if preflight.problems:
        print("preprovision: nothing was provisioned. SKIP_PREFLIGHT=true lets all of this pass.", file=sys.stderr)
        raise SystemExit(IN_THE_WAY)
    print("preprovision: nothing is in the way")


if __name__ == "__main__":
    main()
