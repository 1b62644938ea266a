"""The bounds of one input: declared refusals only, a second, 64 MiB.

The app catches what nobody foresaw in two places, and logs it with its traceback: such a line is a finding, too.
"""

import logging
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from shared.domain.log import LOGGER, LogEvent
from tests.fakes import DeletedUnproven

SECONDS_MAX = 1.0  # of the process's own time, and of waiting
WAITS_MAX = 3  # a machine that others use, too, may stand still once; the same input does not stand still three times
GROWTH_BYTES_MAX = 64 * 1024 * 1024  # of memory in use at once, above what was in use before
STATUS, RESET_PEAK = Path("/proc/self/status"), Path("/proc/self/clear_refs")
QUEUED = Path("/proc/thread-self/schedstat")  # nanoseconds of work, of standing in the queue, and how often
NANOSECONDS = 1e9
KIB = 1024
UNFORESEEN = (LogEvent.UNFORESEEN_ERROR, LogEvent.UNKNOWN_FAULT)  # begin the lines of what the app caught unforeseen


class Finding(AssertionError):
    """What no input may do."""


class Unforeseen(Finding):
    """An exception that is no declared refusal, whether or not the app caught it."""


class Hang(Finding):
    """It took longer than a second."""


class Growth(Finding):
    """It took more than 64 MiB."""


class OutOfTime(BaseException):
    """Raised inside of what takes too long; nothing of the app catches it."""


class Unknowns(logging.Handler):
    """Keeps the exceptions that the app caught without having foreseen them."""

    def __init__(self) -> None:
        super().__init__()
        self.caught: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage().startswith(UNFORESEEN):
            self.caught.append(sys.exception() or Exception(record.getMessage()))


@contextmanager
def unknowns() -> Iterator[Unknowns]:
    handler, propagate = Unknowns(), LOGGER.propagate
    LOGGER.addHandler(handler)
    LOGGER.propagate = False
    try:
        yield handler
    finally:
        LOGGER.removeHandler(handler)
        LOGGER.propagate = propagate


def enter(act: Callable[[bytes], None], data: bytes) -> None:
    """Enter a door with an input.

    Raises:
        Finding: it did what no input may.
    """
    before = memory("VmRSS")
    reset_peak()
    waited = timed(act, data)
    grown = memory("VmHWM") - before
    if grown > GROWTH_BYTES_MAX:
        raise Growth(f"{grown // KIB:,} KiB more were in use at once.")
    if waited > SECONDS_MAX and all(timed(act, data) > SECONDS_MAX for _ in range(WAITS_MAX - 1)):
        raise Hang(f"It took {waited:.1f} s, and as long again.")


def timed(act: Callable[[bytes], None], data: bytes) -> float:
    """Seconds that an input took, without those in which others had the processors. Raises: Finding."""
    start = time.monotonic() - queued()
    with unknowns() as found:
        try:
            with time_limit():
                act(data)
        except Finding:
            raise
        except OutOfTime as error:
            raise Hang(f"It worked for more than {SECONDS_MAX} s.") from error
        except (Exception, DeletedUnproven) as error:
            raise Unforeseen(f"{type(error).__name__}: {error}") from error
    if found.caught:
        caught = found.caught[0]
        raise Unforeseen(f"The app caught {type(caught).__name__}: {caught}") from caught
    return time.monotonic() - queued() - start


@contextmanager
def time_limit() -> Iterator[None]:
    """Interrupt what works for longer than allowed: by the process's own time, whoever else uses the machine."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGPROF, interrupt)
    signal.setitimer(signal.ITIMER_PROF, SECONDS_MAX)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def queued() -> float:
    """Seconds that this thread could have run, and stood in the queue for a processor; 0 where no system tells."""
    return int(QUEUED.read_text(encoding="ascii").split()[1]) / NANOSECONDS if QUEUED.exists() else 0.0


def memory(name: str) -> int:
    """Bytes of memory in use (`VmRSS`), or at most in use since the peak was reset (`VmHWM`)."""
    if STATUS.exists():
        lines = STATUS.read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * KIB for line in lines if line.startswith(name))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # no Linux: what was never in use before is seen


def reset_peak() -> None:
    with suppress(OSError):
        RESET_PEAK.write_text("5", encoding="ascii")
