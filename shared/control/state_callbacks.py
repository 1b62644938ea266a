"""Recording-state callbacks: what ACS posts while a recording lives. A callback is never more than a hint.

It makes us ask ACS, within bounds, and only ACS's answer is written. Strangers may know the address: one post costs a
few requests at most, and its answer tells nothing. A callback that is verified to be ACS's may teach, too: which
recording a start became whose answer was lost, where ACS knows that recording; and that ACS reported a start as failed,
which is told and decides nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice
from threading import Semaphore

import msgspec

from shared.control.control_answers import is_settling, observed
from shared.control.control_recording import Control
from shared.domain.durations import CALLBACK_PAUSE, START_TOLERANCE
from shared.domain.errors import CallbackKeysMissing, CallbackRefused, InvalidRequest, RecorderError, RowUnreadable
from shared.domain.identifiers import ACS_RECORDING_ID, CallId, CallIdKind, normal_recording_id
from shared.domain.json_fields import Json, moment, number, parse_json, text
from shared.domain.listed_rows import rows_of_call
from shared.domain.log import LogEvent, log
from shared.domain.models import Recording
from shared.domain.ports import CallbackVerifier, Catalog, Clock
from shared.domain.recording_rows import keep_clues, link_acs_id, save_recording, with_acs_id
from shared.domain.statuses import RecordingStatus
from shared.domain.units import attempt

STATE_CHANGED = "Microsoft.Communication.RecordingStateChanged"
START_FAILED = "Microsoft.Communication.StartRecordingFailed"
ERROR_STATUSES = range(400, 600)
POSTS_MAX = 4  # that are worked on at once: while ACS or storage is silent, each takes one of an instance's few threads
# One post leads to at most twenty requests to ACS and storage: six for a question, eleven and the starts for a lesson.
CALLBACKS_MAX = 2  # of one post that are heard; ACS posts one
STARTS_MAX = 3  # of a call that are looked at, the latest


class RecordingCallback(msgspec.Struct, frozen=True, kw_only=True):
    """A callback, parsed."""

    failed: bool
    recording_id: str | None
    server_call_id: str | None
    call_connection_id: str | None
    call_id: str | None
    start_time: datetime | None
    status: int | None
    code: str | None

    @property
    def subject(self) -> tuple[object, ...]:
        """What it is about: a second one of the same says nothing new."""
        return self.failed, normal_recording_id(self.recording_id or ""), *self.calls

    @property
    def calls(self) -> tuple[CallId, ...]:
        """Its call, by the ids that a start may have named. The first is the recorder's own save of a start by it."""
        named = {CallIdKind.CALL_CONNECTION: self.call_connection_id, CallIdKind.SERVER_CALL: self.server_call_id}
        return tuple(CallId(kind, id) for kind, id in named.items() if id)

    def may_mean(self, recording: Recording) -> bool:
        """Whether it may be about a start of its call: one without an answer; a failure without an id, about any."""
        is_nameless = recording.recording_id is None or (self.failed and self.recording_id is None)
        return recording.status is RecordingStatus.STARTING and is_nameless


