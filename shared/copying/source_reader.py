"""Read a content at ACS in long ranges, exactly, at any offset, into memory that the caller owns."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

from shared.domain.durations import RATE_WINDOW_SECONDS
from shared.domain.errors import SourceSuspect, SourceUnavailable, Transient
from shared.domain.ports import Source, SourceRange

RANGE_BYTES = 256 * 1024 * 1024  # the longest range that ACS was seen to answer; each one is signed anew
# The longest files that ACS makes have 2.3 GB: four hours of five channels. A total beyond this is a mistake
# or a trick, and must not decide how large the blocks become.
CONTENT_BYTES_MAX = 100 * 1024**3
RATE_BYTES_PER_SECOND_MIN = 64 * 1024  # a source slower than this for a whole window is given up for now


class SourceReader:
    """A position in a content: reading advances it, another offset is a new request."""

    def __init__(self, source: Source, url: str, on_piece: Callable[[], None] = lambda: None) -> None:
        """Calls `on_piece` before each piece that it reads; what that raises ends the reading."""
        self.source = source
        self.url = url
        self.on_piece = on_piece
        self.total: int | None = None
        self.until: int | None = None  # end of the wanted bytes, where that is before the end of the content
        self.position = 0
        self.range_ends = 0
        self.rest: memoryview = memoryview(b"")
        self.pieces: Iterator[bytes] = iter(())
        self.responses = ExitStack()
        self.rate = MinimumRate()

    def open(self, offset: int, length: int) -> int:
        """Request a range; returns the length of the whole content.

        Raises:
            SourceSuspect: the content is empty, not as long as it was, or longer than any that ACS makes.
        """
        self.close()
        response: SourceRange = self.responses.enter_context(self.source.open(self.url, offset, length))
        if self.total not in {None, response.total}:
            raise SourceSuspect(f"The content had {self.total} bytes, now it has {response.total}.")
        if response.total == 0:
            raise SourceSuspect("The content is empty.")
        if response.total > CONTENT_BYTES_MAX:
            raise SourceSuspect(f"ACS says that the content has {response.total} bytes; no file of its is that long.")
        self.total = response.total
        self.position, self.range_ends = offset, offset + response.length
        self.pieces = response.pieces()
        return response.total

    def request(self, offset: int) -> None:
        """Request the longest range that is allowed and wanted."""
        wanted = RANGE_BYTES if self.until is None else self.until - offset
        self.open(offset, min(RANGE_BYTES, wanted))

    def fill(self, target: memoryview, offset: int) -> None:
        """Read exactly as many bytes as the target holds."""
        if offset != self.position:
            self.request(offset)
        filled = 0
        while filled < len(target):
            piece = self.read_piece()
            taken = min(len(piece), len(target) - filled)
            target[filled : filled + taken] = piece[:taken]
            self.rest = piece[taken:]
            filled += taken
            self.position += taken

    def read_piece(self) -> memoryview:
        """At least one byte at the position."""
        if self.rest:
            return self.rest
        if self.position == self.range_ends:
            self.request(self.position)
        self.on_piece()
        piece = next(self.pieces, b"")
        if not piece:
            raise SourceSuspect(f"The content broke off at byte {self.position}.")
        self.rate.add(len(piece))
        return memoryview(piece)

    def close(self) -> None:
        if self.position == self.range_ends:
            # A response read to its end gives its connection back; an error after the last byte changes nothing.
            with suppress(Transient):
                next(self.pieces, None)
        self.responses.close()
        self.rest = memoryview(b"")
        self.pieces = iter(())


class MinimumRate:
    """Refuses a source that sends too slowly; a stalled connection is the adapter's read time-out."""

    def __init__(self) -> None:
        self.window_began = time.monotonic()
        self.window_bytes = 0

    def add(self, count: int) -> None:
        """Raises: SourceUnavailable when a whole window was too slow."""
        self.window_bytes += count
        elapsed = time.monotonic() - self.window_began
        if elapsed < RATE_WINDOW_SECONDS:
            return
        if self.window_bytes < RATE_BYTES_PER_SECOND_MIN * elapsed:
            raise SourceUnavailable(f"ACS sent {self.window_bytes} bytes in {elapsed:.0f} seconds; too slow to go on.")
        self.window_began, self.window_bytes = time.monotonic(), 0
