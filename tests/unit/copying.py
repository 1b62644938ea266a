"""Copying one content with the engine, step by step."""

from collections.abc import Callable
from contextlib import suppress

from shared.copying.content_checks import check_signature
from shared.copying.copy_content import Copied, CopyOrder, Engine, EngineOptions
from shared.domain.errors import OutOfTime
from shared.domain.ports import BlobHeaders
from tests.builders import document_id, media
from tests.fakes import Cloud

NAME = "2026/11/22/id/0000-document.wav"
BLOCK = 1000
MEDIA = media(size=10 * BLOCK + 123)
HEADERS = BlobHeaders(content_type="audio/wav", metadata={"id": "id"})
OPTIONS = EngineOptions(block_bytes=BLOCK, writers=2)


def proceed() -> None:
    """There is time."""


def order(*, resume: bool = False, keep_going: Callable[[], None] = proceed) -> CopyOrder:
    return CopyOrder(
        url=f"https://storage.asm.skype.com/v1/objects/{document_id()}/content/video",
        name=NAME,
        headers=HEADERS,
        check_head=lambda head: check_signature(head, "wav"),
        keep_going=keep_going,
        resume=resume,
    )


def copy(cloud: Cloud, options: EngineOptions = OPTIONS, *, resume: bool = False) -> Copied:
    return Engine(cloud.source, cloud.store, options).copy(order(resume=resume))


def interrupted(cloud: Cloud, after: int) -> None:
    """An attempt that stops after some blocks."""
    left = iter(range(after))

    def keep_going() -> None:
        if next(left, None) is None:
            raise OutOfTime

    with suppress(OutOfTime):
        Engine(cloud.source, cloud.store, OPTIONS).copy(order(keep_going=keep_going))
