"""Copy one content from ACS to Blob Storage: constant memory, every byte hashed, resumable, never overwriting.

    source ─► reader ─► pool of reused buffers ─► writers: CRC64, Put Block ─► Put Block List, if none ─► read back

A content of one block is written at once. After a kill the staged blocks are the checkpoint: their ids identify the
bytes. The loser of a race to commit verifies the winner's blob.
"""

import hashlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import Self

import msgspec

from shared.copying.block_ids import BLOCK_ID, BlockCheck, Layout, is_whole, layout_for, list_digest
from shared.copying.content_checks import SIGNATURE_BYTES
from shared.copying.source_reader import RANGE_BYTES, SourceReader
from shared.domain.crc64 import crc64, header_bytes
from shared.domain.errors import (
    BlobExists,
    BlockRefused,
    BlocksGone,
    BlocksInTheWay,
    ContentConflict,
    StoreUnavailable,
)
from shared.domain.ports import BlobHeaders, BlobProperties, Block, ChunkStore, Source

# One hashes and sends while the other waits for storage; with the block that is being read that makes the three blocks
# of memory that docs/performance.md measures. ACS is read by one connection: an instance copies four chunks at once.
WRITERS = 2
DIGEST_KEY = "sha256"  # in a blob's metadata, where the digest was known when the blob was written


class CopyOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How contents are copied: bytes per block, None for what their length suggests, and threads that send blocks."""

    block_bytes: int | None = None
    writers: int = WRITERS


class CopyRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to copy where.

    Attributes:
        url: of the content at ACS.
        name: of the blob.
        headers: of the blob.
        check_head: raises for first bytes that cannot be the content.
        keep_going: called at block boundaries; raises to stop there.
        keep_reading: called at each piece that is read; raises to stop in the middle of a block.
        resume: whether an earlier attempt may have left blocks, or the whole blob.
        on_progress: called with how many bytes of the content lie in blocks, as their number grows.
    """

    url: str
    name: str
    headers: BlobHeaders
    check_head: Callable[[bytes], object]
    keep_going: Callable[[], None]
    keep_reading: Callable[[], None] = lambda: None
    resume: bool
    on_progress: Callable[[int], None] = lambda _: None


class CopyProof(msgspec.Struct, frozen=True, kw_only=True):
    """Proof of a copy: what was read from ACS is what is committed under the name. Fields as of `Chunk`."""

    length: int
    sha256: str
    etag: str
    version_id: str | None
    block_list_digest: str


