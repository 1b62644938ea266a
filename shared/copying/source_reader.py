"""Read a content at ACS in long ranges, exactly, at any offset, into memory that the caller owns."""

import time
from collections.abc import Callable
from contextlib import ExitStack

from shared.domain.durations import RATE_WINDOW_SECONDS
from shared.domain.errors import SourceSuspect, SourceUnavailable
from shared.domain.ports import Source, SourceRange

RANGE_BYTES = 256 * 1024 * 1024  # the longest range that ACS was seen to answer; each one is signed anew
# Four times what 24 hours (the longest call) of five channels of 256 kbit/s and of video of 1 Mbit/s make; the longest
# files that ACS is known to make have 2.3 GB. A total beyond this is a mistake or a trick, and must not decide how
# large the blocks become.
CONTENT_BYTES_MAX = 100 * 1024**3
# A source slower than this for a whole window is given up for now. The largest block of all comes through at this rate
# before the attempt's time is up, so that every attempt gets at least a block further.
RATE_BYTES_PER_SECOND_MIN = 8 * 1024


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
        self.response: SourceRange | None = None
        self.responses = ExitStack()
        self.rate = MinimumRate()

    def open(self, offset: int, length: int) -> int:
        """Request a range; returns the length of the whole content.

        Raises:
            SourceSuspect: the content is empty, not as long as it was, or longer than any that ACS makes.
        """
        self.close()
        response = self.responses.enter_context(self.source.open(self.url, offset, length))
        if self.total not in {None, response.total}:
            raise SourceSuspect(f"The content had {self.total} bytes, now it has {response.total}.")
        if response.total == 0:
            raise SourceSuspect("The content is empty.")
        if response.total > CONTENT_BYTES_MAX:
            raise SourceSuspect(f"ACS says that the content has {response.total} bytes; no file of its is that long.")
        self.total = response.total
        self.position, self.range_ends = offset, offset + response.length
        self.response = response
        return response.total

    def request(self, offset: int) -> None:
        """Request the longest range that is allowed and wanted."""
        wanted = RANGE_BYTES if self.until is None else self.until - offset
        self.open(offset, min(RANGE_BYTES, wanted))

    def fill(self, target: memoryview, offset: int) -> None:
        """Read exactly as many bytes as the target holds."""
        if offset != self.position:
            self.request(offset)
        while target:
            target = target[self.receive_into(target) :]

    def receive_into(self, target: memoryview) -> int:
        """Receive at least one byte at the position; returns how many."""
        if self.position == self.range_ends:
            self.request(self.position)
        self.on_piece()
        began = time.monotonic()
        count = self.response.receive_into(target) if self.response else 0
        if not count:
            raise SourceSuspect(f"The content broke off after {self.position} bytes.")
        self.rate.add(count, time.monotonic() - began)
        self.position += count
        return count

    def close(self) -> None:
        self.responses.close()
        self.response = None


class MinimumRate:
    """Refuses a source that sends too slowly; a stalled connection is the adapter's read time-out.

    Only the time counts in which the source was waited for: that storage is slow is not its fault.
    """

    def __init__(self) -> None:
        self.window_seconds = 0.0
        self.window_bytes = 0

    def add(self, count: int, seconds: float) -> None:
        """Raises: SourceUnavailable when a whole window was too slow."""
        self.window_bytes += count
        self.window_seconds += seconds
        if self.window_seconds < RATE_WINDOW_SECONDS:
            return
        if self.window_bytes < RATE_BYTES_PER_SECOND_MIN * self.window_seconds:
            took = f"{self.window_bytes} bytes in {self.window_seconds:.0f} seconds"
            raise SourceUnavailable(f"ACS sent {took}; too slow to go on.")
        self.window_seconds, self.window_bytes = 0.0, 0
