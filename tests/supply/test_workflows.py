"""The workflows: nothing that zizmor objects to, least rights, and no value of a variable that becomes another one."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.preflight import PACKAGE_OF
from tests.infra.bicep_tree import INFRA
from tests.infra.checks_shape import placeholders
from tests.infra.lacking import skip_without

from .locked import ROOT

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
ZIZMOR = Path(sys.executable).with_name("zizmor")


def loaded(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def found_by_zizmor(folder: Path) -> list[str]:
    """The rules that a folder breaks, by their names; without a question to anybody."""
    command = [
        str(ZIZMOR),
        "--offline",
        "--strict-collection",
        "--persona=auditor",
        "--no-ignores",
        "--format=json",
        "-q",
    ]
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("GH_", "GITHUB_", "ZIZMOR"))}
    done = subprocess.run(
        [*command, str(folder)], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout, done.stderr
    return [finding["ident"] for finding in json.loads(done.stdout)]


def test_zizmor_finds_nothing_in_the_workflows_and_the_configuration_of_updates(figure: Callable[..., None]) -> None:
    found = found_by_zizmor(GITHUB)

    assert found == []
    figure(
        "supply.workflows",
        "{files} files for GitHub, read by zizmor as its strictest reader, with no exception: {findings} findings",
        files=len(WORKFLOWS) + 1,
        findings=len(found),
    )


@pytest.mark.parametrize(
    ("name", "text", "mistake", "finding"),
    [
        ("ci.yml", "run: make test\n", "run: make test ${{ github.head_ref }}\n", "template-injection"),
        ("ci.yml", "@a26af69be951a213d495a4c3e4e4022e16d87065 # v5.6.0", "@v5", "unpinned-uses"),
        ("ci.yml", "persist-credentials: false", "persist-credentials: true", "artipacked"),
        ("ci.yml", "  pull_request:\n", "  pull_request_target:\n", "dangerous-triggers"),
        ("ci.yml", "contents: read", "contents: write", "excessive-permissions"),
        ("azure-dev.yml", "      id-token: write #", "      contents: write #", "undocumented-permissions"),
    ],
)
def test_zizmor_finds_a_mistake(tmp_path: Path, name: str, text: str, mistake: str, finding: str) -> None:
    planted = tmp_path / ".github"
    shutil.copytree(GITHUB, planted)
    workflow = planted / "workflows" / name
    assert text in workflow.read_text()
    workflow.write_text(workflow.read_text().replace(text, mistake, 1))

    assert finding in found_by_zizmor(planted)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_read_the_code_and_nothing_more(path: Path) -> None:
    assert loaded(path)["permissions"] == {"contents": "read"}


# A repository's variables become the environment's.


def taken(tmp_path: Path, variables: dict[str, str]) -> tuple[int, str]:
    """The exit code of the step that takes the variables, and what it leaves for the steps after it."""
    bash, jq = shutil.which("bash"), shutil.which("jq")
    if bash is None or jq is None:
        skip_without("jq", "the step that takes variables is not run")
    steps = loaded(GITHUB / "workflows" / "azure-dev.yml")["jobs"]["azure"]["steps"]
    (script,) = [step["run"] for step in steps if "VARIABLES" in step.get("env", {})]
    written = tmp_path / "environment"
    written.touch()
    environment = {**os.environ, "VARIABLES": json.dumps(variables), "GITHUB_ENV": str(written)}
    # As GitHub runs a step.
    done = subprocess.run([bash, "-e", "-c", script], env=environment, capture_output=True, text=True, check=False)
    return done.returncode, written.read_text()


def test_variables_are_taken_as_they_are(tmp_path: Path) -> None:
    code, written = taken(tmp_path, {"AZURE_LOCATION": "westeurope", "EVENTS_FROM": "a = b; $(c) `d`"})

    assert (code, written) == (0, "AZURE_LOCATION=westeurope\nEVENTS_FROM=a = b; $(c) `d`\n")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_break_in_a_variable_sets_nothing_and_ends_the_run(tmp_path: Path, end: str) -> None:
    code, written = taken(tmp_path, {"AZURE_LOCATION": "westeurope", "ZONE": f"1{end}BASH_ENV=/tmp/evil"})

    assert (code != 0, written) == (True, "")


@pytest.mark.parametrize("name", ["BASH_ENV", "PATH", "LD_PRELOAD", "AZURE_CONFIG_DIR", "ACTIONS_ID_TOKEN_REQUEST_URL"])
def test_a_variable_that_the_deployment_does_not_read_sets_nothing(tmp_path: Path, name: str) -> None:
    code, written = taken(tmp_path, {name: "$(evil)", "AZURE_LOCATION": "westeurope"})

    assert (code, written) == (0, "AZURE_LOCATION=westeurope\n")


def test_every_variable_that_the_deployment_reads_is_taken(tmp_path: Path) -> None:
    asked = re.findall(r'given\("(\w+)"|is_on\("(\w+)"\)', (ROOT / "infra" / "preflight.py").read_text())
    names = {
        *(name for name, _ in placeholders(INFRA).values()),
        *PACKAGE_OF,
        *(name for pair in asked for name in pair if name),
    }

    code, written = taken(tmp_path, dict.fromkeys([*names, "AZURE_CLIENT_ID"], "x"))

    assert (code, {line.partition("=")[0] for line in written.splitlines()}) == (0, {*names, "AZURE_CLIENT_ID"})


# Updates and audits.


def test_every_kind_of_package_is_updated_weekly_in_one_group_when_it_is_a_week_old() -> None:
    updates = loaded(GITHUB / "dependabot.yml")["updates"]

    assert {each["package-ecosystem"]: each["directory"] for each in updates} == {
        "uv": "/",
        "npm": "/local",
        "github-actions": "/",
    }
    assert [each for each in updates if each["schedule"]["interval"] != "weekly"] == []
    assert [each for each in updates if each["cooldown"]["default-days"] < 7] == []
    assert [each for each in updates if [group["patterns"] for group in each["groups"].values()] != [["*"]]] == []


def test_ci_audits_weekly_in_a_job_of_its_own_that_fails_where_no_database_answers() -> None:
    text = (GITHUB / "workflows" / "ci.yml").read_text()
    ci = yaml.safe_load(text)
    (audit,) = [step for step in ci["jobs"]["audit"]["steps"] if "run" in step]

    assert (audit["run"], audit["env"]) == ("make audit", {"AUDIT": "required"})
    assert "needs" not in ci["jobs"]["audit"]
    assert [name for name, job in ci["jobs"].items() if "audit" in str(job.get("needs"))] == []
    assert re.search(r"^  schedule:\n    - cron: \d+ \d+ \* \* \d ", text, re.MULTILINE)


def test_the_history_is_there_where_ci_searches_it_for_secrets() -> None:
    ci = loaded(GITHUB / "workflows" / "ci.yml")
    (checkout,) = [step for step in ci["jobs"]["test"]["steps"] if step.get("uses", "").startswith("actions/checkout@")]

    assert checkout["with"]["fetch-depth"] == 0
