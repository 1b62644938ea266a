"""Transfer a chunk: claim it, copy media and metadata, prove the copy, write it down.

A failure that may pass is written on the row with the time of the next try, never raised: the platform would burn its
five deliveries in seconds. The deadline ends the tries, not a count.
"""

import hashlib
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain

import msgspec

from shared.copying.content_checks import SIGNATURE_BYTES, check_metadata, check_signature
from shared.copying.copy_content import DIGEST_KEY, ContentCopier, CopyProof, CopyRequest, digest_of, with_digest
from shared.copying.source_reader import SourceReader
from shared.domain import blob_names, chunk_facts, units
from shared.domain.durations import AT_RISK, ATTEMPT_SECONDS_MAX
from shared.domain.errors import (
    BlobExists,
    BlocksInTheWay,
    CatalogConflict,
    ContentConflict,
    Expired,
    OutOfTime,
    Permanent,
    RowUnreadable,
    SourceMissing,
    SourceSuspect,
    SourceUnavailable,
    StoreUnavailable,
    Transient,
    Unforeseen,
)
from shared.domain.json_fields import moment, number, text
from shared.domain.log import LogEvent, log
from shared.domain.models import Chunk, ChunkRef, Messages
from shared.domain.open_work import OpenWork
from shared.domain.ports import BlobHeaders, BlobProperties, BlobVersion, Catalog, ChunkStore, Clock, OwnStorage, Source
from shared.domain.recording_rows import readable_recording
from shared.domain.statuses import ChunkStatus, FailureKind
from shared.pipeline.claims import Claim
from shared.pipeline.completion import Completion
from shared.pipeline.places import distinct, in_turn, locations
from shared.pipeline.retries import RetryPolicy, alert_unforeseen, resend
from shared.pipeline.sweep_chunks import log_risk
from shared.settings import VerifySource

METADATA_BYTES_MAX = 4 * 1024 * 1024  # 350 participants make about 50 KiB


