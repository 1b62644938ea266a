"""The plan of an ingest: what a file-ready event makes of the rows, decided before anything is written.

Everything here is pure. The same plan, on no rows at all, is the dry run by which replay learns whether an event would
be understood.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import msgspec

from shared.domain import blob_names
from shared.domain.acs_urls import in_own_storage, own_location
from shared.domain.acs_words import StorageType
from shared.domain.errors import NotUnderstood, RowUnreadable
from shared.domain.identifiers import digest
from shared.domain.models import Chunk, ChunkStatus, FailureKind, FilesStatus, Origin, Recording
from shared.pipeline.file_ready_event import AnnouncedChunk, FileReady
from shared.pipeline.wholeness import STILL_RECORDED, later_session_end, plain, weight
from shared.settings import UnknownRecordings

CALL_ID_CHARACTERS_MAX = 200  # ACS's have 36; a batch of rows must fit whatever an event says
DIGEST_DIGITS = 16  # of an event's id on the row of its recording: enough to know it again
# Of a row, by any event of its recording: that it was not started, or that its start is waited for.
REFUTED = dict.fromkeys(
    ("claimed_until", "waits_for", "start_failure", "start_failure_reason", "refused_status", "refused_code")
)
NO_FILE = "The event lists no recordingChunks: ACS announced no file."


class IngestPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator decided about events."""

    topic: str | None
    unknown_recordings: UnknownRecordings
    host_suffixes: tuple[str, ...]
    byos_containers: tuple[str, ...]
    retention: timedelta
    claim: timedelta


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written for an event.

    Attributes:
        recording: the row as it will be, save for ACS's id, which is linked first.
        added: rows of chunks to create; a chunk whose URLs are refused gets one, too.
        revived: rows to replace: refused chunks whose URLs are understood now, and chunks that were still recorded.
        refusals: one sentence for each part of the event that is not understood.
        remarks: one sentence for what a person should know although nothing has to be read again.
        has_news: whether the recording's row says something new beside its chunks.
    """

    recording: Recording
    added: tuple[Chunk, ...]
    revived: tuple[Chunk, ...]
    refusals: tuple[str, ...]
    remarks: tuple[str, ...]
    has_news: bool

    @property
    def is_empty(self) -> bool:
        """Whether the rows say all of it already."""
        return bool(self.recording.etag) and not (self.added or self.revived or self.has_news)


def plan_event(
    event: FileReady, recording: Recording, known: Mapping[str, Chunk | None], policy: IngestPolicy, now: datetime
) -> Plan:
    """What an event makes of its recording: of the row that it is about, or a new one.

    `known` has the rows of the recording's chunks by document id; None for one that cannot be read.
    """
    if not event.chunks and not event.unreadable:
        return plan_without_files(recording, now)
    planned = with_event(recording, event, policy, now)
    added: list[Chunk] = []
    revived: list[Chunk] = []
    unreadable: list[str] = []
    refused: list[str] = []
    for announced in event.chunks:
        old = known.get(announced.document_id)
        if old is None and announced.document_id in known:
            unreadable.append(str(RowUnreadable(recording.id, announced.document_id)))
        elif old is None or old.refused or has_ended(old, announced):
            row = chunk_row(planned, event, announced, policy, now)
            if row.failure:
                refused.append(row.failure)
            if old is None:
                added.append(row)
            elif not row.refused and is_copied_anew(old, row):
                revived.append(msgspec.structs.replace(row, etag=old.etag))
    return Plan(
        recording=planned,
        added=tuple(added),
        revived=tuple(revived),
        refusals=(*event.unreadable, *unreadable, *refused),
        remarks=(*undeletable_chunks(event, policy), *unread_metadata(event, policy)),
        has_news=weight(planned.session_end_reason) != weight(recording.session_end_reason)
        or planned.unread_events != recording.unread_events
        or (recording.recording_id is None and event.recording_id is not None),
    )


def has_ended(old: Chunk, announced: AnnouncedChunk) -> bool:
    """Whether a chunk that ACS was still recording when it was announced has ended: a copy of it may lack its end."""
    return plain(old.end_reason) == STILL_RECORDED and plain(announced.end_reason) not in {STILL_RECORDED, ""}


def is_copied_anew(old: Chunk, row: Chunk) -> bool:
    """Whether the row leads to a copy of what is at ACS now: a blob that has its name already would count as that."""
    return old.refused or row.own_storage or row.content_blob != old.content_blob


def plan_without_files(recording: Recording, now: datetime) -> Plan:
    """What an event that lists no file makes of its recording: it says so, unless files are known from another event.

    The files half stays as it is: another event may list files yet. The sweep alerts if none does.
    """
    planned = recording
    if recording.files is FilesStatus.NONE:
        failure = f"{NO_FILE} The event is kept in rejected-events; hand in the one that lists them, if there is one."
        # That ACS reported a failed start goes well with an event without files.
        refuted = {} if recording.start_report else REFUTED
        planned = msgspec.structs.replace(recording, failure=failure, **refuted)
    has_news = planned != recording
    if has_news:
        planned = msgspec.structs.replace(planned, heard_at=now, updated_at=now)
    return Plan(recording=planned, added=(), revived=(), refusals=(), remarks=(NO_FILE,), has_news=has_news)


def with_event(recording: Recording, event: FileReady, policy: IngestPolicy, now: datetime) -> Recording:
    """The recording with what the event says of it: its files reopened, and its blob folder fixed.

    Of the control half an event says nothing; that a start failed is refuted by its file.
    """
    began = event.recording_start_time
    deadline = event.event_time + policy.retention
    return msgspec.structs.replace(
        recording.with_files(FilesStatus.TRANSFERRING, now),
        call_id=recording.call_id or event.call_id,
        server_call_id=recording.server_call_id or event.server_call_id,
        recording_content_type=recording.recording_content_type or event.recording_content_type,
        recording_channel_type=recording.recording_channel_type or event.recording_channel_type,
        recording_format_type=recording.recording_format_type or event.recording_format_type,
        recording_start_time=recording.recording_start_time or began,
        recording_duration_ms=event.recording_duration_ms or recording.recording_duration_ms,
        session_end_reason=later_session_end(recording.session_end_reason, event.session_end_reason),
        storage_type=storage_type(recording, event),
        unread_events=unread_events(recording, event),
        expires_at=min(recording.expires_at or deadline, deadline),
        folder=recording.folder or blob_names.folder(recording.id, began or event.event_time),
        heard_at=now,
        told=None,
        start_report=None,
        completed_at=None,
        failure=None,
        failure_kind=None,
        **REFUTED,
    )


def unread_events(recording: Recording, event: FileReady) -> str | None:
    """The events that list a chunk which cannot be read, by digest: one goes when it comes again, corrected."""
    unread = (recording.unread_events or "").split()
    name = digest(event.event_id or "")[:DIGEST_DIGITS]
    others = [one for one in unread if one != name]
    return " ".join([*others, name] if event.unreadable else others) or None


def storage_type(recording: Recording, event: FileReady) -> StorageType | None:
    """Where the files are; ACS's own storage as soon as one event says so: of an export that failed a part is there."""
    both = {recording.storage_type, event.storage_type}
    return StorageType.ACS if StorageType.ACS in both else event.storage_type or recording.storage_type


