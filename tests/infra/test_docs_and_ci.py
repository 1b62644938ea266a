"""What is written about the deployment agrees with it, and so does CI."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from infra import package, sbom

from .bicep_tree import INFRA, ROOT, read
from .checks_shape import placeholders
from .checks_watching import alert_names, alert_queries, metric_alerts
from .lacking import TOOLS

DOCUMENT = ROOT / "docs" / "deploy.md"
WORKFLOWS = ROOT / ".github" / "workflows"
ROW = re.compile(r"^\| `([A-Z_]+)` \|.*\| ([^|]+) \|$", re.MULTILINE)


def loaded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((WORKFLOWS / name).read_text())
    return found


@pytest.fixture(params=sorted(path.name for path in WORKFLOWS.glob("*.yml")))
def workflow(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Each workflow."""
    return loaded(request.param)


@pytest.fixture
def ci() -> dict[str, Any]:
    return loaded("ci.yml")


@pytest.fixture
def azure_dev() -> dict[str, Any]:
    return loaded("azure-dev.yml")


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def run(steps: list[dict[str, Any]]) -> str:
    return "\n".join(step.get("run", "") for step in steps)


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


def writes(workflow: dict[str, Any]) -> list[tuple[str, str]]:
    """Every right to write that a workflow gives to any of its jobs."""
    granted = [workflow["permissions"], *(job.get("permissions", {}) for job in workflow["jobs"].values())]
    return [right for given in granted for right in given.items() if right[1] == "write"]


def test_no_workflow_has_any_right_to_write_but_the_one_that_asks_azure_for_a_token() -> None:
    given = {path.name: writes(loaded(path.name)) for path in WORKFLOWS.glob("*.yml")}

    assert given == {"ci.yml": [], "azure-dev.yml": [("id-token", "write")]}


def test_nothing_in_ci_may_write_to_the_repository(workflow: dict[str, Any]) -> None:
    checkouts = [step for step in steps(workflow) if step.get("uses", "").startswith("actions/checkout@")]
    assert [step for step in checkouts if step["with"]["persist-credentials"] is not False] == []


def test_only_the_workflow_of_azd_gets_a_token_for_azure(ci: dict[str, Any]) -> None:
    assert [job for job in ci["jobs"].values() if "id-token" in job.get("permissions", {})] == []


def test_no_branch_but_main_and_no_pull_request_gets_a_token_for_azure(azure_dev: dict[str, Any]) -> None:
    holders = [job for job in azure_dev["jobs"].values() if "id-token" in job.get("permissions", {})]

    assert holders
    assert [job for job in holders if not job["if"].startswith("github.ref == 'refs/heads/main' && ")] == []
    assert [job for job in holders if "||" in job["if"]] == []


def test_nothing_is_tested_where_a_token_for_azure_may_be_asked_for(azure_dev: dict[str, Any]) -> None:
    """What tests install is more than what is deployed, and could ask for one, too."""
    jobs = azure_dev["jobs"]
    holders = [name for name, job in jobs.items() if "id-token" in job.get("permissions", {})]

    assert [name for name in holders if re.search(r"\b(make|pip|npm)\b", run(jobs[name]["steps"]))] == []
    assert run(jobs["test"]["steps"]).split("\n")[-1] == "make test"
    assert [name for name in holders if jobs[name]["needs"] != "test" or "!failure()" not in jobs[name]["if"]] == []


def test_ci_tests_proves_and_packages(ci: dict[str, Any]) -> None:
    assert [
        command for command in ("make test", "make prove", "make package", "make sbom") if command not in run(steps(ci))
    ] == []


def test_ci_compiles_and_runs_powershell_with_pinned_tools(ci: dict[str, Any]) -> None:
    job = ci["jobs"]["test"]["steps"]
    (tested,) = [step for step in job if step.get("run") == "make test"]

    assert re.search(r"az bicep install --version v\d+\.\d+\.\d+$", run(job), re.MULTILINE)
    assert re.search(r"dotnet tool install --global PowerShell --version \d+\.\d+\.\d+$", run(job), re.MULTILINE)
    assert tested["env"] == {TOOLS: "required"}


def test_the_package_is_built_by_its_hook_on_three_systems_and_compared(ci: dict[str, Any]) -> None:
    systems = ci["jobs"]["package"]["strategy"]["matrix"]["include"]
    (compared,) = ci["jobs"]["same-package"]["steps"]

    assert {one["system"]: one["hook"].rpartition("/")[2] for one in systems} == {
        "linux": "prepackage.sh",
        "macos": "prepackage.sh",
        "windows": "prepackage.ps1",
    }
    assert compared["run"].count(" = ") == len(systems) - 1


def test_nothing_is_checked_twice(ci: dict[str, Any]) -> None:
    targets = [target for step in steps(ci) for target in re.findall(r"make (\w+)", step.get("run", ""))]

    assert "check" not in targets
    assert re.search(r"^test:.* check\b", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert len(targets) == len(set(targets))


@pytest.mark.parametrize(
    ("action", "option"), [("setup-python", "python-version-file"), ("setup-node", "node-version-file")]
)
def test_ci_runs_what_the_version_files_say(workflow: dict[str, Any], action: str, option: str) -> None:
    given = [step["with"] for step in steps(workflow) if step.get("uses", "").startswith(f"actions/{action}@")]

    assert given
    assert [with_ for with_ in given if set(with_) != {option} or not (ROOT / with_[option]).is_file()] == []


def test_a_devcontainer_has_the_versions_of_the_files_and_every_tool() -> None:
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    features = {name.rpartition("/")[2].partition(":")[0]: given for name, given in container["features"].items()}
    python, node = ((ROOT / name).read_text().strip() for name in (".python-version", ".node-version"))

    assert container["image"].rpartition(":")[2].startswith(f"{python}-")
    assert features["node"]["version"] == node
    assert features.keys() == {"azure-cli", "azd", "node", "powershell"}
    assert container["postCreateCommand"] == "make setup"


def test_what_a_roll_back_checks_out_is_no_invented_tag() -> None:
    assert re.findall(r"git checkout (\S+)", DOCUMENT.read_text()) == ["COMMIT"]


def test_ci_keeps_the_package_with_its_dependencies_and_beside_it_what_they_are(ci: dict[str, Any]) -> None:
    uploads = [step["with"] for step in steps(ci) if step.get("uses", "").startswith("actions/upload-artifact@")]
    kept, told = uploads

    assert ROOT / kept["path"] == package.OUTPUT
    assert kept["include-hidden-files"] is True  # .python_packages
    assert ROOT / told["path"] == sbom.OUTPUT
    assert [with_ for with_ in uploads if with_["if-no-files-found"] != "error"] == []


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
