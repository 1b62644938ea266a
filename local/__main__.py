"""`make local`: run the whole app on this machine until Ctrl-C, on the same ports each time.

The app's settings, PERSIST, IDENTITY, EVENTS_WEBHOOK and EVENTS_QUEUE are taken from the environment. What runs is
printed, and written to `.local/env` for a shell as long as it runs; so is each event that the app tells others.
"""

import os
import signal
import sys
import threading
from contextlib import suppress

from local.announcing import busy_text, event_line, farewell, introduction, shell_variables, write_variables
from local.azurite import AzuriteError
from local.choices import ChoiceError, Choices
from local.host.client import HostStartError
from local.ports import busy_ports
from local.run_lock import AlreadyRunning, RunLock
from local.simulator.process import SimulatorStartError
from local.stack import Stack

ALIVE_SECONDS = 1.0  # how long a part that ended by itself may go unnoticed


def main() -> int:
    told_to_end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told_to_end.set())
    try:
        choices = Choices.read(sys.argv[1:], os.environ)
        with RunLock(choices.directory / "lock", f"process {os.getpid()}, {choices.api}"):
            return run(choices, told_to_end)
    except ChoiceError as error:
        return refuse(str(error))
    except AlreadyRunning as error:
        return refuse(f"make local runs already: {error}. Nothing was changed; Ctrl-C where it runs ends it.")


def refuse(reason: str) -> int:
    print(reason, file=sys.stderr)
    return 1


def run(choices: Choices, told_to_end: threading.Event) -> int:
    """Everything, from its start to its end; the exit code."""
    busy = busy_ports(choices.ports)
    if busy:
        return refuse(busy_text(busy))
    with suppress(FileNotFoundError):
        choices.log.replace(choices.previous_log)
    print("starting Azurite, the ACS simulator and the functions host …", flush=True)
    code, stack = 1, stack_of(choices)
    try:
        with stack:
            code = serve(choices, stack, told_to_end)
    except (AzuriteError, HostStartError, SimulatorStartError) as error:
        print(error, file=sys.stderr)
    finally:
        choices.variables_file.unlink(missing_ok=True)
    print(farewell(choices, saved=stack.azurite.exit_code == 0), flush=True)
    return code


def stack_of(choices: Choices) -> Stack:
    return Stack(
        choices.directory,
        app_settings=choices.app_settings,
        ports=choices.ports,
        storage=choices.storage,
        identity=choices.identity,
        events_webhook=choices.events_webhook,
        events_queue=choices.events_queue,
    )


def serve(choices: Choices, stack: Stack, told_to_end: threading.Event) -> int:
    """Tell what runs and what it tells others, and wait: for Ctrl-C (0), or for a part that ends by itself (1)."""
    variables = shell_variables(stack, stack.simulator.place_call())
    write_variables(choices.variables_file, variables)
    print(introduction(choices, stack, variables), flush=True)
    seen = 0
    while not told_to_end.wait(ALIVE_SECONDS):
        dead = stack.dead_part()
        if dead is not None:
            print(f"{dead} So the rest is stopped, too.", file=sys.stderr)
            return 1
        seen = print_events(stack, seen)
    return 0


def print_events(stack: Stack, seen: int) -> int:
    """Print what the app told others after the event of this number; returns that of the last one."""
    with suppress(OSError):  # the simulator has just ended, and that is told next
        for arrival in stack.simulator.topic_events(after=seen):
            print(event_line(arrival), flush=True)
            seen = arrival.number
    return seen


if __name__ == "__main__":
    sys.exit(main())
