"""The app's log lines: a greppable event name, then one JSON object.

Alert rules in infra/ search for these names; a test compares the two lists.
"""

import json
import logging
from datetime import datetime
from enum import StrEnum

LOGGER = logging.getLogger("recorder")


class LogEvent(StrEnum):
    """What happened. Those that somebody must look at say so."""

    RECORDING_STARTED = "recording_started"
    RECORDING_COMPLETED = "recording_completed"
    RECORDING_FAILED = "recording_failed"  # look: never started, or a chunk could not be saved
    RECORDING_INCOMPLETE = "recording_incomplete"  # look: an announced chunk says that another follows; none came
    RECORDING_OVERDUE = "recording_overdue"  # look: still running after MAX_RECORDING_HOURS
    RECORDINGS_LINKED = "recordings_linked"  # two rows of ours are one recording of ACS's
    EVENT_INGESTED = "event_ingested"
    EVENT_IGNORED = "event_ignored"  # unknown recording, and the operator chose to ignore those
    EVENT_REJECTED = "event_rejected"  # look: not understood, kept in rejected-events
    DEAD_LETTER_INGESTED = "dead_letter_ingested"
    CHUNK_STORED = "chunk_stored"
    CHUNK_DELETED = "chunk_deleted"
    CHUNK_DEFERRED = "chunk_deferred"  # an attempt failed, the next one is planned
    CHUNK_FAILED = "chunk_failed"  # look: expired or refused
    CHUNK_ALTERED = "chunk_altered"  # look: the stored copy is not what was verified
    CHUNK_INCOMPLETE = "chunk_incomplete"  # look: stored, but something beside the media is missing
    CHUNK_AT_RISK = "chunk_at_risk"  # look: 12 hours, then 4 hours before ACS destroys it, and still not stored
    MESSAGE_POISONED = "message_poisoned"  # look: a queue message could not be handled
    MESSAGE_STALE = "message_stale"
    CALLBACK_REFUSED = "callback_refused"
    SETTINGS_WRONG = "settings_wrong"  # look: a setting is missing or malformed; nothing works until it is mended
    SWEEP_INTERRUPTED = "sweep_interrupted"  # look: an outage kept part of a run from being done; the next one goes on
    UNFORESEEN_FAULT = "unforeseen_fault"  # look: something nobody foresaw; its traceback stands before this line
    SWEEP_FINISHED = "sweep_finished"


LOOK = frozenset(
    {
        LogEvent.RECORDING_FAILED,
        LogEvent.RECORDING_INCOMPLETE,
        LogEvent.RECORDING_OVERDUE,
        LogEvent.EVENT_REJECTED,
        LogEvent.CHUNK_FAILED,
        LogEvent.CHUNK_ALTERED,
        LogEvent.CHUNK_INCOMPLETE,
        LogEvent.CHUNK_AT_RISK,
        LogEvent.MESSAGE_POISONED,
        LogEvent.SETTINGS_WRONG,
        LogEvent.SWEEP_INTERRUPTED,
        LogEvent.UNFORESEEN_FAULT,
    }
)

type Field = str | int | float | bool | datetime | None


def log(event: LogEvent, /, **fields: Field) -> None:
    """Write one line: at level error when somebody must look, else info.

    Fields are ids, counts and our own sentences. Call ids encode URLs, raw participant ids are phone numbers, and
    query strings carry keys: none of them belongs here.
    """
    level = logging.ERROR if event in LOOK else logging.INFO
    LOGGER.log(level, "%s %s", event, json.dumps(fields, default=str, ensure_ascii=True))


def quieten_sdks() -> None:
    """Keep the SDKs' line for every request out of the log: they would be most of it, and most of its cost."""
    logging.getLogger("azure").setLevel(logging.WARNING)
