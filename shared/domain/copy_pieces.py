"""The port through which Blob Storage composes a file of copies: their bytes never pass the app, save their heads."""

from typing import Protocol

import msgspec


class Copy(msgspec.Struct, frozen=True):
    """A proven copy.

    Attributes:
        name: of its blob.
        etag: of the version that was proven.
        length: in bytes.
    """

    name: str
    etag: str
    length: int


class Piece(msgspec.Struct, frozen=True):
    """A range of bytes of a copy."""

    copy: Copy
    offset: int
    length: int


class CopyPieces(Protocol):
    """Reads of copies that hold only as long as these are what was proven.

    Raises:
        CopyAltered: what bears the name is another version, or nothing does.
        BlobUnreadable: the copy is archived, or encrypted with another's key.
        StoreUnavailable: Blob Storage did not answer or refused.
    """

    def read(self, piece: Piece) -> bytes:
        """Its bytes: for a few of them. A piece that is empty, or beyond the copy's end, has none."""

    def stage(self, name: str, block_id: str, piece: Piece) -> None:
        """Have Blob Storage stage the piece as a block of an export.

        Raises:
            CopyRefused: it may not read the copy, for a reason that no repetition mends.
            BlockRefused: the block does not go with those that are staged.
        """
