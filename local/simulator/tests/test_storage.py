"""The storage hosts: ranges, redirects, deletion, retention."""

from itertools import pairwise

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError

from local.simulator.scripts import Script

from .support import SDK_WARNINGS, Acs, content_url, object_url, refusal, refused

pytestmark = SDK_WARNINGS


def test_a_document_is_served_whole_with_its_range(acs: Acs) -> None:
    document = acs.document(5000)

    response = acs.download(content_url(document))

    assert response.read() == acs.admin.content(document.document_id)
    assert response.status_code == 200
    assert response.headers["Content-Range"] == "bytes 0-4999/5000"
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert "ETag" not in response.headers


@pytest.mark.parametrize(
    ("asked", "told", "start", "stop"),
    [
        ("bytes=0-4", "bytes 0-4/5000", 0, 5),
        ("bytes=100-", "bytes 100-4999/5000", 100, 5000),
        ("bytes=0-268435455", "bytes 0-4999/5000", 0, 5000),
        ("bytes=-10", "bytes 4990-4999/5000", 4990, 5000),
    ],
)
def test_a_range_is_served_as_206(acs: Acs, asked: str, told: str, start: int, stop: int) -> None:
    document = acs.document(5000)

    response = acs.download(content_url(document), headers={"Range": asked})

    assert response.read() == acs.admin.content(document.document_id)[start:stop]
    assert (response.status_code, response.headers["Content-Range"]) == (206, told)


def test_a_range_behind_the_end_is_416(acs: Acs) -> None:
    document = acs.document(5000)

    with pytest.raises(HttpResponseError) as error:
        acs.fetch(document, headers={"Range": "bytes=5000-"})

    assert error.value.status_code == 416
    assert refused(error.value).headers["Content-Range"] == "bytes */5000"


def test_blocks_fetched_in_ranges_make_the_whole(acs: Acs) -> None:
    document = acs.document(3_000_001)
    edges = [*range(0, 3_000_001, 1_048_576), 3_000_001]

    parts = [acs.fetch(document, headers={"Range": f"bytes={a}-{b - 1}"}) for a, b in pairwise(edges)]

    assert b"".join(parts) == acs.admin.content(document.document_id)


def test_deletion_takes_content_and_metadata_and_happens_once(acs: Acs) -> None:
    document = acs.document()
    acs.delete(document)

    for gone in (acs.fetch, acs.fetch_metadata, acs.delete):
        with pytest.raises(ResourceNotFoundError) as error:
            gone(document)
        assert refusal(error) == (404, None)
        assert "already deleted" in refused(error.value).text()


def test_the_other_form_of_the_delete_location_deletes_too(acs: Acs) -> None:
    document = acs.document()

    acs.client.delete_recording(f"{object_url(document)}/content/deletedata")

    assert acs.admin.recordings()[0].documents[0].deleted_at is not None


def test_a_document_of_another_region_is_redirected_and_needs_a_new_signature(acs: Acs) -> None:
    document = acs.document()
    elsewhere = "eu-storage.asm.skype.com"

    with pytest.raises(HttpResponseError) as error:
        acs.fetch(document, elsewhere, permit_redirects=False)
    assert error.value.status_code == 302
    assert refused(error.value).headers["Location"] == content_url(document)

    # The SDK drops the signature when it follows: the second hop is refused, as by the real service.
    with pytest.raises(ClientAuthenticationError):
        acs.fetch(document, elsewhere)


def test_a_global_host_serves_every_region(acs: Acs) -> None:
    document = acs.document()

    for host in ("storage.asm.skype.com", "us-prod.asyncgw.teams.microsoft.com", "x.ams.gov.teams.microsoft.us"):
        assert acs.fetch(document, host) == acs.admin.content(document.document_id)


def test_deletes_are_redirected_when_switched_on(acs: Acs) -> None:
    document = acs.document()
    acs.admin.change_settings(delete_redirects=True, redirect_status=302)

    with pytest.raises(HttpResponseError) as error:
        acs.client.delete_recording(object_url(document, "eu-storage.asm.skype.com"))

    assert error.value.status_code == 302


def test_a_document_is_gone_after_a_day(acs: Acs) -> None:
    document = acs.document()
    acs.admin.advance_time(23 * 3600)
    assert acs.fetch(document)

    acs.admin.advance_time(3600)

    with pytest.raises(ResourceNotFoundError):
        acs.fetch(document)


def test_a_recording_can_be_old_from_the_start(acs: Acs) -> None:
    document = acs.record(Script(age_seconds=25 * 3600)).documents[0]

    with pytest.raises(ResourceNotFoundError):
        acs.fetch(document)


def test_missing_metadata_is_not_found(acs: Acs) -> None:
    document = acs.record(Script(metadata_missing=True)).documents[0]

    assert acs.fetch(document)
    with pytest.raises(ResourceNotFoundError):
        acs.fetch_metadata(document)


def test_an_unknown_document_is_not_found(acs: Acs) -> None:
    with pytest.raises(HttpResponseError) as error:
        acs.client.delete_recording("https://us-storage.asm.skype.com/v1/objects/0-wus-d1-0")

    assert refusal(error) == (404, None)
