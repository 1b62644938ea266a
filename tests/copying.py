"""Copying one content: copiers with small blocks, requests, attempts that stop early, and what a copy must come to."""

from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from typing import Protocol

from shared.copying.block_ids import Layout
from shared.copying.content_checks import check_signature
from shared.copying.copy_content import ContentCopier, CopyOptions, CopyProof, CopyRequest
from shared.domain.crc64 import crc64, header_bytes
from shared.domain.errors import OutOfTime
from shared.domain.ports import BlobHeaders, Block, ChunkStore, Source
from tests.builders import document_id, media
from tests.fakes import Cloud

NAME = "2026/11/22/6f1c/0000-0-wus-d4-ab.wav"
BLOCK = 64 * 1024  # where a content comes over the wire
SMALL_BLOCK = 1000  # where it comes from a fake
MEDIA = media(size=10 * SMALL_BLOCK + 123)
URL = f"https://storage.asm.skype.com/v1/objects/{document_id()}/content/video"
HEADERS = BlobHeaders(content_type="audio/wav", metadata={"id": "6f1c"})
OPTIONS = CopyOptions(block_bytes=SMALL_BLOCK, writers=2)


class Content(Protocol):
    """A content at ACS."""

    @property
    def url(self) -> str: ...

    @property
    def content(self) -> bytes: ...


def checksum_of(content: bytes | memoryview) -> bytes:
    """What a block is sent with."""
    return header_bytes(crc64(content))


def proceed() -> None:
    """There is time."""


def a_copier(source: Source, store: ChunkStore, *, writers: int = 2, block: int = BLOCK) -> ContentCopier:
    return ContentCopier(source, store, CopyOptions(block_bytes=block, writers=writers))


def a_request(url: str = URL, *, resume: bool = False, keep_going: Callable[[], None] = proceed) -> CopyRequest:
    return CopyRequest(
        url=url,
        name=NAME,
        headers=HEADERS,
        check_head=lambda head: check_signature(head, "wav"),
        keep_going=keep_going,
        resume=resume,
    )


def stopping_after(blocks: int) -> Callable[[], None]:
    """Lets so many blocks begin, then says that time is up."""
    left = iter(range(blocks))

    def keep_going() -> None:
        if next(left, None) is None:
            raise OutOfTime

    return keep_going


def copy(cloud: Cloud, options: CopyOptions = OPTIONS, *, resume: bool = False) -> CopyProof:
    return ContentCopier(cloud.source, cloud.store, options).copy(a_request(resume=resume))


def interrupted(cloud: Cloud, after: int) -> None:
    """An attempt that stops after some blocks."""
    with suppress(OutOfTime):
        ContentCopier(cloud.source, cloud.store, OPTIONS).copy(a_request(keep_going=stopping_after(after)))


def stage(store: ChunkStore, content: bytes, *indexes: int, total: int | None = None) -> None:
    """What an earlier attempt left: some blocks of a content."""
    for index in indexes:
        block = memoryview(content)[index * BLOCK : (index + 1) * BLOCK]
        store.stage(NAME, Layout(total or len(content), BLOCK).block_id(index, crc64(block)), block, checksum_of(block))


def assert_copied(store: ChunkStore, kept: Content, copied: CopyProof) -> None:
    """The blob is the content, and the proof says so."""
    blob = store.stat(NAME)
    assert b"".join(store.read(NAME)) == kept.content
    assert (copied.length, copied.sha256) == (len(kept.content), sha256(kept.content).hexdigest())
    assert (copied.etag, copied.length) == (blob.etag, blob.length)
    assert sum(block.length for block in blob.blocks) in {0, blob.length}


def blocks_of(content: bytes) -> tuple[Block, ...]:
    cut = [content[start : start + BLOCK] for start in range(0, len(content), BLOCK)]
    return tuple(
        Block(Layout(len(content), BLOCK).block_id(index, crc64(one)), len(one)) for index, one in enumerate(cut)
    )
