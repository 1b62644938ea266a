"""Who may do what. Each check returns what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

from .bicep_tree import Declaration, at, literal, module, read, resources, text, walk

ASSIGNMENT = "Microsoft.Authorization/roleAssignments"
# From Azure's list of built-in roles. A typo in one of these is a deployment that works and grants something else.
ROLES = {
    "communicationAndEmailServiceOwner": "09976791-48a7-449e-bb21-39d1a415f350",
    "eventGridDataSender": "d5a91429-5739-47e2-a06b-3470a27159e7",
    "monitoringMetricsPublisher": "3913510d-42f4-4e42-8a64-420c390055eb",
    "storageBlobDataContributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "storageBlobDataOwner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "storageBlobDataReader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "storageBlobDelegator": "db58b8e5-c6ad-4a2a-8342-4190687cbf4a",
    "storageQueueDataContributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "storageQueueDataMessageSender": "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a",
    "storageTableDataContributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
}
# Every assignment there is: whose, on what, which role. One more or one wider is a decision, so it is made here too.
GRANTS = {
    ("appPrincipalId", "runtime", "role"),
    ("appPrincipalId", "recordingsContainer", "recordingsRoleId"),
    ("appPrincipalId", "exportsContainer", "recordingsRoleId"),
    ("appPrincipalId", "recordings", "roles.storageBlobDelegator"),
    ("appPrincipalId", "insights", "roles.monitoringMetricsPublisher"),
    ("packagePrincipalId", "package", "roles.storageBlobDataContributor"),
    ("appPrincipalId", "ownContainer", "roles.storageBlobDataReader"),
    ("appPrincipalId", "topic", "roles.eventGridDataSender"),
    ("topicPrincipalId", "undeliveredEvents", "roles.storageBlobDataContributor"),
    ("topicPrincipalId", "queue", "roles.storageQueueDataMessageSender"),
    ("topicPrincipalId", "deadLetters", "roles.storageBlobDataContributor"),
    ("ownContainerWriter", "ownContainer", "roles.storageBlobDataContributor"),
    ("operatorPrincipalId", "recordingsContainer", "roles.storageBlobDataReader"),
    ("operatorPrincipalId", "rejectedEvents", "roles.storageBlobDataReader"),
    ("operatorPrincipalId", "deadLetters", "roles.storageBlobDataReader"),
    ("operatorPrincipalId", "undeliveredEvents", "roles.storageBlobDataReader"),
    ("developerPrincipalId", "runtime", "role"),
    ("developerPrincipalId", "recordingsContainer", "recordingsRoleId"),
    ("developerPrincipalId", "exportsContainer", "recordingsRoleId"),
    ("developerPrincipalId", "recordings", "roles.storageBlobDelegator"),
    ("principalId", "acs", "roleId"),
}
# What a role of our own holds: no wildcard, nothing that deletes, and of ACS neither ListKeys nor RegenerateKey.
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
ACS = "Microsoft.Communication/CommunicationServices"
OWN_ROLES = {
    "recordingsWriter": {"actions": [], "dataActions": [f"{BLOBS}/{name}" for name in ("read", "write", "add/action")]},
    "callRecorder": {"actions": [f"{ACS}/Read", f"{ACS}/Write"], "dataActions": []},
}
LEAST_PRIVILEGE = {"acsLeastPrivilege": "false", "recordingsLeastPrivilege": "true"}
CHOSEN = {
    "usualAcsRole": "!acsLeastPrivilege ? roles.communicationAndEmailServiceOwner : callRecorderId",
    "acsRole": "empty(acsRoleId) ? usualAcsRole : acsRoleId",
    "recordingsRole": "!recordingsLeastPrivilege ? roles.storageBlobDataContributor : recordingsWriterId",
}
DEPLOYMENT = "properties.functionAppConfig.deployment.storage"
PACKAGE = {
    "container": "packageContainerUrl",
    "reader": "packageIdentityId",
    "identities": "{ '${identityId}': {}, '${packageIdentityId}': {} }",
    "account": "packageStorageName",
    "rbac.appPrincipalId": "identity.outputs.principalId",
    "rbac.packagePrincipalId": "packageIdentity.outputs.principalId",
    "rbac.packageStorageName": "packageStorageName",
    "packageStorage.name": "packageStorageName",
    "functionApp.identityId": "identity.outputs.id",
    "functionApp.identityClientId": "identity.outputs.clientId",
    "functionApp.packageIdentityId": "packageIdentity.outputs.id",
    "functionApp.packageContainerUrl": "packageStorage.outputs.containerUrl",
}
PACKAGE_PARAMS = {
    "rbac": ("appPrincipalId", "packagePrincipalId", "packageStorageName"),
    "packageStorage": ("name",),
    "functionApp": ("identityId", "identityClientId", "packageIdentityId", "packageContainerUrl"),
}
RUNTIME_ROLES = "[roles.storageBlobDataOwner, roles.storageQueueDataContributor, roles.storageTableDataContributor]"


def role_of(assignment: Declaration) -> str:
    """The role as it is written: the second argument of subscriptionResourceId."""
    call = at(assignment.body, "properties.roleDefinitionId")
    return text(call.named_children[1].named_children[-1]) if call is not None else ""


def roles_are_the_built_in_ones(infra: Path) -> list[str]:
    given: dict[str, str] = json.loads((infra / "roles.json").read_text())
    wrong = [f"role {name} is {guid}" for name, guid in given.items() if ROLES.get(name) != guid]
    used = "\n".join(path.read_text() for path in infra.rglob("*.bicep"))
    return wrong + [f"role {name} is never used" for name in given if f".{name}" not in used]


def grants_are_the_narrowest(infra: Path) -> list[str]:
    assignments = resources(infra, ASSIGNMENT)
    given = {(text(at(a.body, "properties.principalId")), text(at(a.body, "scope")), role_of(a)) for a in assignments}
    wrong = [f"{who} gets {role} on {scope}" for who, scope, role in sorted(given - GRANTS)]
    wrong += [f"{who} lacks {role} on {scope}" for who, scope, role in sorted(GRANTS - given)]
    rbac = read(infra)["modules/rbac.bicep"].named("var").get("runtimeRoles")
    return wrong if rbac and text(rbac.default) == RUNTIME_ROLES else [*wrong, "other roles on the runtime account"]


def grants_can_be_repeated(infra: Path) -> list[str]:
    """Names are derived from scope, principal and role, so that a second deployment finds the first one's."""
    wrong = []
    for assignment in resources(infra, ASSIGNMENT):
        scope, principal = text(at(assignment.body, "scope")), text(at(assignment.body, "properties.principalId"))
        if text(at(assignment.body, "name")) != f"guid({scope}.id, {principal}, {role_of(assignment)})":
            wrong.append(f"{assignment.name}: its name does not follow from scope, principal and role")
        kind = at(assignment.body, "properties.principalType")
        usual = "User" if principal == "developerPrincipalId" else "ServicePrincipal"
        if literal(kind) != usual and text(kind) != "operatorPrincipalType":
            wrong.append(f"{assignment.name}: principalType is {text(kind) or 'missing'}")
    return wrong


