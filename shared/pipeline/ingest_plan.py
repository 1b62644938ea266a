"""The plan of an ingest: what a file-ready event makes of the rows, decided before anything is written.

Everything here is pure. The same plan, on no rows at all, is the dry run by which replay learns whether an event would
be understood.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from shared.domain import blob_names
from shared.domain.acs_urls import Locations, in_own_storage, own_location
from shared.domain.acs_words import StorageType
from shared.domain.errors import NotAllowed, NotUnderstood, RowUnreadable
from shared.domain.identifiers import digest
from shared.domain.models import Chunk, Recording
from shared.domain.statuses import ChunkStatus, FailureKind, FilesStatus, Origin
from shared.domain.wholeness import STILL_RECORDED, later_session_end, plain, weight
from shared.pipeline.event_remarks import remarks
from shared.pipeline.file_ready_event import AnnouncedChunk, FileReady
from shared.pipeline.places import locations
from shared.pipeline.rejected_events import Rejected
from shared.settings import UnknownRecordings

CALL_ID_CHARACTERS_MAX = 200  # ACS's have 36; a batch of rows must fit whatever an event says
DIGEST_DIGITS = 16  # of an event's id on the row of its recording: enough to know it again
# Of a row, by any event of its recording: that it was not started, or that its start is waited for.
REFUTED = dict.fromkeys(
    ("claimed_until", "waits_for", "start_failure", "start_failure_reason", "refused_status", "refused_code")
)
NO_FILE = "The event lists no recordingChunks: ACS announced no file."
# What to do about a chunk whose URLs are refused.
URL_NOT_ALLOWED = (
    "The event is kept in rejected-events; if the URL is right, correct the settings (RECORDING_HOST_SUFFIXES,"
    " BYOS_CONTAINERS) and replay."
)
NO_SETTING_HELPS = (
    "The event is kept in rejected-events; no setting and no replay helps: hand the event in with the right URLs (POST"
    " /api/events) before ACS destroys the file."
)
OTHER_LOCATIONS_MAX = 4  # beside the first; they stand in one column, and each is asked at each try


class IngestPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator decided about events."""

    topic: str | None
    unknown_recordings: UnknownRecordings
    host_suffixes: tuple[str, ...]
    byos_containers: tuple[str, ...]
    retention: timedelta
    message_patience: timedelta


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written for an event.

    Attributes:
        recording: the row as it will be, save for ACS's id, which is linked first.
        added: rows of chunks to create; a chunk whose URLs are refused gets one, too.
        changed: rows to replace: refused chunks whose URLs are understood now, chunks announced at another place, and
            chunks that were still recorded.
        refusals: each part of the event that is not understood.
        remarks: what a person should know although nothing has to be read again.
        has_news: whether the recording's row says something new beside its chunks.
    """

    recording: Recording
    added: tuple[Chunk, ...]
    changed: tuple[Chunk, ...]
    refusals: tuple[Rejected, ...]
    remarks: tuple[Rejected, ...]
    has_news: bool

    @property
    def is_empty(self) -> bool:
        """Whether the rows say all of it already."""
        return bool(self.recording.etag) and not (self.added or self.changed or self.has_news)


def plan_event(
    event: FileReady, recording: Recording, known: Mapping[str, Chunk | None], policy: IngestPolicy, now: datetime
) -> Plan:
    """What an event makes of its recording: of the row that it is about, or a new one.

    `known` has the rows of the recording's chunks by document id; None for one that cannot be read.
    """
    if not event.chunks and not event.unreadable:
        return plan_without_files(event, recording, now)
    planned = with_event(recording, event, policy, now)
    rows: dict[str, Chunk] = {}
    refusals = [Rejected(event.event_id, None, sentence) for sentence in event.unreadable]
    for announced in event.chunks:
        old = rows.get(announced.document_id, known.get(announced.document_id))
        if old is None and announced.document_id in known:
            unreadable = str(RowUnreadable(recording.id, announced.document_id))
            refusals.append(Rejected(event.event_id, announced.document_id, unreadable))
        elif old is not None and has_ended(old, announced):
            row = chunk_row(planned, event, completed(announced, old), policy, now)
            refusals += refused(event, row)
            rows |= by_document(copied_anew(old, row))
        elif old is not None and is_settled(old):
            continue
        else:
            row = chunk_row(planned, event, completed(announced, old), policy, now)
            refusals += refused(event, row)
            try:
                rows |= by_document(row if old is None else announced_again(old, row))
            except NotUnderstood as error:
                refusals.append(Rejected(event.event_id, announced.document_id, str(error)))
    # A chunk's row is written before its recording's: whoever wrote it may have died in between.
    ended = recording.files in {FilesStatus.COMPLETED, FilesStatus.FAILED}
    reopens = ended and any(chunk and chunk.open for chunk in known.values())
    return Plan(
        recording=planned,
        added=tuple(row for row in rows.values() if row.document_id not in known),
        changed=tuple(row for row in rows.values() if row.document_id in known),
        refusals=tuple(refusals),
        remarks=remarks(event, policy.host_suffixes, policy.byos_containers),
        has_news=reopens
        or weight(planned.session_end_reason) != weight(recording.session_end_reason)
        or planned.unread_events != recording.unread_events
        or (recording.recording_id is None and event.recording_id is not None),
    )


def refused(event: FileReady, row: Chunk) -> list[Rejected]:
    return [Rejected(event.event_id, row.document_id, row.failure)] if row.failure else []


def by_document(row: Chunk | None) -> dict[str, Chunk]:
    return {row.document_id: row} if row is not None else {}


def has_ended(old: Chunk, announced: AnnouncedChunk) -> bool:
    """Whether a chunk that ACS was still recording when it was announced has ended: a copy of it may lack its end."""
    return plain(old.end_reason) == STILL_RECORDED and plain(announced.end_reason) not in {STILL_RECORDED, ""}


def copied_anew(old: Chunk, row: Chunk) -> Chunk | None:
    """The row that leads to a copy of what is at ACS now; None where a blob that has its name would count as that."""
    same_name = blob_names.stem(row.content_blob) == blob_names.stem(old.content_blob)
    if row.refused or (same_name and not old.refused and not row.own_storage):
        return None
    anew = msgspec.structs.replace(row, etag=old.etag)
    return (
        anew
        if not old.content_location or old.own_storage or row.own_storage
        else with_other_locations(anew, old) or anew
    )


def is_settled(chunk: Chunk) -> bool:
    """Whether its copy is proven, so that it does not matter any more where the original lies."""
    if chunk.refused:
        return False  # where its row was rebuilt, it says what the copy was
    return chunk.sha256 is not None and (chunk.own_storage or chunk.metadata_sha256 is not None)


def completed(announced: AnnouncedChunk, old: Chunk | None) -> AnnouncedChunk:
    """The chunk as announced; what the event leaves out is as the row has it."""
    if old is None:
        return announced
    return msgspec.structs.replace(
        announced,
        content_location=announced.content_location or old.content_location or None,
        metadata_location=announced.metadata_location or old.metadata_location,
        delete_location=announced.delete_location or old.delete_location,
    )


def announced_again(old: Chunk, row: Chunk) -> Chunk | None:
    """The row of a chunk that is not proven, with what a later event adds to it; None when that is nothing.

    Args:
        old: as it stands.
        row: as this event alone would have it.

    Raises:
        NotUnderstood: it has been announced at too many places already.
    """
    if row.refused:
        return None
    if not old.content_location:  # its URLs were refused, or its row was rebuilt without them
        return msgspec.structs.replace(row, etag=old.etag)
    merged = moved_to(old, row) if old.own_storage or row.own_storage else with_other_locations(old, row)
    if merged is None:
        return None
    return msgspec.structs.replace(
        merged if merged.status is ChunkStatus.PENDING else merged.moved(ChunkStatus.PENDING),
        expires_at=min(old.expires_at, row.expires_at),
        gone_by=max(old.gone_by or row.created_at, row.gone_by or row.created_at),
        heard_at=row.heard_at,
        due_at=row.due_at,
        claimed_until=None,  # whoever copies it now does not know this place
        warned=0 if old.status is ChunkStatus.FAILED else old.warned,  # it is at risk once more
        stored_at=None,
        open=True,
        stuck_since=None,
        failure=None,
        failure_kind=None,
    )


def with_other_locations(old: Chunk, row: Chunk) -> Chunk | None:
    """The row with the places of a later event beside its own, to be tried in turn."""
    # Once the metadata were judged, whether the original may be deleted stands.
    may_delete = old.delete_location is not None or old.metadata_sha256 is None
    places = Locations(
        content=row.content_location,
        metadata=row.metadata_location,
        delete=row.delete_location if may_delete else None,
    )
    known = {None, *(url for place in locations(old) for url in (place.content, place.metadata, place.delete))}
    if {places.content, places.metadata, places.delete} <= known:
        return None
    if len(old.other_locations) >= OTHER_LOCATIONS_MAX:
        raise NotUnderstood(
            f"Chunk {old.document_id} was announced at {OTHER_LOCATIONS_MAX + 1} places before; one more is not tried."
        )
    return msgspec.structs.replace(
        old,
        metadata_location=old.metadata_location or places.metadata,
        metadata_blob=old.metadata_blob or row.metadata_blob,
        delete_location=old.delete_location or places.delete,
        left_at_acs=row.left_at_acs if places.delete and old.delete_location is None else old.left_at_acs,
        other_locations=(*old.other_locations, places),
    )


def moved_to(old: Chunk, row: Chunk) -> Chunk | None:
    """The row at the place of a later event, where one of the two is in a container of the operator's."""
    if row.content_location == old.content_location:
        return None
    names = (
        *("own_storage", "content_location", "content_blob", "format"),
        *("metadata_location", "metadata_blob", "delete_location", "left_at_acs", "other_locations"),
    )
    return msgspec.structs.replace(old, **{name: getattr(row, name) for name in names})


