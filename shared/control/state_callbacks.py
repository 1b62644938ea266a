"""Recording-state callbacks: what ACS posts while a recording lives.

A verified callback may teach us ACS's id of a recording. Without verification it is only a hint that makes us ask
ACS, and nothing in it is believed.
"""

from datetime import datetime

import msgspec

from shared.control.recordings import Recordings
from shared.domain.durations import START_TOLERANCE
from shared.domain.errors import InvalidRequest
from shared.domain.identifiers import normal_recording_id
from shared.domain.json_fields import Json, moment, number, text
from shared.domain.log import LogEvent, log
from shared.domain.models import ControlStatus, Recording
from shared.domain.ports import CallbackVerifier, Catalog, Clock
from shared.domain.recording_rows import learn_acs_id, save_recording

STATE_CHANGED = "Microsoft.Communication.RecordingStateChanged"
START_FAILED = "Microsoft.Communication.StartRecordingFailed"
ERROR_STATUSES = range(400, 600)
BODY_BYTES_MAX = 256 * 1024


class RecordingCallback(msgspec.Struct, frozen=True, kw_only=True):
    """What a callback says."""

    failed: bool
    recording_id: str | None
    server_call_id: str | None
    start_time: datetime | None
    status: int | None
    code: str | None


class Callbacks:
    """Takes callbacks in."""

    def __init__(
        self, catalog: Catalog, recordings: Recordings, clock: Clock, verifier: CallbackVerifier | None
    ) -> None:
        self.catalog = catalog
        self.recordings = recordings
        self.clock = clock
        self.verifier = verifier

    def take_in(self, body: bytes, authorization: str | None) -> None:
        """Take in one post of ACS's.

        Raises:
            CallbackRefused: it is not verified as ACS's.
            InvalidRequest: it is no array of CloudEvents.
            AcsError: ACS, when asked, did not answer; ACS posts again.
        """
        if self.verifier is not None:
            self.verifier.verify(authorization)
        for callback in parse_callbacks(body):
            if self.verifier is not None:
                self.believe(callback)
            self.look(callback)

    def believe(self, callback: RecordingCallback) -> None:
        recording = self.meant(callback)
        if recording is None:
            return
        if callback.failed:
            self.start_reported_failed(recording, callback)
        elif callback.recording_id:
            acs_id = callback.recording_id
            save_recording(self.catalog, recording, lambda row: learn_acs_id(self.catalog, row, acs_id))

    def start_reported_failed(self, recording: Recording, callback: RecordingCallback) -> None:
        """Write ACS's report down and tell; whether there is a recording is ACS's to say when it is asked."""
        if recording.start_report is not None or recording.ended_at is not None or recording.start_failure is not None:
            return
        reason = callback.code or callback.status or "no reason given"
        report = f"ACS reported that it could not start the recording ({reason})."
        # Before the row, so that no crash swallows it.
        log(LogEvent.RECORDING_FAILED, id=recording.id, failure=report)
        waits_for = f"{report} It is asked whether it records all the same."
        save_recording(
            self.catalog,
            recording,
            lambda row: msgspec.structs.replace(row, start_report=report, waits_for=waits_for),
        )

    def look(self, callback: RecordingCallback) -> None:
        """Ask ACS about a recording that we know by ACS's id."""
        id = self.catalog.recording_by_acs_id(normal_recording_id(callback.recording_id or ""))
        recording = self.catalog.recording(id) if id else None
        if recording is not None:
            self.recordings.control.observe(recording)

    def meant(self, callback: RecordingCallback) -> Recording | None:
        """The recording that a verified callback is about: by ACS's id, else the latest undecided start of the call."""
        id = self.catalog.recording_by_acs_id(normal_recording_id(callback.recording_id or ""))
        if id is not None:
            return self.catalog.recording(id)
        if callback.server_call_id is None:
            return None
        not_after = (callback.start_time or self.clock()) + START_TOLERANCE
        for found in self.catalog.recordings_by_call(callback.server_call_id, not_after):
            recording = self.catalog.recording(found)
            if recording and recording.control is ControlStatus.STARTING and recording.recording_id is None:
                return recording
        return None


def parse_callbacks(body: bytes) -> list[RecordingCallback]:
    """Read an array of CloudEvents; other kinds of events are passed over.

    Raises:
        InvalidRequest: it is something else.
    """
    if len(body) > BODY_BYTES_MAX:
        raise InvalidRequest(f"The body has {len(body)} bytes; {BODY_BYTES_MAX} are allowed.")
    try:
        documents = msgspec.json.decode(body, type=list[dict[str, object]])
    except msgspec.MsgspecError as error:
        raise InvalidRequest(f"The body is no array of CloudEvents: {error}.") from error
    return [
        parse_callback(document) for document in documents if text(document, "type") in {STATE_CHANGED, START_FAILED}
    ]


def parse_callback(document: Json) -> RecordingCallback:
    data = document.get("data")
    fields = data if isinstance(data, dict) else {}
    told = fields.get("resultInformation")
    result = told if isinstance(told, dict) else {}
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
