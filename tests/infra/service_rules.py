"""What Azure and its tools do and no compiler knows, each with where it is known from.

Rules of the templates alone stand in service_rules_bicep.py. To add one here: a function that returns what is wrong in
a checkout, and a `Rule` in `RULES` with a mistake that it catches. Nothing here was seen in a subscription of ours; a
rule that turns out otherwise is changed together with its source.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .bicep_tree import literal, module, walk

# Flex Consumption refuses these as app settings or configures them elsewhere.
REFUSED_SETTINGS = re.compile(
    r"FUNCTIONS_EXTENSION_VERSION|FUNCTIONS_WORKER_\w+|FUNCTIONS_MAX_HTTP_CONCURRENCY|SCM_DO_BUILD_DURING_DEPLOYMENT"
    r"|ENABLE_ORYX_BUILD|WEBSITE_\w+|AzureWebJobsDashboard|AzureWebJobsSecretStorageType"
)
# Site properties that Flex Consumption refuses: ARM answers 400, code 51021, "site configuration properties (…) for
# Flex Consumption sites is invalid". The compiler cannot tell: the schema of Microsoft.Web/sites has them all.
NAMED_BY_ARM = "Microsoft Q&A 2277522, one refusal that lists the five"
OMITTED = "Azure/terraform-azurerm-avm-res-web-site#345, which leaves it out for Flex Consumption"
REFUSED = {
    "ftpsState": NAMED_BY_ARM,
    "use32BitWorkerProcess": NAMED_BY_ARM,
    "preWarmedInstanceCount": NAMED_BY_ARM,
    "netFrameworkVersion": NAMED_BY_ARM,
    "functionsRuntimeScaleMonitoringEnabled": NAMED_BY_ARM,
    "linuxFxVersion": "Azure/terraform-azurerm-avm-res-web-site#283, a refusal that names it",
    "functionAppScaleLimit": "Azure/azure-functions-host#10643, a refusal that names it",
    "windowsFxVersion": OMITTED,
}
# Accepted or refused, depending on the stamp, and never of use: functionAppConfig or another resource has the matter.
USELESS = {
    "alwaysOn": "functionAppConfig.scaleAndConcurrency.alwaysReady is its counterpart; true is refused",
    "healthCheckPath": "Flex Consumption replaces instances by itself",
    "appSettings": "config/appsettings holds them; here each deployment of the site would drop the rest",
}
# The first version of azd that honours `remoteBuild` of functions.
AZD_AT_LEAST = (1, 23, 5)
# What a provision of azd is said to do to what was changed elsewhere.
REPAIRS = re.compile(
    r"azd provision(?! --(no-state|preview))[^.:;|]{0,60}?\b(repair|renew|undo|makes|restore|drift)\w*"
)
AZURE_DEV = ".github/workflows/azure-dev.yml"
DEPLOY, OPERATIONS = "docs/deploy.md", "docs/operations.md"
HOOKS = ("infra/hooks/postdeploy.sh", "infra/hooks/postdeploy.ps1")

type Check = Callable[[Path], list[str]]


@dataclass(frozen=True)
class Rule:
    """One fact about the service, and what follows for this project.

    Attributes:
        fact: what Azure or a tool does, in the present.
        source: where that is known from.
        check: what is wrong in a checkout.
        mistake: (file, text, replacement) that the check must notice.
    """

    fact: str
    source: str
    check: Check
    mistake: tuple[str, str, str]


def flat(root: Path, name: str) -> str:
    """A file on one line, without the marks of code and emphasis."""
    return re.sub(r"\s+", " ", re.sub(r"[`*]", "", (root / name).read_text()))


def told(name: str, *phrases: str) -> Check:
    """Whether a document says it."""

    def check(root: Path) -> list[str]:
        text = flat(root, name)
        return [f"{name} does not say: {phrase}" for phrase in phrases if phrase not in text]

    return check


def written(names: tuple[str, ...], phrase: str) -> Check:
    """Whether each of some files has these characters."""
    return lambda root: [f"{name} lacks {phrase}" for name in names if phrase not in (root / name).read_text()]


def azd_is_new_enough(root: Path) -> list[str]:
    required = str(yaml.safe_load((root / "azure.yaml").read_text())["requiredVersions"]["azd"])
    found = re.fullmatch(r">= (\d+)\.(\d+)\.(\d+)", required)
    enough = found is not None and tuple(int(part) for part in found.groups()) >= AZD_AT_LEAST
    return [] if enough else [f"azure.yaml lets azd {required} through"]


def repairs_ignore_the_state(root: Path) -> list[str]:
    sources = [*sorted((root / "docs").glob("*.md")), *(root / name for name in HOOKS)]
    return [
        f"{path.name}: {found[0]}"
        for path in sources
        for found in REPAIRS.finditer(flat(root, str(path.relative_to(root))))
    ]


def the_delegate_is_registered(root: Path) -> list[str]:
    nodes = [node for node in walk(module(root / "infra", "network").root) if node.type == "string"]
    delegates = {
        str(name).partition("/")[0] for node in nodes if re.search(r"/environments$", name := literal(node) or "")
    }
    asked = re.findall(r'^DELEGATE = "(.+)"$', (root / "infra" / "preflight.py").read_text(), re.MULTILINE)
    return [] if delegates == set(asked) else [f"the hook asks for {asked}, the subnet is delegated to {delegates}"]


def func_is_told_the_language(root: Path) -> list[str]:
    lines = re.findall(r"^.*func azure functionapp publish.*$", (root / DEPLOY).read_text(), re.MULTILINE)
    return [line for line in lines if "--python" not in line] if lines else ["nothing is published with func"]


def azd_s_workflow_deploys_only_when_asked(root: Path) -> list[str]:
    if not (root / AZURE_DEV).is_file():
        return [f"{AZURE_DEV} is missing: azd offers one that deploys on every push"]
    document = yaml.safe_load((root / AZURE_DEV).read_text())
    triggers = document[True]  # YAML reads the key `on` as a boolean
    default = triggers["workflow_dispatch"]["inputs"]["deploy"]["default"]
    steps: list[dict[str, Any]] = [step for job in document["jobs"].values() for step in job["steps"]]
    changing = re.compile(r"azd (up|deploy|provision(?! --preview))")
    wrong = [] if default is False else ["it deploys unless somebody says no"]
    return wrong + [
        f"deploys unasked: {step['run']}"
        for step in steps
        if changing.search(step.get("run", "")) and step.get("if") != "inputs.deploy"
    ]


RULES: tuple[Rule, ...] = (
    Rule(
        "azd reads .funcignore since 1.18.0 and remoteBuild of functions since 1.23.5",
        "Azure/azure-dev, CHANGELOG: #5383, #6748",
        azd_is_new_enough,
        ("azure.yaml", ">= 1.23.5", ">= 1.18.0"),
    ),
    Rule(
        "azd passes a provision by whose template and parameters are those of the last one",
        "Azure/azure-dev, bicep_provider.go and docs/provision-state.md: it does not see external changes",
        repairs_ignore_the_state,
        (DEPLOY, "`azd provision --no-state` undoes", "`azd provision` undoes"),
    ),
    Rule(
        "a delegation to Microsoft.App registers no provider, and the site then fails",
        "Azure/bicep#16340, Azure/azure-cli#33177; considerations of the Flex Consumption plan",
        the_delegate_is_registered,
        ("infra/preflight.py", 'DELEGATE = "Microsoft.App"', 'DELEGATE = "Microsoft.Web"'),
    ),
    Rule(
        "func takes the language from local.settings.json, which a fresh clone lacks",
        "Azure/azure-functions-core-tools, GlobalCoreToolsSettings.cs and PublishFunctionAppAction.cs",
        func_is_told_the_language,
        (DEPLOY, "publish NAME --python", "publish NAME"),
    ),
    Rule(
        "azd pipeline config knows only azure-dev.yml, and offers one that deploys on every push",
        "Azure/azure-dev, pkg/pipeline/pipeline.go (pipelineFileNames) and pipeline_manager.go (promptForCiFiles)",
        azd_s_workflow_deploys_only_when_asked,
        (AZURE_DEV, "if: inputs.deploy\n        run: azd up", "if: always()\n        run: azd up"),
    ),
    Rule(
        "a deployment and a change of a setting end every execution, with no grace",
        "Azure Functions documentation, flex-consumption-site-updates: the strategy Recreate is the default",
        told(DEPLOY, "ends every execution at each deployment and at each change of a setting"),
        (DEPLOY, "at each deployment **and at each change of a setting**", "at each deployment"),
    ),
    Rule(
        "the first delivery after an idle time can be refused, and is tried again after five minutes or more",
        "Azure/azure-functions-host#11834; Event Grid documentation, delivery-and-retry: 401 of a function",
        told(DEPLOY, "--patience 900 after an idle time", "A few 401 after an idle time"),
        (DEPLOY, "--patience 900", "--patience 120"),
    ),
    Rule(
        "zone-redundant storage needs a region with zones, and is fixed when the account is made",
        "Azure Storage documentation, redundancy-migration: from LRS to ZRS is a conversion, not a change of the SKU",
        told(
            DEPLOY, "availability zones; in one without, azd env set STORAGE_REDUNDANCY Standard_LRS", "are fixed when"
        ),
        (DEPLOY, "availability zones; in one without", "some zones; in one without"),
    ),
    Rule(
        "after a deployment triggers may stay unsynchronised until somebody asks for it",
        "microsoft/azure-pipelines-tasks#22354, Azure/azure-functions-host#10169, Azure/functions-action#135",
        written((*HOOKS, DEPLOY), "/host/default/sync?api-version="),
        ("infra/hooks/postdeploy.ps1", "/host/default/sync?", "/sync?"),
    ),
    Rule(
        "timers can stop for good after a deployment while all else goes on",
        "Azure/azure-functions-host#11828",
        told(DEPLOY, "/admin/functions/sweep"),
        (DEPLOY, "/admin/functions/sweep", "/api/sweep"),
    ),
    Rule(
        "right after a restart the host's keys can answer BadRequest, and ARM does not ask twice",
        "threads on AzureFunction endpoints of Event Grid; judged",
        told(DEPLOY, "right after a restart): azd provision --no-state again"),
        (DEPLOY, "`azd provision --no-state` again", "`azd provision` again"),
    ),
    Rule(
        "a locked immutability policy takes only extensions, so a provision that writes it is refused",
        "hashicorp/terraform-provider-azurerm#28660 and its PR #28661",
        told(DEPLOY, "azd env set IMMUTABILITY_DAYS 0: a locked policy takes only extensions"),
        (DEPLOY, "IMMUTABILITY_DAYS 0`", "IMMUTABILITY_DAYS 1`"),
    ),
    Rule(
        "dead letters may not pass a storage firewall, whatever trusted services are documented to do",
        "MicrosoftDocs/azure-docs#84665",
        told(OPERATIONS, "VNET_ENABLED: dead letters pass the firewall"),
        (OPERATIONS, "dead letters pass the firewall", "it works"),
    ),
    Rule(
        "a virtual network made since 2026-03-31 may have no way out of its own",
        "Azure Virtual Network documentation, default-outbound-access; Azure/azure-functions-host#11452",
        told(DEPLOY, "may have no way out of their own: give them one with NAT_GATEWAY_ID"),
        (DEPLOY, "with `NAT_GATEWAY_ID`", "somehow"),
    ),
    Rule(
        "maximumInstanceCount is of the app, not of each function",
        "Microsoft.Web REST reference: the maximum number of instances for the function app",
        lambda root: [f"{DEPLOY} counts them by function"] if "each function by itself" in flat(root, DEPLOY) else [],
        (DEPLOY, "40 to 1000 instances of the app", "40 to 1000, for each function by itself"),
    ),
    Rule(
        "whether ACS takes tokens for downloads and deletions is on no record",
        "Azure SDK for Python, azure-communication-callautomation: the audience is all that is known",
        told(DEPLOY, "ACS takes tokens for all of it. Nothing but a real call can show that", "If ACS refuses tokens"),
        (DEPLOY, "**If ACS refuses tokens**", "**If not**"),
    ),
    Rule(
        "a deployment takes no role away, so that a narrower one beside it narrows nothing",
        "Azure Resource Manager documentation, deployment-modes: incremental leaves what the template does not name",
        told(DEPLOY, "since a provision takes no role away", "does not end the one that it had, which may delete"),
        (DEPLOY, "new role on recordings does not end the one", "new role on recordings ends the one"),
    ),
    Rule(
        "Role Based Access Control Administrator assigns roles and defines none",
        "Azure documentation, built-in roles, privileged: its actions are roleAssignments/write, /delete and */read",
        told(DEPLOY, "Owner (or Contributor plus User Access Administrator) on the subscription"),
        (DEPLOY, "Contributor plus User Access Administrator)", "Contributor)"),
    ),
    Rule(
        "Azure refuses an event subscription of a function that is not there",
        "Azure/bicep#11656; Flex Consumption documentation, deployment storage: publish again after changing it",
        told(DEPLOY, "azd env set DEPLOY_EVENT_SUBSCRIPTION false && azd up, never azd provision alone"),
        (DEPLOY, "never `azd provision` alone", "or `azd provision`"),
    ),
    Rule(
        "a registration lets in every user of its tenant until an assignment is required",
        "Microsoft Entra documentation, what-is-access-management: Assignment required is No by default",
        told(DEPLOY, "az ad sp update --id CLIENT-ID --set appRoleAssignmentRequired=true"),
        (DEPLOY, "appRoleAssignmentRequired=true`, then", "appRoleAssignmentRequired=false`, then"),
    ),
    Rule(
        "address rules of storage do not hold for requests from the same region",
        "Azure Storage documentation, storage-network-security: restrictions for IP network rules",
        told(DEPLOY, "Azure applies no address rule to requests from the same region"),
        (DEPLOY, "applies no address rule", "applies its address rules"),
    ),
    Rule(
        "a role that was defined just now may not be there yet for whoever assigns it",
        "pulumi/pulumi-azure#840, hashicorp/terraform-provider-azurerm#19916",
        told(DEPLOY, "RoleDefinitionDoesNotExist came before a role that it had defined was known everywhere"),
        (DEPLOY, "`RoleDefinitionDoesNotExist`", "an error"),
    ),
    Rule(
        "a custom role outlives the resource group, and its name is one in the tenant",
        "Azure documentation, custom-roles: up to 5,000 in a tenant, names unique there",
        told(DEPLOY, "each with az role definition delete --name"),
        (DEPLOY, "each with `az role definition delete --name`", "each"),
    ),
    Rule(
        "an ACS resource without an identity cannot write into storage of ours, and the grant fails late",
        "Azure Communication Services documentation, bring your own storage; the template's principalId is then empty",
        written(("infra/preflight.py",), "has no system-assigned identity"),
        ("infra/preflight.py", "has no system-assigned identity", "is fine"),
    ),
)
