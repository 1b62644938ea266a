"""The function app: hardened, with exactly the settings that the code reads. Each check returns what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from shared.settings import BLOCK_BYTES_MAX, DeleteFromAcs, Settings, UnknownRecordings, VerifySource

from .bicep_tree import (
    ROOT,
    Declaration,
    app_settings,
    at,
    items,
    literal,
    module,
    properties,
    read,
    resources,
    settings_taken,
    text,
    value,
)
from .service_rules import REFUSED, REFUSED_SETTINGS, USELESS

SITE = "Microsoft.Web/sites"
# What the platform reads, not the code.
PLATFORM = {
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT",
    "PYTHON_THREADPOOL_THREAD_COUNT",
}
# What the code reads when there is no identity, and so must not be set.
KEYED = {"AzureWebJobsStorage", "RecordingsStorage", "ACS_CONNECTION_STRING"}
# Other ways to say what the addresses say that Bicep sets, which hold in every cloud; and addresses that nothing uses.
ALIASES = {
    "AzureWebJobsStorage__accountName",
    *(f"RecordingsStorage__{part}" for part in ("accountName", "serviceUri", "queueServiceUri", "tableServiceUri")),
}
SECRETS = re.compile(
    r"listKeys|listAccountSas|AccountKey=|accesskey=|SharedAccessKey|\?code=|getSecret\(", re.IGNORECASE
)
# What Easy Auth may see of the host's webhook: Event Grid's documentation spells it one way, the host's routes the
# other. Nothing says whether excludedPaths look at case.
WEBHOOK_SPELLINGS = {"/runtime/webhooks/eventgrid", "/runtime/webhooks/EventGrid"}
EXCLUDED = {*WEBHOOK_SPELLINGS, "/api/callbacks/recording-state", "/api/health"}
CHOICES = {"DELETE_FROM_ACS": DeleteFromAcs, "UNKNOWN_RECORDINGS": UnknownRecordings, "VERIFY_SOURCE": VerifySource}
# BYOS_CONTAINERS is the operator's and the template's: what both give is put together.
SETTINGS = """union(appSettings, byosSettings, {
  RECORDINGS_CONTAINER: recordingsContainer
  EXPORTS_CONTAINER: exportsName
})"""


class Watched(Mapping[str, str]):
    """An environment that remembers what was asked of it."""

    def __init__(self, content: Mapping[str, str]) -> None:
        self.content = content
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self.content[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.content)

    def __len__(self) -> int:
        return len(self.content)


def settings_read() -> set[str]:
    """The name of every setting that the code reads."""
    uris = {f"AzureWebJobsStorage__{kind}ServiceUri": f"https://{kind}" for kind in ("blob", "queue", "table")}
    environment = Watched({**uris, "RecordingsStorage__blobServiceUri": "https://blob", "ACS_ENDPOINT": "https://acs"})
    Settings.from_environment(environment)
    return environment.asked


def settings_are_those_of_the_code(infra: Path) -> list[str]:
    given = set(app_settings(infra)) | set(settings_taken(infra))
    wanted = settings_read() - KEYED - ALIASES
    wrong = [f"the code reads {name}, and Bicep neither sets nor takes it" for name in sorted(wanted - given)]
    wrong += [f"Bicep sets or takes {name}, and nobody reads it" for name in sorted(given - wanted - PLATFORM)]
    wrong += [f"the platform's setting {name} is missing" for name in sorted(PLATFORM - given)]
    return wrong + [f"Flex Consumption refuses {name}" for name in sorted(given) if REFUSED_SETTINGS.fullmatch(name)]


def settings_name_the_identity_and_no_key(infra: Path) -> list[str]:
    given = app_settings(infra)
    wanted = {
        "AZURE_CLIENT_ID": "identityClientId",
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": "'ClientId=${identityClientId};Authorization=AAD'",
    }
    for connection in ("AzureWebJobsStorage", "RecordingsStorage"):
        wanted |= {f"{connection}__credential": "'managedidentity'", f"{connection}__clientId": "identityClientId"}
    wrong = [f"{name} is {given.get(name)}" for name, expression in wanted.items() if given.get(name) != expression]
    key = read(infra)["main.bicep"].named("param").get("acsVaultReference")
    if key is None or literal(key.default) != "":
        wrong.append("a key for ACS is not left out by default")
    return wrong + [f"{name} is for keys" for name in sorted(KEYED & set(given))]


def settings_offer_the_choices_of_the_code(infra: Path) -> list[str]:
    taken = settings_taken(infra)
    offered = {name: set(re.findall(r"'([\w-]+)'", taken.get(name, ""))) for name in CHOICES}
    return [f"{name} offers {offered[name]}" for name, kind in CHOICES.items() if offered[name] != set(kind)]


def settings_take_no_other_name(infra: Path) -> list[str]:
    """An operator's settings are those that the template does not set, whose values come last in any case."""
    main, app = read(infra)["main.bicep"], module(infra, "function-app")
    taken = main.named("type").get("AppSettings")
    wrong = [] if taken and "sealed" in taken.decorators else ["APP_SETTINGS takes any name"]
    both = set(settings_taken(infra)) & set(app_settings(infra))
    wrong += [f"{name} is the template's and the operator's" for name in sorted(both)]
    variable = main.named("var").get("settings")
    if variable is None or text(variable.default) != SETTINGS:
        wrong.append("main.bicep puts the settings together in another way")
    written = app.named("resource").get("appSettings")
    if written is None or text(at(written.body, "properties")) != "union(settings, ownSettings, keySettings)":
        wrong.append("the template's own settings do not come last")
    return wrong


