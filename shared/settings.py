"""The app's settings, read once from the environment, and the names of the resources it works with."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Self

import msgspec

from shared.connection_settings import RECORDINGS, RUNTIME, StorageConnection, read_connections
from shared.domain import durations
from shared.domain.urls import is_https_origin
from shared.settings_reader import Reader, is_key, parsed_connection_string

# Names of resources. infra/ creates them under the same names; a test compares the two.
CATALOG_TABLE = "recordings"
INDEX_TABLE = "recordingindex"
TRANSFER_QUEUE = "chunk-transfers"
DELETION_QUEUE = "chunk-deletions"
TRANSFER_POISON_QUEUE = f"{TRANSFER_QUEUE}-poison"
DELETION_POISON_QUEUE = f"{DELETION_QUEUE}-poison"
REJECTED_EVENTS_CONTAINER = "rejected-events"
KEPT_MESSAGES_FOLDER = "messages/"  # in the same container: queue messages that are not ours
DEAD_LETTERS_CONTAINER = "dead-letters"
EVENT_CONTAINERS = (REJECTED_EVENTS_CONTAINER, DEAD_LETTERS_CONTAINER)  # recordings go to none of them
RECORDINGS_CONTAINER = "recordings"  # the default of the setting, as the next
EXPORTS_CONTAINER = "exports"
CONTAINER_NAME = rf"(?!({'|'.join(EVENT_CONTAINERS)})$)[a-z0-9](-?[a-z0-9]){{2,62}}"
CONTAINER_SHAPE = (
    "the name of a container: 3 to 63 lower-case letters, digits and single hyphens, "
    f"not {' or '.join(EVENT_CONTAINERS)}"
)
RUNTIME_CONNECTION = RUNTIME.name
RECORDINGS_CONNECTION = RECORDINGS.name

BLOCK_BYTES_MAX = 8 * 1024 * 1024  # four transfers of three blocks each are 96 MiB of an instance's 2 GiB
HOST_SUFFIXES = (".asm.skype.com", ".asyncgw.teams.microsoft.com", ".ams.gov.teams.microsoft.us")
ACS_RESOURCE_ID = (
    r"(?i:/?subscriptions/[^/\s]+/resourceGroups/[^/\s]+/providers/Microsoft\.Communication"
    r"/communicationServices/[^/\s]+/?)"
)
ACS_CALLBACK_ISSUER = "https://acscallautomation.communication.azure.com"
ACS_CALLBACK_JWKS_URL = f"{ACS_CALLBACK_ISSUER}/calling/keys"


class DeleteFromAcs(StrEnum):
    """Whether originals are deleted at ACS before it destroys them itself."""

    AFTER_STORE = "after-store"
    NEVER = "never"


class UnknownRecordings(StrEnum):
    """What to do with recordings that this app did not start."""

    STORE = "store"  # copy, never delete
    MANAGE = "manage"  # copy and delete
    IGNORE = "ignore"


class VerifySource(StrEnum):
    """How often the source is read before it may be deleted."""

    ONCE = "once"
    DOUBLE_READ = "double-read"  # a second, independent read must give the same digest


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting of the app. docs/settings.md has meanings and defaults."""

    runtime_storage: StorageConnection
    recordings_storage: StorageConnection
    recordings_container: str
    exports_container: str
    export_mp3: bool
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
    callback_hosts: tuple[str, ...]
    callback_audience: str | None
    callback_issuer: str
    callback_jwks_url: str
    events_topic_endpoint: str | None
    transfer_block_bytes: int | None
    claim: timedelta
    retry_first: timedelta
    retry_max: timedelta
    max_recording: timedelta
    client_id: str | None

    @property
    def message_patience(self) -> timedelta:
        """How long a message that was sent may wait in its queue before the sweep sends it again."""
        return self.claim * durations.MESSAGE_PATIENCE_CLAIMS

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read every setting.

        Raises:
            SettingsInvalid: at least one is missing or malformed; all of them are named.
        """
        read = Reader(environment)
        runtime, recordings = read_connections(read)
        settings = cls(
            runtime_storage=runtime,
            recordings_storage=recordings,
            recordings_container=read.matching(
                "RECORDINGS_CONTAINER", RECORDINGS_CONTAINER, CONTAINER_NAME, CONTAINER_SHAPE
            ),
            exports_container=read.matching("EXPORTS_CONTAINER", EXPORTS_CONTAINER, CONTAINER_NAME, CONTAINER_SHAPE),
            export_mp3=read.flag("EXPORT_MP3"),
            acs_connection_string=acs_connection_string(read),
            acs_endpoint=read.https_origin("ACS_ENDPOINT"),
            acs_retention=read.hours("ACS_RETENTION_HOURS", durations.ACS_RETENTION_HOURS),
            acs_topic=read.matching("ACS_TOPIC", "", f"({ACS_RESOURCE_ID})?", "the ARM id of an ACS resource") or None,
            delete_from_acs=read.choice("DELETE_FROM_ACS", DeleteFromAcs.AFTER_STORE),
            unknown_recordings=read.choice("UNKNOWN_RECORDINGS", UnknownRecordings.STORE),
            verify_source=read.choice("VERIFY_SOURCE", VerifySource.ONCE),
            recording_host_suffixes=read.host_suffixes("RECORDING_HOST_SUFFIXES", HOST_SUFFIXES),
            byos_containers=read.container_urls("BYOS_CONTAINERS"),
            callback_url=read.callback_url("CALLBACK_URL"),
            callback_hosts=read.hosts("CALLBACK_HOSTS"),
            callback_audience=read.text("CALLBACK_AUDIENCE"),
            callback_issuer=read.text("CALLBACK_ISSUER") or ACS_CALLBACK_ISSUER,
            callback_jwks_url=read.https_url("CALLBACK_JWKS_URL") or ACS_CALLBACK_JWKS_URL,
            events_topic_endpoint=read.https_url("EVENTS_TOPIC_ENDPOINT"),
            transfer_block_bytes=read.number("TRANSFER_BLOCK_BYTES", None, at_least=1, most=BLOCK_BYTES_MAX),
            claim=read.seconds("CLAIM_SECONDS", durations.CLAIM_SECONDS),
            retry_first=read.seconds("RETRY_FIRST_SECONDS", durations.RETRY_FIRST_SECONDS),
            retry_max=read.seconds("RETRY_MAX_SECONDS", durations.RETRY_MAX_SECONDS),
            max_recording=read.hours("MAX_RECORDING_HOURS", durations.MAX_RECORDING_HOURS),
            client_id=read.guid("AZURE_CLIENT_ID"),
        )
        report_contradictions(read, settings)
        read.finish()
        return settings


def acs_connection_string(read: Reader) -> str | None:
    """The connection string wins when the endpoint is set as well."""
    name = "ACS_CONNECTION_STRING"
    text = read.text(name)
    if text is None:
        if not read.is_given(name) and not read.is_given("ACS_ENDPOINT"):
            read.report(name, "set, or ACS_ENDPOINT: one of the two says which ACS resource")
        return None
    parts = parsed_connection_string(text) or {}
    if not is_https_origin(parts.get("endpoint", "")) or not is_key(parts.get("accesskey")):
        read.report(name, "endpoint=https://NAME.communication.azure.com/;accesskey=KEY, the key in base64")
    return text


def report_contradictions(read: Reader, settings: Settings) -> None:
    """Report what is wrong only beside another setting."""
    if settings.retry_max < settings.retry_first and "RETRY_FIRST_SECONDS" not in read.faults:
        read.report("RETRY_MAX_SECONDS", "at least RETRY_FIRST_SECONDS")
    # What lies among exports is deleted after a day.
    exports = f"{str(settings.recordings_storage.blob_uri).rstrip('/')}/{settings.exports_container}"
    if settings.exports_container == settings.recordings_container or exports in settings.byos_containers:
        read.report("EXPORTS_CONTAINER", "another container than RECORDINGS_CONTAINER, and none of BYOS_CONTAINERS")
    if read.is_given("CALLBACK_ISSUER") and not read.is_given("CALLBACK_AUDIENCE"):
        read.report("CALLBACK_AUDIENCE", "set where CALLBACK_ISSUER is; nothing would be verified without it")
