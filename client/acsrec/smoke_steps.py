"""What each step of `acsrec smoke` asks of the app, and what the answer shows."""

import tempfile
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from httpx import codes

from acsrec.client import FIRST_POLL_SECONDS, POLL_SECONDS, Client
from acsrec.download import download
from acsrec.errors import Error, Problem, Unanswered
from acsrec.mending import REFUSALS, Deployment, Mending
from acsrec.queries import Filters, segment
from acsrec.replies import Chunk, Dependencies, Event, Recording, StartRequest
from acsrec.retries import Patience
from acsrec.verify import SAVED

TAGS = {"acsrec": "smoke"}  # so that its recordings can be listed
ENDED = frozenset({"stopped", "transferring", "completed"})  # statuses after a run
LOST = frozenset({"failed", "empty"})  # statuses from which no file comes by itself


class Step(StrEnum):
    """What is shown, in this order."""

    HEALTH = "health"
    KEY = "key"
    DEPENDENCIES = "dependencies"
    START = "start"
    STOP = "stop"
    DELIVERY = "delivery"
    DOWNLOAD = "download"
    DELETION = "deletion"
    COMPLETION = "completion"
    COPY = "copy"
    EVENTS = "events"


# What other apps are told, and the step that makes it so.
TOLD: Mapping[str, Step] = {
    "CallRecording.Started": Step.START,
    "CallRecording.Stopped": Step.STOP,
    "CallRecording.Stored": Step.DOWNLOAD,
    "CallRecording.Completed": Step.COMPLETION,
}


class StepFailed(Exception):
    """A step showed that something is wrong."""

    def __init__(self, detail: object, mending: Mending) -> None:
        super().__init__(str(detail))
        self.mending = mending


def silent(_: str) -> None:
    """Nobody watches."""


