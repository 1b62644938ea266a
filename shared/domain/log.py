"""The app's log lines: a greppable event name, then one JSON object.

Alert rules in infra/ search for these names; a test compares the two lists. What a field may say is in `log_values`;
nothing else of the app logs anything.
"""

import json
import logging
from enum import StrEnum
from typing import Unpack

from shared.domain.log_values import LogFields, told

LOGGER = logging.getLogger("recorder")
# The libraries by whose names loggers are called. Their lines have addresses with keys in them, and answers' bodies.
LIBRARIES = (
    "asyncio",
    "azure",
    "charset_normalizer",
    "concurrent",
    "msal",
    "requests",
    "urllib3",
)


class LogEvent(StrEnum):
    """What happened. `ALERTS` are those that need a person; they are marked here."""

    RECORDING_STARTED = "recording_started"  # ACS confirmed a start
    RECORDING_COMPLETED = "recording_completed"  # every chunk is finished, the manifest is written
    RECORDING_FAILED = "recording_failed"  # alert: never started, or a chunk could not be saved
    RECORDING_INCOMPLETE = "recording_incomplete"  # alert: a chunk is missing, or ACS says that something is
    RECORDING_UNUSUAL = "recording_unusual"  # alert: complete, but an export failed, or an end reason is not known
    RECORDING_OVERDUE = "recording_overdue"  # alert: still running after MAX_RECORDING_HOURS
    RECORDINGS_LINKED = "recordings_linked"  # two of our rows are one ACS recording
    RECORDING_REBUILT = "recording_rebuilt"  # its lost rows were written again, from its manifest
    MANIFEST_UNREADABLE = "manifest_unreadable"  # a rebuild passes over a recording; whoever asked for it is told
    EVENT_INGESTED = "event_ingested"  # its rows are written
    EVENT_IGNORED = "event_ignored"  # of an unknown recording, where UNKNOWN_RECORDINGS is ignore
    EVENT_REJECTED = "event_rejected"  # alert: not understood, kept in rejected-events
    DEAD_LETTER_INGESTED = "dead_letter_ingested"  # an event that Event Grid could not deliver, read by the sweep
    CHUNK_STORED = "chunk_stored"  # a verified copy is in Blob Storage
    CHUNK_DELETED = "chunk_deleted"  # the original is deleted at ACS
    CHUNK_DEFERRED = "chunk_deferred"  # an attempt failed, the next one is planned
    CHUNK_FAILED = "chunk_failed"  # alert: expired or refused
    CHUNK_ALTERED = "chunk_altered"  # alert: the stored copy is not what was verified
    CHUNK_INCOMPLETE = "chunk_incomplete"  # alert: stored, but its metadata are missing, or about another call
    CHUNK_AT_RISK = "chunk_at_risk"  # alert: not stored 12, then 4 hours before its end, or until a person acts
    EVENT_UNSENT = "event_unsent"  # alert: for a day the topic did not take events of a recording; they are in its rows
    MESSAGE_POISONED = "message_poisoned"  # alert: a queue message could not be handled
    MESSAGE_STALE = "message_stale"  # a queue message whose work is done, or whose row cannot be read
    CALLBACK_REFUSED = "callback_refused"  # not verifiably ACS's; nothing of it was used
    CALLBACK_UNUSED = "callback_unused"  # too many at once, or ACS or storage did not answer; the sweep asks ACS
    SETTINGS_WRONG = "settings_wrong"  # alert: a setting is missing or malformed; nothing works until it is mended
    SWEEP_INTERRUPTED = "sweep_interrupted"  # alert: an outage kept part of a run from being done; the next one goes on
    UNFORESEEN_FAULT = "unforeseen_fault"  # alert: an unforeseen error; its traceback stands before this line
    UNFORESEEN_ERROR = "unforeseen_error"  # the traceback of an unforeseen error; what follows from it is told apart
    UNKNOWN_FAULT = "unknown_fault"  # a reply of 500, with its traceback and the incident that the caller was told
    ROWS_UNREADABLE = "rows_unreadable"  # a list passes over rows; the sweep alerts, once
    DEPENDENCY_SILENT = "dependency_silent"  # somebody asked for the state of dependencies, and one gave no good answer
    LIBRARY_WARNING = "library_warning"  # a library logged something: where, without what it said
    SWEEP_FINISHED = "sweep_finished"  # what a sweep found; its absence is an alert, too


ALERTS = frozenset(
    {
        LogEvent.RECORDING_FAILED,
        LogEvent.RECORDING_INCOMPLETE,
        LogEvent.RECORDING_UNUSUAL,
        LogEvent.RECORDING_OVERDUE,
        LogEvent.EVENT_REJECTED,
        LogEvent.CHUNK_FAILED,
        LogEvent.CHUNK_ALTERED,
        LogEvent.CHUNK_INCOMPLETE,
        LogEvent.CHUNK_AT_RISK,
        LogEvent.EVENT_UNSENT,
        LogEvent.MESSAGE_POISONED,
        LogEvent.SETTINGS_WRONG,
        LogEvent.SWEEP_INTERRUPTED,
        LogEvent.UNFORESEEN_FAULT,
    }
)

# What is told beside an alert, or to whoever asked.
WARNINGS = frozenset(
    {LogEvent.UNFORESEEN_ERROR, LogEvent.ROWS_UNREADABLE, LogEvent.DEPENDENCY_SILENT, LogEvent.LIBRARY_WARNING}
)
ERRORS = ALERTS | {LogEvent.UNKNOWN_FAULT}  # the rule on server errors alerts of the second


def log(event: LogEvent, /, **fields: Unpack[LogFields]) -> None:
    """Log one line: at level error for an alert, else info. It never fails, whatever the fields are.

    Fields are ids, codes, counts, and sentences in the app's own words, each of its own alphabet. Text that others
    wrote does not belong here: call ids encode URLs, raw participant ids are phone numbers, query strings carry keys.
    Where it comes here all the same, a mark takes its place.
    """
    level = logging.ERROR if event in ERRORS else logging.WARNING if event in WARNINGS else logging.INFO
    allowed = {name: told(name, value) for name, value in fields.items()}
    LOGGER.log(level, "%s %s", event, json.dumps(allowed, ensure_ascii=True))


class LibraryHandler(logging.Handler):
    """Tells that a library logged a warning or an error, and where in its code; not what it said."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            log(LogEvent.LIBRARY_WARNING, library=record)


def quiet_libraries() -> None:
    """Keep out what the libraries log, whatever levels are set: a line per request, with the keys of its address."""
    for name in LIBRARIES:
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.handlers = [LibraryHandler()]
        logger.propagate = False
