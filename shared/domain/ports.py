"""The ports: what the domain needs from outside. Adapters and fakes pass the same contract tests."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

import msgspec

from shared.domain.acs_words import RecordingKind
from shared.domain.errors import RowUnreadable
from shared.domain.identifiers import CallId
from shared.domain.index_entry import IndexEntry
from shared.domain.list_entry import ListEntry, Place
from shared.domain.models import Chunk, ChunkRef, Recording
from shared.domain.recording_event import CloudEventView, RecordingEvent
from shared.domain.start_request import StartRequest

type Clock = Callable[[], datetime]


class Catalog(Protocol):
    """The rows. Every write is conditional on the version that was read.

    ACS's recording ids and call ids are taken as they came; padding and escaping make no difference.

    A write whose answer is lost is repeated once. One that was done all the same is recognised as this caller's own,
    never by its content, and succeeds.

    Raises:
        CatalogConflict: another write of the row came first (from every method that writes a row).
        CatalogUnavailable: Table Storage did not answer (from every method); a write may have been done.
        RowUnreadable: a row says what this version does not understand (from every method that returns rows). Entries
            of the index are hints: what cannot be read in them is passed over or replaced, and the row decides.
    """

    def recording(self, id: str) -> Recording | None: ...

    def recordings(self, ids: Sequence[str]) -> Mapping[str, Recording | RowUnreadable]:
        """The rows of recordings by their ids, read side by side; of one that cannot be read the reason."""

    def save_recording(
        self, recording: Recording, chunks: Sequence[Chunk] = (), at_risk: datetime | None = None
    ) -> Recording:
        """Create (no etag yet) or replace; a new one stands in the list, and in those of its call, before it exists.

        What changes is told: the events of a transition are written with the row, all or nothing (`transitions`).

        Args:
            recording: the row as it is wanted.
            chunks: those that its events tell of: all of a completed one, of a failed one what could not be saved.
            at_risk: when ACS destroys what it did not announce, where that is what is warned of.
        """

    def recording_by_acs_id(self, recording_id: str) -> str | None:
        """Our id of ACS's recording; None when no row is linked to it."""

    def link_acs_id(self, recording_id: str, id: str) -> str:
        """Claim ACS's recording for one of our rows; returns the id of the row that has it: this one, or an earlier."""

    def listed(self, behind: Place | None, at_once: int) -> Iterator[ListEntry]:
        """The entries of all recordings, newest first, behind a place; each request gets as many as `at_once`."""

    def listed_of_call(self, call: CallId, behind: Place | None, at_once: int) -> Iterator[ListEntry]:
        """The entries of the recordings of a call, in the same way."""

    def index_calls(self, recording: Recording) -> None:
        """Put a recording into the list of every id of its call that its row is about to name; fine if it is there."""

    def put_listed(self, entry: ListEntry, call: CallId | None) -> None:
        """Put an entry into the list of a call, or of all recordings; fine if it is there."""

    def remove_listed(self, entry: ListEntry, call: CallId | None) -> None:
        """Remove an entry from the list of a call, or of all recordings; fine if there is none."""

    def chunk(self, ref: ChunkRef) -> Chunk | None: ...

    def chunks(self, id: str) -> Iterator[Chunk]:
        """All chunks of a recording. Those that can be read come first; then it raises RowUnreadable for the others."""

    def few_chunks(self, id: str, most: int) -> list[Chunk] | None:
        """All chunks of a recording by one request; None where there are more than so many."""

    def recording_and_chunks(self, id: str) -> tuple[Recording | None, Mapping[str, Chunk | None]]:
        """A recording and its chunks by their documents' ids; None for a chunk that cannot be read.

        They are read by one question, and are no snapshot: another writer may come in between. Its write is noticed by
        whoever writes what came of these.
        """

    def has_open_chunk(self, id: str) -> bool:
        """Whether a chunk's row says that something is left to do, whatever else stands in it."""

    def save_chunk(self, chunk: Chunk, recording: Recording | None = None) -> Chunk:
        """Replace the row, and write the events of its transition with it: these name `recording`, if it is given."""

    def add_chunks(self, recording: Recording, chunks: Sequence[Chunk]) -> Recording:
        """Replace a recording's row, as `save_recording` does, and create at most CHUNKS_PER_BATCH chunks' rows."""

    def create_chunks(self, chunks: Sequence[Chunk]) -> None:
        """Create rows of chunks whose recording has none (yet), all or nothing; at most CHUNKS_PER_BATCH."""

    def events(self, id: str, *, unsent: bool = False) -> Iterator[RecordingEvent]:
        """The events of a recording, in no order: all, or those to be sent. RowUnreadable comes behind the others."""

    def mark_events(self, events: Sequence[RecordingEvent]) -> None:
        """Write down what became of events of one recording, and nothing else of them; the last writer is right."""

    def put_entries(self, work: Sequence[IndexEntry]) -> None:
        """Put entries into the open-work index, or renew their hints."""

    def have_due(self, id: str, due_at: datetime) -> None:
        """Have a recording's entry in the open-work index be due by then; one that is due before stays as it is."""

    def remove_entry(self, id: str, document_id: str = "") -> None:
        """Remove a chunk's entry from the open-work index, a recording's without a document; fine if there is none."""

    def remove_entries(self, id: str, document_ids: Sequence[str]) -> None:
        """Remove a few entries of one recording together; the empty document is its own. Fine if some are not there."""

    def due_entries(self, now: datetime) -> Iterator[IndexEntry]:
        """Entries of the open-work index whose hint says that they are due, in no order."""

    def expiring_entries(self, until: datetime) -> Iterator[IndexEntry]:
        """Entries whose hint says that ACS destroys by then what is not saved, in no order."""

    def stuck_entries(self, since: datetime, after: ChunkRef | None) -> Iterator[IndexEntry]:
        """Entries of what failed or got stuck then or later, in one order, behind one of them.

        Those of a recording follow each other; its own, which names no document, comes first.
        """

    def open_entries(self) -> Iterator[IndexEntry]:
        """All entries of the open-work index, in no order."""