@dataclass
class Steps:
    """The steps of one run: each a method that returns what it saw, and raises `StepFailed` where that is not well.

    Args:
        client: of the app.
        call: the id that names a call which goes on.
        record_seconds: how long it is recorded.
        patience: how long one step waits for what is to happen by itself, and the clock.
        watch: hears what is waited for.

    Attributes:
        id: of the recording; None as long as none was started.
        has_ended: whether ACS confirmed that it does not record any more.
        passed: the steps that were well; of them depends what other apps were told.
    """

    client: Client
    call: Filters
    record_seconds: float
    patience: Patience
    watch: Callable[[str], None] = silent
    id: str | None = None
    has_ended: bool = False
    passed: set[Step] = field(default_factory=set)
    _checks: Dependencies | Problem = field(init=False)

    def __post_init__(self) -> None:
        self.deployment = Deployment(self.client.url)

    def show(self, step: Step) -> str:
        """What a step shows.

        Raises:
            StepFailed: it shows that something is wrong.
            Error: the app refused, or did not answer.
        """
        shows = {
            Step.HEALTH: self.health,
            Step.KEY: self.key,
            Step.DEPENDENCIES: self.dependencies,
            Step.START: self.start,
            Step.STOP: self.stop,
            Step.DELIVERY: self.delivery,
            Step.DOWNLOAD: self.download,
            Step.DELETION: self.deletion,
            Step.COMPLETION: self.completion,
            Step.COPY: self.copy,
            Step.EVENTS: self.events,
        }
        return shows[step]()

    def health(self) -> str:
        try:
            self.client.health()
        except (Problem, Unanswered) as error:
            raise StepFailed(with_faults(error), self.deployment.health(error)) from error
        return "the app answers, and its settings can be used"

    def key(self) -> str:
        """The same request as for the dependencies: the platform looks at the key before the app gets it."""
        try:
            self._checks = self.client.dependencies()
        except Problem as problem:
            if problem.status in REFUSALS:
                raise StepFailed(problem, self.deployment.key()) from problem
            self._checks = problem
        except Unanswered as error:
            raise StepFailed(error, self.deployment.health(error)) from error
        return "the app takes the function key"

    def dependencies(self) -> str:
        checks = self._checks
        if not isinstance(checks, Dependencies):
            raise StepFailed(checks, self.deployment.other(checks))
        closed = [name for name, answers in checks.checks.items() if not answers]
        if closed:
            detail = f"no answer, or no admission: {', '.join(closed)}"
            raise StepFailed(detail, self.deployment.dependencies(closed))
        return f"{', '.join(checks.checks)} let the app in"

    def start(self) -> str:
        self.id = self.started().id
        recording = self.until(lambda one: one.status in {"active", *ENDED, *LOST})
        if recording.status in {"active", *ENDED}:
            return f"ACS records the call; recording {recording.id}"
        detail = f"ACS does not say that it records: {about(recording)}"
        raise StepFailed(detail, self.deployment.not_active(recording.id))

    def started(self) -> Recording:
        """The recording; where it is not known whether it was started, by the same start again."""
        request = StartRequest(
            server_call_id=self.call.get("server_call_id"),
            call_connection_id=self.call.get("call_connection_id"),
            group_call_id=self.call.get("group_call_id"),
            room_id=self.call.get("room_id"),
            recording_content_type="audio",
            recording_format_type="wav",
            tags=TAGS,
        )
        key = f"smoke-{uuid.uuid4().hex}"
        until = self.patience.now() + self.patience.seconds
        while True:
            try:
                return self.client.start(request, key=key)
            except Unanswered as error:
                raise StepFailed(error, self.deployment.start(error)) from error
            except Problem as problem:
                # Without a code it is the app that refuses: the first try under this key is still in flight.
                in_flight = problem.status == codes.CONFLICT and problem.acs_code is None
                if (in_flight or problem.status == codes.GATEWAY_TIMEOUT) and self.patience.now() < until:
                    self.patience.sleep(POLL_SECONDS)
                    continue
                if in_flight or problem.status >= codes.INTERNAL_SERVER_ERROR:
                    self.id = problem.id  # ACS may record it; where ACS refused, it may be somebody else's that runs
                raise StepFailed(with_faults(problem), self.deployment.start(problem)) from problem

    def stop(self) -> str:
        assert self.id is not None
        self.watch(f"recording for {self.record_seconds:g} s")
        self.patience.sleep(self.record_seconds)
        try:
            self.end(self.patience)
        except (Problem, Unanswered) as error:
            raise StepFailed(error, self.deployment.stop(self.id)) from error
        return "ACS confirmed that it does not record any more"

    def end(self, patience: Patience) -> None:
        """Stop the recording. Raises: Error, ACS did not confirm it for so long."""
        assert self.id is not None
        self.client.answer("POST", f"/recordings/{segment(self.id)}/stop", patience=patience)
        self.has_ended = True

    def delivery(self) -> str:
        recording = self.until(lambda one: bool(one.chunks) or one.status in LOST or one.failure is not None)
        if recording.chunks:
            return f"ACS's event arrived, with {files(len(recording.chunks))}"
        if recording.failure is not None or recording.status in LOST:
            raise StepFailed(about(recording), self.deployment.not_announced(recording.id))
        raise StepFailed(about(recording), self.deployment.delivery(recording.id))

    def download(self) -> str:
        recording = self.until(
            lambda one: all(is_saved(chunk) for chunk in one.chunks) or any(map(is_lost, one.chunks))
        )
        left = next((chunk for chunk in recording.chunks if not is_saved(chunk)), None)
        if left is not None:
            detail = left.failure or about(recording)
            raise StepFailed(f"file {left.index}: {detail}", self.deployment.download(recording.id, left))
        count = sum(chunk.bytes or 0 for chunk in recording.chunks)
        return f"{files(len(recording.chunks))}, {count:,} bytes: copied and proven"

    def deletion(self) -> str:
        recording = self.until(lambda one: all(chunk.due_at is None for chunk in one.chunks))
        left = next((chunk for chunk in recording.chunks if chunk.status != "deleted"), None)
        if left is None:
            return "the originals are deleted at ACS"
        if left.due_at is None and left.failure is None and is_saved(left):
            return (
                "the originals are left to ACS, as DELETE_FROM_ACS says; whether it lets them be deleted is not shown"
            )
        detail = left.failure or f"the original is still there, and {about(recording)}"
        raise StepFailed(f"file {left.index}: {detail}", self.deployment.deletion(recording.id, left))

    def completion(self) -> str:
        recording = self.until(lambda one: one.status in {"completed", *LOST})
        if recording.status != "completed":
            raise StepFailed(about(recording), self.deployment.completion(recording.id))
        return f"the recording is whole; manifest {recording.manifest_blob}"

    def copy(self) -> str:
        assert self.id is not None
        try:
            with tempfile.TemporaryDirectory(prefix="acsrec-smoke-") as folder:
                results = list(download(self.client, self.id, Path(folder)))
        except (Problem, Unanswered) as error:
            raise StepFailed(error, self.deployment.copy(self.id, "refused")) from error
        for result in results:
            if not result.is_there:
                detail = f"{result.file.name}: {result.detail}"
                raise StepFailed(detail, self.deployment.copy(self.id, result.outcome))
        return f"{files(len(results))} downloaded here, each with its SHA-256"

    def events(self) -> str:
        assert self.id is not None
        wanted = {type for type, step in TOLD.items() if step in self.passed}
        events = self.until_told(wanted)
        if missing := wanted - {event.type for event in events}:
            raise StepFailed(f"no event says {words(missing)}", self.deployment.no_event(self.id))
        if not any(was_to_be_sent(event) for event in events):
            return "there is no topic (EVENTS_TOPIC_ENDPOINT), so no other app is told; the events are kept"
        unsent = [event for event in events if event.sent_at is None]
        if unsent:
            failure = next((event.last_error for event in unsent if event.last_error), "no try was made yet")
            detail = f"the topic did not take {words({event.type for event in unsent})}: {failure}"
            raise StepFailed(detail, self.deployment.events(self.id, failure))
        return f"the topic took {words({event.type for event in events})}; who subscribed to it gets them"

    # Waiting.

    def until(self, is_so: Callable[[Recording], bool]) -> Recording:
        """The recording once something is so, or as it is when the patience is over."""
        assert self.id is not None
        id = self.id
        return self.poll(lambda: self.client.get(id), is_so, about)

    def until_told(self, wanted: set[str]) -> tuple[Event, ...]:
        """The events once there are all, and the topic has them if there is one."""
        assert self.id is not None
        id = self.id

        def are_told(events: tuple[Event, ...]) -> bool:
            settled = all(event.sent_at is not None or not was_to_be_sent(event) for event in events)
            return settled and wanted <= {event.type for event in events}

        return self.poll(lambda: self.client.events(id), are_told, lambda _: "the topic")

    def poll[Seen](self, ask: Callable[[], Seen], is_so: Callable[[Seen], bool], told: Callable[[Seen], str]) -> Seen:
        until = self.patience.now() + self.patience.seconds
        pause = FIRST_POLL_SECONDS
        while not is_so(seen := ask()) and self.patience.now() < until:
            self.watch(told(seen))
            self.patience.sleep(pause)
            pause = min(pause * 1.5, POLL_SECONDS)
        return seen


def with_faults(error: Error) -> str:
    faults = error.faults if isinstance(error, Problem) else ()
    return " ".join([str(error), *(f"{fault.name}: {fault.detail}." for fault in faults)])


def about(recording: Recording) -> str:
    told = recording.failure or recording.waits_for
    return f"the recording is {recording.status}" + (f": {told}" if told else "")


def is_saved(chunk: Chunk) -> bool:
    return chunk.status in SAVED


def is_lost(chunk: Chunk) -> bool:
    return chunk.status == "failed"


def was_to_be_sent(event: Event) -> bool:
    """Whether there was a topic for it; its other fields say what became of that."""
    return event.sent_at is not None or event.next_try_at is not None or event.attempts > 0


def files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"


def words(types: set[str]) -> str:
    """Types of events in the order of what they tell."""
    known = [type for type in TOLD if type in types]
    return ", ".join(type.rpartition(".")[2] for type in [*known, *sorted(types - set(known))])
