"""What happens to a recording, and what follows from it."""

from functools import partial

from local.simulator.callbacks import Callbacks
from local.simulator.calls import SimulatedCall
from local.simulator.clock import Clock
from local.simulator.publisher import Publisher
from local.simulator.recordings import Recording, Recordings, State
from local.simulator.scheduler import Scheduler
from local.simulator.settings import CurrentSettings


class Lifecycle:
    """Moves recordings from state to state, tells callbacks, and hands ended ones to the publisher."""

    def __init__(
        self,
        settings: CurrentSettings,
        scheduler: Scheduler,
        clock: Clock,
        recordings: Recordings,
        callbacks: Callbacks,
        publisher: Publisher,
    ) -> None:
        self.settings = settings
        self.scheduler = scheduler
        self.clock = clock
        self.recordings = recordings
        self.callbacks = callbacks
        self.publisher = publisher

    def start(self, recording: Recording, *, fails: bool = False) -> None:
        self.recordings.add(recording)
        if recording.request.pause_on_start:
            recording.state = State.PAUSED
        follow_up = self.fail if fails else self.activate
        self.scheduler.later(self.settings.current.active_delay_seconds, partial(follow_up, recording))

    def activate(self, recording: Recording) -> None:
        with self.recordings.lock:
            if recording.activate(self.clock.now()):
                self.callbacks.state_changed(recording)

    def fail(self, recording: Recording) -> None:
        with self.recordings.lock:
            if recording.state is State.ENDED:
                return
            # Not `starting` any more, or its end would leave a file behind.
            recording.state = State.PAUSED
            recording.end(self.clock.now(), "StartFailed")
            self.callbacks.start_failed(recording)

    def pause(self, recording: Recording) -> None:
        with self.recordings.lock:
            recording.pause(self.clock.now())
            self.callbacks.state_changed(recording)

    def resume(self, recording: Recording) -> None:
        with self.recordings.lock:
            recording.resume(self.clock.now())
            self.callbacks.state_changed(recording)

    def end(self, recording: Recording, reason: str) -> None:
        """End a recording; one that never recorded anything yields neither file nor event."""
        with self.recordings.lock:
            if recording.state is State.ENDED:
                return
            recording.end(self.clock.now(), reason)
            self.callbacks.state_changed(recording)
            if recording.started_at is not None:
                self.publisher.recording_ended(recording)

    def end_call(self, call: SimulatedCall) -> None:
        with self.recordings.lock:
            if call.ended_at is None:
                call.ended_at = self.clock.now()
            running = self.recordings.running_on(call)
            if running is not None:
                self.end(running, "CallEnded")
