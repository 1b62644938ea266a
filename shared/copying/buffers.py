"""A bounded number of block buffers, and the writers that empty them."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Self

from shared.copying.block_ids import Layout


class BufferPool:
    """Block buffers that are used again and again, and the threads that write them.

    Raises:
        RecorderError: the first failure of a writer, from whichever call comes next.
    """

    def __init__(self, writers: int, layout: Layout) -> None:
        self.buffers: SimpleQueue[memoryview] = SimpleQueue()
        for _ in range(min(writers + 1, layout.count)):  # one is being filled
            self.buffers.put(memoryview(bytearray(layout.block_bytes)))
        self.writers = ThreadPoolExecutor(writers, thread_name_prefix="writer")
        self.writes: dict[int, Future[str]] = {}
        self.ids: dict[int, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.writers.shutdown(wait=True, cancel_futures=True)

    def acquire(self) -> memoryview:
        """Wait for a free buffer."""
        return self.buffers.get()

    def write(self, index: int, block: memoryview, send: Callable[[], str]) -> None:
        """Have a writer send a block and return its id; its buffer is free again afterwards, also after a failure."""

        def run() -> str:
            try:
                return send()
            finally:
                self.buffers.put(memoryview(block.obj))

        self.collect([earlier for earlier, write in self.writes.items() if write.done()])
        self.writes[index] = self.writers.submit(run)

    def collect(self, indexes: Iterable[int]) -> None:
        for index in indexes:
            self.ids[index] = self.writes.pop(index).result()

    def finish(self) -> dict[int, str]:
        """Wait for all writers; returns the ids of the written blocks by index."""
        self.collect(list(self.writes))
        return self.ids
