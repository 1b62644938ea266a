"""A process that copies contents from the simulator and says by how many MiB its memory grew meanwhile.

python -m tests.contract.copying.memory_probe CONNECTION_STRING URL… copies all URLs at once into a store that discards.
"""

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from shared.adapters.acs_client import connect
from shared.adapters.acs_contents import SdkSource
from shared.copying.copy_content import ContentCopier, CopyOptions, CopyProof, CopyRequest
from shared.domain.ports import BlobHead, BlobHeaders, BlobProperties, BlobVersion, Block

MEBIBYTE = 1024 * 1024
OPTIONS = CopyOptions(block_bytes=4 * MEBIBYTE)  # the app's defaults


class DiscardingStore:
    """The port `ChunkStore`, remembering nothing but the lengths of blocks."""

    def __init__(self) -> None:
        self.lengths: dict[tuple[str, str], int] = {}
        self.lists: dict[str, Sequence[str]] = {}

    def put(self, name: str, content: bytes | memoryview, headers: BlobHeaders) -> BlobVersion:
        return BlobVersion(f"{name}{len(content)}{headers.content_type}")

    def stage(self, name: str, block_id: str, content: memoryview, crc64: bytes) -> None:
        assert len(crc64) == 8
        self.lengths[name, block_id] = len(content)

    def commit(self, name: str, block_ids: Sequence[str], headers: BlobHeaders) -> BlobVersion:
        self.lists[name] = block_ids
        return BlobVersion(headers.content_type)

    def committed(self, name: str) -> tuple[Block, ...]:
        return tuple(Block(id, self.lengths[name, id]) for id in self.lists[name])

    def stat(self, name: str) -> BlobProperties:
        raise AssertionError(name)

    def head(self, name: str) -> BlobHead | None:
        raise AssertionError(name)

    def read(self, name: str) -> Iterator[bytes]:
        raise AssertionError(name)

    def names(self, prefix: str) -> Iterator[str]:
        raise AssertionError(prefix)

    def link(self, name: str, until: datetime, save_as: str | None = None, version_id: str | None = None) -> str:
        raise AssertionError(name, until, save_as, version_id)


def peak_mebibytes() -> float:
    # Not getrusage(): its peak begins with that of the process that started this one.
    [peak] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(peak.split()[1]) / 1024


def main(connection_string: str, warm_up: str, *urls: str) -> None:
    def no_identity() -> None:
        raise AssertionError

    with connect(None, connection_string, no_identity) as client:  # type: ignore[arg-type]  # never called
        copier = ContentCopier(SdkSource(client, (".asm.skype.com",)), DiscardingStore(), OPTIONS)

        def copy(url: str) -> CopyProof:
            return copier.copy(
                CopyRequest(
                    url=url,
                    name=url,
                    headers=BlobHeaders(content_type="audio/wav", metadata={}),
                    check_head=lambda _: None,
                    keep_going=lambda: None,
                    resume=False,
                )
            )

        copy(warm_up)  # what is imported and connected once is not growth
        before = peak_mebibytes()
        with ThreadPoolExecutor(len(urls)) as pool:
            copied = list(pool.map(copy, urls))
        print(peak_mebibytes() - before, *(one.sha256 for one in copied))  # noqa: T201 - its one answer


if __name__ == "__main__":
    main(*sys.argv[1:])
