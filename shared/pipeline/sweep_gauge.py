"""The sweep's gauge: how much is open, how old, and at risk; the log line that alerts and the workbook read."""

from collections.abc import Sequence
from datetime import datetime

from shared.domain.index_entry import IndexEntry
from shared.domain.log import LogEvent, log
from shared.domain.models import Messages
from shared.pipeline.sweep_chunks import warnings_due


def log_gauge(entries: Sequence[IndexEntry], due: int, messages: Messages, now: datetime) -> None:
    chunks = [entry for entry in entries if entry.document_id]
    oldest = min((entry.since for entry in chunks if entry.since), default=now)
    log(
        LogEvent.SWEEP_FINISHED,
        open=len(chunks),
        oldestOpenSeconds=round((now - oldest).total_seconds()),
        due=due,
        failed=sum(entry.failed for entry in entries),
        atRisk=sum(warnings_due(entry, now) > 0 for entry in chunks),
        transfers=len(messages.transfers),
        deletions=len(messages.deletions),
    )
