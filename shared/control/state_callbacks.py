"""Recording-state callbacks: what ACS posts while a recording lives.

A verified callback may bring ACS's id of a recording. One that is not verified is only a hint to ask ACS; nothing it
says is used.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

import msgspec

from shared.control.control_recording import Control
from shared.domain.durations import START_TOLERANCE
from shared.domain.errors import CallbackRefused, InvalidRequest
from shared.domain.identifiers import CallId, CallIdKind
from shared.domain.json_fields import Json, moment, number, text
from shared.domain.log import LogEvent, log
from shared.domain.models import ControlStatus, Recording
from shared.domain.ports import CallbackVerifier, Catalog, Clock
from shared.domain.recording_rows import link_acs_id, save_recording, with_acs_id

STATE_CHANGED = "Microsoft.Communication.RecordingStateChanged"
START_FAILED = "Microsoft.Communication.StartRecordingFailed"
ERROR_STATUSES = range(400, 600)


class RecordingCallback(msgspec.Struct, frozen=True, kw_only=True):
    """A callback, parsed."""

    failed: bool
    recording_id: str | None
    server_call_id: str | None
    start_time: datetime | None
    status: int | None
    code: str | None


@dataclass(frozen=True)
class StateCallbacks:
    """Takes callbacks, and asks ACS about their recordings."""

    catalog: Catalog
    control: Control
    clock: Clock
    verifier: CallbackVerifier | None

    def take_in(self, body: bytes, authorization: str | None) -> None:
        """Take one post of ACS.

        Raises:
            CallbackRefused: it is not verifiably from ACS.
            InvalidRequest: it is no array of CloudEvents.
            AcsError: ACS, when asked, did not answer; ACS posts again.
        """
        if self.verifier is not None:
            self.verify(self.verifier, authorization)
        for callback in parse_callbacks(body):
            if self.verifier is not None:
                self.apply(callback)
            self.ask_acs(callback)

    def verify(self, verifier: CallbackVerifier, authorization: str | None) -> None:
        """Raises: CallbackRefused, after a log line that repeats nothing of the callback: anyone can post one."""
        try:
            verifier.verify(authorization)
        except CallbackRefused as error:
            log(LogEvent.CALLBACK_REFUSED, failure=type(error.__cause__ or error).__name__)
            raise

    def apply(self, callback: RecordingCallback) -> None:
        """Write what a verified callback says: ACS's id, or ACS's report of a failed start."""
        recording = self.recording_of(callback)
        if recording is None:
            return
        if callback.failed:
            self.report_failed_start(recording, callback)
        elif callback.recording_id:
            acs_id = callback.recording_id
            owner = link_acs_id(self.catalog, recording, acs_id)
            save_recording(self.catalog, recording, lambda row: with_acs_id(row, acs_id, owner))

    def report_failed_start(self, recording: Recording, callback: RecordingCallback) -> None:
        """Alert, and write ACS's report on the row. Whether it records all the same, ACS is asked."""
        if recording.start_report is not None or recording.ended_at is not None or recording.start_failure is not None:
            return
        reason = callback.code or callback.status or "no reason given"
        report = f"ACS reported that it could not start the recording ({reason})."
        # The alert before the row, so that no crash swallows it.
        log(LogEvent.RECORDING_FAILED, id=recording.id, failure=report)
        waits_for = f"{report} It is asked whether it records all the same."
        change = partial(msgspec.structs.replace, start_report=report, waits_for=waits_for)
        save_recording(self.catalog, recording, change)

    def ask_acs(self, callback: RecordingCallback) -> None:
        """Ask ACS about a recording whose row is linked to ACS's id."""
        id = self.catalog.recording_by_acs_id(callback.recording_id or "")
        recording = self.catalog.recording(id) if id else None
        if recording is not None:
            self.control.observe(recording)

    def recording_of(self, callback: RecordingCallback) -> Recording | None:
        """The recording of a verified callback: by ACS's id, else the latest undecided start of the call."""
        id = self.catalog.recording_by_acs_id(callback.recording_id or "")
        if id is not None:
            return self.catalog.recording(id)
        if callback.server_call_id is None:
            return None
        not_after = (callback.start_time or self.clock()) + START_TOLERANCE
        call = CallId(CallIdKind.SERVER_CALL, callback.server_call_id)
        for found in self.catalog.recordings_by_call(call, not_after):
            recording = self.catalog.recording(found)
            if recording and recording.control is ControlStatus.STARTING and recording.recording_id is None:
                return recording
        return None


def parse_callbacks(body: bytes) -> list[RecordingCallback]:
    """Parse an array of CloudEvents; other kinds of events are passed over. Raises: InvalidRequest."""
    try:
        documents = msgspec.json.decode(body, type=list[dict[str, object]])
    except (ValueError, RecursionError) as error:  # msgspec's own, and for bytes that are no UTF-8
        raise InvalidRequest(f"The body is no array of CloudEvents: {error}.") from error
    return [parse_callback(one) for one in documents if text(one, "type") in {STATE_CHANGED, START_FAILED}]


def parse_callback(document: Json) -> RecordingCallback:
    data = document.get("data")
    fields = data if isinstance(data, dict) else {}
    information = fields.get("resultInformation")
    result = information if isinstance(information, dict) else {}
    status = number(result, "code")
    code = number(result, "subCode")
    return RecordingCallback(
        failed=text(document, "type") == START_FAILED,
        recording_id=text(fields, "recordingId"),
        server_call_id=text(fields, "serverCallId"),
        start_time=moment(fields, "startDateTime"),
        status=status if status in ERROR_STATUSES else None,
        code=str(code) if code else None,
    )