class BufferPool:
    """Block buffers that are used again and again, and the threads that write them.

    Raises:
        RecorderError: the first failure of a writer, from whichever call comes next.
    """

    def __init__(self, writers: int, layout: Layout) -> None:
        self.buffers: SimpleQueue[memoryview] = SimpleQueue()
        for _ in range(min(writers + 1, layout.count)):  # one is being filled
            self.buffers.put(memoryview(bytearray(layout.block_bytes)))
        self.layout = layout
        self.written_bytes = 0
        self.writers = ThreadPoolExecutor(writers, thread_name_prefix="writer")
        self.writes: dict[int, Future[str]] = {}
        self.ids: dict[int, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.writers.shutdown(wait=True, cancel_futures=True)

    def acquire(self) -> memoryview:
        """Wait for a free buffer."""
        return self.buffers.get()

    def write(self, index: int, block: memoryview, send: Callable[[], str]) -> None:
        """Have a writer send a block and return its id; its buffer is free again afterwards, also after a failure."""

        def run() -> str:
            try:
                return send()
            finally:
                self.buffers.put(memoryview(block.obj))

        self.collect([earlier for earlier, write in self.writes.items() if write.done()])
        self.writes[index] = self.writers.submit(run)

    def collect(self, indexes: Iterable[int]) -> None:
        for index in indexes:
            self.ids[index] = self.writes.pop(index).result()
            self.written_bytes += self.layout.length(index)

    def finish(self) -> dict[int, str]:
        """Wait for all writers; returns the ids of the written blocks by index."""
        self.collect(list(self.writes))
        return self.ids


@dataclass(frozen=True)
class ContentCopier:
    """Copies contents from ACS to Blob Storage, and proves the copies."""

    source: Source
    store: ChunkStore
    options: CopyOptions

    def copy(self, request: CopyRequest) -> CopyProof:
        """Copy a content and prove the copy.

        Raises:
            Transient: this attempt failed.
            ContentConflict: another content has the name.
        """
        blob = self.store.stat(request.name) if request.resume else BlobProperties()
        if blob.etag is not None:
            return self.verify_winner(request, blob)
        try:
            with closing(SourceReader(self.source, request.url, request.keep_reading)) as reader:
                # If the copy will not continue on this response, fetch only the signature bytes.
                total = reader.open(0, SIGNATURE_BYTES if blob.staged else RANGE_BYTES)
                layout = layout_for(total, self.options.block_bytes, blob.staged)
                if layout.count == 1 and not blob.staged:
                    return self.copy_at_once(request, reader, layout)
                return self.copy_in_blocks(request, reader, layout, layout.staged(blob.staged))
        except (BlobExists, BlocksGone):
            blob = self.store.stat(request.name)
            if blob.etag is None and blob.staged and not request.resume:
                # Staged blocks alone may keep a blob from being written at once, and go with blocks.
                return self.copy(msgspec.structs.replace(request, resume=True))
            return self.verify_winner(request, blob)
        except BlockRefused as error:
            raise self.why_refused(request.name, error) from error

    def why_refused(self, name: str, error: BlockRefused) -> StoreUnavailable:
        """Why a block of ours is refused: what somebody else staged under the name, or the service's own words."""
        if all(BLOCK_ID.fullmatch(block.id) for block in self.store.stat(name).staged):
            return error
        return BlocksInTheWay(name)

    def copy_at_once(self, request: CopyRequest, reader: SourceReader, layout: Layout) -> CopyProof:
        content = memoryview(bytearray(layout.total))
        reader.fill(content, 0)
        request.check_head(bytes(content[:SIGNATURE_BYTES]))
        digest = hashlib.sha256(content).hexdigest()
        blob = self.store.put(request.name, content, with_digest(request.headers, digest))
        return CopyProof(length=layout.total, sha256=digest, etag=blob.etag, version_id=blob.id, block_list_digest="")

    def copy_in_blocks(
        self, request: CopyRequest, reader: SourceReader, layout: Layout, present: dict[int, str]
    ) -> CopyProof:
        wanted = layout.missing(present)
        digest = None if present else hashlib.sha256()
        ids = dict(present)
        staged = sum(map(layout.length, present))
        request.on_progress(staged)
        with BufferPool(self.options.writers, layout) as pool:
            with closing(self.read_blocks(request, reader, layout, wanted, pool)) as read:
                for index, block in read:
                    if digest is not None:
                        digest.update(block)
                    pool.write(index, block, partial(self.stage, request.name, layout, index, block))
                    request.on_progress(staged + pool.written_bytes)
            ids |= pool.finish()
        request.on_progress(layout.total)
        listed = [ids[index] for index in range(layout.count)]
        known = digest.hexdigest() if digest else None
        blob = self.store.commit(request.name, listed, with_digest(request.headers, known))
        blocks = self.store.committed(request.name)
        if blocks != tuple(Block(id, layout.length(index)) for index, id in enumerate(listed)):
            raise StoreUnavailable(f"The committed block list of {request.name} is not the one that was sent.")
        return CopyProof(
            length=layout.total,
            sha256=known or self.digest_of_blocks(request, blocks),
            etag=blob.etag,
            version_id=blob.id,
            block_list_digest=list_digest(blocks),
        )

    def read_blocks(
        self, request: CopyRequest, reader: SourceReader, layout: Layout, wanted: list[range], pool: BufferPool
    ) -> Generator[tuple[int, memoryview]]:
        """The wanted blocks in order, each in a buffer of the pool."""
        for run in wanted:
            reader.until = run.stop * layout.block_bytes
            for index in run:
                request.keep_going()
                yield index, self.read_block(request, reader, layout, index, pool.acquire())

    def read_block(
        self, request: CopyRequest, reader: SourceReader, layout: Layout, index: int, buffer: memoryview
    ) -> memoryview:
        block = buffer[: layout.length(index)]
        reader.fill(block, index * layout.block_bytes)
        if index == 0:
            request.check_head(bytes(block[:SIGNATURE_BYTES]))
        return block

    def stage(self, name: str, layout: Layout, index: int, block: memoryview) -> str:
        crc = crc64(block)
        id = layout.block_id(index, crc)
        self.store.stage(name, id, block, header_bytes(crc))
        return id

    def verify_winner(self, request: CopyRequest, blob: BlobProperties) -> CopyProof:
        """Prove that the blob which exists already is the content.

        Our own blobs carry their proof: block ids with total and checksum, each compared with what is read back, or the
        digest in the metadata. Any other must equal what ACS returns now.

        Raises:
            ContentConflict: it is another content.
        """
        if blob.etag is None:
            raise StoreUnavailable(f"Neither the blob {request.name} nor its blocks are there; the copy begins anew.")
        check = BlockCheck(blob.blocks)
        digest = self.digest_of_blob(request, blob.length, check)
        proven = blob.metadata.get(DIGEST_KEY) == digest or (is_whole(blob.length, blob.blocks) and not check.differing)
        if not proven and self.digest_of_source(request) != (blob.length, digest):
            raise ContentConflict(f"The blob {request.name} holds another content than ACS; neither was touched.")
        return CopyProof(
            length=blob.length,
            sha256=digest,
            etag=blob.etag,
            version_id=blob.version_id,
            block_list_digest=list_digest(blob.blocks),
        )

    def digest_of_blocks(self, request: CopyRequest, blocks: Sequence[Block]) -> str:
        """SHA-256 of a blob that was committed just now, read back; each of its blocks is what its id says.

        Raises:
            StoreUnavailable: one is not. The next attempt compares the blob with the original.
        """
        check = BlockCheck(blocks)
        digest = self.digest_of_blob(request, sum(block.length for block in blocks), check)
        if check.differing:
            raise StoreUnavailable(f"The blob {request.name} gave other bytes than were sent for {check.differing[0]}.")
        return digest

    def digest_of_blob(self, request: CopyRequest, length: int, check: BlockCheck) -> str:
        """SHA-256 of the committed bytes, read back, and compared with the ids of their blocks on the way."""
        digest, read = digest_of(checked(self.store.read(request.name), check), request.keep_reading)
        if read != length:
            raise StoreUnavailable(f"The blob {request.name} gave {read} bytes instead of {length}.")
        return digest

    def digest_of_source(self, request: CopyRequest) -> tuple[int, str]:
        """(length, SHA-256) of what ACS returns, by an independent read.

        Raises:
            SourceSuspect: it cannot be the content.
        """
        digest = hashlib.sha256()
        with closing(SourceReader(self.source, request.url, request.keep_reading)) as reader:
            layout = layout_for(reader.open(0, RANGE_BYTES), self.options.block_bytes)
            buffer = memoryview(bytearray(layout.length(0)))
            for index in range(layout.count):
                request.keep_going()
                digest.update(self.read_block(request, reader, layout, index, buffer))
        return layout.total, digest.hexdigest()


def with_digest(headers: BlobHeaders, digest: str | None) -> BlobHeaders:
    return msgspec.structs.replace(headers, metadata=headers.metadata | {DIGEST_KEY: digest}) if digest else headers


def checked(pieces: Iterable[bytes], check: BlockCheck) -> Iterator[bytes]:
    for piece in pieces:
        check.read(piece)
        yield piece


def digest_of(pieces: Iterable[bytes], on_piece: Callable[[], None] = lambda: None) -> tuple[str, int]:
    """(SHA-256, length) of bytes; what is called at every piece may raise to stop there."""
    digest, length = hashlib.sha256(), 0
    for piece in pieces:
        on_piece()
        digest.update(piece)
        length += len(piece)
    return digest.hexdigest(), length
