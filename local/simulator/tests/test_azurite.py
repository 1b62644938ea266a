"""The simulator and real blob storage: oracle, own storage and dead letters against Azurite."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.communication.callautomation import AzureBlobContainerRecordingStorage, CallAutomationClient
from azure.storage.blob import BlobServiceClient

from local.azurite import Azurite, is_installed
from local.simulator.client import SimulatorAdmin
from local.simulator.scripts import Script
from local.simulator.settings import BlobAccount, Settings
from local.simulator.simulator import Options, Simulator
from local.simulator.views import RecordingView

from .support import SDK_WARNINGS, Acs
from .webhook import Webhook, wait_until

pytestmark = [SDK_WARNINGS, pytest.mark.stack]


@pytest.fixture(scope="module")
def connection_string() -> Iterator[str]:
    if not is_installed():
        pytest.skip("Azurite is not installed in local/node_modules: run `make setup`")
    with Azurite() as azurite:
        yield azurite.connection_string


@pytest.fixture
def storage(connection_string: str) -> Iterator[BlobServiceClient]:
    with BlobServiceClient.from_connection_string(connection_string) as storage:
        yield storage


@pytest.fixture
def acs(connection_string: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Acs]:
    settings = Settings(
        active_delay_seconds=0,
        ready_delay_seconds=0,
        oracle=BlobAccount(connection_string=connection_string, container="recordings"),
        byos=BlobAccount(connection_string=connection_string),
        dead_letters=BlobAccount(connection_string=connection_string, container="dead-letters"),
        delivery_attempts_max=1,
    )
    with Simulator(Options(directory=tmp_path, settings=settings)) as simulator:
        for name, value in simulator.environment().items():
            monkeypatch.setenv(name, value)
        with CallAutomationClient.from_connection_string(simulator.connection_string) as client:
            yield Acs(client, SimulatorAdmin(simulator.admin_url))


def store(acs: Acs, storage: BlobServiceClient, recording: RecordingView) -> None:
    container = storage.get_container_client("recordings")
    if not container.exists():
        container.create_container()
    for document in recording.documents:
        stem = f"2026/11/22/{recording.call_id}/{document.index:04}-{document.document_id}"
        container.upload_blob(f"{stem}.wav", acs.fetch(document))
        container.upload_blob(f"{stem}.metadata.json", acs.fetch_metadata(document))


def test_the_oracle_finds_what_is_stored_and_misses_what_is_not(acs: Acs, storage: BlobServiceClient) -> None:
    stored = acs.record(Script(chunks=2, chunk_bytes=6_000_000))
    store(acs, storage, stored)
    only_fetched = acs.document()
    acs.fetch(only_fetched)
    acs.fetch_metadata(only_fetched)

    for document in (*stored.documents, only_fetched):
        acs.delete(document)

    assert [violation.document_id for violation in acs.admin.violations()] == [only_fetched.document_id]


def test_storage_that_does_not_answer_is_a_violation_too(acs: Acs) -> None:
    nowhere = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;BlobEndpoint=http://127.0.0.1:1/a;"
    acs.admin.change_settings(oracle=BlobAccount(connection_string=nowhere, container="recordings"))
    document = acs.document()
    acs.fetch(document)
    acs.fetch_metadata(document)

    acs.delete(document)

    assert "could not be read" in acs.admin.violations()[0].reason


def test_own_storage_receives_the_bytes(acs: Acs, storage: BlobServiceClient) -> None:
    destination = AzureBlobContainerRecordingStorage(f"{storage.url.rstrip('/')}/own/deep/down")
    with Webhook() as webhook:
        acs.admin.change_settings(event_endpoint=webhook.url)
        recording = acs.record(Script(chunk_bytes=3_000_000), recording_storage=destination)
        chunk = webhook.wait(1)[0].document[0]["data"]["recordingStorageInfo"]["recordingChunks"][0]

    name = chunk["contentLocation"].removeprefix(f"{storage.url.rstrip('/')}/own/")
    stored = storage.get_blob_client("own", name).download_blob().readall()
    assert name.startswith("deep/down/")
    assert stored == acs.admin.content(recording.documents[0].document_id)


def test_dead_letters_land_in_their_container(acs: Acs, storage: BlobServiceClient) -> None:
    acs.admin.change_settings(event_endpoint="http://127.0.0.1:1/nobody")
    acs.record()
    container = storage.get_container_client("dead-letters")

    wait_until(lambda: container.exists() and len(list(container.list_blob_names())) == 1)

    assert acs.admin.events()[0].state == "deadLettered"
