"""The app's own check of URLs needs none of the SDK's.

azure-communication-callautomation 1.6.0 is deprecated: its parser and its transport disagree on ambiguous URLs, so that
its check passes them, and a signed request or a token goes to another host. Here the SDK's methods run as they are, but
with a check that checks nothing: what an attacker could reach if ours were the only one.
"""

from collections.abc import Callable
from importlib.metadata import version
from types import FunctionType

import pytest
from azure.communication.callautomation import CallAutomationClient
from azure.communication.callautomation._content_downloader import ContentDownloader
from azure.core.exceptions import AzureError

from local.simulator.client import SimulatorAdmin
from local.simulator.faults import InjectedFault, Operation
from shared.adapters.acs_contents import SdkSource
from shared.domain.errors import SourceUnavailable
from tests.wire.hostile_urls import ANOTHER, TEMPLATES, hostile_url

from .conftest import HOST_SUFFIXES
from .source_under_test import SDK_WARNINGS, SimulatorSourceUnderTest, fetched, unverified
from .test_hostile_urls import HOSTILE, OBJECT, PLACE
from .test_source_redirects import ASKED, asked

pytestmark = SDK_WARNINGS
CHECK = "validate_recording_url"
AMBIGUOUS = f"https://evil.example\\@{PLACE}{OBJECT}"  # after the backslash a parser reads a path, or the host
FOREIGN = f"https://evil.example{OBJECT}"


def pass_everything(_url: str, _parameter: str) -> None:
    """The SDK's check, taken out."""


def unchecked(method: Callable[..., object]) -> FunctionType:
    """The SDK's method, byte code and all, which finds `pass_everything` where its check is."""
    assert isinstance(method, FunctionType)
    assert CHECK in method.__code__.co_names
    return FunctionType(method.__code__, method.__globals__ | {CHECK: pass_everything}, argdefs=method.__defaults__)


class UncheckedDownloader(ContentDownloader):
    download_streaming = unchecked(ContentDownloader.download_streaming)
    delete_recording = unchecked(ContentDownloader.delete_recording)


@pytest.fixture
def unchecked_client(acs_client: CallAutomationClient) -> CallAutomationClient:
    """The client that the app makes, without the SDK's check."""
    acs_client._downloader = UncheckedDownloader(acs_client._call_recording_client)
    return acs_client


@pytest.fixture
def unchecked_source(admin: SimulatorAdmin, unchecked_client: CallAutomationClient) -> SimulatorSourceUnderTest:
    return SimulatorSourceUnderTest(admin, SdkSource(unchecked_client, HOST_SUFFIXES))


def hosts(admin: SimulatorAdmin) -> list[str]:
    """Whoever was asked, or would have been had the proxy opened a tunnel."""
    return [request.host or request.path for request in admin.requests()]


def test_no_request_goes_to_a_hostile_url_without_the_sdk_s_check(
    unchecked_source: SimulatorSourceUnderTest, figure: Callable[..., None]
) -> None:
    source = unchecked_source.source
    document = OBJECT.rpartition("/")[2]
    others = [hostile_url(name, document, "video") for name in TEMPLATES if not name.startswith(ANOTHER)]
    urls = sorted({*HOSTILE, *others, AMBIGUOUS, FOREIGN})

    for url in urls:
        with pytest.raises(SourceUnavailable):
            fetched(source, url)
        with pytest.raises(SourceUnavailable):
            source.delete(url, unverified)

    outside = len(unchecked_source.admin.requests())
    assert outside == 0
    figure(
        "supply.sdk.urls",
        "{urls} hostile URLs read and deleted with the SDK's own check taken out: {outside} requests",
        urls=len(urls),
        outside=outside,
    )


@pytest.mark.parametrize("kind", ["content", "delete"])
def test_no_redirect_to_a_hostile_url_is_followed_without_the_sdk_s_check(
    unchecked_source: SimulatorSourceUnderTest, kind: Operation, figure: Callable[..., None]
) -> None:
    kept = unchecked_source.keep()
    targets = sorted({url for url in (*HOSTILE, AMBIGUOUS, FOREIGN) if url.isascii() and url.isprintable()})

    followed = []
    for target in targets:
        unchecked_source.admin.clear_requests()
        unchecked_source.spoil(InjectedFault(action="redirect", kind=kind, location=target, times=1))
        with pytest.raises(SourceUnavailable):
            asked(unchecked_source, kind, ASKED[kind](kept))
        followed += [target for host in hosts(unchecked_source.admin) if host != PLACE]
        assert len(hosts(unchecked_source.admin)) == 1

    assert followed == []
    assert fetched(unchecked_source.source, kept.url) == kept.content
    figure(
        f"supply.sdk.redirects.{kind}",
        f"{{targets}} redirects to hostile URLs ({kind}) with the SDK's own check taken out: {{followed}} followed",
        targets=len(targets),
        followed=len(followed),
    )


# What shows that the tests above can fail: the same client asked without the app's check.


def test_without_both_checks_a_signed_request_goes_to_whoever_a_url_names(
    admin: SimulatorAdmin, unchecked_client: CallAutomationClient
) -> None:
    with pytest.raises(AzureError):
        unchecked_client.download_recording(FOREIGN, permit_redirects=False, retry_total=0)

    assert hosts(admin) == ["evil.example:443"]


def test_the_flaw_that_version_1_6_0_is_deprecated_for_is_there(
    admin: SimulatorAdmin, acs_client: CallAutomationClient
) -> None:
    """When this fails, a version without the flaw is installed: say so in SECURITY.md, and take this test out."""
    assert version("azure-communication-callautomation") == "1.6.0"
    with pytest.raises(AzureError):
        acs_client.download_recording(AMBIGUOUS, permit_redirects=False, retry_total=0)

    assert hosts(admin) == ["evil.example:443"]


def test_the_sdk_s_check_refuses_what_is_plainly_foreign(
    admin: SimulatorAdmin, acs_client: CallAutomationClient
) -> None:
    """So the check that is taken out above is the one that this version has."""
    with pytest.raises(ValueError, match="not a valid Azure Communication Services recording endpoint"):
        acs_client.download_recording(FOREIGN)

    assert hosts(admin) == []
