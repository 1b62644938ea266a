"""What is around the process under test: ACS, storage and identity on this machine, and the proxy before them."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from local.azurite import Azurite
from local.identity import CLIENT_ID, ManagedIdentity
from local.provision import provision
from local.simulator.admin_requests import ForeignRecordingRequest
from local.simulator.client import SimulatorAdmin
from local.simulator.resource import ENDPOINT_HOST, ISSUER_HOST, is_ours
from local.simulator.scripts import Script
from local.simulator.settings import BlobAccount, Settings
from local.simulator.simulator import Options, Simulator
from local.simulator.views import RecordingView
from local.simulator.wire import Request, Response
from local.stack import TOPIC_ENDPOINT
from shared.settings import HOST_SUFFIXES, RECORDINGS_CONTAINER, RUNTIME_CONNECTION
from tests.builders import CONTAINER
from tests.wire.mutated_urls import HOSTS
from tests.wire.program import Job, Results
from tests.wire.proxy import LOOPBACK, REDIRECTING, RecordingProxy
from tests.wire.redirected import STATUSES, TARGETS, TOPICS, WORD

ROOT = Path(__file__).parents[2]
TOPIC_HOST = TOPIC_ENDPOINT.split("/")[2]
OWN_HOST = CONTAINER.split("/")[2]
RESOURCES = [f"{WORD}{status}.communication.azure.com" for status in STATUSES]
ACS_HOSTS = frozenset({ENDPOINT_HOST, ISSUER_HOST, TOPIC_HOST, *HOSTS, "eu-storage.asm.skype.com"})
REDIRECTING_HOSTS = frozenset({*TOPICS.values(), *RESOURCES})
RUN_SECONDS = 1800.0 if os.environ.get("SOAK") else 110.0
QUICK = Settings(active_delay_seconds=0.0, ready_delay_seconds=0.0)


class RedirectingSimulator(Simulator):
    """Redirects every request for some documents, by their ids, and for whatever bears the word for it."""

    def __init__(self, options: Options) -> None:
        self.redirects: Mapping[str, tuple[int, str]] = {}
        super().__init__(options)
        self.proxy.is_ours = lambda host: host in REDIRECTING_HOSTS or is_ours(host)

    def answer(self, request: Request) -> Response:
        if not request.host:
            return super().answer(request)  # admin's
        document = request.path.removeprefix("/v1/objects/").partition("/")[0]
        if document in self.redirects:
            return redirect(*self.redirects[document])
        if found := re.search(rf"{WORD}(\d+)", f"{request.host}{request.target}{request.body.decode('latin-1')}"):
            return redirect(int(found[1]), TARGETS[int(found[1])])
        return super().answer(request)


def redirect(status: int, location: str) -> Response:
    return Response(status, {"Location": location.encode().decode("latin-1")})


@dataclass(frozen=True)
class Line:
    """What the hook wrote: `connect`, `datagram`, `lookup`, `request` or `process`, what of, and the case."""

    kind: str
    what: str
    case: str


@dataclass(frozen=True)
class Run:
    """A run of the process under test, and what was seen of it from inside and from outside."""

    lines: Sequence[Line]
    results: Results
    tunnels: Sequence[str]
    """What the proxy was asked for, HOST:PORT each."""
    direct: frozenset[str]
    """HOST:PORT of whom the process may connect to by itself: the proxy, where there is one."""
    allowed: frozenset[str]
    """HOST:PORT of whom the process may ask."""

    def what(self, kind: str) -> set[str]:
        return {line.what for line in self.lines if line.kind == kind}


@dataclass(frozen=True)
class Surroundings:
    """All of it, running."""

    directory: Path
    simulator: RedirectingSimulator
    admin: SimulatorAdmin
    azurite: Azurite
    identity: ManagedIdentity

    def recording(self, chunks: int) -> RecordingView:
        """A recording that nobody here started, with so many small files."""
        request = ForeignRecordingRequest(script=Script(chunks=chunks, chunk_bytes=64))
        return self.admin.wait_for_files(self.admin.foreign_recording(request).recording_id)

    @property
    def hosts(self) -> frozenset[str]:
        """HOST:PORT of storage and identity, which are reached in the clear here, and of what TLS leads to."""
        clear = {f"{LOOPBACK}:{port}" for port in (*self.azurite.ports, self.identity.server.server_port)}
        return frozenset({*clear, f"{REDIRECTING}:80", *(f"{host}:443" for host in ACS_HOSTS | REDIRECTING_HOSTS)})

    def environment(self) -> dict[str, str]:
        acs = self.simulator.announcement()
        return {
            "PATH": os.environ["PATH"],
            "REQUESTS_CA_BUNDLE": acs.ca_file,
            "SSL_CERT_FILE": acs.ca_file,
            **self.identity.environment,
            RUNTIME_CONNECTION: self.azurite.connection_string,
            "ACS_CONNECTION_STRING": acs.connection_string,
            "ACS_TOPIC": acs.resource_id,
            "AZURE_CLIENT_ID": CLIENT_ID,
            "EVENTS_TOPIC_ENDPOINT": TOPIC_ENDPOINT,
            "UNKNOWN_RECORDINGS": "manage",
            "BYOS_CONTAINERS": CONTAINER,
            "CALLBACK_HOSTS": "caller.example",
            "CALLBACK_AUDIENCE": acs.immutable_resource_id,
        }

    def run(self, job: Job, *, proxied: bool = True, module: str = "tests.wire.program") -> Run:
        """Run the process under test; with the proxy for everything, or with nothing between it and the network."""
        record, given, results = (self.directory / name for name in ("record", "job", "results"))
        record.unlink(missing_ok=True)
        given.write_text(json.dumps(msgspec.to_builtins(job)))  # halves of characters included
        with RecordingProxy(self.simulator.proxy.port, lambda host, port: f"{host}:{port}" in self.hosts) as proxy:
            through = {"HTTP_PROXY": proxy.url, "HTTPS_PROXY": proxy.url} if proxied else {}
            command = [sys.executable, "-m", "tests.wire.watched", *map(str, (record, module, given, results))]
            environment = self.environment() | through
            try:
                done = subprocess.run(
                    command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=RUN_SECONDS
                )
            except subprocess.TimeoutExpired as error:  # what it may not reach is often tried again and again
                strange = {host for host in proxy.hosts if not host.removesuffix(":443").endswith(HOST_SUFFIXES)}
                raise AssertionError(f"It did not end, and asked for {sorted(strange - self.hosts)}") from error
            assert done.returncode == 0, done.stderr[-4000:]
        lines = recorded(record)
        told = msgspec.convert(json.loads(results.read_text()), Results)
        direct = frozenset({f"{LOOPBACK}:{proxy.port}"}) if proxied else self.hosts
        return Run(lines, told, list(proxy.hosts), direct, self.hosts)


def recorded(path: Path) -> list[Line]:
    return [Line(**json.loads(line)) for line in path.read_text().splitlines()]


@contextmanager
def surroundings(directory: Path, azurite: Azurite) -> Iterator[Surroundings]:
    provision(azurite.connection_string)
    oracle = BlobAccount(connection_string=azurite.connection_string, container=RECORDINGS_CONTAINER)
    options = Options(directory=directory / "simulator", settings=QUICK)
    with ManagedIdentity() as identity, RedirectingSimulator(options) as simulator:
        admin = SimulatorAdmin(simulator.admin_url)
        admin.change_settings(oracle=oracle)
        yield Surroundings(directory, simulator, admin, azurite, identity)
