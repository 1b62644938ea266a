"""The sweep: once a minute everything that is due is checked against its row and sent again, and dead letters ingested.

Each index entry and each dead letter is a unit of its own: one that cannot be done stops none of the others. Two sweeps
at once are safe: a chunk is sent by whichever writes its row first.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice

from shared.domain.durations import ASKING_MAX, LOOK_AGAIN
from shared.domain.errors import Unforeseen
from shared.domain.index_entry import IndexEntry
from shared.domain.log import LogEvent, log
from shared.domain.models import Messages
from shared.domain.open_work import OpenWork
from shared.domain.ports import Clock
from shared.domain.units import Run
from shared.pipeline.dead_letters import DeadLetterIntake
from shared.pipeline.queue_messages import merged
from shared.pipeline.sweep_chunks import ChunkSweep
from shared.pipeline.sweep_gauge import log_gauge
from shared.pipeline.sweep_recordings import RecordingSweep

ENTRIES_PER_RUN_MAX = 1000  # chosen: of chunks, and of recordings, in one run; the next one is a minute away


@dataclass
class IndexRead:
    """What could be read of the open-work index."""

    entries: list[IndexEntry] = field(default_factory=list)
    is_whole: bool = False


@dataclass(frozen=True)
class Sweep:
    """The timer's work."""

    open_work: OpenWork
    dead_letters: DeadLetterIntake
    recordings: RecordingSweep
    chunks: ChunkSweep
    clock: Clock

    def sweep(self) -> Messages:
        """Run once; returns the messages to send.

        Raises:
            CatalogUnavailable, StoreUnavailable: an outage kept something from being done, and there is no message that
                raising would discard; the next run begins anew.
        """
        run = Run("sweep")
        from_letters = self.dead_letters.ingest_all(run)
        now = self.clock()
        index = IndexRead()
        run.attempt(partial(self.read_index, index), self.alert_index)
        for place, entry in enumerate(index.entries):
            # A warning that cannot be given puts off no check, which may well succeed.
            run.attempt(partial(self.chunks.warn, entry, now), partial(self.set_aside, index, place, entry.due_at))
        due = sorted((entry.due_at, place) for place, entry in enumerate(index.entries) if entry.due_at <= now)
        later = now + LOOK_AGAIN
        checked = [
            run.attempt(check, partial(self.set_aside, index, place, later))
            for place, check in self.checks(index.entries, [place for _, place in due], now)
        ]
        messages = merged([from_letters, *checked])
        if index.is_whole:  # of a part it must not be said that this is all that is open
            log_gauge(index.entries, len(due), messages, now)
        return run.finish(messages)

    def read_index(self, index: IndexRead) -> Messages:
        """Collect every entry, as far as Table Storage answers."""
        for entry in self.open_work.entries():
            index.entries.append(entry)
        index.is_whole = True
        return Messages()

    def alert_index(self, error: Unforeseen) -> None:
        log(LogEvent.UNFORESEEN_FAULT, failure=f"The open-work index could not be read. {error}")

    def set_aside(self, index: IndexRead, place: int, due_at: datetime, error: Unforeseen) -> None:
        """Log one alert, in this run and in later ones, for a row that cannot be worked on, and check it again then."""
        entry = index.entries[place]
        if not entry.told:
            log(LogEvent.UNFORESEEN_FAULT, id=entry.id, documentId=entry.document_id or None, failure=str(error))
        index.entries[place] = self.open_work.set_aside(entry, due_at)

    def checks(
        self, entries: Sequence[IndexEntry], due: Sequence[int], now: datetime
    ) -> Iterator[tuple[int, Callable[[], Messages]]]:
        """What one run does for what is due: chunks first, since recordings may wait for a silent ACS."""
        for place in islice((place for place in due if entries[place].document_id), ENTRIES_PER_RUN_MAX):
            yield place, partial(self.chunks.check, entries[place], now)
        ask_until = self.clock() + ASKING_MAX
        for place in islice((place for place in due if not entries[place].document_id), ENTRIES_PER_RUN_MAX):
            yield place, partial(self.recordings.check, entries[place], now, ask_until)
