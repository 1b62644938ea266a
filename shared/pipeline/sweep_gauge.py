"""The sweep's gauge: how much is open, how old, and at risk; the log line that alerts and the workbook read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from shared.domain.durations import COUNTED_EVERY_MINUTES
from shared.domain.index_entry import IndexEntry
from shared.domain.log import LogEvent, log
from shared.domain.log_values import LogFields
from shared.domain.models import Messages


@dataclass
class Gauge:
    """What a run found; None for what it did not look at, or could not read to the end.

    Attributes:
        due: entries that were due.
        at_risk: entries of what is not saved and is destroyed within hours.
        open: entries of chunks.
        failed: entries of recordings that failed.
        oldest_open_seconds: how long ago the oldest of those chunks came up.
    """

    due: int | None = None
    at_risk: int | None = None
    open: int | None = None
    failed: int | None = None
    oldest_open_seconds: int | None = None

    def count(self, entries: Iterable[IndexEntry], now: datetime) -> None:
        """Count what is open: everything is read for that, so it is done less often."""
        chunks, failed, oldest = 0, 0, now
        for entry in entries:
            chunks += bool(entry.document_id) and not entry.failed
            failed += entry.failed and not entry.document_id
            oldest = min(oldest, entry.since or now) if entry.document_id and not entry.failed else oldest
        self.open, self.failed = chunks, failed
        self.oldest_open_seconds = round((now - oldest).total_seconds())


def counts_all(now: datetime) -> bool:
    """Whether the run of this minute counts everything."""
    return now.minute % COUNTED_EVERY_MINUTES == 0


def log_gauge(gauge: Gauge, messages: Messages) -> None:
    """Log what was found; what was not looked at is left out."""
    fields: LogFields = {
        "open": gauge.open,
        "oldestOpenSeconds": gauge.oldest_open_seconds,
        "due": gauge.due,
        "failed": gauge.failed,
        "atRisk": gauge.at_risk,
        "transfers": len(messages.transfers),
        "deletions": len(messages.deletions),
    }
    log(LogEvent.SWEEP_FINISHED, **cast("LogFields", {n: value for n, value in fields.items() if value is not None}))
