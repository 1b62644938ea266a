"""Turn a file-ready event into rows and messages. An event is acknowledged once its rows are durable.

What is not understood is kept and told, never raised and never dropped; only our own outage raises, so that
Event Grid tries again.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import batched

import msgspec

from shared.domain import blob_names, identifiers
from shared.domain.acs_urls import in_own_storage, own_location, parse_location
from shared.domain.errors import (
    CatalogConflict,
    CatalogUnavailable,
    NotUnderstood,
    RecorderError,
    RowUnreadable,
    StoreUnavailable,
    Unforeseen,
)
from shared.domain.json_fields import Json, text
from shared.domain.log import LogEvent, log
from shared.domain.models import Chunk, ChunkStatus, FailureKind, FilesStatus, Messages, Origin, Recording
from shared.domain.ports import CHUNKS_PER_BATCH, Catalog, Clock, EventStore
from shared.domain.recording_rows import learn_acs_id
from shared.domain.units import attempt
from shared.pipeline.file_ready_event import AnnouncedChunk, FileReady, parse_file_ready
from shared.pipeline.find_recording import find_recording, new_recording
from shared.settings import UnknownRecordings

NESTING_MAX = 100  # levels of what is kept of an event that is too deep to be written down
WRITE_TRIES = 50  # of N writers at once one always wins, so N tries are enough; parts of one recording come in dozens


class IngestPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator decided about events."""

    topic: str | None
    unknown_recordings: UnknownRecordings
    host_suffixes: tuple[str, ...]
    byos_containers: tuple[str, ...]
    retention: timedelta
    claim: timedelta


