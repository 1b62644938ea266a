"""Start, pause, resume, stop and look up recordings.

The row comes before the call: whatever dies on the way, there is a row that the file-ready event, a callback or a
second try under the same key can explain.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from uuid import uuid4

import msgspec

from shared.errors import (
    AcsError,
    AcsRefused,
    AcsUnavailable,
    AcsUncertain,
    CatalogConflict,
    Conflict,
    KeyReused,
    NotFound,
)
from shared.log import LogEvent, log
from shared.models import ENDED, Chunk, Origin, Recording, RecordingStatus
from shared.names import id_from_key, normal_recording_id
from shared.ports import AcsCalls, AcsState, Catalog, Clock
from shared.start_request import StartRequest

START_SECONDS_MAX = 120  # how long a start may be in flight before the same key may drive it again
START_TRIES = 3  # calls to ACS for one request of ours, all with the same repeatability id
SETTLE_SECONDS = 60  # how long after a start ACS's "not found" tells nothing yet
LOOK_AGAIN = timedelta(hours=1)  # how often ACS is asked about a recording that has not ended
EVENT_PATIENCE = timedelta(hours=1)  # how long after its end a recording may stay without a file-ready event
SAVE_TRIES = 5  # a row that somebody else wrote first is read again and decided again
CODES_ALREADY_RECORDING = frozenset({"8553", "8559"})
CODE_NOT_FOUND = "8522"
LIVE = frozenset({RecordingStatus.STARTING, RecordingStatus.ACTIVE, RecordingStatus.PAUSED})


class Recordings:
    """The use cases behind the control routes."""

    def __init__(
        self,
        acs: AcsCalls,
        catalog: Catalog,
        clock: Clock,
        *,
        max_recording: timedelta,
        callback_url: str | None = None,
    ) -> None:
        self.callback_url = callback_url
        self.acs = acs
        self.catalog = catalog
        self.clock = clock
        self.max_recording = max_recording

    def start(self, request: StartRequest, key: str | None) -> Recording:
        """Start a recording, or give the first answer again when the same key and body came before.

        Raises:
            Conflict: the first request under this key is still in flight.
            KeyReused: the key came before with another body.
            AcsRefused: ACS said no; the row says so too.
            AcsUnavailable: ACS could not be asked; the row stays `starting`, and the same key tries again.
        """
        id = id_from_key(key) if key else str(uuid4())
        existing = self.catalog.recording(id)
        if existing is None:
            wanted = asked_for(id, request, self.clock())
            existing = self.create(wanted)
            if existing.repeatability_request_id == wanted.repeatability_request_id:
                return self.drive_start(existing, request, asked_before=False)
        claimed = self.claim_again(existing, request)
        return self.drive_start(claimed, request, asked_before=True) if claimed else existing

    def create(self, wanted: Recording) -> Recording:
        """The row of a recording that ACS has not been asked for yet; another one's, if that was faster."""
        # Written before the row, so that a start whose answer is lost is looked into.
        self.catalog.note_open([wanted.line(wanted.created_at + LOOK_AGAIN)])
        try:
            return self.catalog.save_recording(wanted)
        except CatalogConflict:
            return self.get(wanted.id)

    def claim_again(self, recording: Recording, request: StartRequest) -> Recording | None:
        """The row, claimed to drive an undecided start on; None when there is nothing to drive.

        Raises:
            Conflict: somebody is driving it.
            KeyReused: it is another request.
            AcsRefused: ACS refused it then.
        """
        if recording.fingerprint != request.fingerprint:
            raise KeyReused("This Idempotency-Key was used before with another body; nothing was started.")
        if recording.refused:
            raise AcsRefused(str(recording.failure), status=recording.refused_status, code=recording.refused_code)
        undecided = recording.status is RecordingStatus.STARTING and recording.recording_id is None
        if not undecided:
            return None
        now = self.clock()
        if recording.claimed_until and recording.claimed_until > now:
            raise Conflict("The first request with this Idempotency-Key is still in flight; ask again in a minute.")
        claimed = msgspec.structs.replace(recording, claimed_until=now + timedelta(seconds=START_SECONDS_MAX))
        try:
            return self.catalog.save_recording(claimed)
        except CatalogConflict as error:
            raise Conflict("Another request with this Idempotency-Key is in flight; ask again in a minute.") from error

    def drive_start(self, recording: Recording, request: StartRequest, *, asked_before: bool) -> Recording:
        """Ask ACS until it answers, always with the same repeatability id, and write down what it said."""
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
                    # Most likely our own first try, whose answer was lost: callback, state or event will tell.
                    return self.release(recording, f"ACS says that the call is being recorded already ({error}).")
                self.save(recording, partial(refused, error=error, now=self.clock()))
                raise
            else:
                return self.started(recording, state, pause_on_start=request.pause_on_start)
        raise AssertionError("the last try returns or raises")

    def started(self, recording: Recording, state: AcsState, *, pause_on_start: bool) -> Recording:
        paused = RecordingStatus.PAUSED if pause_on_start else RecordingStatus.STARTING
        status = RecordingStatus.ACTIVE if state.active else paused
        log(LogEvent.RECORDING_STARTED, id=recording.id, recordingId=state.recording_id, status=status)
        return self.save(recording, lambda row: self.adopted(row, state.recording_id, status))

    def adopted(self, recording: Recording, recording_id: str | None, status: RecordingStatus) -> Recording:
        """The row with ACS's id on it; a callback or event that was faster keeps its say on the status."""
        moves = recording.status is RecordingStatus.STARTING
        row = recording.moved(status if moves else recording.status, self.clock())
        has_run = row.has_run or row.status is RecordingStatus.ACTIVE
        row = msgspec.structs.replace(row, claimed_until=None, failure=None, has_run=has_run)
        return learn_acs_id(self.catalog, row, recording_id) if recording_id else row

    def release(self, recording: Recording, failure: str) -> Recording:
        """Let go of a start that is not decided; it stays `starting`."""
        return self.save(
            recording,
            lambda row: msgspec.structs.replace(row, claimed_until=None, failure=failure, updated_at=self.clock()),
        )

    def pause(self, id: str) -> Recording:
        """Raises: NotFound, Conflict, AcsError."""
        return self.control(id, self.acs.pause, RecordingStatus.PAUSED)

    def resume(self, id: str) -> Recording:
        """Raises: NotFound, Conflict, AcsError."""
        return self.control(id, self.acs.resume, RecordingStatus.ACTIVE)

    def control(self, id: str, act: Callable[[str], None], status: RecordingStatus) -> Recording:
        recording, recording_id = self.controllable(id)
        try:
            act(recording_id)
        except AcsRefused as error:
            if error.code != CODE_NOT_FOUND:
                raise
            raise Conflict("ACS does not know this recording any more: it has ended.") from error
        return self.save(recording, lambda row: acted(row, status, self.clock()))

    def stop(self, id: str) -> Recording:
        """Stop a recording; stopping one that has ended is success, for us as for ACS's 404.

        Raises:
            NotFound, Conflict, AcsError.
        """
        recording = self.get(id)
        if recording.status in ENDED:
            return recording
        recording, recording_id = self.controllable(id)
        try:
            self.acs.stop(recording_id)
        except AcsRefused as error:
            # 404 also comes for running recordings under ACS's high-availability issue; their files still arrive.
            if error.code != CODE_NOT_FOUND:
                raise
        self.catalog.note_open([recording.line(self.clock() + EVENT_PATIENCE)])
        return self.save(recording, lambda row: stopped(row, self.clock()))

    def controllable(self, id: str) -> tuple[Recording, str]:
        """The recording and ACS's id of it.

        Raises:
            Conflict: it has ended, or ACS has not named it yet.
        """
        recording = self.get(id)
        if recording.status in ENDED:
            raise Conflict(f"The recording is {recording.status}: it has ended.")
        if recording.recording_id is None:
            raise Conflict("ACS has not answered the start yet; ask again shortly.")
        return recording, recording.recording_id

    def get(self, id: str) -> Recording:
        """Raises: NotFound."""
        recording = self.catalog.recording(id)
        if recording is None:
            raise NotFound("There is no recording with this id.")
        return recording

    def refreshed(self, id: str) -> Recording:
        """The recording; one that is still starting is looked up at ACS, whose silence changes nothing."""
        recording = self.get(id)
        if recording.status is not RecordingStatus.STARTING or recording.recording_id is None:
            return recording
        try:
            return self.observe(recording)
        except AcsError:
            return recording

    def observe(self, recording: Recording) -> Recording:
        """Ask ACS how a live recording is doing, and write down what that tells.

        An inactive recording may be starting or paused, which only we know; so only "active" and "gone" tell anything.
        """
        if recording.recording_id is None or recording.status not in LIVE:
            return recording
        state = self.acs.state(recording.recording_id)
        if state is None and self.clock() - recording.created_at < timedelta(seconds=SETTLE_SECONDS):
            return recording
        if state is None:
            return self.save(recording, lambda row: stopped(row, self.clock()))
        if state.active and recording.status is not RecordingStatus.ACTIVE:
            return self.save(recording, lambda row: acted(row, RecordingStatus.ACTIVE, self.clock()))
        return recording

    def chunks(self, id: str) -> list[Chunk]:
        return sorted(self.catalog.chunks(id), key=lambda chunk: (chunk.index, chunk.document_id))

    def save(self, recording: Recording, change: Callable[[Recording], Recording]) -> Recording:
        """Change the row as it stands, however often somebody else writes it first."""
        return save_recording(self.catalog, recording, change)


