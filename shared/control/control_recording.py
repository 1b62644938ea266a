"""Control a recording: pause, resume, stop, and ask ACS for its state; the row says what ACS confirmed.

An answer of ACS counts only for the `control_version` it was asked from. Where another answer was written meanwhile,
ACS is asked again, since nothing says which of the two it gave last. So a late answer never wins.

    row read (version 7) ─► ACS asked ─► row written (version 8), if it is still 7 ─► else asked again
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import msgspec

from shared.control.control_answers import (
    ended,
    ended_after_a_run,
    is_settling,
    observed,
    resume_tried,
    settled_at,
    with_control,
)
from shared.domain.durations import ASK_AGAIN, EVENT_PATIENCE
from shared.domain.errors import (
    CODE_NOT_FOUND,
    AcsError,
    AcsRefused,
    AcsUncertain,
    CatalogConflict,
    Conflict,
    ControlUnknown,
    RecordingUnknown,
    about,
)
from shared.domain.models import Recording
from shared.domain.open_work import OpenWork
from shared.domain.ports import AcsCalls, Catalog, Clock
from shared.domain.recording_rows import SAVE_TRIES, existing_recording
from shared.domain.statuses import ControlStatus, FilesStatus

QUESTIONS_MAX = 4  # of one request; each further one means that another request controls the recording just now
ENDED = "ACS does not know this recording any more: it has ended."
UNKNOWN_YET = "ACS does not know this recording yet, or not any more; ask again in a minute."

type Change = Callable[[Recording], Recording]


@dataclass(frozen=True)
class Control:
    """Pause, resume, stop, and questions to ACS; writes what ACS confirms.

    Attributes:
        forgotten_after: how long after its start nothing of a recording can be left at ACS.
    """

    acs: AcsCalls
    catalog: Catalog
    open_work: OpenWork
    clock: Clock
    forgotten_after: timedelta

    def pause(self, id: str) -> Recording:
        """Raises: RecordingNotFound, Conflict, AcsError."""
        recording = existing_recording(self.catalog, id)
        with about(id):
            recording_id = self.controllable_id(recording)
            return self.request_change(recording, partial(self.acs.pause, recording_id), ControlStatus.PAUSED)

    def resume(self, id: str) -> Recording:
        """Raises: RecordingNotFound, Conflict, AcsError."""
        recording = existing_recording(self.catalog, id)
        with about(id):
            recording_id = self.controllable_id(recording)
            # Before ACS is asked: a resume whose answer is lost may have made a file.
            tried = self.write_always(recording, partial(resume_tried, now=self.clock()))
            return self.request_change(tried, partial(self.acs.resume, recording_id), ControlStatus.ACTIVE)

    def request_change(self, recording: Recording, request: Callable[[], None], wanted: ControlStatus) -> Recording:
        """Ask ACS to change a running recording, and write what came of it.

        Raises:
            RecordingUnknown: ACS does not know the recording.
            AcsError: ACS refused or failed; after an unclear answer the row has the state that ACS gave when asked.
        """
        try:
            request()
        except AcsUncertain as error:
            return self.confirm_change(recording, wanted, error)
        except AcsError as error:
            self.schedule_question(recording)  # the SDK may have tried before, and not heard what came of that
            if not isinstance(error, AcsRefused) or error.code != CODE_NOT_FOUND:
                raise
            has_ended = self.ask(recording).ended_at is not None
            raise RecordingUnknown(ENDED if has_ended else UNKNOWN_YET, status=error.status, code=error.code) from error
        written = self.write(recording, partial(with_control, control=wanted, now=self.clock()))
        return written or self.ask(existing_recording(self.catalog, recording.id))

    def confirm_change(self, recording: Recording, wanted: ControlStatus, error: AcsUncertain) -> Recording:
        """After an unclear answer, ask ACS whether the request was carried out; the recording, if it was.

        Raises:
            AcsUncertain: ACS says that it was not, or does not know yet.
            ControlUnknown: ACS does not say.
        """
        row = self.ask(recording)
        is_judged = row.control_version != recording.control_version or not is_settling(row, self.clock())
        if row.ended_at is None and row.control is wanted and is_judged:
            return row
        self.schedule_question(row)
        raise error

    def stop(self, id: str) -> Recording:
        """Stop a recording; success means that ACS confirmed that it does not record.

        Raises:
            RecordingNotFound; Conflict: ACS's id of it is not known.
            ControlUnknown: ACS does not confirm the end; nothing was changed here, and it may be asked again.
            AcsError: ACS refused.
        """
        recording = existing_recording(self.catalog, id)
        with about(id):
            return self.stop_recording(recording)

    def stop_recording(self, recording: Recording) -> Recording:
        if self.has_ended(recording) or recording.refused:
            return recording
        recording_id = self.acs_id(recording)
        end = ended
        if not recording.has_run:
            try:
                recording = self.ask(recording)  # only a fresh answer separates an empty recording from a lost file
            except ControlUnknown:
                end = ended_after_a_run  # it is stopped all the same; a file may be to come
            if recording.ended_at is not None:
                return recording
        try:
            self.acs.stop(recording_id)
        except AcsError as error:
            return self.confirm_end(recording, error)
        self.schedule_files_check(recording)
        return self.write_always(recording, partial(end, now=self.clock()))

    def confirm_end(self, recording: Recording, error: AcsError) -> Recording:
        """After a stop that was not confirmed, ask ACS for the state; the recording, if ACS does not know it any more.

        ACS's stop has answered 404 for recordings that ran on (its high-availability issue), so only the question for
        the state decides.

        Raises:
            ControlUnknown: ACS still knows it, or does not say.
            AcsRefused: ACS refused, and still knows it.
        """
        self.schedule_files_check(recording)
        row = self.ask(recording)
        if row.ended_at is not None or row.start_failure is not None:
            return row  # of a start that failed ACS has just said, by a 404, that there is no recording
        if isinstance(error, AcsRefused) and error.code != CODE_NOT_FOUND:
            raise error
        raise ControlUnknown("ACS did not confirm that the recording was stopped.", error) from error

    def schedule_files_check(self, recording: Recording) -> None:
        """Have the sweep check the files that wait for the end only, or else whether an event came."""
        waiting = recording.files is FilesStatus.TRANSFERRING
        patience = timedelta(0) if waiting else EVENT_PATIENCE
        self.open_work.watch(recording, self.clock() + patience)

    def has_ended(self, recording: Recording) -> bool:
        """Whether ACS confirmed the end, or the recording is so old that nothing of it can be left at ACS.

        The latter for rows that the version before wrote without asking ACS.
        """
        of_version_before = recording.control is None and recording.heard_at is None
        forgotten = of_version_before and self.clock() - recording.created_at > self.forgotten_after
        return recording.ended_at is not None or forgotten

    def may_run(self, recording: Recording) -> bool:
        """Whether ACS can be asked about a recording whose end is not confirmed."""
        return recording.may_run and not self.has_ended(recording)

    def controllable_id(self, recording: Recording) -> str:
        """ACS's id of a recording that may be paused and resumed. Raises: Conflict when it has ended or has no id."""
        if self.has_ended(recording) or recording.start_failure is not None:
            raise Conflict(f"The recording is {recording.status}: it has ended.")
        return self.acs_id(recording)

    def acs_id(self, recording: Recording) -> str:
        """ACS's id of a recording. Raises: Conflict when it is not known."""
        if recording.recording_id is None:
            raise Conflict("ACS's id of the recording is not known (yet): ACS has not answered the start.")
        return recording.recording_id

    def refresh(self, id: str) -> Recording:
        """The recording; ACS is asked first about one that is starting, or of which it never said anything.

        If ACS does not answer, or its answer cannot be written, the row is returned unchanged.

        Raises: RecordingNotFound.
        """
        recording = existing_recording(self.catalog, id)
        if recording.control not in {ControlStatus.STARTING, None}:
            return recording
        try:
            return self.observe(recording)
        except (AcsError, CatalogConflict):  # the latter where others write the row over and over
            return recording

    def observe(self, recording: Recording) -> Recording:
        """Ask ACS about a recording that may still run, and write its answer.

        Raises:
            ControlUnknown: ACS does not say; it is asked again in a minute.
        """
        if not self.may_run(recording):
            return recording
        answered = self.ask(recording)
        if answered.ended_at is not None:
            self.schedule_files_check(answered)
        return answered

    def ask(self, recording: Recording) -> Recording:
        """Ask ACS for the state and write it; unchanged where the recording has ended or has no id of ACS yet.

        Raises:
            ControlUnknown: ACS did not answer, or other requests control the recording just now; the row is unchanged,
                and ACS is asked again in a minute.
            CatalogConflict, CatalogUnavailable: our own outage.
        """
        row = recording
        for _ in range(QUESTIONS_MAX):
            if not row.may_run or row.recording_id is None:
                return row
            try:
                state = self.acs.state(row.recording_id)
            except AcsError as error:
                self.schedule_question(row)
                raise ControlUnknown("ACS did not say in what state the recording is.", error) from error
            change = partial(observed, state=state, now=self.clock())
            # An answer that says nothing new is not written: it keeps no other answer out.
            written = row if change(row) == row else self.write(row, change)
            if written is not None:
                if is_settling(written, self.clock()):
                    self.schedule_question(written)  # "inactive" and "not found" do not count yet
                return written
            row = existing_recording(self.catalog, row.id)
        self.schedule_question(row)
        raise ControlUnknown("The recording is being controlled by several requests at once.")

    def schedule_question(self, recording: Recording) -> None:
        """Have the sweep ask ACS in a minute, or later if its answer may not count before that."""
        now = self.clock()
        self.open_work.watch(recording, max(now + ASK_AGAIN, settled_at(recording)))

    def write(self, asked_of: Recording, change: Change, *, always: bool = False) -> Recording | None:
        """Write what ACS confirmed; None when another answer was written since the row was read.

        Written even where it changes nothing: the version is what keeps an answer that was given earlier out.

        Args:
            asked_of: the row as it was when ACS was asked.
            change: the row after that answer; pure, and of the control half alone.
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
                row = existing_recording(self.catalog, row.id)
        raise CatalogConflict

    def write_always(self, recording: Recording, change: Change) -> Recording:
        """Write a fact that no other answer contradicts; raises as `write` does."""
        written = self.write(recording, change, always=True)
        assert written is not None  # no other answer keeps a fact out
        return written
