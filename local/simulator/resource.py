"""The ACS resource that the simulator stands in for."""

import base64
import secrets
import uuid
from dataclasses import dataclass, field
from enum import Enum

ENDPOINT_HOST = "local.communication.azure.com"
ISSUER_HOST = "acscallautomation.communication.azure.com"
TOPIC_SUFFIX = ".eventgrid.azure.net"
STORAGE_SUFFIXES = (".asm.skype.com", ".asyncgw.teams.microsoft.com", ".ams.gov.teams.microsoft.us")


@dataclass(frozen=True, slots=True)
class Resource:
    """Names and key of one resource; the key is new for every run."""

    endpoint_host: str = ENDPOINT_HOST
    access_key: str = field(default_factory=lambda: base64.b64encode(secrets.token_bytes(32)).decode(), repr=False)
    immutable_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    resource_id: str = (
        "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/local"
        "/providers/Microsoft.Communication/communicationServices/local"
    )

    @property
    def endpoint(self) -> str:
        return f"https://{self.endpoint_host}"

    @property
    def connection_string(self) -> str:
        return f"endpoint={self.endpoint}/;accesskey={self.access_key}"

    @property
    def topic(self) -> str:
        """The resource id as Event Grid spells it in its events: lower case."""
        return self.resource_id.lower()


class Service(Enum):
    """What the simulator stands in for."""

    ENDPOINT = "endpoint"  #: the recording API
    ISSUER = "issuer"  #: the keys of callback tokens
    STORAGE = "storage"  #: recorded files
    TOPIC = "topic"  #: a topic of Event Grid, for the app's own events


def service_of(host: str) -> Service:
    """What answers at a host.

    Raises:
        LookupError: nothing of the simulator.
    """
    if host.endswith(STORAGE_SUFFIXES):
        return Service.STORAGE
    if host.endswith(TOPIC_SUFFIX):
        return Service.TOPIC
    return {ENDPOINT_HOST: Service.ENDPOINT, ISSUER_HOST: Service.ISSUER}[host]


def is_ours(host: str) -> bool:
    """Whether the simulator answers for a host."""
    try:
        return service_of(host) in Service
    except LookupError:
        return False
