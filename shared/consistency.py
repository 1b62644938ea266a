"""Compare what the rows say of a day with what lies in Blob Storage; report every difference, change nothing."""

import json
from collections.abc import Iterator
from datetime import datetime

import msgspec

from shared import names
from shared.errors import InvalidRequest
from shared.models import Chunk, ChunkStatus, FilesStatus, Recording
from shared.ports import Catalog, ChunkStore
from shared.replies import View

RECORDINGS_MAX = 500  # of one call; a caller waits 230 seconds at most
SAVED = frozenset({ChunkStatus.STORED, ChunkStatus.DELETED})


class Difference(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One thing that rows and blobs tell differently."""

    id: str
    difference: str
    document_id: str | None = None
    blob: str | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was found.

    Attributes:
        recordings: how many rows were compared.
        blobs: how many blobs of the day were looked at.
        continuation: where the next call goes on; None when the day is done.
    """

    recordings: int
    blobs: int
    differences: tuple[Difference, ...]
    continuation: str | None

    def view(self) -> View:
        view: View = msgspec.to_builtins(self)
        return view


class Consistency:
    """The check of one day."""

    def __init__(self, catalog: Catalog, store: ChunkStore) -> None:
        self.catalog = catalog
        self.store = store

    def check(self, day: datetime, after: str | None) -> Report:
        """Compare the recordings that were created on a day, and the blobs that lie in the day's folder."""
        differences: list[Difference] = []
        looked, place = 0, None
        for place, id in self.catalog.recordings_by_day(day, after):
            recording = self.catalog.recording(id)
            if recording is not None:
                looked += 1
                differences += self.of_recording(recording)
            if looked == RECORDINGS_MAX:
                return Report(recordings=looked, blobs=0, differences=tuple(differences), continuation=place)
        blobs = list(self.store.names(f"{day:%Y/%m/%d}/"))
        differences += self.of_blobs(blobs)
        return Report(recordings=looked, blobs=len(blobs), differences=tuple(differences), continuation=None)

    def of_recording(self, recording: Recording) -> Iterator[Difference]:
        chunks = list(self.catalog.chunks(recording.id))
        for chunk in chunks:
            yield from self.of_chunk(chunk)
        if recording.files is FilesStatus.COMPLETED:
            yield from self.of_manifest(recording, chunks)

    def of_chunk(self, chunk: Chunk) -> Iterator[Difference]:
        if chunk.status not in SAVED or chunk.own_storage:
            return
        wanted = [(chunk.content_blob, chunk.bytes, chunk.content_etag)]
        if chunk.metadata_blob and chunk.metadata_sha256:
            wanted.append((chunk.metadata_blob, chunk.metadata_bytes, chunk.metadata_etag))
        for name, length, etag in wanted:
            told = self.told(name, length, etag)
            if told:
                yield Difference(id=chunk.id, document_id=chunk.document_id, blob=name, difference=told)

    def told(self, name: str, length: int | None, etag: str | None) -> str | None:
        look = self.store.look(name)
        if look.etag is None:
            return "The row says that it is stored, but there is no such blob."
        if look.length != length:
            return f"The row says {length} bytes, the blob has {look.length}."
        if look.etag != etag:
            return "The blob was written again, or its properties changed, since it was verified."
        return None

    def of_manifest(self, recording: Recording, chunks: list[Chunk]) -> Iterator[Difference]:
        assert recording.folder
        name = names.manifest_blob(recording.folder, max(recording.manifests, 1))
        if self.store.look(name).etag is None:
            yield Difference(id=recording.id, blob=name, difference="The recording is completed without a manifest.")
            return
        written = json.loads(b"".join(self.store.read(name)))
        listed = {chunk["documentId"]: chunk["sha256"] for chunk in written["chunks"]}
        if listed != {chunk.document_id: chunk.sha256 for chunk in chunks}:
            yield Difference(id=recording.id, blob=name, difference="The manifest lists other chunks than the rows.")

    def of_blobs(self, blobs: list[str]) -> Iterator[Difference]:
        """Blobs that no row explains."""
        by_id: dict[str, list[str]] = {}
        for blob in blobs:
            by_id.setdefault(blob.split("/")[3] if blob.count("/") > 3 else "", []).append(blob)  # noqa: PLR2004 - yyyy/MM/dd/id/file
        for id, found in by_id.items():
            chunks = list(self.catalog.chunks(id)) if id else []
            known = {name for chunk in chunks for name in (chunk.content_blob, chunk.metadata_blob)}
            for blob in found:
                manifest = blob.rpartition("/")[2].startswith("recording.") and bool(chunks)
                if blob not in known and not manifest:
                    yield Difference(id=id, blob=blob, difference="No row explains this blob.")


def parse_day(text: str | None) -> datetime:
    """Raises: InvalidRequest when it is no day."""
    try:
        return datetime.fromisoformat(f"{text or ''}T00:00:00+00:00")
    except ValueError as error:
        raise InvalidRequest("day: it must be a day such as 2026-11-22.") from error
