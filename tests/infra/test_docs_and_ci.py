"""What is written about the deployment agrees with it, and so does CI."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from infra import package

from .bicep_tree import INFRA, ROOT, read
from .checks_shape import placeholders
from .checks_watching import alert_names, alert_queries, metric_alerts

DOCUMENT = ROOT / "docs" / "deploy.md"
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"
ROW = re.compile(r"^\| `([A-Z_]+)` \|.*\| ([^|]+) \|$", re.MULTILINE)


@pytest.fixture
def workflow() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text())
    return loaded


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_the_table_lists_every_azd_variable() -> None:
    listed = [name for name, _ in ROW.findall(DOCUMENT.read_text())]

    assert listed == list(dict.fromkeys(listed))
    assert set(listed) == {variable for variable, _ in placeholders(INFRA).values()}


def test_the_table_tells_the_real_defaults() -> None:
    told = dict(ROW.findall(DOCUMENT.read_text()))

    assert {
        name: told[name] for name, default in placeholders(INFRA).values() if default and told[name] != f"`{default}`"
    } == {}


def test_every_alert_has_a_runbook_entry_and_the_other_way_round() -> None:
    runbook = DOCUMENT.read_text().partition("## Runbook")[2]

    assert set(re.findall(r"^### ([\w-]+)$", runbook, re.MULTILINE)) == alert_names(INFRA)


def test_the_price_is_that_of_the_alerts_there_are() -> None:
    priced = re.search(
        r"log alerts: (\d+) looked at .*, 1 every 5 .*; (\d+) metric alerts .* \| \$(.*) \|", DOCUMENT.read_text()
    )

    assert priced
    often, metrics = len(alert_queries(INFRA)) - 1, len(metric_alerts(INFRA))
    assert (int(priced[1]), int(priced[2])) == (often, metrics)
    assert float(priced[3]) == pytest.approx(0.50 * often + 1.50 + 0.10 * metrics)


def test_commands_in_the_document_use_real_outputs() -> None:
    used = set(re.findall(r"get-value (\w+)", DOCUMENT.read_text()))

    assert used <= set(read(INFRA)["main.bicep"].named("output"))


def test_actions_are_pinned_by_commit(workflow: dict[str, Any]) -> None:
    used = [step["uses"] for step in steps(workflow) if "uses" in step]

    assert used
    assert [action for action in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action)] == []


def test_nothing_in_ci_may_write_to_the_repository(workflow: dict[str, Any]) -> None:
    granted = [workflow["permissions"], *(job.get("permissions", {}) for job in workflow["jobs"].values())]

    assert [right for given in granted for right in given.items() if right[1] == "write"] == [("id-token", "write")]
    checkouts = [step for step in steps(workflow) if step.get("uses", "").startswith("actions/checkout@")]
    assert [step for step in checkouts if step["with"]["persist-credentials"] is not False] == []


def test_a_pull_request_gets_no_token_for_azure(workflow: dict[str, Any]) -> None:
    holders = [job for job in workflow["jobs"].values() if "id-token" in job.get("permissions", {})]

    assert [job for job in holders if "github.event_name != 'pull_request'" not in job["if"]] == []


def test_ci_tests_proves_compiles_and_previews(workflow: dict[str, Any]) -> None:
    commands = "\n".join(step.get("run", "") for step in steps(workflow))

    for command in (
        "make test",
        "make prove",
        "make package",
        "az bicep build",
        "az bicep lint",
        "azd provision --preview",
    ):
        assert command in commands


def test_nothing_is_checked_twice(workflow: dict[str, Any]) -> None:
    targets = [target for step in steps(workflow) for target in re.findall(r"make (\w+)", step.get("run", ""))]

    assert "check" not in targets
    assert re.search(r"^test:.* check\b", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert len(targets) == len(set(targets))


@pytest.mark.parametrize(
    ("action", "option"), [("setup-python", "python-version-file"), ("setup-node", "node-version-file")]
)
def test_ci_runs_what_the_version_files_say(workflow: dict[str, Any], action: str, option: str) -> None:
    (given,) = [step["with"] for step in steps(workflow) if step.get("uses", "").startswith(f"actions/{action}@")]

    assert set(given) == {option}
    assert (ROOT / given[option]).is_file()


def test_what_a_roll_back_checks_out_is_no_invented_tag() -> None:
    assert re.findall(r"git checkout (\S+)", DOCUMENT.read_text()) == ["COMMIT"]


def test_ci_keeps_the_package_with_its_dependencies(workflow: dict[str, Any]) -> None:
    (kept,) = [step["with"] for step in steps(workflow) if step.get("uses", "").startswith("actions/upload-artifact@")]

    assert ROOT / kept["path"] == package.OUTPUT
    assert kept["include-hidden-files"] is True  # .python_packages


def test_func_publishes_what_was_built_here() -> None:
    document = DOCUMENT.read_text()
    published = re.findall(r"^.*func azure functionapp publish.*$", document, re.MULTILINE)

    assert published
    folder = package.OUTPUT.relative_to(ROOT)
    assert [line for line in published if not re.search(rf"cd {folder} && .* --python --no-build\b", line)] == []
    assert "make package" in document


def test_infrastructure_never_deploys_with_the_code() -> None:
    ignored = (ROOT / ".funcignore").read_text().splitlines()

    assert {"infra/", "docs/", "azure.yaml"} <= set(ignored)
