"""The whole app on one machine: Azurite, the simulator and the functions host, wired through the environment.

What infra/ makes in Azure (tables, queues, containers, the event subscription) is made here in their local
counterparts; the app itself cannot tell the difference.
"""

import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

import httpx
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from acsrec import Client
from acsrec.client import ONE_TRY
from acsrec.retries import Patience
from local.azurite import LOOPBACK, Azurite, Ports
from local.host.client import LAUNCHER, HostProcess
from local.identity import CLIENT_ID, Certificates, ManagedIdentity
from local.ports import FREE, StackPorts
from local.provision import QUEUES, allow_pages, provision
from local.simulator.client import SimulatorAdmin
from local.simulator.process import Announcement, SimulatorProcess
from local.simulator.settings import BlobAccount, QueueAccount, Settings
from local.told_ended import EndedRecordings
from shared.settings import (
    DEAD_LETTERS_CONTAINER,
    EVENT_CONTAINERS,
    EXPORTS_CONTAINER,
    RECORDINGS_CONNECTION,
    RECORDINGS_CONTAINER,
    RUNTIME_CONNECTION,
)

ROOT = Path(__file__).parents[1]
EVENT_FUNCTION = "recording_file_ready"
CONTAINER = RECORDINGS_CONTAINER
OWN_CONTAINER = "own-recordings"  # where callers may have ACS record into directly
TOPIC_ENDPOINT = "https://call-recording.westeurope-1.eventgrid.azure.net/api/events"  # of the simulator, whatever host


