"""The composition root: the only place that knows both the domain and its adapters.

Everything is imported and made when first asked for: indexing the app imports no use case and no SDK, and reads no
setting, since a wrong one would make every function vanish without a trace.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from shared.adapters.connected import ConnectedAdapters
from shared.domain.errors import RecorderError, SettingsInvalid
from shared.domain.locked_properties import LockedCachedProperty
from shared.domain.log import LogEvent, log

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.control.compose_export import Exports
    from shared.control.control_recording import Control
    from shared.control.download_links import DownloadLinks
    from shared.control.health import Health
    from shared.control.list_at_risk import AtRiskList
    from shared.control.list_recordings import RecordingLists
    from shared.control.start_recording import Starts
    from shared.control.state_callbacks import StateCallbacks
    from shared.copying.copy_content import ContentCopier
    from shared.domain.open_work import OpenWork
    from shared.domain.ports import Clock
    from shared.pipeline.completion import Completion
    from shared.pipeline.consistency import Consistency
    from shared.pipeline.deletion import Deletion
    from shared.pipeline.ingest import Ingest
    from shared.pipeline.outbox import Outbox
    from shared.pipeline.poison import Poison
    from shared.pipeline.queue_messages import Inbox
    from shared.pipeline.rebuild import Rebuild
    from shared.pipeline.replay import Replay
    from shared.pipeline.retries import RetryPolicy
    from shared.pipeline.sweep import Sweep
    from shared.pipeline.transfer import Transfer


def now() -> datetime:
    return datetime.now(UTC)


class Services(ConnectedAdapters):
    """The use cases, ready to be called by the triggers.

    Args:
        environment: where the settings are; read when they are first needed.
        clock: the time in UTC.
        writers: threads that send the blocks of one copy, by default as many as are best; with a single one, runs can
            be repeated to the letter.

    Raises:
        SettingsInvalid: from every attribute, as long as the settings are wrong.
    """

    def __init__(self, environment: Mapping[str, str], clock: Clock = now, writers: int | None = None) -> None:
        super().__init__(environment)
        self.clock = clock
        self.writers = writers

    def require_settings(self) -> Self:
        """These services, for a trigger without a caller, which fires again. Raises: SettingsInvalid; logs it."""
        try:
            _ = self.settings
        except SettingsInvalid as error:
            log(LogEvent.SETTINGS_WRONG, failure=str(error))
            raise
        return self

    @contextmanager
    def function(self, by: str) -> Iterator[None]:
        """Run a function that no caller waits for; whatever it raises, the platform may log.

        Raises: SettingsInvalid; what `units.function` does.
        """
        from shared.domain import units

        with self.require_settings().invocation(by), units.function():
            yield

    @contextmanager
    def invocation(self, by: str) -> Iterator[None]:
        """Run a function for a caller; the events that it writes are sent before it ends, also where it fails.

        Raises: SettingsInvalid.
        """
        from shared.domain import invocation
        from shared.domain.units import attempt

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
        from shared.control.start_recording import Starts

        return Starts(
            self.acs_calls, self.catalog, self.open_work, self.clock, self.control, self.settings.callback_url
        )

    @LockedCachedProperty
    def control(self) -> Control:
        from shared.control.control_recording import Control

        forgotten_after = self.settings.max_recording + self.settings.acs_retention
        return Control(self.acs_calls, self.catalog, self.open_work, self.clock, forgotten_after)

    @LockedCachedProperty
    def recording_lists(self) -> RecordingLists:
        from shared.control.list_recordings import RecordingLists
        from shared.domain.day_lines import AllRecordings

        return RecordingLists(self.catalog, AllRecordings(self.catalog, self.day_lines, self.clock), self.clock)

    @LockedCachedProperty
    def at_risk_list(self) -> AtRiskList:
        from shared.control.list_at_risk import AtRiskList

        return AtRiskList(self.catalog, self.clock)

    @LockedCachedProperty
    def download_links(self) -> DownloadLinks:
        from shared.control.download_links import DownloadLinks

        return DownloadLinks(self.catalog, self.store, self.clock)

    @LockedCachedProperty
    def exports(self) -> Exports:
        from shared.control.compose_export import Exports

        with_mp3 = self.settings.export_mp3
        return Exports(self.catalog, self.download_links, self.export_store, self.copy_pieces, self.clock, with_mp3)

    @LockedCachedProperty
    def consistency(self) -> Consistency:
        from shared.pipeline.consistency import Consistency

        return Consistency(self.catalog, self.store, self.settings.max_recording, self.settings.acs_retention)

    @LockedCachedProperty
    def state_callbacks(self) -> StateCallbacks:
        from shared.control.state_callbacks import StateCallbacks

        return StateCallbacks(self.catalog, self.control, self.clock, self.callback_verifier)

    @LockedCachedProperty
    def ingest(self) -> Ingest:
        from shared.pipeline.ingest import Ingest
        from shared.pipeline.ingest_plan import IngestPolicy

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
        from shared.pipeline.transfer import Transfer

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
        from shared.pipeline.deletion import Deletion

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
        from shared.pipeline.completion import Completion

        return Completion(self.catalog, self.open_work, self.store, self.clock, self.control, self.outbox)

    @LockedCachedProperty
    def outbox(self) -> Outbox:
        from shared.pipeline.outbox import Outbox

        return Outbox(self.catalog, self.open_work, self.topic, self.event_source, self.clock)

    @property
    def authenticates_callers(self) -> bool:
        """Whether the platform's own authentication stands before the app, so that its headers can be believed."""
        return self.environment.get("WEBSITE_AUTH_ENABLED", "").casefold() == "true"

    @property
    def event_source(self) -> str:
        """This app, as the platform names it."""
        from shared.domain.recording_event import SOURCE

        return SOURCE + self.environment.get("WEBSITE_SITE_NAME", "local")

    @LockedCachedProperty
    def open_work(self) -> OpenWork:
        from shared.domain.open_work import OpenWork

        return OpenWork(self.catalog, self.settings.acs_retention)

    @LockedCachedProperty
    def sweep(self) -> Sweep:
        from shared.pipeline.dead_letters import DeadLetterIntake
        from shared.pipeline.sweep import Sweep
        from shared.pipeline.sweep_chunks import ChunkSweep
        from shared.pipeline.sweep_recordings import RecordingSweep
        from shared.pipeline.upgrade import Upgrade

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
        from shared.pipeline.poison import Poison

        return Poison(self.catalog, self.open_work, self.inbox, self.clock, self.retries)

    @LockedCachedProperty
    def inbox(self) -> Inbox:
        from shared.pipeline.queue_messages import Inbox

        return Inbox(self.rejected_events)

    @LockedCachedProperty
    def replay(self) -> Replay:
        from shared.pipeline.replay import Replay

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
        from shared.pipeline.rebuild import Rebuild

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
        from shared.control.health import Health

        return Health(self.probes)

    @property
    def retries(self) -> RetryPolicy:
        from shared.pipeline.retries import RetryPolicy

        return RetryPolicy(
            claim=self.settings.claim,
            message_patience=self.settings.message_patience,
            first=self.settings.retry_first,
            longest=self.settings.retry_max,
            retention=self.settings.acs_retention,
        )

    @LockedCachedProperty
    def copier(self) -> ContentCopier:
        from shared.copying.copy_content import WRITERS, ContentCopier, CopyOptions

        options = CopyOptions(block_bytes=self.settings.transfer_block_bytes, writers=self.writers or WRITERS)
        return ContentCopier(self.source, self.store, options)
