"""What a deployment makes with which parameters, and which parameters are refused before anything is made."""

from __future__ import annotations

import pytest

from .bicep_tree import INFRA, read, text
from .cases import FOLDER, RESOURCES, parameters_of
from .counting import resources_made
from .evaluate import RefusedError, refusals

ACS = {"existingAcsName": "acs-theirs"}
VAULT = "https://vault.vault.azure.net/secrets/acs"
# Parameters that cannot work together, and what the sentence must name.
REFUSED = {
    "a network that ACS cannot write into": (
        {"vnetEnabled": "true", "acsOwnStorage": "true"},
        ("VNET_ENABLED", "ACS_OWN_STORAGE"),
    ),
    "verified copies where ACS may write": (
        {"acsOwnStorage": "true", "recordingsContainer": "recorded-by-acs"},
        ("RECORDINGS_CONTAINER", "ACS_OWN_STORAGE"),
    ),
    "recordings where exports go after a day": (
        {"recordingsContainer": "exports"},
        ("RECORDINGS_CONTAINER", "EXPORTS_CONTAINER"),
    ),
    "a key of ACS where keys are off": (
        {"acsDisableLocalAuth": "true", "acsVaultReference": VAULT},
        ("ACS_VAULT_REFERENCE", "ACS_DISABLE_LOCAL_AUTH"),
    ),
    "keys of an ACS resource that is left as it is": (
        {**ACS, "acsDisableLocalAuth": "true"},
        ("ACS_DISABLE_LOCAL_AUTH", "EXISTING_ACS_NAME"),
    ),
    "two roles on ACS": (
        {"acsLeastPrivilege": "true", "acsRoleId": "00000000-0000-0000-0000-000000000000"},
        ("ACS_LEAST_PRIVILEGE", "ACS_ROLE_ID"),
    ),
    "a group without its ACS resource": (
        {"existingAcsResourceGroup": "rg-theirs"},
        ("EXISTING_ACS_RESOURCE_GROUP", "EXISTING_ACS_NAME"),
    ),
    "a topic of another ACS resource than the new one": (
        {"existingSystemTopicName": "evgt-theirs"},
        ("EXISTING_SYSTEM_TOPIC_NAME", "EXISTING_ACS_NAME"),
    ),
    "a group without its topic": (
        {**ACS, "existingSystemTopicResourceGroup": "rg-theirs"},
        ("EXISTING_SYSTEM_TOPIC_RESOURCE_GROUP", "EXISTING_SYSTEM_TOPIC_NAME"),
    ),
    "a list of clients that keeps nobody out": (
        {"authAllowedClientIds": "22222222-2222-2222-2222-222222222222"},
        ("AUTH_ALLOWED_CLIENT_IDS", "AUTH_CLIENT_ID"),
    ),
    "clients apart by more than a comma": (
        {"authClientId": "c-1", "authAllowedClientIds": "c-1, c-2"},
        ("AUTH_ALLOWED_CLIENT_IDS",),
    ),
    "a client without an id": (
        {"authClientId": "c-1", "authAllowedClientIds": "c-1,"},
        ("AUTH_ALLOWED_CLIENT_IDS",),
    ),
    "a way out of no network": ({"natGatewayId": "/natGateways/out"}, ("NAT_GATEWAY_ID", "VNET_ENABLED")),
    "a firewall that shuts the app out": (
        {"listenerAddresses": "203.0.113.7"},
        ("LISTENER_ADDRESSES", "VNET_ENABLED"),
    ),
    "addresses apart by more than a comma": (
        {"vnetEnabled": "true", "listenerAddresses": "203.0.113.7, 198.51.100.0/24"},
        ("LISTENER_ADDRESSES",),
    ),
    "a range of one address": (
        {"vnetEnabled": "true", "listenerAddresses": "203.0.113.7/32,198.51.100.0/24"},
        ("LISTENER_ADDRESSES", "/32"),
    ),
    "a range of two addresses": (
        {"vnetEnabled": "true", "listenerAddresses": "198.51.100.0/31"},
        ("LISTENER_ADDRESSES", "/31"),
    ),
    "an origin without its scheme": ({"consoleOrigins": "https://a.example.com,b.example.com"}, ("CONSOLE_ORIGINS",)),
    "an origin with a path": ({"consoleOrigins": "https://a.example.com/api/console/"}, ("CONSOLE_ORIGINS",)),
    "origins apart by more than a comma": (
        {"consoleOrigins": "https://a.example.com, https://b.example.com"},
        ("CONSOLE_ORIGINS",),
    ),
    "a setting under a name that nobody reads": ({"formerSettings": "never"}, ("APP_SETTINGS",)),
}


def test_every_case_has_its_count() -> None:
    assert {path.stem for path in FOLDER.glob("*.bicepparam")} == set(RESOURCES)


@pytest.mark.parametrize("case", RESOURCES)
def test_a_case_makes_as_many_resources_as_it_says(case: str) -> None:
    assert resources_made(parameters_of(FOLDER / f"{case}.bicepparam")).total() == RESOURCES[case]


@pytest.mark.parametrize("case", RESOURCES)
def test_a_case_sets_parameters_that_there_are(case: str) -> None:
    assert set(parameters_of(FOLDER / f"{case}.bicepparam")) <= set(read(INFRA)["main.bicep"].named("param"))


def test_a_deployment_without_a_topic_has_no_alerts_on_it() -> None:
    made = {source: resources_made({"eventsFrom": source}) for source in ("topic", "manifests", "none")}

    assert [found["Microsoft.Insights/metricAlerts"] for found in made.values()] == [6, 6, 3]


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_work_is_refused_with_a_sentence(case: str) -> None:
    parameters, names = REFUSED[case]

    (sentence,) = refusals(parameters)

    assert [name for name in names if name not in sentence] == []
    with pytest.raises(RefusedError):
        resources_made(parameters)


def test_every_refusal_has_a_case_here() -> None:
    sentences = {sentence for parameters, _ in REFUSED.values() for sentence in refusals(parameters)}
    written = text(read(INFRA)["main.bicep"].named("var")["problems"].node)

    assert len(sentences) == written.count("says:")


def test_refusals_are_told_all_at_once() -> None:
    parameters = {"natGatewayId": "/natGateways/out", "formerSettings": "never"}

    assert len(refusals(parameters)) == 2


def test_nothing_is_deployed_by_what_is_refused() -> None:
    group = read(INFRA)["main.bicep"].named("var")["groupName"].default

    # Everything is in this group, or waits for it.
    assert text(group).endswith(": fail(join(refusals, ' '))")


def test_acs_without_an_identity_cannot_be_given_a_container() -> None:
    writer = read(INFRA)["modules/rbac.bicep"].named("var")["ownContainerWriter"].default

    assert text(writer).startswith("hasOwnContainer && empty(acsPrincipalId)\n  ? fail('ACS_OWN_STORAGE needs an ACS")
