"""Settings of storage connections, by the convention of Azure Functions that the host's bindings follow, too.

Either one setting holds a connection string, or settings under its name and two underscores hold an address and an
identity. The convention has more than that (a client's secret, an identity by its resource id); a setting that is not
understood here is reported as wrong, because ignoring it would put recordings into another account.
"""

import re
from collections.abc import Iterable

import msgspec

from shared.domain.urls import is_endpoint, is_service_url
from shared.settings_reader import Reader, is_key, parsed_connection_string

EMULATOR = "UseDevelopmentStorage=true"
ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
SUFFIX = re.compile(r"[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+")
PUBLIC_CLOUD = "core.windows.net"  # what the host makes of an account's name; other clouds need the service URIs
STRING_SHAPE = (
    "a connection string with AccountName and AccountKey, as the portal shows it under Access keys (one with a shared "
    "access signature cannot make links)"
)
# The host prefers a connection under this prefix, and App Service gives its own to "Connection strings".
DISGUISES = re.compile(r"([a-z]+connstr_)?(azurewebjobs(?=recordingsstorage))?", re.IGNORECASE)


class StorageConnection(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach a storage account: by connection string, or by URLs and an identity.

    Attributes:
        connection_string: where it is given, the rest is not.
        blob_uri, queue_uri, table_uri: URLs of the services that are used.
        client_id: of the user-assigned identity; None for the app's own.
    """

    connection_string: str | None = None
    blob_uri: str | None = None
    queue_uri: str | None = None
    table_uri: str | None = None
    client_id: str | None = None


class ConnectionSettings(msgspec.Struct, frozen=True):
    """The settings of one connection, and the services that are used through it.

    Attributes:
        name: of the setting with the connection string, and the prefix of all others.
        services: each needs an address.
        alias: whether `serviceUri` says enough: it may only stand for the blob service.
    """

    name: str
    services: tuple[str, ...]
    alias: bool = False

    @property
    def addresses(self) -> tuple[str, ...]:
        uris = ["blobServiceUri", "queueServiceUri", "tableServiceUri", *(["serviceUri"] if self.alias else [])]
        return tuple(f"{self.name}__{part}" for part in ["accountName", *uris])

    @property
    def identity(self) -> tuple[str, ...]:
        return (f"{self.name}__credential", f"{self.name}__clientId")

    @property
    def understood(self) -> tuple[str, ...]:
        return (self.name, *self.addresses, *self.identity)

    def read(self, read: Reader) -> StorageConnection | None:
        """The connection; None when no setting of it is given."""
        given = [name for name in self.understood if read.is_given(name)]  # each is checked, even if another wins
        string = read.text(self.name)
        if string is not None:
            return self.by_string(read, string)
        if not given:
            return None
        credential, client = self.identity
        if (read.text(credential) or "managedidentity").lower() != "managedidentity":
            read.report(credential, "managedidentity, or not set")
        uris = {f"{service}_uri": self.uri(read, service) for service in self.services}
        return StorageConnection(**uris, client_id=read.guid(client))

    def by_string(self, read: Reader, string: str) -> StorageConnection:
        if not is_usable(string):
            read.report(self.name, STRING_SHAPE)
        for name in self.addresses:
            if read.is_given(name):
                read.report(name, f"left out, because {self.name} holds a connection string, and that would win")
        return StorageConnection(connection_string=string)

    def uri(self, read: Reader, service: str) -> str | None:
        """The address of a service: its own setting, the alias, or what the account's name makes."""
        account = self.account(read)
        name = f"{self.name}__{service}ServiceUri"
        aliases = [f"{self.name}__serviceUri"] if self.alias else []
        given = {one: uri for one in (name, *aliases) if (uri := read.text(one))}
        for one, uri in given.items():
            if not is_service_url(uri, service):
                read.report(one, f"the https URL of the account's {service} service, and nothing behind its host")
        uris = [*given.values(), *([f"https://{account}.{service}.{PUBLIC_CLOUD}"] if account else [])]
        if len({uri.rstrip("/").lower() for uri in uris}) > 1:
            read.report(next(iter(given)), f"left out, because another address of the {service} service is set as well")
        if not uris and not any(read.is_given(one) for one in (f"{self.name}__accountName", self.name, *aliases)):
            read.report(name, f"the https URL of the account's {service} service, or {self.name}__accountName set")
        return uris[0] if uris else None

    def account(self, read: Reader) -> str | None:
        name = f"{self.name}__accountName"
        account = read.text(name)
        if account is not None and not ACCOUNT.fullmatch(account):
            read.report(name, "the name of a storage account: 3 to 24 lower-case letters and digits")
        return account


RUNTIME = ConnectionSettings("AzureWebJobsStorage", ("blob", "queue", "table"))
RECORDINGS = ConnectionSettings("RecordingsStorage", ("blob",), alias=True)


def read_connections(read: Reader) -> tuple[StorageConnection, StorageConnection]:
    """(the runtime account, the account of the recordings); the second is the first when nothing names another."""
    report_not_understood(read, (RUNTIME, RECORDINGS))
    runtime = RUNTIME.read(read)
    if runtime is None:
        read.report(
            RUNTIME.name,
            f"{STRING_SHAPE}; or instead, with an identity, {RUNTIME.name}__accountName or the https URLs "
            f"{RUNTIME.name}__blobServiceUri, __queueServiceUri and __tableServiceUri",
        )
        runtime = StorageConnection()
    return runtime, RECORDINGS.read(read) or runtime


def report_not_understood(read: Reader, connections: Iterable[ConnectionSettings]) -> None:
    """Report every setting that begins like one of the connections, in any case, and is none of theirs."""
    for connection in connections:
        spelled = {name.lower(): name for name in connection.understood}
        for name, value in sorted(read.environment.items()):
            plain = DISGUISES.sub("", name, count=1).lower()
            if name in connection.understood or not plain.startswith(connection.name.lower()) or not value.strip():
                continue
            meant = spelled.get(plain.replace(":", "__"))
            if meant is None:
                read.report(name, f"left out, because it is not understood; {', '.join(connection.understood)} are")
            elif read.environment.get(meant) != value:  # equal where names have no case, as on Windows
                read.report(name, f"written {meant}, as an app setting")


def is_usable(text: str) -> bool:
    """Whether every client can be made from a connection string, all of one account, and sign with its key."""
    if text == EMULATOR:
        return True
    parts = parsed_connection_string(text) or {}
    account = parts.get("accountname", "")
    endpoints = {service: parts[f"{service}endpoint"] for service in RUNTIME.services if f"{service}endpoint" in parts}
    seconds = {service for service in RUNTIME.services if f"{service}secondaryendpoint" in parts}
    return (
        bool(ACCOUNT.fullmatch(account))
        and is_key(parts.get("accountkey"))
        and "usedevelopmentstorage" not in parts  # to some clients it means the emulator, whatever else is said
        and parts.get("defaultendpointsprotocol", "https").lower() in {"http", "https"}
        and bool(SUFFIX.fullmatch(parts.get("endpointsuffix", PUBLIC_CLOUD)))
        and all(is_endpoint(url, service, account) for service, url in endpoints.items())
        and seconds <= endpoints.keys()
    )
