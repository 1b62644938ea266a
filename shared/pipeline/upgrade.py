"""The upgrade from version 0.1: what it listed by day is moved into the one list, a bounded part with every sweep.

    line ─► row ─► entries of the list, and of every id of the call ─► open work that was not written then ─► no line

The lines that are left are what is left to do, so that nothing needs to be remembered. The newest come first: they are
asked for most, and ACS may still have something of them. An instance of that version may still run beside and write
lines, which are moved as they come.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import msgspec

from shared.domain.durations import DAY_AHEAD, ORPHAN_PATIENCE
from shared.domain.errors import RowUnreadable, Unforeseen
from shared.domain.list_entry import ListEntry, list_entry
from shared.domain.listed_rows import leave_calls, remove_entry
from shared.domain.log import LogEvent, log
from shared.domain.models import Chunk, ChunkStatus, FilesStatus, Messages, Recording
from shared.domain.old_lists import OldLists, OldPage
from shared.domain.open_work import OpenWork
from shared.domain.ports import Catalog, Clock
from shared.domain.recording_rows import call_ids
from shared.domain.units import Run

LINES_PER_RUN = 250  # chosen: a few seconds of each minute; 15,000 in an hour


@dataclass(frozen=True)
class Upgrade:
    """Moves what version 0.1 listed.

    Attributes:
        lines_per_run: how many lines a run moves at most.
    """

    catalog: Catalog
    open_work: OpenWork
    old_lists: OldLists
    clock: Clock
    lines_per_run: int = LINES_PER_RUN

    def move_some(self, run: Run) -> None:
        """Move the newest lines; each is a unit of its own."""
        found: list[Callable[[], Messages]] = []
        run.attempt(partial(self.read, found), self.alert)
        for move in found:
            run.attempt(move, self.alert)

    def read(self, found: list[Callable[[], Messages]]) -> Messages:
        """Collect what is to be moved, rows read side by side."""
        page = OldPage((), (self.clock() + DAY_AHEAD, ""))
        while not page.lines and page.end is not None:
            page = self.old_lists.page(page.end, self.lines_per_run)
        rows = self.catalog.recordings([line.id for line in page.lines])
        found += [partial(self.move, line, rows.get(line.id)) for line in page.lines]
        return Messages()

    def alert(self, error: Unforeseen) -> None:
        log(LogEvent.UNFORESEEN_FAULT, failure=f"Lists of version 0.1 could not be moved. {error}")

    def move(self, line: ListEntry, row: Recording | RowUnreadable | None) -> Messages:
        match row:
            case None:
                self.drop_without_row(line)
                return Messages()
            case RowUnreadable():
                self.catalog.put_listed(line, None)  # without tags: the row is asked for them once it can be read
            case Recording(created_at=line.created_at):
                self.put(row)
            case Recording():  # another request of that version was faster: the row is that one's
                for call in call_ids(row):
                    remove_entry(self.catalog, line, call)
        self.old_lists.remove(line)
        return Messages()

    def drop_without_row(self, line: ListEntry) -> None:
        """A line whose row is about to be written, or never was."""
        if self.clock() - line.created_at <= ORPHAN_PATIENCE:
            return
        self.old_lists.remove(line)
        row = self.catalog.recording(line.id)
        if row is not None and row.created_at == line.created_at:
            self.put(row)

    def put(self, row: Recording) -> None:
        """Have a recording found by all that its row says, and what is unsaved of it watched."""
        self.watch(row, self.clock())
        self.catalog.put_listed(list_entry(row), None)
        if row.judged:
            leave_calls(self.catalog, row)
        else:
            self.catalog.index_calls(row)

    def watch(self, row: Recording, now: datetime) -> None:
        """Write the entries of open work that version 0.1 did not write, or wrote without a deadline."""
        if row.start_failure is None and row.files is FilesStatus.NONE and row.ended_at and not row.is_empty:
            self.open_work.watch(row, now)
        if row.files in {FilesStatus.TRANSFERRING, FilesStatus.FAILED}:
            failed: list[Chunk] = []
            with suppress(RowUnreadable):  # comes last; the entry of the recording leads to it
                for chunk in self.catalog.chunks(row.id):
                    failed += [chunk] if chunk.status is ChunkStatus.FAILED else []
            for chunk in failed:
                since = chunk.stuck_since or chunk.created_at
                self.open_work.finish(msgspec.structs.replace(chunk, stuck_since=since), now)
