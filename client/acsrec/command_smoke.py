"""`acsrec smoke`: the steps as they pass or fail, for people and for programs."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from acsrec.command_base import (
    Address,
    Connection,
    Exit,
    Group,
    Json,
    Room,
    Server,
    call_filters,
    opened,
)
from acsrec.output import console, print_json, say, text
from acsrec.retries import Patience
from acsrec.smoke import Outcome, Smoke, StepResult
from acsrec.smoke_steps import Steps, silent

RECORD_SECONDS = 15.0
SPINNER_COLUMNS = 4  # before what is waited for; what goes on to another line would stay on the screen
STEP_SECONDS = 300.0  # ACS makes a file, and announces it, within a minute or two
MARKS = {Outcome.PASSED: ("ok", "green"), Outcome.FAILED: ("FAILED", "bold red"), Outcome.SKIPPED: ("-", "dim")}
NO_CALL = (
    "No call was named, so that nothing was recorded. With --server-call-id, or another id of a call that goes on,"
    " the rest is shown: the call is recorded for some seconds."
)


def smoke(
    url: Address,
    server_call_id: Server = None,
    call_connection_id: Connection = None,
    group_call_id: Group = None,
    room_id: Room = None,
    record: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="How long the call is recorded.")
    ] = RECORD_SECONDS,
    patience: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="How long one step waits for what is to happen by itself.")
    ] = STEP_SECONDS,
    as_json: Json = False,
) -> None:
    """Show step by step that the app works, by recording a call that goes on; and what to do where it does not."""
    call = call_filters(server_call_id, call_connection_id, group_call_id, room_id)
    if len(call) > 1:
        raise typer.BadParameter("one id names the call")
    results: list[StepResult] = []
    with opened(url) as client, watching(show=not as_json) as (show, watch):
        steps = Steps(client, call, record, Patience(patience), watch)
        smoke = Smoke(steps)
        try:
            with closing(smoke.run()) as run:
                for result in run:
                    results.append(result)
                    show(result)
        finally:
            if smoke.may_record:
                say(f"The call may still be recorded; stop it: acsrec stop {steps.id}", stderr=True)
    has_failed = any(result.outcome is Outcome.FAILED for result in results)
    if as_json:
        told = [step_document(result) for result in results]
        print_json({"passed": not has_failed, "id": steps.id, "mayRecord": smoke.may_record, "steps": told})
    elif not call and not has_failed:
        say(NO_CALL)
    if has_failed:
        raise typer.Exit(Exit.DIFFERS)


@contextmanager
def watching(*, show: bool) -> Iterator[tuple[Callable[[StepResult], None], Callable[[str], None]]]:
    """What prints a step that is over, and what says of the one that runs what it waits for, on a terminal alone."""
    if not show:
        yield lambda _: None, silent
        return
    shown = console()
    with shown.status("") as status:
        yield partial(print_step, shown), lambda line: status.update(text(line[: shown.width - SPINNER_COLUMNS]))


def print_step(shown: Console, result: StepResult) -> None:
    mark, style = MARKS[result.outcome]
    took = "" if result.outcome is Outcome.SKIPPED else f"{result.seconds:.1f} s"
    line = Text().append(text(f"{mark:7}", style)).append(text(f"{result.step:13}{took:>8}  {result.detail}"))
    shown.print(line, soft_wrap=True)
    if result.mending is not None:
        shown.print(text(f"{'':7}{result.mending.advice}"), soft_wrap=True)
        for command in result.mending.commands:
            shown.print(text(f"{'':7}$ {command}", "bold"), soft_wrap=True)


def step_document(result: StepResult) -> dict[str, object]:
    return {
        "step": result.step,
        "outcome": result.outcome,
        "seconds": round(result.seconds, 3),
        "detail": result.detail,
        "advice": result.mending.advice if result.mending else None,
        "commands": result.mending.commands if result.mending else (),
    }
