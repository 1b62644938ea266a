"""What cannot be saved: by then somebody was told, whatever else went wrong on the way."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from shared.errors import RecorderError
from shared.log import LogEvent
from shared.models import ChunkStatus, RecordingStatus
from tests.builders import a_recording, announced_chunk, document_id, file_ready_event
from tests.fakes import BEGINNING, Cloud, Crash, Effect, FakeHost, Fault
from tests.model.alerts import Alerts, nothing_fails_in_silence
from tests.model.faults import At, Strikes, faults_of, text_of
from tests.model.oracle import Oracle, Violation, hold
from tests.model.scene import ONE
from tests.model.search import Faults, Tally
from tests.model.trial import TIME_OUT_LASTS, TIME_OUTS

type Event = dict[str, object]

YESTERDAY = BEGINNING - timedelta(hours=25)
OTHER_BYTES = b"somebody's own bytes"
NOTHING: tuple[Event, ...] = ()


def as_it_is(_: Cloud) -> None:
    """Nothing beside the event."""


def destroyed(cloud: Cloud) -> None:
    cloud.source.documents.clear()


def without_metadata(cloud: Cloud) -> None:
    del cloud.source.documents[document_id(0)].contents["acsmetadata"]


def stopped_without_event(cloud: Cloud) -> None:
    """A recording of ours that ACS does not know any more, and of which no event ever came."""
    began = BEGINNING - timedelta(hours=2)
    active = cloud.catalog.save_recording(a_recording(created_at=began, updated_at=began))
    row = cloud.catalog.save_recording(active.moved(RecordingStatus.STOPPED, began))
    cloud.catalog.note_open([row.line(BEGINNING)])


def started_without_answer(cloud: Cloud) -> None:
    """A start that nobody ever confirmed."""
    began = BEGINNING - timedelta(hours=25)
    row = a_recording(status=RecordingStatus.STARTING, recording_id=None, created_at=began, updated_at=began)
    cloud.catalog.save_recording(row)
    cloud.catalog.note_open([row.line(BEGINNING)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What happens, how it must end, and what must have been told by then.

    Attributes:
        before: what is so before the events come.
        meddled: what somebody does to the copy once the row says that it is stored.
        ends: the statuses of recording and chunk; nothing where there is no row.
    """

    before: Callable[[Cloud], None] = as_it_is
    events: tuple[Event, ...] = (file_ready_event(1),)
    meddled: str = ""
    ends: tuple[str, ...]
    told: frozenset[LogEvent]
    unlike: frozenset[Fault] = frozenset()  # faults that would make it another loss


LOSSES: Mapping[str, Loss] = {
    "a chunk is destroyed before its event comes": Loss(
        before=destroyed,
        events=(file_ready_event(1, event_time=YESTERDAY),),
        ends=(RecordingStatus.FAILED, ChunkStatus.FAILED),
        told=frozenset({LogEvent.CHUNK_FAILED, LogEvent.RECORDING_FAILED}),
    ),
    "the metadata are destroyed before they are copied": Loss(
        before=without_metadata,
        events=(file_ready_event(1, event_time=YESTERDAY),),
        ends=(RecordingStatus.COMPLETED, ChunkStatus.STORED),
        told=frozenset({LogEvent.CHUNK_INCOMPLETE}),
        unlike=frozenset({Fault.MISSING}),  # a 404 on the media, after the deadline, says that they are destroyed, too
    ),
    "the copy is overwritten": Loss(
        meddled="overwrite",
        ends=(RecordingStatus.FAILED, ChunkStatus.FAILED),
        told=frozenset({LogEvent.CHUNK_ALTERED, LogEvent.RECORDING_FAILED}),
    ),
    "the copy is removed": Loss(
        meddled="remove",
        ends=(RecordingStatus.COMPLETED, ChunkStatus.DELETED),
        told=frozenset({LogEvent.CHUNK_ALTERED}),
    ),
    "an event leads elsewhere": Loss(
        events=(file_ready_event([announced_chunk(contentLocation="https://example.org/v1/objects/a/content/video")]),),
        ends=(RecordingStatus.FAILED, ChunkStatus.FAILED),
        told=frozenset({LogEvent.EVENT_REJECTED, LogEvent.RECORDING_FAILED}),
    ),
    "an event would delete elsewhere": Loss(
        events=(file_ready_event([announced_chunk(deleteLocation="https://example.org/v1/objects/a")]),),
        ends=(RecordingStatus.COMPLETED, ChunkStatus.STORED),
        told=frozenset({LogEvent.EVENT_REJECTED}),
    ),
    "an event is not understood": Loss(
        events=(file_ready_event([]),), ends=(), told=frozenset({LogEvent.EVENT_REJECTED})
    ),
    "no event comes": Loss(
        before=stopped_without_event,
        events=NOTHING,
        ends=(RecordingStatus.FAILED,),
        told=frozenset({LogEvent.RECORDING_FAILED}),
    ),
    "a start is never confirmed": Loss(
        before=started_without_answer,
        events=NOTHING,
        ends=(RecordingStatus.FAILED,),
        told=frozenset({LogEvent.RECORDING_FAILED}),
    ),
}


