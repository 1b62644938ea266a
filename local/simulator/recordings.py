"""Recordings: a state machine, and the rules about who may be recorded when."""

import threading
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from local.simulator.calls import SimulatedCall
from local.simulator.documents import Document
from local.simulator.identifiers import make_recording_id
from local.simulator.scripts import Script
from local.simulator.start_request import StartRecordingRequest


class State(Enum):
    """What a recording is doing. The API shows only `active` and `inactive`, and 404 after the end."""

    STARTING = "starting"  #: accepted, not recording yet
    ACTIVE = "active"  #: recording
    PAUSED = "paused"  #: paused, or started paused
    ENDED = "ended"  #: stopped, ended with its call, or never really started


@dataclass(slots=True)
class Pause:
    """A gap in the recording; still open while `ended_at` is None."""

    started_at: datetime
    ended_at: datetime | None = None


@dataclass(eq=False)
class Recording:
    """One recording of one call."""

    call: SimulatedCall
    request: StartRecordingRequest
    created_at: datetime
    foreign: bool = False
    """Nobody started it through the API."""
    recording_id: str = field(default_factory=make_recording_id)
    state: State = State.STARTING
    started_at: datetime | None = None
    """When it first recorded anything."""
    ended_at: datetime | None = None
    session_end_reason: str | None = None
    pauses: list[Pause] = field(default_factory=list)
    script: Script | None = None
    documents: list[Document] = field(default_factory=list)
    files_ready: bool = False

    def activate(self, now: datetime) -> bool:
        """Leave `starting`, unless something else happened meanwhile."""
        if self.state is not State.STARTING:
            return False
        self.state, self.started_at = State.ACTIVE, now
        return True

    def pause(self, now: datetime) -> None:
        if self.started_at is not None and self.state is State.ACTIVE:
            self.pauses.append(Pause(now))
        self.state = State.PAUSED

    def resume(self, now: datetime) -> None:
        if self.started_at is None:
            self.started_at = now
        elif self.state is State.PAUSED:
            self.pauses[-1].ended_at = now
        self.state = State.ACTIVE

    def end(self, now: datetime, reason: str) -> None:
        if self.state is State.STARTING:
            # Ended before it became active: it still yields a file, a very short one.
            self.started_at = self.created_at
        self.state, self.ended_at, self.session_end_reason = State.ENDED, now, reason
        if self.pauses and self.pauses[-1].ended_at is None:
            self.pauses[-1].ended_at = now


class Recordings:
    """Every recording so far; at most one of a call has not ended."""

    def __init__(self) -> None:
        self.by_id: dict[str, Recording] = {}
        self.lock = threading.RLock()
        """Held for every change of state."""

    def add(self, recording: Recording) -> None:
        with self.lock:
            self.by_id[recording.recording_id] = recording

    def all(self) -> list[Recording]:
        with self.lock:
            return list(self.by_id.values())

    def get(self, recording_id: str) -> Recording:
        """Find a recording that admin names.

        Raises:
            LookupError: there is none.
        """
        with self.lock:
            if recording_id not in self.by_id:
                raise LookupError(f"No recording {recording_id}")
            return self.by_id[recording_id]

    def running(self, recording_id: str) -> Recording | None:
        with self.lock:
            recording = self.by_id.get(recording_id)
            return recording if recording is not None and recording.state is not State.ENDED else None

    def running_on(self, call: SimulatedCall) -> Recording | None:
        return next((one for one in self.all() if one.call is call and one.state is not State.ENDED), None)
