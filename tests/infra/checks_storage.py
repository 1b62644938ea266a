"""Storage: hardened accounts, the names the code expects, retention. Each check returns what is wrong."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from local import provision
from shared import settings
from shared.domain.durations import FILE_PATIENCE

from .bicep_tree import Declaration, at, items, literal, module, properties, read, resources, text, value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tree_sitter import Node

ACCOUNT = "Microsoft.Storage/storageAccounts"
CONTAINER = f"{ACCOUNT}/blobServices/containers"
HARDENED = {
    "allowBlobPublicAccess": "false",
    "allowCrossTenantReplication": "false",
    "allowSharedKeyAccess": "false",
    "defaultToOAuthAuthentication": "true",
    "encryption.requireInfrastructureEncryption": "true",
    "isLocalUserEnabled": "false",
    "minimumTlsVersion": "TLS1_2",
    "supportsHttpsTrafficOnly": "true",
    "networkAcls.bypass": "AzureServices",
}
QUEUES = {
    settings.TRANSFER_QUEUE,
    settings.TRANSFER_POISON_QUEUE,
    settings.DELETION_QUEUE,
    settings.DELETION_POISON_QUEUE,
}
EXPORTS_DELETIONS = (
    "baseBlob.delete.daysAfterModificationGreaterThan",
    "version.delete.daysAfterCreationGreaterThan",
)
TABLES = {settings.CATALOG_TABLE, settings.INDEX_TABLE}
UNREAD_CONTAINERS = {"undelivered-events"}  # the platform writes it, and the code does not read it
CONTAINERS = {settings.DEAD_LETTERS_CONTAINER, settings.REJECTED_EVENTS_CONTAINER, *UNREAD_CONTAINERS}
REPLAYED_WITHIN_MAX = timedelta(hours=168) + FILE_PATIENCE  # the longest ACS_RETENTION_HOURS, and what comes late


def storage_accounts_are_hardened(infra: Path) -> list[str]:
    accounts = resources(infra, ACCOUNT)
    wrong = [f"{len(accounts)} storage accounts instead of three"] if len(accounts) != 3 else []
    for account in accounts:
        for path, wanted in HARDENED.items():
            found = account[f"properties.{path}"]
            if found != wanted:
                wrong.append(f"{account.file}: {path} is {found}, not {wanted}")
        action = text(at(account.body, "properties.networkAcls.defaultAction"))
        if action != "vnetEnabled ? 'Deny' : 'Allow'":
            wrong.append(f"{account.file}: inside a network the firewall is not closed: {action}")
    return wrong


def a_network_lets_in_listeners_alone(infra: Path) -> list[str]:
    """Without one a firewall would shut the app out, which has no address of its own."""
    account = module(infra, "recordings-storage").named("resource")["account"]
    wanted = {
        "publicNetworkAccess": (
            "vnetEnabled && empty(ownContainerName) && empty(listenerAddresses) ? 'Disabled' : 'Enabled'"
        ),
        "networkAcls.ipRules": "map(listenerAddresses, address => { value: address, action: 'Allow' })",
    }
    found = {path: text(at(account.body, f"properties.{path}")) for path in wanted}
    wrong = [f"recordings: {path} is {found[path]}" for path in wanted if found[path] != wanted[path]]
    handed = text(at(read(infra)["main.bicep"].named("module")["recordingsStorage"].body, "params.listenerAddresses"))
    if handed != "empty(listenerAddresses) ? [] : split(listenerAddresses, ',')":
        wrong.append(f"listeners are {handed}")
    others = [one for one in resources(infra, ACCOUNT) if one.file != account.file and "ipRules" in text(one.node)]
    return wrong + [f"{one.file}: addresses outside reach it" for one in others]


def containers_are_private(infra: Path) -> list[str]:
    found = resources(infra, CONTAINER)
    open_ones = [container.name for container in found if container["properties.publicAccess"] != "None"]
    return [f"container {name} is not private" for name in open_ones] or ([] if found else ["there is no container"])


def named_by(declaration: Declaration | None, variables: dict[str, Declaration]) -> set[str]:
    """The names over which a resource loops, written out or through variables."""
    if declaration is None:
        return set()
    loop = next((child for child in declaration.node.named_children if child.type == "for_statement"), None)
    return named_in(loop.named_children[1] if loop is not None else None, variables)


def named_in(source: Node | None, variables: dict[str, Declaration]) -> set[str]:
    """The names in a list, written out or through variables."""
    if source is not None and text(source) in variables:
        source = variables[text(source)].default
    through = ((variables[text(item)].default if text(item) in variables else item) for item in items(source))
    return {name for item in through if (name := literal(item))}


def differing(kind: str, found: Iterable[str], wanted: Iterable[str]) -> list[str]:
    found, wanted = set(found), set(wanted)
    missing = [f"{kind} {name} is in the code but not in Bicep" for name in sorted(wanted - found)]
    return missing + [f"{kind} {name} is in Bicep but not in the code" for name in sorted(found - wanted)]


def names_are_those_of_the_code(infra: Path) -> list[str]:
    storage = module(infra, "runtime-storage")
    variables, deployed = storage.named("var"), storage.named("resource")
    main = read(infra)["main.bicep"]
    handed = at(main.named("module")["runtimeStorage"].body, "params.containerNames")
    containers = deployed.get("containers")
    loops = containers is not None and "in containerNames:" in text(containers.node)
    return [
        *differing("queue", named_by(deployed.get("queues"), variables), QUEUES),
        *differing("table", named_by(deployed.get("tables"), variables), TABLES),
        *differing("container", named_in(handed if loops else None, main.named("var")), CONTAINERS),
    ]


def recordings_are_kept_and_can_be_had_back(infra: Path) -> list[str]:
    storage = module(infra, "recordings-storage").named("resource")
    blobs, lifecycle = storage.get("blobService"), storage.get("lifecycle")
    rules = items(at(lifecycle.body, "properties.policy.rules")) if lifecycle else []
    by_name = {value(rule, "name"): rule for rule in rules}
    wrong = [
        f"there is no lifecycle rule {name}" for name in ("cool", "retention", "old-versions") if name not in by_name
    ]
    delete = text(at(by_name.get("retention"), "definition.actions.baseBlob.delete.daysAfterModificationGreaterThan"))
    if "retentionDays" not in delete or text(at(by_name.get("retention"), "enabled")) != "retentionDays > 0":
        wrong.append(f"the retention rule does not follow retentionDays: {delete}")
    versions = text(at(by_name.get("retention"), "definition.actions.version.delete.daysAfterCreationGreaterThan"))
    if versions != delete:
        wrong.append("what the retention rule deletes lives on as a version, or versions go before their recording")
    default = read(infra)["main.bicep"].named("param").get("retentionDays")
    if default is None or literal(default.default) != "0":
        wrong.append("recordings are deleted behind the app's back by default")
    spared = text(at(by_name.get("old-versions"), "definition.filters.prefixMatch"))
    if "ownContainerName" not in spared or "containerName}" in spared.replace("ownContainerName}", ""):
        wrong.append(f"a rule deletes versions of recordings, one of which may be the proven original: {spared}")
    switches = ("isVersioningEnabled", "changeFeed.enabled", "deleteRetentionPolicy.enabled")
    off = [path for path in switches if blobs is None or blobs[f"properties.{path}"] != "true"]
    return wrong + [f"recordings: {path} is off" for path in off]


def exports_go_after_a_day_and_nothing_else(infra: Path) -> list[str]:
    """A composed file can be made again: it is no recording, and must not outlive one that is erased for long."""
    storage = module(infra, "recordings-storage").named("resource")
    rules = items(at(storage["lifecycle"].body, "properties.policy.rules"))
    rule = next((rule for rule in rules if value(rule, "name") == "exports"), None)
    actions = {text(at(rule, f"definition.actions.{path}")) for path in EXPORTS_DELETIONS}
    wrong = [] if actions == {"1"} and text(at(rule, "enabled")) == "true" else [f"exports stay: {actions}"]
    taken = text(at(rule, "definition.filters.prefixMatch"))
    if taken != "['${exportsContainerName}/']":
        wrong.append(f"what is deleted after a day is not what lies among exports: {taken}")
    if literal(read(infra)["main.bicep"].named("var")["exportsName"].default) != settings.EXPORTS_CONTAINER:
        wrong.append("the container of exports is another one than the app's default")
    return wrong


def kept_events_end_after_whoever_replays_them(infra: Path) -> list[str]:
    """Nobody else removes them; none goes as long as ACS may still have a file that it announces."""
    rule = next(iter(rules_of(infra, "runtime-storage")), None)
    wrong = [] if value(rule, "enabled") == "true" else ["kept events have no end of life"]
    if text(at(rule, "definition.actions.baseBlob.delete.daysAfterModificationGreaterThan")) != "keptEventsDays":
        wrong.append("kept events do not end after keptEventsDays")
    taken = text(at(rule, "definition.filters.prefixMatch"))
    if taken != "map(containerNames, container => '${container}/')":
        wrong.append(f"what ends is not what lies among kept events: {taken}")
    days = read(infra)["main.bicep"].named("param").get("keptEventsDays")
    if days is None or timedelta(days=int(days.decorators.get("minValue", 0))) <= REPLAYED_WITHIN_MAX:
        wrong.append("events can be deleted before the files that they announce")
    return wrong


def rules_of(infra: Path, storage: str) -> list[Node]:
    lifecycle = module(infra, storage).named("resource").get("lifecycle")
    return items(at(lifecycle.body, "properties.policy.rules")) if lifecycle else []


def worm_is_off_until_asked_for(infra: Path) -> list[str]:
    policy = module(infra, "recordings-storage").named("resource").get("immutability")
    days = read(infra)["main.bicep"].named("param").get("immutabilityDays")
    wrong = [] if policy and policy.condition == "immutabilityDays > 0" else ["immutability is not conditional"]
    return wrong if days and literal(days.default) == "0" else [*wrong, "immutability is on by default"]


def pages_read_recordings_and_no_more(infra: Path) -> list[str]:
    """The rule is that of the local storage, where the console's tests run, and whoever deploys may narrow it."""
    blobs = module(infra, "recordings-storage").named("resource").get("blobService")
    rules = items(at(blobs.body, "properties.cors.corsRules")) if blobs else []
    wanted = {
        "allowedOrigins": "consoleOrigins",
        "allowedMethods": provision.METHODS,
        "allowedHeaders": provision.HEADERS,
        "exposedHeaders": provision.EXPOSED_HEADERS,
        "maxAgeInSeconds": str(provision.ANSWER_HOLDS_SECONDS),
    }
    found = [
        {
            name: [literal(item) for item in items(node)] if node.type == "array" else text(node)
            for name, node in properties(rule).items()
        }
        for rule in rules
    ]
    wrong = [] if found == [wanted] else [f"pages are let in as {found}, not as {wanted}"]
    handed = text(at(read(infra)["main.bicep"].named("module")["recordingsStorage"].body, "params.consoleOrigins"))
    if handed != "empty(consoleOrigins) ? ['*'] : split(consoleOrigins, ',')":
        wrong.append(f"the origins are not those that were asked for: {handed}")
    default = read(infra)["main.bicep"].named("param").get("consoleOrigins")
    if default is None or literal(default.default) != "":
        wrong.append("the console plays nothing by default: its origin is known after the first deployment only")
    return wrong + [
        f"{file.name}: pages reach another account"
        for file in read(infra).values()
        if "corsRules" in text(file.root) and file.name != "modules/recordings-storage.bicep"
    ]


CHECKS = (
    storage_accounts_are_hardened,
    a_network_lets_in_listeners_alone,
    containers_are_private,
    names_are_those_of_the_code,
    recordings_are_kept_and_can_be_had_back,
    exports_go_after_a_day_and_nothing_else,
    kept_events_end_after_whoever_replays_them,
    worm_is_off_until_asked_for,
    pages_read_recordings_and_no_more,
)
