"""Ingest file-ready events: read the rows, plan, write. An event is acknowledged once its rows are durable.

What is not understood is kept and alerted, never raised and never dropped; only our own outage raises, so that
Event Grid tries again.
"""

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import batched

import msgspec

from shared.domain.errors import (
    CatalogConflict,
    CatalogUnavailable,
    NotUnderstood,
    RecorderError,
    StoreUnavailable,
    Unforeseen,
)
from shared.domain.json_fields import Json, text
from shared.domain.log import LogEvent, log
from shared.domain.models import Messages
from shared.domain.open_work import OpenWork
from shared.domain.ports import CHUNKS_PER_BATCH, Catalog, Clock, EventStore
from shared.domain.recording_rows import call_ids, link_acs_id, with_acs_id
from shared.domain.units import attempt
from shared.pipeline.completion import Completion
from shared.pipeline.file_ready_event import FileReady, parse_file_ready
from shared.pipeline.find_recording import derived_ids, find_recording, new_recording
from shared.pipeline.ingest_plan import NO_FILE, IngestPolicy, Plan, plan_event
from shared.pipeline.rejected_events import Rejected, reject
from shared.settings import UnknownRecordings

WRITE_TRIES = 50  # of N writers at once one always wins, so N tries are enough; parts of one recording come in dozens

IGNORED = (
    "No recording that was started here is known to be meant, and UNKNOWN_RECORDINGS is ignore: nothing is copied, and"
    " the event is not kept."
)


class Ingested(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an event; of one that is known already, nothing.

    Attributes:
        messages: what is to be sent.
        rejected: what of it was not taken in, and why.
        is_ignored: whether that is as the operator wants it, so that nothing of it is kept.
    """

    messages: Messages = Messages()
    rejected: tuple[Rejected, ...] = ()
    is_ignored: bool = False

    @property
    def is_understood(self) -> bool:
        """Whether nothing of it has to be kept for a person."""
        return self.is_ignored or not self.rejected


@dataclass(frozen=True)
class Ingest:
    """Turns events into rows and messages."""

    catalog: Catalog
    open_work: OpenWork
    rejected_events: EventStore
    clock: Clock
    policy: IngestPolicy
    completion: Completion

    def ingest(self, document: Json) -> Ingested:
        """Ingest one event document; what cannot be ingested is kept and alerted, whatever the reason.

        Raises:
            CatalogUnavailable, CatalogConflict, StoreUnavailable: our own outage; nothing was acknowledged.
        """
        try:
            ingested = attempt(lambda: self.write(self.read(document)))
        except (CatalogUnavailable, CatalogConflict, StoreUnavailable):
            raise
        except RecorderError as error:
            ingested = refused(document, error)
        if not ingested.is_understood:
            reject(self.rejected_events, document, ingested.rejected)
        return ingested

    def ingest_whole(self, document: Json) -> Ingested:
        """Ingest an event if all of it is understood, else nothing of it; raises as `write`."""
        try:
            event = self.read(document)
        except NotUnderstood as error:
            return refused(document, error)
        now = self.clock()
        # Any recording will do: only the URLs are checked.
        dry_run = plan_event(event, new_recording(event, now), {}, self.policy, now)
        return Ingested(rejected=dry_run.refusals) if dry_run.refusals else self.write(event)

    def read(self, document: Json) -> FileReady:
        """Raises: NotUnderstood when it is no file-ready event, or one of another topic."""
        event = parse_file_ready(document, self.clock())
        wanted = self.policy.topic
        if wanted and (event.topic or "").strip("/").casefold() != wanted.strip("/").casefold():
            raise NotUnderstood(
                f"The event does not come from ACS_TOPIC, {wanted}; if it should, correct the setting and replay."
            )
        return event

    def write(self, event: FileReady) -> Ingested:
        """Make the rows; begin again from what is there when another writer was first.

        Raises:
            RowUnreadable: the row of its recording says what this version does not understand.
            CatalogUnavailable, CatalogConflict: our own outage.
        """
        for _ in range(WRITE_TRIES - 1):
            with suppress(CatalogConflict):
                return self.write_once(event)
        return self.write_once(event)

    def write_once(self, event: FileReady) -> Ingested:
        found = find_recording(event, self.catalog)
        if found is None and self.policy.unknown_recordings is UnknownRecordings.IGNORE:
            log(LogEvent.EVENT_IGNORED, id=derived_ids(event)[0], chunks=len(event.chunks))
            return Ingested(rejected=(Rejected(event.event_id, None, IGNORED),), is_ignored=True)
        if found is None and not event.chunks and not event.unreadable:
            return Ingested(rejected=(Rejected(event.event_id, None, NO_FILE),))
        now = self.clock()
        recording = found.recording if found else new_recording(event, now)
        plan = plan_event(event, recording, found.chunks if found else {}, self.policy, now)
        if recording.etag and call_ids(plan.recording) != call_ids(recording):
            self.catalog.index_calls(plan.recording)  # before the row names them; a new row is indexed by itself
        messages = Messages() if plan.is_empty else self.carry_out(plan, event.recording_id)
        # These come at every delivery: the one that wrote the rows may have died before it kept the event.
        return Ingested(messages=messages, rejected=(*plan.refusals, *plan.remarks))

    def carry_out(self, plan: Plan, recording_id: str | None) -> Messages:
        """Write the link, the open-work index and the rows, in this order: what a crash leaves behind is found."""
        recording = plan.recording
        if recording_id and recording.recording_id is None:
            recording = with_acs_id(recording, recording_id, link_acs_id(self.catalog, recording, recording_id))
        rows = [*plan.added, *plan.changed]
        now = self.clock()
        # Where ACS has not confirmed the end, the next sweep asks it.
        self.open_work.watch(recording, now if recording.may_run else now + self.policy.message_patience, rows)
        if not recording.etag or not rows:
            recording = self.catalog.save_recording(recording)
        for batch in batched(plan.added, CHUNKS_PER_BATCH, strict=False):
            recording = self.catalog.add_chunks(recording, batch)
        for row in plan.changed:
            self.catalog.save_chunk(row)
        if plan.changed:
            recording = self.catalog.save_recording(recording)
        transfers = tuple(row.ref for row in rows if row.due_at)
        log(LogEvent.EVENT_INGESTED, id=recording.id, chunks=len(rows), transfers=len(transfers))
        if not transfers:
            with suppress(Unforeseen):  # the recording's entry is in the index; the sweep tries again and alerts
                attempt(partial(self.completion.complete_if_last, recording.id))
        return Messages(transfers=transfers)


def refused(document: Json, error: RecorderError) -> Ingested:
    """An event of which nothing is taken in."""
    return Ingested(rejected=(Rejected(text(document, "id"), None, str(error)),))
