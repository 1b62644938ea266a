"""A token that cannot be had is told at once, as an outage of what it was for: nothing was sent."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from azure.communication.callautomation import CallAutomationClient

from local.identity import CLIENT_ID, SECRET, token_answer
from local.simulator.client import SimulatorAdmin
from local.simulator.settings import Settings
from local.simulator.simulator import Options
from local.simulator.wire import acs_error
from shared.adapters.acs_calls import SdkAcsCalls
from shared.adapters.acs_client import CHECK_ROLE, connect
from shared.adapters.acs_contents import SdkSource
from shared.adapters.blob_storage import BlobChunkStore
from shared.adapters.storage_accounts import AppIdentity, StorageAccount, identity_for
from shared.adapters.table_catalog import TableCatalog
from shared.connection_settings import StorageConnection
from shared.domain.durations import TOKEN_CONNECT_SECONDS, TOKEN_READ_SECONDS
from shared.domain.errors import AcsUnavailable, AcsUncertain, CatalogUnavailable, SourceUnavailable, StoreUnavailable

from .acs_under_test import SimulatorAcsUnderTest, TappedSimulator, started
from .conftest import HOST_SUFFIXES
from .source_under_test import SDK_WARNINGS

pytestmark = SDK_WARNINGS
ROOT = Path(__file__).parents[2]
SECONDS_MAX = 5  # of one test; nothing here waits for longer than READ_SECONDS
READ_SECONDS = 0.3
POLL_SECONDS = 0.02
HOUR = {"Retry-After": "3600"}
GOOD = json.dumps(token_answer("https://communication.azure.com"))
# What the endpoint answers: status, headers, body.
TROUBLES: dict[str, tuple[int, dict[str, str], str] | None] = {
    "500": (500, {}, "boom"),
    "500, come in an hour": (500, HOUR, "{}"),
    "429, come in an hour": (429, HOUR, '{"error": "throttled"}'),
    "unknown identity": (400, {}, '{"error": "unknown identity"}'),
    "403": (403, {}, "{}"),
    "a page": (200, {}, "<html></html>"),
    "nothing": (200, {}, ""),
    "another object": (200, {}, '{"access_token": 5}'),
    "no object": (200, {}, "[1]"),
    "no time": (200, {}, GOOD.replace('"expires_on": "', '"expires_on": "soon')),
    "silence": None,
}


class TokenEndpoint(ThreadingHTTPServer):
    """App Service's endpoint; it answers as `trouble` says, else with a token."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), TokenHandler)
        self.trouble: str | None = None
        self.asked = 0
        self.over = threading.Event()


class TokenHandler(BaseHTTPRequestHandler):
    server: TokenEndpoint

    def do_GET(self) -> None:
        self.server.asked += 1
        answer = TROUBLES[self.server.trouble] if self.server.trouble else (200, {}, GOOD)
        if answer is None:
            self.server.over.wait()
            return
        status, headers, body = answer
        self.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[TokenEndpoint]:
    with TokenEndpoint() as server:
        threading.Thread(target=server.serve_forever, args=[POLL_SECONDS], daemon=True).start()
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{server.server_port}/token")
        monkeypatch.setenv("IDENTITY_HEADER", SECRET)
        yield server
        server.over.set()
        server.shutdown()


