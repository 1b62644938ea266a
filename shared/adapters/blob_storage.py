"""The operator's Blob Storage: chunk copies, rejected events, dead letters, and containers that ACS writes into."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, cast
from urllib.parse import quote

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, HttpResponseError
from azure.storage.blob import (
    BlobBlock,
    BlobClient,
    BlobSasPermissions,
    BlobServiceClient,
    ContainerClient,
    ContentSettings,
    UserDelegationKey,
    generate_blob_sas,
)

from shared.adapters.storage_accounts import StorageAccount
from shared.adapters.storage_errors import code_of, described
from shared.domain.acs_urls import in_own_storage
from shared.domain.durations import CLOCK_SKEW, DELEGATION_KEY_LIFETIME
from shared.domain.errors import BlobExists, BlobGone, BlobUnreadable, BlockRefused, BlocksGone, StoreUnavailable
from shared.domain.ports import BlobHead, BlobHeaders, BlobProperties, BlobVersion, Block

REASON_CHARACTERS_MAX = 1000  # blob metadata travel in headers
NO_BLOB = "BlobNotFound"
NO_BLOCK_BLOB = "InvalidBlobType"
ARCHIVE = "Archive"
BLOCKS_GONE = "InvalidBlockList"
# For a block whose id has another length than those of the staged ones, and for one beyond 100,000 uncommitted ones.
BLOCK_REFUSED = frozenset({"InvalidBlobOrBlock", "InvalidBlockId", "BlockCountExceedsLimit"})
# Codes for a write under `If-None-Match: *` when the name is taken. No other conflict says so: a container that is
# being deleted, an archived or a leased blob are conflicts, too.
NAME_TAKEN = frozenset({"BlobAlreadyExists", "ConditionNotMet"})
# Errors that no retry mends: https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
UNREADABLE = frozenset({"BlobArchived", "BlobBeingRehydrated", "BlobUsesCustomerSpecifiedEncryption"})
CLIENTS_KEPT = 16  # an instance copies four contents at once; a client is some references
FOLDER_MARK = "hdi_isfolder"  # in the metadata of an empty blob: a directory of a hierarchical namespace


@contextmanager
def translate_errors(name: str, name_taken: frozenset[str] = frozenset()) -> Iterator[None]:
    """Raise the domain's error for the SDK's: BlobExists, BlocksGone or StoreUnavailable.

    Args:
        name: of the blob.
        name_taken: the service's codes that say that a blob of that name exists.
    """
    try:
        yield
    except HttpResponseError as error:
        code = code_of(error)
        if code in name_taken:
            raise BlobExists(f"There is a blob {name} already.") from error
        if code == BLOCKS_GONE:
            raise BlocksGone(f"Staged blocks of {name} are gone.") from error
        if code in BLOCK_REFUSED:
            raise BlockRefused(f"Blob Storage answered {described(error)} for {name}.") from error
        raise StoreUnavailable(f"Blob Storage answered {described(error)} for {name}.") from error
    except AzureError as error:
        raise StoreUnavailable(f"Blob Storage did not answer for {name}: {type(error).__name__}.") from error


def create(blob: BlobClient, name: str, content: bytes, headers: BlobHeaders) -> BlobVersion:
    """Write a blob at once, unless one of that name exists."""
    with translate_errors(name, NAME_TAKEN):
        written = blob.upload_blob(
            content,
            overwrite=False,
            validate_content=True,
            metadata=headers.metadata,
            content_settings=ContentSettings(content_type=headers.content_type),
        )
    return to_version(written)


def to_version(written: Mapping[str, Any]) -> BlobVersion:
    """What the service says of a write; it names a version only where the account keeps them."""
    return BlobVersion(str(written["etag"]), written.get("version_id"))


def stat(blob: BlobClient, name: str) -> BlobProperties:
    """The properties of a blob, its committed and its staged blocks.

    Properties first: a commit between the two requests must not pass for a blob without blocks.
    """
    with translate_errors(name):
        try:
            properties = blob.get_blob_properties()
        except HttpResponseError as error:
            if code_of(error) != NO_BLOB:
                raise
            properties = None
        try:
            committed, staged = blob.get_block_list("all")
        except HttpResponseError as error:
            if code_of(error) == NO_BLOB:
                return BlobProperties()
            # ACS may append to a file in the operator's container. Of an archived blob the properties are enough: it
            # must not keep the others of its day from being compared.
            if code_of(error) != NO_BLOCK_BLOB and not (properties is not None and code_of(error) in UNREADABLE):
                raise
            committed, staged = [], []
    if properties is None:
        return BlobProperties(staged=to_blocks(staged))
    return BlobProperties(
        etag=properties.etag,
        version_id=properties.version_id,
        length=properties.size,
        metadata=dict(properties.metadata),
        blocks=to_blocks(committed),
        staged=to_blocks(staged),
    )


def to_blocks(blocks: Iterable[BlobBlock]) -> tuple[Block, ...]:
    return tuple(Block(block.id, block.size or 0) for block in blocks)


def pieces(blob: BlobClient, name: str) -> Iterator[bytes]:
    with translate_errors(name):
        try:
            yield from blob.download_blob(max_concurrency=1).chunks()
        except HttpResponseError as error:
            if code_of(error) in UNREADABLE:
                raise BlobUnreadable(f"The blob {name} cannot be read as it is: {described(error)}.") from error
            raise


def file_names(container: ContainerClient, prefix: str | None = None) -> Iterator[str]:
    """The names of all blobs but directories, which a hierarchical namespace lists among them."""
    for blob in container.list_blobs(name_starts_with=prefix, include=["metadata"]):
        marks = {name.casefold(): value for name, value in (blob.metadata or {}).items()}
        if blob.size or str(marks.get(FOLDER_MARK)).casefold() != "true":
            yield blob.name


class BlobChunkStore:
    """The port `ChunkStore` on one container."""

    def __init__(self, account: StorageAccount, container: str) -> None:
        self.account = account
        self.container: ContainerClient = account.blobs.get_container_client(container)
        # Making a client costs a fifth of sending a block, so that those of the present transfers are kept.
        self.blob: Callable[[str], BlobClient] = lru_cache(CLIENTS_KEPT)(self.container.get_blob_client)
        self.delegation: UserDelegationKey | None = None

    def put(self, name: str, content: bytes | memoryview, headers: BlobHeaders) -> BlobVersion:
        return create(self.blob(name), name, bytes(content), headers)

    def stage(self, name: str, block_id: str, content: memoryview, crc64: bytes) -> None:
        with translate_errors(name):
            # The checksum is in hand already; validate_content would compute it a second time, and much slower.
            self.blob(name).stage_block(
                block_id,
                cast("bytes", content),  # any bytes-like object is sent as it is, without a copy
                length=len(content),
                transactional_content_crc64=bytearray(crc64),
            )

    def commit(self, name: str, block_ids: Sequence[str], headers: BlobHeaders) -> BlobVersion:
        with translate_errors(name, NAME_TAKEN):
            written = self.blob(name).commit_block_list(
                [BlobBlock(block_id) for block_id in block_ids],
                content_settings=ContentSettings(content_type=headers.content_type),
                metadata=headers.metadata,
                match_condition=MatchConditions.IfMissing,
            )
        return to_version(written)

    def committed(self, name: str) -> tuple[Block, ...]:
        with translate_errors(name):
            committed, _ = self.blob(name).get_block_list("committed")
        return to_blocks(committed)

    def stat(self, name: str) -> BlobProperties:
        return stat(self.blob(name), name)

    def head(self, name: str) -> BlobHead | None:
        with translate_errors(name):
            try:
                found = self.blob(name).get_blob_properties()
            except HttpResponseError as error:
                if code_of(error) != NO_BLOB:
                    raise
                return None
        archived = str(found.blob_tier) == ARCHIVE
        rehydrating = archived and bool(found.archive_status)
        return BlobHead(
            etag=found.etag,
            version_id=found.version_id,
            length=found.size,
            archived=archived,
            rehydrating=rehydrating,
        )

    def read(self, name: str) -> Iterator[bytes]:
        return pieces(self.blob(name), name)

    def names(self, prefix: str) -> Iterator[str]:
        with translate_errors(prefix):
            yield from file_names(self.container, prefix)

    def link(self, name: str, until: datetime, save_as: str | None = None, version_id: str | None = None) -> str:
        """Signed with the account's key where there is one, else with a delegation key of the app's identity.

        Without a start it is valid when the service receives it, whatever the clocks say.
        """
        blob = self.blob(name)
        account_key = getattr(self.account.blobs.credential, "account_key", None)
        with translate_errors(name):
            token = generate_blob_sas(
                account_name=self.account.name,
                container_name=blob.container_name,
                blob_name=name,
                version_id=version_id,
                account_key=account_key,
                user_delegation_key=None if account_key else self.delegation_key(until),
                permission=BlobSasPermissions(read=True),
                expiry=until,
                protocol="https" if blob.url.startswith("https:") else None,  # emulated storage has plain http
                content_disposition=f'attachment; filename="{save_as}"' if save_as else None,
            )
        version = f"versionid={quote(version_id, safe='')}&" if version_id else ""
        return f"{blob.url}?{version}{token}"

    def delegation_key(self, until: datetime) -> UserDelegationKey:
        """A delegation key that is valid at least until then. It is kept; its end is what the service says it is."""
        key = self.delegation
        if key is None or datetime.fromisoformat(str(key.signed_expiry)) < until:
            start = datetime.now(UTC) - CLOCK_SKEW
            key = self.account.blobs.get_user_delegation_key(start, until + DELEGATION_KEY_LIFETIME)
            self.delegation = key
        return key


@dataclass(frozen=True)
class BlobOwnStorage:
    """The port `OwnStorage`: containers that callers record into directly.

    Args:
        account: through which a file of its own is read; any other with the app's identity.
        containers: URLs of those that the operator allows. The app gives no token to anybody else.
    """

    account: StorageAccount
    containers: tuple[str, ...]

    def stat(self, url: str) -> BlobProperties:
        return stat(self.blob(url), url)

    def read(self, url: str) -> Iterator[bytes]:
        return pieces(self.blob(url), url)

    def blob(self, url: str) -> BlobClient:
        """Raises: StoreUnavailable for a URL in none of the containers, whoever wrote it into a row."""
        if not in_own_storage(url, self.containers):
            raise StoreUnavailable(
                "The file is said to lie in none of the containers that the operator allows now; it was not looked at."
                " If it does lie in one of yours, list that in BYOS_CONTAINERS."
            )
        return self.account.blob(url)


class EventContainer:
    """The port `EventStore` on one container of the runtime account."""

    def __init__(self, service: BlobServiceClient, container: str) -> None:
        self.container: ContainerClient = service.get_container_client(container)

    def keep(self, name: str, document: bytes, reason: str) -> None:
        blob = self.container.get_blob_client(name)
        metadata = {"reason": ascii(reason)[1:-1][:REASON_CHARACTERS_MAX]}
        try:
            create(blob, name, document, BlobHeaders(content_type="application/json", metadata=metadata))
        except BlobExists:
            # The same event came before, since its name is a digest of it: kept, if it is really there.
            with translate_errors(name):
                blob.get_blob_properties()

    def names(self) -> Iterator[str]:
        with translate_errors(self.container.container_name):
            yield from file_names(self.container)

    def read(self, name: str) -> bytes:
        try:
            return b"".join(pieces(self.container.get_blob_client(name), name))
        except StoreUnavailable as error:
            if getattr(error.__cause__, "error_code", None) == NO_BLOB:
                raise BlobGone(f"There is no blob {name} (any more).") from error
            raise

    def remove(self, name: str) -> None:
        with translate_errors(name):
            try:
                self.container.delete_blob(name)
            except HttpResponseError as error:
                if code_of(error) != NO_BLOB:
                    raise
