"""A clean environment for every test, and the fakes as fixtures."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.fakes import Cloud, FakeHost, World
from tests.packaged import built

# The same examples on every run: a test that fails sometimes tells nobody anything.
settings.register_profile("repeatable", deadline=None, derandomize=True, database=None)
settings.load_profile("repeatable")

OURS = ("ACS_", "AzureWebJobs", "RecordingsStorage", "RECORDING", "CALLBACK_", "TRANSFER_", "RETRY_", "BYOS_")
ALSO_OURS = {
    "DELETE_FROM_ACS",
    "UNKNOWN_RECORDINGS",
    "VERIFY_SOURCE",
    "CLAIM_SECONDS",
    "MAX_RECORDING_HOURS",
    "AZURE_CLIENT_ID",
}


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the app leaks in from whoever runs the tests."""
    for name in list(os.environ):
        if name.startswith(OURS) or name in ALSO_OURS:
            monkeypatch.delenv(name)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
def host(cloud: Cloud) -> FakeHost:
    return FakeHost(cloud)


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make package` makes of this work tree; built once, as it takes pip and its index."""
    return built(tmp_path_factory.mktemp("package") / "app")
