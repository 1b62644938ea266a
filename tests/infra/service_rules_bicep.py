"""Rules of Azure's services that no compiler knows, each with its source. A check returns what the templates break.

A new rule is a function below and a line in CHECKS; a mistake that it catches belongs into mutations.py.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

from .bicep_tree import ROOT, at, items, literal, module, properties, read, resources, text
from .checks_app import WEBHOOK_SPELLINGS

MINUTE = 60
# Event Grid tries at these seconds after the first try, and looks whether the time to live is over only with the next
# one; then the event goes to the dead letters within five minutes more.
# Microsoft Learn, "Event Grid message delivery and retry": retry schedule, and "TTL expiration is checked ONLY at the
# next scheduled delivery attempt".
TRIES = (10, 40, 100, 400, 1000, 2800, 6400, 17_200, 38_800, 82_000)
DEAD_LETTERED_WITHIN = 5 * MINUTE
LETTERS_AFTER_MIN, LETTERS_AFTER_MAX = 60 * MINUTE, 120 * MINUTE  # docs/deploy.md: "two hours"; ACS keeps a file for 24
# Groups of functions that Flex Consumption keeps ready; a function outside of them stands for itself.
# Microsoft Learn, "Create and manage function apps in the Flex Consumption plan": always ready instance counts.
SCALE_GROUPS = {"http", "durable", "blob"}
SITE = "Microsoft.Web/sites"
# Parameters of the version before, which are entries of APP_SETTINGS now.
FORMER = {
    "ACS_RETENTION_HOURS",
    "BYOS_CONTAINERS",
    "CALLBACK_HOSTS",
    "CLAIM_SECONDS",
    "DELETE_FROM_ACS",
    "MAX_RECORDING_HOURS",
    "RECORDING_HOST_SUFFIXES",
    "RETRY_FIRST_SECONDS",
    "RETRY_MAX_SECONDS",
    "TRANSFER_BLOCK_BYTES",
    "UNKNOWN_RECORDINGS",
    "VERIFY_SOURCE",
}


def undeliverable_events_become_letters_in_time(infra: Path) -> list[str]:
    subscription = module(infra, "eventgrid-subscription").named("resource").get("subscription")
    minutes = subscription["properties.retryPolicy.eventTimeToLiveInMinutes"] if subscription else None
    expires = int(minutes or 0) * MINUTE
    last = next((seconds for seconds in TRIES if seconds >= expires), TRIES[-1])
    found = last + DEAD_LETTERED_WITHIN
    if expires and LETTERS_AFTER_MIN <= found <= LETTERS_AFTER_MAX:
        return []
    return [f"events become letters after {found // MINUTE} minutes: tries fall at {TRIES} seconds"]


def what_is_kept_ready_is_there(infra: Path) -> list[str]:
    """The first delivery after idling gets 401 before the extension is loaded (azure-functions-host#11834)."""
    app = module(infra, "function-app")
    ready = app.named("var").get("alwaysReady")
    groups = {
        text(at(group, "name")): text(at(group, "instanceCount")) for group in items(ready.default if ready else None)
    }
    wanted = {"'http'": "alwaysReadyHttp", "'function:${eventFunctionName}'": "alwaysReadyEvents"}
    wrong = [] if groups == wanted else [f"kept ready are {groups}"]
    names = {name.strip("'").partition(":")[0] for name in groups}
    wrong += [f"{name} is no group of functions" for name in sorted(names - SCALE_GROUPS - {"function"})]
    site = next(iter(resources(infra, SITE)), None)
    scale = text(at(site.body, "properties.functionAppConfig.scaleAndConcurrency.alwaysReady")) if site else ""
    # A group with no instances is refused.
    return wrong if scale == "filter(alwaysReady, group => group.instanceCount > 0)" else [*wrong, f"it has {scale}"]


def the_site_has_no_diagnostic_settings(infra: Path) -> list[str]:
    """Microsoft Learn, "Flex Consumption plan": diagnostic settings "aren't currently supported"; nobody reads them."""
    found = resources(infra, "Microsoft.Insights/diagnosticSettings")
    return [f"{one.file}: {one.name} is on the site" for one in found if text(at(one.body, "scope")) == "site"]


def easy_auth_leaves_out_both_spellings_of_the_webhook(infra: Path) -> list[str]:
    auth = module(infra, "function-app").named("resource").get("auth")
    paths = at(auth.body, "properties.globalValidation.excludedPaths") if auth else None
    return [f"Easy Auth sees {path}" for path in sorted(WEBHOOK_SPELLINGS - {literal(path) for path in items(paths)})]


def each_line_is_told_of(infra: Path) -> list[str]:
    """A stateful alert sends nothing while it is open, so a second failed chunk would go unheard.

    Microsoft Learn, "Azure Monitor alert types": stateless alerts fire each time; only they can be muted.
    """
    lines = module(infra, "alerts").named("resource").get("lines")
    wanted = {"autoMitigate": "false", "muteActionsDuration": "PT30M"}
    found = {name: lines[f"properties.{name}"] for name in wanted} if lines else {}
    return [] if found == wanted else [f"alerts on lines have {found}"]


def a_site_s_children_are_written_one_after_the_other(infra: Path) -> list[str]:
    """Writes of one site's config at once race (Azure/azure-dev#3125, reliable-web-app-pattern-dotnet#132)."""
    children = [
        found
        for found in module(infra, "function-app").named("resource").values()
        if found.type.startswith(f"{SITE}/") and text(at(found.body, "parent")) == "site"
    ]
    waits = {found.name: text(at(found.body, "dependsOn")).strip("[]") for found in children}
    first = [name for name, other in waits.items() if not other]
    others = [other for other in waits.values() if other]
    chain = len(first) == 1 and len(set(others)) == len(others) and set(others) <= set(waits)
    return [] if chain else [f"written at once: {waits}"]


def names_are_known_before_anything_is_deployed(infra: Path) -> list[str]:
    """A preview leaves out, or shows vaguely, a resource whose name or condition comes from another module's output.

    Bicep's linter rule what-if-short-circuiting. Principal ids are the exception: an assignment's name is made of
    scope, principal and role, since Azure neither moves an assignment to another principal
    (RoleAssignmentUpdateNotPermitted) nor takes the same one under another name (RoleAssignmentExists).
    """
    files = read(infra)
    wrong = []
    for call in files["main.bicep"].named("module").values():
        target = files.get(call.type)
        handed = properties(at(call.body, "params"))
        outputs = {name for name, node in handed.items() if ".outputs." in text(node)}
        for found in target.declarations if target else ():
            name = text(at(found.body, "name")) if found.kind == "resource" else ""
            used = set(re.findall(r"\w+", "" if name.startswith("guid(") else name))
            used |= set(re.findall(r"\w+", found.condition if found.kind == "resource" else ""))
            wrong += [f"{call.type}: {found.name} is named by the output {one}" for one in sorted(used & outputs)]
    return wrong


def former_settings_are_refused(infra: Path) -> list[str]:
    """A variable that nobody reads any more would change what is deleted without a word."""
    given = (infra / "main.parameters.json").read_text()
    found = re.search(r'"formerSettings": \{\s*"value": "((?:\$\{[A-Z_]+\})+)"', given)
    names = set(re.findall(r"\$\{(\w+)\}", found[1])) if found else set()
    told = (ROOT / "docs" / "deploy.md").read_text()
    wrong = [f"{name} is not refused" for name in sorted(FORMER - names)]
    return wrong + [f"docs/deploy.md does not name {name}" for name in sorted(names) if f"`{name}`" not in told]


def azd_reads_an_object_from_a_variable(infra: Path) -> list[str]:
    """Before 1.23.4 azd broke the JSON of an object in a variable (Azure/azure-dev#6694)."""
    given = json.loads((infra / "main.parameters.json").read_text())["parameters"]["appSettings"]["value"]
    wanted = yaml.safe_load((ROOT / "azure.yaml").read_text())["requiredVersions"]["azd"]
    version = tuple(int(part) for part in re.findall(r"\d+", wanted))
    wrong = [] if given == "${APP_SETTINGS}" else [f"APP_SETTINGS is handed on as {given}"]
    return wrong if version >= (1, 23, 4) else [*wrong, f"azd {wanted} cannot read APP_SETTINGS"]


CHECKS = (
    undeliverable_events_become_letters_in_time,
    what_is_kept_ready_is_there,
    the_site_has_no_diagnostic_settings,
    easy_auth_leaves_out_both_spellings_of_the_webhook,
    each_line_is_told_of,
    a_site_s_children_are_written_one_after_the_other,
    names_are_known_before_anything_is_deployed,
    former_settings_are_refused,
    azd_reads_an_object_from_a_variable,
)
