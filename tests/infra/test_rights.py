"""What the app's identity could do to recordings, its package and ACS, by the roles that the templates give it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

import pytest

from .bicep_tree import INFRA, at, resources, text
from .checks_access import ASSIGNMENT, role_of
from .evaluate import resolved_variable

STORAGE = "Microsoft.Storage/storageAccounts"
CONTAINERS = f"{STORAGE}/blobServices/containers"
BLOBS = f"{CONTAINERS}/blobs"
KEY = f"{STORAGE}/blobServices/generateUserDelegationKey/action"
ACS = "Microsoft.Communication/CommunicationServices"
# What a role holds, actions and data actions together; from Azure's list of built-in roles. Of the role on ACS and of
# those that reach neither storage nor ACS only what is asked about here.
HELD = {
    "storageBlobDataOwner": {f"{CONTAINERS}/*", KEY, f"{BLOBS}/*"},
    "storageBlobDataContributor": {
        *(f"{CONTAINERS}/{name}" for name in ("delete", "read", "write")),
        KEY,
        *(f"{BLOBS}/{name}" for name in ("delete", "read", "move/action", "write", "add/action")),
    },
    "storageBlobDataReader": {f"{CONTAINERS}/read", KEY, f"{BLOBS}/read"},
    "storageBlobDelegator": {KEY},
    "storageQueueDataContributor": {f"{STORAGE}/queueServices/queues/*"},
    "storageTableDataContributor": {f"{STORAGE}/tableServices/tables/*"},
    "monitoringMetricsPublisher": {"Microsoft.Insights/Metrics/Write"},
    "eventGridDataSender": {"Microsoft.EventGrid/events/send/action"},
    "communicationAndEmailServiceOwner": {f"{ACS}/*"},
    **{
        name: {*role["actions"], *role["dataActions"]}
        for name, role in json.loads((INFRA / "app-roles.json").read_text()).items()
    },
}
CHOICES = {"recordingsRoleId": "recordingsRole", "roleId": "acsRole"}
KNOWN = {f"guid(subscription().id, token, '{name}')": name for name in ("recordingsWriter", "callRecorder")} | {
    f"roles.{name}": name for name in HELD
}
RUNTIME = ("storageBlobDataOwner", "storageQueueDataContributor", "storageTableDataContributor")
APP = {"appPrincipalId", "principalId"}
DELETE_RECORDINGS = (f"{BLOBS}/delete", f"{BLOBS}/deleteBlobVersion/action", f"{CONTAINERS}/delete")
RECORDINGS = {"recordings", "recordingsContainer", "exportsContainer"}


class Grant(NamedTuple):
    """One role of the app's identity, and on what."""

    scope: str
    role: str

    def permits(self, *actions: str) -> bool:
        return any(fnmatchcase(action, held) for action in actions for held in HELD[self.role])


def grants(**parameters: str) -> Iterator[Grant]:
    """The app's roles where nothing is asked for but these parameters."""
    known: Mapping[str, str] = {**KNOWN, **parameters}
    for assignment in resources(INFRA, ASSIGNMENT):
        mine = text(at(assignment.body, "properties.principalId")) in APP
        if mine and not assignment.condition:
            scope, role = text(at(assignment.body, "scope")), role_of(assignment)
            names = RUNTIME if role == "role" else (role,)
            for name in names:
                chosen = str(resolved_variable(CHOICES[name], known)) if name in CHOICES else name
                yield Grant(scope, chosen.removeprefix("roles."))


def on_recordings(grant: Grant) -> bool:
    return grant.scope in RECORDINGS and grant.permits(*DELETE_RECORDINGS)


def on_package(grant: Grant) -> bool:
    return grant.scope == "package"


def on_keys(grant: Grant) -> bool:
    return grant.scope == "acs" and grant.permits(f"{ACS}/ListKeys/action", f"{ACS}/RegenerateKey/action")


def test_the_app_s_roles_are_few_and_neither_delete_recordings_nor_reach_the_package(
    figure: Callable[..., None],
) -> None:
    usual, least = list(grants()), list(grants(acsLeastPrivilege="true"))
    counts = {
        "roles": len(usual),
        "deleting": sum(map(on_recordings, usual)),
        "package": sum(map(on_package, usual)),
        "keys": sum(map(on_keys, usual)),
        "least": sum(map(on_keys, least)),
        "writes": len(HELD["recordingsWriter"]),
        "contributes": len(HELD["storageBlobDataContributor"]),
    }

    assert len({grant.scope for grant in usual}) == 7
    assert (counts["deleting"], counts["package"], counts["keys"], counts["least"]) == (0, 0, 1, 0)
    figure(
        "rights.roles",
        "{roles} roles of the app's identity: {deleting} can delete a recording or its container, {package} reach the"
        " package, {keys} can list the keys of ACS, {least} with ACS_LEAST_PRIVILEGE; the role on recordings holds"
        " {writes} actions where the built-in one holds {contributes}",
        **counts,
    )


def test_of_acs_the_usual_role_holds_everything_and_the_narrower_one_neither_keys_nor_deletion() -> None:
    asked = ("Read", "Write", "Delete", "ListKeys/action", "RegenerateKey/action")
    held = [
        {
            name
            for name in asked
            for grant in grants(**chosen)
            if grant.scope == "acs" and grant.permits(f"{ACS}/{name}")
        }
        for chosen in ({}, {"acsLeastPrivilege": "true"})
    ]

    assert held == [set(asked), {"Read", "Write"}]


@pytest.mark.parametrize(("parameters", "deleting"), [({}, 0), ({"recordingsLeastPrivilege": "false"}, 2)])
def test_the_built_in_role_would_delete(parameters: dict[str, str], deleting: int) -> None:
    assert sum(map(on_recordings, grants(**parameters))) == deleting


def test_every_role_of_the_app_is_known_here() -> None:
    assert {grant.role for grant in grants()} <= set(HELD)
