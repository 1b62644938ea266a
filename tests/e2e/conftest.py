"""One running stack for many tests; each test works on calls and recordings of its own."""

from collections.abc import Generator, Iterator, Mapping

import pytest

from local.azurite import SCRIPT
from local.simulator.settings import Settings
from local.stack import Stack

# Times that are minutes in Azure, so that what is tried again is tried again soon: a message after three claims.
FAST_SETTINGS: Mapping[str, str] = {"CLAIM_SECONDS": "1", "RETRY_FIRST_SECONDS": "1", "RETRY_MAX_SECONDS": "2"}
FAST_HOST: Mapping[str, bool | float | str] = {"timers": False, "queue_visibility_seconds": 2}
LOG_LINES_SHOWN = 20


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Function) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With a failure, what the host logged last as a warning or worse: the cause is there, not in the test."""
    report = yield
    if report.failed:
        for name, value in item.funcargs.items():
            if isinstance(value, Stack):
                report.sections.append((f"host log of {name}", complaints(value)))
    return report


def complaints(stack: Stack) -> str:
    """As text, since a host that was killed may have left half a line."""
    bad = [line for line in stack.host.log_text().splitlines() if '"level": "Information"' not in line]
    return "\n".join(bad[-LOG_LINES_SHOWN:]).replace("\\n", "\n")


@pytest.fixture(scope="session", autouse=True)
def installed() -> None:
    """Whether the stack can run here; required by every test below this folder, and first."""
    if not SCRIPT.exists():
        pytest.skip("Azurite is not installed: run `make setup` for the end-to-end tests", allow_module_level=False)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The app with its defaults; timers are fired by hand."""
    with Stack(tmp_path_factory.mktemp("stack"), host_options={"timers": False}) as running:
        yield running


@pytest.fixture(scope="session")
def fast_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The app with short waits, and an impatient Event Grid, for what goes wrong."""
    settings = Settings(retry_delays_seconds=(0.2, 0.5), delivery_attempts_max=4)
    with Stack(
        tmp_path_factory.mktemp("fast_stack"),
        app_settings=FAST_SETTINGS,
        host_options=FAST_HOST,
        simulator_settings=settings,
    ) as running:
        yield running


@pytest.fixture
def faulty_stack(fast_stack: Stack) -> Iterator[Stack]:
    """The stack with short waits, for a test that asks for faults; none is left behind."""
    yield fast_stack
    fast_stack.simulator.clear_faults()
