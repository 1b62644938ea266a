"""The upgrade from version 0.1: its lists by day are moved into the one list, some lines with every sweep.

What is left is what is to do, so a run that dies is simply followed by the next. An instance of version 0.1 that still
runs beside writes lines by day; they are moved as they come.

With a line goes what 0.1 left unwatched: the chunks it refused had no entry of open work, and recordings whose event
never came had none with a deadline.
"""

from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import msgspec

from shared.domain.day_lines import days_back
from shared.domain.durations import ORPHAN_PATIENCE
from shared.domain.errors import RowUnreadable
from shared.domain.list_entry import ListEntry, list_entry
from shared.domain.models import Messages, Recording
from shared.domain.open_work import OpenWork
from shared.domain.ports import Catalog, Clock, DayLines
from shared.domain.statuses import ChunkStatus, FilesStatus
from shared.domain.units import Run, as_interruption

LINES_PER_RUN = 250  # chosen: some four requests each; a sweep has a minute


@dataclass(frozen=True)
class Upgrade:
    """Moves what version 0.1 wrote."""

    catalog: Catalog
    day_lines: DayLines
    open_work: OpenWork
    clock: Clock
    lines_per_run: int = LINES_PER_RUN

    def move_some(self, run: Run) -> None:
        """Move some lines; each is a unit of its own."""
        run.attempt(partial(self.move, run), as_interruption)

    def move(self, run: Run) -> Messages:
        lines = self.next_lines()
        rows = self.catalog.recordings([line.id for line in lines])
        for line in lines:
            run.attempt(partial(self.move_line, line, rows.get(line.id)), as_interruption)
        return Messages()

    def next_lines(self) -> list[ListEntry]:
        """What a run moves: where that is not all, first the days of which ACS may still have something unsaved."""
        oldest = self.day_lines.first(self.lines_per_run)
        if len(oldest) < self.lines_per_run:
            return list(oldest)
        now = self.clock()
        newest: list[ListEntry] = []
        for day in days_back(now, now - 2 * self.open_work.retention):  # it may have lasted as long as a file is kept
            if len(newest) < self.lines_per_run:
                newest += self.day_lines.of_day(day, None, self.lines_per_run - len(newest))
        return list(dict.fromkeys([*newest, *oldest]))[: self.lines_per_run]

    def move_line(self, line: ListEntry, row: Recording | RowUnreadable | None) -> Messages:
        """Write what the recording's row wants in the index of today, then remove the line.

        A line that another writer of the recording left is gone with that: the row says where it stands.
        """
        if row is None and self.clock() - line.created_at <= ORPHAN_PATIENCE:
            return Messages()  # its row may be written yet
        if isinstance(row, RowUnreadable):
            self.catalog.put_listed(line, None)  # what its tags are, the row says once it can be read
        elif row is not None:
            self.catalog.put_listed(list_entry(row), None)
            if not row.judged:
                self.catalog.index_calls(row)
            self.watch(row)
        self.day_lines.remove(line)
        return Messages()

    def watch(self, row: Recording) -> None:
        """Have what version 0.1 left unwatched found among what is at risk."""
        now = self.clock()
        entry = self.open_work.recording_entry(row, now)
        if entry.expires_at is not None and entry.expires_at > now:
            self.open_work.watch(row, now)  # the sweep looks at it, and plans the rest
        if row.files in {FilesStatus.FAILED, FilesStatus.TRANSFERRING}:
            with suppress(RowUnreadable):  # comes last; the entry of the recording leads to it
                for chunk in self.catalog.chunks(row.id):
                    if chunk.status is ChunkStatus.FAILED and chunk.expires_at > now:
                        since = chunk.stuck_since or chunk.created_at  # for a replay; it was refused at once
                        self.open_work.finish(msgspec.structs.replace(chunk, stuck_since=since), now)
