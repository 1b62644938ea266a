"""What a timer remembers across restarts: a small blob, where the real host keeps it too (StorageScheduleMonitor)."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from local.host.connections import credential_of

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

    from local.host.connections import Connection
    from local.host.schedules import Schedule

CONTAINER = "azure-webjobs-hosts"
STORAGE = "AzureWebJobsStorage"
NEVER = "0001-01-01T00:00:00+00:00"


@dataclass(frozen=True)
class TimerStatus:
    """Last run, next run, and the schedule they belong to."""

    last: str
    next: datetime
    last_updated: str
    schedule: str

    def document(self) -> dict[str, str]:
        return {"Last": self.last, "Next": self.next.isoformat(), "LastUpdated": self.last_updated}


class TimerStatusStore:
    """Status blobs under `timers/<host id>/<function>/status`."""

    def __init__(self, connection: Connection, host_id: str) -> None:
        self.container = container_client(connection)
        self.host_id = host_id

    def load(self, function_name: str) -> TimerStatus | None:
        from azure.core.exceptions import ResourceNotFoundError  # loaded with the container's client

        try:
            stored: dict[str, Any] = json.loads(self.container.download_blob(self.path(function_name)).readall())
        except ResourceNotFoundError:
            return None
        return TimerStatus(
            stored["Last"], datetime.fromisoformat(stored["Next"]), stored["LastUpdated"], stored["Schedule"]
        )

    def save(self, function_name: str, schedule: Schedule, last: datetime | None) -> None:
        from azure.core.exceptions import ResourceExistsError  # as above

        now = datetime.now(UTC)
        moment = last.isoformat() if last else NEVER
        status = TimerStatus(moment, schedule.next_after(now), now.isoformat(), str(schedule))
        document = json.dumps({**status.document(), "Schedule": status.schedule})
        with suppress(ResourceExistsError):
            self.container.create_container()
        self.container.upload_blob(self.path(function_name), document, overwrite=True)

    def path(self, function_name: str) -> str:
        return f"timers/{self.host_id}/Host.Functions.{function_name}/status"


def container_client(connection: Connection) -> ContainerClient:
    from azure.storage.blob import ContainerClient  # an app without timers should not wait for it

    if connection.connection_string is not None:
        return ContainerClient.from_connection_string(connection.connection_string, CONTAINER)
    return ContainerClient(connection.service_uri, CONTAINER, credential=credential_of(connection))
