"""Blob Storage in a dictionary, where a test needs no more."""

from collections.abc import Iterable, Iterator


class MemoryBlobs:
    """One account; containers exist as soon as they are written to."""

    url = "http://127.0.0.1:10000/devstoreaccount1"

    def __init__(self) -> None:
        self.blobs: dict[tuple[str, str], bytes] = {}
        self.listings = 0

    def names(self, container: str) -> list[str]:
        self.listings += 1
        return [name for place, name in self.blobs if place == container]

    def read(self, container: str, name: str) -> Iterator[bytes]:
        if (container, name) not in self.blobs:
            raise FileNotFoundError(name)
        yield self.blobs[container, name]

    def exists(self, container: str, name: str) -> bool:
        return (container, name) in self.blobs

    def write(self, container: str, name: str, content: Iterable[bytes], size: int) -> None:
        written = b"".join(content)
        assert len(written) == size
        self.blobs[container, name] = written

    def close(self) -> None: ...
