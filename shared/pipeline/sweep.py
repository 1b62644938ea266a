"""The sweep: once a minute what is due is checked against its row and sent again, and dead letters are ingested.

    due by now ─► the oldest of each kind ─► each checked: sent again, finished, or put off
    recordings that were checked ─► their events that were not sent ─► sent
    unsaved, and destroyed within hours ─► counted; those that were not warned of yet, soonest first, are warned of

Each index entry and each dead letter is a unit of its own: one that cannot be done stops none of the others. What one
run does has an upper limit, and what was done is due later than what was not: nothing starves. Two sweeps at once are
safe: a chunk is sent by whichever writes its row first.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from heapq import nsmallest

from shared.domain.durations import ASKING_MAX, AT_RISK, LOOK_AGAIN
from shared.domain.errors import Unforeseen
from shared.domain.index_entry import IndexEntry
from shared.domain.log import LogEvent, log
from shared.domain.models import Messages
from shared.domain.open_work import OpenWork
from shared.domain.ports import Catalog, Clock
from shared.domain.units import Run
from shared.pipeline.dead_letters import DeadLetterIntake
from shared.pipeline.outbox import Outbox, SendingRun
from shared.pipeline.queue_messages import merged
from shared.pipeline.sweep_chunks import ChunkSweep, warnings_due
from shared.pipeline.sweep_gauge import Gauge, counts_all, log_gauge
from shared.pipeline.sweep_recordings import RecordingSweep
from shared.pipeline.upgrade import Upgrade

ENTRIES_PER_RUN_MAX = 1000  # chosen: of chunks, and of recordings, in one run; the next one is a minute away
WARNINGS_PER_RUN_MAX = 500  # chosen: three requests each


@dataclass
class First:
    """The first so many of any number of entries, in constant memory.

    Attributes:
        most: how many.
        rank: what they are sorted by.
        count: how many there were.
    """

    most: int
    rank: Callable[[IndexEntry], tuple[bool, datetime]]
    count: int = 0
    kept: list[IndexEntry] = field(default_factory=list)

    def add(self, entry: IndexEntry) -> None:
        self.count += 1
        self.kept.append(entry)
        if len(self.kept) > 2 * self.most:
            self.kept = self.entries()

    def entries(self) -> list[IndexEntry]:
        return nsmallest(self.most, self.kept, key=self.rank)


def by_due_time(entry: IndexEntry) -> tuple[bool, datetime]:
    return False, entry.due_at


def by_deadline(entry: IndexEntry) -> tuple[bool, datetime]:
    """Soonest first; last those of which a fault was alerted: they stay as they are, and must hold nobody up."""
    return entry.told, entry.expires_at or entry.due_at


@dataclass
class IndexRead:
    """What a run reads of the open-work index, as far as Table Storage answers."""

    chunks: First = field(default_factory=lambda: First(ENTRIES_PER_RUN_MAX, by_due_time))
    recordings: First = field(default_factory=lambda: First(ENTRIES_PER_RUN_MAX, by_due_time))
    to_warn_of: First = field(default_factory=lambda: First(WARNINGS_PER_RUN_MAX, by_deadline))
    gauge: Gauge = field(default_factory=Gauge)
    alerted: set[tuple[str, str]] = field(default_factory=set)


@dataclass(frozen=True)
class Sweep:
    """The timer's work."""

    catalog: Catalog
    open_work: OpenWork
    dead_letters: DeadLetterIntake
    recordings: RecordingSweep
    chunks: ChunkSweep
    upgrade: Upgrade
    outbox: Outbox
    clock: Clock

    def sweep(self) -> Messages:
        """Run once; returns the messages to send.

        Raises:
            CatalogUnavailable, StoreUnavailable: an outage kept something from being done, and there is no message that
                raising would discard; the next run begins anew.
        """
        run = Run("sweep")
        from_letters = self.dead_letters.ingest_due(run)
        now = self.clock()
        index = IndexRead()
        for read in (self.read_due, self.read_risk, *([self.read_all] if counts_all(now) else [])):
            run.attempt(partial(read, index, now), self.alert_index)
        for entry in index.to_warn_of.entries():
            # A warning that cannot be given puts off no check, which may well succeed.
            warn = self.chunks.warn if entry.document_id else self.recordings.warn
            run.attempt(partial(warn, entry, now), partial(self.set_aside, index, entry, entry.due_at))
        later = now + LOOK_AGAIN
        checked = [
            run.attempt(check, partial(self.set_aside, index, entry, later)) for entry, check in self.checks(index, now)
        ]
        self.send_events(run, index)
        self.upgrade.move_some(run)  # last: nothing that is due waits for it
        messages = merged([from_letters, *checked])
        if index.gauge.due is not None and index.gauge.at_risk is not None:  # else its absence is told, too
            log_gauge(index.gauge, messages)
        return run.finish(messages)

    def send_events(self, run: Run, index: IndexRead) -> None:
        """Send what was not sent of the events of recordings that were checked; nothing that is due waits for it."""
        sending = self.outbox.begin_run()
        for entry in index.recordings.entries():
            run.attempt(partial(self.send_due, entry.id, sending), partial(self.alert_events, index, entry.id))

    def send_due(self, id: str, sending: SendingRun) -> Messages:
        self.outbox.send_due(id, sending)
        return Messages()

    def alert_events(self, index: IndexRead, id: str, error: Unforeseen) -> None:
        if (id, "") not in index.alerted:
            log(LogEvent.UNFORESEEN_FAULT, id=id, failure=f"Its events cannot be sent. {error}")

    def read_due(self, index: IndexRead, now: datetime) -> Messages:
        """Collect what is due, the oldest of each kind."""
        for entry in self.catalog.due_entries(now):
            (index.chunks if entry.document_id else index.recordings).add(entry)
        index.gauge.due = index.chunks.count + index.recordings.count
        return Messages()

    def read_risk(self, index: IndexRead, now: datetime) -> Messages:
        """Count what is at risk, and collect what was not warned of yet."""
        at_risk = 0
        for entry in self.catalog.expiring_entries(now + AT_RISK):
            at_risk += entry.is_at_risk(now)
            if entry.warned < warnings_due(entry, now) and (entry.document_id or entry.is_at_risk(now)):
                index.to_warn_of.add(entry)
        index.gauge.at_risk = at_risk  # of a part it must not be said that this is all
        return Messages()

    def read_all(self, index: IndexRead, now: datetime) -> Messages:
        """Count what is open."""
        index.gauge.count(self.catalog.open_entries(), now)
        return Messages()

    def alert_index(self, error: Unforeseen) -> None:
        log(LogEvent.UNFORESEEN_FAULT, failure=f"The open-work index could not be read. {error}")

    def set_aside(self, index: IndexRead, entry: IndexEntry, due_at: datetime, error: Unforeseen) -> None:
        """Log one alert, in this run and in later ones, for a row that cannot be worked on, and check it again then."""
        place = entry.id, entry.document_id
        if not entry.told and place not in index.alerted:
            log(LogEvent.UNFORESEEN_FAULT, id=entry.id, documentId=entry.document_id or None, failure=str(error))
        index.alerted.add(place)
        self.open_work.set_aside(entry, due_at)

    def checks(self, index: IndexRead, now: datetime) -> Iterator[tuple[IndexEntry, Callable[[], Messages]]]:
        """What one run does for what is due: chunks first, since recordings may wait for a silent ACS."""
        for entry in index.chunks.entries():
            yield entry, partial(self.chunks.check, entry, now)
        ask_until = self.clock() + ASKING_MAX
        for entry in index.recordings.entries():
            yield entry, partial(self.recordings.check, entry, now, ask_until)
