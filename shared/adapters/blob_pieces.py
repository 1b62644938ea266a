"""Reads of copies by their etags: a few bytes for the app, and blocks of an export that the service copies itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http import HTTPStatus

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError

from shared.adapters.blob_storage import NO_BLOB, UNREADABLE, BlobChunkStore, translate_errors
from shared.adapters.storage_accounts import StorageAccount
from shared.adapters.storage_errors import code_of, described
from shared.domain.copy_pieces import Piece
from shared.domain.durations import COPY_SOURCE_LIFETIME
from shared.domain.errors import BlobUnreadable, CopyAltered, CopyRefused

SOURCE_IF_MATCH = "x-ms-source-if-match"  # the SDK has no argument for it; the service evaluates it with each read
# The service could not read the source. The status is what reading it was answered with.
SOURCE_UNREADABLE = "CannotVerifyCopySource"
ALTERED = frozenset({HTTPStatus.PRECONDITION_FAILED, HTTPStatus.NOT_FOUND})
ALTERED_CODES = frozenset({"ConditionNotMet", "SourceConditionNotMet", SOURCE_UNREADABLE, NO_BLOB})


@contextmanager
def translate_source_errors(piece: Piece) -> Iterator[None]:
    """Raise the domain's error where it is about the copy. Raises: CopyAltered, CopyRefused, BlobUnreadable."""
    name = piece.copy.name
    try:
        yield
    except HttpResponseError as error:
        code = code_of(error)
        if error.status_code in ALTERED and code in ALTERED_CODES:
            raise CopyAltered(
                f"The blob {name} was written, changed or deleted after its copy was proven:"
                " nothing vouches for it now."
            ) from error
        if code in UNREADABLE:
            raise BlobUnreadable(f"The blob {name} cannot be read as it is: {described(error)}.") from error
        if code == SOURCE_UNREADABLE and (error.status_code or 0) < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise CopyRefused(
                f"Blob Storage did not let itself read the blob {name} ({described(error)}), so no file was composed;"
                " the recording's copies are untouched. Most often the network rules of the account refuse it. Download"
                " the chunks one by one."
            ) from error
        raise


class BlobPieces:
    """The port `CopyPieces` on two containers of one account.

    The service reads a copy by a link of minutes, signed as links for people are: with the account's key, or with a
    delegation key of the app's identity.

    Args:
        account: of both.
        recordings: container of the copies.
        exports: container of what is composed of them.
    """

    def __init__(self, account: StorageAccount, recordings: str, exports: str) -> None:
        self.sources = BlobChunkStore(account, recordings)
        self.exports = account.blobs.get_container_client(exports)

    def read(self, piece: Piece) -> bytes:
        copy = piece.copy
        length = min(piece.length, copy.length - piece.offset)
        if length <= 0:
            return b""
        with translate_errors(copy.name), translate_source_errors(piece):
            blob = self.sources.blob(copy.name)
            return blob.download_blob(
                piece.offset,
                length,
                etag=copy.etag,
                match_condition=MatchConditions.IfNotModified,
                max_concurrency=1,
            ).readall()

    def stage(self, name: str, block_id: str, piece: Piece) -> None:
        with translate_errors(name), translate_source_errors(piece):
            until = (datetime.now(UTC) + COPY_SOURCE_LIFETIME).replace(microsecond=0)  # signatures know no fractions
            self.exports.get_blob_client(name).stage_block_from_url(
                block_id,
                self.sources.link(piece.copy.name, until),
                source_offset=piece.offset,
                source_length=piece.length,
                headers={SOURCE_IF_MATCH: piece.copy.etag},
            )