@dataclass(frozen=True)
class Transfer:
    """From pending to stored."""

    catalog: Catalog
    open_work: OpenWork
    source: Source
    store: ChunkStore
    own: OwnStorage
    copier: ContentCopier
    clock: Clock
    retries: RetryPolicy
    verify_source: VerifySource
    completion: Completion

    def transfer(self, ref: ChunkRef) -> Messages:
        """Do what is left to do for a pending chunk; returns what is to be sent.

        Raises:
            CatalogUnavailable: our own outage; the message comes back.
        """
        try:
            chunk = self.catalog.chunk(ref)
        except RowUnreadable as error:
            # No delivery mends a row; the sweep, which comes by its entry, alerts once and tries again.
            log(LogEvent.MESSAGE_STALE, id=ref.id, documentId=ref.document_id, failure=str(error))
            return Messages()
        now = self.clock()
        if chunk is not None and not chunk.open:
            self.completion.end_chunk(chunk)  # a crash may have come between its last write and what follows
            return Messages()
        if chunk is None or chunk.status is not ChunkStatus.PENDING or (chunk.claimed_until or now) > now:
            log(LogEvent.MESSAGE_STALE, id=ref.id, documentId=ref.document_id)
            return Messages()
        try:
            return units.attempt(partial(self.attempt, chunk))
        except CatalogConflict:
            return Messages()  # the worker that has the chunk now does the rest
        except Unforeseen as error:
            return self.put_off(ref, error)

    def put_off(self, ref: ChunkRef, error: Unforeseen) -> Messages:
        """Defer an unforeseen fault like a transient one, from the row as it stands now."""
        with suppress(CatalogConflict):  # another worker has it now
            current = self.catalog.chunk(ref)
            if current is not None and current.status is ChunkStatus.PENDING:
                return self.defer(current, error)
        return Messages()

    def attempt(self, chunk: Chunk) -> Messages:
        """One attempt; a failure that was foreseen is written on the row with what follows from it.

        Raises:
            CatalogConflict: another worker has the chunk.
        """
        claim = Claim.take(self.open_work, self.clock, self.retries.claim, chunk)
        try:
            stored = self.copy(claim)
        except OutOfTime:  # at a block boundary; the next attempt begins at once
            return resend(self.open_work, claim.chunk, self.clock() + self.retries.message_patience)
        except Transient as error:
            return self.defer(claim.chunk, error)
        except Permanent as error:
            return self.fail(claim.chunk, error)
        return self.mark_stored(stored)

    def copy(self, claim: Claim) -> Chunk:
        """Copy metadata and media; returns the chunk with the proof of both.

        Metadata first: it is small, and it says when the chunk ended, which may move the deadline. A failure of it does
        not hold the media up; what was proven before a failure is on the row.
        """
        if claim.chunk.own_storage:
            return self.verify_own_storage(claim)
        metadata_failure: Transient | Permanent | None = None
        try:
            units.attempt(partial(self.copy_metadata, claim))
        except (Transient, Permanent) as error:
            metadata_failure = error
        if claim.chunk.sha256 is None:
            self.copy_media(claim)
        if metadata_failure is not None:
            raise metadata_failure
        return claim.chunk

    def copy_metadata(self, claim: Claim) -> None:
        chunk = claim.chunk
        if chunk.metadata_location is None or chunk.metadata_sha256 is not None:
            return
        # A row that somebody edited may lack the name; the media's stands in every row.
        name = chunk.metadata_blob or blob_names.metadata_blob(chunk.content_blob)
        try:
            urls = distinct(place.metadata for place in locations(chunk))
            content, facts = in_turn(urls, partial(self.read_metadata, claim))
        except SourceMissing:
            content, facts = self.kept_metadata(chunk, name)
        contradiction = contradicted_call(chunk, facts)
        if contradiction:
            log(LogEvent.CHUNK_INCOMPLETE, id=chunk.id, documentId=chunk.document_id, failure=contradiction)
        digest = hashlib.sha256(content).hexdigest()
        ends = chunk_ends(facts, self.retries.retention)
        expires_at = min([chunk.expires_at, *ends])
        if expires_at < chunk.expires_at and expires_at - self.clock() <= AT_RISK + self.retries.claim:
            # It is at risk before whatever comes next would say so.
            self.open_work.refresh(msgspec.structs.replace(chunk, expires_at=expires_at), chunk.due_at or expires_at)
        stored = self.store_metadata(chunk, name, content, digest)
        claim.record(
            metadata_blob=name,
            metadata_bytes=len(content),
            metadata_sha256=digest,
            metadata_etag=stored.etag,
            metadata_version=stored.id,
            expires_at=expires_at,
            gone_by=max([chunk.gone_by, *ends]) if chunk.gone_by else None,
            left_at_acs=contradiction or chunk.left_at_acs,
            start_time=moment(facts, "chunkStartTime"),
            participants=chunk_facts.participants(facts),
            pauses=chunk_facts.pauses(facts),
        )

    def read_metadata(self, claim: Claim, url: str) -> tuple[bytes, dict[str, object]]:
        claim.renew()  # a place before may have been silent for long
        content = self.read_whole(url, claim)
        return content, check_metadata(content, claim.chunk.document_id)

    def kept_metadata(self, chunk: Chunk, name: str) -> tuple[bytes, dict[str, object]]:
        """What an earlier attempt stored before ACS destroyed it; its digest beside it proves it.

        Raises:
            SourceMissing: it is not there.
        """
        blob = self.store.stat(name)
        if DIGEST_KEY in blob.metadata and blob.length <= METADATA_BYTES_MAX:
            content = b"".join(self.store.read(name))
            if hashlib.sha256(content).hexdigest() == blob.metadata[DIGEST_KEY]:
                return content, check_metadata(content, chunk.document_id)
        raise SourceMissing("ACS has no such metadata: not yet, or not any more.")

    def store_metadata(self, chunk: Chunk, name: str, content: bytes, digest: str) -> BlobVersion:
        """The metadata's blob: written now, or before, and then proven to be these very metadata.

        A later attempt asks first: under a policy or a lease a write is refused without a word on whether it is there.
        """
        blob = self.store.stat(name) if chunk.attempts > 1 else BlobProperties()
        if blob.etag is None:
            try:
                return self.store.put(name, content, with_digest(blob_headers(chunk, "json"), digest))
            except BlobExists:
                blob = self.store.stat(name)
        if blob.etag is None and blob.staged:
            raise BlocksInTheWay(name)  # metadata are written at once: none of these are ours
        if blob.etag is None:
            raise StoreUnavailable(f"The blob {name} was there and is gone; it is written anew.")
        if digest_of(self.store.read(name)) != (digest, len(content)):
            raise ContentConflict(f"The blob {name} holds other metadata than ACS.")
        return BlobVersion(blob.etag, blob.version_id)

    def read_whole(self, url: str, claim: Claim) -> bytes:
        """A small content, exactly as ACS gives it."""
        with closing(SourceReader(self.source, url, claim.renew)) as reader:
            total = reader.open(0, METADATA_BYTES_MAX)
            if total > METADATA_BYTES_MAX:
                raise SourceSuspect(f"The metadata has {total} bytes; more than {METADATA_BYTES_MAX} cannot be right.")
            content = bytearray(total)
            reader.fill(memoryview(content), 0)
        return bytes(content)

    def copy_media(self, claim: Claim) -> None:
        stop_at = self.clock() + timedelta(seconds=ATTEMPT_SECONDS_MAX)

        def keep_going() -> None:
            if self.clock() >= stop_at:
                raise OutOfTime
            claim.renew()

        urls = distinct(place.content for place in locations(claim.chunk))

        def copy_from(url: str) -> CopyProof:
            keep_going()
            self.name_copy(claim, url)
            chunk = claim.chunk
            request = CopyRequest(
                url=url,
                name=chunk.content_blob,
                headers=blob_headers(chunk, chunk.format or blob_names.DEFAULT_FORMAT),
                check_head=lambda head: check_signature(head, chunk.format),
                keep_going=keep_going,
                keep_reading=keep_going,
                resume=chunk.attempts > 1 or url != chunk.content_location,
                on_progress=claim.progress,
            )
            proof = self.copier.copy(request)
            # Blocks of an earlier try may have come from another content of the document.
            mixed = request.resume and len({place.rpartition("/")[2] for place in urls}) > 1
            second_read = mixed or self.verify_source is VerifySource.DOUBLE_READ
            if second_read and self.copier.digest_of_source(request) != (proof.length, proof.sha256):
                raise ContentConflict(
                    "Two reads of the content at ACS differ; nothing is deleted, and the copy is kept."
                )
            return proof

        proof = in_turn(urls, copy_from)
        claim.record(
            bytes=proof.length,
            sha256=proof.sha256,
            content_etag=proof.etag,
            content_version=proof.version_id,
            block_list_digest=proof.block_list_digest,
        )

    def name_copy(self, claim: Claim, url: str) -> None:
        """Name the copy by its first bytes where no format was announced, before anything is written under the name.

        What lies under the name already, as the version before wrote it, keeps it: ACS may not have the file any more.
        """
        chunk = claim.chunk
        if chunk.format is not None:
            return
        there = self.store.stat(chunk.content_blob)
        if there.etag is None and not there.staged:
            format = check_signature(self.read_head(url, claim), None)
            claim.write(format=format, content_blob=blob_names.in_format(chunk.content_blob, format))

    def read_head(self, url: str, claim: Claim) -> bytes:
        """The first bytes of a content."""
        with closing(SourceReader(self.source, url, claim.renew)) as reader:
            head = bytearray(min(reader.open(0, SIGNATURE_BYTES), SIGNATURE_BYTES))
            reader.fill(memoryview(head), 0)
        return bytes(head)

    def verify_own_storage(self, claim: Claim) -> Chunk:
        """A chunk that ACS wrote into the operator's container: read once, whole, where it is."""
        chunk = claim.chunk
        blob = self.own.stat(chunk.content_location)
        if blob.etag is None:
            raise SourceMissing("The file is not in the operator's container (yet).")
        pieces = self.own.read(chunk.content_location)
        head = next(pieces, b"")
        check_signature(head, chunk.format)
        digest, length = digest_of(chain([head], pieces), claim.renew)
        if length != blob.length:
            raise SourceSuspect(f"The file gave {length} bytes instead of {blob.length}.")
        claim.record(bytes=length, sha256=digest, content_etag=blob.etag)
        return claim.chunk

    def mark_stored(self, chunk: Chunk, failure: str | None = None) -> Messages:
        now = self.clock()
        deletable = chunk.deletable
        row = msgspec.structs.replace(
            chunk.moved(ChunkStatus.STORED),
            stored_at=now,
            claimed_until=None,
            failure=failure or left_at_acs(chunk),
            due_at=now + self.retries.message_patience if deletable else None,
            open=deletable,
            stuck_since=None,
        )
        self.catalog.save_chunk(row, readable_recording(self.catalog, row.id))
        log(LogEvent.CHUNK_STORED, id=row.id, documentId=row.document_id, bytes=row.bytes)
        if deletable:
            return Messages(deletions=(row.ref,))
        self.completion.end_chunk(row)
        return Messages()

    def defer(self, chunk: Chunk, error: Transient) -> Messages:
        """Write down what happened and when to try again, or that there is nothing left to try."""
        now = self.clock()
        if self.retries.is_over(chunk, error, now):
            return self.give_up(chunk, error)
        due = now + self.retries.wait(chunk.attempts, error.retry_after_seconds)
        failure = f"{error} The next try is planned."
        alert_unforeseen(chunk, error, failure)
        if isinstance(error, BlocksInTheWay) and chunk.failure != failure:
            log_risk(msgspec.structs.replace(chunk, failure=failure), now)  # now, since only a person can act
        row = self.open_work.postpone(chunk, due, failure=failure, stuck_since=chunk.stuck_since or now)
        log(LogEvent.CHUNK_DEFERRED, id=row.id, documentId=row.document_id, attempts=row.attempts, failure=str(error))
        return Messages()

    def give_up(self, chunk: Chunk, error: Transient) -> Messages:
        """Nothing is left to try. Media that were proven before are safe, even if the metadata are lost."""
        if chunk.sha256 is None:
            return self.fail(chunk, Expired(self.told_loss(chunk, error, "the chunk")))
        log(LogEvent.CHUNK_INCOMPLETE, id=chunk.id, documentId=chunk.document_id, failure=str(error))
        failure = f"The media are safe. {self.told_loss(chunk, error, 'the metadata')}"
        return self.mark_stored(msgspec.structs.replace(chunk, delete_location=None), failure)

    def told_loss(self, chunk: Chunk, error: Transient, what: str) -> str:
        """What became of it, as far as it is known: that ACS destroyed it says only ACS."""
        hours = self.retries.silence / timedelta(hours=1)
        match error:
            case SourceMissing() if chunk.own_storage:
                lost = f"ACS never put {what} into your own container."
            case SourceMissing():
                lost = f"ACS destroyed {what} before a copy was made."
            case SourceUnavailable():
                lost = f"ACS never answered with {what} in {hours:g} hours; whether it still has it is not known."
            case _:
                lost = f"In {hours:g} hours no copy of {what} could be made; whether ACS still has it is not known."
        before = f" Before that: {chunk.failure}" if chunk.failure and str(error) not in chunk.failure else ""
        return f"{lost} The last try said: {error}{before}"

    def fail(self, chunk: Chunk, error: Permanent) -> Messages:
        row = msgspec.structs.replace(
            chunk.moved(ChunkStatus.FAILED),
            claimed_until=None,
            due_at=None,
            open=False,
            stuck_since=self.clock(),
            failure=str(error),
            failure_kind=FailureKind.EXPIRED if isinstance(error, Expired) else FailureKind.CONFLICT,
        )
        self.catalog.save_chunk(row)
        self.completion.end_chunk(row)
        return Messages()


