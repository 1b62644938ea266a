"""Where storage keeps versions, the row, the API and the manifest say which were proven, and links lead to them."""

import json

import pytest

from shared.domain.errors import Conflict
from shared.domain.statuses import ChunkStatus
from shared.pipeline.rebuild import Outcome
from tests.builders import keep_at_acs
from tests.fakes import Cloud, FakeStore
from tests.unit.app import App
from tests.unit.steps import announce, transfer, warnings

OTHER_BYTES = b"somebody's own bytes"


@pytest.fixture
def stored() -> Cloud:
    """A chunk that was stored in an account that keeps versions."""
    cloud = Cloud()
    cloud.store = FakeStore(cloud.world, keeps_versions=True)
    cloud.services = cloud.new_process()
    keep_at_acs(cloud, 1)
    announce(cloud)
    transfer(cloud)
    return cloud


def test_the_row_has_the_versions_that_were_proven(stored: Cloud) -> None:
    chunk = stored.chunk()

    assert chunk.content_version == stored.store.all[chunk.content_blob].version_id
    assert chunk.metadata_version == stored.store.all[chunk.metadata_blob or ""].version_id
    assert None not in {chunk.content_version, chunk.metadata_version}


def test_the_manifest_and_the_api_name_them(stored: Cloud) -> None:
    stored.services.control.stop(stored.recording().id)
    stored.services.deletion.delete(stored.chunk().ref)
    chunk, recording = stored.chunk(), stored.recording()

    (listed,) = json.loads(stored.store.blobs[f"{recording.folder}/recording.json"])["chunks"]
    _, shown, _ = App(stored).http("get_recording", route={"id": recording.id})
    assert listed["contentVersion"] == shown["chunks"][0]["contentVersion"] == chunk.content_version
    assert listed["metadataVersion"] == shown["chunks"][0]["metadataVersion"] == chunk.metadata_version


def test_a_link_leads_to_the_version_that_was_proven(stored: Cloud) -> None:
    link = stored.services.download_links.content(stored.chunk().ref)

    assert f"versionid={stored.chunk().content_version}".replace(" ", "%20") in link.url


def test_a_version_that_is_kept_vouches_for_no_name(stored: Cloud) -> None:
    """What was proven is still there as a version; what bears the name is not what was proven."""
    chunk = stored.chunk()
    stored.store.overwrite(chunk.content_blob, OTHER_BYTES)

    with pytest.raises(Conflict, match="changed after"):
        stored.services.download_links.content(chunk.ref)
    assert (chunk.content_blob, chunk.content_version) in stored.store.versions


def test_nothing_is_deleted_where_another_version_bears_the_name_and_it_is_alerted(
    stored: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    stored.store.overwrite(stored.chunk().content_blob, OTHER_BYTES)

    stored.services.deletion.delete(stored.chunk().ref)

    assert stored.deleted == []
    assert stored.chunk().status is ChunkStatus.FAILED
    assert warnings(caplog, "chunk_altered")


def test_a_version_of_the_same_bytes_is_proven_anew_and_written_down(stored: Cloud) -> None:
    """Metadata that somebody sets make a version, too."""
    before = stored.chunk()
    stored.store.retag(before.content_blob)

    stored.services.deletion.delete(before.ref)

    chunk = stored.chunk()
    assert chunk.status is ChunkStatus.DELETED
    assert chunk.content_version == stored.store.all[chunk.content_blob].version_id != before.content_version


def test_a_report_names_the_version_that_was_proven_where_another_bears_the_name(stored: Cloud) -> None:
    chunk = stored.chunk()
    content = stored.store.blobs[chunk.content_blob]
    stored.store.overwrite(chunk.content_blob, content)

    report = stored.services.consistency.check(stored.world.now.replace(hour=0, minute=0), None)

    (difference,) = report.differences
    assert str(chunk.content_version) in difference.difference


def test_a_row_of_the_version_before_is_shown_without(cloud: Cloud) -> None:
    keep_at_acs(cloud, 1)
    announce(cloud)
    transfer(cloud)

    assert (cloud.chunk().content_version, cloud.chunk().metadata_version) == (None, None)
    assert "versionid" not in cloud.services.download_links.content(cloud.chunk().ref).url


def rebuilt(cloud: Cloud, *, bytes_now: bytes) -> Cloud:
    """A completed recording whose media somebody wrote again, metadata and all, after all tables were lost."""
    cloud.services.control.stop(cloud.recording().id)
    cloud.services.deletion.delete(cloud.chunk().ref)
    name = cloud.chunk().content_blob
    cloud.store.all[name].content = bytes_now
    cloud.store.retag(name)
    cloud.catalog.rows.clear()
    day = cloud.world.now.replace(hour=0, minute=0, second=0, microsecond=0)
    assert cloud.services.rebuild.rebuild(day, None).counts == {Outcome.REBUILT: 1}
    return cloud


def test_what_another_version_says_of_itself_proves_nothing_in_a_rebuild(stored: Cloud) -> None:
    altered = bytes(len(stored.store.blobs[stored.chunk().content_blob]))

    assert rebuilt(stored, bytes_now=altered).chunk().status is ChunkStatus.FAILED


def test_another_version_of_the_proven_bytes_is_what_a_rebuild_writes_down(stored: Cloud) -> None:
    same = stored.store.blobs[stored.chunk().content_blob]

    chunk = rebuilt(stored, bytes_now=same).chunk()

    assert chunk.status is ChunkStatus.DELETED
    assert chunk.content_version == stored.store.all[chunk.content_blob].version_id
