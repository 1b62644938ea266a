"""Links to a chunk's files: read-only, short-lived, and only to proven copies that are still there."""

from datetime import timedelta

import pytest

from shared.domain.blob_names import content_blob, metadata_blob, saved_as
from shared.domain.errors import ChunkNotFound, Conflict, CopyGone, StoreUnavailable
from shared.domain.models import ChunkRef
from shared.domain.ports import BlobHeaders
from shared.domain.statuses import ChunkStatus
from tests.builders import CONTAINER, OUR_ID, a_chunk, a_recording, document_id
from tests.fakes import BEGINNING, Cloud, Fault

REF = ChunkRef(OUR_ID, document_id())
both = pytest.mark.parametrize("which", ["content", "metadata"])


def add(cloud: Cloud, **fields: object) -> None:
    row = cloud.catalog.save_recording(a_recording())
    cloud.catalog.add_chunks(row, [a_chunk(0, **fields)])


def add_proven(cloud: Cloud, **fields: object) -> None:
    """A chunk whose media and metadata were copied and proven."""
    media, metadata = a_chunk().content_blob, str(a_chunk().metadata_blob)
    etags = [cloud.store.put(name, b"x", BlobHeaders(content_type="x", metadata={})).etag for name in (media, metadata)]
    proof = dict(zip(("content_etag", "metadata_etag"), etags, strict=True))
    add(cloud, **({"sha256": "ab", "metadata_sha256": "cd", "status": ChunkStatus.DELETED} | proof | fields))


def link(cloud: Cloud, which: str, *, download: bool = False) -> str:
    links = cloud.services.download_links
    return (links.content if which == "content" else links.metadata)(REF, download).url


def blob(cloud: Cloud, which: str) -> str:
    return cloud.chunk().content_blob if which == "content" else str(cloud.chunk().metadata_blob)


@both
def test_a_link_leads_to_the_copy_and_only_reads_it(cloud: Cloud, which: str) -> None:
    add_proven(cloud)

    assert f"/{blob(cloud, which)}?" in link(cloud, which)
    assert "sp=r&" in link(cloud, which)


def test_a_link_lives_for_half_an_hour_and_says_until_when(cloud: Cloud) -> None:
    add_proven(cloud)
    cloud.world.advance(timedelta(microseconds=1234))

    made = cloud.services.download_links.content(REF)

    assert made.expires_at == BEGINNING + timedelta(minutes=30)
    assert f"se={made.expires_at:%Y-%m-%dT%H:%M:%SZ}" in made.url


@both
def test_one_look_at_the_copy_is_all_that_a_link_asks_of_storage(cloud: Cloud, which: str) -> None:
    add_proven(cloud)
    cloud.world.counts.clear()

    link(cloud, which)

    asked = {name: count for name, count in cloud.world.counts.items() if name.startswith("store.")}
    assert asked == {"store.head": 1, "store.link": 1}


@both
def test_there_is_no_link_to_what_is_not_proven(cloud: Cloud, which: str) -> None:
    add(cloud)

    with pytest.raises(Conflict, match="no verified copy"):
        link(cloud, which)


def test_media_can_be_had_before_their_metadata_are_proven(cloud: Cloud) -> None:
    add_proven(cloud, status=ChunkStatus.PENDING, metadata_sha256=None)

    assert link(cloud, "content")
    with pytest.raises(Conflict, match="no verified copy of its metadata"):
        link(cloud, "metadata")


@both
def test_there_is_no_link_to_what_failed_and_it_says_why(cloud: Cloud, which: str) -> None:
    add_proven(cloud, status=ChunkStatus.FAILED, stored_at=BEGINNING, failure="It was.")

    with pytest.raises(Conflict, match="It was"):
        link(cloud, which)


@both
@pytest.mark.parametrize("status", [ChunkStatus.PENDING, ChunkStatus.STORED, ChunkStatus.DELETED])
def test_there_is_a_link_wherever_the_copy_is_proven(cloud: Cloud, status: ChunkStatus, which: str) -> None:
    add_proven(cloud, status=status)

    assert link(cloud, which)


@both
def test_a_copy_that_somebody_deleted_is_gone(cloud: Cloud, which: str) -> None:
    add_proven(cloud)
    cloud.store.lose(blob(cloud, which))

    with pytest.raises(CopyGone, match="lifecycle rule") as refused:
        link(cloud, which)

    assert blob(cloud, which) in str(refused.value)


