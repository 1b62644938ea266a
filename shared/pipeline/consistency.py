"""The consistency check: compare a day's rows with Blob Storage; report every difference, change nothing.

Each recording, chunk, manifest and folder is a unit: one that cannot be read is a difference itself, and the report
goes on. An outage of our own ends it, since the report would not be whole.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import batched, islice, takewhile
from typing import Annotated

from shared.domain import blob_names
from shared.domain.derived_fields import SAVED
from shared.domain.errors import RowUnreadable, Unforeseen
from shared.domain.json_fields import text
from shared.domain.json_views import View, says
from shared.domain.list_entry import ListEntry, Place, cursor_at, parse_cursor
from shared.domain.models import Chunk, Recording
from shared.domain.ports import Catalog, ChunkStore
from shared.domain.statuses import FilesStatus
from shared.domain.units import attempt
from shared.pipeline.manifest import chunks_of, read_manifest
from shared.pipeline.queue_messages import RECORDING_ID

RECORDINGS_MAX = 500  # of one call; a caller waits 230 seconds at most
ROWS_READ_MAX = 2000  # of one call, in search of recordings whose blobs are gone
ROWS_AT_ONCE = 50  # read side by side
ENTRIES_AT_ONCE = 1000  # Table Storage answers a request with no more
FOLDERS_CURSOR = "folders/"  # begins a cursor with the id of a folder; any other is a place in the list


class Difference(View, frozen=True, kw_only=True):
    """One difference between rows and blobs."""

    id: Annotated[str, says("The recording, or the folder that a blob lies in.")]
    difference: Annotated[str, says("What differs.")]
    document_id: Annotated[str | None, says("The chunk that it is about, if it is about one.")] = None
    blob: Annotated[str | None, says("The blob that it is about, if it is about one.")] = None


class Report(View, frozen=True, kw_only=True):
    """The differences of a day, or of as much of it as one call compares."""

    recordings: Annotated[int, says("How many rows were compared.")]
    blobs: Annotated[int, says("How many blobs of the day's folder were compared.")]
    differences: Annotated[tuple[Difference, ...], says("Every difference that was found; nothing is changed.")]
    continuation: Annotated[str | None, says("Give it back to go on; null when the day is done.")]


@dataclass
class Part:
    """What one call compares.

    Attributes:
        prefix: of the names of the day's blobs.
        folders: the day's blobs by the folder that they lie in; by our id of the recording, unless it is a stray one.
    """

    prefix: str
    folders: Mapping[str, list[str]]
    recordings: int = 0
    blobs: int = 0
    differences: list[Difference] = field(default_factory=list)

    def has(self, recording: Recording) -> bool:
        """Whether a recording is of the day: by its folder, or without one by its creation."""
        folder = recording.folder or blob_names.folder(recording.id, recording.created_at)
        return folder.startswith(self.prefix)

    def report(self, cursor: str | None) -> Report:
        return Report(
            recordings=self.recordings, blobs=self.blobs, differences=tuple(self.differences), continuation=cursor
        )


@dataclass(frozen=True)
class Consistency:
    """Compares the rows and blobs of one day.

    Attributes:
        lasts: how long a recording lasts at most, and so how long one that was started paused may wait.
        announced_within: how long after its end it may be announced, as long as ACS keeps its files.
    """

    catalog: Catalog
    store: ChunkStore
    lasts: timedelta
    announced_within: timedelta

    def check(self, day: datetime, after: str | None) -> Report:
        """Compare the blobs in a day's folder with their rows, then the day's rows that have no blob in it.

        Raises:
            CatalogUnavailable, StoreUnavailable: our own outage; the report would not be whole.
            InvalidRequest: the cursor is none that a report gave.
        """
        prefix = f"{day:%Y/%m/%d}/"
        part = Part(prefix, by_folder(prefix, self.store.names(prefix)))
        place = None
        if after is None or after.startswith(FOLDERS_CURSOR):
            cursor = self.compare_folders(part, after and after.removeprefix(FOLDERS_CURSOR))
            if cursor is not None:
                return part.report(f"{FOLDERS_CURSOR}{cursor}")
        else:
            place = parse_cursor(after)
        return part.report(self.compare_listed(part, day, place))

    def compare_folders(self, part: Part, after: str | None) -> str | None:
        """Compare the folders behind a cursor, all stray blobs first; the cursor of the last where more follow."""
        if after is None:
            stray = {id: blobs for id, blobs in part.folders.items() if not RECORDING_ID.fullmatch(id)}
            for id, blobs in stray.items():
                part.blobs += len(blobs)
                part.differences += unexplained(id, blobs, [], None)
        ids = sorted(id for id in part.folders if RECORDING_ID.fullmatch(id) and id > (after or ""))
        now = ids[:RECORDINGS_MAX]
        for batch in batched(now, ROWS_AT_ONCE, strict=False):
            rows = self.catalog.recordings(batch)
            for id in batch:
                self.compare_folder(part, id, rows.get(id))
        return now[-1] if len(ids) > len(now) else None

    def compare_folder(self, part: Part, id: str, row: Recording | RowUnreadable | None) -> None:
        chunks, error = self.readable_chunks(id) if row is not None else ([], None)
        if row is not None and (isinstance(row, RowUnreadable) or part.has(row)):
            part.recordings += 1
            part.differences += self.compare_rows(id, row, chunks, error)
        part.blobs += len(part.folders[id])
        part.differences += unexplained(id, part.folders[id], chunks, error)

    def compare_listed(self, part: Part, day: datetime, place: Place | None) -> str | None:
        """Compare the recordings of the day that have no blob in its folder; the cursor of the last where more follow.

        A row is created before its recording begins, or when that was announced: so the day's stand in a part of the
        list that begins and ends days beside it.
        """
        place = place or (day + timedelta(days=1) + self.lasts + self.announced_within, "")
        listed = self.catalog.listed(place, ENTRIES_AT_ONCE)
        entries = takewhile(lambda entry: entry.created_at >= day - self.lasts, listed)
        read = 0
        while read < ROWS_READ_MAX and part.recordings < RECORDINGS_MAX:
            batch = list(islice(entries, min(ROWS_AT_ONCE, RECORDINGS_MAX - part.recordings)))
            if not batch:
                return None
            wanted = [entry for entry in batch if entry.id not in part.folders]
            rows = self.catalog.recordings([entry.id for entry in wanted])
            for entry in wanted:
                self.compare_entry(part, day, entry, rows.get(entry.id))
            read += len(wanted)
            place = batch[-1].place
        return cursor_at(place)

    def compare_entry(self, part: Part, day: datetime, entry: ListEntry, row: Recording | RowUnreadable | None) -> None:
        if isinstance(row, RowUnreadable):
            is_meant = day <= entry.created_at < day + timedelta(days=1)  # nothing else says its day
        else:
            # Of two entries of one recording the row says which is right.
            is_meant = row is not None and row.created_at == entry.created_at and part.has(row)
        if row is not None and is_meant:
            part.recordings += 1
            part.differences += self.compare_rows(entry.id, row, *self.readable_chunks(entry.id))

    def compare_rows(
        self, id: str, row: Recording | RowUnreadable, chunks: list[Chunk], error: RowUnreadable | None
    ) -> Iterator[Difference]:
        """The differences of a recording, its chunks and its manifest."""
        if isinstance(row, RowUnreadable):
            yield unread(id, row)
        for chunk in chunks:
            yield from compare(id, partial(self.compare_chunk, chunk), document_id=chunk.document_id)
        for one in error.document_ids if error else ():
            yield unread(id, RowUnreadable(id, one), document_id=one)
        if isinstance(row, Recording) and row.files is FilesStatus.COMPLETED and error is None:
            name = blob_names.manifest_blob(row.folder or "", max(row.manifests, 1))
            yield from compare(id, partial(self.compare_manifest, id, name, chunks), blob=name)

    def readable_chunks(self, id: str) -> tuple[list[Chunk], RowUnreadable | None]:
        """The chunks that can be read, and what is wrong with the others."""
        chunks: list[Chunk] = []
        try:
            for chunk in self.catalog.chunks(id):
                chunks.append(chunk)  # noqa: PERF402 - what came before an unreadable row must stay
        except RowUnreadable as error:
            return chunks, error
        return chunks, None

    def compare_chunk(self, chunk: Chunk) -> Iterator[Difference]:
        if chunk.status not in SAVED or chunk.own_storage:
            return
        wanted = [(chunk.content_blob, chunk.bytes, chunk.content_etag, chunk.content_version)]
        if chunk.metadata_blob and chunk.metadata_sha256:
            wanted.append((chunk.metadata_blob, chunk.metadata_bytes, chunk.metadata_etag, chunk.metadata_version))
        for name, length, etag, version_id in wanted:
            difference = self.blob_difference(name, length, etag)
            if difference and version_id:
                difference = f"{difference} The version that was proven is {version_id}."
            if difference:
                yield Difference(id=chunk.id, document_id=chunk.document_id, blob=name, difference=difference)

    def blob_difference(self, name: str, length: int | None, etag: str | None) -> str | None:
        blob = self.store.stat(name)
        if blob.etag is None:
            return "The row says that it is stored, but there is no such blob."
        if blob.length != length:
            return f"The row says {length} bytes, the blob has {blob.length}."
        if blob.etag != etag:
            return "The blob was written again, or its properties changed, since it was verified."
        return None

    def compare_manifest(self, id: str, name: str, chunks: list[Chunk]) -> Iterator[Difference]:
        if self.store.stat(name).etag is None:
            yield Difference(id=id, blob=name, difference="The recording is completed without a manifest.")
            return
        written = read_manifest(self.store, name, chunks)
        if not written:
            yield Difference(id=id, blob=name, difference="The manifest could not be read: it is none of ours.")
            return
        listed = {text(chunk, "documentId"): text(chunk, "sha256") for chunk in chunks_of(written)}
        if listed != {chunk.document_id: chunk.sha256 for chunk in chunks}:
            yield Difference(id=id, blob=name, difference="The manifest lists other chunks than the rows.")


def by_folder(prefix: str, names: Iterable[str]) -> dict[str, list[str]]:
    """Blobs by the folder of the day that they lie in; those that lie in none, by an empty name."""
    folders: dict[str, list[str]] = {}
    for name in names:
        folder, slash, _ = name.removeprefix(prefix).partition("/")
        folders.setdefault(folder if slash else "", []).append(name)
    return folders


def unexplained(id: str, blobs: list[str], chunks: list[Chunk], error: RowUnreadable | None) -> Iterator[Difference]:
    """Blobs of a folder that no row explains."""
    known = {name for chunk in chunks for name in (chunk.content_blob, chunk.metadata_blob)}
    reason = "No row explains this blob." if error is None else "The row that may explain it is unreadable."
    for blob in blobs:
        manifest = blob.rpartition("/")[2].startswith("recording.") and bool(chunks or error)
        if blob.replace(blob_names.UNFINISHED, "") not in known and blob not in known and not manifest:
            yield Difference(id=id, blob=blob, difference=reason)


def compare(
    id: str, check: Callable[[], Iterator[Difference]], *, document_id: str | None = None, blob: str | None = None
) -> list[Difference]:
    """The differences that a check finds; an unforeseen fault in it is one itself."""
    try:
        return attempt(lambda: list(check()))
    except Unforeseen as error:
        return [unread(id, error, document_id=document_id, blob=blob)]


def unread(id: str, error: Unforeseen, *, document_id: str | None = None, blob: str | None = None) -> Difference:
    return Difference(id=id, document_id=document_id, blob=blob, difference=f"It could not be read: {error}")
