"""The console's modules that need no browser, by Node's own test runner: one test here for each file of tests there."""

import subprocess
from pathlib import Path

import pytest

from local.node import find_node

FILES = sorted(Path(__file__).parent.glob("*.test.mjs"))
# The modules end in `.js`, as browsers want them; Node before 20.19 recognises what they are only when told to.
FLAGS = ["--experimental-detect-module", "--test", "--test-reporter=spec"]
SECONDS_MAX = 60


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.removesuffix(".test.mjs"))
def test_node_s_test_runner_passes_the_file(file: Path) -> None:
    node = find_node()
    if node is None:
        pytest.skip("Node.js is not installed: the console's scripts were not tested")

    run = subprocess.run([node, *FLAGS, file], capture_output=True, text=True, check=False, timeout=SECONDS_MAX)

    assert run.returncode == 0, f"\n{run.stdout}{run.stderr}"


def test_there_are_files_to_run() -> None:
    assert FILES
