"""What the app does to the operator's Blob Storage is within its role there, and its role holds no more than that."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient

from local.azurite import Azurite
from shared.adapters.blob_pieces import BlobPieces
from shared.adapters.blob_storage import BlobChunkStore, BlobOwnStorage
from shared.adapters.dependency_probes import probe_containers
from shared.adapters.storage_accounts import StorageAccount
from shared.connection_settings import StorageConnection
from shared.domain.copy_pieces import CopyPieces
from shared.domain.errors import StoreUnavailable
from shared.domain.ports import ChunkStore, OwnStorage
from shared.domain.statuses import ChunkStatus, RecordingStatus
from shared.domain.wav_header import wav_head
from shared.pipeline.rebuild import Outcome
from tests.builders import document_id, file_ready_event, metadata
from tests.copying import checksum_of
from tests.fakes import Cloud, FakeHost
from tests.unit.test_exports import STEREO

from .blob_rights import DELETE, NEEDED, READ, GuardedAdapter
from .conftest import new_name
from .samples import WAV, some_bytes

pytestmark = pytest.mark.stack
ROLE = json.loads((Path(__file__).parents[2] / "infra" / "app-roles.json").read_text())["recordingsWriter"]
HELD = set(ROLE["dataActions"])
BLOCK = 64 * 1024
SOUNDS = (some_bytes(300_004), some_bytes(80), some_bytes(200_000))
NAME = "2026/11/22/6f1c/0000-0-wus-d4-ab.wav"


class Guarded:
    """The app on Azurite, where it may do what roles hold: rows in memory, ACS a fake.

    Args:
        azurite: where its blobs are.
        held: the data actions of its role on recordings and on exports; on what ACS wrote it only reads.
    """

    def __init__(self, azurite: Azurite, held: set[str]) -> None:
        self.account = StorageAccount(StorageConnection(connection_string=azurite.connection_string), None)
        self.recordings, self.exports, self.own = (new_name(kind) for kind in ("recordings", "exports", "own"))
        self.adapter = GuardedAdapter({self.recordings: held, self.exports: held, self.own: {READ}})
        with BlobServiceClient.from_connection_string(azurite.connection_string) as deployer:
            for name in (self.recordings, self.exports, self.own):
                deployer.create_container(name)
            deployer.get_blob_client(self.own, NAME).upload_blob(b"RIFF")
        self.account.blobs = BlobServiceClient.from_connection_string(
            azurite.connection_string, transport=self.adapter.transport(), retry_total=0
        )
        self.cloud = Cloud(UNKNOWN_RECORDINGS="manage", TRANSFER_BLOCK_BYTES=str(BLOCK))
        self.cloud.world.now = datetime.now(UTC)  # links are signed until a time
        self.cloud.source.on_delete = lambda *_: None  # the copies are not where the fakes look
        services = self.cloud.services
        services.store, services.export_store = self.store, BlobChunkStore(self.account, self.exports)
        services.copy_pieces = BlobPieces(self.account, self.recordings, self.exports)

    @property
    def store(self) -> BlobChunkStore:
        return BlobChunkStore(self.account, self.recordings)

    def announce(self) -> FakeHost:
        """ACS has a chunk of some blocks, one of a single request, and another one; their event comes."""
        expires = self.cloud.world.now + timedelta(hours=24)
        for number, sound in enumerate(SOUNDS):
            content = wav_head(STEREO, len(sound)) + sound
            self.cloud.source.add(document_id(number), content, metadata(number), expires)
        host = FakeHost(self.cloud)
        host.publish(file_ready_event(len(SOUNDS)))
        return host

    def asked_for_all(self) -> None:
        """Whatever the app is asked about a recording's files once it is completed."""
        services, recording = self.cloud.services, self.cloud.recording()
        chunk = self.cloud.chunks()[0]
        services.download_links.content(chunk.ref)
        services.download_links.metadata(chunk.ref, download=True)
        services.exports.export(recording.id)
        probe_containers(self.account.blobs, self.recordings)
        day = datetime.fromisoformat("-".join(str(chunk.content_blob).split("/")[:3])).replace(tzinfo=UTC)
        assert services.consistency.check(day, None).differences == ()
        self.cloud.catalog.rows.clear()
        assert services.rebuild.rebuild(day, None).counts == {Outcome.REBUILT: 1}
        container = f"{str(self.account.blobs.url).rstrip('/')}/{self.own}"
        own, url = BlobOwnStorage(self.account, (container,)), f"{container}/{NAME}"
        assert (own.stat(url).length, b"".join(own.read(url))) == (4, b"RIFF")


