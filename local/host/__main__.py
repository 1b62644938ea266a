"""`python -m local.host --app DIR`: host one app until SIGTERM.

Standard output carries a single JSON line once everything is ready; all else, the app's `print` included, goes to
standard error. Exit codes: 0 stopped, 2 bad arguments, 3 the app cannot be run, 4 a function took the process
with it (time-out, `sys.exit`).
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from local.host.app import AppError
from local.host.host import Arguments, Host
from local.host.options import OptionError, Options
from local.host.settings import SettingsError, load_local_settings

if TYPE_CHECKING:
    from typing import TextIO

BAD_ARGUMENTS, BAD_APP = 2, 3


def main() -> None:
    given = parser().parse_args()
    ready_output = os.fdopen(os.dup(1), "w")
    # From here on fd 1 is stderr, so that nothing the app prints can be taken for the ready line.
    os.dup2(2, 1)
    try:
        options = Options.parse(given.option)
        if given.settings is not None:
            load_local_settings(given.settings, os.environ)
    except (OptionError, SettingsError) as error:
        leave(BAD_ARGUMENTS, str(error))
    run(Host(Arguments(given.app.resolve(), given.port, absolute(given.keys), options)), ready_output)


class StopRequest:
    """Waits until somebody wants the host to stop.

    Not a threading.Event set by a handler: the kernel may give the signal to another thread than the waiting one,
    which would sleep on. The C level writes a byte into this pipe whichever thread was hit.
    """

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        os.set_blocking(self.writing, False)
        signal.set_wakeup_fd(self.writing)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)

    def wait(self) -> None:
        os.read(self.reading, 1)

    def watch_input(self) -> None:
        """Ask for a stop when standard input ends, which it does when the parent process is gone."""
        threading.Thread(target=self.read_input, daemon=True).start()

    def read_input(self) -> None:
        while os.read(0, 4096):
            pass
        os.write(self.writing, b"-")


def run(host: Host, ready_output: TextIO) -> None:
    stop = StopRequest()
    try:
        ready = host.start()
    except AppError as error:
        leave(BAD_APP, str(error))
    except OSError as error:
        leave(BAD_ARGUMENTS, f"cannot listen, or keep the keys: {error}")
    with ready_output:
        ready_output.write(json.dumps(ready) + "\n")
    if host.options.exit_with_stdin:
        stop.watch_input()
    stop.wait()
    try:
        host.stop()
    finally:
        # Not sys.exit: a function that outlived the drain would keep the interpreter waiting for its thread.
        leave(0, "")


def leave(code: int, message: str) -> NoReturn:
    if message:
        print(message, file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def absolute(path: Path | None) -> Path | None:
    # The host changes into the app's directory.
    return path.resolve() if path else None


def parser() -> argparse.ArgumentParser:
    arguments = argparse.ArgumentParser("python -m local.host", description="Run an Azure Functions app locally.")
    arguments.add_argument("--app", type=Path, required=True, help="directory with function_app.py and host.json")
    arguments.add_argument("--port", type=int, default=0, help="0 picks a free one")
    arguments.add_argument("--keys", type=Path, help="JSON file that keeps the access keys; made when absent")
    arguments.add_argument("--settings", type=Path, help="a local.settings.json; the environment wins")
    arguments.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="see options.py")
    return arguments


if __name__ == "__main__":
    main()
