"""The closed statuses of recordings and chunks, and what may follow what."""

from enum import StrEnum


class Origin(StrEnum):
    """Who started a recording."""

    API = "api"  # this app, for a caller
    EVENT = "event"  # another app: known from ACS's file-ready event only


class RecordingStatus(StrEnum):
    """The state of a recording: one word for its two halves, computed when it is read and stored nowhere."""

    STARTING = "starting"  # requested; ACS has not said that it runs
    ACTIVE = "active"  # ACS records
    PAUSED = "paused"  # ACS waits to be resumed
    STOPPED = "stopped"  # ended; no file announced yet
    TRANSFERRING = "transferring"  # ended, files announced; not all of them are finished
    COMPLETED = "completed"  # ended; every chunk is finished and none is missing
    EMPTY = "empty"  # ended without ever having run: ACS makes no file
    FAILED = "failed"  # never started, or a chunk could not be saved


class ControlStatus(StrEnum):
    """What ACS confirmed of a recording that has not ended; its "inactive" may be starting or paused."""

    STARTING = "starting"  # requested; ACS has not said that it runs
    ACTIVE = "active"  # ACS records
    PAUSED = "paused"  # ACS does not record just now, and can be asked to resume


class FilesStatus(StrEnum):
    """What became of a recording's files, independently of its control half."""

    NONE = "none"  # none announced
    TRANSFERRING = "transferring"  # announced; not all of them are finished
    COMPLETED = "completed"  # every chunk is finished, and the manifest is there
    FAILED = "failed"  # one could not be saved, or none ever came


class StartFailure(StrEnum):
    """Why there is no recording after all."""

    REFUSED = "refused"  # surely not started: ACS refused it, or did not judge it
    UNCONFIRMED = "unconfirmed"  # its start was never confirmed, or ACS reported that it failed


class FailureKind(StrEnum):
    """What a failure is about, the worst first: of several chunks' kinds the first is the recording's."""

    REFUSED = "refused"  # ACS refused the start, or did not judge it: then the same key asks anew
    REJECTED = "rejected"  # a URL or an event that the app does not accept: its failure says what helps
    CONFLICT = "conflict"  # an altered copy, or two reads that differ
    UNANNOUNCED = "unannounced"  # no event came, or the start was never confirmed
    EXPIRED = "expired"  # gone at ACS, or never had from it


class ChunkStatus(StrEnum):
    """What has happened to a chunk: written after the effect."""

    PENDING = "pending"  # announced
    STORED = "stored"  # a verified copy, media and metadata, is in Blob Storage
    DELETED = "deleted"  # … and ACS no longer has the original
    FAILED = "failed"  # expired or refused; a replay resets it, or an event that names another place


FILES_TRANSITIONS: dict[FilesStatus, frozenset[FilesStatus]] = {
    FilesStatus.NONE: frozenset({FilesStatus.TRANSFERRING, FilesStatus.FAILED}),
    FilesStatus.TRANSFERRING: frozenset({FilesStatus.COMPLETED, FilesStatus.FAILED}),
    # A later event may add chunks and reopen what was finished; a replay resets what failed.
    FilesStatus.COMPLETED: frozenset({FilesStatus.TRANSFERRING}),
    FilesStatus.FAILED: frozenset({FilesStatus.TRANSFERRING}),
}

CHUNK_TRANSITIONS: dict[ChunkStatus, frozenset[ChunkStatus]] = {
    ChunkStatus.PENDING: frozenset({ChunkStatus.STORED, ChunkStatus.FAILED}),
    # Back to pending only when the verification before the deletion finds the copy gone or altered.
    ChunkStatus.STORED: frozenset({ChunkStatus.DELETED, ChunkStatus.PENDING, ChunkStatus.FAILED}),
    ChunkStatus.DELETED: frozenset(),
    ChunkStatus.FAILED: frozenset({ChunkStatus.PENDING}),
}
