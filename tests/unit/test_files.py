"""Links to a chunk's files: read-only, short-lived, and only to what is proven."""

from datetime import timedelta

import pytest

from shared.domain.errors import Conflict, NotFound
from shared.domain.models import ChunkRef, ChunkStatus
from tests.builders import OUR_ID, a_chunk, a_recording, document_id
from tests.fakes import BEGINNING, Cloud

REF = ChunkRef(OUR_ID, document_id())


def add(cloud: Cloud, **fields: object) -> None:
    row = cloud.catalog.save_recording(a_recording())
    cloud.catalog.add_chunks(row, [a_chunk(0, **fields)])


def test_a_link_leads_to_the_verified_media(cloud: Cloud) -> None:
    add(cloud, sha256="ab")

    link = cloud.services.download_links.content(REF)

    assert cloud.chunk().content_blob in link.url
    assert "sp=r&" in link.url


def test_a_link_lives_for_minutes(cloud: Cloud) -> None:
    add(cloud, sha256="ab")

    assert cloud.services.download_links.content(REF).expires_at == BEGINNING + timedelta(minutes=15)


def test_a_link_leads_to_the_verified_metadata(cloud: Cloud) -> None:
    add(cloud, metadata_sha256="ab")

    assert str(cloud.chunk().metadata_blob) in cloud.services.download_links.metadata(REF).url


def test_there_is_no_link_to_what_is_not_proven(cloud: Cloud) -> None:
    add(cloud)

    with pytest.raises(Conflict, match="no verified copy"):
        cloud.services.download_links.content(REF)
    with pytest.raises(Conflict, match="no verified copy of its metadata"):
        cloud.services.download_links.metadata(REF)


@pytest.mark.parametrize("which", ["content", "metadata"])
def test_there_is_no_link_to_what_was_altered_and_it_says_why(cloud: Cloud, which: str) -> None:
    add(cloud, sha256="ab", metadata_sha256="ab", status=ChunkStatus.FAILED, stored_at=BEGINNING, failure="It was.")

    with pytest.raises(Conflict, match="It was"):
        getattr(cloud.services.download_links, which)(REF)


@pytest.mark.parametrize("status", [ChunkStatus.PENDING, ChunkStatus.STORED, ChunkStatus.DELETED])
def test_there_is_a_link_wherever_the_copy_is_proven(cloud: Cloud, status: ChunkStatus) -> None:
    add(cloud, sha256="ab", metadata_sha256="ab", status=status)

    assert cloud.services.download_links.content(REF).url
    assert cloud.services.download_links.metadata(REF).url


def test_there_is_no_link_to_metadata_that_acs_never_had(cloud: Cloud) -> None:
    add(cloud, metadata_blob=None, metadata_sha256="ab")

    with pytest.raises(Conflict):
        cloud.services.download_links.metadata(REF)


def test_there_is_no_link_into_the_operator_s_own_container(cloud: Cloud) -> None:
    add(cloud, sha256="ab", own_storage=True)

    with pytest.raises(Conflict, match="your own container"):
        cloud.services.download_links.content(REF)


def test_a_chunk_that_nobody_knows_is_not_found(cloud: Cloud) -> None:
    with pytest.raises(NotFound):
        cloud.services.download_links.content(REF)
