"""The control half of a recording: what ACS confirmed, and nothing else.

An answer of ACS's counts only for the `control_version` it was asked from: whoever finds that another answer was
written meanwhile asks again, since nothing tells which of the two ACS gave last. So a late answer never wins.

    row read (version 7) ─► ACS asked ─► row written (version 8), if it is still 7 ─► else asked again
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus

import msgspec

from shared.errors import (
    CODE_NOT_FOUND,
    AcsError,
    AcsRefused,
    AcsUnavailable,
    CatalogConflict,
    Conflict,
    ControlUnknown,
    NotFound,
)
from shared.models import ControlStatus, FilesStatus, Recording, StartFailure
from shared.ports import AcsCalls, AcsState, Catalog, Clock

# Observed: ACS answers a start at once, knows the recording a moment later, and says "inactive" until it runs.
SETTLE = timedelta(seconds=60)
ASK_AGAIN = timedelta(minutes=1)  # chosen: how soon ACS is asked again when its answer is wanted and cannot be had
LOOK_AGAIN = timedelta(hours=1)  # chosen: how often ACS is asked about a recording that has not ended
FILES_CAME = timedelta(minutes=10)  # chosen: how long after an event ACS is asked every minute
QUESTIONS_MAX = 4  # of one request; each further one means that somebody else controls the recording just now
EVENT_PATIENCE = timedelta(hours=1)  # chosen: how long after its end a recording may stay without a file-ready event
SAVE_TRIES = 5  # a row that somebody else wrote first is read again and decided again

type Change = Callable[[Recording], Recording]


class Control:
    """Asks ACS, and writes what it confirms."""

    def __init__(self, acs: AcsCalls, catalog: Catalog, clock: Clock, *, forgotten_after: timedelta) -> None:
        self.acs = acs
        self.catalog = catalog
        self.clock = clock
        self.forgotten_after = forgotten_after

    def pause(self, recording: Recording) -> Recording:
        """Raises: Conflict, AcsError."""
        recording_id = self.controllable(recording)
        return self.act(recording, partial(self.acs.pause, recording_id), ControlStatus.PAUSED)

    def resume(self, recording: Recording) -> Recording:
        """Raises: Conflict, AcsError."""
        recording_id = self.controllable(recording)
        # Before ACS is asked: a resume whose answer is lost may have made a file.
        tried = self.write_always(recording, partial(resume_tried, now=self.clock()))
        return self.act(tried, partial(self.acs.resume, recording_id), ControlStatus.ACTIVE)

    def act(self, recording: Recording, request: Callable[[], None], wanted: ControlStatus) -> Recording:
        """Ask ACS to change a running recording, and write what came of it.

        Raises:
            Conflict: ACS does not know the recording.
            AcsError: ACS refused or failed; after an unclear answer ACS's own word stands on the row.
        """
        try:
            request()
        except AcsUnavailable as error:
            if error.status == HTTPStatus.TOO_MANY_REQUESTS:
                raise
            return self.unless_carried_out(recording, wanted, error)
        except AcsRefused as error:
            if error.code != CODE_NOT_FOUND:
                raise
            if self.ask(recording).ended_at is not None:
                raise Conflict("ACS does not know this recording any more: it has ended.") from error
            raise Conflict("ACS does not know this recording yet, or not any more; ask again in a minute.") from error
        written = self.write(recording, lambda row: answered(row, wanted, self.clock()))
        return written or self.ask(self.current(recording))

    def unless_carried_out(self, recording: Recording, wanted: ControlStatus, error: AcsUnavailable) -> Recording:
        """The recording, if ACS says that an unclear request was carried out.

        Raises:
            AcsUnavailable: ACS says that it was not, or does not know yet.
            ControlUnknown: ACS does not say.
        """
        row = self.ask(recording)
        told = row.control_version != recording.control_version or not is_settling(row, self.clock())
        if row.ended_at is None and row.control is wanted and told:
            return row
        self.look_soon(row)
        raise error

    def stop(self, recording: Recording) -> Recording:
        """Stop a recording; success means that ACS confirmed that it does not record.

        Raises:
            Conflict: ACS's id of it is not known.
            ControlUnknown: ACS does not confirm the end; nothing was changed here, and it may be asked again.
            AcsError: ACS refused.
        """
        if self.has_ended(recording) or recording.refused:
            return recording
        recording_id = self.named(recording)
        end = ended
        if not recording.has_run:
            try:
                recording = self.ask(recording)  # only ACS's fresh word tells an empty recording from a lost file
            except ControlUnknown:
                end = ended_after_a_run  # it is stopped all the same; a file may be to come
            if recording.ended_at is not None:
                return recording
        try:
            self.acs.stop(recording_id)
        except AcsError as error:
            recording = self.ended_all_the_same(recording, error)
        else:
            self.look_after_files(recording)
            recording = self.write_always(recording, partial(end, now=self.clock()))
        return recording

    def ended_all_the_same(self, recording: Recording, error: AcsError) -> Recording:
        """The recording, if ACS does not know it any more although stopping it was not confirmed.

        ACS's stop has answered 404 for recordings that ran on (its high-availability issue), so only the question for
        the state decides.

        Raises:
            ControlUnknown: ACS still knows it, or does not say.
            AcsRefused: ACS refused, and still knows it.
        """
        self.look_after_files(recording)
        row = self.ask(recording)
        if row.ended_at is not None or row.start_failure is not None:
            return row  # of a start that failed ACS has just said, by a 404, that there is no recording
        if isinstance(error, AcsRefused) and error.code != CODE_NOT_FOUND:
            raise error
        raise ControlUnknown(
            f"ACS was asked to stop the recording and did not confirm it. {error}",
            code=error.code,
            retry_after_seconds=error.retry_after_seconds,
        ) from error

    def look_after_files(self, recording: Recording) -> None:
        """Have the sweep look: at files that wait for the end only, else whether an event came."""
        waiting = recording.files is FilesStatus.TRANSFERRING
        patience = timedelta(0) if waiting else EVENT_PATIENCE
        self.catalog.note_open([recording.line(self.clock() + patience)])

    def has_ended(self, recording: Recording) -> bool:
        """Whether ACS confirmed the end, or the recording is so old that nothing of it can be left at ACS.

        The latter for rows that the version before wrote without asking ACS.
        """
        of_version_before = recording.control is None and recording.heard_at is None
        forgotten = of_version_before and self.clock() - recording.created_at > self.forgotten_after
        return recording.ended_at is not None or forgotten

    def may_run(self, recording: Recording) -> bool:
        """Whether ACS can be asked about a recording whose end nobody has confirmed."""
        return recording.may_run and not self.has_ended(recording)

    def controllable(self, recording: Recording) -> str:
        """ACS's id of a recording that may be paused and resumed.

        Raises:
            Conflict: it has ended, or ACS has not named it yet.
        """
        if self.has_ended(recording) or recording.start_failure is not None:
            raise Conflict(f"The recording is {recording.status}: it has ended.")
        return self.named(recording)

    def named(self, recording: Recording) -> str:
        """ACS's id of a recording. Raises: Conflict when it is not known."""
        if recording.recording_id is None:
            raise Conflict("ACS's id of the recording is not known (yet): ACS has not answered the start.")
        return recording.recording_id

    def observe(self, recording: Recording) -> Recording:
        """Ask ACS about a recording that may still run, and write down what it says.

        Raises:
            ControlUnknown: ACS does not say; it is asked again in a minute.
        """
        if not self.may_run(recording):
            return recording
        observed = self.ask(recording)
        if observed.ended_at is not None:
            self.look_after_files(observed)
        return observed

    def ask(self, recording: Recording) -> Recording:
        """The recording with ACS's word of it; as it is where it has ended or ACS does not know it by an id.

        Raises:
            ControlUnknown: ACS did not answer, or others control the recording at this moment; the row is unchanged,
                and ACS is asked again in a minute.
            CatalogConflict, CatalogUnavailable: our own outage.
        """
        row = recording
        for _ in range(QUESTIONS_MAX):
            if not row.may_run or row.recording_id is None:
                return row
            state = self.answer(row, row.recording_id)
            change = partial(observed, state=state, now=self.clock())
            # A look that tells nothing new is not written: it keeps no other answer out.
            written = row if change(row) == row else self.write(row, change)
            if written is not None:
                if is_settling(written, self.clock()):
                    self.look_soon(written)  # "inactive" and "not found" do not count yet
                return written
            row = self.current(row)
        self.look_soon(row)
        raise ControlUnknown("The recording is being controlled by several requests at once.")

    def answer(self, recording: Recording, recording_id: str) -> AcsState | None:
        try:
            return self.acs.state(recording_id)
        except AcsError as error:
            self.look_soon(recording)
            raise ControlUnknown(f"ACS was asked for the recording's state. {error}") from error

    def look_soon(self, recording: Recording) -> None:
        """Have the sweep ask ACS as soon as its answer is sure to count."""
        now = self.clock()
        self.catalog.note_open([recording.line(max(now + ASK_AGAIN, settled_at(recording)))])

    def write(self, asked_of: Recording, change: Change, *, always: bool = False) -> Recording | None:
        """Write what ACS confirmed; None when another answer was written since the row was read.

        Written even where it changes nothing: the version is what keeps an answer that was given earlier out.

        Args:
            asked_of: the row as it was when ACS was asked.
            change: what the answer makes of the row; of the control half alone.
            always: whether it is a fact that no other answer contradicts: that ACS is asked now, or that it has ended.

        Raises:
            CatalogConflict: the rest of the row was written over and over again.
        """
        row = asked_of
        for _ in range(SAVE_TRIES):
            if row.control_version != asked_of.control_version and not always:
                return None
            changed = change(row)
            if changed == row and always:
                return row
            version = row.control_version + 1
            try:
                return self.catalog.save_recording(
                    msgspec.structs.replace(changed, control_version=version, updated_at=self.clock())
                )
            except CatalogConflict:
                row = self.current(row)
        raise CatalogConflict

    def write_always(self, recording: Recording, change: Change) -> Recording:
        """Write a fact that no other answer contradicts.

        Raises:
            CatalogConflict: the row was written over and over again.
        """
        written = self.write(recording, change, always=True)
        assert written is not None  # no other answer keeps a fact out
        return written

    def current(self, recording: Recording) -> Recording:
        """Raises: NotFound when the row is gone."""
        row = self.catalog.recording(recording.id)
        if row is None:
            raise NotFound("There is no recording with this id.")
        return row