def save_recording(catalog: Catalog, recording: Recording, change: Callable[[Recording], Recording]) -> Recording:
    """Write a changed row; read it again and change it anew when somebody else was first.

    Raises:
        CatalogConflict: it never worked out.
        NotFound: the row is gone.
    """
    row = recording
    for _ in range(SAVE_TRIES - 1):
        changed = change(row)
        if changed == row:
            return row
        try:
            return catalog.save_recording(changed)
        except CatalogConflict:
            current = catalog.recording(recording.id)
            if current is None:
                raise NotFound("There is no recording with this id.") from None
            row = current
    return catalog.save_recording(change(row))


def learn_acs_id(catalog: Catalog, recording: Recording, recording_id: str) -> Recording:
    """The row with ACS's id on it. When another row has it already, both are one recording: they are linked."""
    if recording.recording_id == recording_id:
        return recording
    owner = catalog.link_acs_id(normal_recording_id(recording_id), recording.id)
    if owner != recording.id:
        log(LogEvent.RECORDINGS_LINKED, id=recording.id, sameAs=owner)
        other = catalog.recording(owner)
        if other is not None and other.same_as is None:
            save_recording(catalog, other, lambda row: msgspec.structs.replace(row, same_as=recording.id))
    return msgspec.structs.replace(
        recording, recording_id=recording_id, same_as=owner if owner != recording.id else recording.same_as
    )


