"""Rebuild lost tables: write the rows of recordings whose manifest lies in a day's folder and that have no row.

    index entries ─► rows of the chunks ─► row of the recording

The recording's row comes last: as long as it is missing the same request begins anew, and what a rebuild that died left
behind is only completed. A row that is there is never changed, whoever wrote it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from itertools import batched, groupby

import msgspec

from shared.copying.block_ids import list_digest
from shared.copying.copy_content import DIGEST_KEY, digest_of
from shared.domain import blob_names
from shared.domain.durations import REBUILDING_MAX
from shared.domain.errors import (
    BlobUnreadable,
    CatalogConflict,
    CatalogUnavailable,
    ContentConflict,
    NotUnderstood,
    RecorderError,
    RowUnreadable,
    Unforeseen,
)
from shared.domain.list_entry import list_entry
from shared.domain.log import LogEvent, log
from shared.domain.models import Chunk, Recording
from shared.domain.open_work import OpenWork
from shared.domain.ports import CHUNKS_PER_BATCH, BlobProperties, Catalog, ChunkStore, Clock
from shared.domain.recording_rows import SAVE_TRIES
from shared.domain.statuses import ChunkStatus, FailureKind, FilesStatus
from shared.domain.units import attempt
from shared.pipeline.completion import Completion
from shared.pipeline.manifest import read_document
from shared.pipeline.manifest_rows import Surroundings, manifest_rows
from shared.pipeline.queue_messages import RECORDING_ID
from shared.pipeline.transfer import METADATA_BYTES_MAX

MANIFEST_BYTES_MAX = 64 * 1024 * 1024  # of 2,000 chunks, the most that an event lists, with all they may have
WHAT_TO_DO = (
    "No replay helps, since nobody knows its place at ACS any more. If the account still has the right content, as a"
    " deleted blob or a version, put it back under the name, remove the rows of this recording from the table"
    " recordings, and rebuild its day again; as long as ACS keeps the file, hand in its event (POST /api/events)."
)


class Outcome(StrEnum):
    """What became of a recording that has a manifest."""

    REBUILT = "rebuilt"  # its rows were written
    PRESENT = "present"  # it has a row, which was not changed
    UNREADABLE = "unreadable"  # its manifest is none, or it or a copy cannot be read; nothing was written


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """How many recordings became what, and the cursor of the last one; None when the day is done."""

    counts: Counter[Outcome]
    cursor: str | None


@dataclass(frozen=True)
class Rebuild:
    """Writes rows that are lost, as far as manifests and blobs say them.

    Attributes:
        containers: of the operator's, that ACS records into.
        retention: how long ACS keeps a file.
        message_patience: how long the sweep leaves what was just written alone.
    """

    catalog: Catalog
    open_work: OpenWork
    store: ChunkStore
    completion: Completion
    clock: Clock
    containers: tuple[str, ...]
    retention: timedelta
    message_patience: timedelta

    def rebuild(self, day: datetime, after: str | None) -> Rebuilt:
        """Rebuild the recordings whose folder is of a day, behind a cursor, for as long as a request may take.

        Raises:
            StoreUnavailable: the day's folder could not be listed.
            CatalogUnavailable: our own outage kept some of them from being rebuilt; all others were tried.
        """
        stop_at = self.clock() + REBUILDING_MAX
        counts: Counter[Outcome] = Counter()
        interruptions: list[RecorderError] = []
        cursor: str | None = None
        prefix = f"{day:%Y/%m/%d}/"
        for id, number in highest_manifests(prefix, self.store.names(prefix), after):
            if cursor is not None and self.clock() >= stop_at:
                break
            try:
                counts[self.rebuild_one(id, f"{prefix}{id}", number)] += 1
            except RecorderError as error:
                interruptions.append(error)
            cursor = id
        else:
            cursor = None
        if interruptions:
            raise CatalogUnavailable(
                f"{len(interruptions)} recordings could not be rebuilt just now: {interruptions[0]}"
                " Send the same request again; what was rebuilt stays as it is."
            )
        return Rebuilt(counts=counts, cursor=cursor)

    def rebuild_one(self, id: str, folder: str, number: int) -> Outcome:
        """Rebuild one recording.

        Raises:
            CatalogUnavailable, CatalogConflict, StoreUnavailable: an outage; asking again goes on from what is there.
        """
        try:
            return attempt(partial(self.write, id, folder, number))
        except (NotUnderstood, BlobUnreadable, Unforeseen) as error:
            log(LogEvent.MANIFEST_UNREADABLE, id=id, number=number, failure=str(error))
            return Outcome.UNREADABLE

    def write(self, id: str, folder: str, number: int) -> Outcome:
        """Write the rows; begin again from what is there when another writer was first, as an event may be."""
        for _ in range(SAVE_TRIES - 1):
            with suppress(CatalogConflict):
                return self.write_once(id, folder, number)
        return self.write_once(id, folder, number)

    def write_once(self, id: str, folder: str, number: int) -> Outcome:
        try:
            present = self.catalog.recording(id)
        except RowUnreadable:
            return Outcome.PRESENT
        if present is not None:
            self.put_listed(present)  # the index alone may be lost
            return Outcome.PRESENT
        now = self.clock()
        document = read_document(self.store, blob_names.manifest_blob(folder, number), MANIFEST_BYTES_MAX)
        around = Surroundings(id, folder, number, self.containers, self.retention, now)
        recording, said = manifest_rows(document, around)
        there = {chunk.document_id: chunk for chunk in self.catalog.chunks(id)}
        missing = [self.verified(chunk) for chunk in said if chunk.document_id not in there]
        rows = [*there.values(), *missing]
        lost = [chunk for chunk in rows if chunk.status is ChunkStatus.FAILED]
        if lost or any(chunk.open for chunk in rows):
            # The app itself decides what becomes of it, and alerts: at once, or by this entry.
            recording = msgspec.structs.replace(recording, files=FilesStatus.TRANSFERRING, completed_at=None)
            self.open_work.watch(recording, now + self.message_patience)
            for chunk in lost:
                self.open_work.refresh(chunk, now + self.message_patience)
        recording = self.linked(recording)
        for batch in batched(missing, CHUNKS_PER_BATCH, strict=False):
            self.catalog.create_chunks(batch)
        self.catalog.save_recording(recording)
        log(LogEvent.RECORDING_REBUILT, id=id, chunks=len(rows), lost=len(lost))
        for chunk in lost:
            self.completion.end_chunk(chunk)
        return Outcome.REBUILT

    def put_listed(self, recording: Recording) -> None:
        """Have a recording that is there found again, as it was when it was created."""
        self.catalog.put_listed(list_entry(recording), None)
        self.catalog.index_calls(recording)
        if recording.recording_id is not None:
            self.catalog.link_acs_id(recording.recording_id, recording.id)

    def linked(self, recording: Recording) -> Recording:
        """The row, found by ACS's id unless another row is, which it names then."""
        if recording.recording_id is None:
            return recording
        owner = self.catalog.link_acs_id(recording.recording_id, recording.id)
        return recording if owner == recording.id else msgspec.structs.replace(recording, same_as=owner)

    def verified(self, chunk: Chunk) -> Chunk:
        """The row of a chunk with what its blobs prove; failed where one is gone, or is not what was proven.

        In the operator's own storage nothing is looked at: once a copy there was verified, the app neither links to it
        nor deletes anything because of it, and the operator may have moved it.
        """
        if chunk.own_storage:
            return chunk
        try:
            return self.with_metadata(self.with_content(chunk))
        except ContentConflict as error:
            return msgspec.structs.replace(
                chunk,
                status=ChunkStatus.FAILED,
                stuck_since=self.clock(),
                failure=f"{error} {WHAT_TO_DO}",
                failure_kind=FailureKind.CONFLICT,
            )

    def with_content(self, chunk: Chunk) -> Chunk:
        """Raises: ContentConflict."""
        blob = self.existing(chunk.content_blob)
        # Whoever overwrites a blob may leave its metadata as they are: those of another version tell nothing.
        is_another = None not in (chunk.content_version, blob.version_id) and chunk.content_version != blob.version_id
        told = blob.metadata.get(DIGEST_KEY) == chunk.sha256 and not is_another
        if blob.length != chunk.bytes or not (told or self.digest(chunk.content_blob) == chunk.sha256):
            raise altered(chunk.content_blob, chunk.sha256)
        return msgspec.structs.replace(
            chunk,
            content_etag=blob.etag,
            content_version=blob.version_id,
            block_list_digest=list_digest(blob.blocks),
        )

    def with_metadata(self, chunk: Chunk) -> Chunk:
        """The row with its metadata, which are read: no manifest says their length, and those of 0.1 not their digest.

        Raises:
            ContentConflict
        """
        name, sha256 = chunk.metadata_blob, chunk.metadata_sha256
        if name is None or (sha256 is None and not self.may_have_metadata(chunk, name)):
            return chunk
        blob = self.existing(name)
        digest = self.digest(name) if blob.length <= METADATA_BYTES_MAX else None
        if digest is None or sha256 not in {None, digest}:
            raise altered(name, sha256)
        return msgspec.structs.replace(
            chunk,
            metadata_etag=blob.etag,
            metadata_version=blob.version_id,
            metadata_bytes=blob.length,
            metadata_sha256=digest,
        )

    def may_have_metadata(self, chunk: Chunk, name: str) -> bool:
        """Whether metadata without a digest are there: without them nothing was deleted, and ACS may have had none."""
        return chunk.status is ChunkStatus.DELETED or self.store.head(name) is not None

    def existing(self, name: str) -> BlobProperties:
        """Raises: ContentConflict when there is no such blob."""
        blob = self.store.stat(name)
        if blob.etag is None:
            raise ContentConflict(f"The blob {name} is gone: somebody deleted it, or a lifecycle rule did.")
        return blob

    def digest(self, name: str) -> str:
        """SHA-256 of the blob's bytes, which are read."""
        return digest_of(self.store.read(name))[0]


def altered(name: str, sha256: str | None) -> ContentConflict:
    return ContentConflict(f"The blob {name} is not what was proven, whose SHA-256 is {sha256}; it was not touched.")


def highest_manifests(prefix: str, names: Iterable[str], after: str | None) -> Iterator[tuple[str, int]]:
    """(our id, number) of the highest manifest in each recording's folder that has one, behind an id."""
    for id, found in groupby(names, key=lambda name: name.removeprefix(prefix).partition("/")[0]):
        if RECORDING_ID.fullmatch(id) and id > (after or ""):
            number = max(blob_names.manifest_number(f"{prefix}{id}", name) for name in found)
            if number:
                yield id, number
