"""Blob Storage's own reads of copies: only of what was proven, and staged as blocks of an export."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from shared.adapters.blob_pieces import BlobPieces
from shared.adapters.blob_storage import BlobChunkStore
from shared.adapters.storage_accounts import StorageAccount
from shared.domain.copy_pieces import Copy, CopyPieces, Piece
from shared.domain.errors import BlobExists, BlockRefused, CopyAltered
from shared.domain.ports import BlobHeaders, Block, ChunkStore
from tests.copying import checksum_of
from tests.fakes import FakePieces, FakeStore, World

from .conftest import AZURITE, new_name

HEADERS = BlobHeaders(content_type="audio/wav", metadata={})
NAME = "2026/11/22/6f1c/0000-0-wus-d4 ü-ab.wav"  # whatever a name has in it, the service reads that blob
EXPORT = "6f1c/digest.wav"
CONTENT = bytes(range(250)) * 20
HEAD = b"head"


class Stores(NamedTuple):
    """Copies, exports, and what is read out of the first into the second."""

    copies: ChunkStore
    exports: ChunkStore
    pieces: CopyPieces
    lose: Callable[[str], None]


@pytest.fixture(params=["fake", AZURITE])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "fake":
        world = World()
        copies, exports = FakeStore(world), FakeStore(world)
        return Stores(copies, exports, FakePieces(world, copies, exports), copies.lose)
    account: StorageAccount = request.getfixturevalue("account")
    names = new_name("recordings"), new_name("exports")
    containers = [account.blobs.create_container(name) for name in names]
    on_azurite = [BlobChunkStore(account, name) for name in names]
    return Stores(on_azurite[0], on_azurite[1], BlobPieces(account, *names), containers[0].delete_blob)


@pytest.fixture
def copy(stores: Stores) -> Copy:
    return Copy(NAME, stores.copies.put(NAME, CONTENT, HEADERS).etag, len(CONTENT))


def another(copy: Copy) -> Copy:
    """The same blob, when it was another version."""
    return Copy(copy.name, '"0x0000000000"', copy.length)


def content(stores: Stores) -> bytes:
    return b"".join(stores.exports.read(EXPORT))


def test_pieces_are_staged_as_blocks_and_committed_in_their_order(stores: Stores, copy: Copy) -> None:
    stores.exports.stage(EXPORT, "00", memoryview(HEAD), checksum_of(HEAD))
    stores.pieces.stage(EXPORT, "02", Piece(copy, 1000, 500))
    stores.pieces.stage(EXPORT, "01", Piece(copy, 7, 33))

    stores.exports.commit(EXPORT, ["00", "01", "02"], HEADERS)

    assert content(stores) == b"head" + CONTENT[7:40] + CONTENT[1000:1500]


def test_what_lies_staged_is_told_by_its_ids(stores: Stores, copy: Copy) -> None:
    stores.pieces.stage(EXPORT, "01", Piece(copy, 7, 33))

    there = stores.exports.stat(EXPORT)

    assert (there.etag, there.staged) == (None, (Block("01", 33),))


def test_a_piece_that_is_staged_again_is_one_block(stores: Stores, copy: Copy) -> None:
    for _ in range(2):
        stores.pieces.stage(EXPORT, "01", Piece(copy, 7, 33))

    stores.exports.commit(EXPORT, ["01"], HEADERS)

    assert content(stores) == CONTENT[7:40]


def test_another_version_of_the_copy_is_not_staged(stores: Stores, copy: Copy) -> None:
    with pytest.raises(CopyAltered, match="after its copy was proven"):
        stores.pieces.stage(EXPORT, "01", Piece(another(copy), 7, 33))
    assert stores.exports.stat(EXPORT).staged == ()


def test_a_copy_that_is_gone_is_not_staged(stores: Stores, copy: Copy) -> None:
    stores.lose(NAME)

    with pytest.raises(CopyAltered):
        stores.pieces.stage(EXPORT, "01", Piece(copy, 7, 33))


def test_a_block_whose_id_has_another_length_is_refused(stores: Stores, copy: Copy) -> None:
    stores.pieces.stage(EXPORT, "01", Piece(copy, 7, 33))

    with pytest.raises(BlockRefused):
        stores.pieces.stage(EXPORT, "0000002", Piece(copy, 7, 33))


def test_an_export_that_exists_is_never_overwritten(stores: Stores, copy: Copy) -> None:
    stores.exports.put(EXPORT, b"there", HEADERS)
    stores.pieces.stage(EXPORT, "01", Piece(copy, 7, 33))

    with pytest.raises(BlobExists):
        stores.exports.commit(EXPORT, ["01"], HEADERS)
    assert content(stores) == b"there"


@pytest.mark.parametrize(
    ("offset", "length", "read"),
    [(0, 10, CONTENT[:10]), (4995, 100, CONTENT[4995:]), (5000, 10, b""), (9000, 10, b""), (10, 0, b"")],
)
def test_a_few_bytes_are_read_and_none_beyond_the_end(
    stores: Stores, copy: Copy, offset: int, length: int, read: bytes
) -> None:
    assert stores.pieces.read(Piece(copy, offset, length)) == read


def test_another_version_of_the_copy_is_not_read(stores: Stores, copy: Copy) -> None:
    with pytest.raises(CopyAltered):
        stores.pieces.read(Piece(another(copy), 0, 10))


def test_a_copy_that_is_gone_is_not_read(stores: Stores, copy: Copy) -> None:
    stores.lose(NAME)

    with pytest.raises(CopyAltered):
        stores.pieces.read(Piece(copy, 0, 10))
