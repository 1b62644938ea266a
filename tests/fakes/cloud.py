"""Everything outside of the app at once, and the app's own composition root on top of it."""

from functools import partial

from shared.domain.models import Chunk, Recording
from shared.domain.statuses import ChunkStatus
from shared.services import Services
from shared.settings import Settings
from tests.fakes.acs import FakeAcsCalls, FakeDocument, FakeSource
from tests.fakes.catalog import FakeCatalog
from tests.fakes.day_lines import FakeDayLines
from tests.fakes.events import FakeCallbackVerifier, FakeEventContainer, FakeTopic
from tests.fakes.pieces import FakePieces
from tests.fakes.store import FakeOwnStorage, FakeStore
from tests.fakes.world import Plan, World, no_fault

ENVIRONMENT = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "ACS_CONNECTION_STRING": "endpoint=https://acs.example/;accesskey=c2VjcmV0",
}


PROBES = ("tables", "recordingsStorage", "runtimeStorage", "acs")


class DeletedUnproven(BaseException):
    """An original was deleted at ACS without its equal copy, or without a row that says so. No error of the app's."""


class Cloud:
    """ACS, storage and rows, and a process of the app that uses them.

    Args:
        plan: decides which fault strikes which effect.
        settings: of the app, beyond the two that are required.
    """

    def __init__(self, plan: Plan = no_fault, /, **settings: str) -> None:
        self.world = World(plan)
        self.catalog = FakeCatalog(self.world)
        self.day_lines = FakeDayLines(self.world)
        self.acs = FakeAcsCalls(self.world)
        self.source = FakeSource(self.world)
        self.store = FakeStore(self.world)
        self.exports = FakeStore(self.world)
        self.pieces = FakePieces(self.world, self.store, self.exports)
        self.own = FakeOwnStorage(self.world)
        self.rejected = FakeEventContainer(self.world, "rejected")
        self.letters = FakeEventContainer(self.world, "letters")
        self.verifier = FakeCallbackVerifier()
        self.topic = FakeTopic(self.world)
        self.source.on_delete = self.witness
        self.deleted: list[str] = []
        self.environment = ENVIRONMENT | settings
        self.services = self.new_process()

    @property
    def settings(self) -> Settings:
        """Raises: SettingsInvalid as long as they are wrong."""
        return self.services.settings

    def new_process(self) -> Services:
        """The app as it is after a start: it remembers nothing but what is outside."""
        services = Services(self.environment, self.world.clock, writers=1)
        services.catalog = self.catalog
        services.day_lines = self.day_lines
        services.acs_calls = self.acs
        services.source = self.source
        services.store = self.store
        services.export_store = self.exports
        services.copy_pieces = self.pieces
        services.own_storage = self.own
        services.rejected_events = self.rejected
        services.dead_letters = self.letters
        services.topic = self.topic if self.environment.get("EVENTS_TOPIC_ENDPOINT") else None
        services.probes = {name: partial(self.probe, f"probe.{name}") for name in PROBES}
        services.callback_verifier = self.verifier if self.environment.get("CALLBACK_AUDIENCE") else None
        return services

    def probe(self, name: str) -> None:
        with self.world.effect(name):
            pass

    def restart(self) -> None:
        """The process that died is replaced."""
        self.world.restart()
        self.services = self.new_process()

    def configure(self, **settings: str) -> None:
        """Change settings, as an operator does: the app starts anew."""
        self.environment = ENVIRONMENT | settings
        self.restart()

    def witness(self, document_id: str, document: FakeDocument) -> None:
        """See to it that nothing is deleted before its copy is proven and written down."""
        row = next((chunk for chunk in self.chunks() if chunk.document_id == document_id), None)
        copies = [content for name, content in self.store.blobs.items() if document_id in name]
        if row is None or row.status is ChunkStatus.PENDING:
            raise DeletedUnproven(f"No row says that {document_id} is stored.")
        if any(content not in copies for content in document.contents.values()):
            raise DeletedUnproven(f"{document_id} has no equal copy.")
        for name, version in ((row.content_blob, row.content_version), (row.metadata_blob, row.metadata_version)):
            if name in self.store.all and self.store.all[name].version_id != version:
                raise DeletedUnproven(f"The proven version of {name} does not bear the name.")
        self.deleted.append(document_id)

    # What there is, without it being an effect of the app's.

    def recordings(self) -> list[Recording]:
        return [row for row in self.catalog.rows.values() if isinstance(row, Recording)]

    def chunks(self) -> list[Chunk]:
        """Every chunk, by recording and index."""
        rows = [row for row in self.catalog.rows.values() if isinstance(row, Chunk)]
        return sorted(rows, key=lambda chunk: (chunk.id, chunk.index, chunk.document_id))

    def recording(self) -> Recording:
        """The only recording."""
        (recording,) = self.recordings()
        return recording

    def chunk(self, index: int = 0) -> Chunk:
        return self.chunks()[index]