@dataclass(frozen=True)
class StateCallbacks:
    """Takes callbacks, and asks ACS about their recordings."""

    catalog: Catalog
    control: Control
    clock: Clock
    verifier: CallbackVerifier | None
    free: Semaphore = field(default_factory=partial(Semaphore, POSTS_MAX))

    def take_in(self, body: bytes, authorization: str | None) -> None:
        """Take one post. Whatever is not known, not answered or not believed makes no difference to its sender.

        Raises:
            CallbackRefused: it is not verifiably from ACS.
            CallbackKeysMissing: it cannot be verified just now.
            InvalidRequest: it is no array of CloudEvents.
        """
        if self.verifier is not None:
            self.verify(self.verifier, authorization)
        callbacks = distinct(parse_callbacks(body))
        if not self.free.acquire(blocking=False):
            log(LogEvent.CALLBACK_UNUSED, error="Busy")
            return
        try:
            self.take_all(callbacks, teaches=self.verifier is not None)
        finally:
            self.free.release()

    def take_all(self, callbacks: Iterable[RecordingCallback], *, teaches: bool) -> None:
        """Take the callbacks of a post until ACS or storage does not answer; the first one alone may teach."""
        for callback in callbacks:
            try:
                attempt(partial(self.take, callback, teaches=teaches))
            except RecorderError as error:
                # Nothing is lost: the sweep asks ACS, and files are announced by events. The others would fail, too.
                log(LogEvent.CALLBACK_UNUSED, error=type(error).__name__)
                return
            teaches = False

    def verify(self, verifier: CallbackVerifier, authorization: str | None) -> None:
        """Raises: as the verifier, after a log line that repeats nothing of the callback: anyone can post one."""
        try:
            verifier.verify(authorization)
        except (CallbackRefused, CallbackKeysMissing) as error:
            log(LogEvent.CALLBACK_REFUSED, error=type(error.__cause__ or error).__name__)
            raise

    def take(self, callback: RecordingCallback, *, teaches: bool) -> None:
        """Raises: RecorderError."""
        id = self.catalog.recording_by_acs_id(callback.recording_id) if callback.recording_id else None
        recording = self.catalog.recording(id) if id else None
        if teaches:
            recording = self.learn(callback, recording or self.only_start(callback))
        if recording is not None:
            self.ask_acs(recording)

    def learn(self, callback: RecordingCallback, recording: Recording | None) -> Recording | None:
        """Take what a verified callback may teach of a recording; the row, where ACS is to be asked about it."""
        if recording is None:
            return None
        if callback.failed:
            return self.report_failed_start(recording, callback)
        known = recording if recording.recording_id else self.bind(recording, callback.recording_id or "")
        if known is None:
            return None
        return keep_clues(self.catalog, known, server_call_id=callback.server_call_id, call_id=callback.call_id)

    def report_failed_start(self, recording: Recording, callback: RecordingCallback) -> Recording:
        """Alert, and write ACS's report on the row of a start. Whether it records all the same, only ACS can say."""
        if recording.status is not RecordingStatus.STARTING or recording.start_report is not None:
            return recording
        code = callback.code or callback.status or "no code given"
        report = f"ACS reported that it could not start the recording ({code})."
        # The alert before the row, so that no crash swallows it.
        log(LogEvent.RECORDING_FAILED, id=recording.id, failure=report)
        return save_recording(self.catalog, recording, partial(reported, report=report))

    def bind(self, recording: Recording, acs_id: str) -> Recording | None:
        """Write ACS's id on the row of a start whose answer was lost; None unless ACS knows a recording of that id."""
        if recording.status is not RecordingStatus.STARTING or not ACS_RECORDING_ID.fullmatch(acs_id):
            return None
        state = self.control.acs.state(acs_id)
        if state is None:
            return None
        owner, now = link_acs_id(self.catalog, recording, acs_id), self.clock()

        def change(row: Recording) -> Recording:
            bound = msgspec.structs.replace(with_acs_id(row, acs_id, owner), waits_for=None, hinted_at=now)
            return row if row.recording_id else observed(bound, state, now)

        bound = self.control.write(recording, change)  # not if the start's own answer came meanwhile
        if bound is not None:
            log(LogEvent.RECORDING_STARTED, id=bound.id, recordingId=bound.recording_id, status=bound.control)
            if is_settling(bound, now):
                self.control.schedule_question(bound)
        return bound

    def ask_acs(self, recording: Recording) -> None:
        """Ask ACS about a recording that may run, unless a callback made us ask a moment ago.

        Raises:
            ControlUnknown: ACS does not say; it is asked again in a minute.
        """
        now = self.clock()
        if not self.control.may_run(recording) or hinted(recording, now) == recording:
            return
        marked = save_recording(self.catalog, recording, partial(hinted, now=now))
        if marked.hinted_at == now:  # else another callback was faster
            self.control.observe(marked)

    def only_start(self, callback: RecordingCallback) -> Recording | None:
        """The start of a callback's call that it may be about; None where there are several, or none.

        Raises:
            RowUnreadable: of one row it cannot be said.
        """
        starts = [row for row in self.started(callback) if callback.may_mean(row)]
        return starts[0] if len(starts) == 1 else None

    def started(self, callback: RecordingCallback) -> list[Recording]:
        """The latest recordings of a callback's call that were started before it says that it began.

        Raises:
            RowUnreadable.
        """
        not_after = (callback.start_time or self.clock()) + START_TOLERANCE
        found: dict[str, Recording] = {}
        for call in callback.calls:
            for row in islice(rows_of_call(self.catalog, call, not_after, STARTS_MAX), STARTS_MAX):
                if isinstance(row, RowUnreadable):
                    raise row
                found[row.id] = row
        return list(found.values())[:STARTS_MAX]


def hinted(recording: Recording, now: datetime) -> Recording:
    """The row, marked to be asked about; unchanged where that was done a moment ago."""
    if recording.hinted_at is not None and now - recording.hinted_at < CALLBACK_PAUSE:
        return recording
    return msgspec.structs.replace(recording, hinted_at=now)


def reported(recording: Recording, report: str) -> Recording:
    """The row of a start that ACS reported as failed."""
    if recording.status is not RecordingStatus.STARTING:
        return recording
    return msgspec.structs.replace(recording, start_report=report)


def distinct(callbacks: Iterable[RecordingCallback]) -> list[RecordingCallback]:
    """The first few callbacks that say something different."""
    return list({callback.subject: callback for callback in callbacks}.values())[:CALLBACKS_MAX]


def parse_callbacks(body: bytes) -> list[RecordingCallback]:
    """Parse an array of CloudEvents; other kinds of events are passed over. Raises: InvalidRequest."""
    documents = parse_json(body)
    if not isinstance(documents, list) or not all(isinstance(one, dict) for one in documents):
        raise InvalidRequest("The body is no array of CloudEvents; nothing in it was used.")
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
        call_connection_id=text(fields, "callConnectionId"),
        call_id=text(fields, "correlationId"),
        start_time=moment(fields, "startDateTime"),
        status=status if status in ERROR_STATUSES else None,
        code=str(code) if code else None,
    )