@pytest.fixture
def simulator(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[TappedSimulator]:
    """ACS on loopback, which takes tokens."""
    settings = Settings(auth="bearer", active_delay_seconds=0.0)
    with TappedSimulator(Options(directory=tmp_path / "simulator", settings=settings)) as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def keyless(simulator: TappedSimulator, endpoint: TokenEndpoint) -> Iterator[CallAutomationClient]:
    """ACS's client with an identity whose endpoint is in trouble."""
    identity = AppIdentity(identity_for(CLIENT_ID, READ_SECONDS), AcsUnavailable)
    assert endpoint.asked == 0  # not before a request needs a token
    with connect(simulator.components.resource.endpoint, None, lambda: identity) as client:
        yield client


def under_test(simulator: TappedSimulator, client: CallAutomationClient) -> SimulatorAcsUnderTest:
    return SimulatorAcsUnderTest(simulator, SimulatorAdmin(simulator.admin_url), SdkAcsCalls(client))


CALLS: dict[str, Callable[[SimulatorAcsUnderTest], object]] = {
    "start": started,
    "pause": lambda acs: acs.calls.pause("eyJQ"),
    "resume": lambda acs: acs.calls.resume("eyJQ"),
    "stop": lambda acs: acs.calls.stop("eyJQ"),
    "state": lambda acs: acs.calls.state("eyJQ"),
}


@pytest.mark.timeout(SECONDS_MAX)
@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_start_without_a_token_is_told_at_once_and_acs_was_not_asked(
    simulator: TappedSimulator, endpoint: TokenEndpoint, keyless: CallAutomationClient, trouble: str
) -> None:
    endpoint.trouble = trouble

    with pytest.raises(AcsUnavailable, match="no token") as caught:
        started(under_test(simulator, keyless))

    assert not isinstance(caught.value, AcsUncertain)
    assert (caught.value.status, caught.value.code, simulator.seen, endpoint.asked) == (None, None, [], 1)


@pytest.mark.parametrize("action", CALLS)
def test_no_token_is_no_answer_of_acs_whatever_was_asked(
    simulator: TappedSimulator, endpoint: TokenEndpoint, keyless: CallAutomationClient, action: str
) -> None:
    endpoint.trouble = "unknown identity"

    with pytest.raises(AcsUnavailable, match="no token"):
        CALLS[action](under_test(simulator, keyless))

    assert simulator.seen == []


def test_once_there_is_a_token_the_start_is_carried_out(
    simulator: TappedSimulator, endpoint: TokenEndpoint, keyless: CallAutomationClient
) -> None:
    endpoint.trouble = "unknown identity"
    with pytest.raises(AcsUnavailable):
        started(under_test(simulator, keyless))
    endpoint.trouble = None

    assert started(under_test(simulator, keyless)).recording_id


@pytest.mark.parametrize("action", CALLS)
@pytest.mark.parametrize(("status", "code"), [(401, "Denied"), (403, "7504"), (400, "7510")])
def test_of_a_token_that_acs_does_not_take_the_role_is_named(
    simulator: TappedSimulator, keyless: CallAutomationClient, status: int, code: str, action: str
) -> None:
    simulator.prepared.append(acs_error(status, code, "Denied by the resource provider."))

    with pytest.raises(AcsUnavailable) as caught:
        CALLS[action](under_test(simulator, keyless))

    assert f"Denied by the resource provider. ({status}/{code}) Check that the app's identity" in str(caught.value)
    assert caught.value.code == code


def test_the_role_that_is_named_is_the_one_that_infra_assigns() -> None:
    templates = (ROOT / "infra" / "main.bicep").read_text()
    [role] = re.findall(r"GUID of the role that the app gets on the ACS resource; empty: ([\w ]+)\.", templates)

    assert f"{role}, or that of ACS_ROLE_ID" in CHECK_ROLE


def test_a_content_without_a_token_is_an_outage_of_the_source(
    endpoint: TokenEndpoint, keyless: CallAutomationClient
) -> None:
    endpoint.trouble = "unknown identity"

    with (
        pytest.raises(SourceUnavailable, match="no token"),
        SdkSource(keyless, HOST_SUFFIXES).open(f"https://us-storage{HOST_SUFFIXES[0]}/v1/objects/0-wus-d4-ab12", 0, 1),
    ):
        pass


def an_account() -> StorageAccount:
    account = StorageAccount(
        StorageConnection(blob_uri="https://nobody.invalid", table_uri="https://nobody.invalid"), CLIENT_ID
    )
    account.identity = identity_for(CLIENT_ID, READ_SECONDS)
    return account


@pytest.mark.timeout(SECONDS_MAX)
@pytest.mark.parametrize("trouble", ["500", "silence"])
def test_a_row_without_a_token_is_an_outage_of_the_tables_at_once(endpoint: TokenEndpoint, trouble: str) -> None:
    endpoint.trouble = trouble
    with an_account().tables as tables:
        catalog = TableCatalog(tables.get_table_client("recordings"), tables.get_table_client("index"))

        with pytest.raises(CatalogUnavailable, match="no token"):
            catalog.recording("6f1c2d3e-0000-4000-8000-000000000000")

    assert endpoint.asked == 1


@pytest.mark.timeout(SECONDS_MAX)
@pytest.mark.parametrize("trouble", ["500", "silence"])
def test_a_blob_without_a_token_is_an_outage_of_the_store_at_once(endpoint: TokenEndpoint, trouble: str) -> None:
    endpoint.trouble = trouble
    account = an_account()
    with account.blobs, pytest.raises(StoreUnavailable, match="no token"):
        BlobChunkStore(account, "recordings").stat("2026/11/22/a")

    assert endpoint.asked == 1


def test_four_services_in_vain_take_less_than_half_a_minute() -> None:
    assert 4 * TOKEN_READ_SECONDS < 30
    assert TOKEN_CONNECT_SECONDS < TOKEN_READ_SECONDS
