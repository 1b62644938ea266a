"""A running simulator, its admin, and the real SDK pointed at it by environment alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.communication.callautomation import CallAutomationClient

from local.simulator.client import SimulatorAdmin
from local.simulator.settings import Settings
from local.simulator.simulator import Options, Simulator

from .memory_blobs import MemoryBlobs
from .support import Acs

QUICK = Settings(active_delay_seconds=0.0, ready_delay_seconds=0.0, retry_delays_seconds=(0.01,))


@pytest.fixture
def blobs() -> MemoryBlobs:
    return MemoryBlobs()


@pytest.fixture
def simulator(tmp_path: Path, blobs: MemoryBlobs, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with Simulator(Options(directory=tmp_path, settings=QUICK), lambda _: blobs) as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def admin(simulator: Simulator) -> SimulatorAdmin:
    return SimulatorAdmin(simulator.admin_url)


@pytest.fixture
def client(simulator: Simulator) -> Iterator[CallAutomationClient]:
    """The SDK without retries: a test sees every answer."""
    with CallAutomationClient.from_connection_string(simulator.connection_string, retry_total=0) as client:
        yield client


@pytest.fixture
def acs(client: CallAutomationClient, admin: SimulatorAdmin) -> Acs:
    return Acs(client, admin)
