"""Clients for the storage accounts, by connection string or by identity; the one place where credentials are made."""

from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from shared.connection_settings import EMULATOR, PUBLIC_CLOUD, StorageConnection
from shared.domain.durations import (
    STORAGE_BACKOFF_BASE_SECONDS,
    STORAGE_BACKOFF_FIRST_SECONDS,
    STORAGE_CONNECT_SECONDS,
    STORAGE_READ_SECONDS,
    TOKEN_CONNECT_SECONDS,
    TOKEN_READ_SECONDS,
)
from shared.domain.errors import CatalogUnavailable, Conflict, RecorderError, StoreUnavailable, Unforeseen
from shared.domain.units import attempt
from shared.settings_reader import parsed_connection_string

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions
    from azure.data.tables import TableServiceClient
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential
    from azure.storage.blob import BlobClient, BlobServiceClient

    type Identity = DefaultAzureCredential | ManagedIdentityCredential

RETRIES = 3  # the inner loop; the outer one is the sweep

# Typed loosely because the SDK's constructors take them as **kwargs.
TIMES: dict[str, Any] = {
    "connection_timeout": STORAGE_CONNECT_SECONDS,
    "read_timeout": STORAGE_READ_SECONDS,
    "retry_total": RETRIES,
    # The blob SDK's own back-off begins at 15 seconds: an HTTP caller would be gone before the second try.
    "initial_backoff": STORAGE_BACKOFF_FIRST_SECONDS,
    "increment_base": STORAGE_BACKOFF_BASE_SECONDS,
    # The SDKs would follow a redirect to any host, there to find a proof of a copy, or to leave a recording.
    "permit_redirects": False,
}
EMULATED = "QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1"  # what `EMULATOR` stands for
READ_BYTES = 4 * 1024 * 1024  # the SDK's first read of a blob takes 32 MiB into memory, as much as a whole copy
BLOB_OPTIONS: dict[str, Any] = TIMES | {"max_single_get_size": READ_BYTES, "max_chunk_get_size": READ_BYTES}


class AppIdentity:
    """The app's identity at one service, of which it raises that service's error when it gets no token.

    That error is none of the SDKs': what they raise for a missing token depends on what kept it from coming, is taken
    for an answer of the service, and is repeated by some with a wait each time.
    """

    def __init__(self, identity: "Identity", unavailable: type[RecorderError]) -> None:
        self.identity = identity
        self.unavailable = unavailable

    def get_token(self, *scopes: str, **options: Any) -> "AccessToken":
        """Raises: the service's error."""
        ask: Callable[[], AccessToken] = partial(self.identity.get_token, *scopes, **options)
        return self.asked(ask)

    def get_token_info(self, *scopes: str, options: "TokenRequestOptions | None" = None) -> "AccessTokenInfo":
        """A token with the time from which on it should be renewed. Raises: the service's error."""
        ask: Callable[[], AccessTokenInfo] = partial(self.identity.get_token_info, *scopes, options=options)
        return self.asked(ask)

    def asked[Token](self, ask: Callable[[], Token]) -> Token:
        from azure.core.exceptions import AzureError

        def ask_once() -> Token:
            try:
                return ask()
            except (AzureError, ValueError) as error:  # the second where the answer is no JSON, or not its numbers
                raise self.refused(error) from error

        try:
            return attempt(ask_once)
        except Unforeseen as error:
            raise self.refused(error) from error

    def refused(self, error: Exception) -> RecorderError:
        return self.unavailable(
            f"The app's identity got no token ({type(error).__name__}), so the request was not sent."
        )


def identity_for(client_id: str | None, read_seconds: float = TOKEN_READ_SECONDS) -> "Identity":
    """The user-assigned identity when a client id is given, else whatever the environment offers."""
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

    # No repetition: the SDK would wait for as long as a Retry-After says, and whoever asks comes again.
    times: dict[str, Any] = {
        "connection_timeout": TOKEN_CONNECT_SECONDS,
        "read_timeout": read_seconds,
        "retry_total": 0,
    }
    return ManagedIdentityCredential(client_id=client_id, **times) if client_id else DefaultAzureCredential(**times)


class StorageAccount:
    """The clients of one account, made when first asked for."""

    def __init__(self, connection: StorageConnection, client_id: str | None) -> None:
        self.connection = connection
        self.client_id = connection.client_id or client_id

    @cached_property
    def identity(self) -> "Identity":
        return identity_for(self.client_id)

    @property
    def credential(self) -> AppIdentity:
        """The app's identity at the account's blobs and queues."""
        return AppIdentity(self.identity, StoreUnavailable)

    @property
    def name(self) -> str:
        """The account's name, which a link's signature contains.

        Raises:
            Conflict: the address of the blob service does not say it.
        """
        known: str | None = self.blobs.account_name  # beside a key, or in the public host of the service
        url = urlsplit(str(self.blobs.url))
        host = str(url.hostname)
        name = known or url.path.strip("/") or (host.partition(".")[0] if ".blob." in host else "")
        if not name:
            raise Conflict(
                f"No link can be signed: the recordings' blob service is addressed as {host}, which does not say the"
                " account's name. Address it as https://ACCOUNT.blob…, or read the file there yourself."
            )
        return name

    @cached_property
    def blobs(self) -> "BlobServiceClient":
        from azure.storage.blob import BlobServiceClient

        return self.connect(BlobServiceClient, self.connection.blob_uri, StoreUnavailable, BLOB_OPTIONS)

    def blob(self, url: str) -> "BlobClient":
        """The blob of a URL: through the account's own client where it lies there, else with the app's identity."""
        from azure.storage.blob import BlobClient

        root = f"{str(self.blobs.url).rstrip('/')}/"
        if url.startswith(root):
            container, _, name = url.removeprefix(root).partition("/")
            return self.blobs.get_blob_client(container, name)
        return BlobClient.from_blob_url(url, credential=self.credential, **BLOB_OPTIONS)

    @property
    def queue_url(self) -> str:
        """Where the account's queues are; of a connection string, as the SDKs read it."""
        if self.connection.queue_uri:
            return self.connection.queue_uri
        text = self.connection.connection_string or ""
        parts = parsed_connection_string(EMULATED if text == EMULATOR else text) or {}
        suffix = parts.get("endpointsuffix")
        protocol = parts.get("defaultendpointsprotocol", "https").lower() if suffix else "https"
        return parts.get("queueendpoint") or f"{protocol}://{parts['accountname']}.queue.{suffix or PUBLIC_CLOUD}"

    @cached_property
    def tables(self) -> "TableServiceClient":
        from azure.data.tables import TableServiceClient

        return self.connect(TableServiceClient, self.connection.table_uri, CatalogUnavailable, TIMES)

    def connect[Client: (BlobServiceClient, TableServiceClient)](
        self, kind: type[Client], uri: str | None, unavailable: type[RecorderError], options: dict[str, Any]
    ) -> Client:
        if self.connection.connection_string:
            return kind.from_connection_string(self.connection.connection_string, **options)
        assert uri
        return kind(uri, credential=AppIdentity(self.identity, unavailable), **options)
