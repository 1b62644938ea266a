"""Copying one content with the copier, step by step."""

from collections.abc import Callable
from contextlib import suppress

from shared.copying.content_checks import check_signature
from shared.copying.copy_content import ContentCopier, CopyOptions, CopyProof, CopyRequest
from shared.domain.errors import OutOfTime
from shared.domain.ports import BlobHeaders
from tests.builders import document_id, media
from tests.fakes import Cloud

NAME = "2026/11/22/id/0000-document.wav"
BLOCK = 1000
MEDIA = media(size=10 * BLOCK + 123)
HEADERS = BlobHeaders(content_type="audio/wav", metadata={"id": "id"})
OPTIONS = CopyOptions(block_bytes=BLOCK, writers=2)


def proceed() -> None:
    """There is time."""


def copy_request(*, resume: bool = False, keep_going: Callable[[], None] = proceed) -> CopyRequest:
    return CopyRequest(
        url=f"https://storage.asm.skype.com/v1/objects/{document_id()}/content/video",
        name=NAME,
        headers=HEADERS,
        check_head=lambda head: check_signature(head, "wav"),
        keep_going=keep_going,
        resume=resume,
    )


def copy(cloud: Cloud, options: CopyOptions = OPTIONS, *, resume: bool = False) -> CopyProof:
    return ContentCopier(cloud.source, cloud.store, options).copy(copy_request(resume=resume))


def interrupted(cloud: Cloud, after: int) -> None:
    """An attempt that stops after some blocks."""
    left = iter(range(after))

    def keep_going() -> None:
        if next(left, None) is None:
            raise OutOfTime

    with suppress(OutOfTime):
        ContentCopier(cloud.source, cloud.store, OPTIONS).copy(copy_request(keep_going=keep_going))
