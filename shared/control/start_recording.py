"""Start a recording: once, however often the request for it is repeated.

The row is written before ACS is called: whatever dies on the way, the file-ready event, a callback or a second try
under the same key finds a row that explains it.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from uuid import uuid4

import msgspec

from shared.control.control_answers import active, with_kind
from shared.control.control_recording import Control
from shared.domain.call_locators import advice_on
from shared.domain.durations import SETTLE, START_SECONDS_MAX
from shared.domain.errors import (
    NOT_JUDGED,
    NOT_JUDGED_CODES,
    AcsError,
    AcsRefused,
    AcsUnavailable,
    AcsUncertain,
    AcsUnreadable,
    CatalogConflict,
    CatalogUnavailable,
    Conflict,
    KeyReused,
    RowUnreadable,
    about,
)
from shared.domain.identifiers import id_from_key
from shared.domain.invocation import caller
from shared.domain.listed_rows import leave_calls, rows_of_call
from shared.domain.log import LogEvent, log
from shared.domain.models import Recording
from shared.domain.open_work import OpenWork
from shared.domain.ports import AcsCalls, AcsState, Catalog, Clock
from shared.domain.recording_rows import call_ids, existing_recording, link_acs_id, save_recording, with_acs_id
from shared.domain.start_request import StartRequest
from shared.domain.statuses import ControlStatus, FilesStatus, Origin, StartFailure

START_TRIES = 3  # calls to ACS for one request, all with the same repeatability id
CODES_ALREADY_RECORDING = frozenset({"8553", "8559"})
RUNNING_READ_MAX = 50  # rows of a call that are read for the one that runs; only refused starts may be newer

# What callers are told to do.
NOTHING_WITH_KEY = "Nothing was started; the same request with the same Idempotency-Key asks ACS anew."
NOTHING_WITHOUT_KEY = "Nothing was started; start it again."
UNKNOWN_WITH_KEY = (
    "Whether it was started is not known; send the same request with the same Idempotency-Key again: it drives this"
    " start on under the same repeatability id."
)
UNKNOWN_WITHOUT_KEY = (
    "Whether it was started is not known, and without an Idempotency-Key it cannot be repeated; watch recording {id},"
    " whose waitsFor says what will tell."
)
OTHER_BODY = "This Idempotency-Key was used before with another body; nothing was started."
BODY_UNKNOWN = (
    "This Idempotency-Key was used before, for a recording whose lost row was rebuilt: with which body is not known any"
    " more. Nothing was started. Ask for that recording, or start with another key."
)
START_UNKNOWN = (
    "This Idempotency-Key was used before, and how ACS was asked then is not known any more: the row was edited."
    " Nothing was started now. Ask for that recording, or start with another key."
)


@dataclass(frozen=True)
class Starts:
    """Starts recordings; `callback_url` is where ACS posts states unless the request names another."""

    acs: AcsCalls
    catalog: Catalog
    open_work: OpenWork
    clock: Clock
    control: Control
    callback_url: str | None = None

    def start(self, request: StartRequest, key: str | None) -> Recording:
        """Start a recording, or give the first final answer again when the same key and body came before.

        Raises:
            Conflict: the first request under this key is still in flight.
            KeyReused: the key came before with another body.
            AcsRefused: ACS refused; the row says so, too, and the same key gets the same answer.
            AcsUnavailable: nothing was started, since ACS did not judge the request; the same key asks anew.
            AcsUncertain: ACS may have started it; the row stays `starting`, and the same key drives it on.
        """
        id = id_from_key(key) if key else str(uuid4())
        existing = self.catalog.recording(id)
        if existing is None:
            created = self.create(requested_recording(id, request, key, self.clock()))
            if created is not None:
                with about(id), advised(id, key):
                    return self.drive_start(created, request, key, unclear=False)
            existing = existing_recording(self.catalog, id)
        with about(id):
            claimed = self.claim_again(existing, request, key)
            if claimed is None:
                return existing
            with advised(id, key):
                # Of a start that was surely not carried out no try was unclear.
                return self.drive_start(claimed, request, key, unclear=not existing.refused)

    def create(self, requested: Recording) -> Recording | None:
        """Write the row of a recording before ACS is asked for it; None when another request was faster."""
        # Before the row, so that the sweep finds a start whose answer is lost.
        self.open_work.watch(requested, requested.created_at + SETTLE)
        try:
            return self.catalog.save_recording(requested)
        except CatalogConflict:
            return None

    def claim_again(self, recording: Recording, request: StartRequest, key: str | None) -> Recording | None:
        """Claim the row to drive on an undecided start, or to ask anew; None when its answer is final.

        Raises:
            Conflict: another request is at it.
            KeyReused: it is another request.
            AcsRefused: ACS refused it then.
        """
        if recording.fingerprint != request.fingerprint:
            raise KeyReused(OTHER_BODY if recording.fingerprint else BODY_UNKNOWN)
        if recording.judged:
            reason = str(recording.start_failure_reason)
            refusal = AcsRefused(reason, status=recording.refused_status, code=recording.refused_code)
            self.name_running(refusal, recording)
            raise refusal
        explained = recording.recording_id is not None or recording.start_failure or recording.is_over
        if explained and not recording.refused:
            return None
        now = self.clock()
        if recording.claimed_until and recording.claimed_until > now:
            raise Conflict("The first request with this Idempotency-Key is still in flight; ask again in a minute.")
        claimed = msgspec.structs.replace(
            asked_anew(recording, now) if recording.refused else recording,
            claimed_until=now + timedelta(seconds=START_SECONDS_MAX),
            waits_for=waiting("it is being asked", key),
            start_requested_at=now,
            control_version=recording.control_version + 1,
            updated_at=now,
        )
        if claimed.repeatability_request_id is None or claimed.repeatability_first_sent is None:
            raise KeyReused(START_UNKNOWN)  # asked otherwise, ACS might start it a second time
        self.open_work.watch(claimed, now + SETTLE)
        try:
            saved = self.catalog.save_recording(claimed)
        except CatalogConflict as error:
            raise Conflict("Another request with this Idempotency-Key is in flight; ask again in a minute.") from error
        self.open_work.watch(saved, now + SETTLE)  # a sweep that still saw the refusal may have removed it
        return saved

    def drive_start(self, recording: Recording, request: StartRequest, key: str | None, *, unclear: bool) -> Recording:
        """Ask ACS until it answers, always with the same repeatability id, and write its answer.

        Args:
            recording: the row, claimed.
            request: the caller's.
            key: the caller's Idempotency-Key.
            unclear: whether ACS may have carried out an earlier try of this start.

        Raises:
            AcsRefused, AcsUnavailable, AcsUncertain: as `start`.
        """
        assert recording.repeatability_request_id
        assert recording.repeatability_first_sent
        if request.recording_state_callback_url is None:
            request = msgspec.structs.replace(request, recording_state_callback_url=self.callback_url)
        for remaining in reversed(range(START_TRIES)):
            try:
                state = self.acs.start(request, recording.repeatability_request_id, recording.repeatability_first_sent)
            except AcsUncertain as error:
                unclear = True
                if not remaining or error.retry_after_seconds is not None:
                    raise self.undecided(recording, error, key) from error
            except (AcsRefused, AcsUnavailable) as error:
                if unclear and error.code in CODES_ALREADY_RECORDING:
                    # Most likely our own first try, whose answer was lost: callback, state or event will show.
                    return self.release(recording, waiting(error, key))
                if unclear or not self.refuse(recording, error, key):
                    raise self.undecided(recording, error, key) from error
                raise
            else:
                return self.record_start(recording, state, pause_on_start=request.pause_on_start)
        raise AssertionError("the last try returns or raises")

    def undecided(self, recording: Recording, error: AcsError, key: str | None) -> AcsUncertain:
        """Release a start that ACS may have carried out; returns what the caller is told.

        An answer to a later try decides nothing: it does not say what became of the earlier one.
        """
        self.release(recording, waiting(error, key))
        kind = AcsUnreadable if isinstance(error, AcsUnreadable) else AcsUncertain
        told = kind(str(error), status=error.status, code=error.code, retry_after_seconds=error.retry_after_seconds)
        told.advice = unknown(recording.id, key)
        return told

    def refuse(self, recording: Recording, error: AcsRefused | AcsUnavailable, key: str | None) -> bool:
        """Write that nothing was started, and what the caller is to do into the error.

        False where another request under the same key has asked ACS since, and may have had it started.
        """
        judged = isinstance(error, AcsRefused)
        again = "" if judged else NOTHING_WITH_KEY if key else NOTHING_WITHOUT_KEY
        error.advice = f"{again} {advice_on_call(recording, error)}".strip()
        happened = "ACS refused to start" if judged else "ACS did not judge the start"
        reason = f"{happened}: {error} {error.advice}".rstrip()
        written = self.control.write(recording, partial(refused, error=error, reason=reason))
        if judged:
            with suppress(CatalogUnavailable):  # whoever meets its entries removes them
                leave_calls(self.catalog, recording)
            self.name_running(error, recording)
        return written is not None

    def name_running(self, refusal: AcsError, recording: Recording) -> None:
        """Have a refusal by which the call is being recorded already say by which recording of ours."""
        if refusal.code not in CODES_ALREADY_RECORDING:
            return
        with suppress(CatalogUnavailable):  # then the refusal alone is told
            running = self.running_beside(recording)
            if running is not None:
                refusal.id = running.id
                refusal.advice = f"Recording {running.id} of this call is {running.status}."

    def running_beside(self, recording: Recording) -> Recording | None:
        """The newest recording of the same call that runs, else the newest whose start ACS has not answered."""
        unanswered = None
        rows = (row for call in call_ids(recording) for row in rows_of_call(self.catalog, call, self.clock()))
        for row in islice(rows, RUNNING_READ_MAX):
            if isinstance(row, RowUnreadable) or row.id == recording.id or row.start_failure or row.is_over:
                continue
            if row.may_run:
                return row
            unanswered = unanswered or row
        return unanswered

    def record_start(self, recording: Recording, state: AcsState, *, pause_on_start: bool) -> Recording:
        """Write ACS's answer to a start, and link ACS's id."""
        paused = pause_on_start and state.active is False
        first = ControlStatus.PAUSED if paused else ControlStatus.STARTING
        control = ControlStatus.ACTIVE if state.active else first
        log(LogEvent.RECORDING_STARTED, id=recording.id, recordingId=state.recording_id, status=control)
        now = self.clock()
        acs_id = state.recording_id
        owner = link_acs_id(self.catalog, recording, acs_id) if acs_id else recording.id

        def change(row: Recording) -> Recording:
            if row.refused:  # another try under the same key was refused; the sweep may have closed it
                self.open_work.watch(row, now + SETTLE)
                self.catalog.index_calls(row)
            row = with_kind(with_start_answer(row, state, control, recording.control_version, now), state)
            return with_acs_id(row, acs_id, owner) if acs_id else row

        return self.control.write_always(recording, change)

    def release(self, recording: Recording, waits_for: str) -> Recording:
        """Release the claim of a start that is not decided: it stays `starting`. Not if another claimed it since."""

        def change(row: Recording) -> Recording:
            if row.control_version != recording.control_version:
                return row
            explained = row.recording_id is not None or row.files is not FilesStatus.NONE
            return msgspec.structs.replace(
                row, claimed_until=None, waits_for=None if explained else waits_for, updated_at=self.clock()
            )

        return save_recording(self.catalog, recording, change)


def unknown(id: str, key: str | None) -> str:
    """What to do after a start that may have been carried out."""
    return UNKNOWN_WITH_KEY if key else UNKNOWN_WITHOUT_KEY.format(id=id)


def advice_on_call(recording: Recording, error: AcsError) -> str:
    """Which id of the call is wanted, where ACS's refusal may be about the one that was given."""
    found_the_call = error.code in CODES_ALREADY_RECORDING
    if error.status is None or error.status in NOT_JUDGED or error.code in NOT_JUDGED_CODES or found_the_call:
        return ""
    return advice_on(call_ids(recording)[0])


