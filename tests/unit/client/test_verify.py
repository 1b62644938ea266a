"""A folder is proven without the app, by a downloaded document or by the app's own manifest."""

from pathlib import Path

import msgspec
import pytest

from acsrec import Error, verify
from shared.domain.json_views import manifest
from shared.domain.models import Chunk
from shared.domain.statuses import ChunkStatus
from tests.builders import OUR_ID, a_recording
from tests.unit.client.fake_app import answer, chunk_with, shown

MEDIA = b"RIFF" * 100
METADATA = b'{"a": 1}'
COMPLETED = a_recording(status="completed")


def a_folder(folder: Path, *chunks: Chunk) -> Path:
    """With the app's own manifest, and every file as it should be."""
    (folder / "recording.json").write_bytes(msgspec.json.encode(manifest(COMPLETED, chunks)))
    for chunk in chunks:
        (folder / name(chunk)).write_bytes(MEDIA)
        if chunk.metadata_blob:
            (folder / chunk.metadata_blob.rpartition("/")[2]).write_bytes(METADATA)
    return folder


def name(chunk: Chunk) -> str:
    return chunk.content_blob.rpartition("/")[2]


ONE = chunk_with(MEDIA, METADATA)


def test_the_app_s_own_manifest_proves_a_folder(tmp_path: Path) -> None:
    found = verify(a_folder(tmp_path, ONE))

    assert found.proven
    assert (found.id, found.status, len(found.verified)) == (OUR_ID, "completed", 2)


def test_what_is_altered_missing_and_extra_is_named(tmp_path: Path) -> None:
    second = chunk_with(MEDIA, metadata_blob=None, document_id="0-second", content_blob="f/0001-0-second.wav")
    a_folder(tmp_path, ONE, second)
    (tmp_path / name(ONE)).write_bytes(MEDIA[:-1] + b"x")
    (tmp_path / name(second)).unlink()
    (tmp_path / "notes.txt").touch()

    found = verify(tmp_path)

    assert not found.proven
    assert (found.altered, found.missing, found.extra) == ((name(ONE),), (name(second),), ("notes.txt",))


def test_what_is_extra_takes_nothing_from_the_proof(tmp_path: Path) -> None:
    (a_folder(tmp_path, ONE) / "notes.txt").touch()

    assert verify(tmp_path).proven


@pytest.mark.parametrize("status", [ChunkStatus.PENDING, ChunkStatus.FAILED])
def test_a_chunk_that_nothing_vouches_for_is_not_proven_though_its_file_is_there(
    tmp_path: Path, status: ChunkStatus
) -> None:
    chunk = chunk_with(MEDIA, metadata_blob=None, status=status, failure="It was altered.")

    found = verify(a_folder(tmp_path, chunk))

    assert not found.proven
    assert found.unproven == {name(chunk): "It was altered."}


def test_a_recording_without_files_proves_nothing(tmp_path: Path) -> None:
    assert not verify(a_folder(tmp_path)).proven


@pytest.mark.parametrize("status", ["active", "paused", "stopped", "transferring", "failed"])
def test_a_recording_that_may_have_more_files_is_not_proven_by_those_that_are_there(
    tmp_path: Path, status: str
) -> None:
    a_folder(tmp_path, ONE)
    document = answer(shown(a_recording(status=status), [ONE])).content
    (tmp_path / "recording.json").write_bytes(document)

    found = verify(tmp_path)

    assert (found.whole, found.proven, len(found.verified)) == (False, False, 2)


def test_an_empty_recording_has_nothing_to_prove(tmp_path: Path) -> None:
    (tmp_path / "recording.json").write_bytes(answer(shown(a_recording(status="empty"), [])).content)

    assert verify(tmp_path).proven


def test_the_newest_manifest_of_a_reopened_recording_counts(tmp_path: Path) -> None:
    a_folder(tmp_path, ONE)
    later = chunk_with(MEDIA, metadata_blob=None, document_id="0-later", content_blob="f/0001-0-later.wav")
    (tmp_path / "recording.2.json").write_bytes(msgspec.json.encode(manifest(COMPLETED, [ONE, later])))

    found = verify(tmp_path)

    assert (found.document, found.missing, found.extra) == ("recording.2.json", ("0001-0-later.wav",), ())


def test_a_manifest_of_the_first_version_has_fewer_fields_and_proves_as_well(tmp_path: Path) -> None:
    a_folder(tmp_path, ONE)
    whole = msgspec.json.decode((tmp_path / "recording.json").read_bytes())
    kept = {"documentId", "status", "contentBlob", "metadataBlob", "sha256", "metadataSha256"}
    chunks = [{field: chunk[field] for field in kept} for chunk in whole["chunks"]]
    (tmp_path / "recording.json").write_bytes(
        msgspec.json.encode({"id": OUR_ID, "status": "completed", "chunks": chunks})
    )

    assert verify(tmp_path).proven


def test_files_in_storage_of_your_own_are_proven_where_their_digest_is_known(tmp_path: Path) -> None:
    url = "https://own.blob.core.windows.net/calls/0000.wav"
    chunk = chunk_with(MEDIA, content_blob=url, metadata_blob=f"{url}.json")

    found = verify(a_folder(tmp_path, chunk))

    assert found.verified == ("0000.wav",)
    assert found.proven


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff", answer(shown(COMPLETED)).content])
def test_a_document_that_is_none_is_no_proof(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "recording.json").write_bytes(content)

    with pytest.raises(Error, match="no document of a recording"):
        verify(tmp_path)


def test_a_folder_without_a_document_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(Error, match=r"has no recording\.json"):
        verify(tmp_path / "nowhere")


def test_two_files_of_one_name_cannot_be_told_apart(tmp_path: Path) -> None:
    twins = [chunk_with(MEDIA, metadata_blob=None, content_blob=f"f/{twin}.wav") for twin in ("a", "A")]

    with pytest.raises(Error, match="one folder cannot have both"):
        verify(a_folder(tmp_path, *twins))
