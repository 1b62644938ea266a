"""The simulator as one object: start it, hand its environment to the app under test, stop it."""

from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from local.simulator.admin import Admin
from local.simulator.blobs import AzureBlobs, OpenBlobs
from local.simulator.certificates import Certificates
from local.simulator.components import make_components
from local.simulator.process import Announcement
from local.simulator.proxy import Proxy
from local.simulator.resource import is_ours
from local.simulator.settings import Settings
from local.simulator.wire import Request, Response


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to start a simulator."""

    directory: Path
    """Where the CA certificate goes."""
    port: int = 0
    """0: a free one."""
    settings: Settings = field(default_factory=Settings)


class Simulator:
    """A running stand-in for ACS and Event Grid, on loopback."""

    def __init__(self, options: Options, open_blobs: OpenBlobs = AzureBlobs) -> None:
        options.directory.mkdir(parents=True, exist_ok=True)
        self.components = make_components(options.settings, open_blobs)
        self.admin = Admin(self.components)
        self.certificates = Certificates(options.directory)
        refused = self.components.data_plane.note_refused_tunnel
        self.proxy = Proxy(options.port, self.certificates, is_ours, self.answer, refused)

    def __enter__(self) -> Self:
        self.components.scheduler.start()
        self.proxy.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.components.scheduler.stop()
        self.proxy.stop()
        self.components.accounts.close()
        self.components.queues.close()

    def answer(self, request: Request) -> Response:
        # Requests outside a tunnel can only be meant for the simulator itself.
        return self.components.data_plane.answer(request) if request.host else self.admin.answer(request)

    @property
    def proxy_url(self) -> str:
        return f"http://127.0.0.1:{self.proxy.port}"

    @property
    def admin_url(self) -> str:
        return f"{self.proxy_url}/admin"

    @property
    def connection_string(self) -> str:
        return self.components.resource.connection_string

    def environment(self) -> dict[str, str]:
        """The variables that lead an unchanged app here."""
        return self.announcement().environment()

    def announcement(self) -> Announcement:
        """What the process prints when it is ready."""
        resource = self.components.resource
        return Announcement(
            port=self.proxy.port,
            proxy_url=self.proxy_url,
            admin_url=self.admin_url,
            ca_file=str(self.certificates.ca_file),
            connection_string=resource.connection_string,
            endpoint=resource.endpoint,
            resource_id=resource.resource_id,
            immutable_resource_id=resource.immutable_id,
        )