def test_of_two_files_only_the_one_that_is_gone_is(cloud: Cloud) -> None:
    add_proven(cloud)
    cloud.store.lose(blob(cloud, "metadata"))

    assert link(cloud, "content")


@both
@pytest.mark.parametrize("how", ["overwrite", "retag"])
def test_there_is_no_link_to_a_copy_that_was_changed_and_it_says_how_to_tell_its_bytes(
    cloud: Cloud, how: str, which: str
) -> None:
    add_proven(cloud)
    if how == "overwrite":
        cloud.store.overwrite(blob(cloud, which), b"y")
    else:
        cloud.store.retag(blob(cloud, which))

    with pytest.raises(Conflict, match="changed after its copy was proven") as refused:
        link(cloud, which)

    assert f"SHA-256 is {'ab' if which == 'content' else 'cd'}." in str(refused.value)


@both
def test_an_archived_copy_says_that_it_must_be_rehydrated(cloud: Cloud, which: str) -> None:
    add_proven(cloud)
    cloud.store.archive(blob(cloud, which))

    with pytest.raises(Conflict, match="archived: rehydrate it"):
        link(cloud, which)


def test_a_copy_on_its_way_out_of_the_archive_says_so(cloud: Cloud) -> None:
    add_proven(cloud)
    cloud.store.archive(blob(cloud, "content"))
    cloud.store.rehydrate(blob(cloud, "content"))

    with pytest.raises(Conflict, match="being rehydrated"):
        link(cloud, "content")


def test_while_storage_does_not_answer_there_is_no_link(cloud: Cloud) -> None:
    add_proven(cloud)
    cloud.world.fail("store.head", Fault.TIME_OUT)

    with pytest.raises(StoreUnavailable):
        link(cloud, "content")


def test_there_is_no_link_to_metadata_that_acs_never_had(cloud: Cloud) -> None:
    add_proven(cloud, metadata_blob=None, metadata_sha256=None)

    with pytest.raises(Conflict):
        link(cloud, "metadata")


@both
@pytest.mark.parametrize("status", [ChunkStatus.PENDING, ChunkStatus.STORED])
@pytest.mark.parametrize("metadata", [f"{CONTAINER}/a.json", None])
def test_files_in_the_operator_s_own_container_are_to_be_read_there(
    cloud: Cloud, which: str, status: ChunkStatus, metadata: str | None
) -> None:
    add(cloud, content_blob=f"{CONTAINER}/a.wav", metadata_blob=metadata, sha256="ab", own_storage=True, status=status)

    with pytest.raises(Conflict, match="in your own container"):
        link(cloud, which)


@both
def test_a_chunk_that_nobody_knows_is_not_found(cloud: Cloud, which: str) -> None:
    with pytest.raises(ChunkNotFound):
        link(cloud, which)


@both
def test_without_download_a_browser_shows_the_file(cloud: Cloud, which: str) -> None:
    add_proven(cloud)

    assert "rscd" not in link(cloud, which)


@pytest.mark.parametrize(("which", "ending"), [("content", "wav"), ("metadata", "metadata.json")])
def test_a_download_is_saved_under_the_start_of_the_recording_its_id_and_the_index(
    cloud: Cloud, which: str, ending: str
) -> None:
    add_proven(cloud)

    assert f"&rscd=2026-11-22T075900Z-6f1c2d3e-0000.{ending}&" in link(cloud, which, download=True)


def test_acs_s_own_start_of_the_recording_comes_before_that_of_our_row(cloud: Cloud) -> None:
    add_proven(cloud)
    row = cloud.recording()
    began = BEGINNING + timedelta(seconds=5, microseconds=7)
    cloud.catalog.save_recording(a_recording(etag=row.etag, recording_start_time=began))

    assert "2026-11-22T080005Z" in link(cloud, "content", download=True)


@pytest.mark.parametrize("extension", ["wav", "mp3", "mp4"])
@pytest.mark.parametrize("unfinished", [False, True])
def test_a_saved_file_has_the_ending_of_its_blob(extension: str, *, unfinished: bool) -> None:
    media = content_blob(f"2026/11/22/{OUR_ID}", 17, document_id(), extension, unfinished=unfinished)

    assert saved_as(OUR_ID, BEGINNING, 17, media) == f"2026-11-22T080000Z-6f1c2d3e-0017.{extension}"
    assert saved_as(OUR_ID, BEGINNING, 17, metadata_blob(media)).endswith("-0017.metadata.json")
