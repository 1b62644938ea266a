"""What the app knows about a recording and its chunks: frozen values, closed statuses, legal transitions.

Field names in camelCase are at once the columns of the catalog and the names of the HTTP API.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from shared.errors import Conflict


class Origin(StrEnum):
    """Who started a recording."""

    API = "api"  # a caller of ours
    EVENT = "event"  # somebody else: we learned of it from ACS's file-ready event


class RecordingStatus(StrEnum):
    """Where a recording stands. ACS's own state cannot tell starting from paused, so this one is ours."""

    STARTING = "starting"  # asked for; ACS has not said that it runs
    ACTIVE = "active"  # ACS records
    PAUSED = "paused"  # ACS waits to be resumed
    STOPPED = "stopped"  # ended; no file announced yet
    TRANSFERRING = "transferring"  # files announced; not all of them are finished
    COMPLETED = "completed"  # every chunk is finished and none is missing
    EMPTY = "empty"  # ended without ever being resumed: ACS makes no file
    FAILED = "failed"  # never started, or a chunk could not be saved


class ChunkStatus(StrEnum):
    """What is known to have happened to a chunk: facts, written after the effect."""

    PENDING = "pending"  # announced
    STORED = "stored"  # a verified copy, media and metadata, is in Blob Storage
    DELETED = "deleted"  # … and ACS no longer has the original
    FAILED = "failed"  # expired or refused; only a replay lifts it


RECORDING_TRANSITIONS: dict[RecordingStatus, frozenset[RecordingStatus]] = {
    RecordingStatus.STARTING: frozenset(RecordingStatus) - {RecordingStatus.STARTING, RecordingStatus.COMPLETED},
    RecordingStatus.ACTIVE: frozenset(
        {RecordingStatus.PAUSED, RecordingStatus.STOPPED, RecordingStatus.TRANSFERRING, RecordingStatus.FAILED}
    ),
    RecordingStatus.PAUSED: frozenset(
        {
            RecordingStatus.ACTIVE,
            RecordingStatus.STOPPED,
            RecordingStatus.EMPTY,
            RecordingStatus.TRANSFERRING,
            RecordingStatus.FAILED,
        }
    ),
    RecordingStatus.STOPPED: frozenset({RecordingStatus.TRANSFERRING, RecordingStatus.EMPTY, RecordingStatus.FAILED}),
    RecordingStatus.TRANSFERRING: frozenset({RecordingStatus.COMPLETED, RecordingStatus.FAILED}),
    # A later event may add chunks and reopen what looked finished.
    RecordingStatus.COMPLETED: frozenset({RecordingStatus.TRANSFERRING}),
    RecordingStatus.EMPTY: frozenset({RecordingStatus.TRANSFERRING}),
    RecordingStatus.FAILED: frozenset({RecordingStatus.TRANSFERRING}),
}

CHUNK_TRANSITIONS: dict[ChunkStatus, frozenset[ChunkStatus]] = {
    ChunkStatus.PENDING: frozenset({ChunkStatus.STORED, ChunkStatus.FAILED}),
    # Back to pending only when the second look before deletion finds the copy gone or altered.
    ChunkStatus.STORED: frozenset({ChunkStatus.DELETED, ChunkStatus.PENDING, ChunkStatus.FAILED}),
    ChunkStatus.DELETED: frozenset(),
    ChunkStatus.FAILED: frozenset({ChunkStatus.PENDING}),
}

ENDED = frozenset(
    {
        RecordingStatus.STOPPED,
        RecordingStatus.TRANSFERRING,
        RecordingStatus.COMPLETED,
        RecordingStatus.EMPTY,
        RecordingStatus.FAILED,
    }
)


