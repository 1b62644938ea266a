"""What is behind the ports: fakes, Azurite with the app's adapters on it, and the ACS simulator."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from azure.communication.callautomation import CallAutomationClient
from azure.core.credentials import TokenCredential

from local.azurite import Azurite, is_installed
from local.simulator.client import SimulatorAdmin
from local.simulator.settings import Settings
from local.simulator.simulator import Options
from local.storm.counting_table import Counter
from local.storm.past import catalog_in_memory
from shared.adapters.acs_calls import SdkAcsCalls
from shared.adapters.acs_client import connect
from shared.adapters.acs_contents import SdkSource
from shared.adapters.blob_storage import BlobChunkStore, EventContainer
from shared.adapters.storage_accounts import StorageAccount
from shared.adapters.table_catalog import TableCatalog
from shared.connection_settings import StorageConnection
from shared.domain.ports import Catalog, ChunkStore, EventStore
from tests.fakes.catalog import FakeCatalog
from tests.fakes.events import FakeEventContainer
from tests.fakes.store import FakeStore
from tests.fakes.world import World

from .acs_under_test import AcsUnderTest, FakeAcsUnderTest, SimulatorAcsUnderTest, TappedSimulator
from .source_under_test import FakeSourceUnderTest, SimulatorSourceUnderTest, SourceUnderTest

HOST_SUFFIXES = (".asm.skype.com", ".asyncgw.teams.microsoft.com", ".ams.gov.teams.microsoft.us")
QUICK = Settings(active_delay_seconds=0.0, ready_delay_seconds=0.0)
AZURITE = pytest.param("azurite", marks=pytest.mark.stack)


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    if not is_installed():
        pytest.skip("Azurite is not installed in local/node_modules: run `make setup`")
    with Azurite() as running:
        yield running


@pytest.fixture(scope="session")
def account(azurite: Azurite) -> Iterator[StorageAccount]:
    account = StorageAccount(StorageConnection(connection_string=azurite.connection_string), None)
    with account.blobs, account.tables:
        yield account


def new_name(kind: str) -> str:
    return f"{kind}{uuid4().hex}"


@pytest.fixture
def table_catalog(account: StorageAccount) -> TableCatalog:
    return TableCatalog(*(account.tables.create_table(new_name(kind)) for kind in ("recordings", "index")))


@pytest.fixture(params=["fake", "memory", AZURITE])
def catalog(request: pytest.FixtureRequest) -> Catalog:
    if request.param == "fake":
        return FakeCatalog(World())
    if request.param == "memory":
        return catalog_in_memory(Counter())
    on_azurite: TableCatalog = request.getfixturevalue("table_catalog")
    return on_azurite


@pytest.fixture
def container(account: StorageAccount) -> str:
    name = new_name("c")
    account.blobs.create_container(name)
    return name


@pytest.fixture
def blob_store(account: StorageAccount, container: str) -> BlobChunkStore:
    return BlobChunkStore(account, container)


@pytest.fixture(params=["fake", "versioned", AZURITE])
def store(request: pytest.FixtureRequest) -> ChunkStore:
    """An account that keeps versions is a fake only: Azurite keeps none."""
    if request.param in {"fake", "versioned"}:
        return FakeStore(World(), keeps_versions=request.param == "versioned")
    on_azurite: BlobChunkStore = request.getfixturevalue("blob_store")
    return on_azurite


@pytest.fixture(params=["fake", AZURITE])
def events(request: pytest.FixtureRequest) -> EventStore:
    if request.param == "fake":
        return FakeEventContainer(World())
    account: StorageAccount = request.getfixturevalue("account")
    return EventContainer(account.blobs, request.getfixturevalue("container"))


@pytest.fixture
def simulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TappedSimulator]:
    """ACS on loopback; the environment alone leads the SDK there, as it leads the app."""
    with TappedSimulator(Options(directory=tmp_path / "simulator", settings=QUICK)) as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def admin(simulator: TappedSimulator) -> SimulatorAdmin:
    return SimulatorAdmin(simulator.admin_url)


@pytest.fixture
def acs_client(simulator: TappedSimulator) -> Iterator[CallAutomationClient]:
    """The client that the app makes."""
    with connect(None, simulator.connection_string, no_credential) as client:
        yield client


def no_credential() -> TokenCredential:
    raise AssertionError("A connection string needs no identity.")


@pytest.fixture
def sdk_source(acs_client: CallAutomationClient) -> SdkSource:
    return SdkSource(acs_client, HOST_SUFFIXES)


@pytest.fixture(params=["fake", "simulator"])
def source_under_test(request: pytest.FixtureRequest) -> SourceUnderTest:
    if request.param == "fake":
        return FakeSourceUnderTest()
    return SimulatorSourceUnderTest(request.getfixturevalue("admin"), request.getfixturevalue("sdk_source"))


@pytest.fixture
def simulated_source(admin: SimulatorAdmin, sdk_source: SdkSource) -> SimulatorSourceUnderTest:
    return SimulatorSourceUnderTest(admin, sdk_source)


@pytest.fixture
def simulated_acs(
    simulator: TappedSimulator, admin: SimulatorAdmin, acs_client: CallAutomationClient
) -> SimulatorAcsUnderTest:
    return SimulatorAcsUnderTest(simulator, admin, SdkAcsCalls(acs_client))


@pytest.fixture(params=["fake", "simulator"])
def acs(request: pytest.FixtureRequest) -> AcsUnderTest:
    if request.param == "fake":
        return FakeAcsUnderTest()
    on_simulator: SimulatorAcsUnderTest = request.getfixturevalue("simulated_acs")
    return on_simulator
