"""A redirect is followed only to where recordings lie, signed anew, and not for ever."""

import pytest

from local.simulator.faults import Fault
from shared.errors import SourceMissing, SourceUnavailable

from .shelves import SDK_WARNINGS, SimulatorShelf, fetched

pytestmark = SDK_WARNINGS
STATUSES = [301, 302, 307, 308]
ELSEWHERE = "eu-storage.asm.skype.com"
DOCUMENT = "0-wus-d4-0123456789abcdef0123456789abcdef"


def elsewhere(url: str) -> str:
    """The same document, asked for in another region than its own."""
    return url.replace("us-storage.asm.skype.com", ELSEWHERE)


@pytest.mark.parametrize("status", STATUSES)
def test_a_document_of_another_region_is_fetched_there_with_a_signature_of_its_own(
    acs_shelf: SimulatorShelf, status: int
) -> None:
    kept = acs_shelf.keep()
    acs_shelf.admin.change_settings(redirect_status=status)

    content = fetched(acs_shelf.source, elsewhere(kept.url), 100, 200)

    assert content == kept.content[100:300]
    assert [(request.host, request.status, request.auth) for request in acs_shelf.admin.requests()] == [
        (ELSEWHERE, status, "hmac"),
        ("us-storage.asm.skype.com", 206, "hmac"),
    ]


@pytest.mark.parametrize("status", STATUSES)
def test_a_document_of_another_region_is_deleted_there(acs_shelf: SimulatorShelf, status: int) -> None:
    kept = acs_shelf.keep()
    acs_shelf.admin.change_settings(redirect_status=status, delete_redirects=True)

    acs_shelf.source.delete(elsewhere(kept.delete_url))

    assert [request.status for request in acs_shelf.admin.requests("delete")] == [status, 200]
    with pytest.raises(SourceMissing):
        fetched(acs_shelf.source, kept.url)


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/v1/objects/{document}/content/video",
        "http://us-storage.asm.skype.com/v1/objects/{document}/content/video",
        "https://us-storage.asm.skype.com.evil.example/v1/objects/{document}/content/video",
        "https://us-storage.asm.skype.com@evil.example/v1/objects/{document}/content/video",
        "https://evil.example\\@us-storage.asm.skype.com/v1/objects/{document}/content/video",
        "https://us-storage.asm.skype.com:8443/v1/objects/{document}/content/video",
        "https://us-prod.asyncgw.teams.microsoft.com/urlp/v1/url/content?url=https://evil.example",
        "//evil.example/v1/objects/{document}/content/video",
        "/v1/objects/{document}/content/video",
        "https://169.254.169.254/metadata/identity/oauth2/token",
        "file:///etc/passwd",
        "",
    ],
)
def test_a_redirect_to_anywhere_else_is_refused_without_a_request_to_it(
    acs_shelf: SimulatorShelf, location: str
) -> None:
    kept = acs_shelf.keep()
    target = location.format(document=DOCUMENT)
    acs_shelf.spoil(Fault(action="redirect", kind="content", location=target, times=None))

    with pytest.raises(SourceUnavailable):
        fetched(acs_shelf.source, kept.url)

    assert [(request.host, request.path) for request in acs_shelf.admin.requests()] == [
        ("us-storage.asm.skype.com", kept.path)
    ]


def test_a_redirect_of_a_deletion_to_anywhere_else_is_refused(acs_shelf: SimulatorShelf) -> None:
    kept = acs_shelf.keep()
    location = f"https://evil.example/v1/objects/{DOCUMENT}"
    acs_shelf.spoil(Fault(action="redirect", kind="delete", location=location, times=None))

    with pytest.raises(SourceUnavailable):
        acs_shelf.source.delete(kept.delete_url)

    assert len(acs_shelf.admin.requests()) == 1


@pytest.mark.parametrize("status", [*STATUSES, 303])
def test_a_redirect_that_never_ends_is_given_up(acs_shelf: SimulatorShelf, status: int) -> None:
    kept = acs_shelf.keep()
    acs_shelf.spoil(Fault(action="redirectLoop", status=status, kind="content", times=None))

    with pytest.raises(SourceUnavailable):
        fetched(acs_shelf.source, kept.url)

    assert len(acs_shelf.admin.requests()) == 4


def test_a_deletion_that_is_redirected_for_ever_is_given_up(acs_shelf: SimulatorShelf) -> None:
    kept = acs_shelf.keep()
    acs_shelf.spoil(Fault(action="redirectLoop", status=307, kind="delete", times=None))

    with pytest.raises(SourceUnavailable):
        acs_shelf.source.delete(kept.delete_url)

    assert len(acs_shelf.admin.requests()) == 4