def contradicted_call(chunk: Chunk, metadata: dict[str, object]) -> str | None:
    """That ACS's metadata name another call than the events of the chunk's recording; None when they do not."""
    named = text(metadata, "callId")
    if not named or not chunk.call_id or named.casefold() == chunk.call_id.casefold():
        return None
    return "ACS's metadata name another call than the event: it may be somebody else's."


def left_at_acs(chunk: Chunk) -> str | None:
    """What the row of a stored chunk says of its original."""
    return chunk.left_at_acs and f"The copy is safe; ACS's original is not deleted. {chunk.left_at_acs}"


def blob_headers(chunk: Chunk, kind: str) -> BlobHeaders:
    return BlobHeaders(
        content_type=blob_names.CONTENT_TYPES.get(kind, blob_names.METADATA_CONTENT_TYPE),
        metadata={"id": chunk.id, "index": str(chunk.index), "documentId": chunk.document_id},
    )


def chunk_ends(metadata: dict[str, object], retention: timedelta) -> list[datetime]:
    """When ACS destroys the chunk by what its metadata say; nothing when they do not."""
    began, lasted = moment(metadata, "chunkStartTime"), number(metadata, "chunkDuration")
    return [began.astimezone(UTC) + timedelta(milliseconds=lasted) + retention] if began and lasted else []
