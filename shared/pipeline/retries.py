"""When a chunk is tried again: capped back-off, and what ACS asks for."""

from datetime import timedelta

import msgspec

DOUBLINGS_MAX = 20  # beyond it any back-off is at its cap


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """When to try again, and how long a claim lasts."""

    claim: timedelta
    first: timedelta
    longest: timedelta
    retention: timedelta

    def wait(self, attempts: int, asked_seconds: float | None) -> timedelta:
        """Capped back-off, doubled with each attempt; what ACS asks for counts up to the same cap."""
        backoff = self.first * (1 << min(max(attempts - 1, 0), DOUBLINGS_MAX))
        return min(max(backoff, timedelta(seconds=asked_seconds or 0)), self.longest)
