"""The composition root: everything is made once, whoever asks first."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# A cold process: nothing is imported yet, and every trigger wakes at once.
COLD = """
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from threading import Barrier
from shared.services import Services

services = Services({
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "ACS_CONNECTION_STRING": "endpoint=https://contoso.communication.azure.com/;accesskey=c2VjcmV0",
    "CALLBACK_AUDIENCE": "somebody",
})
names = ["sweep", "starts", "state_callbacks", "deletion", "transfer", "store", "catalog", "health", "source"]
names += ["rebuild", "functions.replies.recordings", "functions.replies.operations", "functions.replies.health"]
together = Barrier(2 * len(names))

def ask(name):
    together.wait()
    return import_module(name) if name.startswith("functions.") else getattr(services, name)

with ThreadPoolExecutor(2 * len(names)) as threads:
    made = list(threads.map(ask, 2 * names))
assert all(one is other for one, other in zip(made[: len(names)], made[len(names) :], strict=True))
"""


def test_threads_that_wake_a_cold_process_at_once_get_the_same_things() -> None:
    asked = subprocess.run([sys.executable, "-c", COLD], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (asked.returncode, asked.stderr) == (0, "")