class Stack:
    """Everything that runs, started in order and stopped in reverse; use it as a context manager.

    Args:
        directory: for the simulator's certificate, the host's keys and its log.
        app_settings: what to set differently for the app.
        deployed_settings: all of the app's settings, instead of those made here.
        host_options: switches of the functions host; times that Azure hard-codes are options here.
        simulator_settings: how ACS is to behave.
        ports: where the parts listen.
        storage: the folder that keeps storage; in memory without one.
        app_directory: another copy of the app than the work tree, such as the package that gets deployed.
        launcher: the command that runs the functions host.
        identity: no key anywhere: storage over https and ACS take tokens of a managed identity, as in Azure. The topic
            for the app's events takes nothing else in any case.
        events_webhook: a URL that gets the app's events.
        events_queue: a queue of storage that gets them; it is made.
    """

    def __init__(
        self,
        directory: Path,
        *,
        app_settings: Mapping[str, str] | None = None,
        deployed_settings: Callable[["Stack"], Mapping[str, str]] | None = None,
        host_options: Mapping[str, bool | float | str] | None = None,
        simulator_settings: Settings | None = None,
        ports: StackPorts = FREE,
        storage: Path | None = None,
        app_directory: Path = ROOT,
        launcher: tuple[str, ...] = LAUNCHER,
        identity: bool = False,
        events_webhook: str | None = None,
        events_queue: str | None = None,
    ) -> None:
        self.directory = directory
        self.app_directory = app_directory
        self.launcher = launcher
        self.app_settings = dict(app_settings or {})
        self.deployed_settings = deployed_settings
        self.host_options = dict(host_options or {})
        self.certificates = Certificates(directory / "identity") if identity else None
        self.managed_identity = ManagedIdentity(ports.identity)
        self.events_webhook = events_webhook
        self.events_queue = events_queue
        certificate = (self.certificates.certificate, self.certificates.key) if self.certificates else None
        services = Ports(ports.blob, ports.queue, ports.table)
        self.azurite = Azurite(ports=services, directory=storage, oauth_certificate=certificate)
        settings = simulator_settings or Settings(auth="bearer" if identity else "hmac")
        self.simulator_process = SimulatorProcess(directory / "simulator", port=ports.simulator, settings=settings)
        self.port = ports.api or free_port()
        self.running = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            starting.enter_context(self.managed_identity)
            starting.enter_context(self.azurite)
            provision(
                self.azurite.connection_string,
                queues=(*QUEUES, *([self.events_queue] if self.events_queue else [])),
                containers=(CONTAINER, EXPORTS_CONTAINER, OWN_CONTAINER, *EVENT_CONTAINERS),
                connection_verify=self.trusted,
            )
            allow_pages(self.azurite.connection_string, connection_verify=self.trusted)
            starting.enter_context(self.simulator_process)
            self.simulator = SimulatorAdmin(self.announcement.admin_url)
            environment = self.environment()
            self.make_containers(environment)
            self.host = HostProcess(
                self.app_directory,
                environment,
                self.host_options,
                port=self.port,
                keys_file=self.directory / "host-keys.json",
                log_path=self.directory / "host.log",
                launcher=self.launcher,
            )
            starting.enter_context(self.host)
            self.recorder = self.client(starting)
            self.subscribe()
            self.running = starting.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.running.close()

    def client(self, running: ExitStack, patience: Patience = ONE_TRY) -> Client:
        """A caller of the app, with one try for each request unless it is given patience.

        Each request is on a connection of its own, for the host may restart.
        """
        trusted = ssl.create_default_context(cafile=self.certificates.authority) if self.certificates else True
        hooks: dict[str, list[Callable[..., object]]] = {"response": [EndedRecordings(self.simulator.told_ended)]}
        limits = httpx.Limits(max_keepalive_connections=0)
        http = running.enter_context(httpx.Client(verify=trusted, event_hooks=hooks, limits=limits))
        return Client(self.host.url, self.host.keys.default, patience=patience, http=http)

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
        environment = {**acs.environment(), **self.managed_identity.environment}
        if self.certificates is None:
            return environment
        bundle = str(self.certificates.bundle(Path(acs.ca_file)))
        return {**environment, "REQUESTS_CA_BUNDLE": bundle, "SSL_CERT_FILE": bundle}

    def own_settings(self) -> dict[str, str]:
        acs = self.announcement
        return {
            **self.connections(),
            "AZURE_CLIENT_ID": CLIENT_ID,
            "EVENTS_TOPIC_ENDPOINT": TOPIC_ENDPOINT,
            "RECORDINGS_CONTAINER": CONTAINER,
            "EXPORTS_CONTAINER": EXPORTS_CONTAINER,
            "ACS_TOPIC": acs.resource_id,
            "BYOS_CONTAINERS": self.own_container_url,
            "CALLBACK_HOSTS": LOOPBACK,
            "CALLBACK_URL": f"http://127.0.0.1:{self.port}/api/callbacks/recording-state",
            "CALLBACK_AUDIENCE": acs.immutable_resource_id,
            **self.app_settings,
        }

    def connections(self) -> dict[str, str]:
        """How the app reaches storage and ACS: by connection strings, or by identity."""
        acs = self.announcement
        if self.certificates is None:
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
            "ACS_ENDPOINT": acs.endpoint,
        }

    @property
    def trusted(self) -> bool | str:
        """What clients on this side verify storage's certificate with."""
        return self.authority or True

    @property
    def own_container_url(self) -> str:
        """Where callers may have ACS record into directly, unless BYOS_CONTAINERS says otherwise."""
        return f"{self.azurite.blob_url}/{OWN_CONTAINER}"

    def make_containers(self, environment: Mapping[str, str]) -> None:
        """The containers that settings name in this storage account; `provision` makes the usual ones."""
        listed = environment.get("BYOS_CONTAINERS", "").split(",")
        root = f"{self.azurite.blob_url}/"
        own = [url.strip().removeprefix(root).rstrip("/") for url in listed if url.strip().startswith(root)]
        with self.blobs as blobs:
            named = {environment.get(name, "") for name in ("RECORDINGS_CONTAINER", "EXPORTS_CONTAINER")}
            for name in {*named, *own} - {"", CONTAINER, EXPORTS_CONTAINER, OWN_CONTAINER}:
                # It is there already, or no container can have such a name: that is for the app to say.
                with suppress(HttpResponseError):
                    blobs.create_container(name)

    def dead_part(self) -> str | None:
        """The part that ended by itself, if one did, and what is known of it."""
        parts = {
            "The functions host": self.host.process,
            "The ACS simulator": self.simulator_process.process,
            "Azurite": self.azurite.process,
        }
        for part, process in parts.items():
            if process is not None and process.poll() is not None:
                complaint = self.azurite.complaint() if process is self.azurite.process else ""
                return f"{part} ended by itself (exit code {process.returncode}). {complaint}".strip()
        return None

    def subscribe(self) -> None:
        """What event subscriptions do in Azure; and where the simulator finds and leaves blobs."""
        container = self.host.environment.get("RECORDINGS_CONTAINER") or CONTAINER
        self.simulator.change_settings(
            event_endpoint=self.host.event_grid_url(EVENT_FUNCTION),
            oracle=self.account_of(container),
            byos=self.account_of(),
            dead_letters=self.account_of(DEAD_LETTERS_CONTAINER),
            topic_webhook=self.events_webhook,
            topic_queue=self.queue_of(self.events_queue) if self.events_queue else None,
        )

    def account_of(self, container: str = "") -> BlobAccount:
        return BlobAccount(
            connection_string=self.azurite.connection_string, container=container, ca_file=self.authority
        )

    def queue_of(self, name: str) -> QueueAccount:
        return QueueAccount(connection_string=self.azurite.connection_string, queue=name, ca_file=self.authority)

    @property
    def authority(self) -> str | None:
        """The authority of storage's certificate; None without one."""
        return str(self.certificates.authority) if self.certificates else None

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
