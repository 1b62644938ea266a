"""Clients for the storage accounts, by connection string or by identity; the one place where credentials are made."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from shared.connection_settings import StorageConnection
from shared.domain.durations import (
    STORAGE_BACKOFF_BASE_SECONDS,
    STORAGE_BACKOFF_FIRST_SECONDS,
    STORAGE_CONNECT_SECONDS,
    STORAGE_READ_SECONDS,
)

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.data.tables import TableServiceClient
    from azure.storage.blob import BlobClient, BlobServiceClient

RETRIES = 3  # the inner loop; the outer one is the sweep

# Typed loosely because the SDK's constructors take them as **kwargs.
TIMES: dict[str, Any] = {
    "connection_timeout": STORAGE_CONNECT_SECONDS,
    "read_timeout": STORAGE_READ_SECONDS,
    "retry_total": RETRIES,
    # The blob SDK's own back-off begins at 15 seconds: an HTTP caller would be gone before the second try.
    "initial_backoff": STORAGE_BACKOFF_FIRST_SECONDS,
    "increment_base": STORAGE_BACKOFF_BASE_SECONDS,
}
READ_BYTES = 4 * 1024 * 1024  # the SDK's first read of a blob takes 32 MiB into memory, as much as a whole copy
BLOB_OPTIONS: dict[str, Any] = TIMES | {"max_single_get_size": READ_BYTES, "max_chunk_get_size": READ_BYTES}


def credential_for(client_id: str | None) -> "TokenCredential":
    """The app's identity: the user-assigned one when a client id is given, else whatever the environment offers."""
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

    return ManagedIdentityCredential(client_id=client_id) if client_id else DefaultAzureCredential()


class StorageAccount:
    """The clients of one account, made when first asked for."""

    def __init__(self, connection: StorageConnection, client_id: str | None) -> None:
        self.connection = connection
        self.client_id = connection.client_id or client_id

    @cached_property
    def credential(self) -> "TokenCredential":
        return credential_for(self.client_id)

    @cached_property
    def blobs(self) -> "BlobServiceClient":
        from azure.storage.blob import BlobServiceClient

        return self.connect(BlobServiceClient, self.connection.blob_uri, BLOB_OPTIONS)

    def blob(self, url: str) -> "BlobClient":
        """The blob of a URL: through the account's own client where it lies there, else with the app's identity."""
        from azure.storage.blob import BlobClient

        root = f"{str(self.blobs.url).rstrip('/')}/"
        if url.startswith(root):
            container, _, name = url.removeprefix(root).partition("/")
            return self.blobs.get_blob_client(container, name)
        return BlobClient.from_blob_url(url, credential=self.credential, **BLOB_OPTIONS)

    @cached_property
    def tables(self) -> "TableServiceClient":
        from azure.data.tables import TableServiceClient

        return self.connect(TableServiceClient, self.connection.table_uri, TIMES)

    def connect[Client: (BlobServiceClient, TableServiceClient)](
        self, kind: type[Client], uri: str | None, options: dict[str, Any]
    ) -> Client:
        if self.connection.connection_string:
            return kind.from_connection_string(self.connection.connection_string, **options)
        assert uri
        return kind(uri, credential=self.credential, **options)
