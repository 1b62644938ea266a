"""What is told through the topic must be so when it arrives."""

from typing import Any

import pytest

from local.simulator.settings import BlobAccount
from local.simulator.views import DocumentView

from .memory_blobs import MemoryBlobs
from .support import SDK_WARNINGS, Acs
from .test_event_topic import EVENT, post

pytestmark = SDK_WARNINGS

CONTAINER = "recordings"
ENDS = ("Stopped", "Empty", "Completed")


@pytest.fixture
def watched(acs: Acs) -> Acs:
    account = BlobAccount(connection_string="x", container=CONTAINER)
    acs.admin.change_settings(oracle=account, byos=account)
    return acs


def tell(kind: str, **data: Any) -> None:
    answer = post([EVENT | {"type": f"CallRecording.{kind}", "data": data}])
    assert answer.status_code == 200


def stored(document: DocumentView) -> dict[str, Any]:
    """What is told of a document whose copy is right."""
    return {
        "documentId": document.document_id,
        "contentBlob": "a/0000-x.wav",
        "metadataBlob": "a/0000-x.metadata.json",
        "bytes": document.bytes,
        "sha256": document.sha256,
        "metadataSha256": document.metadata_sha256,
    }


def copy(blobs: MemoryBlobs) -> None:
    blobs.blobs |= {(CONTAINER, name): b"x" for name in ("a/0000-x.wav", "a/0000-x.metadata.json")}


@pytest.mark.parametrize("kind", ENDS)
def test_an_end_that_is_one_is_right(acs: Acs, kind: str) -> None:
    tell(kind, recordingId=acs.record().recording_id)

    assert acs.admin.violations() == []


@pytest.mark.parametrize("kind", ENDS)
def test_an_end_while_it_records_is_a_violation(acs: Acs, kind: str) -> None:
    recording_id = acs.start()

    tell(kind, recordingId=recording_id)

    (violation,) = acs.admin.violations()
    assert violation.recording_id == recording_id
    assert violation.reason == f"CallRecording.{kind} was told, but the recording is active"


def test_a_copy_that_is_there_is_right(watched: Acs, blobs: MemoryBlobs) -> None:
    copy(blobs)

    tell("Stored", **stored(watched.document()))

    assert watched.admin.violations() == []


@pytest.mark.parametrize("name", ["a/0000-x.wav", "a/0000-x.metadata.json"])
def test_a_copy_that_is_not_there_is_a_violation(watched: Acs, blobs: MemoryBlobs, name: str) -> None:
    document = watched.document()
    copy(blobs)
    del blobs.blobs[CONTAINER, name]

    tell("Stored", **stored(document))

    (violation,) = watched.admin.violations()
    assert violation.document_id == document.document_id
    assert violation.reason.endswith(f"its blob {name} is not there")


@pytest.mark.parametrize("name", ["bytes", "sha256", "metadataSha256"])
def test_a_copy_that_is_told_to_be_another_than_the_original_is_a_violation(
    watched: Acs, blobs: MemoryBlobs, name: str
) -> None:
    copy(blobs)

    tell("Stored", **stored(watched.document()) | {name: 0})

    (violation,) = watched.admin.violations()
    assert f"but {name} is " in violation.reason


@pytest.mark.parametrize(("name", "violations"), [("there.wav", 0), ("gone.wav", 1)])
def test_a_copy_in_own_storage_is_looked_for_by_its_url(
    watched: Acs, blobs: MemoryBlobs, name: str, violations: int
) -> None:
    blobs.blobs["own", "a b/there.wav"] = b"x"
    told = stored(watched.document()) | {"contentBlob": f"{MemoryBlobs.url}/own/a%20b/{name}", "metadataBlob": None}

    tell("Stored", **told)

    assert len(watched.admin.violations()) == violations


@pytest.mark.parametrize(("blob", "violations"), [("a/recording.json", 0), ("b/recording.json", 1), (None, 0)])
def test_a_completion_names_a_manifest_that_is_there(
    watched: Acs, blobs: MemoryBlobs, blob: str | None, violations: int
) -> None:
    blobs.blobs[CONTAINER, "a/recording.json"] = b"{}"

    tell("Completed", manifestBlob=blob)

    assert len(watched.admin.violations()) == violations


@pytest.mark.parametrize("kind", ["Stored", "Completed", "Stopped", "Started", "Else"])
def test_what_it_does_not_know_it_does_not_judge(watched: Acs, kind: str) -> None:
    tell(kind, recordingId="of an earlier run", documentId="of an earlier run")
    post([EVENT | {"type": f"CallRecording.{kind}", "data": 7}])

    assert watched.admin.violations() == []