def scopes_are_what_they_are_called(infra: Path) -> list[str]:
    """The symbols that the grants name stand for containers, queues and accounts, not for something wider."""
    wanted = {
        ("rbac", "recordingsContainer"): ("containers", "recordingsBlobs", "recordingsContainerName"),
        ("rbac", "exportsContainer"): ("containers", "recordingsBlobs", "exportsContainerName"),
        ("rbac", "deadLetters"): ("containers", "runtimeBlobs", "deadLettersName"),
        ("rbac", "rejectedEvents"): ("containers", "runtimeBlobs", "rejectedEventsName"),
        ("rbac", "undeliveredEvents"): ("containers", "runtimeBlobs", "undeliveredEventsName"),
        ("rbac", "ownContainer"): ("containers", "recordingsBlobs", "hasOwnContainer ? ownContainerName : 'unused'"),
        ("events-subscriptions", "undeliveredEvents"): ("containers", "runtimeBlobs", "undeliveredEventsName"),
        ("events-queue-access", "queue"): ("queues", "queueService", "queueName"),
    }
    wrong = []
    for (file, name), kind in wanted.items():
        resource = module(infra, file).named("resource").get(name)
        found = (
            (
                resource.type.partition("@")[0].rpartition("/")[2],
                text(at(resource.body, "parent")),
                text(at(resource.body, "name")),
            )
            if resource and resource.existing
            else None
        )
        if found != kind:
            wrong.append(f"{file}: {name} is {found}")
    return wrong