@contextmanager
def advised(id: str, key: str | None) -> Iterator[None]:
    """Have our own outages say what to do: ACS may record, whether or not its answer could be written."""
    try:
        yield
    except (CatalogConflict, CatalogUnavailable, RowUnreadable) as error:
        error.advice = unknown(id, key)
        raise


def waiting(answer: object, key: str | None) -> str:
    """What a start waits for whose outcome is not known; `answer` is what ACS said."""
    again = ", or the same Idempotency-Key again," if key else ""
    return (
        f"Whether ACS started it ({answer}): its file-ready event{again} will tell; without that it fails after"
        " MAX_RECORDING_HOURS."
    )


def requested_recording(id: str, request: StartRequest, key: str | None, now: datetime) -> Recording:
    """The first row of a recording: what the caller asked for, before ACS is asked."""
    return Recording(
        id=id,
        origin=Origin.API,
        created_at=now,
        updated_at=now,
        server_call_id=request.server_call_id,
        group_call_id=request.group_call_id,
        room_id=request.room_id,
        call_connection_id=request.call_connection_id,
        recording_content_type=request.recording_content_type,
        recording_channel_type=request.recording_channel_type,
        recording_format_type=request.recording_format_type,
        pause_on_start=request.pause_on_start,
        audio_channel_participant_ordering=request.audio_channel_participant_ordering,
        channel_affinity=request.channel_affinity,
        recording_storage_container_url=request.recording_storage_container_url,
        tags=request.tags,
        fingerprint=request.fingerprint,
        repeatability_request_id=str(uuid4()),
        repeatability_first_sent=now,
        started_by=caller(),
        claimed_until=now + timedelta(seconds=START_SECONDS_MAX),
        waits_for=waiting("it is being asked", key),
        control=ControlStatus.STARTING,
        start_requested_at=now,
        has_run=not request.pause_on_start,
    )