class DayLines(Protocol):
    """The lists by day of version 0.1, as far as they were not moved yet.

    Raises:
        CatalogUnavailable: Table Storage did not answer (from every method).
    """

    def first(self, most: int) -> Sequence[ListEntry]:
        """Some lines, those of the oldest day first; none when all were moved."""

    def of_day(self, day: datetime, behind: Place | None, most: int) -> Sequence[ListEntry]:
        """The lines of a day (UTC) behind a place, newest first, at most so many."""

    def remove(self, line: ListEntry) -> None:
        """Remove a line; fine if there is none."""


class EventTopic(Protocol):
    """The topic that gets the events for other apps."""

    def send(self, events: Sequence[CloudEventView]) -> None:
        """Send events by one request, without a repetition; within 3 seconds.

        Raises:
            EventsRefused: the topic takes no request with these; it may take some of them singly.
            TopicUnavailable: the topic did not answer or refused; it may have taken them all the same.
        """


CHUNKS_PER_BATCH = 98  # a transaction holds 100 rows: these, the recording's, and that of an event


class AcsState(msgspec.Struct, frozen=True):
    """ACS's answer about a recording: its id, whether it records just now, and whose recording it is.

    Only the answer to a start may leave open whether it records: `active` is None then.
    """

    recording_id: str | None
    active: bool | None
    kind: RecordingKind | None = None


class AcsCalls(Protocol):
    """Recording control at ACS.

    Raises:
        AcsRefused: ACS refused, with its code.
        AcsUnavailable: ACS failed, throttled or did not answer.
        AcsUncertain: … and the request may have taken effect.
    """

    def start(self, request: StartRequest, repeatability_id: str, first_sent: datetime) -> AcsState: ...

    def pause(self, recording_id: str) -> None: ...

    def resume(self, recording_id: str) -> None: ...

    def stop(self, recording_id: str) -> None: ...

    def state(self, recording_id: str) -> AcsState | None:
        """The state of a recording; None when ACS has no such recording (any more)."""


class SourceRange(Protocol):
    """An open response to one ranged GET.

    Attributes:
        total: length of the whole content in bytes.
        length: bytes of this response.
    """

    total: int
    length: int

    def receive_into(self, target: memoryview) -> int:
        """Receive the next bytes into the caller's memory; returns how many, at least one and at most a piece.

        It returns 0 after the last of `length` bytes, never before, and never receives more of them.

        Raises:
            SourceUnavailable: the connection broke, or ended before the last byte.
        """


class Source(Protocol):
    """Contents at ACS. A redirect is followed only to the same document and content at another of ACS's hosts.

    Raises:
        SourceMissing: ACS answers 404.
        SourceUnavailable: ACS failed, throttled, refused the signature or did not answer.
        SourceSuspect: the answer cannot be the content.
    """

    def open(self, url: str, offset: int, length: int) -> AbstractContextManager[SourceRange]:
        """Request bytes from an offset on, at most `length` of them."""

    def delete(self, url: str, reverify: Callable[[], None]) -> None:
        """Delete a document, if it exists.

        Args:
            url: of the document.
            reverify: called immediately before every single request, that of a redirect and a repetition included.
                What it raises passes through unchanged, and no request is sent.
        """


class Block(msgspec.Struct, frozen=True):
    """A block of a blob: its id and its length in bytes."""

    id: str
    length: int


