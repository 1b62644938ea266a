"""Delete a chunk at ACS: only when its copy is proven, and only after it is verified again.

The copy is verified before each request, also where the adapter sends a second one: after a redirect or a refused
signature.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import msgspec

from shared.copying.block_ids import list_digest
from shared.copying.copy_content import digest_of
from shared.domain import units
from shared.domain.errors import (
    CatalogConflict,
    ContentConflict,
    RowUnreadable,
    SourceUnavailable,
    StoreUnavailable,
    Transient,
    Unforeseen,
)
from shared.domain.log import LogEvent, log
from shared.domain.models import Chunk, ChunkRef, Messages
from shared.domain.open_work import OpenWork
from shared.domain.ports import BlobHead, BlobProperties, BlobVersion, Catalog, ChunkStore, Clock, Source
from shared.domain.statuses import ChunkStatus, FailureKind
from shared.pipeline.completion import Completion
from shared.pipeline.places import distinct, locations
from shared.pipeline.retries import RetryPolicy, alert_unforeseen, unproven
from shared.settings import DeleteFromAcs

type Step = tuple[Messages, Chunk | None]  # what is to be sent, and the row as written; None where work goes on


class CopyMissing(StoreUnavailable):
    """The stored copy is not there any more; nothing is deleted, the chunk is copied again."""


@dataclass(frozen=True)
class Deletion:
    """From stored to deleted."""

    catalog: Catalog
    open_work: OpenWork
    source: Source
    store: ChunkStore
    clock: Clock
    retries: RetryPolicy
    delete_from_acs: DeleteFromAcs
    completion: Completion

    def delete(self, ref: ChunkRef) -> Messages:
        """Delete the original of a stored chunk, then complete its recording if it was the last.

        Raises:
            CatalogUnavailable: an outage; the message comes back.
        """
        try:
            chunk = self.catalog.chunk(ref)
        except RowUnreadable as error:
            # No delivery mends a row; the sweep, which comes by its entry, alerts once and tries again.
            log(LogEvent.MESSAGE_STALE, id=ref.id, documentId=ref.document_id, failure=str(error))
            return Messages()
        if chunk is None or chunk.status is ChunkStatus.PENDING:
            log(LogEvent.MESSAGE_STALE, id=ref.id, documentId=ref.document_id)
            return Messages()
        if chunk.status is not ChunkStatus.STORED or not chunk.open:
            # A crash may have come between the last write and what follows.
            if not chunk.open:
                self.completion.end_chunk(chunk)
            return Messages()
        try:
            messages, row = self.attempt(chunk)
        except CatalogConflict:
            return Messages()  # another one wrote the row, and with it the next step
        if row is not None and not row.open:
            self.completion.end_chunk(row)
        return messages

    def attempt(self, chunk: Chunk) -> Step:
        """Do the next step; an unforeseen fault is deferred like a transient one, from the row as it stands."""
        try:
            return units.attempt(partial(self.step, chunk))
        except Unforeseen as error:
            current = self.catalog.chunk(chunk.ref)
            if current is not None and current.status is ChunkStatus.STORED and current.open:
                current = self.defer(current, error)
            return Messages(), current

    def step(self, chunk: Chunk) -> Step:
        if self.delete_from_acs is DeleteFromAcs.NEVER or not chunk.deletable:
            return Messages(), self.finish(chunk)

        def reverify() -> None:
            nonlocal chunk
            chunk = self.reverify(chunk)

        try:
            self.delete_everywhere(distinct(place.delete for place in locations(chunk)), reverify)
        except CopyMissing as error:
            return self.copy_again(chunk, error), None
        except ContentConflict as error:
            failure = f"{error} Keep both, find out who wrote the blob, then replay."
            now = self.clock()
            failed = msgspec.structs.replace(
                chunk.moved(ChunkStatus.FAILED), failure=failure, failure_kind=FailureKind.CONFLICT, stuck_since=now
            )
            self.open_work.refresh(failed, now)  # first: what is not saved any more is at risk
            return Messages(), self.finish(failed)
        except Transient as error:
            return Messages(), self.defer(chunk, error)
        deleted = self.finish(msgspec.structs.replace(chunk.moved(ChunkStatus.DELETED), deleted_at=self.clock()))
        log(LogEvent.CHUNK_DELETED, id=chunk.id, documentId=chunk.document_id)
        return Messages(), deleted

    def delete_everywhere(self, urls: Iterable[str], reverify: Callable[[], None]) -> None:
        """Delete a document wherever it was announced; a place that does not answer keeps it at no other.

        Raises:
            SourceUnavailable: one place did not answer.
        """
        failure: SourceUnavailable | None = None
        for url in urls:
            try:
                self.source.delete(url, reverify)
            except SourceUnavailable as error:
                failure = error
        if failure is not None:
            raise failure

    def reverify(self, chunk: Chunk) -> Chunk:
        """Refuse unless media and metadata are still what was proven; returns the chunk as the row has it now.

        Raises:
            CopyMissing: a blob is gone.
            ContentConflict: a blob has another content.
        """
        if chunk.sha256 is None or chunk.metadata_blob is None or chunk.metadata_sha256 is None:
            raise ContentConflict("The row has no proof of a copy; nothing is deleted.")
        content = self.unaltered(
            chunk.content_blob, chunk.content_etag, chunk.bytes, chunk.sha256, chunk.block_list_digest
        )
        metadata = self.unaltered(
            chunk.metadata_blob, chunk.metadata_etag, chunk.metadata_bytes, chunk.metadata_sha256, ""
        )
        row = msgspec.structs.replace(
            chunk,
            content_etag=content.etag,
            content_version=content.id,
            metadata_etag=metadata.etag,
            metadata_version=metadata.id,
        )
        return chunk if row == chunk else self.catalog.save_chunk(row)

    def unaltered(self, name: str, etag: str | None, length: int | None, sha256: str, blocks: str) -> BlobVersion:
        """What bears a blob's name now, where that still is what was proven: a version that is kept proves no name.

        Metadata or properties that somebody set renew the etag and leave the bytes alone: then these are read again.
        """
        there: BlobProperties | BlobHead | None
        if blocks:
            there = self.store.stat(name)
            is_same = (there.etag, there.length, list_digest(there.blocks)) == (etag, length, blocks)
        else:  # written at once: its etag and length say all
            there = self.store.head(name)
            is_same = there is not None and (there.etag, there.length) == (etag, length)
        if there is None or there.etag is None:
            raise CopyMissing(f"The blob {name} is gone; the chunk is copied again.")
        if not is_same and digest_of(self.store.read(name)) != (sha256, length):
            raise ContentConflict(f"The blob {name} is not what was verified; ACS's original is kept until it expires.")
        return BlobVersion(there.etag, there.version_id)

    def copy_again(self, chunk: Chunk, error: CopyMissing) -> Messages:
        """The copy is gone, the original is not: begin again."""
        log(LogEvent.CHUNK_ALTERED, id=chunk.id, documentId=chunk.document_id, failure=str(error))
        now = self.clock()
        row = unproven(chunk.moved(ChunkStatus.PENDING))
        due = now + self.retries.message_patience
        row = self.open_work.postpone(row, due, failure=str(error), stuck_since=now)
        self.open_work.refresh(row, due)  # after the row, too: whoever still saw the copy may have taken it for saved
        return Messages(transfers=(chunk.ref,))

    def defer(self, chunk: Chunk, error: Transient) -> Chunk:
        """Try again later; once ACS must have destroyed the original by itself, nothing is left to do."""
        now = self.clock()
        if self.retries.is_over(chunk, error, now):
            failure = f"Not deleted by this app: {error} What ACS still has, it destroys by itself."
            return self.finish(msgspec.structs.replace(chunk, failure=failure))
        due = now + self.retries.wait(chunk.attempts, error.retry_after_seconds)
        failure = f"{error} The copy is safe; the deletion is tried again."
        alert_unforeseen(chunk, error, failure)
        since = chunk.stuck_since or now
        row = self.open_work.postpone(chunk, due, attempts=chunk.attempts + 1, failure=failure, stuck_since=since)
        log(LogEvent.CHUNK_DEFERRED, id=chunk.id, documentId=chunk.document_id, failure=str(error))
        return row

    def finish(self, chunk: Chunk) -> Chunk:
        failure = None if chunk.status is ChunkStatus.DELETED else chunk.failure
        return self.catalog.save_chunk(msgspec.structs.replace(chunk, open=False, due_at=None, failure=failure))
