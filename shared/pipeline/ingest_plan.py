"""The plan of an ingest: what a file-ready event makes of the rows, decided before anything is written.

Everything here is pure. The same plan, on no rows at all, is the dry run by which replay learns whether an event would
be understood.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import msgspec

from shared.domain import blob_names
from shared.domain.acs_urls import Locations, in_own_storage, own_location, parse_location
from shared.domain.errors import NotUnderstood, RowUnreadable
from shared.domain.models import Chunk, ChunkStatus, FailureKind, FilesStatus, Origin, Recording
from shared.pipeline.file_ready_event import AnnouncedChunk, FileReady
from shared.settings import UnknownRecordings

OTHER_LOCATIONS_MAX = 4  # beside the first; they stand in one column, and each is asked at each try


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
        changed: rows to replace: refused chunks whose URLs are understood now, and chunks announced at another place.
        refusals: one sentence for each part of the event that is not understood.
        is_empty: whether the rows say all of it already.
    """

    recording: Recording
    added: tuple[Chunk, ...]
    changed: tuple[Chunk, ...]
    refusals: tuple[str, ...]
    is_empty: bool


def plan_event(
    event: FileReady, recording: Recording, known: Mapping[str, Chunk | None], policy: IngestPolicy, now: datetime
) -> Plan:
    """What an event makes of its recording: of the row that it is about, or a new one.

    `known` has the rows of the recording's chunks by document id; None for one that cannot be read.
    """
    planned = with_event(recording, event, policy, now)
    rows: dict[str, Chunk] = {}
    refusals = [*event.unreadable, *undeletable_chunks(event, policy)]
    for announced in event.chunks:
        old = rows.get(announced.document_id, known.get(announced.document_id))
        if old is None and announced.document_id in known:
            refusals.append(str(RowUnreadable(recording.id, announced.document_id)))
        elif old is None or not is_settled(old):
            row = chunk_row(planned, event, completed(announced, old), policy, now)
            try:
                written = row if old is None else announced_again(old, row)
            except NotUnderstood as error:
                refusals.append(str(error))
                continue
            refusals += [row.failure] if row.failure else []
            rows |= {written.document_id: written} if written else {}
    # A chunk's row is written before its recording's: whoever wrote it may have died in between.
    ended = recording.files in {FilesStatus.COMPLETED, FilesStatus.FAILED}
    reopens = ended and any(chunk and chunk.open for chunk in known.values())
    return Plan(
        recording=planned,
        added=tuple(row for row in rows.values() if row.document_id not in known),
        changed=tuple(row for row in rows.values() if row.document_id in known),
        refusals=tuple(refusals),
        is_empty=bool(recording.etag) and not rows and not reopens,
    )


def is_settled(chunk: Chunk) -> bool:
    """Whether its copy is proven, so that it does not matter any more where the original lies."""
    return chunk.proven or (chunk.own_storage and chunk.sha256 is not None)


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
    if old.refused:
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
    known = {None, *(url for place in old.locations for url in (place.content, place.metadata, place.delete))}
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
        other_locations=(*old.other_locations, places),
    )


def moved_to(old: Chunk, row: Chunk) -> Chunk | None:
    """The row at the place of a later event, where one of the two is in a container of the operator's."""
    if row.content_location == old.content_location:
        return None
    names = (
        *("own_storage", "content_location", "content_blob"),
        *("metadata_location", "metadata_blob", "delete_location", "other_locations"),
    )
    return msgspec.structs.replace(old, **{name: getattr(row, name) for name in names})


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
        session_end_reason=event.session_end_reason or recording.session_end_reason,
        expires_at=min(recording.expires_at or deadline, deadline),
        folder=recording.folder or blob_names.folder(recording.id, began or event.event_time),
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


def chunk_row(
    recording: Recording, event: FileReady, announced: AnnouncedChunk, policy: IngestPolicy, now: datetime
) -> Chunk:
    """The row of an announced chunk: pending, or failed and refused where its URLs are not understood."""
    assert recording.folder
    announced_format = event.recording_format_type or recording.recording_format_type
    format = announced_format if announced_format in blob_names.CONTENT_TYPES else None
    extension = format or blob_names.DEFAULT_FORMAT
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
        content_blob=blob_names.content_blob(recording.folder, announced.index, announced.document_id, extension),
        format=format,
        end_reason=announced.end_reason,
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
    folder = row.content_blob.rpartition("/")[0]
    return msgspec.structs.replace(
        row,
        metadata_location=metadata.url,
        metadata_blob=blob_names.metadata_blob(folder, row.index, row.document_id),
        delete_location=deletable_url(announced, policy),
    )


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


def deletable_url(announced: AnnouncedChunk, policy: IngestPolicy) -> str | None:
    """The URL to delete at ACS: only the chunk's own document. Anything else is left to ACS's retention."""
    url = announced.delete_location
    try:
        return own_location(announced.document_id, url, policy.host_suffixes).url if url else None
    except NotUnderstood:
        return None


def undeletable_chunks(event: FileReady, policy: IngestPolicy) -> Iterator[str]:
    """One sentence for each chunk whose deleteLocation is of no form that we know."""
    for chunk in event.chunks:
        if not chunk.delete_location or in_own_storage(chunk.delete_location, policy.byos_containers):
            continue
        try:
            parse_location(chunk.delete_location, policy.host_suffixes)
        except NotUnderstood as error:
            yield f"Chunk {chunk.document_id} is stored but will not be deleted at ACS: {error}"
