"""The consistency check: compare a day's rows with Blob Storage; report every difference, change nothing.

Each recording, chunk, manifest and folder is a unit: one that cannot be read is a difference itself, and the report
goes on. An outage of our own ends it, since the report would not be whole.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated

from shared.domain import blob_names
from shared.domain.derived_fields import SAVED
from shared.domain.errors import RowUnreadable, Unforeseen
from shared.domain.json_fields import text
from shared.domain.json_views import View, says
from shared.domain.list_entry import cursor_at, parse_cursor
from shared.domain.models import Chunk, FilesStatus
from shared.domain.ports import Catalog, ChunkStore
from shared.domain.units import attempt
from shared.pipeline.manifest import chunks_of, read_manifest
from shared.pipeline.queue_messages import RECORDING_ID

RECORDINGS_MAX = 500  # of one call; a caller waits 230 seconds at most


class Difference(View, frozen=True, kw_only=True):
    """One difference between rows and blobs."""

    id: Annotated[str, says("The recording, or the folder that a blob lies in.")]
    difference: Annotated[str, says("What differs.")]
    document_id: Annotated[str | None, says("The chunk that it is about, if it is about one.")] = None
    blob: Annotated[str | None, says("The blob that it is about, if it is about one.")] = None


class Report(View, frozen=True, kw_only=True):
    """The differences of a day, or of as much of it as one call compares."""

    recordings: Annotated[int, says("How many rows were compared.")]
    blobs: Annotated[int, says("How many blobs are in the day's folder; 0 until the last part of a day.")]
    differences: Annotated[tuple[Difference, ...], says("Every difference that was found; nothing is changed.")]
    continuation: Annotated[str | None, says("Give it back to go on; null when the day is done.")]


@dataclass(frozen=True)
class Consistency:
    """Compares the rows and blobs of one day."""

    catalog: Catalog
    store: ChunkStore

    def check(self, day: datetime, after: str | None) -> Report:
        """Compare the recordings that were created on a day, and the blobs that are in the day's folder.

        Raises:
            CatalogUnavailable, StoreUnavailable: our own outage; the report would not be whole.
        """
        differences: list[Difference] = []
        compared = 0
        behind = parse_cursor(after) if after else (day + timedelta(days=1, microseconds=-1), "")
        for entry in self.catalog.listed(behind, RECORDINGS_MAX):
            if entry.created_at < day:
                break
            found = self.compare_id(entry.id)
            if found is not None:
                compared += 1
                differences += found
            if compared == RECORDINGS_MAX:
                cursor = cursor_at(entry.place)
                return Report(recordings=compared, blobs=0, differences=tuple(differences), continuation=cursor)
        blobs = list(self.store.names(f"{day:%Y/%m/%d}/"))
        differences += self.compare_blobs(blobs)
        return Report(recordings=compared, blobs=len(blobs), differences=tuple(differences), continuation=None)

    def compare_id(self, id: str) -> list[Difference] | None:
        """The differences of a recording; None where an entry of the list leads to no row."""
        try:
            recording = attempt(partial(self.catalog.recording, id))
        except Unforeseen as error:
            return [unread(id, error), *self.compare_chunks(id)[0]]
        if recording is None:
            return None
        differences, chunks = self.compare_chunks(id)
        if recording.files is FilesStatus.COMPLETED and chunks is not None:
            name = blob_names.manifest_blob(recording.folder or "", max(recording.manifests, 1))
            differences += compare(id, partial(self.compare_manifest, id, name, chunks), blob=name)
        return differences

    def compare_chunks(self, id: str) -> tuple[list[Difference], list[Chunk] | None]:
        """The differences of a recording's chunks, and the chunks; None when some of them cannot be read."""
        chunks, error = self.readable_chunks(id)
        differences = [
            found
            for chunk in chunks
            for found in compare(id, partial(self.compare_chunk, chunk), document_id=chunk.document_id)
        ]
        if error is None:
            return differences, chunks
        unreadable = (unread(id, RowUnreadable(id, one), document_id=one) for one in error.document_ids)
        return [*differences, *unreadable], None

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
        wanted = [(chunk.content_blob, chunk.bytes, chunk.content_etag)]
        if chunk.metadata_blob and chunk.metadata_sha256:
            wanted.append((chunk.metadata_blob, chunk.metadata_bytes, chunk.metadata_etag))
        for name, length, etag in wanted:
            difference = self.blob_difference(name, length, etag)
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

    def compare_blobs(self, blobs: list[str]) -> Iterator[Difference]:
        """Blobs that no row explains."""
        by_id: dict[str, list[str]] = {}
        for blob in blobs:
            by_id.setdefault(blob.split("/")[3] if blob.count("/") > 3 else "", []).append(blob)  # noqa: PLR2004 - yyyy/MM/dd/id/file
        for id, found in by_id.items():
            chunks, error = self.readable_chunks(id) if RECORDING_ID.fullmatch(id) else ([], None)
            known = {name for chunk in chunks for name in (chunk.content_blob, chunk.metadata_blob)}
            reason = "No row explains this blob." if error is None else "The row that may explain it is unreadable."
            for blob in found:
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
