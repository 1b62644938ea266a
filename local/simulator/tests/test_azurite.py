"""The simulator and real storage: oracle, own storage, dead letters and the topic's queue against Azurite."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.communication.callautomation import AzureBlobContainerRecordingStorage, CallAutomationClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueClient, TextBase64DecodePolicy

from local.azurite import Azurite, is_installed
from local.simulator.client import SimulatorAdmin
from local.simulator.scripts import Script
from local.simulator.settings import BlobAccount, QueueAccount, Settings
from local.simulator.simulator import Options, Simulator
from local.simulator.views import RecordingView

from .support import SDK_WARNINGS, Acs
from .test_event_topic import EVENT, post
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


def test_the_topic_fills_a_queue_as_event_grid_does(acs: Acs, connection_string: str) -> None:
    account = QueueAccount(connection_string=connection_string, queue="events")
    acs.admin.change_settings(topic_queue=account, delivery_attempts_max=30, retry_delays_seconds=(0.05,))
    post([EVENT])
    # There is no such queue yet: the first try fails, a later one does not.
    wait_until(lambda: bool(acs.admin.topic_events()[0].handovers))
    with QueueClient.from_connection_string(
        connection_string, account.queue, message_decode_policy=TextBase64DecodePolicy()
    ) as queue:
        queue.create_queue()
        wait_until(lambda: acs.admin.topic_events()[0].handovers[-1].status == 201)
        messages = [json.loads(message.content) for message in queue.receive_messages()]

    first = acs.admin.topic_events()[0].handovers[0]
    assert messages == [EVENT]
    assert (first.to, first.status) == ("queue", 404)


def test_an_event_about_a_copy_that_is_there_is_right(acs: Acs, storage: BlobServiceClient) -> None:
    recording = acs.record(Script(chunk_bytes=1000))
    store(acs, storage, recording)
    (document,) = recording.documents
    stem = f"2026/11/22/{recording.call_id}/{document.index:04}-{document.document_id}"
    own = f"{storage.url.rstrip('/')}/recordings/{stem}.wav"
    right = {"bytes": document.bytes, "sha256": document.sha256}

    for blob in (f"{stem}.wav", own, f"{stem}.mp3"):
        data = {"documentId": document.document_id, "contentBlob": blob, "metadataBlob": None, **right}
        post([EVENT | {"type": "CallRecording.Stored", "data": data}])

    (violation,) = acs.admin.violations()
    assert violation.reason == f"CallRecording.Stored was told, but its blob {stem}.mp3 is not there"