def settings_are_bounded_as_in_the_code(infra: Path) -> list[str]:
    taken = read(infra)["main.bicep"].named("type").get("AppSettings")
    bounded = text(taken.node) if taken else ""
    wrong = [
        f"{name} is not bounded"
        for name, kind in settings_taken(infra).items()
        if kind == "int?" and not re.search(rf"@minValue\(\d+\)\s+@maxValue\(\d+\)\s+{name}:", bounded)
    ]
    block = re.search(r"@maxValue\((\d+)\)\s+TRANSFER_BLOCK_BYTES:", bounded)
    return wrong if block and int(block[1]) == BLOCK_BYTES_MAX else [*wrong, "blocks may be longer than the code's"]


def nothing_holds_a_secret(infra: Path) -> list[str]:
    sources = [*infra.rglob("*.bicep"), *infra.glob("*.json")]
    wrong = [f"{path.name}: {found}" for path in sources for found in SECRETS.findall(path.read_text())]
    outputs = [found for file in read(infra).values() for found in file.named("output").values()]
    hints = re.compile(r"connectionstring|key|secret|password", re.IGNORECASE)
    return wrong + [f"output {found.name}" for found in outputs if hints.search(found.name)]


def the_site(infra: Path) -> Declaration | None:
    return next(iter(resources(infra, SITE)), None)


def the_site_is_hardened(infra: Path) -> list[str]:
    site = the_site(infra)
    wanted = {
        "kind": "functionapp,linux",
        "identity.type": "UserAssigned",
        "properties.httpsOnly": "true",
        "properties.publicNetworkAccess": "Enabled",  # Event Grid could not deliver otherwise
        "properties.siteConfig.minTlsVersion": "1.2",
        "properties.siteConfig.scmMinTlsVersion": "1.2",
        "properties.functionAppConfig.deployment.storage.type": "blobContainer",
        "properties.functionAppConfig.deployment.storage.authentication.type": "UserAssignedIdentity",
        "properties.functionAppConfig.runtime.name": "python",
        "properties.functionAppConfig.runtime.version": (ROOT / ".python-version").read_text().strip(),
    }
    wrong = [f"site: {path} is not {value}" for path, value in wanted.items() if site is None or site[path] != value]
    if site and site["properties.clientCertEnabled"] == "true":
        wrong.append("client certificates would refuse Event Grid")
    policies = resources(infra, f"{SITE}/basicPublishingCredentialsPolicies")
    refused = {policy["name"] for policy in policies if policy["properties.allow"] == "false"}
    return wrong + [f"{name} takes a password" for name in sorted({"ftp", "scm"} - refused)]