class BlobVersion(msgspec.Struct, frozen=True):
    """A blob as it was written: its etag, and the id of the version that storage keeps of it, if it keeps any."""

    etag: str
    id: str | None = None


class BlobHeaders(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored beside a blob's bytes and sent in headers: its content type and its metadata."""

    content_type: str
    metadata: dict[str, str]


class BlobProperties(msgspec.Struct, frozen=True, kw_only=True):
    """What Blob Storage says of a blob.

    Attributes:
        etag: its version; None when nothing is committed under the name.
        version_id: of the version that storage keeps of it; None where it keeps none.
        length: in bytes.
        metadata: stored beside its bytes.
        blocks: its committed blocks; empty when it was written at once.
        staged: blocks that were sent but not committed.
    """

    etag: str | None = None
    version_id: str | None = None
    length: int = 0
    metadata: dict[str, str] = {}
    blocks: tuple[Block, ...] = ()
    staged: tuple[Block, ...] = ()


class BlobHead(msgspec.Struct, frozen=True, kw_only=True):
    """What Blob Storage says of a blob by a single request, without its blocks.

    Attributes:
        etag: its version.
        version_id: of the version that storage keeps of it; None where it keeps none.
        length: in bytes.
        archived: whether it lies in the archive tier, where nobody can read it.
        rehydrating: whether it is on its way out of that tier, which takes hours.
    """

    etag: str
    version_id: str | None = None
    length: int
    archived: bool = False
    rehydrating: bool = False


class ChunkStore(Protocol):
    """The operator's Blob Storage. A blob that exists is never overwritten.

    Raises:
        StoreUnavailable: Blob Storage did not answer or refused.
        BlobExists: a blob of that name exists (put, commit). It may be this very write, whose answer was lost and
            which was sent again: verify it.
        BlocksGone: blocks of the list are not staged any more (commit).
        BlockRefused: the block does not go with those that are staged (stage).
    """

    def put(self, name: str, content: bytes | memoryview, headers: BlobHeaders) -> BlobVersion:
        """Write a blob at once, its MD5 checked by the service."""

    def stage(self, name: str, block_id: str, content: memoryview, crc64: bytes) -> None:
        """Send a block, its CRC64 (8 bytes, the lowest first) checked by the service."""

    def commit(self, name: str, block_ids: Sequence[str], headers: BlobHeaders) -> BlobVersion:
        """Create the blob from its blocks, all or nothing."""

    def committed(self, name: str) -> tuple[Block, ...]:
        """The blocks that the blob is made of."""

    def stat(self, name: str) -> BlobProperties:
        """The properties of a blob; those of an empty `BlobProperties` when there is none."""

    def head(self, name: str) -> BlobHead | None:
        """What is committed under the name; None when nothing is."""

    def read(self, name: str) -> Iterator[bytes]:
        """The committed bytes.

        Raises:
            StoreUnavailable: also when there is no such blob.
            BlobUnreadable: it is archived, or encrypted with another's key.
        """

    def names(self, prefix: str) -> Iterator[str]:
        """The names of all blobs that begin with a prefix; folders of a hierarchical namespace are none."""

    def link(self, name: str, until: datetime, save_as: str | None = None, version_id: str | None = None) -> str:
        """A URL that permits anyone to read the blob, and nothing else.

        Args:
            name: of the blob; whether there is one is not looked at.
            until: its end, in whole seconds.
            save_as: under which name browsers save what they get; None to have them show it.
            version_id: of the version that it leads to, whatever bears the name then; None for what bears it.

        Raises:
            Conflict: nothing can be signed, since the account's address does not say its name.
        """


class OwnStorage(Protocol):
    """The operator's containers that ACS records into directly."""

    def stat(self, url: str) -> BlobProperties: ...

    def read(self, url: str) -> Iterator[bytes]: ...


class EventStore(Protocol):
    """Events as they came, by name: rejected ones that were kept, or dead letters that Event Grid wrote."""

    def keep(self, name: str, document: bytes, reason: str) -> None:
        """Write an event, unless it is kept already.

        Raises:
            StoreUnavailable: it is not known to be kept.
        """

    def names(self) -> Iterable[str]:
        """The names of all events; folders of a hierarchical namespace are none."""

    def read(self, name: str) -> bytes:
        """The bytes of an event.

        Raises:
            BlobGone: there is none of that name (any more): another run has finished with it.
            BlobUnreadable: it is archived, or encrypted with another's key.
        """

    def remove(self, name: str) -> None:
        """Remove an event, if it is there."""


class CallbackVerifier(Protocol):
    """Verifies the signed token of a callback."""

    def verify(self, authorization: str | None) -> None:
        """Return if ACS signed the token for this app.

        Raises:
            CallbackRefused: it is missing, expired, forged or meant for another audience.
            AcsUnavailable: ACS's keys could not be fetched.
        """
