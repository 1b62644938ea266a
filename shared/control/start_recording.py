"""Start a recording: once, however often the request for it is repeated.

The row is written before ACS is called: whatever dies on the way, the file-ready event, a callback or a second try
under the same key finds a row that explains it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import uuid4

import msgspec

from shared.control.control_answers import active
from shared.control.control_recording import Control
from shared.domain.durations import SETTLE, START_SECONDS_MAX
from shared.domain.errors import AcsRefused, AcsUnavailable, AcsUncertain, CatalogConflict, Conflict, KeyReused
from shared.domain.identifiers import id_from_key
from shared.domain.log import LogEvent, log
from shared.domain.models import ControlStatus, FilesStatus, Origin, Recording, StartFailure
from shared.domain.open_work import OpenWork
from shared.domain.ports import AcsCalls, AcsState, Catalog, Clock
from shared.domain.recording_rows import existing_recording, link_acs_id, save_recording, with_acs_id
from shared.domain.start_request import StartRequest

START_TRIES = 3  # calls to ACS for one request, all with the same repeatability id
CODES_ALREADY_RECORDING = frozenset({"8553", "8559"})


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
        """Start a recording, or give the first answer again when the same key and body came before.

        Raises:
            Conflict: the first request under this key is still in flight.
            KeyReused: the key came before with another body.
            AcsRefused: ACS refused; the row says so, too.
            AcsUnavailable: ACS could not be asked; the row stays `starting`, and the same key tries again.
        """
        id = id_from_key(key) if key else str(uuid4())
        existing = self.catalog.recording(id)
        if existing is None:
            created = self.create(requested_recording(id, request, self.clock()))
            if created is not None:
                return self.drive_start(created, request, asked_before=False)
            existing = existing_recording(self.catalog, id)
        claimed = self.claim_again(existing, request)
        return self.drive_start(claimed, request, asked_before=True) if claimed else existing

    def create(self, requested: Recording) -> Recording | None:
        """Write the row of a recording before ACS is asked for it; None when another request was faster."""
        # Before the row, so that the sweep finds a start whose answer is lost.
        self.open_work.watch(requested, requested.created_at + SETTLE)
        try:
            return self.catalog.save_recording(requested)
        except CatalogConflict:
            return None

    def claim_again(self, recording: Recording, request: StartRequest) -> Recording | None:
        """Claim the row to continue an undecided start; None when there is nothing to continue.

        Raises:
            Conflict: another request is continuing it.
            KeyReused: it is another request.
            AcsRefused: ACS refused it then.
        """
        if recording.fingerprint != request.fingerprint:
            raise KeyReused("This Idempotency-Key was used before with another body; nothing was started.")
        if recording.refused:
            reason = str(recording.start_failure_reason)
            raise AcsRefused(reason, status=recording.refused_status, code=recording.refused_code)
        if recording.recording_id is not None or recording.start_failure or recording.is_over:
            return None
        now = self.clock()
        if recording.claimed_until and recording.claimed_until > now:
            raise Conflict("The first request with this Idempotency-Key is still in flight; ask again in a minute.")
        claimed = msgspec.structs.replace(
            recording,
            claimed_until=now + timedelta(seconds=START_SECONDS_MAX),
            start_requested_at=now,
            control_version=recording.control_version + 1,
        )
        try:
            return self.catalog.save_recording(claimed)
        except CatalogConflict as error:
            raise Conflict("Another request with this Idempotency-Key is in flight; ask again in a minute.") from error

    def drive_start(self, recording: Recording, request: StartRequest, *, asked_before: bool) -> Recording:
        """Ask ACS until it answers, always with the same repeatability id, and write its answer."""
        assert recording.repeatability_request_id
        assert recording.repeatability_first_sent
        if request.recording_state_callback_url is None:
            request = msgspec.structs.replace(request, recording_state_callback_url=self.callback_url)
        for remaining in reversed(range(START_TRIES)):
            try:
                state = self.acs.start(request, recording.repeatability_request_id, recording.repeatability_first_sent)
            except AcsUncertain as error:
                asked_before = True
                if not remaining:
                    self.release(recording, f"ACS did not answer clearly ({error}); whether it records is not known.")
                    raise
            except AcsUnavailable as error:
                self.release(recording, f"ACS could not be asked: {error}")
                raise
            except AcsRefused as error:
                if asked_before and error.code in CODES_ALREADY_RECORDING:
                    # Most likely our own first try, whose answer was lost: callback, state or event will show.
                    return self.release(recording, f"ACS says that the call is being recorded already ({error}).")
                if asked_before:
                    raise self.undecided(recording, error) from error
                self.control.write_always(recording, partial(refused, error=error))
                raise
            else:
                return self.record_start(recording, state, pause_on_start=request.pause_on_start)
        raise AssertionError("the last try returns or raises")

    def undecided(self, recording: Recording, error: AcsRefused) -> AcsUncertain:
        """What a refusal after an unclear try is: it does not say what became of that try, and may be about the key."""
        known = "whether an earlier try started it is not known."
        self.release(recording, f"ACS refused another try ({error}); {known}")
        return AcsUncertain(f"ACS refused: {error}; {known}", status=error.status, code=error.code)

    def record_start(self, recording: Recording, state: AcsState, *, pause_on_start: bool) -> Recording:
        """Write ACS's answer to a start, and link ACS's id."""
        first = ControlStatus.PAUSED if pause_on_start else ControlStatus.STARTING
        control = ControlStatus.ACTIVE if state.active else first
        log(LogEvent.RECORDING_STARTED, id=recording.id, recordingId=state.recording_id, status=control)
        now = self.clock()
        acs_id = state.recording_id
        owner = link_acs_id(self.catalog, recording, acs_id) if acs_id else recording.id

        def change(row: Recording) -> Recording:
            if row.refused:  # another try under the same key was refused; the sweep may have closed it
                self.open_work.watch(row, now + SETTLE)
            row = with_start_answer(row, control, recording.control_version, now)
            return with_acs_id(row, acs_id, owner) if acs_id else row

        return self.control.write_always(recording, change)

    def release(self, recording: Recording, waits_for: str) -> Recording:
        """Release the claim of a start that is not decided; it stays `starting`."""
        change = partial(msgspec.structs.replace, claimed_until=None, waits_for=waits_for, updated_at=self.clock())
        return save_recording(self.catalog, recording, change)


def requested_recording(id: str, request: StartRequest, now: datetime) -> Recording:
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
        recording_storage_container_url=request.recording_storage_container_url,
        tags=request.tags,
        fingerprint=request.fingerprint,
        repeatability_request_id=str(uuid4()),
        repeatability_first_sent=now,
        claimed_until=now + timedelta(seconds=START_SECONDS_MAX),
        control=ControlStatus.STARTING,
        start_requested_at=now,
        has_run=not request.pause_on_start,
    )


def with_start_answer(recording: Recording, control: ControlStatus, asked_of: int, now: datetime) -> Recording:
    """The row after ACS answered a start. A state that a callback or event has set since is kept.

    `control` is what ACS said of its state, asked from the row's `control_version` of then, `asked_of`.
    """
    row = msgspec.structs.replace(recording, claimed_until=None, waits_for=None, start_requested_at=now)
    if row.refused:  # another try under the same key was refused while this one was carried out
        row = msgspec.structs.replace(
            row, start_failure=None, start_failure_reason=None, refused_status=None, refused_code=None
        )
    if row.control_version != asked_of:
        return row
    if control is ControlStatus.ACTIVE:
        return active(row)
    return msgspec.structs.replace(row, control=control, inactive_at=now)


def refused(recording: Recording, error: AcsRefused) -> Recording:
    """The row after ACS refused to start it: it keeps the answer for a repetition under the same key."""
    if recording.files is not FilesStatus.NONE or recording.recording_id is not None:
        return recording  # an event came for it: it was started after all
    return msgspec.structs.replace(
        recording,
        start_failure=StartFailure.REFUSED,
        start_failure_reason=f"ACS refused to start: {error}",
        refused_status=error.status,
        refused_code=error.code,
        claimed_until=None,
        waits_for=None,
    )
