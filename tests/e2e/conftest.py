"""One running stack for many tests; each test works on calls and recordings of its own."""

from collections.abc import Iterator, Mapping

import pytest

from local.azurite import SCRIPT
from local.simulator.settings import Settings
from local.stack import Stack

# Times that are minutes in Azure, so that what is tried again is tried again soon.
HASTY: Mapping[str, str] = {"CLAIM_SECONDS": "3", "RETRY_FIRST_SECONDS": "1", "RETRY_MAX_SECONDS": "2"}
HASTY_HOST: Mapping[str, bool | float | str] = {"timers": False, "queue_visibility_seconds": 2}


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
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The app with short waits, and an impatient Event Grid, for what goes wrong."""
    settings = Settings(retry_delays_seconds=(0.2, 0.5), delivery_attempts_max=4)
    with Stack(
        tmp_path_factory.mktemp("hasty"), app_settings=HASTY, host_options=HASTY_HOST, simulator_settings=settings
    ) as running:
        yield running


@pytest.fixture
def troubled(hasty: Stack) -> Iterator[Stack]:
    """The hasty stack, for a test that asks for faults; none is left behind."""
    yield hasty
    hasty.simulator.clear_faults()