def the_app_cannot_replace_its_package(infra: Path) -> list[str]:
    """The package's account has one right on it, of an identity that no setting names and that nothing else uses."""
    main, app, rbac = read(infra)["main.bicep"], module(infra, "function-app"), module(infra, "rbac")
    site, package = app.named("resource")["site"], rbac.named("resource").get("package")
    given = {
        "container": text(at(site.body, f"{DEPLOYMENT}.value")),
        "reader": text(at(site.body, f"{DEPLOYMENT}.authentication.userAssignedIdentityResourceId")),
        "identities": text(at(site.body, "identity.userAssignedIdentities")),
        "account": text(at(package.body, "name")) if package else "",
        **{
            f"{name}.{param}": text(at(main.named("module")[name].body, f"params.{param}"))
            for name, params in PACKAGE_PARAMS.items()
            for param in params
        },
    }
    wrong = [f"{name} of the package is {given[name]}" for name in PACKAGE if given[name] != PACKAGE[name]]
    settings = app.named("var")["ownSettings"].default
    used = {text(node) for node in walk(settings) if node.type == "identifier"} if settings else set()
    wrong += ["a setting names the package's identity"] if {"packageIdentityId", "packageContainerUrl"} & used else []
    names = {name: text(main.named("var")[name].default) for name in ("runtimeStorageName", "packageStorageName")}
    return wrong if len(set(names.values())) == len(names) else [*wrong, "the package lies in the host's account"]


def the_app_starts_after_its_roles(infra: Path) -> list[str]:
    app = read(infra)["main.bicep"].named("module")["functionApp"]
    waits = [text(node) for node in walk(at(app.body, "dependsOn") or app.node) if node.type == "identifier"]
    return [] if waits == ["rbac"] else ["the function app does not wait for its roles"]


def roles_are_chosen_as_they_are_called(infra: Path) -> list[str]:
    """On ACS the built-in role stands until somebody asks for less; on recordings ours does."""
    main = read(infra)["main.bicep"]
    wrong = [
        f"{name} is {found}"
        for name, wanted in CHOSEN.items()
        if (found := text(main.named("var")[name].default)) != wanted
    ]
    defaults = {name: literal(main.named("param")[name].default) for name in LEAST_PRIVILEGE}
    wrong += [f"{name} is {defaults[name]} by default" for name in defaults if defaults[name] != LEAST_PRIVILEGE[name]]
    handed = text(at(main.named("module")["rbac"].body, "params.recordingsRoleId"))
    wrong += [] if handed == "recordingsRole" else [f"recordings are written with the role {handed}"]
    for module_name in ("acs", "rbac"):
        waits = text(at(main.named("module")[module_name].body, "dependsOn"))
        wrong += [] if "appRoles" in waits else [f"{module_name} assigns a role that may not be there yet"]
    return wrong


def roles_of_our_own_are_no_wider_than_what_the_app_does(infra: Path) -> list[str]:
    """Each permission by name; tests/contract/test_rights.py shows that the app needs these and no others."""
    given = json.loads((infra / "app-roles.json").read_text())
    wrong = [] if given == OWN_ROLES else [f"roles of our own have {given}"]
    definitions = resources(infra, "Microsoft.Authorization/roleDefinitions")
    held = {found.name: text(at(found.body, "properties.permissions")) for found in definitions}
    wrong += [f"the role {name} has {what}" for name, what in held.items() if what != f"[permissions.{name}]"]
    return wrong if set(held) == set(OWN_ROLES) else [*wrong, f"roles of our own are {sorted(held)}"]


CHECKS = (
    roles_are_the_built_in_ones,
    grants_are_the_narrowest,
    grants_can_be_repeated,
    scopes_are_what_they_are_called,
    the_app_cannot_replace_its_package,
    the_app_starts_after_its_roles,
    roles_are_chosen_as_they_are_called,
    roles_of_our_own_are_no_wider_than_what_the_app_does,
)
