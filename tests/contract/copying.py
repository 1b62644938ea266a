"""What the engine tests share: an engine with small blocks, orders, and a transport that counts."""

from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from azure.core.pipeline.transport import RequestsTransport

from shared.copying.block_ids import block_id
from shared.copying.content_checks import check_signature
from shared.copying.copy_content import Copied, CopyOrder, Engine, EngineOptions
from shared.domain.errors import OutOfTime
from shared.domain.ports import Block, ChunkStore, Source

from .samples import WAV, md5_of
from .source_under_test import Kept

BLOCK = 64 * 1024
NAME = "2026/11/22/6f1c/0000-0-wus-d4-ab.wav"


def an_engine(source: Source, store: ChunkStore, *, writers: int = 2, block: int = BLOCK) -> Engine:
    return Engine(source, store, EngineOptions(block_bytes=block, writers=writers))


def an_order(kept: Kept, *, resume: bool = False, keep_going: Callable[[], None] = lambda: None) -> CopyOrder:
    return CopyOrder(
        url=kept.url,
        name=NAME,
        label=WAV,
        check_head=lambda head: check_signature(head, "wav"),
        keep_going=keep_going,
        resume=resume,
    )


def stopping_after(blocks: int) -> Callable[[], None]:
    """Lets so many blocks begin, then says that time is up."""
    begun = 0

    def keep_going() -> None:
        nonlocal begun
        begun += 1
        if begun > blocks:
            raise OutOfTime

    return keep_going


def stage(store: ChunkStore, content: bytes, *indexes: int, total: int | None = None) -> None:
    """What an earlier attempt left: some blocks of a content."""
    for index in indexes:
        block = memoryview(content)[index * BLOCK : (index + 1) * BLOCK]
        store.stage(NAME, block_id(index, total or len(content), md5_of(block)), block, md5_of(block))


def assert_copied(store: ChunkStore, kept: Kept, copied: Copied) -> None:
    """The blob is the content, and the proof says so."""
    look = store.look(NAME)
    assert b"".join(store.read(NAME)) == kept.content
    assert (copied.length, copied.sha256) == (len(kept.content), sha256(kept.content).hexdigest())
    assert (copied.etag, copied.length) == (look.etag, look.length)
    assert sum(block.length for block in look.blocks) in {0, look.length}


def blocks_of(content: bytes) -> tuple[Block, ...]:
    cut = [content[start : start + BLOCK] for start in range(0, len(content), BLOCK)]
    return tuple(Block(block_id(index, len(content), md5_of(one)), len(one)) for index, one in enumerate(cut))


class CountingTransport(RequestsTransport):  # type: ignore[misc]  # azure-core exports it without its type
    """The SDK's transport, counting what goes over the wire by kind."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: Counter[str] = Counter()

    def send(self, request: Any, **options: Any) -> Any:
        kind = str(request.url).partition("comp=")[2].partition("&")[0]
        self.sent[f"{request.method} {kind}".strip()] += 1
        return super().send(request, **options)