class Losing:
    """One run of a loss under faults."""

    def __init__(self, loss: Loss, strikes: Strikes) -> None:
        self.loss = loss
        self.strikes = strikes
        self.struck: dict[int, Fault] = {}
        self.cloud = ONE.cloud()
        loss.before(self.cloud)
        self.cloud.world.effects.clear()
        self.meddled = False
        self.oracle = Oracle(self.cloud)
        self.cloud.world.plan = self.plan

    def plan(self, effect: Effect) -> Fault | None:
        self.meddle()
        self.oracle.effect_begins(effect)
        fault = self.strikes(effect)
        if fault:
            self.struck[effect.number] = fault
            self.cloud.world.now += TIME_OUT_LASTS if fault in TIME_OUTS else timedelta(0)
        return fault

    def meddle(self) -> None:
        chunk = next(iter(self.cloud.chunks()), None)
        if self.meddled or not self.loss.meddled or chunk is None or chunk.status is not ChunkStatus.STORED:
            return
        self.meddled = True
        store = self.cloud.store
        if self.loss.meddled == "overwrite":
            store.overwrite(chunk.content_blob, OTHER_BYTES)
        else:
            store.lose(chunk.content_blob)
        self.oracle.blobs = store.blobs

    def run(self) -> "Losing":
        """To rest, and judged.

        Raises:
            Violation: it ended otherwise, or nobody was told.
        """
        host = FakeHost(self.cloud)
        try:
            with Alerts() as alerts:
                for event in self.loss.events:
                    host.publish(event)
                host.settle()
            nothing_fails_in_silence(self.cloud, alerts)
            hold(self.loss.told <= alerts.events, f"Told was {sorted(alerts.events)}.")
            hold(self.ends == self.loss.ends, f"It ended as {self.ends}.")
        except (AssertionError, Crash, RecorderError, KeyError) as error:
            raise Violation(f"{error!r} after {text_of(self.struck)}") from error
        return self

    @property
    def ends(self) -> tuple[str, ...]:
        recordings = [recording.status for recording in self.cloud.recordings()]
        return (*recordings, *(chunk.status for chunk in self.cloud.chunks()))


def losing(name: str, faults: Faults, tally: Tally) -> Iterator[Faults]:
    """Run a loss, count it, and say which faults can follow."""
    tally.runs += 1
    run = Losing(LOSSES[name], At(dict(faults)))
    try:
        run.run()
    except Violation as violation:
        tally.violations.append(f"{name}: {violation}")
        return
    last = faults[-1][0] if faults else 0
    for effect in run.cloud.world.effects[last:]:
        for fault in faults_of(effect.name):
            if fault not in LOSSES[name].unlike:
                yield *faults, (effect.number, fault)


def first_faults(name: str) -> list[tuple[str, Faults]]:
    return [(name, faults) for faults in losing(name, (), Tally())]


def pairs_around(task: tuple[str, Faults]) -> Tally:
    """A first fault, alone and with every second one that can follow it."""
    name, first = task
    tally = Tally()
    for pair in losing(name, first, tally):
        next(losing(name, pair, tally), None)  # run, and left at that
    return tally
