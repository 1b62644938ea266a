"""Blob Storage is understood by the codes of its answers, never by their status alone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import requests
from azure.storage.blob import BlobServiceClient

from local.azurite import Azurite, Ports
from shared.adapters.blob_storage import BlobChunkStore, BlobOwnStorage, EventContainer
from shared.adapters.storage_accounts import StorageAccount
from shared.connection_settings import StorageConnection
from shared.domain.errors import BlobExists, BlobUnreadable, BlockRefused, BlocksGone, RecorderError, StoreUnavailable
from shared.domain.ports import BlobHead, BlobProperties, ChunkStore
from tests.copying import checksum_of

from .played import Answer, transport
from .samples import WAV

NAME = "2026/11/22/6f1c/0000-0-wus-d4-ab.wav"
# Conflicts that say nothing about a blob of the name being there, or nothing that may be relied on.
OTHERS = [
    (409, "ContainerBeingDeleted"),
    (409, "ContainerDisabled"),
    (409, "AccountBeingCreated"),
    (409, "BlobArchived"),
    (409, "BlobBeingRehydrated"),
    (409, "BlobImmutableDueToPolicy"),
    (409, "BlobImmutableDueToLegalHold"),
    (409, "SnapshotsPresent"),
    (409, "LeaseAlreadyPresent"),
    (409, "PendingCopyOperation"),
    (409, "InvalidBlobType"),
    (409, "ContainerAlreadyExists"),
    (409, "SomethingNew"),
    (409, ""),
    (412, "LeaseIdMissing"),
    (412, "LeaseIdMismatchWithBlobOperation"),
    (412, ""),
    (404, "ContainerNotFound"),
    (404, "ResourceNotFound"),
    (404, ""),
    (403, "AuthorizationFailure"),
]

WRITES: dict[str, Callable[[ChunkStore], object]] = {
    "put": lambda store: store.put(NAME, b"x", WAV),
    "commit": lambda store: store.commit(NAME, ["0"], WAV),
}
REQUESTS: dict[str, Callable[[ChunkStore], object]] = WRITES | {
    "stage": lambda store: store.stage(NAME, "0", memoryview(b"x"), checksum_of(b"x")),
    "committed": lambda store: store.committed(NAME),
    "stat": lambda store: store.stat(NAME),
    "head": lambda store: store.head(NAME),
    "read": lambda store: list(store.read(NAME)),
    "names": lambda store: list(store.names("2026/")),
}
other_codes = pytest.mark.parametrize(("status", "code"), OTHERS)


def refused(status: int, code: str) -> Answer:
    """An error as the service writes it: the code in the header, and in a body of XML."""
    body = (
        f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>No.</Message></Error>'
        if code
        else ""
    )
    headers = {"Content-Type": "application/xml"} | ({"x-ms-error-code": code} if code else {})
    return Answer(status, headers, body.encode())


@dataclass
class Service:
    """Answers by what is asked for: `PUT`, `HEAD`, `GET`, `DELETE`; `GET blocklist`."""

    answers: dict[str, Answer]
    account: StorageAccount

    def answer(self, request: requests.PreparedRequest) -> Answer:
        kind = f"{request.method} blocklist" if "comp=blocklist" in str(request.url) else str(request.method)
        answer = self.answers.get(kind) or self.answers["any"]
        if request.method == "HEAD":
            return Answer(answer.status, answer.headers)
        return answer


@pytest.fixture
def service() -> Iterator[Service]:
    connection = StorageConnection(connection_string=Azurite(ports=Ports()).connection_string)
    service = Service({}, StorageAccount(connection, None))
    with BlobServiceClient.from_connection_string(
        str(connection.connection_string), transport=transport(service.answer), retry_total=0
    ) as client:
        service.account.blobs = client
        yield service


@pytest.fixture
def store(service: Service) -> BlobChunkStore:
    return BlobChunkStore(service.account, "recordings")


@pytest.fixture
def kept(service: Service) -> EventContainer:
    return EventContainer(service.account.blobs, "rejected-events")


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize(("status", "code"), [(409, "BlobAlreadyExists"), (412, "ConditionNotMet")])
def test_a_taken_name_is_one_that_the_service_calls_so(
    service: Service, store: BlobChunkStore, write: Callable[[ChunkStore], object], status: int, code: str
) -> None:
    service.answers["any"] = refused(status, code)

    with pytest.raises(BlobExists):
        write(store)


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "InvalidBlobOrBlock"), (400, "InvalidBlockId"), (409, "BlockCountExceedsLimit")],
)
def test_a_block_that_does_not_go_with_the_staged_ones_is_told_apart(
    service: Service, store: BlobChunkStore, status: int, code: str
) -> None:
    service.answers["any"] = refused(status, code)

    with pytest.raises(BlockRefused, match=code):
        REQUESTS["stage"](store)


@pytest.mark.parametrize("ask", REQUESTS.values(), ids=REQUESTS)
@other_codes
def test_any_other_refusal_is_an_outage_and_says_its_code(
    service: Service, store: BlobChunkStore, ask: Callable[[ChunkStore], object], status: int, code: str
) -> None:
    service.answers["any"] = refused(status, code)

    with pytest.raises(StoreUnavailable, match=f"{status} .*{code}") as caught:
        ask(store)

    assert type(caught.value) in {StoreUnavailable, BlobUnreadable}  # never BlobExists, BlobGone or BlocksGone


def test_a_condition_that_a_read_does_not_meet_is_no_taken_name(service: Service, store: BlobChunkStore) -> None:
    service.answers["any"] = refused(412, "ConditionNotMet")

    with pytest.raises(StoreUnavailable) as caught:
        list(store.read(NAME))

    assert not isinstance(caught.value, BlobExists)


def test_blocks_are_gone_when_the_service_says_so(service: Service, store: BlobChunkStore) -> None:
    service.answers["any"] = refused(400, "InvalidBlockList")

    with pytest.raises(BlocksGone):
        store.commit(NAME, ["0"], WAV)


def test_no_blob_is_what_the_service_calls_so(service: Service, store: BlobChunkStore) -> None:
    service.answers["any"] = refused(404, "BlobNotFound")

    assert store.stat(NAME) == BlobProperties()
    assert store.head(NAME) is None


@pytest.mark.parametrize(
    ("tier", "head"),
    [
        ({"x-ms-access-tier": "Cold"}, BlobHead(etag='"x"', length=0)),
        ({"x-ms-access-tier": "Archive"}, BlobHead(etag='"x"', length=0, archived=True)),
        (
            {"x-ms-access-tier": "Archive", "x-ms-archive-status": "rehydrate-pending-to-cold"},
            BlobHead(etag='"x"', length=0, archived=True, rehydrating=True),
        ),
        ({}, BlobHead(etag='"x"', length=0)),
    ],
)
def test_only_the_archive_keeps_a_blob_from_being_read(
    service: Service, store: BlobChunkStore, tier: dict[str, str], head: BlobHead
) -> None:
    service.answers["HEAD"] = Answer(200, {"ETag": '"x"', "Content-Length": "0"} | tier)

    assert store.head(NAME) == head


# A blob that has no blocks answers that to the second question.
REFUSED_LOOKS = [
    (question, status, code)
    for question in ("HEAD", "GET blocklist")
    for status, code in OTHERS
    if (question, code) != ("GET blocklist", "InvalidBlobType")
]


@pytest.mark.parametrize(("question", "status", "code"), REFUSED_LOOKS)
def test_a_look_that_is_refused_is_no_empty_look(
    service: Service, store: BlobChunkStore, question: str, status: int, code: str
) -> None:
    service.answers |= {"any": refused(404, "BlobNotFound"), question: refused(status, code)}

    with pytest.raises(StoreUnavailable):
        store.stat(NAME)


def test_a_blob_without_blocks_is_what_the_service_calls_so(service: Service) -> None:
    service.answers |= {
        "HEAD": Answer(200, {"ETag": '"x"', "Content-Length": "0"}),
        "GET blocklist": refused(409, "InvalidBlobType"),
    }
    container = f"{str(service.account.blobs.url).rstrip('/')}/own"

    assert BlobOwnStorage(service.account, (container,)).stat(f"{container}/a.wav") == BlobProperties(etag='"x"')


@pytest.mark.parametrize("code", ["BlobArchived", "BlobBeingRehydrated"])
def test_of_a_blob_whose_blocks_cannot_be_listed_the_rest_is_said(
    service: Service, store: BlobChunkStore, code: str
) -> None:
    service.answers |= {
        "HEAD": Answer(200, {"ETag": '"x"', "Content-Length": "0", "x-ms-meta-sha256": "ab"}),
        "GET blocklist": refused(409, code),
    }

    assert store.stat(NAME) == BlobProperties(etag='"x"', metadata={"sha256": "ab"})


def outcome(act: Callable[[], object]) -> type[RecorderError] | None:
    try:
        act()
    except RecorderError as error:
        return type(error)
    return None


def test_an_event_is_kept_when_it_is_there_already(service: Service, kept: EventContainer) -> None:
    service.answers |= {"PUT": refused(409, "BlobAlreadyExists"), "HEAD": Answer(200, {"ETag": '"x"'})}

    assert outcome(lambda: kept.keep("e1", b"{}", "why")) is None


@pytest.mark.parametrize("head", [refused(404, "BlobNotFound"), refused(404, "ContainerNotFound"), refused(503, "")])
def test_an_event_that_is_said_to_be_there_and_is_not_is_not_kept(
    service: Service, kept: EventContainer, head: Answer
) -> None:
    service.answers |= {"PUT": refused(409, "BlobAlreadyExists"), "HEAD": head}

    assert outcome(lambda: kept.keep("e1", b"{}", "why")) is StoreUnavailable


@other_codes
def test_an_event_whose_keeping_is_refused_is_not_kept(
    service: Service, kept: EventContainer, status: int, code: str
) -> None:
    service.answers |= {"any": refused(status, code), "HEAD": Answer(200, {"ETag": '"x"'})}

    assert outcome(lambda: kept.keep("e1", b"{}", "why")) is StoreUnavailable


def test_an_event_that_is_gone_is_removed(service: Service, kept: EventContainer) -> None:
    service.answers["any"] = refused(404, "BlobNotFound")

    assert outcome(lambda: kept.remove("e1")) is None


@other_codes
def test_an_event_whose_removal_is_refused_is_not_removed(
    service: Service, kept: EventContainer, status: int, code: str
) -> None:
    service.answers["any"] = refused(status, code)

    assert outcome(lambda: kept.remove("e1")) is StoreUnavailable
