"""Blob Storage, in dictionaries: blobs, staged blocks, and the containers that ACS records into."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from shared.domain.crc64 import crc64 as checksum_of
from shared.domain.crc64 import header_bytes
from shared.domain.errors import BlobExists, BlobUnreadable, BlockRefused, BlocksGone, StoreUnavailable
from shared.domain.ports import BlobHead, BlobHeaders, BlobProperties, BlobVersion, Block
from tests.fakes.world import Fault, World

BLOCKS_MAX = 50_000
STAGED_BLOCKS_MAX = 100_000
READ_BYTES = 1024


@dataclass
class FakeBlob:
    """A committed blob, or nothing but blocks that were sent for one (no etag)."""

    content: bytes = b""
    etag: str | None = None
    version_id: str | None = None
    headers: BlobHeaders = field(
        default_factory=lambda: BlobHeaders(content_type="application/octet-stream", metadata={})
    )
    blocks: tuple[Block, ...] = ()
    staged: dict[str, bytes] = field(default_factory=dict)
    archived: bool = False
    rehydrating: bool = False

    def stat(self) -> BlobProperties:
        staged = tuple(Block(id, len(content)) for id, content in self.staged.items())
        if self.etag is None:
            return BlobProperties(staged=staged)
        return BlobProperties(
            etag=self.etag,
            version_id=self.version_id,
            length=len(self.content),
            metadata=dict(self.headers.metadata),
            blocks=self.blocks,
            staged=staged,
        )


class FakeStore:
    """The port `ChunkStore`.

    Args:
        world: what all fakes share.
        keeps_versions: whether it keeps a version of whatever was written under a name, as an account may.

    Attributes:
        immutable: whether a policy refuses writes over a blob in its own words, before anything else is looked at.
    """

    def __init__(self, world: World, *, keeps_versions: bool = False) -> None:
        self.world = world
        self.keeps_versions = keeps_versions
        self.immutable = False
        self.versions: dict[tuple[str, str], bytes] = {}  # by name and id
        self.all: dict[str, FakeBlob] = {}
        self.tampered: set[str] = set()  # what somebody else overwrote or removed
        self.staged_blocks_max = STAGED_BLOCKS_MAX

    @property
    def blobs(self) -> dict[str, bytes]:
        """What is committed."""
        return {name: blob.content for name, blob in self.all.items() if blob.etag is not None}

    def put(self, name: str, content: bytes | memoryview, headers: BlobHeaders) -> BlobVersion:
        def write() -> BlobVersion:
            self.refuse_immutable(name)
            if name in self.all:  # staged blocks are enough
                raise BlobExists(f"There is a blob {name} already.")
            return self.committed_as(name, FakeBlob(content=bytes(content), headers=headers))

        return self.world.written("store.put", write)

    def refuse_immutable(self, name: str) -> None:
        if self.immutable and name in self.blobs:
            raise StoreUnavailable(f"Blob Storage answered 409 (BlobImmutableDueToPolicy) for {name}.")

    def refuse_committed(self, name: str) -> None:
        self.refuse_immutable(name)
        if name in self.blobs:
            raise BlobExists(f"There is a blob {name} already.")

    def committed_as(self, name: str, blob: FakeBlob) -> BlobVersion:
        """Make a blob visible; what anybody had staged for it is discarded."""
        self.all[name] = blob
        return self.renewed(name)

    def renewed(self, name: str) -> BlobVersion:
        """Give a blob another etag, and keep it as a version."""
        blob = self.all[name]
        blob.etag = etag = self.world.version()
        if self.keeps_versions:
            blob.version_id = f"version of {blob.etag}"
            self.versions[name, blob.version_id] = blob.content
        return BlobVersion(etag, blob.version_id)

    def stage(self, name: str, block_id: str, content: memoryview, crc64: bytes) -> None:
        def write() -> None:
            if header_bytes(checksum_of(content)) != crc64:
                raise StoreUnavailable(f"Blob Storage answered 400 (Crc64Mismatch) for {name}.")
            self.refuse_immutable(name)
            blob = self.all.get(name, FakeBlob())
            alike = all(len(id) == len(block_id) for id in blob.staged)
            if not content or not alike:
                raise BlockRefused(f"Blob Storage answered 400 (InvalidBlobOrBlock) for {name}.")
            if len(blob.staged) >= self.staged_blocks_max:
                raise BlockRefused(f"Blob Storage answered 409 (BlockCountExceedsLimit) for {name}.")
            blob.staged[block_id] = bytes(content)
            self.all[name] = blob

        self.world.written("store.stage", write)

    def commit(self, name: str, block_ids: Sequence[str], headers: BlobHeaders) -> BlobVersion:
        def write() -> BlobVersion:
            self.refuse_committed(name)
            staged = self.all.get(name, FakeBlob()).staged
            if any(id not in staged for id in block_ids):
                raise BlocksGone(f"Staged blocks of {name} are gone.")
            if len(block_ids) > BLOCKS_MAX:
                raise StoreUnavailable(f"Blob Storage answered 400 (BlockListTooLong) for {name}.")
            blocks = tuple(Block(id, len(staged[id])) for id in block_ids)
            content = b"".join(staged[id] for id in block_ids)
            return self.committed_as(name, FakeBlob(content=content, headers=headers, blocks=blocks))

        return self.world.written("store.commit", write)

    def committed(self, name: str) -> tuple[Block, ...]:
        with self.world.effect("store.committed"):
            if name not in self.all:
                raise StoreUnavailable(f"Blob Storage answered 404 (BlobNotFound) for {name}.")
            return self.all[name].blocks

    def stat(self, name: str) -> BlobProperties:
        with self.world.effect("store.stat") as fault:
            there = FakeBlob() if fault is Fault.STALE else self.all.get(name, FakeBlob())
            return there.stat()

    def head(self, name: str) -> BlobHead | None:
        with self.world.effect("store.head") as fault:
            blob = FakeBlob() if fault is Fault.STALE else self.all.get(name, FakeBlob())
            if blob.etag is None:
                return None
            return BlobHead(
                etag=blob.etag,
                version_id=blob.version_id,
                length=len(blob.content),
                archived=blob.archived,
                rehydrating=blob.rehydrating,
            )

    def read(self, name: str) -> Iterator[bytes]:
        with self.world.effect("store.read"):
            if name not in self.blobs:
                raise StoreUnavailable(f"Blob Storage answered 404 (BlobNotFound) for {name}.")
            if self.all[name].archived:
                raise BlobUnreadable(f"The blob {name} cannot be read as it is.")
            content = self.all[name].content
        yield from pieces(content, self.world)

    def names(self, prefix: str) -> Iterator[str]:
        with self.world.effect("store.names"):
            found = sorted(name for name in self.blobs if name.startswith(prefix))
        yield from found

    def link(self, name: str, until: datetime, save_as: str | None = None, version_id: str | None = None) -> str:
        with self.world.effect("store.link"):
            saved = f"&rscd={save_as}" if save_as else ""
            version = f"versionid={quote(version_id)}&" if version_id else ""
            signed = f"se={until:%Y-%m-%dT%H:%M:%SZ}&sp=r{saved}&sig=signature"
            return f"https://store.example/recordings/{name}?{version}{signed}"

    # What others may do to the operator's blobs.

    def retag(self, name: str) -> None:
        """Metadata or properties that somebody sets: another etag, the same bytes."""
        self.renewed(name)

    def archive(self, name: str) -> None:
        """Another tier keeps the etag."""
        self.all[name].archived = True

    def rehydrate(self, name: str) -> None:
        self.all[name].rehydrating = True

    def overwrite(self, name: str, content: bytes) -> None:
        self.tampered.add(name)
        self.committed_as(name, FakeBlob(content=content))

    def lose(self, name: str) -> None:
        self.tampered.add(name)
        del self.all[name]


class FakeOwnStorage:
    """The port `OwnStorage`: files by URL."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.files: dict[str, FakeBlob] = {}

    def add(self, url: str, content: bytes) -> None:
        self.files[url] = FakeBlob(content=content, etag=self.world.version())

    def stat(self, url: str) -> BlobProperties:
        with self.world.effect("own.stat"):
            return self.files.get(url, FakeBlob()).stat()

    def read(self, url: str) -> Iterator[bytes]:
        with self.world.effect("own.read"):
            if url not in self.files:
                raise StoreUnavailable("Blob Storage answered 404 (BlobNotFound).")
            content = self.files[url].content
        yield from pieces(content, self.world)


def pieces(content: bytes, world: World) -> Iterator[bytes]:
    for start in range(0, len(content), READ_BYTES):
        world.at_piece()
        yield content[start : start + READ_BYTES]
