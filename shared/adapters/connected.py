"""Every adapter, connected as the settings say: each is imported and made when it is first asked for.

Then, since indexing the app must import no SDK; and by one thread at a time, since the SDKs import each other in
circles, and two threads that enter such a circle at different places find half a module.
"""

from __future__ import annotations

from functools import partial
from threading import RLock
from typing import TYPE_CHECKING

from shared.domain.durations import TOPIC_READ_SECONDS
from shared.domain.locked_properties import LockedCachedProperty
from shared.settings import (
    CATALOG_TABLE,
    DEAD_LETTERS_CONTAINER,
    EVENT_CONTAINERS,
    INDEX_TABLE,
    REJECTED_EVENTS_CONTAINER,
    Settings,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from azure.communication.callautomation import CallAutomationClient

    from shared.adapters.storage_accounts import StorageAccount
    from shared.domain import ports
    from shared.domain.copy_pieces import CopyPieces


class ConnectedAdapters:
    """The adapters, by the port that each stands for.

    Args:
        environment: where the settings are; read when they are first needed.

    Raises:
        SettingsInvalid: from every attribute, as long as the settings are wrong.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.lock: AbstractContextManager[object] = RLock()

    @LockedCachedProperty
    def settings(self) -> Settings:
        return Settings.from_environment(self.environment)

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
    def acs_client(self) -> CallAutomationClient:
        from shared.adapters.acs_client import connect
        from shared.adapters.storage_accounts import AppIdentity, identity_for
        from shared.domain.errors import AcsUnavailable

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

        return BlobOwnStorage(self.recordings_account, self.settings.byos_containers)

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
        from shared.adapters.storage_accounts import AppIdentity, identity_for
        from shared.domain.errors import TopicUnavailable

        identity = identity_for(settings.client_id, TOPIC_READ_SECONDS)
        return GridEventTopic(settings.events_topic_endpoint, AppIdentity(identity, TopicUnavailable))

    @LockedCachedProperty
    def probes(self) -> dict[str, Callable[[], None]]:
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
        from shared.adapters.storage_accounts import StorageAccount

        return StorageAccount(self.settings.runtime_storage, self.settings.client_id)

    @LockedCachedProperty
    def recordings_account(self) -> StorageAccount:
        from shared.adapters.storage_accounts import StorageAccount

        return StorageAccount(self.settings.recordings_storage, self.settings.client_id)

    @LockedCachedProperty
    def callback_verifier(self) -> ports.CallbackVerifier | None:
        settings = self.settings
        if settings.callback_audience is None:
            return None
        from shared.adapters.callback_tokens import JwtCallbackVerifier

        return JwtCallbackVerifier(settings.callback_audience, settings.callback_issuer, settings.callback_jwks_url)