class Ingest:
    """From events to rows."""

    def __init__(
        self,
        catalog: Catalog,
        rejected: EventStore,
        clock: Clock,
        policy: IngestPolicy,
        complete: Callable[[str], object],
    ) -> None:
        self.complete = complete
        self.catalog = catalog
        self.rejected = rejected
        self.clock = clock
        self.policy = policy

    def ingest(self, document: Json) -> Messages:
        """Take in one event document; what cannot be taken in is kept and told, whatever the reason.

        Raises:
            CatalogUnavailable, CatalogConflict, StoreUnavailable: our own outage; nothing was acknowledged.
        """
        try:
            messages, refusals = attempt(partial(self.taken_in, document))
        except (CatalogUnavailable, CatalogConflict, StoreUnavailable):
            raise
        except RecorderError as error:
            self.reject(document, str(error))
            return Messages()
        if refusals:
            self.reject(document, " ".join(refusals))
        return messages

    def taken_in(self, document: Json) -> tuple[Messages, list[str]]:
        """What an event leads to, and why parts of it were not understood.

        Raises:
            NotUnderstood: all of it.
            RowUnreadable: the row of its recording says what this version does not understand.
            CatalogUnavailable, CatalogConflict: our own outage.
        """
        event = parse_file_ready(document, self.clock())
        self.check_topic(event)
        return self.write(event)

    def refusals(self, document: Json) -> list[str]:
        """Why an event, or a part of it, would not be understood now; empty when all of it would."""
        try:
            event = parse_file_ready(document, self.clock())
            self.check_topic(event)
        except NotUnderstood as error:
            return [str(error)]
        # What recording it belongs to does not matter here, only whether its places are understood.
        recording = self.explained(new_recording(event, self.clock()), event, linked=False)
        rows = [self.chunk_row(recording, event, chunk) for chunk in event.chunks]
        failures = (row.failure for row in rows if row.failure)
        return [*event.unreadable, *self.undeletable_chunks(event), *failures]

    def check_topic(self, event: FileReady) -> None:
        wanted = self.policy.topic
        if wanted and (event.topic or "").strip("/").casefold() != wanted.strip("/").casefold():
            raise NotUnderstood(f"The event comes from {event.topic}, not from ACS_TOPIC {wanted}.")

    def reject(self, document: Json, reason: str) -> None:
        """Keep an event byte for byte, under a name that a second delivery has again."""
        content = written(document).encode()
        name = f"{identifiers.digest(content.decode())}.json"
        self.rejected.keep(name, content, reason)
        log(LogEvent.EVENT_REJECTED, event=text(document, "id"), kept=name, reason=reason)

    def write(self, event: FileReady) -> tuple[Messages, list[str]]:
        """Make the rows; begin again from what is there whenever somebody else wrote first."""
        for _ in range(WRITE_TRIES - 1):
            with suppress(CatalogConflict):
                return self.write_once(event)
        return self.write_once(event)

    def write_once(self, event: FileReady) -> tuple[Messages, list[str]]:
        recording = find_recording(event, self.catalog)
        if recording is None:
            if self.policy.unknown_recordings is UnknownRecordings.IGNORE:
                log(LogEvent.EVENT_IGNORED, event=event.event_id, callId=event.call_id)
                return Messages(), []
            recording = new_recording(event, self.clock())
        known, unreadable = self.known_chunks(recording)
        fresh = [c for c in event.chunks if c.document_id not in known and c.document_id not in unreadable]
        revived = [c for c in event.chunks if c.document_id in known and was_refused(known[c.document_id])]
        # Told at every delivery: the one that wrote the rows may have died before it could.
        refusals = [*event.unreadable, *self.undeletable_chunks(event)]
        refusals += [
            str(RowUnreadable(recording.id, c.document_id)) for c in event.chunks if c.document_id in unreadable
        ]
        if fresh or revived or not recording.etag:
            recording = self.explained(recording, event)
            rows = [self.chunk_row(recording, event, chunk) for chunk in [*fresh, *revived]]
            refusals += [row.failure for row in rows if row.failure]
            return self.persist(recording, rows, known), refusals
        return Messages(), refusals

    def known_chunks(self, recording: Recording) -> tuple[dict[str, Chunk], frozenset[str]]:
        """The chunks that a recording has, and the document ids of those whose rows cannot be read."""
        known: dict[str, Chunk] = {}
        if not recording.etag:
            return known, frozenset()
        try:
            for chunk in self.catalog.chunks(recording.id):
                known[chunk.document_id] = chunk
        except RowUnreadable as error:
            return known, frozenset(error.document_ids)
        return known, frozenset()

    def explained(self, recording: Recording, event: FileReady, *, linked: bool = True) -> Recording:
        """The recording with what the event tells of it: its files reopened, and its blob folder fixed.

        Of the control half an event tells nothing; that a start failed is refuted by its file.
        """
        now = self.clock()
        began = event.recording_start_time
        row = recording.with_files(FilesStatus.TRANSFERRING, now)
        if linked and event.recording_id and row.recording_id is None:
            row = learn_acs_id(self.catalog, row, event.recording_id)
        deadline = event.event_time + self.policy.retention
        return msgspec.structs.replace(
            row,
            call_id=row.call_id or event.call_id,
            server_call_id=row.server_call_id or event.server_call_id,
            recording_content_type=row.recording_content_type or event.recording_content_type,
            recording_channel_type=row.recording_channel_type or event.recording_channel_type,
            recording_format_type=row.recording_format_type or event.recording_format_type,
            recording_start_time=row.recording_start_time or began,
            recording_duration_ms=event.recording_duration_ms or row.recording_duration_ms,
            session_end_reason=event.session_end_reason or row.session_end_reason,
            expires_at=min(row.expires_at or deadline, deadline),
            folder=row.folder or blob_names.folder(row.id, began or event.event_time),
            heard_at=now,
            claimed_until=None,
            waits_for=None,
            start_failure=None,
            start_failure_reason=None,
            refused_status=None,
            refused_code=None,
            start_report=None,
            completed_at=None,
            failure=None,
            failure_kind=None,
        )

    def chunk_row(self, recording: Recording, event: FileReady, announced: AnnouncedChunk) -> Chunk:
        now = self.clock()
        assert recording.folder
        made = event.recording_format_type or recording.recording_format_type
        extension = made if made in blob_names.CONTENT_TYPES else blob_names.DEFAULT_FORMAT
        row = Chunk(
            id=recording.id,
            document_id=announced.document_id,
            index=announced.index,
            status=ChunkStatus.PENDING,
            created_at=now,
            expires_at=event.event_time + self.policy.retention,
            content_location="",
            content_blob=blob_names.content_blob(recording.folder, announced.index, announced.document_id, extension),
            format=made if made in blob_names.CONTENT_TYPES else None,
            end_reason=announced.end_reason,
            managed=recording.origin is Origin.API or self.policy.unknown_recordings is UnknownRecordings.MANAGE,
            due_at=now + self.policy.claim,
        )
        try:
            return self.located(row, announced)
        except NotUnderstood as error:
            failure = f"{error} The event is kept in rejected-events; correct the settings and replay."
            return msgspec.structs.replace(
                row,
                status=ChunkStatus.FAILED,
                failure=failure,
                failure_kind=FailureKind.REJECTED,
                open=False,
                due_at=None,
            )

    def located(self, row: Chunk, announced: AnnouncedChunk) -> Chunk:
        """The row with the places it names, each of them checked and rebuilt.

        Raises:
            NotUnderstood: the media lies nowhere that we go.
        """
        if announced.content_location is None:
            raise NotUnderstood(f"Chunk {row.document_id} has no contentLocation.")
        if in_own_storage(announced.content_location, self.policy.byos_containers):
            return self.located_in_own_storage(row, announced)
        content = own_location(row.document_id, announced.content_location, self.policy.host_suffixes)
        row = msgspec.structs.replace(row, content_location=content.url)
        if announced.metadata_location is None:
            # And no delete_location: deleting the document would delete metadata of which there is no copy.
            return row
        metadata = own_location(row.document_id, announced.metadata_location, self.policy.host_suffixes)
        folder = row.content_blob.rpartition("/")[0]
        return msgspec.structs.replace(
            row,
            metadata_location=metadata.url,
            metadata_blob=blob_names.metadata_blob(folder, row.index, row.document_id),
            delete_location=self.deletable(row.document_id, announced.delete_location),
        )

    def located_in_own_storage(self, row: Chunk, announced: AnnouncedChunk) -> Chunk:
        """A chunk that ACS wrote into the operator's own container: its copy is the original."""
        assert announced.content_location
        metadata = announced.metadata_location
        ours = metadata if metadata and in_own_storage(metadata, self.policy.byos_containers) else None
        return msgspec.structs.replace(
            row,
            own_storage=True,
            content_location=announced.content_location,
            content_blob=announced.content_location,
            metadata_location=ours,
            metadata_blob=ours,
        )

    def deletable(self, document_id: str, url: str | None) -> str | None:
        """What may be deleted at ACS: only the chunk's own document. Anything else is left to ACS's retention."""
        try:
            return own_location(document_id, url, self.policy.host_suffixes).url if url else None
        except NotUnderstood:
            return None

    def undeletable_chunks(self, event: FileReady) -> list[str]:
        return [note for chunk in event.chunks if (note := self.undeletable(chunk))]

    def undeletable(self, announced: AnnouncedChunk) -> str | None:
        """Why a deleteLocation was not taken over, if it is none of the forms we know."""
        if not announced.delete_location or in_own_storage(announced.delete_location, self.policy.byos_containers):
            return None
        try:
            parse_location(announced.delete_location, self.policy.host_suffixes)
        except NotUnderstood as error:
            return f"Chunk {announced.document_id} is stored but will not be deleted at ACS: {error}"
        return None

    def persist(self, recording: Recording, rows: list[Chunk], known: dict[str, Chunk]) -> Messages:
        """Write index, rows, messages, in this order: what a crash leaves behind is found and finished."""
        now = self.clock()
        # Where ACS has not confirmed the end, the next sweep asks it.
        work = [recording.line(now if recording.may_run else now + self.policy.claim)]
        work += [row.line(row.due_at) for row in rows if row.due_at]
        self.catalog.note_open(work)
        if not recording.etag:
            recording = self.catalog.save_recording(recording)
        for batch in batched((row for row in rows if row.document_id not in known), CHUNKS_PER_BATCH, strict=False):
            recording = self.catalog.add_chunks(recording, batch)
        for row in rows:
            if row.document_id in known and row.due_at:
                self.catalog.save_chunk(msgspec.structs.replace(row, etag=known[row.document_id].etag))
                recording = self.catalog.save_recording(recording)
        transfers = tuple(row.ref for row in rows if row.due_at)
        log(LogEvent.EVENT_INGESTED, id=recording.id, chunks=len(rows), transfers=len(transfers))
        if not transfers:
            with suppress(Unforeseen):  # the recording's line is in the index; the sweep tries again and tells
                attempt(partial(self.complete, recording.id))
        return Messages(transfers=transfers)


def written(document: Json) -> str:
    """An event as JSON; of one that is nested too deeply to be written what lies at the depths of any real event."""
    try:
        return json.dumps(document, separators=(",", ":"))
    except RecursionError:
        return json.dumps(cut_off(document, NESTING_MAX), separators=(",", ":"))


def cut_off(value: object, levels: int) -> object:
    if isinstance(value, Mapping) and levels:
        return {name: cut_off(item, levels - 1) for name, item in value.items()}
    if isinstance(value, list) and levels:
        return [cut_off(item, levels - 1) for item in value]
    return "nested too deeply to be kept" if isinstance(value, Mapping | list) else value


def was_refused(chunk: Chunk) -> bool:
    """Whether the chunk failed because its URLs were not understood; a new reading may understand them."""
    return chunk.status is ChunkStatus.FAILED and not chunk.content_location


def merged(parts: Iterable[Messages]) -> Messages:
    """Everything that several steps want sent."""
    listed = list(parts)
    return Messages(
        transfers=tuple(ref for part in listed for ref in part.transfers),
        deletions=tuple(ref for part in listed for ref in part.deletions),
    )
