"""Wait for a quiet moment, with bounded patience: other work on the machine hits the ways unevenly."""

import time
from collections.abc import Callable
from pathlib import Path

LOOK_SECONDS = 0.3
BUSY_SHARE_MAX = 0.2
WAIT_SECONDS_MAX = 5.0
PATIENCE_SECONDS = 180.0  # for a whole run


class QuietMoments:
    """Waits until the machine's cores are mostly idle, as long as the patience of the run lasts."""

    def __init__(self, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self.patience_seconds = patience_seconds
        self.shares: list[float] = []
        """How busy the cores were when each wait ended."""

    def wait(self, busy_share: Callable[[], float] | None = None) -> None:
        began = time.monotonic()
        look = busy_share or observed_share
        wait_seconds = min(WAIT_SECONDS_MAX, self.patience_seconds)
        while (share := look()) > BUSY_SHARE_MAX and time.monotonic() - began < wait_seconds:
            continue
        self.patience_seconds -= time.monotonic() - began
        self.shares.append(share)


def observed_share() -> float:
    """Share of all cores' time that was used during a short look."""
    busy, total = cpu_times()
    time.sleep(LOOK_SECONDS)
    busy_after, total_after = cpu_times()
    return (busy_after - busy) / max(1, total_after - total)


def cpu_times() -> tuple[int, int]:
    """(busy, total) ticks of all cores since the machine started."""
    ticks = [int(tick) for tick in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    idle = ticks[3] + ticks[4]
    return sum(ticks) - idle, sum(ticks)