def observed(recording: Recording, state: AcsState | None, now: datetime) -> Recording:
    """What ACS's answer to the question for a recording's state makes of the row."""
    if recording.ended_at is not None:
        return recording
    if state is None:
        return unknown_to_acs(recording, now)
    if state.active:
        return active(recording)
    inactive = recording if recording.has_run else msgspec.structs.replace(recording, inactive_at=now)
    if is_settling(recording, now):
        return inactive
    return msgspec.structs.replace(inactive, control=ControlStatus.PAUSED, start_failure=None, waits_for=None)


def unknown_to_acs(recording: Recording, now: datetime) -> Recording:
    """After a 404: the end, unless the start is so fresh that ACS may not know of it everywhere yet."""
    if recording.start_requested_at and now - recording.start_requested_at < SETTLE:
        return recording
    if recording.start_report is not None:
        return unconfirmed(recording, recording.start_report)
    return ended(recording, now)


def active(recording: Recording) -> Recording:
    return msgspec.structs.replace(
        recording, control=ControlStatus.ACTIVE, has_run=True, start_failure=None, start_report=None, waits_for=None
    )


def ended(recording: Recording, now: datetime) -> Recording:
    """After ACS confirmed that it does not record any more; the first confirmation stands."""
    if recording.ended_at is not None:
        return recording
    return msgspec.structs.replace(recording, ended_at=now, waits_for=None)


