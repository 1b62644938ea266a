"""The composition root: the only place that knows both the domain and its adapters.

Everything is made when first asked for, so that indexing the app imports no SDK and reads no setting: a wrong one
would make every function vanish without a trace. And by one thread at a time: the SDKs import each other in circles,
and two threads that enter such a circle at different places find half a module.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from threading import RLock
from typing import TYPE_CHECKING, Self

from shared.adapters.storage_accounts import AppIdentity, StorageAccount, identity_for
from shared.control.compose_export import Exports
from shared.control.control_recording import Control
from shared.control.download_links import DownloadLinks
from shared.control.health import Health, Probe
from shared.control.list_at_risk import AtRiskList
from shared.control.list_recordings import RecordingLists
from shared.control.start_recording import Starts
from shared.control.state_callbacks import StateCallbacks
from shared.copying.copy_content import WRITERS, ContentCopier, CopyOptions
from shared.domain import invocation, ports
from shared.domain.copy_pieces import CopyPieces
from shared.domain.day_lines import AllRecordings
from shared.domain.durations import TOPIC_READ_SECONDS
from shared.domain.errors import AcsUnavailable, RecorderError, SettingsInvalid, TopicUnavailable
from shared.domain.locked_properties import LockedCachedProperty
from shared.domain.log import LogEvent, log
from shared.domain.open_work import OpenWork
from shared.domain.recording_event import SOURCE
from shared.domain.units import attempt
from shared.pipeline.completion import Completion
from shared.pipeline.consistency import Consistency
from shared.pipeline.dead_letters import DeadLetterIntake
from shared.pipeline.deletion import Deletion
from shared.pipeline.ingest import Ingest
from shared.pipeline.ingest_plan import IngestPolicy
from shared.pipeline.outbox import Outbox
from shared.pipeline.poison import Poison
from shared.pipeline.queue_messages import Inbox
from shared.pipeline.rebuild import Rebuild
from shared.pipeline.replay import Replay
from shared.pipeline.retries import RetryPolicy
from shared.pipeline.sweep import Sweep
from shared.pipeline.sweep_chunks import ChunkSweep
from shared.pipeline.sweep_recordings import RecordingSweep
from shared.pipeline.transfer import Transfer
from shared.pipeline.upgrade import Upgrade
from shared.settings import (
    CATALOG_TABLE,
    DEAD_LETTERS_CONTAINER,
    EVENT_CONTAINERS,
    INDEX_TABLE,
    REJECTED_EVENTS_CONTAINER,
    Settings,
)

if TYPE_CHECKING:
    from azure.communication.callautomation import CallAutomationClient


def now() -> datetime:
    return datetime.now(UTC)


class Services:
    """The use cases, ready to be called by the triggers.

    Args:
        environment: where the settings are; read when they are first needed.
        clock: the time in UTC.
        writers: threads that send the blocks of one copy; with a single one, runs can be repeated to the letter.

    Raises:
        SettingsInvalid: from every attribute, as long as the settings are wrong.
    """

    def __init__(self, environment: Mapping[str, str], clock: ports.Clock = now, writers: int = WRITERS) -> None:
        self.environment = environment
        self.clock = clock
        self.writers = writers
        self.lock: AbstractContextManager[object] = RLock()

    @LockedCachedProperty
    def settings(self) -> Settings:
        return Settings.from_environment(self.environment)

    def require_settings(self) -> Self:
        """These services, for a trigger without a caller, which fires again. Raises: SettingsInvalid; logs it."""
        try:
            _ = self.settings
        except SettingsInvalid as error:
            log(LogEvent.SETTINGS_WRONG, failure=str(error))
            raise
        return self

    @contextmanager
    def invocation(self, by: str) -> Iterator[None]:
        """Run a function for a caller; the events that it writes are sent before it ends, also where it fails.

        Raises: SettingsInvalid.
        """
        with invocation.begin(by, sends=self.settings.events_topic_endpoint is not None) as current:
            try:
                yield
            finally:
                if current.written:
                    with suppress(RecorderError):  # whatever it is, the work is done, and the sweep sends them
                        attempt(self.send_events)

    def send_events(self) -> None:
        self.outbox.send_written()

    @LockedCachedProperty
    def starts(self) -> Starts:
        return Starts(
            self.acs_calls, self.catalog, self.open_work, self.clock, self.control, self.settings.callback_url
        )

    @LockedCachedProperty
    def control(self) -> Control:
        forgotten_after = self.settings.max_recording + self.settings.acs_retention
        return Control(self.acs_calls, self.catalog, self.open_work, self.clock, forgotten_after)

    @LockedCachedProperty
    def recording_lists(self) -> RecordingLists:
        return RecordingLists(self.catalog, AllRecordings(self.catalog, self.day_lines, self.clock), self.clock)

    @LockedCachedProperty
    def at_risk_list(self) -> AtRiskList:
        return AtRiskList(self.catalog, self.clock)

    @LockedCachedProperty
    def download_links(self) -> DownloadLinks:
        return DownloadLinks(self.catalog, self.store, self.clock)

    @LockedCachedProperty
    def exports(self) -> Exports:
        with_mp3 = self.settings.export_mp3
        return Exports(self.catalog, self.download_links, self.export_store, self.copy_pieces, self.clock, with_mp3)

    @LockedCachedProperty
    def consistency(self) -> Consistency:
        return Consistency(self.catalog, self.store, self.settings.max_recording, self.settings.acs_retention)

    @LockedCachedProperty
    def state_callbacks(self) -> StateCallbacks:
        return StateCallbacks(self.catalog, self.control, self.clock, self.callback_verifier)

    @LockedCachedProperty
    def ingest(self) -> Ingest:
        policy = IngestPolicy(
            topic=self.settings.acs_topic,
            unknown_recordings=self.settings.unknown_recordings,
            host_suffixes=self.settings.recording_host_suffixes,
            byos_containers=self.settings.byos_containers,
            retention=self.settings.acs_retention,
            message_patience=self.settings.message_patience,
        )
        return Ingest(self.catalog, self.open_work, self.rejected_events, self.clock, policy, self.completion)

    @LockedCachedProperty
    def transfer(self) -> Transfer:
        return Transfer(
            self.catalog,
            self.open_work,
            self.source,
            self.store,
            self.own_storage,
            self.copier,
            self.clock,
            self.retries,
            self.settings.verify_source,
            self.completion,
        )

    @LockedCachedProperty
    def deletion(self) -> Deletion:
        return Deletion(
            self.catalog,
            self.open_work,
            self.source,
            self.store,
            self.clock,
            self.retries,
            self.settings.delete_from_acs,
            self.completion,
        )

    @LockedCachedProperty
    def completion(self) -> Completion:
        return Completion(self.catalog, self.open_work, self.store, self.clock, self.control, self.outbox)

    @LockedCachedProperty
    def outbox(self) -> Outbox:
        return Outbox(self.catalog, self.open_work, self.topic, self.event_source, self.clock)

    @property
    def authenticates_callers(self) -> bool:
        """Whether the platform's own authentication stands before the app, so that its headers can be believed."""
        return self.environment.get("WEBSITE_AUTH_ENABLED", "").casefold() == "true"

    @property
    def event_source(self) -> str:
        """This app, as the platform names it."""
        return SOURCE + self.environment.get("WEBSITE_SITE_NAME", "local")

    @LockedCachedProperty
    def open_work(self) -> OpenWork:
        return OpenWork(self.catalog, self.settings.acs_retention)

    @LockedCachedProperty
    def sweep(self) -> Sweep:
        recordings = RecordingSweep(
            self.catalog,
            self.open_work,
            self.completion,
            self.control,
            self.clock,
            self.settings.max_recording,
            self.settings.acs_retention,
        )
        chunks = ChunkSweep(self.catalog, self.open_work, self.completion, self.clock, self.settings.message_patience)
        letters = DeadLetterIntake(self.dead_letters, self.ingest, self.clock)
        upgrade = Upgrade(self.catalog, self.day_lines, self.open_work, self.clock)
        return Sweep(self.catalog, self.open_work, letters, recordings, chunks, upgrade, self.outbox, self.clock)

    @LockedCachedProperty
    def poison(self) -> Poison:
        return Poison(self.catalog, self.open_work, self.inbox, self.clock, self.retries)

    @LockedCachedProperty
    def inbox(self) -> Inbox:
        return Inbox(self.rejected_events)

    @LockedCachedProperty
    def replay(self) -> Replay:
        return Replay(
            self.catalog,
            self.open_work,
            self.rejected_events,
            self.ingest,
            self.completion,
            self.clock,
            self.settings.message_patience,
        )

    @LockedCachedProperty
    def rebuild(self) -> Rebuild:
        return Rebuild(
            self.catalog,
            self.open_work,
            self.store,
            self.completion,
            self.clock,
            self.settings.byos_containers,
            self.settings.acs_retention,
            self.settings.message_patience,
        )

    @LockedCachedProperty
    def health(self) -> Health:
        return Health(self.probes)

    @property
    def retries(self) -> RetryPolicy:
        return RetryPolicy(
            claim=self.settings.claim,
            message_patience=self.settings.message_patience,
            first=self.settings.retry_first,
            longest=self.settings.retry_max,
            retention=self.settings.acs_retention,
        )

    @LockedCachedProperty
    def copier(self) -> ContentCopier:
        options = CopyOptions(block_bytes=self.settings.transfer_block_bytes, writers=self.writers)
        return ContentCopier(self.source, self.store, options)

    # The adapters.

    @LockedCachedProperty
    def catalog(self) -> ports.Catalog:
        from shared.adapters.table_catalog import TableCatalog

        tables = self.runtime_account.tables
        return TableCatalog(tables.get_table_client(CATALOG_TABLE), tables.get_table_client(INDEX_TABLE))

    @LockedCachedProperty
    def day_lines(self) -> ports.DayLines:
        from shared.adapters.table_day_lines import TableDayLines

        return TableDayLines(self.runtime_account.tables.get_table_client(INDEX_TABLE))

    @LockedCachedProperty
    def acs_calls(self) -> ports.AcsCalls:
        from shared.adapters.acs_calls import SdkAcsCalls

        return SdkAcsCalls(self.acs_client)

    @LockedCachedProperty
    def source(self) -> ports.Source:
        from shared.adapters.acs_contents import SdkSource

        return SdkSource(self.acs_client, self.settings.recording_host_suffixes)

    @LockedCachedProperty
    def acs_client(self) -> "CallAutomationClient":
        from shared.adapters.acs_client import connect

        settings = self.settings
        return connect(
            settings.acs_endpoint,
            settings.acs_connection_string,
            lambda: AppIdentity(identity_for(settings.client_id), AcsUnavailable),
        )

    @LockedCachedProperty
    def store(self) -> ports.ChunkStore:
        from shared.adapters.blob_storage import BlobChunkStore

        return BlobChunkStore(self.recordings_account, self.settings.recordings_container)

    @LockedCachedProperty
    def export_store(self) -> ports.ChunkStore:
        from shared.adapters.blob_storage import BlobChunkStore

        return BlobChunkStore(self.recordings_account, self.settings.exports_container)

    @LockedCachedProperty
    def copy_pieces(self) -> CopyPieces:
        from shared.adapters.blob_pieces import BlobPieces

        settings = self.settings
        return BlobPieces(self.recordings_account, settings.recordings_container, settings.exports_container)

    @LockedCachedProperty
    def own_storage(self) -> ports.OwnStorage:
        from shared.adapters.blob_storage import BlobOwnStorage

        return BlobOwnStorage(self.recordings_account)

    @LockedCachedProperty
    def rejected_events(self) -> ports.EventStore:
        from shared.adapters.blob_storage import EventContainer

        return EventContainer(self.runtime_account.blobs, REJECTED_EVENTS_CONTAINER)

    @LockedCachedProperty
    def dead_letters(self) -> ports.EventStore:
        from shared.adapters.blob_storage import EventContainer

        return EventContainer(self.runtime_account.blobs, DEAD_LETTERS_CONTAINER)

    @LockedCachedProperty
    def topic(self) -> ports.EventTopic | None:
        settings = self.settings
        if settings.events_topic_endpoint is None:
            return None
        from shared.adapters.event_topic import GridEventTopic

        identity = identity_for(settings.client_id, TOPIC_READ_SECONDS)
        return GridEventTopic(settings.events_topic_endpoint, AppIdentity(identity, TopicUnavailable))

    @LockedCachedProperty
    def probes(self) -> dict[str, Probe]:
        """By the dependency's name. All clients are made here: the probes run in threads of their own."""
        from shared.adapters import dependency_probes as probes

        runtime, recordings = self.runtime_account, self.recordings_account
        return {
            "tables": partial(probes.probe_tables, runtime.tables, CATALOG_TABLE, INDEX_TABLE),
            "recordingsStorage": partial(probes.probe_containers, recordings.blobs, self.settings.recordings_container),
            "runtimeStorage": partial(
                probes.probe_blobs_and_queues, runtime.blobs, runtime.queue_url, *EVENT_CONTAINERS
            ),
            "acs": partial(probes.probe_acs, self.acs_client),
        }

    @LockedCachedProperty
    def runtime_account(self) -> StorageAccount:
        return StorageAccount(self.settings.runtime_storage, self.settings.client_id)

    @LockedCachedProperty
    def recordings_account(self) -> StorageAccount:
        return StorageAccount(self.settings.recordings_storage, self.settings.client_id)

    @LockedCachedProperty
    def callback_verifier(self) -> ports.CallbackVerifier | None:
        settings = self.settings
        if settings.callback_audience is None:
            return None
        from shared.adapters.callback_tokens import JwtCallbackVerifier

        return JwtCallbackVerifier(settings.callback_audience, settings.callback_issuer, settings.callback_jwks_url)