def chunk_row(
    recording: Recording, event: FileReady, announced: AnnouncedChunk, policy: IngestPolicy, now: datetime
) -> Chunk:
    """The row of an announced chunk: pending, or failed and refused where its URLs are not understood."""
    assert recording.folder
    announced_format = event.recording_format_type or recording.recording_format_type
    format = announced_format if announced_format in blob_names.CONTENT_TYPES else None
    extension = format or blob_names.DEFAULT_FORMAT
    is_recorded = plain(announced.end_reason) == STILL_RECORDED
    row = Chunk(
        id=recording.id,
        document_id=announced.document_id,
        index=announced.index,
        status=ChunkStatus.PENDING,
        created_at=now,
        expires_at=event.event_time + policy.retention,
        content_location="",
        content_blob=blob_names.content_blob(
            recording.folder, announced.index, announced.document_id, extension, unfinished=is_recorded
        ),
        format=format,
        end_reason=announced.end_reason,
        call_id=(recording.call_id or "")[:CALL_ID_CHARACTERS_MAX],
        left_at_acs="ACS says that it is still recorded." if is_recorded else None,
        managed=recording.origin is Origin.API or policy.unknown_recordings is UnknownRecordings.MANAGE,
        due_at=now + policy.claim,
    )
    try:
        return with_locations(row, announced, policy)
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


