"""Place a simulated call, record it, watch its files arrive, prove them, and show them in the console.

python -m local.demo [--svg FILE]
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from local.demo.moments import Moment
from local.demo.picture import picture
from local.demo.run import run
from local.demo.screens import Screen, screen_for


def main(arguments: Sequence[str]) -> int:
    given = parser().parse_args(arguments)
    shown: list[Moment] = []
    screen = screen_for(sys.stdout, os.environ)
    with tempfile.TemporaryDirectory(prefix="call-recording-") as directory, screen:
        code = run(
            lambda moment: keep_and_show(shown, screen, moment),
            Path(directory),
            lambda: wait_or_end(sys.stdin, sys.stdout, wait=not given.svg),
        )
    if given.svg and code == 0:
        given.svg.write_text(picture(shown), encoding="utf-8")
        print(f"the picture is in {given.svg}")
    return code


def parser() -> argparse.ArgumentParser:
    arguments = argparse.ArgumentParser("python -m local.demo", description="A simulated call, recorded and proven.")
    arguments.add_argument("--svg", type=Path, help="write a picture of the terminal there, and do not wait at the end")
    return arguments


def keep_and_show(shown: list[Moment], screen: Screen, moment: Moment) -> None:
    shown.append(moment)
    screen.show(moment)


def wait_or_end(keyboard: TextIO, terminal: TextIO, *, wait: bool = True) -> None:
    """Leave the console open until Enter where somebody can press it; say how it stays open in any case."""
    if not (wait and keyboard.isatty() and terminal.isatty()):
        print("The console ends with this run; `make local` has one that stays.", file=terminal, flush=True)
        return
    print("The console is open until Enter; that of `make local` stays.", file=terminal, flush=True)
    with suppress(KeyboardInterrupt):
        keyboard.readline()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
