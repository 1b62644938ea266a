"""Running hosts and Azurite, started once per test session."""

from __future__ import annotations

import json
import shutil
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from local.azurite import Azurite, is_installed
from local.host.client import HostProcess

from .samples import APPS, Queues, Record, Web

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager


@pytest.fixture(scope="session")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    record = Record(tmp_path_factory.mktemp("web") / "record")
    environment = {
        "RECORD": str(record.path),
        "TICK": "0 */5 * * * *",
        "AzureWebJobs.disabled.Disabled": "true",
        "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "10000",
    }
    with HostProcess(APPS / "web", environment, {"timers": False}) as host:
        yield Web(host, record)


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    if not is_installed():
        pytest.skip("Azurite is not installed in local/node_modules: run `make setup`")
    with Azurite() as running:
        yield running


type StartQueues = Callable[..., AbstractContextManager[Queues]]


@pytest.fixture(scope="session")
def start_queues(azurite: Azurite, tmp_path_factory: pytest.TempPathFactory) -> StartQueues:
    """Starts the app `queues` with the given host options, each time on fresh queues.

    `host_json` is laid over what the app's own host.json says of queues.
    """

    @contextmanager
    def start(host_json: Mapping[str, object] | None = None, **options: bool | float) -> Iterator[Queues]:
        prefix = f"t{uuid.uuid4().hex[:8]}"
        record = Record(tmp_path_factory.mktemp("queues") / "record")
        environment = {
            "RECORD": str(record.path),
            "PREFIX": prefix,
            "AzureWebJobsStorage": azurite.connection_string,
            "PYTHON_THREADPOOL_THREAD_COUNT": "16",
        }
        app = APPS / "queues"
        if host_json is not None:
            app = shutil.copytree(app, tmp_path_factory.mktemp("app"), dirs_exist_ok=True)
            document = json.loads((app / "host.json").read_text())
            document["extensions"]["queues"] |= host_json
            (app / "host.json").write_text(json.dumps(document))
        with HostProcess(app, environment, options) as host:
            yield Queues(host, record, prefix, azurite)

    return start


@pytest.fixture(scope="session")
def queues(start_queues: StartQueues) -> Iterator[Queues]:
    with start_queues() as running:
        yield running
