"""Copying one content: engines with small blocks, orders, attempts that stop early, and what a copy must come to."""

from collections.abc import Callable
from contextlib import suppress
from hashlib import md5, sha256
from typing import Protocol

from shared.copying.block_ids import block_id
from shared.copying.content_checks import check_signature
from shared.copying.copy_content import Copied, CopyOrder, Engine, EngineOptions
from shared.domain.errors import OutOfTime
from shared.domain.ports import BlobLabel, Block, ChunkStore, Source
from tests.builders import document_id, media
from tests.fakes import Cloud

NAME = "2026/11/22/6f1c/0000-0-wus-d4-ab.wav"
BLOCK = 64 * 1024  # where a content comes over the wire
SMALL_BLOCK = 1000  # where it comes from a fake
MEDIA = media(size=10 * SMALL_BLOCK + 123)
URL = f"https://storage.asm.skype.com/v1/objects/{document_id()}/content/video"
LABEL = BlobLabel(content_type="audio/wav", metadata={"id": "6f1c"})
OPTIONS = EngineOptions(block_bytes=SMALL_BLOCK, writers=2)


class Content(Protocol):
    """A content at ACS."""

    @property
    def url(self) -> str: ...

    @property
    def content(self) -> bytes: ...


def md5_of(content: bytes | memoryview) -> bytes:
    return md5(content, usedforsecurity=False).digest()


def proceed() -> None:
    """There is time."""


def an_engine(source: Source, store: ChunkStore, *, writers: int = 2, block: int = BLOCK) -> Engine:
    return Engine(source, store, EngineOptions(block_bytes=block, writers=writers))


def an_order(url: str = URL, *, resume: bool = False, keep_going: Callable[[], None] = proceed) -> CopyOrder:
    return CopyOrder(
        url=url,
        name=NAME,
        label=LABEL,
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


def copy(cloud: Cloud, options: EngineOptions = OPTIONS, *, resume: bool = False) -> Copied:
    return Engine(cloud.source, cloud.store, options).copy(an_order(resume=resume))


def interrupted(cloud: Cloud, after: int) -> None:
    """An attempt that stops after some blocks."""
    with suppress(OutOfTime):
        Engine(cloud.source, cloud.store, OPTIONS).copy(an_order(keep_going=stopping_after(after)))


def stage(store: ChunkStore, content: bytes, *indexes: int, total: int | None = None) -> None:
    """What an earlier attempt left: some blocks of a content."""
    for index in indexes:
        block = memoryview(content)[index * BLOCK : (index + 1) * BLOCK]
        store.stage(NAME, block_id(index, total or len(content), md5_of(block)), block, md5_of(block))


def assert_copied(store: ChunkStore, kept: Content, copied: Copied) -> None:
    """The blob is the content, and the proof says so."""
    look = store.look(NAME)
    assert b"".join(store.read(NAME)) == kept.content
    assert (copied.length, copied.sha256) == (len(kept.content), sha256(kept.content).hexdigest())
    assert (copied.etag, copied.length) == (look.etag, look.length)
    assert sum(block.length for block in look.blocks) in {0, look.length}


def blocks_of(content: bytes) -> tuple[Block, ...]:
    cut = [content[start : start + BLOCK] for start in range(0, len(content), BLOCK)]
    return tuple(Block(block_id(index, len(content), md5_of(one)), len(one)) for index, one in enumerate(cut))
