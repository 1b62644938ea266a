"""A recording and its chunks: frozen values; `statuses` has their statuses and legal transitions.

Field names in camelCase are both the columns of the catalog and the names of the HTTP API.
"""

from datetime import datetime

import msgspec

from shared.domain.acs_urls import Locations
from shared.domain.acs_words import RecordingKind, StorageType
from shared.domain.channels import ChannelAffinity
from shared.domain.chunk_facts import ChunkParticipant, ChunkPause
from shared.domain.durations import EMPTY_IS_KNOWN_FOR
from shared.domain.errors import NOT_JUDGED, Conflict
from shared.domain.statuses import (
    CHUNK_TRANSITIONS,
    FILES_TRANSITIONS,
    ChunkStatus,
    ControlStatus,
    FailureKind,
    FilesStatus,
    Origin,
    RecordingStatus,
    StartFailure,
)


class ChunkRef(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A reference to a chunk: all that a queue message says. The row holds the rest.

    Attributes:
        id: our id of the recording.
        document_id: ACS's id of the chunk's document; the key of a chunk.
    """

    id: str
    document_id: str


class RecordingState(msgspec.Struct, frozen=True, kw_only=True):
    """What the row of a recording says already: a write that says otherwise is a transition, and writes its event."""

    control: ControlStatus | None
    ended_at: datetime | None
    start_failure: StartFailure | None
    files: FilesStatus
    warned: int


class ChunkState(msgspec.Struct, frozen=True, kw_only=True):
    """What the row of a chunk says already, in the same way."""

    status: ChunkStatus
    warned: int


class Recording(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One ACS recording of one call.

    The control half and the files half never write each other. *Control* is what ACS confirmed: written only with what
    ACS answered, and only if `control_version` is still what it was when ACS was asked. *Files* is what became of the
    recording's files: written by ingest, completion and replay alone.

    Attributes:
        id: ours, minted before ACS is called; partition key, URL segment and blob folder. Never changes.
        origin: who started it.
        created_at, updated_at: of the row.
        recording_id: ACS's id; None until known.
        same_as: another of our rows for the same ACS recording, found out late.
        etag: version of the row; empty before it was first written.
        row_state: what the row says; no column. None before it was first written.
        event_count: how many of its events bear a number; each of those has its own.

        server_call_id, group_call_id, room_id, call_connection_id: the call as the start request names it; the first
            also as an event does, and the last where nobody started it here.
        call_id: the call as ACS's event names it.
        clue_server_call_id, clue_call_id: the call as a verified callback names it: a hint, shown nowhere.
        recording_content_type, recording_channel_type, recording_format_type: the media as requested.
        pause_on_start: as requested; None where nobody started it here, or a version did that did not write it down.
        audio_channel_participant_ordering, channel_affinity: as requested.
        recording_storage_container_url: container of the operator that ACS records into; None for ACS's storage.
        fingerprint: digest of the start request, compared when an Idempotency-Key comes back.
        repeatability_request_id, repeatability_first_sent: what makes a repeated start one start for ACS.
        started_by: who asked for the start.
        claimed_until: until when a start is in flight and no other request may repeat it.
        waits_for: what is waited for before the recording's state is known; None when nothing is.
        start_failure: why there is no recording after all; comes before both halves, cleared by an event.
        start_failure_reason: ACS's words, and what to do.
        refused_status, refused_code: ACS's answer to a start that was surely not carried out; no status without one.
        start_report: ACS's own report that the start failed, from a verified callback.
        hinted_at: when a callback last made us ask ACS.

        control: what ACS said last; None where this app did not start it and ACS has not said yet.
        control_version: raised by every write of the control half.
        start_requested_at: when ACS was last asked to start it, or answered that.
        resume_requested_at: when ACS was last asked to resume it.
        has_run: whether anything speaks for a run: a start without pause, a resume that was tried, ACS's "active".
        inactive_at: when ACS last answered that it does not record just now, as long as nothing speaks for a run.
        ended_at: when ACS confirmed that it does not record any more.
        recording_kind: as ACS says when it is asked.

        files: what became of the files.
        failure: what happened to the files and what to do; None while nothing is wrong.
        failure_kind: what that failure is about.
        completed_at: when the last chunk was finished.
        recording_start_time, recording_duration_ms, session_end_reason, storage_type: as ACS's events say.
        expires_at: the earliest deadline of its unsaved chunks' originals at ACS, as announced.
        unread_events: digests of the events that list a chunk which cannot be read, so that it is not complete.
        heard_at: when its last event came.
        told: the last alert that it waits, so that it is given once; an event clears it.
        warned: how many warnings were given that ACS is about to destroy what it did not announce.
        folder: blob folder of its chunks, fixed when the first of them was announced.
        manifests: how many manifests were written.
    """

    id: str
    origin: Origin
    created_at: datetime
    updated_at: datetime
    recording_id: str | None = None
    same_as: str | None = None
    etag: str = ""
    row_state: RecordingState | None = None
    event_count: int = 0

    server_call_id: str | None = None
    group_call_id: str | None = None
    room_id: str | None = None
    call_connection_id: str | None = None
    call_id: str | None = None
    clue_server_call_id: str | None = None
    clue_call_id: str | None = None
    recording_content_type: str | None = None
    recording_channel_type: str | None = None
    recording_format_type: str | None = None
    pause_on_start: bool | None = None
    audio_channel_participant_ordering: tuple[str, ...] = ()
    channel_affinity: tuple[ChannelAffinity, ...] = ()
    recording_storage_container_url: str | None = None
    tags: dict[str, str] = {}
    fingerprint: str = ""
    repeatability_request_id: str | None = None
    repeatability_first_sent: datetime | None = None
    started_by: str | None = None
    claimed_until: datetime | None = None
    waits_for: str | None = None
    start_failure: StartFailure | None = None
    start_failure_reason: str | None = None
    refused_status: int | None = None
    refused_code: str | None = None
    start_report: str | None = None
    hinted_at: datetime | None = None

    control: ControlStatus | None = None
    control_version: int = 0
    start_requested_at: datetime | None = None
    resume_requested_at: datetime | None = None
    has_run: bool = True
    inactive_at: datetime | None = None
    ended_at: datetime | None = None
    recording_kind: RecordingKind | None = None

    files: FilesStatus = FilesStatus.NONE
    failure: str | None = None
    failure_kind: FailureKind | None = None
    completed_at: datetime | None = None
    recording_start_time: datetime | None = None
    recording_duration_ms: int | None = None
    session_end_reason: str | None = None
    storage_type: StorageType | None = None
    expires_at: datetime | None = None
    unread_events: str | None = None
    heard_at: datetime | None = None
    told: str | None = None
    warned: int = 0
    folder: str | None = None
    manifests: int = 0

    @property
    def status(self) -> RecordingStatus:
        if self.start_failure is not None:
            return RecordingStatus.FAILED
        if self.control is not None and not self.is_over:
            return RecordingStatus(self.control)
        if self.files is not FilesStatus.NONE:
            return RecordingStatus(self.files)
        return RecordingStatus.EMPTY if self.is_empty else RecordingStatus.STOPPED

    @property
    def is_over(self) -> bool:
        """Whether ACS confirmed the end; where it cannot be asked, whether files were announced."""
        return self.ended_at is not None or (self.recording_id is None and self.files is not FilesStatus.NONE)

    @property
    def may_run(self) -> bool:
        """Whether ACS can be asked about it, and has not confirmed its end."""
        return self.ended_at is None and self.recording_id is not None

    @property
    def is_empty(self) -> bool:
        """Whether it ended without a file to come: nothing speaks for a run, and ACS said so shortly before the end."""
        if self.has_run or self.ended_at is None or self.inactive_at is None:
            return False
        return self.ended_at - self.inactive_at <= EMPTY_IS_KNOWN_FOR

    @property
    def refused(self) -> bool:
        """Whether its start was surely not carried out: ACS refused it, or did not judge it."""
        return self.start_failure is StartFailure.REFUSED

    @property
    def judged(self) -> bool:
        """Whether ACS itself refused the start: its answer is final, and no event can be about it."""
        # Version 0.1 wrote 0 where no token could be had. Without a code it was a gateway, and no part of ACS.
        by_acs = bool(self.refused_status) and self.refused_code is not None
        return self.refused and by_acs and self.refused_status not in NOT_JUDGED

    @property
    def shown_failure(self) -> str | None:
        return self.start_failure_reason if self.start_failure else self.failure

    @property
    def shown_failure_kind(self) -> FailureKind | None:
        match self.start_failure:
            case StartFailure.REFUSED:
                return FailureKind.REFUSED
            case StartFailure.UNCONFIRMED:
                return FailureKind.UNANNOUNCED
        return self.failure_kind

    def with_files(self, files: FilesStatus, now: datetime) -> "Recording":
        """The same recording with its files in another status. Raises: Conflict when the table does not allow it."""
        if files is not self.files and files not in FILES_TRANSITIONS[self.files]:
            raise Conflict(f"The recording's files are {self.files}; they cannot become {files}.")
        return msgspec.structs.replace(self, files=files, updated_at=now)


class Chunk(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One file of a recording, with its metadata file.

    Attributes:
        id: our id of the recording it belongs to.
        document_id: ACS's id of the file, the key of the chunk.
        etag: version of the row; empty before it was first written.
        row_state: what the row says; no column. None before it was first written.

        expires_at, gone_by: the earliest and the latest plausible time at which ACS destroys the original.
        heard_at: when an event last told where it is. None on rows of the version before, as gone_by.
        content_location, metadata_location: URLs at ACS.
        delete_location: what to delete at ACS; None when there is nothing that may be deleted.
        other_locations: where later events say that it is, too; tried in turn.
        call_id: the call as the first event of its recording names it.
        left_at_acs: why the original is left to ACS's retention although its URL is known; None when it is not.
        managed: whether the original may be deleted once a copy is proven.
        own_storage: ACS wrote the file into a container of the operator's; it is verified where it lies.
        format, end_reason: as announced. Where no format that ACS is known to write was announced, it is the one of the
            first bytes, once these were read.

        content_blob, metadata_blob: names of the copies, fixed when the chunk was first announced, save what depends on
            the format: fixed with it, before anything is written under the name.
        bytes_done: bytes of the media that a worker had copied when it last wrote the row.
        bytes, metadata_bytes: lengths in bytes, once stored.
        sha256, metadata_sha256: hex digests, once stored.
        content_etag, metadata_etag: versions of the blobs that were verified.
        content_version, metadata_version: ids of the versions that storage keeps of them; None where it keeps none.
        block_list_digest: digest of the media's committed block list; empty for a blob written at once.
        start_time, participants, pauses: as the metadata say, once stored; None and empty where they do not, on rows of
            the version before, and in storage of the operator's.
        stored_at, deleted_at: when the copy was proven, and when the original was deleted.

        copies: how often a copy was proven.
        open: whether something is left to do; what completion and the sweep ask for.
        attempts: transfers and deletions that were begun.
        stuck_since: when it failed, or first could not be done since all was well; None while all is.
        warned: how many warnings were logged that ACS is about to destroy it.
        due_at: when the sweep must check it next; None once nothing is left to do.
        claimed_until: until when a worker holds it.
        failure: what happened last and what to do; None when all is well.
        failure_kind: what it is about, once the chunk has failed.
    """

    id: str
    document_id: str
    index: int
    created_at: datetime
    etag: str = ""
    row_state: ChunkState | None = None

    expires_at: datetime
    gone_by: datetime | None = None
    heard_at: datetime | None = None
    content_location: str
    metadata_location: str | None = None
    delete_location: str | None = None
    other_locations: tuple[Locations, ...] = ()
    call_id: str | None = None
    left_at_acs: str | None = None
    managed: bool = False
    own_storage: bool = False
    format: str | None = None
    end_reason: str | None = None

    content_blob: str
    metadata_blob: str | None = None
    bytes_done: int = 0
    bytes: int | None = None
    metadata_bytes: int | None = None
    sha256: str | None = None
    metadata_sha256: str | None = None
    content_etag: str | None = None
    metadata_etag: str | None = None
    content_version: str | None = None
    metadata_version: str | None = None
    block_list_digest: str = ""
    start_time: datetime | None = None
    participants: tuple[ChunkParticipant, ...] = ()
    pauses: tuple[ChunkPause, ...] = ()
    stored_at: datetime | None = None
    deleted_at: datetime | None = None

    status: ChunkStatus
    copies: int = 0
    open: bool = True
    attempts: int = 0
    stuck_since: datetime | None = None
    warned: int = 0
    due_at: datetime | None = None
    claimed_until: datetime | None = None
    failure: str | None = None
    failure_kind: FailureKind | None = None

    @property
    def ref(self) -> ChunkRef:
        return ChunkRef(self.id, self.document_id)

    @property
    def altered(self) -> bool:
        """Whether it failed because its copy is not what was proven: nothing else fails a chunk that was stored."""
        return self.status is ChunkStatus.FAILED and self.stored_at is not None

    @property
    def deletable(self) -> bool:
        """Whether its original may be deleted once a copy is proven."""
        return self.managed and self.delete_location is not None and self.left_at_acs is None

    @property
    def refused(self) -> bool:
        """Whether it failed because its URLs were not understood: the row of such a chunk has an empty one."""
        return self.status is ChunkStatus.FAILED and not self.content_location

    def moved(self, status: ChunkStatus) -> "Chunk":
        """The same chunk in another status. Raises: Conflict when the table does not allow it."""
        if status not in CHUNK_TRANSITIONS[self.status]:
            raise Conflict(f"The chunk is {self.status}; it cannot become {status}.")
        return msgspec.structs.replace(self, status=status)


class Messages(msgspec.Struct, frozen=True):
    """What is to be sent once the rows are durable: row first, message second."""

    transfers: tuple[ChunkRef, ...] = ()
    deletions: tuple[ChunkRef, ...] = ()
