"""The probes of what the app depends on: what counts as an answer, and that each asks once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from azure.communication.callautomation import CallAutomationClient
from azure.core.exceptions import AzureError
from azure.storage.queue import QueueServiceClient

from local.azurite import ACCOUNT, ACCOUNT_KEY, Azurite
from local.simulator.wire import json_response
from shared.adapters.acs_client import connect
from shared.adapters.dependency_probes import probe_acs, probe_blobs_and_queues, probe_containers, probe_tables
from shared.adapters.storage_accounts import StorageAccount
from shared.connection_settings import StorageConnection

from .acs_under_test import SimulatorAcsUnderTest
from .conftest import new_name, no_credential
from .source_under_test import SDK_WARNINGS

pytestmark = SDK_WARNINGS
ANOTHER_KEY = "A" * 86 + "=="

type Probe = Callable[[StorageAccount], None]
OF_STORAGE: dict[str, Probe] = {
    "tables": lambda account: probe_tables(account.tables, "recordings"),
    "containers": lambda account: probe_containers(account.blobs, "recordings"),
    "queues": lambda account: probe_blobs_and_queues(account.blobs, account.queue_url),
}


def account_at(port: int, key: str = ACCOUNT_KEY) -> StorageAccount:
    """An account of which a server on this machine is all three services."""
    parts = "".join(f"{kind}Endpoint=http://127.0.0.1:{port}/{ACCOUNT};" for kind in ("Blob", "Queue", "Table"))
    return StorageAccount(
        StorageConnection(connection_string=f"AccountName={ACCOUNT};AccountKey={key};{parts}"), client_id=None
    )


@contextmanager
def answering(status: int) -> Iterator[tuple[int, list[str]]]:
    """(port, the requests so far) of a server with one answer to everything."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield int(server.server_address[1]), seen
        server.shutdown()


@pytest.mark.stack
def test_storage_that_is_there_answers(account: StorageAccount, container: str) -> None:
    table = new_name("t")
    account.tables.create_table(table)

    probe_tables(account.tables, table)
    probe_containers(account.blobs, container)
    probe_blobs_and_queues(account.blobs, account.queue_url, container)


@pytest.mark.stack
def test_queues_answer_where_there_is_one(azurite: Azurite, account: StorageAccount) -> None:
    with QueueServiceClient.from_connection_string(azurite.connection_string) as queues:
        queues.create_queue(new_name("q"))

    probe_blobs_and_queues(account.blobs, account.queue_url)


@pytest.mark.stack
def test_a_table_that_is_gone_is_no_answer(account: StorageAccount) -> None:
    there, gone = new_name("t"), new_name("t")
    account.tables.create_table(there)

    with pytest.raises(AzureError):
        probe_tables(account.tables, there, gone)


@pytest.mark.stack
def test_a_container_that_is_gone_is_no_answer(account: StorageAccount, container: str) -> None:
    with pytest.raises(AzureError):
        probe_containers(account.blobs, container, new_name("c"))


@pytest.mark.stack
@pytest.mark.filterwarnings("ignore:Testing an element:DeprecationWarning")  # the tables SDK's
@pytest.mark.parametrize("name", OF_STORAGE)
def test_storage_that_does_not_let_the_app_in_is_no_answer(azurite: Azurite, name: str) -> None:
    text = azurite.connection_string.replace(ACCOUNT_KEY, ANOTHER_KEY)

    with pytest.raises(AzureError):
        OF_STORAGE[name](StorageAccount(StorageConnection(connection_string=text), client_id=None))


@pytest.mark.parametrize("status", [403, 429, 500, 503])
@pytest.mark.parametrize("name", OF_STORAGE)
def test_storage_that_refuses_or_fails_is_asked_once(name: str, status: int) -> None:
    with answering(status) as (port, seen), pytest.raises(AzureError):
        OF_STORAGE[name](account_at(port))

    assert len(seen) == 1


@pytest.mark.parametrize("name", OF_STORAGE)
def test_storage_that_cannot_be_reached_is_no_answer(name: str) -> None:
    with answering(200) as (port, _):
        pass

    with pytest.raises(AzureError):
        OF_STORAGE[name](account_at(port))


def acs_answers(acs: SimulatorAcsUnderTest, client: CallAutomationClient, status: int) -> bool:
    acs.simulator.prepared.append(json_response(status, {"error": {"code": "8500", "message": "m"}}))
    try:
        probe_acs(client)
    except AzureError:
        return False
    return True


@pytest.mark.parametrize(
    ("status", "answers"),
    [
        *((200, True), (400, True), (404, True), (409, True), (429, True)),
        *((401, False), (403, False), (500, False), (502, False), (503, False)),
    ],
)
def test_acs_answers_unless_it_refuses_the_app_or_fails(
    simulated_acs: SimulatorAcsUnderTest, acs_client: CallAutomationClient, status: int, answers: bool
) -> None:
    assert acs_answers(simulated_acs, acs_client, status) is answers
    assert len(simulated_acs.simulator.seen) == 1


def test_acs_that_does_not_know_the_recording_answers(
    simulated_acs: SimulatorAcsUnderTest, acs_client: CallAutomationClient
) -> None:
    probe_acs(acs_client)

    assert [request.path for request in simulated_acs.simulator.seen] == ["/calling/recordings/health"]


def test_acs_that_cannot_be_reached_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    text = "endpoint=https://acs.example/;accesskey=c2VjcmV0"

    with connect(None, text, no_credential) as client, pytest.raises(AzureError):
        probe_acs(client)
