"""The project keeps to what is known of the service, and each rule notices when it does not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .bicep_tree import ROOT
from .service_rules import RULES, Rule

READ = ("azure.yaml", "docs", "infra", ".github")


def fact_of(rule: Rule) -> str:
    return rule.fact


@pytest.mark.parametrize("rule", RULES, ids=fact_of)
def test_the_project_keeps_to_it(rule: Rule) -> None:
    assert rule.check(ROOT) == []


@pytest.mark.parametrize("rule", RULES, ids=fact_of)
def test_the_mistake_is_noticed(rule: Rule, tmp_path: Path) -> None:
    name, found, replacement = rule.mistake
    for part in READ:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copyfile
        copy(ROOT / part, tmp_path / part)
    text = (tmp_path / name).read_text()
    assert found in text, "the mistake cannot be made any more: rewrite it"
    (tmp_path / name).write_text(text.replace(found, replacement))

    assert rule.check(tmp_path) != []


def test_every_rule_has_a_source() -> None:
    assert [rule.fact for rule in RULES if len(rule.source) < len("Azure/x#1")] == []
