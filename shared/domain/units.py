"""Units of work that never stop each other: a message, a dead letter, an index entry, a row, an event, a manifest.

Beside the replies, this is the only place that catches every exception. An unforeseen one becomes `Unforeseen`, which
is handled like a transient failure: logged with its traceback, alerted once, tried again until the deadline ends it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from shared.domain.errors import RecorderError, Unforeseen
from shared.domain.log import LogEvent, log
from shared.domain.log_values import sentence
from shared.domain.models import Messages


def attempt[Result](unit: Callable[[], Result]) -> Result:
    """The result of one unit of work. A unit that returns an iterator is not done yet: have it return a list.

    Raises:
        RecorderError: as the unit raised it.
        Unforeseen: the unit raised anything else; its traceback is in the log.
    """
    try:
        return unit()
    except RecorderError:
        raise
    except Exception as error:
        raise unforeseen(error) from error


def unforeseen(error: Exception) -> Unforeseen:
    """The error of ours for one that nobody foresaw; logs the traceback."""
    log(LogEvent.UNFORESEEN_ERROR, error=type(error).__name__, traceback=error)
    return Unforeseen(f"{type(error).__name__}, which nobody foresaw; the log has its traceback.")


@contextmanager
def function() -> Iterator[None]:
    """Surround what the platform calls: it logs what a function raises, with everything that this came of.

    Raises:
        RecorderError: as it was raised inside, in our own words only, and without its cause.
        Unforeseen: anything else was raised; its traceback is in the log.
    """
    try:
        yield
    except RecorderError as error:
        error.args = (sentence(str(error)),)
        raise error from None
    except Exception as error:  # noqa: BLE001 - what it came of must not come along
        raise unforeseen(error) from None


@dataclass
class Run:
    """One run over many units: each is tried, also after others failed.

    Attributes:
        name: of the use case, for the log.
        interruptions: our own outages, each of which kept one unit from being done.
    """

    name: str
    interruptions: list[RecorderError] = field(default_factory=list)

    def attempt(self, unit: Callable[[], Messages], unforeseen: Callable[[Unforeseen], None]) -> Messages:
        """Do a unit; returns the messages it wants sent, none if it failed.

        Args:
            unit: the work.
            unforeseen: alerts once of an unforeseen error, and postpones the unit.
        """
        try:
            return self.set_aside(unit, unforeseen)
        except RecorderError as error:
            self.interruptions.append(error)
            return Messages()

    def set_aside(self, unit: Callable[[], Messages], unforeseen: Callable[[Unforeseen], None]) -> Messages:
        try:
            return attempt(unit)
        except Unforeseen as error:
            attempt(partial(unforeseen, error))
            return Messages()

    def finish(self, messages: Messages) -> Messages:
        """The messages of all units; logs an alert if some of these could not be done.

        Raises:
            RecorderError: the first interruption, when nothing is to be sent: raising discards messages.
        """
        if not self.interruptions:
            return messages
        first = self.interruptions[0]
        log(LogEvent.SWEEP_INTERRUPTED, run=self.name, units=len(self.interruptions), failure=str(first))
        if not messages.transfers and not messages.deletions:
            raise first
        return messages


def as_interruption(error: Unforeseen) -> None:
    """Have a run count an unforeseen error like an outage, where a caller is waiting for the answer.

    Raises:
        Unforeseen: always.
    """
    raise error
