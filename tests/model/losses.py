"""What cannot be saved: by then somebody was told, whatever else went wrong on the way."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from msgspec.structs import replace

from shared.domain.errors import AcsUnavailable, RecorderError
from shared.domain.log import LogEvent
from shared.domain.models import Chunk
from shared.domain.open_work import recording_entry
from shared.domain.statuses import ChunkStatus, RecordingStatus
from tests.builders import a_recording, announced_chunk, document_id, file_ready_event, metadata
from tests.fakes import BEGINNING, Cloud, Crash, Effect, FakeHost, Fault
from tests.fakes.store import FakeBlob
from tests.model.alerts import Alerts, nothing_fails_in_silence
from tests.model.faults import FaultPlan, FixedFaults, faults_of, text_of
from tests.model.model_run import TIME_OUTS
from tests.model.oracle import Oracle
from tests.model.scenarios import EXPIRES_AT, ONE, files
from tests.model.search import Faults
from tests.model.violation import Violation, hold

type Event = dict[str, object]

YESTERDAY = BEGINNING - timedelta(hours=25)
OTHER_BYTES = b"somebody's own bytes"
NOTHING: tuple[Event, ...] = ()
# A day of tries is like an hour of some, and longer to play.
ONE_HOUR: Mapping[str, str] = {"ACS_RETENTION_HOURS": "1", "RETRY_FIRST_SECONDS": "900"}
OTHER_HOST = "eu.asm.skype.com"
OBJECT = f"https://{OTHER_HOST}/v1/objects/{document_id(0)}"
THERE: Event = file_ready_event(
    [
        announced_chunk(
            0,
            contentLocation=f"{OBJECT}/content/video",
            metadataLocation=f"{OBJECT}/content/acsmetadata",
            deleteLocation=OBJECT,
        )
    ]
)


def as_it_is(_: Cloud) -> None:
    """Nothing beside the event."""


def destroyed(cloud: Cloud) -> None:
    cloud.source.documents.clear()


def silent(cloud: Cloud) -> None:
    cloud.source.is_silent = True


def late(cloud: Cloud) -> None:
    """The file appears when its event has been out for some time: two sweeps see that it is at risk."""
    cloud.source.documents[document_id(0)].appears_at = BEGINNING + timedelta(minutes=30)


def of_long_ago(cloud: Cloud) -> None:
    """By its own account the chunk ended before ACS's retention began."""
    facts = metadata(0, chunkStartTime=(BEGINNING - timedelta(hours=40)).isoformat())
    cloud.source.documents[document_id(0)].contents["acsmetadata"] = facts


def elsewhere(cloud: Cloud) -> None:
    """The file lies at a host that the first event does not name."""
    cloud.source.documents[document_id(0)].hosts = frozenset({OTHER_HOST})


def announced_there(_: Cloud, host: FakeHost) -> None:
    host.publish(THERE)


def without_metadata(cloud: Cloud) -> None:
    del cloud.source.documents[document_id(0)].contents["acsmetadata"]


def stopped_without_event(cloud: Cloud) -> None:
    """A recording of ours that ACS does not know any more, and of which no event ever came."""
    began = BEGINNING - timedelta(hours=2)
    active = cloud.catalog.save_recording(a_recording(created_at=began, updated_at=began))
    row = cloud.catalog.save_recording(replace(active, ended_at=began))
    cloud.catalog.put_entries([recording_entry(row, BEGINNING)])


def started_without_answer(cloud: Cloud) -> None:
    """A start that nobody ever confirmed."""
    began = BEGINNING - timedelta(hours=25)
    row = a_recording(status=RecordingStatus.STARTING, recording_id=None, created_at=began, updated_at=began)
    cloud.catalog.save_recording(row)
    cloud.catalog.put_entries([recording_entry(row, BEGINNING)])


def without_a_word_of_acs(cloud: Cloud) -> None:
    """The same, and ACS answers no question for its state."""
    stopped_without_event(cloud)
    cloud.acs.answers["state"].extend(AcsUnavailable("broken", status=500) for _ in range(100))


def that_acs_keeps_for_an_hour(cloud: Cloud) -> None:
    """So that waiting takes few sweeps: they are alike."""
    cloud.configure(UNKNOWN_RECORDINGS="manage", ACS_RETENTION_HOURS="1")


def with_the_third_file(cloud: Cloud) -> None:
    that_acs_keeps_for_an_hour(cloud)
    cloud.source.add(document_id(2), *files(2), EXPIRES_AT)


def of_a_stranger(cloud: Cloud) -> None:
    cloud.source.add(document_id(0), files(0)[0], metadata(0, callId="a call of others"), EXPIRES_AT)