def ended_after_a_run(recording: Recording, now: datetime) -> Recording:
    """After an end before which ACS did not say whether it ever ran."""
    return msgspec.structs.replace(ended(recording, now), has_run=True)


def unconfirmed(recording: Recording, reason: str) -> Recording:
    """There is no recording after all: neither an end nor a file will come."""
    return msgspec.structs.replace(
        recording,
        start_failure=StartFailure.UNCONFIRMED,
        start_failure_reason=reason,
        claimed_until=None,
        waits_for=None,
    )


def resume_tried(recording: Recording, now: datetime) -> Recording:
    return msgspec.structs.replace(recording, resume_requested_at=now, has_run=True)


def answered(recording: Recording, control: ControlStatus, now: datetime) -> Recording:
    """After ACS confirmed a pause or a resume."""
    if recording.ended_at is not None:
        return recording
    if control is ControlStatus.ACTIVE:
        return msgspec.structs.replace(active(recording), resume_requested_at=now)
    return msgspec.structs.replace(recording, control=control)


def is_settling(recording: Recording, now: datetime) -> bool:
    """Whether "inactive" may mean that it is about to run: shortly after a start or a resume."""
    return now < settled_at(recording)


def settled_at(recording: Recording) -> datetime:
    """When "inactive" can mean nothing else any more than that it is paused."""
    requests = (recording.start_requested_at, recording.resume_requested_at)
    return max((request + SETTLE for request in requests if request), default=recording.created_at)


def next_question(recording: Recording, now: datetime) -> datetime:
    """When ACS is to be asked about a recording that may still run."""
    if is_settling(recording, now):
        return settled_at(recording)
    often = recording.heard_at is not None and now - recording.heard_at < FILES_CAME
    return now + (ASK_AGAIN if often else LOOK_AGAIN)
