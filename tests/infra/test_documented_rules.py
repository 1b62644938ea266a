"""Rules of Azure that no template can keep for an operator stand in docs/deploy.md."""

from __future__ import annotations

import re

import pytest

from .bicep_tree import ROOT

DOCUMENT = " ".join((ROOT / "docs" / "deploy.md").read_text().split())
# What is said, by why it must be.
SAID = {
    # Azure/azure-functions-host#11834
    "the first event after a pause": r"`ALWAYS_READY_EVENTS` \|[^|]*the first one after a pause",
    # A stateless alert is muted for a while after it fired: the mail does not name every line.
    "a mail stands for several lines": r"### chunk-failed .*One mail stands for every chunk of half an hour",
    "a container of ACS's own, or a network": r"`ACS_OWN_STORAGE` \|[^|]*not with `VNET_ENABLED`",
}


@pytest.mark.parametrize("rule", SAID)
def test_the_document_says_it(rule: str) -> None:
    assert re.search(SAID[rule], DOCUMENT)
