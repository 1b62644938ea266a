"""A clean environment for every test, and the fakes as fixtures."""

import os
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings

from tests import figures
from tests.fakes import Cloud, FakeHost, World
from tests.infra import lacking
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


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Tell what was measured: a key, a sentence with {names}, and a number for each of them."""
    proves = request.node.get_closest_marker("prove") is not None

    def tell(key: str, text: str, /, **values: float) -> None:
        command = "make soak" if key.endswith(".soak") else "make prove" if proves else "make test"
        measured = f"{datetime.now(UTC):%Y-%m-%d}"
        told = figures.Figure(key, figures.sentence(text, values), command, measured)
        request.node.user_properties.append((figures.PROPERTY, asdict(told)))

    return tell


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that tell a figure: `make figures` runs them alone."""
    for item in items:
        if "figure" in getattr(item, "fixturenames", ()):
            item.add_marker("figures")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print every figure of the run, and write them down where that is asked for; and what was skipped for which tool.

    Here, since of several processes the one that prints loads no conftest.py of a folder.
    """
    passed = terminalreporter.getreports("passed")
    properties = [value for report in passed for name, value in report.user_properties if name == figures.PROPERTY]
    told = {each["key"]: figures.Figure(**each) for each in properties if isinstance(each, dict)}
    if told:
        terminalreporter.section("figures")
        for each in told.values():
            terminalreporter.line(f"{each.key}: {each.sentence}")
    if os.environ.get("WRITE_FIGURES"):
        figures.store(list(told.values()))
    for line in lacking.summary(terminalreporter.stats.get("skipped", [])):
        terminalreporter.write_line(line, yellow=True)
