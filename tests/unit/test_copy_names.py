"""A copy is named for its format: the announced one, else the one that its first bytes have."""

import pytest
from msgspec.structs import replace

from shared.domain.models import Chunk
from shared.domain.statuses import ChunkStatus
from tests.builders import (
    CONTAINER,
    OUR_ID,
    RECORDING_ID,
    Format,
    a_recording,
    announced_chunk,
    document_id,
    file_ready_event,
    keep_at_acs,
    media,
    metadata,
)
from tests.fakes import Cloud, FakeHost, Fault
from tests.fakes.store import FakeBlob
from tests.unit.steps import transfer

CONTENT_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg", "mp4": "video/mp4"}


def announce(cloud: Cloud, format: str | None = None, **fields: object) -> Chunk:
    """One chunk of a recording that nobody started here."""
    cloud.services.ingest.ingest(file_ready_event([announced_chunk(0, **fields)], recordingFormatType=format))
    return cloud.chunk()


def only_content(cloud: Cloud) -> tuple[str, FakeBlob]:
    """Name and blob of the one copy of media that there is."""
    ((name, blob),) = ((name, blob) for name, blob in cloud.store.all.items() if not name.endswith(".json"))
    return name, blob


@pytest.mark.parametrize("named", [None, "Flac"])
@pytest.mark.parametrize("format", ["wav", "mp3", "mp4"])
def test_a_copy_is_named_for_its_first_bytes_where_the_event_names_no_format_that_is_known(
    cloud: Cloud, format: Format, named: str | None
) -> None:
    keep_at_acs(cloud, 1, format)
    announce(cloud, named)

    transfer(cloud)

    name, blob = only_content(cloud)
    stem = f"2026/11/22/{cloud.recording().id}/0000-{document_id(0)}"
    assert (name, blob.headers.content_type) == (f"{stem}.{format}", CONTENT_TYPES[format])
    assert blob.content == media(format, 1000)
    assert (cloud.chunk().content_blob, cloud.chunk().metadata_blob) == (name, f"{stem}.metadata.json")


def test_a_copy_in_blocks_is_named_alike() -> None:
    cloud = Cloud(TRANSFER_BLOCK_BYTES="300")
    keep_at_acs(cloud, 1)
    announce(cloud)

    transfer(cloud)

    assert only_content(cloud)[0] == cloud.chunk().content_blob
    assert cloud.chunk().content_blob.endswith(".wav")


def test_a_file_shorter_than_a_signature_is_named_alike(cloud: Cloud) -> None:
    cloud.source.add(document_id(0), b"\xff\xf3\x68\xc0", metadata(0))
    announce(cloud)

    transfer(cloud)

    assert only_content(cloud)[0].endswith(".mp3")


def test_what_was_asked_for_refuses_no_file_of_which_the_event_names_no_format(cloud: Cloud) -> None:
    cloud.catalog.save_recording(a_recording(recording_format_type="mp3"))
    cloud.catalog.link_acs_id(RECORDING_ID, OUR_ID)
    keep_at_acs(cloud, 1, "wav")
    assert announce(cloud).content_blob.endswith(".mp3")

    transfer(cloud)

    assert cloud.chunk().status is ChunkStatus.STORED
    assert only_content(cloud)[0].endswith(".wav")


def test_a_format_of_a_later_event_refuses_nothing_either(cloud: Cloud) -> None:
    keep_at_acs(cloud, 1, "wav")
    announce(cloud)
    announce(cloud, "Mp3")

    transfer(cloud)

    assert only_content(cloud)[0].endswith(".wav")


def test_no_name_is_taken_from_what_is_no_recording(cloud: Cloud) -> None:
    cloud.source.add(document_id(0), b"<!DOCTYPE html><html></html>", metadata(0))
    before = announce(cloud)
    transfer(cloud)
    assert (cloud.chunk().content_blob, cloud.chunk().format) == (before.content_blob, None)
    cloud.source.documents[document_id(0)].contents["video"] = media("wav", 1000)

    transfer(cloud)

    assert only_content(cloud)[0].endswith(".wav")


@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER])
@pytest.mark.parametrize("effect", ["catalog.save_chunk", "store.stage", "store.commit"])
def test_after_a_kill_there_is_one_copy_under_one_name(effect: str, fault: Fault) -> None:
    cloud = Cloud(TRANSFER_BLOCK_BYTES="300", UNKNOWN_RECORDINGS="manage")
    keep_at_acs(cloud, 1)
    host = FakeHost(cloud)
    host.publish(file_ready_event(1, recordingFormatType=None))
    cloud.world.plan = lambda one: fault if (one.name, one.count) == (effect, 2 - (effect == "store.commit")) else None

    host.settle()

    name, blob = only_content(cloud)
    assert (name, blob.etag) == (cloud.chunk().content_blob, cloud.chunk().content_etag)
    assert (name[-4:], cloud.chunk().status) == (".wav", ChunkStatus.DELETED)


def test_a_copy_that_the_version_before_made_under_another_name_keeps_it(cloud: Cloud) -> None:
    """Its row was not written any more; ACS may not have the original now."""
    keep_at_acs(cloud, 1)
    copied = replace(announce(cloud, "Wav"), format=None, attempts=1)
    name = f"{copied.content_blob.removesuffix('wav')}mp4"
    cloud.catalog.save_chunk(replace(copied, content_blob=name))
    cloud.store.overwrite(name, media(size=1000))

    transfer(cloud)

    assert (only_content(cloud)[0], cloud.chunk().content_blob, cloud.chunk().status) == (
        name,
        name,
        ChunkStatus.STORED,
    )


def test_blocks_that_the_version_before_staged_under_another_name_are_gone_on_with() -> None:
    cloud = Cloud(TRANSFER_BLOCK_BYTES="300")
    keep_at_acs(cloud, 1)
    name = f"{announce(cloud, 'Wav').content_blob.removesuffix('wav')}mp4"
    cloud.catalog.save_chunk(replace(cloud.chunk(), content_blob=name))
    cloud.world.plan = lambda effect: Fault.ERROR_BEFORE if effect.name == "store.stage" and effect.count > 1 else None
    transfer(cloud)
    cloud.world.plan = lambda _: None
    cloud.catalog.save_chunk(replace(cloud.chunk(), format=None))

    transfer(cloud)

    assert (only_content(cloud)[0], cloud.chunk().status) == (name, ChunkStatus.STORED)


def test_the_end_of_a_chunk_copies_nothing_anew_over_a_copy_that_has_its_name(cloud: Cloud) -> None:
    """Of the version before, which did not tell an unfinished copy by its name."""
    keep_at_acs(cloud, 1)
    announce(cloud, endReason="ChunkIsBeingRecorded")
    transfer(cloud)
    name = cloud.chunk().content_blob.replace(".unfinished", "")
    cloud.catalog.save_chunk(replace(cloud.chunk(), content_blob=name))
    before = cloud.chunk()

    announce(cloud)

    assert cloud.chunk() == before


def test_a_file_that_moved_out_of_own_storage_is_named_for_its_first_bytes_where_its_event_names_no_format() -> None:
    cloud = Cloud(BYOS_CONTAINERS=CONTAINER)
    keep_at_acs(cloud, 1, "mp3")
    announce(cloud, "Wav", contentLocation=f"{CONTAINER}/a.wav", metadataLocation=f"{CONTAINER}/a.json")
    announce(cloud)

    transfer(cloud)

    assert (cloud.chunk().status, only_content(cloud)[0][-4:]) == (ChunkStatus.STORED, ".mp3")
