"""Rules of Azure that no template can keep for an operator stand in docs/deploy.md."""

from __future__ import annotations

import re

import pytest

from .bicep_tree import ROOT

DOCUMENT = " ".join((ROOT / "docs" / "deploy.md").read_text().split())
# What is said, by why it must be.
SAID = {
    # Microsoft Learn, "Azure Storage redundancy": ZRS needs a region with availability zones, and from LRS to ZRS an
    # account is converted, not written anew; "infrastructure encryption" is chosen when an account is made.
    "zone redundancy takes zones": r"availability zones.*`azd env set STORAGE_REDUNDANCY Standard_LRS`",
    "redundancy stays as it was made": r"fixed when they are made",
    # Microsoft Learn, "Immutable storage": a locked policy can be extended and nothing else; hashicorp/
    # terraform-provider-azurerm#28660 met the refusal of any other write.
    "a locked policy is not written again": r"policy lock.*After locking set `azd env set IMMUTABILITY_DAYS 0`",
    # Azure/azure-functions-host#11834
    "the first event after a pause": r"### deliveries-failing .*with 401.*`ALWAYS_READY_EVENTS` ends that",
    # Azure's keys of a host can be refused just after a restart; the hook tries again, a deployment does not.
    "a subscription that met a restart": r"### deliveries-failing .*BadRequest.*`azd provision --no-state`",
    # Microsoft Learn, "Flex Consumption plan": regional subscription memory quota, 512,000 MB.
    "a region's quota": r"`MAXIMUM_INSTANCE_COUNT` \| 40 to 1000 instances of the app; .* 250 of 2 GB",
    "a container of ACS's own, or a network": r"`ACS_OWN_STORAGE` \|[^|]*not with `VNET_ENABLED`",
}


@pytest.mark.parametrize("rule", SAID)
def test_the_document_says_it(rule: str) -> None:
    assert re.search(SAID[rule], DOCUMENT)


def test_nobody_is_told_that_the_limit_holds_for_each_function() -> None:
    # The API: "the maximum number of instances for the function app".
    assert "for each function by itself" not in DOCUMENT
