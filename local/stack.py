"""The whole app on one machine: Azurite, the ACS simulator and the functions host, wired through the environment.

What infra/ makes in Azure (tables, queues, containers, the event subscription) is made here in their local
counterparts; the app itself cannot tell the difference.
"""

import socket
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from local.azurite import LOOPBACK, Azurite
from local.host.client import LAUNCHER, HostProcess
from local.identity import CLIENT_ID, Certificates, ManagedIdentity
from local.provision import RECORDINGS_CONTAINER, provision
from local.recorder import RecorderClient
from local.simulator.client import SimulatorAdmin
from local.simulator.process import Announcement, SimulatorProcess
from local.simulator.settings import BlobAccount, Settings
from shared.settings import DEAD_LETTERS_CONTAINER, EVENT_CONTAINERS, RECORDINGS_CONNECTION, RUNTIME_CONNECTION

ROOT = Path(__file__).parents[1]
EVENT_FUNCTION = "recording_file_ready"
CONTAINER = RECORDINGS_CONTAINER
OWN_CONTAINER = "own-recordings"  # where callers may have ACS record into directly


class Stack:
    """Everything that runs, started in order and stopped in reverse; use it as a context manager.

    Args:
        directory: for the simulator's certificate, the host's keys and its log.
        app_settings: what to set differently for the app.
        deployed_settings: all of the app's settings, instead of those made here.
        host_options: switches of the functions host; times that Azure hard-codes are options here.
        simulator_settings: how ACS is to behave.
        port: of the functions host; any free one if 0.
        app_directory: another copy of the app than the work tree, such as the package that gets deployed.
        launcher: the command that runs the functions host.
        identity: no key anywhere: storage over https and ACS take tokens of a managed identity, as in Azure.
    """

    def __init__(
        self,
        directory: Path,
        *,
        app_settings: Mapping[str, str] | None = None,
        deployed_settings: Callable[["Stack"], Mapping[str, str]] | None = None,
        host_options: Mapping[str, bool | float | str] | None = None,
        simulator_settings: Settings | None = None,
        port: int = 0,
        app_directory: Path = ROOT,
        launcher: tuple[str, ...] = LAUNCHER,
        identity: bool = False,
    ) -> None:
        self.directory = directory
        self.app_directory = app_directory
        self.launcher = launcher
        self.app_settings = dict(app_settings or {})
        self.deployed_settings = deployed_settings
        self.host_options = dict(host_options or {})
        self.certificates = Certificates(directory / "identity") if identity else None
        self.managed_identity = ManagedIdentity() if identity else None
        certificate = (self.certificates.certificate, self.certificates.key) if self.certificates else None
        self.azurite = Azurite(oauth_certificate=certificate)
        settings = simulator_settings or Settings(auth="bearer" if identity else "hmac")
        self.simulator_process = SimulatorProcess(directory / "simulator", settings=settings)
        self.port = port or free_port()
        self.running = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            if self.managed_identity is not None:
                starting.enter_context(self.managed_identity)
            starting.enter_context(self.azurite)
            containers = (CONTAINER, OWN_CONTAINER, *EVENT_CONTAINERS)
            provision(self.azurite.connection_string, containers=containers, connection_verify=self.trusted)
            starting.enter_context(self.simulator_process)
            self.simulator = SimulatorAdmin(self.announcement.admin_url)
            self.host = HostProcess(
                self.app_directory,
                self.environment(),
                self.host_options,
                port=self.port,
                keys_file=self.directory / "host-keys.json",
                log_path=self.directory / "host.log",
                launcher=self.launcher,
            )
            starting.enter_context(self.host)
            self.recorder = RecorderClient(self.host.url, self.host.keys.default, self.simulator.told_ended)
            self.subscribe()
            self.running = starting.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.running.close()

    @property
    def announcement(self) -> Announcement:
        assert self.simulator_process.announcement, "the simulator is not running"
        return self.simulator_process.announcement

    def environment(self) -> dict[str, str]:
        """The app's whole environment: what the platform sets, and the app's settings."""
        settings = self.deployed_settings(self) if self.deployed_settings else self.own_settings()
        return {**self.platform(), **settings}

    def platform(self) -> dict[str, str]:
        """What leads the app's SDKs to the simulator, and what App Service sets for an app with an identity."""
        acs = self.announcement
        if self.managed_identity is None or self.certificates is None:
            return acs.environment()
        bundle = str(self.certificates.bundle(Path(acs.ca_file)))
        trust = {"REQUESTS_CA_BUNDLE": bundle, "SSL_CERT_FILE": bundle}
        return {**acs.environment(), **self.managed_identity.environment, **trust}

    def own_settings(self) -> dict[str, str]:
        acs = self.announcement
        return {
            **self.connections(),
            "RECORDINGS_CONTAINER": CONTAINER,
            "ACS_TOPIC": acs.resource_id,
            "BYOS_CONTAINERS": f"{self.azurite.blob_url}/{OWN_CONTAINER}",
            "CALLBACK_HOSTS": LOOPBACK,
            "CALLBACK_URL": f"http://127.0.0.1:{self.port}/api/callbacks/recording-state",
            "CALLBACK_AUDIENCE": acs.immutable_resource_id,
            **self.app_settings,
        }

    def connections(self) -> dict[str, str]:
        """How the app reaches storage and ACS: by connection strings, or by identity."""
        acs = self.announcement
        if self.managed_identity is None:
            return {
                RUNTIME_CONNECTION: self.azurite.connection_string,
                "ACS_CONNECTION_STRING": acs.connection_string,
            }
        return {
            f"{RUNTIME_CONNECTION}__blobServiceUri": self.azurite.blob_url,
            f"{RUNTIME_CONNECTION}__queueServiceUri": self.azurite.queue_url,
            f"{RUNTIME_CONNECTION}__tableServiceUri": self.azurite.table_url,
            f"{RUNTIME_CONNECTION}__credential": "managedidentity",
            f"{RUNTIME_CONNECTION}__clientId": CLIENT_ID,
            f"{RECORDINGS_CONNECTION}__blobServiceUri": self.azurite.blob_url,
            f"{RECORDINGS_CONNECTION}__credential": "managedidentity",
            f"{RECORDINGS_CONNECTION}__clientId": CLIENT_ID,
            "AZURE_CLIENT_ID": CLIENT_ID,
            "ACS_ENDPOINT": acs.endpoint,
        }

    @property
    def trusted(self) -> bool | str:
        """What clients on this side verify storage's certificate with."""
        return str(self.certificates.authority) if self.certificates else True

    def subscribe(self) -> None:
        """What the event subscription does in Azure, and where the oracle of deletions looks.

        The oracle trusts plain http only; with identities tests compare the blobs themselves.
        """
        account = BlobAccount(connection_string=self.azurite.connection_string, container=CONTAINER)
        letters = BlobAccount(connection_string=self.azurite.connection_string, container=DEAD_LETTERS_CONTAINER)
        self.simulator.change_settings(event_endpoint=self.host.event_grid_url(EVENT_FUNCTION))
        if self.certificates is None:
            self.simulator.change_settings(oracle=account, byos=account, dead_letters=letters)

    @property
    def queues(self) -> QueueServiceClient:
        return QueueServiceClient.from_connection_string(self.azurite.connection_string, connection_verify=self.trusted)

    @property
    def blobs(self) -> BlobServiceClient:
        return BlobServiceClient.from_connection_string(self.azurite.connection_string, connection_verify=self.trusted)


def free_port() -> int:
    """A port that nothing listens on: ACS must know the app's callback address before the app has started."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