def acted(recording: Recording, status: RecordingStatus, now: datetime) -> Recording:
    """After ACS did what we asked; a recording that ended meanwhile stays ended."""
    if recording.status in ENDED:
        return recording
    row = recording.moved(status, now)
    return msgspec.structs.replace(row, has_run=row.has_run or status is RecordingStatus.ACTIVE)


def stopped(recording: Recording, now: datetime) -> Recording:
    """After the end: a recording that never ran leaves no file."""
    if recording.status in ENDED:
        return recording
    return recording.moved(RecordingStatus.STOPPED if recording.has_run else RecordingStatus.EMPTY, now)


def asked_for(id: str, request: StartRequest, now: datetime) -> Recording:
    """The first row of a recording: what was asked, before anybody answered."""
    return Recording(
        id=id,
        origin=Origin.API,
        status=RecordingStatus.STARTING,
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
        has_run=not request.pause_on_start,
    )


def refused(recording: Recording, error: AcsRefused, now: datetime) -> Recording:
    """After ACS refused to start it; the row keeps the answer for whoever asks again under the same key."""
    if recording.status in ENDED:
        return recording
    row = failed(recording, f"ACS refused to start: {error}", now)
    return msgspec.structs.replace(row, refused_status=error.status, refused_code=error.code)


def failed(recording: Recording, failure: str, now: datetime) -> Recording:
    """After ACS could not start it."""
    if recording.status in ENDED:
        return recording
    row = recording.moved(RecordingStatus.FAILED, now)
    return msgspec.structs.replace(row, failure=failure, claimed_until=None)
