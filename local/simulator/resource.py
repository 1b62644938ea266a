"""The ACS resource that the simulator stands in for."""

import base64
import secrets
import uuid
from dataclasses import dataclass, field

ENDPOINT_HOST = "local.communication.azure.com"
ISSUER_HOST = "acscallautomation.communication.azure.com"
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


def is_acs_host(host: str) -> bool:
    """Whether a host is one that the simulator answers for."""
    return host in {ENDPOINT_HOST, ISSUER_HOST} or host.endswith(STORAGE_SUFFIXES)
