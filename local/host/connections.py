"""Connections: what a binding's `connection` names, found in the app settings.

Follows the Functions convention: either one setting with a connection string, or `NAME__queueServiceUri` (or
`NAME__accountName`) for identity, with `NAME__credential` and `NAME__clientId`. A prefix `AzureWebJobs` is tried
first, as the WebJobs SDK does.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from local.host.settings import AppSettings
    from local.host.storage_queue import StorageQueue

PREFIX = "AzureWebJobs"


class ConnectionSettingError(Exception):
    """No setting describes the connection."""


@dataclass(frozen=True)
class Connection:
    """A connection string, or a service address with the identity to use there."""

    connection_string: str | None
    service_uri: str
    managed_identity: bool
    client_id: str | None


class Connections:
    """Resolves connections, and keeps one client per queue."""

    def __init__(self, settings: AppSettings) -> None:
        self.settings = settings
        self.queues: dict[tuple[str, str], StorageQueue] = {}
        self.lock = threading.Lock()

    def queue(self, connection: str, queue_name: str) -> StorageQueue:
        """The queue of that name; the same object every time."""
        # The SDK takes a quarter of a second to import; an app without queues should not wait for it.
        from local.host.storage_queue import StorageQueue, queue_client

        with self.lock:
            key = (connection, queue_name)
            if key not in self.queues:
                self.queues[key] = StorageQueue(queue_client(self.resolve(connection, "queue"), queue_name))
            return self.queues[key]

    def resolve(self, name: str, service: str) -> Connection:
        """The connection for one of the services `blob` and `queue`."""
        for candidate in candidates(name):
            text = self.settings.get(candidate)
            if text is not None:
                return Connection(text, "", managed_identity=False, client_id=None)
            uri = self.service_uri(candidate, service)
            if uri is not None:
                credential = self.settings.get(f"{candidate}__credential") or ""
                return Connection(
                    None, uri, credential.lower() == "managedidentity", self.settings.get(f"{candidate}__clientId")
                )
        raise ConnectionSettingError(
            f"connection {name!r}: set {name}, or {name}__{service}ServiceUri (or {name}__accountName) for identity"
        )

    def service_uri(self, name: str, service: str) -> str | None:
        account = self.settings.get(f"{name}__accountName")
        uri = self.settings.get(f"{name}__{service}ServiceUri") or self.settings.get(f"{name}__serviceUri")
        return uri or (f"https://{account}.{service}.core.windows.net" if account else None)


def candidates(name: str) -> list[str]:
    return [name] if name.startswith(PREFIX) else [PREFIX + name, name]


def credential_of(connection: Connection) -> TokenCredential:
    """The identity, as the host builds it from `__credential` and `__clientId`."""
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential  # costs 0.3 s

    if connection.managed_identity:
        return ManagedIdentityCredential(client_id=connection.client_id)
    return DefaultAzureCredential(managed_identity_client_id=connection.client_id)