def plan_without_files(event: FileReady, recording: Recording, now: datetime) -> Plan:
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
    no_file = (Rejected(event.event_id, None, NO_FILE),)
    return Plan(recording=planned, added=(), changed=(), refusals=(), remarks=no_file, has_news=has_news)


def with_event(recording: Recording, event: FileReady, policy: IngestPolicy, now: datetime) -> Recording:
    """The recording with what the event says of it: its files reopened, and its blob folder fixed.

    Of the control half an event says nothing; that a start failed is refuted by its file.
    """
    began = event.recording_start_time
    deadline = min(event.event_time, now) + policy.retention
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
    said = event.recording_format_type
    format = said if said in blob_names.CONTENT_TYPES else None
    # What was asked for is only likely: the first bytes name the copy of a file of which no format was announced.
    likely = recording.recording_format_type
    extension = format or (likely if likely in blob_names.CONTENT_TYPES else None) or blob_names.DEFAULT_FORMAT
    is_recorded = plain(announced.end_reason) == STILL_RECORDED
    row = Chunk(
        id=recording.id,
        document_id=announced.document_id,
        index=announced.index,
        status=ChunkStatus.PENDING,
        created_at=now,
        expires_at=min(event.event_time, now) + policy.retention,
        gone_by=max(event.event_time, now) + policy.retention,
        heard_at=now,
        content_location="",
        content_blob=blob_names.content_blob(
            recording.folder, announced.index, announced.document_id, extension, unfinished=is_recorded
        ),
        format=format,
        end_reason=announced.end_reason,
        call_id=(recording.call_id or "")[:CALL_ID_CHARACTERS_MAX],
        left_at_acs="ACS says that it is still recorded." if is_recorded else None,
        managed=recording.origin is Origin.API or policy.unknown_recordings is UnknownRecordings.MANAGE,
        due_at=now + policy.message_patience,
    )
    try:
        return with_locations(row, announced, policy)
    except NotUnderstood as error:
        failure = f"{error} {URL_NOT_ALLOWED if isinstance(error, NotAllowed) else NO_SETTING_HELPS}"
        return msgspec.structs.replace(
            row,
            status=ChunkStatus.FAILED,
            failure=failure,
            failure_kind=FailureKind.REJECTED,
            open=False,
            stuck_since=now,
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
