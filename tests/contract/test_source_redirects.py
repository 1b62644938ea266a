"""A redirect is followed only to the same document and content where recordings lie, signed anew, and not for ever."""

from collections.abc import Callable
from itertools import product

import pytest

from local.simulator.faults import InjectedFault, Operation
from shared.domain.errors import SourceMissing, SourceUnavailable

from .source_under_test import SDK_WARNINGS, Kept, SimulatorSourceUnderTest, fetched, unverified

pytestmark = SDK_WARNINGS
STATUSES = [301, 302, 307, 308]
ELSEWHERE = "eu-storage.asm.skype.com"
DOCUMENT = "0-wus-d4-0123456789abcdef0123456789abcdef"


def elsewhere(url: str) -> str:
    """The same document, asked for in another region than its own."""
    return url.replace("us-storage.asm.skype.com", ELSEWHERE)


@pytest.mark.parametrize("status", STATUSES)
def test_a_document_of_another_region_is_fetched_there_with_a_signature_of_its_own(
    simulated_source: SimulatorSourceUnderTest, status: int
) -> None:
    kept = simulated_source.keep()
    simulated_source.admin.change_settings(redirect_status=status)

    content = fetched(simulated_source.source, elsewhere(kept.url), 100, 200)

    assert content == kept.content[100:300]
    assert [(request.host, request.status, request.auth) for request in simulated_source.admin.requests()] == [
        (ELSEWHERE, status, "hmac"),
        ("us-storage.asm.skype.com", 206, "hmac"),
    ]


@pytest.mark.parametrize("status", STATUSES)
def test_a_document_of_another_region_is_deleted_there(simulated_source: SimulatorSourceUnderTest, status: int) -> None:
    kept = simulated_source.keep()
    simulated_source.admin.change_settings(redirect_status=status, delete_redirects=True)

    simulated_source.source.delete(elsewhere(kept.delete_url), unverified)

    assert [request.status for request in simulated_source.admin.requests("delete")] == [status, 200]
    with pytest.raises(SourceMissing):
        fetched(simulated_source.source, kept.url)


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
        "https://[us-storage.asm.skype.com/v1/objects/{document}/content/video",
        "",
    ],
)
def test_a_redirect_to_anywhere_else_is_refused_without_a_request_to_it(
    simulated_source: SimulatorSourceUnderTest, location: str
) -> None:
    kept = simulated_source.keep()
    target = location.format(document=DOCUMENT)
    simulated_source.spoil(InjectedFault(action="redirect", kind="content", location=target, times=None))

    with pytest.raises(SourceUnavailable):
        fetched(simulated_source.source, kept.url)

    assert [(request.host, request.path) for request in simulated_source.admin.requests()] == [
        ("us-storage.asm.skype.com", kept.path)
    ]


def test_a_redirect_of_a_deletion_to_anywhere_else_is_refused(simulated_source: SimulatorSourceUnderTest) -> None:
    kept = simulated_source.keep()
    location = f"https://evil.example/v1/objects/{DOCUMENT}"
    simulated_source.spoil(InjectedFault(action="redirect", kind="delete", location=location, times=None))

    with pytest.raises(SourceUnavailable):
        simulated_source.source.delete(kept.delete_url, unverified)

    assert len(simulated_source.admin.requests()) == 1


@pytest.mark.parametrize("status", [*STATUSES, 303])
def test_a_redirect_that_never_ends_is_given_up(simulated_source: SimulatorSourceUnderTest, status: int) -> None:
    kept = simulated_source.keep()
    simulated_source.spoil(InjectedFault(action="redirectLoop", status=status, kind="content", times=None))

    with pytest.raises(SourceUnavailable):
        fetched(simulated_source.source, kept.url)

    assert len(simulated_source.admin.requests()) == 4


def test_a_deletion_that_is_redirected_for_ever_is_given_up(simulated_source: SimulatorSourceUnderTest) -> None:
    kept = simulated_source.keep()
    simulated_source.spoil(InjectedFault(action="redirectLoop", status=307, kind="delete", times=None))

    with pytest.raises(SourceUnavailable):
        simulated_source.source.delete(kept.delete_url, unverified)

    assert len(simulated_source.admin.requests()) == 4


# How a place may differ from the one that was asked for. {document} and {name} are those of another document's.
OTHER_DOCUMENTS = ["{other}", "{document}0", "{upper}", "{document}-"]
OTHER_CONTENTS = [
    "",
    "/content/video",
    "/content/audio",
    "/content/acsmetadata",
    "/content/deletedata",
    "/content/video0",
]
HOSTS = ["us-storage.asm.skype.com", "eu-storage.asm.skype.com", "us-prod.asyncgw.teams.microsoft.com"]
ASKED: dict[Operation, Callable[[Kept], str]] = {
    "content": lambda kept: kept.url,
    "metadata": lambda kept: kept.metadata_url,
    "delete": lambda kept: kept.delete_url,
}


def targets(url: str, other: str) -> list[str]:
    """Places that look like where recordings lie, and hold anything but what lies at a URL."""
    document, _, name = url.partition("/v1/objects/")[2].partition("/content/")
    own = f"/content/{name}" if name else ""
    documents = [form.format(document=document, other=other, upper=document.upper()) for form in OTHER_DOCUMENTS]
    elsewhere = [f"https://{host}/v1/objects/{id}{own}" for host, id in product(HOSTS, documents)]
    beside = [f"https://{host}/v1/objects/{document}{content}" for host, content in product(HOSTS, OTHER_CONTENTS)]
    return elsewhere + [place for place in beside if not place.endswith(f"{document}{own}")]


@pytest.mark.parametrize("kind", ASKED)
def test_a_redirect_to_another_document_or_content_is_not_followed(
    simulated_source: SimulatorSourceUnderTest, kind: Operation
) -> None:
    kept, another = simulated_source.keep(), simulated_source.keep()
    url, other = ASKED[kind](kept), another.delete_url.rpartition("/")[2]
    followed: list[str] = []

    for target, status in product(targets(url, other), [*STATUSES, 303]):
        simulated_source.admin.clear_faults()
        simulated_source.spoil(InjectedFault(action="redirect", kind=kind, location=target, status=status, times=1))
        before = len(simulated_source.admin.requests())
        with pytest.raises(SourceUnavailable, match="another document or content"):
            asked(simulated_source, kind, url)
        followed += [target] * (len(simulated_source.admin.requests()) - before - 1)

    assert followed == []
    assert fetched(simulated_source.source, kept.url) == kept.content
    assert fetched(simulated_source.source, another.url) == another.content


def asked(source_under_test: SimulatorSourceUnderTest, kind: Operation, url: str) -> None:
    if kind == "delete":
        source_under_test.source.delete(url, unverified)
    else:
        fetched(source_under_test.source, url)


@pytest.mark.parametrize("kind", ASKED)
def test_a_second_hop_keeps_to_the_document_like_the_first(
    simulated_source: SimulatorSourceUnderTest, kind: Operation
) -> None:
    kept, another = simulated_source.keep(), simulated_source.keep()
    url = ASKED[kind](kept)
    simulated_source.spoil(InjectedFault(action="redirect", kind=kind, location=elsewhere(url), times=1))
    simulated_source.spoil(InjectedFault(action="redirect", kind=kind, location=ASKED[kind](another), times=1))

    with pytest.raises(SourceUnavailable):
        asked(simulated_source, kind, url)

    assert len(simulated_source.admin.requests()) == 2
    assert fetched(simulated_source.source, another.url) == another.content
