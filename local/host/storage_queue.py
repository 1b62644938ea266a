"""One storage queue as the host's listener and output binding see it: raw texts, created on demand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import requests
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.queue import QueueClient

from local.host.connections import credential_of
from local.host.storage_message import ReceivedMessage

if TYPE_CHECKING:
    from azure.storage.queue import QueueMessage

    from local.host.connections import Connection

# More than batchSize + newBatchThreshold can ever use, so that no connection is thrown away under load.
CONNECTIONS_MAX = 64
# The SDK's own first back-off is 15 seconds, meant for a cloud and not for a neighbour process.
RETRY: dict[str, Any] = {"retry_total": 3, "initial_backoff": 1, "increment_base": 2}
LOST_RECEIPT = frozenset({"PopReceiptMismatch", "MessageNotFound", "QueueNotFound", "InvalidQueryParameterValue"})


class StorageQueue:
    """A queue whose texts are passed as they are; encoding is the caller's business."""

    def __init__(self, client: QueueClient) -> None:
        self.client = client

    def receive(self, count_max: int, visibility_seconds: float) -> list[ReceivedMessage]:
        """Up to that many messages; none when the queue does not exist yet, which a listener must tolerate."""
        pages = self.client.receive_messages(
            messages_per_page=count_max, visibility_timeout=whole_seconds(visibility_seconds)
        ).by_page()
        try:
            return [received(message) for message in next(pages, [])]
        except ResourceNotFoundError:
            return []

    def send(self, text: str) -> None:
        """Add a message, with the service's default time to live."""
        try:
            self.client.send_message(text)
        except ResourceNotFoundError:
            self.create()
            self.client.send_message(text)

    def create(self) -> None:
        try:
            self.client.create_queue()
        except ResourceExistsError:
            return  # somebody else was faster

    def delete(self, message: ReceivedMessage) -> None:
        """Delete, unless the message is somebody else's by now (QueueProcessor.DeleteMessageAsync swallows that)."""
        try:
            self.client.delete_message(message.message_id, message.pop_receipt)
        except HttpResponseError as error:
            raise_unless_lost(error)

    def hide(self, message: ReceivedMessage, seconds: float) -> str | None:
        """Make it visible after so many seconds from now; the new pop receipt, or None when it is no longer ours."""
        try:
            updated: Any = self.client.update_message(
                message.message_id,
                pop_receipt=message.pop_receipt,
                visibility_timeout=whole_seconds(seconds),
            )
        except HttpResponseError as error:
            raise_unless_lost(error)
            return None
        return str(updated.pop_receipt)


def queue_client(connection: Connection, queue_name: str) -> QueueClient:
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, requests.adapters.HTTPAdapter(pool_maxsize=CONNECTIONS_MAX))
    transport = RequestsTransport(session=session, session_owner=False)
    if connection.connection_string is not None:
        return QueueClient.from_connection_string(
            connection.connection_string, queue_name, transport=transport, **RETRY
        )
    return QueueClient(
        connection.service_uri, queue_name, credential=credential_of(connection), transport=transport, **RETRY
    )


def received(message: QueueMessage) -> ReceivedMessage:
    now = datetime.now(UTC)
    return ReceivedMessage(
        message_id=message.id,
        pop_receipt=message.pop_receipt or "",
        dequeue_count=message.dequeue_count or 0,
        text=message.content or "",
        inserted_at=message.inserted_on or now,
        expires_at=message.expires_on or now,
        visible_at=message.next_visible_on or now,
    )


def raise_unless_lost(error: HttpResponseError) -> None:
    # The storage SDK adds the code to azure-core's exception.
    if getattr(error, "error_code", None) not in LOST_RECEIPT:
        raise error


def whole_seconds(seconds: float) -> int:
    """The service counts whole seconds, and treats zero as now."""
    return round(seconds) if seconds == 0 else max(1, round(seconds))