def the_site_has_nothing_that_flex_consumption_refuses(infra: Path) -> list[str]:
    """Wherever it is written: on the site, or on its config `web`, which is the same object."""
    site = the_site(infra)
    nodes = [at(site.body, path) for path in ("properties", "properties.siteConfig")] if site else []
    nodes += [at(found.body, "properties") for found in resources(infra, f"{SITE}/config") if found["name"] == "web"]
    written = {name.lower() for node in nodes for name in properties(node)}
    return [
        f"Flex Consumption refuses {name}: {source}" for name, source in REFUSED.items() if name.lower() in written
    ] + [f"{name} does not belong here: {reason}" for name, reason in USELESS.items() if name.lower() in written]


def the_site_scales_within_limits(infra: Path) -> list[str]:
    site = the_site(infra)
    scale = at(site.body, "properties.functionAppConfig.scaleAndConcurrency") if site else None
    wanted = {
        "instanceMemoryMB": "instanceMemoryMB",
        "maximumInstanceCount": "maximumInstanceCount",
        "triggers.http.perInstanceConcurrency": "httpConcurrency",
    }
    wrong = [f"{path} is not {name}" for path, name in wanted.items() if text(at(scale, path)) != name]
    params = read(infra)["main.bicep"].named("param")
    bounds = {name: params[name].decorators for name in ("instanceMemoryMB", "maximumInstanceCount")}
    if bounds["instanceMemoryMB"].get("allowed") != "[512, 2048, 4096]":
        wrong.append("instanceMemoryMB allows what Flex Consumption does not offer")
    if bounds["maximumInstanceCount"] != {"minValue": "40", "maxValue": "1000"}:
        wrong.append("maximumInstanceCount is not bounded as on Flex Consumption")
    return wrong


def azd_finds_the_site(infra: Path) -> list[str]:
    services = yaml.safe_load((ROOT / "azure.yaml").read_text())["services"]
    tags = text(at(read(infra)["main.bicep"].named("module")["functionApp"].body, "params.siteTags"))
    site = the_site(infra)
    wrong = [f"no azd-service-name {name}" for name in services if f"'azd-service-name': '{name}'" not in tags]
    return wrong if site and text(at(site.body, "tags")) == "siteTags" else [*wrong, "the site lacks its tags"]


def easy_auth_lets_the_platform_in(infra: Path) -> list[str]:
    auth = module(infra, "function-app").named("resource").get("auth")
    if auth is None or auth.condition != "!empty(authClientId)":
        return ["Easy Auth does not follow authClientId"]
    validation = at(auth.body, "properties.globalValidation")
    paths = {literal(item) for item in items(at(validation, "excludedPaths"))}
    wrong = [f"Easy Auth excludes {paths}"] if paths != EXCLUDED else []
    policy = "properties.identityProviders.azureActiveDirectory.validation.defaultAuthorizationPolicy"
    clients = text(at(auth.body, f"{policy}.allowedApplications"))
    # The platform reads an empty list as "permit nobody", and stores one where the policy is left out
    # (pnp/Microsoft365-Analytics-Insights#264, #272).
    if clients != "empty(authAllowedClientIds) ? [authClientId] : split(authAllowedClientIds, ',')":
        wrong.append(f"Easy Auth permits {clients}, which may be nobody")
    if value(validation, "unauthenticatedClientAction") != "Return401":
        wrong.append("Easy Auth does not answer 401")
    return wrong if value(validation, "requireAuthentication") == "true" else [*wrong, "Easy Auth requires nothing"]


CHECKS = (
    settings_are_those_of_the_code,
    settings_name_the_identity_and_no_key,
    settings_offer_the_choices_of_the_code,
    settings_take_no_other_name,
    settings_are_bounded_as_in_the_code,
    nothing_holds_a_secret,
    the_site_is_hardened,
    the_site_has_nothing_that_flex_consumption_refuses,
    the_site_scales_within_limits,
    azd_finds_the_site,
    easy_auth_lets_the_platform_in,
)
