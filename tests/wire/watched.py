"""`python -m tests.wire.watched RECORD MODULE ARGUMENTS…` runs a module, and records what its process connects to."""

import runpy
import sys
from pathlib import Path

from tests.wire import watching

if __name__ == "__main__":
    record, module = sys.argv[1:3]
    del sys.argv[1:3]
    watching.begin(Path(record))
    runpy.run_module(module, run_name="__main__", alter_sys=True)
