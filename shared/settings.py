"""The app's settings, read once from the environment, and the names of the resources it works with."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Self
from urllib.parse import SplitResult, urlsplit

from shared.errors import SettingsInvalid

# Names of resources. infra/ creates them under the same names; a test compares the two.
CATALOG_TABLE = "recordings"
INDEX_TABLE = "recordingindex"
TRANSFER_QUEUE = "chunk-transfers"
DELETION_QUEUE = "chunk-deletions"
TRANSFER_POISON_QUEUE = f"{TRANSFER_QUEUE}-poison"
DELETION_POISON_QUEUE = f"{DELETION_QUEUE}-poison"
REJECTED_EVENTS_CONTAINER = "rejected-events"
DEAD_LETTERS_CONTAINER = "dead-letters"
RUNTIME_CONNECTION = "AzureWebJobsStorage"
RECORDINGS_CONNECTION = "RecordingsStorage"

NUMBER_MAX = 10**6  # hours or seconds; larger ones overflow the calendar before they make sense
BLOCK_BYTES_MAX = 4000 * 1024 * 1024  # Put Block, service version 2019-12-12 and later
HOST_SUFFIXES = (".asm.skype.com", ".asyncgw.teams.microsoft.com", ".ams.gov.teams.microsoft.us")
ACS_CALLBACK_ISSUER = "https://acscallautomation.communication.azure.com"
ACS_CALLBACK_JWKS_URL = f"{ACS_CALLBACK_ISSUER}/calling/keys"


class DeleteFromAcs(StrEnum):
    """Whether originals are deleted at ACS before it destroys them itself."""

    AFTER_STORE = "after-store"
    NEVER = "never"


class UnknownRecordings(StrEnum):
    """What to do with recordings that no row of ours explains."""

    STORE = "store"  # copy, never delete
    MANAGE = "manage"  # copy and delete
    IGNORE = "ignore"


class VerifySource(StrEnum):
    """How often the source is read before it may be deleted."""

    ONCE = "once"
    DOUBLE_READ = "double-read"  # a second, independent read must give the same digest


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageConnection:
    """How to reach a storage account: by connection string, or by URLs and an identity."""

    connection_string: str | None = None
    blob_uri: str | None = None
    table_uri: str | None = None
    client_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting of the app. README.md has the table with meanings and defaults."""

    runtime_storage: StorageConnection
    recordings_storage: StorageConnection
    recordings_container: str
    acs_connection_string: str | None
    acs_endpoint: str | None
    acs_retention: timedelta
    acs_topic: str | None
    delete_from_acs: DeleteFromAcs
    unknown_recordings: UnknownRecordings
    verify_source: VerifySource
    recording_host_suffixes: tuple[str, ...]
    byos_containers: tuple[str, ...]
    callback_url: str | None
    callback_audience: str | None
    callback_issuer: str
    callback_jwks_url: str
    sweep_schedule: str
    transfer_block_bytes: int
    transfer_writers: int
    transfer_parallel_ranges: int
    claim: timedelta
    retry_first: timedelta
    retry_max: timedelta
    max_recording: timedelta
    client_id: str | None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read every setting.

        Raises:
            SettingsInvalid: at least one is missing or malformed; all of them are named.
        """
        read = Reader(environment)
        runtime = read.storage(RUNTIME_CONNECTION)
        settings = cls(
            runtime_storage=runtime or StorageConnection(),
            recordings_storage=read.recordings_storage(runtime or StorageConnection()),
            recordings_container=read.matching("RECORDINGS_CONTAINER", "recordings", r"[a-z0-9](-?[a-z0-9]){2,62}"),
            acs_connection_string=read.acs_connection_string(),
            acs_endpoint=read.https_url("ACS_ENDPOINT"),
            acs_retention=timedelta(hours=read.number("ACS_RETENTION_HOURS", 24, at_least=1)),
            acs_topic=read.text("ACS_TOPIC"),
            delete_from_acs=read.choice("DELETE_FROM_ACS", DeleteFromAcs.AFTER_STORE),
            unknown_recordings=read.choice("UNKNOWN_RECORDINGS", UnknownRecordings.STORE),
            verify_source=read.choice("VERIFY_SOURCE", VerifySource.ONCE),
            recording_host_suffixes=read.host_suffixes("RECORDING_HOST_SUFFIXES", HOST_SUFFIXES),
            byos_containers=read.container_urls("BYOS_CONTAINERS"),
            callback_url=read.callback_url("CALLBACK_URL"),
            callback_audience=read.text("CALLBACK_AUDIENCE"),
            callback_issuer=read.text("CALLBACK_ISSUER") or ACS_CALLBACK_ISSUER,
            callback_jwks_url=read.https_url("CALLBACK_JWKS_URL") or ACS_CALLBACK_JWKS_URL,
            sweep_schedule=read.matching("SWEEP_SCHEDULE", "0 * * * * *", r"\S+( \S+){4,5}"),
            transfer_block_bytes=read.number("TRANSFER_BLOCK_BYTES", 4 * 1024 * 1024, at_least=1, most=BLOCK_BYTES_MAX),
            transfer_writers=read.number("TRANSFER_WRITERS", 2, at_least=1, most=32),
            transfer_parallel_ranges=read.number("TRANSFER_PARALLEL_RANGES", 1, at_least=1, most=32),
            claim=timedelta(seconds=read.number("CLAIM_SECONDS", 900, at_least=1)),
            retry_first=timedelta(seconds=read.number("RETRY_FIRST_SECONDS", 60, at_least=1)),
            retry_max=timedelta(seconds=read.number("RETRY_MAX_SECONDS", 900, at_least=1)),
            max_recording=timedelta(hours=read.number("MAX_RECORDING_HOURS", 24, at_least=1)),
            client_id=read.text("AZURE_CLIENT_ID"),
        )
        read.finish(settings)
        return settings


class Reader:
    """Reads settings one by one and remembers what is wrong with each, so that all problems are told at once."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.problems: list[str] = []

    def text(self, name: str) -> str | None:
        return self.environment.get(name, "").strip() or None

    def number(self, name: str, default: int, *, at_least: int, most: int = NUMBER_MAX) -> int:
        text = self.text(name)
        if text is None:
            return default
        if not re.fullmatch(r"[0-9]{1,12}", text) or not at_least <= int(text) <= most:
            self.problems.append(f"{name} is {text!r}; it must be a whole number from {at_least} to {most}.")
            return default
        return int(text)

    def choice[Choice: StrEnum](self, name: str, default: Choice) -> Choice:
        text = self.text(name)
        kind = type(default)
        if text is None:
            return default
        if text not in list(kind):
            self.problems.append(f"{name} is {text!r}; it must be one of {', '.join(kind)}.")
            return default
        return kind(text)

    def matching(self, name: str, default: str, pattern: str) -> str:
        text = self.text(name) or default
        if not re.fullmatch(pattern, text):
            self.problems.append(f"{name} is {text!r}; it must look like {default!r}.")
        return text

    def https_url(self, name: str) -> str | None:
        """An https URL without a trailing slash: the ACS SDK signs a wrong host when the endpoint ends with one."""
        text = self.text(name)
        if text is not None and not is_https_url(text):
            self.problems.append(f"{name} is {text!r}; it must be an https URL.")
        return text.rstrip("/") if text else None

    def callback_url(self, name: str) -> str | None:
        """ACS refuses anything but https; plain http on this machine is for a simulator."""
        text = self.text(name)
        return text if text and is_loopback_url(text) else self.https_url(name)

    def listed(self, name: str, accept: Callable[[str], bool], shape: str) -> tuple[str, ...]:
        items = tuple(item.strip().rstrip("/") for item in (self.text(name) or "").split(",") if item.strip())
        self.problems += [f"{name} has {item!r}; each must be {shape}." for item in items if not accept(item)]
        return items

    def container_urls(self, name: str) -> tuple[str, ...]:
        return self.listed(name, lambda url: is_https_url(url) or is_loopback_url(url), "the https URL of a container")

    def host_suffixes(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        suffix = re.compile(r"\.[a-z0-9-]+(\.[a-z0-9-]+)+")
        return (
            self.listed(name, lambda item: bool(suffix.fullmatch(item)), "a host suffix like .asm.skype.com") or default
        )

    def storage(self, name: str) -> StorageConnection | None:
        connection_string = self.text(name)
        if connection_string:
            return StorageConnection(connection_string=connection_string)
        blob_uri = self.text(f"{name}__blobServiceUri")
        table_uri = self.text(f"{name}__tableServiceUri")
        if name == RUNTIME_CONNECTION:
            wanted = ("blobServiceUri", "queueServiceUri", "tableServiceUri")
            missing = [f"{name}__{uri}" for uri in wanted if not self.text(f"{name}__{uri}")]
            if missing:
                self.problems.append(f"{name} is not set, and so {' and '.join(missing)} must be.")
        elif not blob_uri:
            return None
        return StorageConnection(blob_uri=blob_uri, table_uri=table_uri, client_id=self.text(f"{name}__clientId"))

    def recordings_storage(self, runtime: StorageConnection) -> StorageConnection:
        return self.storage(RECORDINGS_CONNECTION) or runtime

    def acs_connection_string(self) -> str | None:
        """The connection string wins when the endpoint is set as well."""
        text = self.text("ACS_CONNECTION_STRING")
        if text is None and self.text("ACS_ENDPOINT") is None:
            self.problems.append("Neither ACS_CONNECTION_STRING nor ACS_ENDPOINT is set; one of them must be.")
        if text is not None and not re.fullmatch(r"endpoint=https://[^;]+;accesskey=[^;]+;?", text, re.IGNORECASE):
            self.problems.append(
                "ACS_CONNECTION_STRING is malformed; it must look like "
                "endpoint=https://NAME.communication.azure.com/;accesskey=KEY."
            )
        return text

    def finish(self, settings: Settings) -> None:
        """Check what concerns several settings at once, then tell every problem found."""
        if settings.retry_max < settings.retry_first:
            self.problems.append("RETRY_MAX_SECONDS is less than RETRY_FIRST_SECONDS.")
        if not settings.callback_audience and self.text("CALLBACK_ISSUER"):
            self.problems.append("CALLBACK_ISSUER is set, but not CALLBACK_AUDIENCE: nothing would be verified.")
        if self.problems:
            raise SettingsInvalid(self.problems)


def split_url(text: str) -> SplitResult:
    """The parts of a URL; none of them when it is malformed, such as one with an unclosed bracket."""
    try:
        return urlsplit(text)
    except ValueError:
        return urlsplit("")


def is_https_url(text: str) -> bool:
    url = split_url(text)
    return url.scheme == "https" and bool(url.hostname) and not url.query and not url.fragment and "@" not in url.netloc


def is_loopback_url(text: str) -> bool:
    """Emulated storage is spoken to over plain http, on this machine only."""
    url = split_url(text)
    return url.scheme == "http" and url.hostname in {"127.0.0.1", "localhost"}
