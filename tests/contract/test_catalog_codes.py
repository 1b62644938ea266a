"""Table Storage is understood by the codes of its answers, never by their status alone, inside a transaction, too."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
import requests
from azure.data.tables import TableServiceClient

from local.azurite import Azurite, Ports
from shared.adapters.table_catalog import TableCatalog
from shared.domain.errors import CatalogConflict, CatalogUnavailable, RecorderError
from shared.domain.ports import Catalog

from .played import Answer, transport
from .samples import CALL, NOW, a_chunk, a_line, a_recording

SAVED = a_recording(etag='W/"x"')
CHUNK = a_chunk(SAVED, etag='W/"x"')

CREATE: dict[str, Callable[[Catalog], object]] = {
    "save_recording, new": lambda catalog: catalog.save_recording(a_recording()),
    "create_chunks": lambda catalog: catalog.create_chunks([a_chunk(SAVED)]),
}
REPLACE: dict[str, Callable[[Catalog], object]] = {
    "save_recording, again": lambda catalog: catalog.save_recording(SAVED),
    "save_chunk": lambda catalog: catalog.save_chunk(CHUNK),
}
TRANSACT: dict[str, Callable[[Catalog], object]] = {
    "add_chunks": lambda catalog: catalog.add_chunks(SAVED, [a_chunk(SAVED)])
}
INDEX: dict[str, Callable[[Catalog], object]] = {
    "link_acs_id": lambda catalog: catalog.link_acs_id("eyJQ", "a"),
    "put_entries": lambda catalog: catalog.put_entries([a_line()]),
    "remove_entry": lambda catalog: catalog.remove_entry(CHUNK.id, CHUNK.document_id),
}
READS: dict[str, Callable[[Catalog], object]] = {
    "recording": lambda catalog: catalog.recording("a"),
    "chunk": lambda catalog: catalog.chunk(CHUNK.ref),
    "chunks": lambda catalog: list(catalog.chunks("a")),
    "has_open_chunk": lambda catalog: catalog.has_open_chunk("a"),
    "recording_by_acs_id": lambda catalog: catalog.recording_by_acs_id("eyJQ"),
    "recordings": lambda catalog: catalog.recordings(["a", "b"]),
    "listed": lambda catalog: list(catalog.listed(None, 10)),
    "listed_of_call": lambda catalog: list(catalog.listed_of_call(CALL, None, 10)),
    "due_entries": lambda catalog: list(catalog.due_entries(NOW)),
}
EVERYTHING = CREATE | REPLACE | TRANSACT | INDEX | READS

CONFLICTS = [
    *((name, ask, 409, "EntityAlreadyExists") for name, ask in (CREATE | TRANSACT).items()),
    *(
        (name, ask, status, code)
        for name, ask in (REPLACE | TRANSACT).items()
        for status, code in [
            (412, "UpdateConditionNotSatisfied"),
            (412, "ConditionNotMet"),
            (404, "ResourceNotFound"),
            (404, "EntityNotFound"),
        ]
    ),
]
OTHERS = [
    (409, "TableBeingDeleted"),
    (409, "TableAlreadyExists"),
    (409, "AccountBeingCreated"),
    (409, "InvalidDuplicateRow"),
    (409, "SomethingNew"),
    (409, ""),
    (412, "SomethingNew"),
    (412, ""),
    (404, "TableNotFound"),
    (404, "AccountNotFound"),
    (404, ""),
    (403, "AuthorizationFailure"),
    (400, "OutOfRangeInput"),
]


def body_of(code: str) -> bytes:
    message = {"lang": "en-US", "value": "0:The service says no.\nRequestId:1"}
    return json.dumps({"odata.error": {"code": code, "message": message}}).encode() if code else b""


def refused(status: int, code: str) -> Answer:
    return Answer(status, {"Content-Type": "application/json"}, body_of(code))


def refused_transaction(status: int, code: str) -> Answer:
    """202 for the transaction, and what became of the operation that failed."""
    lines = [
        b"--batchresponse_1",
        b"Content-Type: multipart/mixed; boundary=changesetresponse_1",
        b"",
        b"--changesetresponse_1",
        b"Content-Type: application/http",
        b"Content-Transfer-Encoding: binary",
        b"",
        f"HTTP/1.1 {status} No".encode(),
        b"Content-Type: application/json",
        b"",
        body_of(code),
        b"--changesetresponse_1--",
        b"--batchresponse_1--",
        b"",
    ]
    return Answer(202, {"Content-Type": "multipart/mixed; boundary=batchresponse_1"}, b"\r\n".join(lines))


@dataclass
class Service:
    """Refuses everything but what it is told to find."""

    status: int = 404
    code: str = "ResourceNotFound"
    finds: Answer | None = None
    seen: list[str] = field(default_factory=list)

    def answer(self, request: requests.PreparedRequest) -> Answer:
        self.seen.append(str(request.method))
        if "$batch" in str(request.url):
            return refused_transaction(self.status, self.code)
        if request.method == "PATCH":
            return Answer(204, {"ETag": 'W/"x"'})  # the index lines of a new recording
        if request.method == "GET" and self.finds is not None:
            return self.finds
        return refused(self.status, self.code)


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def catalog(service: Service) -> Iterator[TableCatalog]:
    nobody = Azurite(ports=Ports())
    with TableServiceClient.from_connection_string(
        nobody.connection_string, transport=transport(service.answer), retry_total=0
    ) as client:
        catalog = TableCatalog(client.get_table_client("recordings"), client.get_table_client("recordingindex"))
        yield catalog


def outcome(act: Callable[[], object]) -> type[RecorderError] | None:
    try:
        act()
    except RecorderError as error:
        return type(error)
    return None


@pytest.mark.parametrize(("name", "ask", "status", "code"), CONFLICTS)
def test_somebody_else_was_first_when_the_service_says_so(
    service: Service, catalog: TableCatalog, name: str, ask: Callable[[Catalog], object], status: int, code: str
) -> None:
    service.status, service.code, service.finds = status, code, refused(404, "ResourceNotFound")

    assert outcome(lambda: ask(catalog)) is CatalogConflict, name


@pytest.mark.parametrize("ask", EVERYTHING.values(), ids=EVERYTHING)
@pytest.mark.parametrize(("status", "code"), OTHERS)
def test_any_other_refusal_is_an_outage_and_says_its_code(
    service: Service, catalog: TableCatalog, ask: Callable[[Catalog], object], status: int, code: str
) -> None:
    service.status, service.code = status, code

    with pytest.raises(CatalogUnavailable, match=f"{status} .*{code}"):
        ask(catalog)


@pytest.mark.parametrize("code", ["ResourceNotFound", "EntityNotFound"])
def test_a_row_is_not_there_when_the_service_says_so(service: Service, catalog: TableCatalog, code: str) -> None:
    service.code = code

    assert catalog.recording("a") is None
    assert outcome(lambda: catalog.remove_entry(CHUNK.id, CHUNK.document_id)) is None


def test_an_acs_id_that_is_taken_belongs_to_who_was_first(service: Service, catalog: TableCatalog) -> None:
    service.status, service.code = 409, "EntityAlreadyExists"
    line = {"PartitionKey": "acs-1", "RowKey": "recording", "id": "first", "odata.etag": 'W/"x"'}
    service.finds = Answer(200, {"Content-Type": "application/json"}, json.dumps(line).encode())

    assert catalog.link_acs_id("eyJQ", "second") == "first"