class ChunkRef(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Which chunk of which recording: all that a queue message says. The row holds the rest.

    Attributes:
        id: our id of the recording.
        document_id: ACS's id of the chunk's document; the key of a chunk.
    """

    id: str
    document_id: str


class Recording(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One ACS recording of one call.

    Attributes:
        id: ours, minted before ACS is called; partition key, URL segment and blob folder. Never changes.
        recording_id: ACS's id; None until known.
        failure: what happened and what to do; None while nothing is wrong.
        expires_at: the earliest deadline of its unsaved chunks' originals at ACS, as announced.
        same_as: another row of ours for the same ACS recording, found out late.
        fingerprint: digest of the start request, compared when an Idempotency-Key comes back.
        repeatability_request_id: what makes a repeated start one start for ACS.
        refused_status, refused_code: what ACS refused to start it with; the same key gets the same answer.
        claimed_until: until when a start is in flight and must not be driven by somebody else.
        has_run: whether ACS ever recorded; a recording paused on start and never resumed makes no file.
        folder: blob folder of its chunks, fixed when the first of them was announced.
        manifests: how many manifests were written.
        etag: version of the row; empty before it was first written.
    """

    id: str
    origin: Origin
    status: RecordingStatus
    created_at: datetime
    updated_at: datetime
    recording_id: str | None = None
    failure: str | None = None
    server_call_id: str | None = None
    group_call_id: str | None = None
    room_id: str | None = None
    call_connection_id: str | None = None
    call_id: str | None = None
    recording_content_type: str | None = None
    recording_channel_type: str | None = None
    recording_format_type: str | None = None
    recording_storage_container_url: str | None = None
    completed_at: datetime | None = None
    recording_start_time: datetime | None = None
    recording_duration_ms: int | None = None
    session_end_reason: str | None = None
    expires_at: datetime | None = None
    tags: dict[str, str] = {}
    same_as: str | None = None
    fingerprint: str = ""
    refused_status: int | None = None
    refused_code: str | None = None
    repeatability_request_id: str | None = None
    repeatability_first_sent: datetime | None = None
    claimed_until: datetime | None = None
    has_run: bool = True
    folder: str | None = None
    manifests: int = 0
    etag: str = ""

    @property
    def refused(self) -> bool:
        """Whether ACS refused to start it, so that no event can be about it."""
        return self.refused_status is not None

    def line(self, due_at: datetime, *, failed: bool = False) -> "OpenWork":
        """The line of the open-work index that says when to look at the recording itself."""
        return OpenWork(id=self.id, due_at=due_at, since=self.created_at, failed=failed)

    def moved(self, status: RecordingStatus, now: datetime) -> "Recording":
        """The same recording in another status.

        Raises:
            Conflict: the table of transitions does not allow it.
        """
        if status is self.status:
            return msgspec.structs.replace(self, updated_at=now)
        if status not in RECORDING_TRANSITIONS[self.status]:
            raise Conflict(f"The recording is {self.status}; it cannot become {status}.")
        return msgspec.structs.replace(self, status=status, updated_at=now)


class Chunk(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One file of a recording, with its metadata file.

    Attributes:
        id: our id of the recording it belongs to.
        managed: whether the recording is ours, so that the original may be deleted once a copy is proven.
        own_storage: ACS wrote the file into a container of the operator's; it is verified where it lies.
        content_location: where ACS keeps the media.
        delete_location: what to delete at ACS; None when there is nothing that may be deleted.
        content_blob: name of the copy, fixed when the chunk was first announced.
        bytes: length of the media in bytes, once stored.
        sha256: hex digest of the media, once stored.
        content_etag: version of the blob that was verified.
        block_list_digest: digest of the committed block list; empty for a blob written at once.
        expires_at: when ACS destroys the original.
        attempts: transfers and deletions that were begun.
        warned: how many warnings were given that ACS is about to destroy it.
        due_at: when the sweep is to look at it next; None once nothing is left to do.
        claimed_until: until when a worker holds it.
        failure: what happened last and what to do; None when all is well.
        open: whether something is left to do; what completion and the sweep ask for.
        etag: version of the row; empty before it was first written.
    """

    id: str
    document_id: str
    index: int
    status: ChunkStatus
    created_at: datetime
    expires_at: datetime
    content_location: str
    content_blob: str
    metadata_location: str | None = None
    metadata_blob: str | None = None
    delete_location: str | None = None
    managed: bool = False
    own_storage: bool = False
    format: str | None = None
    end_reason: str | None = None
    bytes: int | None = None
    sha256: str | None = None
    content_etag: str | None = None
    block_list_digest: str = ""
    metadata_bytes: int | None = None
    metadata_sha256: str | None = None
    metadata_etag: str | None = None
    stored_at: datetime | None = None
    deleted_at: datetime | None = None
    attempts: int = 0
    warned: int = 0
    due_at: datetime | None = None
    claimed_until: datetime | None = None
    failure: str | None = None
    open: bool = True
    etag: str = ""

    def line(self, due_at: datetime) -> "OpenWork":
        """The line of the open-work index that says when to look at the chunk."""
        return OpenWork(
            id=self.id,
            document_id=self.document_id,
            due_at=due_at,
            since=self.created_at,
            expires_at=self.expires_at,
            warned=self.warned,
        )

    @property
    def ref(self) -> ChunkRef:
        return ChunkRef(self.id, self.document_id)

    def moved(self, status: ChunkStatus) -> "Chunk":
        """The same chunk in another status.

        Raises:
            Conflict: the table of transitions does not allow it.
        """
        if status not in CHUNK_TRANSITIONS[self.status]:
            raise Conflict(f"The chunk is {self.status}; it cannot become {status}.")
        return msgspec.structs.replace(self, status=status)


class OpenWork(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A line of the open-work index: something is left to do here.

    Attributes:
        id: our id of the recording.
        document_id: the chunk; empty when the recording itself is to be looked into.
        due_at: when to look; a hint, the row it points to decides.
        since: when the work came up.
        expires_at: when ACS destroys what is to be saved.
        warned: how many warnings were given that it is about to.
        failed: nothing is left to do but to be noticed: the recording failed and was not replayed.
    """

    id: str
    document_id: str = ""
    due_at: datetime
    since: datetime | None = None
    expires_at: datetime | None = None
    warned: int = 0
    failed: bool = False


class Messages(msgspec.Struct, frozen=True):
    """What is to be sent once the rows are durable: row first, message second."""

    transfers: tuple[ChunkRef, ...] = ()
    deletions: tuple[ChunkRef, ...] = ()
