"""The deletion oracle, and recording into the operator's own storage."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from azure.communication.callautomation import AzureBlobContainerRecordingStorage

from local.simulator.scripts import EventOptions, Script
from local.simulator.settings import BlobAccount
from local.simulator.views import DocumentView

from .memory_blobs import MemoryBlobs
from .support import SDK_WARNINGS, Acs
from .webhook import Webhook

pytestmark = SDK_WARNINGS

CONTAINER = "recordings"
FOLDER = "2026/11/22/6f1c"


@pytest.fixture
def watched(acs: Acs) -> Acs:
    acs.admin.change_settings(oracle=BlobAccount(connection_string="x", container=CONTAINER))
    return acs


def store(acs: Acs, blobs: MemoryBlobs, document: DocumentView) -> tuple[tuple[str, str], tuple[str, str]]:
    """Do what the app under test has to do before it may delete; returns the two places."""
    stem = f"{FOLDER}/{document.index:04}-{document.document_id}"
    media, metadata = (CONTAINER, f"{stem}.{document.media_format}"), (CONTAINER, f"{stem}.metadata.json")
    blobs.blobs[media] = acs.fetch(document)
    blobs.blobs[metadata] = acs.fetch_metadata(document)
    return media, metadata


def test_deleting_what_is_stored_is_right(watched: Acs, blobs: MemoryBlobs) -> None:
    document = watched.document()
    store(watched, blobs, document)

    watched.delete(document)

    assert watched.admin.violations() == []


def test_deleting_what_was_never_fetched_is_a_violation(acs: Acs) -> None:
    document = acs.document()

    acs.delete(document)

    (violation,) = acs.admin.violations()
    assert (violation.document_id, violation.reason) == (document.document_id, "its content was never fetched")


@pytest.mark.parametrize("which", [0, 1])
def test_deleting_what_is_missing_in_storage_is_a_violation(watched: Acs, blobs: MemoryBlobs, which: int) -> None:
    document = watched.document()
    del blobs.blobs[store(watched, blobs, document)[which]]

    watched.delete(document)

    assert "no blob ends in" in watched.admin.violations()[0].reason


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("damage", [b"", b"x"])
def test_deleting_what_differs_in_storage_is_a_violation(
    watched: Acs, blobs: MemoryBlobs, which: int, damage: bytes
) -> None:
    document = watched.document()
    place = store(watched, blobs, document)[which]
    blobs.blobs[place] = blobs.blobs[place][:-1] + damage

    watched.delete(document)

    assert "differs" in watched.admin.violations()[0].reason


def test_a_refused_delete_is_no_violation(watched: Acs) -> None:
    document = watched.document()
    watched.admin.change_settings(clock_skew_seconds=3600)

    with pytest.raises(Exception, match="Unauthorized"):
        watched.delete(document)

    assert watched.admin.violations() == []


def test_many_deletions_share_one_listing(watched: Acs, blobs: MemoryBlobs) -> None:
    recording = watched.record(Script(chunks=150, chunk_bytes=1000))
    for document in recording.documents:
        store(watched, blobs, document)

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(watched.delete, recording.documents))

    assert watched.admin.violations() == []
    assert blobs.listings <= 4


def test_own_storage_receives_the_files_and_the_event_names_them(acs: Acs, blobs: MemoryBlobs) -> None:
    with Webhook() as webhook:
        (event,) = own_recording(acs, webhook, Script(chunks=2, chunk_bytes=1000))
    recording = acs.admin.recordings()[0]

    assert (event["data"]["storageType"], event["data"]["recordingId"]) == ("AzureBlob", recording.recording_id)
    for chunk in event["data"]["recordingStorageInfo"]["recordingChunks"]:
        name = chunk["contentLocation"].removeprefix(f"{blobs.url}/own/")
        assert name.startswith("calls/20")
        assert name.endswith(f"/{chunk['index']}-audiowav.{chunk['documentId']}.wav")
        assert f"/{recording.call_id}/{recording.recording_id[:8]}-" in name
        assert blobs.blobs["own", name] == acs.admin.content(chunk["documentId"])
        metadata = chunk["metadataLocation"].removeprefix(f"{blobs.url}/own/")
        assert metadata.endswith(f"-acsmetadata.{chunk['documentId']}.json")
        assert blobs.blobs["own", metadata] == acs.admin.metadata(chunk["documentId"])


def test_a_failed_export_points_at_the_built_in_storage(acs: Acs, blobs: MemoryBlobs) -> None:
    with Webhook() as webhook:
        (event,) = own_recording(acs, webhook, Script(export_fails=True))
    (chunk,) = event["data"]["recordingStorageInfo"]["recordingChunks"]

    assert event["data"]["storageType"] == "ACS"
    assert chunk["contentLocation"].startswith("https://us-storage.asm.skype.com/")
    assert blobs.blobs == {}


def test_an_export_can_be_duplicated_into_another_folder(acs: Acs) -> None:
    with Webhook() as webhook:
        (event,) = own_recording(acs, webhook, Script(events=EventOptions(hadr_twins=1)))
    one, two = event["data"]["recordingStorageInfo"]["recordingChunks"]

    assert one["index"] == two["index"]
    assert one["contentLocation"].rpartition("/")[0] != two["contentLocation"].rpartition("/")[0]


@pytest.mark.parametrize(("switch", "expected"), [("blank", ""), ("absent", None)])
def test_the_delete_location_of_own_storage_is_a_switch(acs: Acs, switch: str, expected: str | None) -> None:
    acs.admin.change_settings(byos_delete_location=switch)
    with Webhook() as webhook:
        (event,) = own_recording(acs, webhook, Script())
    (chunk,) = event["data"]["recordingStorageInfo"]["recordingChunks"]

    assert chunk.get("deleteLocation") == expected


def own_recording(acs: Acs, webhook: Webhook, script: Script) -> list[dict[str, Any]]:
    acs.admin.change_settings(event_endpoint=webhook.url, byos=BlobAccount(connection_string="x"))
    destination = AzureBlobContainerRecordingStorage(f"{MemoryBlobs.url}/own/calls")
    acs.record(script, recording_storage=destination)
    events: list[dict[str, Any]] = webhook.wait(1)[0].document
    return events


def test_telling_an_end_that_is_one_is_right(acs: Acs) -> None:
    recording_id = acs.record().recording_id

    acs.admin.told_ended(recording_id)

    assert acs.admin.violations() == []


def test_telling_an_end_while_it_records_is_a_violation(acs: Acs) -> None:
    recording_id = acs.start()

    acs.admin.told_ended(recording_id)

    (violation,) = acs.admin.violations()
    assert (violation.document_id, violation.recording_id) == ("", recording_id)
    assert "told that recording ended" in violation.reason
