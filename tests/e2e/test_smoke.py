"""`acsrec smoke` against the running app: it passes where all is well, and names what is not."""

import json

import pytest
from typer.testing import CliRunner

from acsrec.command import app
from acsrec.smoke_steps import Step
from local.simulator.faults import InjectedFault, Operation
from local.simulator.scripts import EventOptions, Script
from local.stack import Stack
from tests.e2e.steps import settled

SMALL = Script(chunk_bytes=20_000)
UNANNOUNCED = Script(chunk_bytes=20_000, events=EventOptions(never=True))

type Told = dict[str, dict[str, str]]


def smoke(stack: Stack, script: Script, patience: str) -> tuple[int, str, Told]:
    """Its exit code, the recording's id, and what it told of each step."""
    call = stack.simulator.place_call(script=script)
    environment = {"ACSREC_URL": stack.host.url, "ACSREC_KEY": stack.host.keys.default}
    arguments = ["smoke", "--server-call-id", call.server_call_id, "--record", "0.3", "--patience", patience, "--json"]
    result = CliRunner().invoke(app, arguments, env=environment)
    document = json.loads(result.stdout)
    return result.exit_code, document["id"], {step["step"]: step for step in document["steps"]}


def failed(told: Told) -> dict[str, str]:
    return {step: one["detail"] for step, one in told.items() if one["outcome"] == "failed"}


def test_all_steps_pass_where_all_is_well(stack: Stack) -> None:
    code, _, told = smoke(stack, SMALL, "20")

    assert failed(told) == {}
    assert "the topic took Started, Stopped, Stored, Completed" in told[Step.EVENTS]["detail"]
    assert (code, [step for step, one in told.items() if one["outcome"] == "passed"]) == (0, list(Step))


def test_a_subscription_that_does_not_deliver_is_named(stack: Stack) -> None:
    code, _, told = smoke(stack, UNANNOUNCED, "1")

    assert (code, list(failed(told))) == (1, [Step.DELIVERY])
    assert "azd hooks run postdeploy" in told[Step.DELIVERY]["commands"]


@pytest.mark.parametrize(("kind", "step"), [("content", Step.DOWNLOAD), ("delete", Step.DELETION)])
def test_a_token_that_acs_does_not_take_is_named_and_nothing_is_lost(
    faulty_stack: Stack, kind: Operation, step: Step
) -> None:
    faulty_stack.simulator.add_fault(InjectedFault(action="status", status=403, kind=kind, times=None))

    code, id, told = smoke(faulty_stack, SMALL, "3")

    assert (code, list(failed(told))) == (1, [step])
    assert "ACS answered 403" in told[step]["detail"]
    assert any("ACS_VAULT_REFERENCE" in command for command in told[step]["commands"])
    faulty_stack.simulator.clear_faults()
    settled(faulty_stack, id)