@contextmanager
def guarded(azurite: Azurite, held: set[str]) -> Iterator[Guarded]:
    app = Guarded(azurite, held)
    with app.account.blobs:
        yield app


def test_a_recording_s_life_needs_all_that_the_role_holds_and_no_more(azurite: Azurite, figure: Any) -> None:
    with guarded(azurite, HELD) as app:
        app.announce().settle()
        completed = app.cloud.recording().status
        chunks = {chunk.status for chunk in app.cloud.chunks()}
        app.asked_for_all()

    used = {name for container, name in app.adapter.passed if container != app.own}
    deletions = sum(count for (_, name), count in app.adapter.passed.items() if name == "Delete Blob")
    assert (completed, chunks) == (RecordingStatus.COMPLETED, {ChunkStatus.DELETED})
    assert app.adapter.refused == []
    assert used == set(NEEDED) - {"Delete Blob"}
    assert set().union(*(NEEDED[name] for name in used)) == HELD
    figure(
        "rights.operations",
        "{operations} operations of Blob Storage in {requests} requests from a recording's event to its export and its"
        " rebuilding: {deletions} deletions; its role holds {held} data actions, each of which it needs,"
        " and {actions} actions on the container itself",
        operations=len(used),
        requests=app.adapter.passed.total(),
        deletions=deletions,
        held=len(HELD),
        actions=len(ROLE["actions"]),
    )


@pytest.mark.parametrize("missing", sorted(HELD))
def test_without_one_of_its_data_actions_nothing_is_copied(azurite: Azurite, missing: str) -> None:
    with guarded(azurite, HELD - {missing}) as app:
        app.announce().work()

    assert ChunkStatus.DELETED not in {chunk.status for chunk in app.cloud.chunks()}
    assert app.adapter.refused != []


def test_the_role_lets_nobody_delete_a_copy_or_its_container(azurite: Azurite) -> None:
    with guarded(azurite, HELD) as app:
        app.store.put(NAME, b"RIFF", WAV)

        with pytest.raises(HttpResponseError, match="AuthorizationPermissionMismatch"):
            app.store.container.delete_blob(NAME)
        with pytest.raises(HttpResponseError, match="AuthorizationPermissionMismatch"):
            app.store.container.delete_container()

        assert app.store.head(NAME) is not None


def test_a_deletion_that_the_role_held_would_be_seen(azurite: Azurite) -> None:
    with guarded(azurite, HELD | {DELETE}) as app:
        app.store.put(NAME, b"RIFF", WAV)
        app.store.container.delete_blob(NAME)

    assert app.adapter.passed[app.recordings, "Delete Blob"] == 1


def test_a_refusal_is_an_outage_and_no_missing_file(azurite: Azurite) -> None:
    with guarded(azurite, set()) as app:
        with pytest.raises(StoreUnavailable, match="AuthorizationPermissionMismatch"):
            app.store.stage(NAME, "0", memoryview(b"x"), checksum_of(b"x"))
        with pytest.raises(StoreUnavailable, match="AuthorizationPermissionMismatch"):
            app.store.head(NAME)


@pytest.mark.parametrize(
    ("port", "methods"),
    [
        (ChunkStore, {"put", "stage", "commit", "committed", "stat", "head", "read", "names", "link"}),
        (CopyPieces, {"read", "stage"}),
        (OwnStorage, {"stat", "read"}),
    ],
)
def test_no_port_to_the_operator_s_files_deletes(port: type, methods: set[str]) -> None:
    assert {name for name in vars(port) if not name.startswith("_")} == methods
