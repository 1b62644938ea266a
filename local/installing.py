"""Run a command that installs something, and say so: what, every ten seconds that it goes on, and how long it took.

`make` uses it before anything is installed, so it needs nothing but Python: `python -m local.installing WHAT COMMAND…`.
"""

import subprocess
import sys
import time
from collections.abc import Sequence

TELL_SECONDS = 10.0  # long enough for a fast network to stay quiet, short enough for nobody to wonder


def install(what: str, command: Sequence[str], tell_seconds: float = TELL_SECONDS) -> int:
    """Run it to its end, with whatever it prints itself; its exit code."""
    began = time.monotonic()
    print(f"installing {what} …", flush=True)
    with subprocess.Popen(command) as process:
        while True:
            try:
                code = process.wait(tell_seconds)
                break
            except subprocess.TimeoutExpired:
                print(f"  still at it after {time.monotonic() - began:.0f} s", flush=True)
    seconds = f"{time.monotonic() - began:.0f} s"
    print(f"  done in {seconds}" if code == 0 else f"  FAILED after {seconds}, exit code {code}", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(install(sys.argv[1], sys.argv[2:]))
