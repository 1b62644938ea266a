"""Links to a chunk's files: read-only, and valid for minutes."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from shared.domain.durations import LINK_LIFETIME
from shared.domain.errors import ChunkNotFound, Conflict
from shared.domain.models import Chunk, ChunkRef, ChunkStatus
from shared.domain.ports import Catalog, ChunkStore, Clock


class Link(msgspec.Struct, frozen=True):
    """A URL that reads one file, for anyone who has it, until it expires."""

    url: str
    expires_at: datetime


@dataclass(frozen=True)
class DownloadLinks:
    """Makes links to a chunk's media and metadata."""

    catalog: Catalog
    store: ChunkStore
    clock: Clock

    def content(self, ref: ChunkRef) -> Link:
        """Raises: ChunkNotFound; Conflict while there is no verified copy, or since it was altered."""
        chunk = self.chunk(ref)
        if chunk.sha256 is None:
            raise Conflict(f"The chunk is {chunk.status}: there is no verified copy of it.")
        return self.link(chunk, chunk.content_blob)

    def metadata(self, ref: ChunkRef) -> Link:
        """Raises: ChunkNotFound; Conflict while there is no verified copy, or since it was altered."""
        chunk = self.chunk(ref)
        if chunk.metadata_blob is None or chunk.metadata_sha256 is None:
            raise Conflict(f"The chunk is {chunk.status}: there is no verified copy of its metadata.")
        return self.link(chunk, chunk.metadata_blob)

    def chunk(self, ref: ChunkRef) -> Chunk:
        chunk = self.catalog.chunk(ref)
        if chunk is None:
            raise ChunkNotFound
        if chunk.status is ChunkStatus.FAILED:
            raise Conflict(f"The chunk has failed: nothing vouches for what lies under its name. {chunk.failure}")
        return chunk

    def link(self, chunk: Chunk, name: str) -> Link:
        if chunk.own_storage:
            raise Conflict("The file lies in your own container, where ACS put it; read it there.")
        return Link(self.store.link(name, LINK_LIFETIME), self.clock() + LINK_LIFETIME)