def with_locations(row: Chunk, announced: AnnouncedChunk, policy: IngestPolicy) -> Chunk:
    """The row with the URLs that the event gives, each of them checked and rebuilt.

    Raises:
        NotUnderstood: the URL of the media or of its metadata is not one of ACS's.
    """
    if announced.content_location is None:
        raise NotUnderstood(f"Chunk {row.document_id} has no contentLocation.")
    if in_own_storage(announced.content_location, policy.byos_containers):
        return with_own_storage(row, announced.content_location, announced.metadata_location, policy)
    content = own_location(row.document_id, announced.content_location, policy.host_suffixes)
    row = msgspec.structs.replace(row, content_location=content.url)
    if announced.metadata_location is None:
        # And no delete_location: deleting the document would delete metadata of which there is no copy.
        return row
    metadata = own_location(row.document_id, announced.metadata_location, policy.host_suffixes)
    row = msgspec.structs.replace(
        row, metadata_location=metadata.url, metadata_blob=blob_names.metadata_blob(row.content_blob)
    )
    return with_delete_location(row, announced.delete_location, policy)


def with_own_storage(row: Chunk, content: str, metadata: str | None, policy: IngestPolicy) -> Chunk:
    """The row of a chunk that ACS wrote into the operator's own container: its copy is the original."""
    own_metadata = metadata if metadata and in_own_storage(metadata, policy.byos_containers) else None
    return msgspec.structs.replace(
        row,
        own_storage=True,
        content_location=content,
        content_blob=content,
        metadata_location=own_metadata,
        metadata_blob=own_metadata,
    )


def with_delete_location(row: Chunk, url: str | None, policy: IngestPolicy) -> Chunk:
    """The row with the URL to delete at ACS: the chunk's own document, else none, and ACS's retention does it."""
    if url is None:
        return row
    try:
        location = own_location(row.document_id, url, policy.host_suffixes)
    except NotUnderstood as error:
        return msgspec.structs.replace(row, left_at_acs=f"{error}")
    return msgspec.structs.replace(row, delete_location=location.url)


def undeletable_chunks(event: FileReady, policy: IngestPolicy) -> Iterator[str]:
    """One sentence for each chunk whose deleteLocation is of no form that we know, or names another document."""
    for chunk in event.chunks:
        if not chunk.delete_location or in_own_storage(chunk.delete_location, policy.byos_containers):
            continue
        try:
            own_location(chunk.document_id, chunk.delete_location, policy.host_suffixes)
        except NotUnderstood as error:
            yield f"Chunk {chunk.document_id} is stored but will not be deleted at ACS: {error}"


def unread_metadata(event: FileReady, policy: IngestPolicy) -> Iterator[str]:
    """One sentence for each chunk in a container of the operator's whose metadata are said to be elsewhere."""
    for chunk in event.chunks:
        own = in_own_storage(chunk.content_location or "", policy.byos_containers)
        if own and chunk.metadata_location and not in_own_storage(chunk.metadata_location, policy.byos_containers):
            yield f"The metadata of chunk {chunk.document_id} are in no container of BYOS_CONTAINERS, as its media are."
