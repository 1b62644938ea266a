"""Access to the operator's Blob Storage, never through the proxy that the environment may name."""

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import BlobServiceClient, LinearRetry

from local.simulator.settings import BlobAccount

READ_BYTES = 4 * 1024 * 1024


class BlobsUnavailableError(Exception):
    """The storage account cannot be reached, or refuses."""


class Blobs(Protocol):
    """One storage account, as far as the simulator needs it. Containers are named with every call."""

    @property
    def url(self) -> str: ...

    def names(self, container: str) -> list[str]: ...

    def read(self, container: str, name: str) -> Iterator[bytes]:
        """Stream a blob.

        Raises:
            FileNotFoundError: there is none of this name.
            BlobsUnavailableError: the account does not answer as it should.
        """
        ...

    def exists(self, container: str, name: str) -> bool:
        """Whether there is a blob of this name.

        Raises:
            BlobsUnavailableError: the account does not answer as it should.
        """
        ...

    def write(self, container: str, name: str, content: Iterable[bytes], size: int) -> None:
        """Write a blob, whatever was there before.

        Raises:
            BlobsUnavailableError: the account does not answer as it should.
        """
        ...

    def close(self) -> None: ...


type OpenBlobs = Callable[[BlobAccount], Blobs]
"""Makes a client of an account."""


class AzureBlobs:
    """The real thing, or Azurite."""

    def __init__(self, account: BlobAccount) -> None:
        self.client = BlobServiceClient.from_connection_string(
            account.connection_string,
            max_single_get_size=READ_BYTES,
            max_chunk_get_size=READ_BYTES,
            # Loopback answers at once or never: the defaults would hold a DELETE for more than a minute.
            retry_policy=LinearRetry(backoff=0, random_jitter_range=0, retry_total=2),
            connection_timeout=5,
            transport=RequestsTransport(use_env_settings=False, connection_verify=account.ca_file or True),
        )

    @property
    def url(self) -> str:
        return str(self.client.url).rstrip("/")

    def names(self, container: str) -> list[str]:
        try:
            return list(self.client.get_container_client(container).list_blob_names())
        except ResourceNotFoundError:
            return []
        except AzureError as error:
            raise BlobsUnavailableError(str(error)) from error

    def read(self, container: str, name: str) -> Iterator[bytes]:
        try:
            download = self.client.get_blob_client(container, name).download_blob(max_concurrency=1)
            yield from download.chunks()
        except ResourceNotFoundError as error:
            raise FileNotFoundError(name) from error
        except AzureError as error:
            raise BlobsUnavailableError(str(error)) from error

    def exists(self, container: str, name: str) -> bool:
        try:
            return bool(self.client.get_blob_client(container, name).exists())
        except AzureError as error:
            raise BlobsUnavailableError(str(error)) from error

    def write(self, container: str, name: str, content: Iterable[bytes], size: int) -> None:
        blob = self.client.get_blob_client(container, name)
        try:
            with contextlib.suppress(ResourceExistsError):
                self.client.create_container(container)
            # An iterator, because the SDK takes no lists.
            blob.upload_blob(iter(content), length=size, overwrite=True)
        except AzureError as error:
            raise BlobsUnavailableError(str(error)) from error

    def close(self) -> None:
        self.client.close()


class OpenAccounts:
    """The accounts opened so far, so that many requests share one client."""

    def __init__(self, open_blobs: OpenBlobs) -> None:
        self.open_blobs = open_blobs
        self.by_connection_string: dict[str, Blobs] = {}
        self.lock = threading.Lock()

    def get(self, account: BlobAccount) -> Blobs:
        with self.lock:
            opened = self.by_connection_string.get(account.connection_string)
            if opened is None:
                opened = self.open_blobs(account)
                self.by_connection_string[account.connection_string] = opened
            return opened

    def close(self) -> None:
        for opened in self.by_connection_string.values():
            opened.close()
