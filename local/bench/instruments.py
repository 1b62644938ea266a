"""What is put around or into the measured code: a source in the clear, a count of bytes, hashes that cost nothing."""

import mmap
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

from azure.core.pipeline.transport import HttpTransport, RequestsTransport

from shared.domain.ports import Source, SourceRange


class ClearTransport(HttpTransport[Any, Any]):
    """A transport of the SDK, but what was signed for ACS's host goes to the bench's source, in the clear."""

    def __init__(self, netloc: str, inner: RequestsTransport) -> None:
        self.netloc = netloc
        self.inner: Any = inner

    def send(self, request: Any, **options: Any) -> Any:
        secure = request.url
        parts = urlsplit(secure)
        request.url = urlunsplit(("http", self.netloc, parts.path, parts.query, ""))
        request.headers["Host"] = parts.netloc
        try:
            return self.inner.send(request, **options)
        finally:
            request.url = secure

    def open(self) -> None:
        self.inner.open()

    def close(self) -> None:
        self.inner.close()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class NoDigest:
    """A hash that costs nothing."""

    def __init__(self, _content: object = b"", **_options: object) -> None:
        pass

    def update(self, _content: object) -> None:
        pass

    def digest(self) -> bytes:
        return bytes(16)

    def hexdigest(self) -> str:
        return bytes(32).hex()


class Progress:
    """A count of received bytes in a file; the counted process may be killed at any moment."""

    def __init__(self, path: Path, die_after: int | None) -> None:
        self.path = path
        self.die_after = die_after
        path.write_bytes(bytes(8))
        with path.open("r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 8)

    def add(self, count: int) -> None:
        received = int.from_bytes(self.memory[:8], "little") + count
        self.memory[:8] = received.to_bytes(8, "little")
        if self.die_after is not None and received >= self.die_after:
            os.kill(os.getpid(), signal.SIGKILL)


class CountedSource:
    """A source that counts what came."""

    def __init__(self, source: Source, progress: Progress) -> None:
        self.source = source
        self.progress = progress

    def open(self, url: str, offset: int, length: int) -> AbstractContextManager[SourceRange]:
        return self.opened(url, offset, length)

    @contextmanager
    def opened(self, url: str, offset: int, length: int) -> Iterator[SourceRange]:
        with self.source.open(url, offset, length) as answer:
            yield CountedRange(answer, self.progress)

    def delete(self, url: str, reverify: Callable[[], None]) -> None:
        self.source.delete(url, reverify)


class CountedRange:
    """One answer of a counted source."""

    def __init__(self, answer: SourceRange, progress: Progress) -> None:
        self.answer = answer
        self.progress = progress
        self.total, self.length = answer.total, answer.length

    def receive_into(self, target: memoryview) -> int:
        count = self.answer.receive_into(target)
        self.progress.add(count)
        return count