def overwritten(cloud: Cloud, chunk: Chunk) -> None:
    cloud.store.overwrite(chunk.content_blob, OTHER_BYTES)


def removed(cloud: Cloud, chunk: Chunk) -> None:
    cloud.store.lose(chunk.content_blob)


def hindered(cloud: Cloud, chunk: Chunk) -> None:
    """Another content lies under the name of the copy before it is made."""
    cloud.store.all[chunk.content_blob] = FakeBlob(content=OTHER_BYTES, etag=cloud.world.version())


def mended_and_replayed(cloud: Cloud, host: FakeHost) -> None:
    """The operator takes that away, and replays until the app says that it has."""
    removed(cloud, cloud.chunk())
    while not host.invoke(lambda services: services.replay.recording(cloud.recording().id).messages):
        cloud.world.advance(timedelta(seconds=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What happens, how it must end, and what must have been told by then.

    Attributes:
        settings: of the app.
        before: what is so before the events come.
        tampers: what somebody does to the copy, once the row has the status.
        afterwards: what somebody does when everything has come to rest.
        ends: the statuses of recording and chunk; nothing where there is no row.
        unlike: faults that would make it another loss.
    """

    settings: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[Cloud], None] = as_it_is
    events: tuple[Event, ...] = (file_ready_event(1),)
    tampers: tuple[ChunkStatus, Callable[[Cloud, Chunk], None]] | None = None
    afterwards: Callable[[Cloud, FakeHost], None] | None = None
    ends: tuple[str, ...]
    told: frozenset[LogEvent]
    unlike: frozenset[Fault] = frozenset()


LOSSES: Mapping[str, Loss] = {
    "a chunk is destroyed before its event comes": Loss(
        settings=ONE_HOUR,
        before=destroyed,
        events=(file_ready_event(1, event_time=YESTERDAY),),
        ends=(RecordingStatus.FAILED, ChunkStatus.FAILED),
        told=frozenset({LogEvent.CHUNK_FAILED, LogEvent.RECORDING_FAILED}),
    ),
    "the metadata are destroyed before they are copied": Loss(
        settings=ONE_HOUR,
        before=without_metadata,
        events=(file_ready_event(1, event_time=YESTERDAY),),
        ends=(RecordingStatus.COMPLETED, ChunkStatus.STORED),
        told=frozenset({LogEvent.CHUNK_INCOMPLETE}),
        unlike=frozenset({Fault.MISSING}),  # a 404 on the media, after the deadline, says that they are destroyed, too
    ),
    "the copy is overwritten": Loss(
        tampers=(ChunkStatus.STORED, overwritten),
        ends=(RecordingStatus.FAILED, ChunkStatus.FAILED),
        told=frozenset({LogEvent.CHUNK_ALTERED, LogEvent.RECORDING_FAILED}),
    ),
    "the copy is removed": Loss(
        tampers=(ChunkStatus.STORED, removed),
        ends=(RecordingStatus.COMPLETED, ChunkStatus.DELETED),
        told=frozenset({LogEvent.CHUNK_ALTERED}),
    ),
    "a chunk that never appears is destroyed within the hour": Loss(
        settings=ONE_HOUR,
        before=destroyed,
        ends=(RecordingStatus.FAILED, ChunkStatus.FAILED),
        told=frozenset({LogEvent.CHUNK_AT_RISK, LogEvent.CHUNK_FAILED, LogEvent.RECORDING_FAILED}),
    ),
    "ACS never answers": Loss(
        settings=ONE_HOUR,
        before=silent,
        ends=(RecordingStatus.FAILED, ChunkStatus.FAILED),
        told=frozenset({LogEvent.CHUNK_AT_RISK, LogEvent.CHUNK_FAILED, LogEvent.RECORDING_FAILED}),
    ),
    "a file whose event is of yesterday appears late": Loss(
        settings=ONE_HOUR,
        before=late,
        events=(file_ready_event(1, event_time=YESTERDAY),),
        ends=(RecordingStatus.COMPLETED, ChunkStatus.DELETED),
        told=frozenset({LogEvent.CHUNK_AT_RISK}),
    ),
    "a chunk ended long ago by its own account": Loss(
        before=of_long_ago,
        ends=(RecordingStatus.COMPLETED, ChunkStatus.DELETED),
        told=frozenset(),
    ),
    "a chunk is announced again where it is": Loss(
        before=elsewhere,
        events=(file_ready_event(1), THERE),
        ends=(RecordingStatus.COMPLETED, ChunkStatus.DELETED),
        told=frozenset(),
    ),
    "a chunk is given up, then announced where it is": Loss(
        settings=ONE_HOUR,
        before=elsewhere,
        afterwards=announced_there,
        ends=(RecordingStatus.COMPLETED, ChunkStatus.DELETED),
        told=frozenset({LogEvent.CHUNK_FAILED, LogEvent.RECORDING_FAILED}),
    ),
    "a copy is hindered, then replayed": Loss(
        tampers=(ChunkStatus.PENDING, hindered),
        afterwards=mended_and_replayed,
        ends=(RecordingStatus.COMPLETED, ChunkStatus.DELETED),
        told=frozenset({LogEvent.CHUNK_FAILED, LogEvent.RECORDING_FAILED}),
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
        events=({"eventType": "Something.Else"},), ends=(), told=frozenset({LogEvent.EVENT_REJECTED})
    ),
    "an event names a stranger's document": Loss(
        before=of_a_stranger,
        ends=(RecordingStatus.COMPLETED, ChunkStatus.STORED),
        told=frozenset({LogEvent.CHUNK_INCOMPLETE}),
    ),
    "an event lists no file": Loss(
        before=stopped_without_event,
        events=(file_ready_event(0),),
        ends=(RecordingStatus.FAILED,),
        told=frozenset({LogEvent.EVENT_REJECTED, LogEvent.RECORDING_FAILED}),
    ),
    "one of three chunks is never announced": Loss(
        before=with_the_third_file,
        events=(file_ready_event([announced_chunk(0), announced_chunk(2)]),),
        ends=(RecordingStatus.FAILED, ChunkStatus.DELETED, ChunkStatus.DELETED),
        told=frozenset({LogEvent.RECORDING_INCOMPLETE, LogEvent.RECORDING_FAILED}),
    ),
    "ACS says that a part was lost": Loss(
        before=that_acs_keeps_for_an_hour,
        events=(file_ready_event([announced_chunk(endReason="chunkUploadFailure")]),),
        ends=(RecordingStatus.FAILED, ChunkStatus.DELETED),
        told=frozenset({LogEvent.RECORDING_INCOMPLETE, LogEvent.RECORDING_FAILED}),
    ),
    "no event comes, and ACS does not say that none will": Loss(
        before=without_a_word_of_acs,
        events=NOTHING,
        ends=(RecordingStatus.FAILED,),
        told=frozenset({LogEvent.RECORDING_FAILED}),
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


class LossRun:
    """One run of a loss under faults."""

    def __init__(self, name: str, fault_plan: FaultPlan) -> None:
        self.name = name
        self.loss = loss = LOSSES[name]
        self.fault_plan = fault_plan
        self.struck: dict[int, Fault] = {}
        self.cloud = ONE.cloud(**loss.settings)
        self.world = self.cloud.world
        loss.before(self.cloud)
        self.world.effects.clear()
        self.tampered = False
        self.oracle = Oracle(self.cloud)
        self.world.plan = self.plan

    def plan(self, effect: Effect) -> Fault | None:
        self.tamper()
        self.oracle.effect_begins(effect)
        fault = self.fault_plan(effect)
        if fault:
            self.struck[effect.number] = fault
            self.world.now += TIME_OUTS.get(fault, timedelta(0))
        return fault

    def tamper(self) -> None:
        if self.tampered or self.loss.tampers is None:
            return
        status, deed = self.loss.tampers
        for chunk in self.cloud.chunks():
            if chunk.status is status:
                self.tampered = True
                deed(self.cloud, chunk)
                self.oracle.blobs = self.cloud.store.blobs

    def run(self) -> "LossRun":
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
                if self.loss.afterwards is not None:
                    self.oracle.blobs = {}  # what somebody takes away is not the app's doing
                    self.loss.afterwards(self.cloud, host)
                    host.settle()
            self.oracle.listed_once()
            nothing_fails_in_silence(self.cloud, alerts)
            hold(self.loss.told <= alerts.events, f"Told was {sorted(alerts.events)}.")
            hold(self.ends == self.loss.ends, f"It ended as {self.ends}.")
        except (AssertionError, Violation, Crash, RecorderError, KeyError) as error:
            raise Violation(f"{error!r}\n  again: {self.command}") from error
        return self

    @property
    def command(self) -> str:
        return f'python -m tests.model --loss "{self.name}" --faults "{text_of(self.struck)}"'

    @property
    def ends(self) -> tuple[str, ...]:
        recordings = [recording.status for recording in self.cloud.recordings()]
        return (*recordings, *(chunk.status for chunk in self.cloud.chunks()))


def play_loss(name: str, faults: Faults) -> Iterator[tuple[int, Fault]]:
    """Run a loss; the faults that can follow are those that are unlike it. Raises: Violation."""
    effects = LossRun(name, FixedFaults(dict(faults))).run().world.effects
    unlike = LOSSES[name].unlike
    return ((one.number, fault) for one in effects for fault in faults_of(one.name) if fault not in unlike)
