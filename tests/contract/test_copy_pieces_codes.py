"""What the service's answers mean where it reads a copy itself: altered, unreadable, refused, or an outage."""

import pytest
from azure.storage.blob import BlobServiceClient

from shared.adapters.blob_pieces import SOURCE_IF_MATCH, BlobPieces
from shared.adapters.storage_accounts import StorageAccount
from shared.connection_settings import StorageConnection
from shared.domain.copy_pieces import Copy, Piece
from shared.domain.errors import (
    BlobUnreadable,
    BlockRefused,
    CopyAltered,
    CopyRefused,
    RecorderError,
    StoreUnavailable,
)

from .played import Answer, Script, cut, transport
from .test_store_codes import refused

COPY = Copy("2026/11/22/6f1c/0000-0-wus-d4-ab.wav", '"0x8DE"', 1000)
PIECE = Piece(COPY, 44, 100)
CONNECTION = "AccountName=contoso;AccountKey=c2VjcmV0"
STAGED = Answer(201, {"Content-Type": "application/xml"})


def pieces(script: Script, retry_total: int = 0) -> BlobPieces:
    account = StorageAccount(StorageConnection(connection_string=CONNECTION), None)
    account.blobs = BlobServiceClient.from_connection_string(
        CONNECTION,
        transport=transport(script),
        retry_total=retry_total,
        initial_backoff=0,
        increment_base=0,
        random_jitter_range=0,
    )
    return BlobPieces(account, "recordings", "exports")


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (412, "SourceConditionNotMet", CopyAltered),
        (412, "ConditionNotMet", CopyAltered),
        (412, "CannotVerifyCopySource", CopyAltered),
        (404, "CannotVerifyCopySource", CopyAltered),
        (403, "CannotVerifyCopySource", CopyRefused),
        (401, "CannotVerifyCopySource", CopyRefused),
        (409, "CannotVerifyCopySource", CopyRefused),
        (409, "BlobArchived", BlobUnreadable),
        (500, "CannotVerifyCopySource", StoreUnavailable),
        (503, "ServerBusy", StoreUnavailable),
        (403, "AuthorizationFailure", StoreUnavailable),
        (404, "ContainerNotFound", StoreUnavailable),
        (412, "LeaseIdMissing", StoreUnavailable),
        (400, "InvalidBlobOrBlock", BlockRefused),
        (409, "BlockCountExceedsLimit", BlockRefused),
    ],
)
def test_a_piece_that_is_not_staged_says_whose_fault_it_is(status: int, code: str, error: type[RecorderError]) -> None:
    with pytest.raises(error) as raised:
        pieces(Script([refused(status, code)])).stage("6f1c/digest.wav", "0", PIECE)

    assert type(raised.value) is error


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (412, "ConditionNotMet", CopyAltered),
        (404, "BlobNotFound", CopyAltered),
        (409, "BlobArchived", BlobUnreadable),
        (404, "ContainerNotFound", StoreUnavailable),
        (503, "ServerBusy", StoreUnavailable),
    ],
)
def test_a_head_that_is_not_read_says_whose_fault_it_is(status: int, code: str, error: type[RecorderError]) -> None:
    with pytest.raises(error) as raised:
        pieces(Script([refused(status, code)])).read(PIECE)

    assert type(raised.value) is error


def test_the_service_reads_the_range_of_the_proven_version_and_no_other() -> None:
    script = Script([STAGED])

    pieces(script).stage("6f1c/digest.wav", "0", PIECE)

    (request,) = script.requests
    assert request.headers[SOURCE_IF_MATCH] == COPY.etag
    assert request.headers["x-ms-source-range"] == "bytes=44-143"
    assert request.body is None
    source = request.headers["x-ms-copy-source"]
    assert f"/recordings/{COPY.name}?" in source
    assert "sp=r&" in source


def test_a_staging_whose_answer_is_lost_is_done_again() -> None:
    script = Script([cut(), STAGED])

    pieces(script, retry_total=1).stage("6f1c/digest.wav", "0", PIECE)

    assert len(script.requests) == 2


def test_an_answer_that_never_comes_is_an_outage() -> None:
    with pytest.raises(StoreUnavailable):
        pieces(Script([cut()])).stage("6f1c/digest.wav", "0", PIECE)
