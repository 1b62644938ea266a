"""Blob Storage's own reads of copies, out of one fake store into another."""

from shared.domain.copy_pieces import Piece
from shared.domain.crc64 import crc64, header_bytes
from shared.domain.errors import BlobUnreadable, CopyAltered, CopyRefused
from tests.fakes.store import FakeStore
from tests.fakes.world import World


class FakePieces:
    """The port `CopyPieces`.

    Attributes:
        firewall: whether the account's network rules keep the service from reading copies for an export.
        bytes_read: by the app itself.
    """

    def __init__(self, world: World, copies: FakeStore, exports: FakeStore) -> None:
        self.world = world
        self.copies = copies
        self.exports = exports
        self.firewall = False
        self.bytes_read = 0

    def read(self, piece: Piece) -> bytes:
        with self.world.effect("store.read"):
            content = self.content(piece)
            self.bytes_read += len(content)
        return content

    def stage(self, name: str, block_id: str, piece: Piece) -> None:
        with self.world.effect("store.stage_from"):
            if self.firewall:
                raise CopyRefused(f"Blob Storage did not let itself read the blob {piece.copy.name}.")
            content = memoryview(self.content(piece))
        self.exports.stage(name, block_id, content, header_bytes(crc64(content)))

    def content(self, piece: Piece) -> bytes:
        copy = piece.copy
        blob = self.copies.all.get(copy.name)
        if blob is None or blob.etag != copy.etag:
            raise CopyAltered(f"The blob {copy.name} was written, changed or deleted after its copy was proven.")
        if blob.archived:
            raise BlobUnreadable(f"The blob {copy.name} cannot be read as it is.")
        return blob.content[piece.offset : piece.offset + piece.length]
