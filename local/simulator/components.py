"""Every part of a running simulator, put together once."""

from dataclasses import dataclass

from local.simulator.arrivals import Arrivals
from local.simulator.blobs import OpenAccounts, OpenBlobs
from local.simulator.byos import Exporter
from local.simulator.callbacks import Callbacks
from local.simulator.calls import Calls
from local.simulator.clock import Clock
from local.simulator.data_plane import DataPlane
from local.simulator.dead_letters import DeadLetters
from local.simulator.delivery import Delivery
from local.simulator.documents import Documents
from local.simulator.event_oracle import EventOracle
from local.simulator.event_topic import EventTopic
from local.simulator.faults import Faults
from local.simulator.file_generator import FileGenerator
from local.simulator.lifecycle import Lifecycle
from local.simulator.oracle import DeletionOracle
from local.simulator.publisher import Publisher
from local.simulator.queues import Queues
from local.simulator.recording_api import RecordingApi
from local.simulator.recordings import Recordings
from local.simulator.request_log import RequestLog
from local.simulator.resource import Resource
from local.simulator.scheduler import Scheduler
from local.simulator.settings import CurrentSettings, Settings
from local.simulator.signing import Authenticator
from local.simulator.storage_host import StorageHost
from local.simulator.subscriptions import Subscriptions
from local.simulator.tokens import TokenSigner


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """What admin can see and change, and what answers for Azure."""

    resource: Resource
    settings: CurrentSettings
    clock: Clock
    scheduler: Scheduler
    accounts: OpenAccounts
    queues: Queues
    calls: Calls
    recordings: Recordings
    documents: Documents
    lifecycle: Lifecycle
    delivery: Delivery
    callbacks: Callbacks
    arrivals: Arrivals
    oracle: DeletionOracle
    signer: TokenSigner
    faults: Faults
    log: RequestLog
    data_plane: DataPlane


def make_components(initial: Settings, open_blobs: OpenBlobs) -> Components:
    """Build a simulator's inside; nothing runs yet."""
    resource, settings, clock, scheduler = Resource(), CurrentSettings(initial), Clock(), Scheduler()
    accounts, signer = OpenAccounts(open_blobs), TokenSigner(resource.immutable_id)
    calls, recordings, documents = Calls(), Recordings(), Documents(settings, clock)
    dead_letters = DeadLetters(settings, accounts, clock, resource.topic.rpartition("/")[2])
    delivery = Delivery(settings, scheduler, clock, dead_letters)
    callbacks = Callbacks(settings, scheduler, clock, signer)
    file_generator, exporter = FileGenerator(resource.immutable_id, clock), Exporter(settings, accounts)
    publisher = Publisher(settings, scheduler, clock, file_generator, documents, exporter, delivery, resource.topic)
    lifecycle = Lifecycle(settings, scheduler, clock, recordings, callbacks, publisher)
    authenticator = Authenticator(resource.access_key, resource.endpoint_host, settings, clock)
    oracle, faults, log = DeletionOracle(settings, accounts, clock), Faults(), RequestLog()
    recording_api = RecordingApi(authenticator, settings, calls, recordings, lifecycle, clock)
    arrivals, queues = Arrivals(), Queues()
    event_oracle = EventOracle(settings, accounts, oracle, recordings, documents)
    topic = EventTopic(arrivals, Subscriptions(settings, scheduler, clock, queues), event_oracle, clock)
    storage_host = StorageHost(authenticator, settings, documents, oracle, clock)
    return Components(
        resource=resource,
        settings=settings,
        clock=clock,
        scheduler=scheduler,
        accounts=accounts,
        queues=queues,
        calls=calls,
        recordings=recordings,
        documents=documents,
        lifecycle=lifecycle,
        delivery=delivery,
        callbacks=callbacks,
        arrivals=arrivals,
        oracle=oracle,
        signer=signer,
        faults=faults,
        log=log,
        data_plane=DataPlane(recording_api, storage_host, signer, topic, faults, log, clock, settings),
    )
