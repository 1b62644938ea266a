"""Links to a chunk's files: read-only, valid for minutes, and only to proven copies that are still there."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from shared.domain.blob_names import saved_as
from shared.domain.durations import LINK_LIFETIME
from shared.domain.errors import ChunkNotFound, Conflict, CopyGone
from shared.domain.models import Chunk, ChunkRef
from shared.domain.ports import Catalog, ChunkStore, Clock
from shared.domain.statuses import ChunkStatus


class Link(msgspec.Struct, frozen=True):
    """A URL that reads one file, for anyone who has it, until it expires."""

    url: str
    expires_at: datetime


@dataclass(frozen=True)
class DownloadLinks:
    """Makes links to a chunk's media and metadata.

    Args:
        download: of a link; whether browsers save what they get, under a name that says what it is, or show it.

    Raises:
        ChunkNotFound: nobody knows the chunk.
        Conflict: there is no proven copy, it was altered, it is archived, or it lies in the operator's own container.
        CopyGone: the proven copy is not there any more.
        StoreUnavailable: whether it is there cannot be told.
    """

    catalog: Catalog
    store: ChunkStore
    clock: Clock

    def content(self, ref: ChunkRef, download: bool = False) -> Link:
        chunk = self.chunk(ref)
        if chunk.sha256 is None:
            raise Conflict(f"The chunk is {chunk.status}: there is no verified copy of it.")
        version = self.require(chunk.content_blob, chunk.content_etag, chunk.sha256)
        return self.link(chunk, chunk.content_blob, version, download)

    def metadata(self, ref: ChunkRef, download: bool = False) -> Link:
        chunk = self.chunk(ref)
        if chunk.metadata_blob is None or chunk.metadata_sha256 is None:
            raise Conflict(f"The chunk is {chunk.status}: there is no verified copy of its metadata.")
        version = self.require(chunk.metadata_blob, chunk.metadata_etag, chunk.metadata_sha256)
        return self.link(chunk, chunk.metadata_blob, version, download)

    def chunk(self, ref: ChunkRef) -> Chunk:
        chunk = self.catalog.chunk(ref)
        if chunk is None:
            raise ChunkNotFound
        if chunk.status is ChunkStatus.FAILED:
            raise Conflict(f"The chunk has failed: nothing vouches for what lies under its name. {chunk.failure}")
        if chunk.own_storage:
            raise Conflict("The chunk's files lie in your own container, where ACS put them; read them there.")
        return chunk

    def require(self, name: str, etag: str | None, sha256: str) -> str | None:
        """Refuse unless what was proven bears the name and can be read: one look, since others may write there.

        Returns the id of the version that storage keeps of it, which the link leads to: whatever is written under the
        name while the link lives is another one. None where storage keeps none.
        """
        blob = self.store.head(name)
        if blob is None:
            raise CopyGone(
                f"The copy was proven, but the blob {name} is not there any more: somebody deleted it, or a lifecycle"
                " rule did. The account may still have it as a deleted blob, or as a version."
            )
        if blob.etag != etag:
            raise Conflict(
                f"The blob {name} was written or changed after its copy was proven: nothing vouches for it now. Find"
                f" out who did that; its bytes are those that were proven only if their SHA-256 is {sha256}."
            )
        if blob.rehydrating:
            raise Conflict(f"The blob {name} is archived and being rehydrated; that takes hours. Ask again then.")
        if blob.archived:
            raise Conflict(f"The blob {name} is archived: rehydrate it (set its tier to hot, cool or cold), then ask.")
        return blob.version_id

    def link(self, chunk: Chunk, name: str, version_id: str | None, download: bool) -> Link:
        until = (self.clock() + LINK_LIFETIME).replace(microsecond=0)  # signatures know no fractions
        save_as = self.saved_as(chunk, name) if download else None
        return Link(self.store.link(name, until, save_as, version_id), until)

    def saved_as(self, chunk: Chunk, name: str) -> str:
        recording = self.catalog.recording(chunk.id)
        began = (recording.recording_start_time or recording.created_at) if recording else chunk.created_at
        return saved_as(chunk.id, began, chunk.index, name)