def with_start_answer(
    recording: Recording, state: AcsState, control: ControlStatus, asked_of: int, now: datetime
) -> Recording:
    """The row after ACS answered a start. A state that a callback or event has set since is kept.

    `control` is what ACS said of its state, asked from the row's `control_version` of then, `asked_of`.
    """
    row = msgspec.structs.replace(recording, claimed_until=None, waits_for=None, start_requested_at=now)
    if row.refused:  # another try under the same key was refused while this one was carried out
        row = without_refusal(row)
    if row.control_version != asked_of:
        return row
    if control is ControlStatus.ACTIVE:
        return active(row)
    return msgspec.structs.replace(row, control=control, inactive_at=None if state.active is None else now)


def without_refusal(recording: Recording) -> Recording:
    return msgspec.structs.replace(
        recording, start_failure=None, start_failure_reason=None, refused_status=None, refused_code=None
    )


def asked_anew(recording: Recording, now: datetime) -> Recording:
    """The row of a start that was surely not carried out, as another start of the same recording."""
    return msgspec.structs.replace(
        without_refusal(recording),
        repeatability_request_id=str(uuid4()),
        repeatability_first_sent=now,
        started_by=caller(),
    )


def refused(recording: Recording, error: AcsRefused | AcsUnavailable, reason: str) -> Recording:
    """The row after a start that was surely not carried out; of a judgement the same key gets the same answer."""
    if recording.files is not FilesStatus.NONE or recording.recording_id is not None:
        return recording  # an event came for it: it was started after all
    return msgspec.structs.replace(
        recording,
        start_failure=StartFailure.REFUSED,
        start_failure_reason=reason,
        refused_status=error.status,
        refused_code=error.code,
        claimed_until=None,
        waits_for=None,
    )
