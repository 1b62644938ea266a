"""`acsrec smoke` as a command: what it prints for people and for programs, and its exit codes."""

import json

import pytest
from typer.testing import CliRunner, Result

from acsrec.command import app
from acsrec.command_base import HTTP
from acsrec.smoke_steps import Step
from shared.domain.errors import AcsRefused
from tests.builders import SERVER_CALL_ID
from tests.fakes import Cloud, Fault
from tests.unit.client.app_on_fakes import TOPIC, AppOnFakes
from tests.unit.client.fake_app import KEY, URL

CALL = ("--server-call-id", SERVER_CALL_ID)
AT_ONCE = ("--record", "0", "--patience", "0")


@pytest.fixture
def azure() -> AppOnFakes:
    return AppOnFakes(Cloud(EVENTS_TOPIC_ENDPOINT=TOPIC))


def run(azure: AppOnFakes, *arguments: str, key: str = KEY) -> Result:
    token = HTTP.set(azure.client().http)
    try:
        return CliRunner().invoke(app, ["smoke", *arguments], env={"ACSREC_URL": URL, "ACSREC_KEY": key})
    finally:
        HTTP.reset(token)


def test_without_a_call_it_is_0_and_says_how_to_go_on(azure: AppOnFakes) -> None:
    result = run(azure)

    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert [line.split()[:2] for line in lines[:4]] == [
        ["ok", "health"],
        ["ok", "key"],
        ["ok", "dependencies"],
        ["-", "start"],
    ]
    assert "--server-call-id" in lines[-1]


def test_a_step_that_fails_is_1_with_what_to_do_below_it(azure: AppOnFakes) -> None:
    result = run(azure, key="wrong")

    lines = result.stdout.splitlines()
    assert result.exit_code == 1
    assert lines[1].split()[:2] == ["FAILED", "key"]
    assert lines[3].startswith("       $ export ACSREC_KEY=$(az functionapp keys list ")
    assert "wrong" not in lines[1].split()


def test_as_json_each_step_has_its_outcome_its_time_and_its_commands(azure: AppOnFakes) -> None:
    azure.cloud.acs.refuse("start", AcsRefused("No such call. (404/8522)", status=404, code="8522"))

    result = run(azure, *CALL, *AT_ONCE, "--json")

    told = json.loads(result.stdout)
    start = told["steps"][3]
    assert (result.exit_code, told["passed"], told["id"], told["mayRecord"]) == (1, False, None, False)
    assert [step["step"] for step in told["steps"]] == list(Step)
    assert (start["outcome"], start["commands"]) == ("failed", ["acsrec smoke --server-call-id ID"])
    assert start["seconds"] >= 0
    assert all(step["commands"] == [] for step in told["steps"] if step["outcome"] != "failed")


def test_a_call_that_may_still_be_recorded_is_said_on_standard_error(azure: AppOnFakes) -> None:
    azure.begins = False
    azure.cloud.world.fail("acs.stop", Fault.ERROR_BEFORE, 500)
    azure.cloud.world.fail("acs.state", Fault.ERROR_BEFORE, 500)

    result = run(azure, *CALL, *AT_ONCE)

    assert result.exit_code == 1
    assert "may still be recorded; stop it: acsrec stop " in result.stderr
