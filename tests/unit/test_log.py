"""Log lines: greppable, one JSON object each, and nothing secret or personal in them."""

import ast
import json
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.api.http_replies import Reply, json_reply, reply_or_problem
from shared.api.request_bodies import parse_start_request
from shared.domain.errors import AcsRefused, RecorderError
from shared.domain.json_views import recording_view
from shared.domain.log import ERRORS, WARNINGS, LogEvent, log
from shared.domain.log_values import REASON_CHARACTERS_MAX
from tests.builders import (
    CONTAINER,
    OUR_ID,
    TOPIC,
    announced_chunk,
    document_id,
    file_ready_event,
    keep_at_acs,
    media,
    metadata,
    start_body,
)
from tests.fakes import Cloud, FakeHost, Fault
from tests.unit.test_architecture import MODULES

# The characters of base64, phone numbers and signatures, between marks that do not occur by chance.
SECRET = st.text("ABxyz019+/=_-", max_size=40).map(lambda text: f"Zq{text}qZ")


def lines(caplog: pytest.LogCaptureFixture) -> str:
    formatter = logging.Formatter("%(message)s")
    return "\n".join(formatter.format(record) for record in caplog.records)


@pytest.mark.parametrize("event", LogEvent)
def test_a_line_is_its_event_and_one_json_object(caplog: pytest.LogCaptureFixture, event: LogEvent) -> None:
    caplog.set_level(logging.INFO)

    log(event, id=OUR_ID, chunks=3)

    name, _, fields = caplog.messages[0].partition(" ")
    assert (name, json.loads(fields)) == (event, {"id": OUR_ID, "chunks": 3})


@pytest.mark.parametrize("event", LogEvent)
def test_what_somebody_must_look_at_is_an_error(caplog: pytest.LogCaptureFixture, event: LogEvent) -> None:
    caplog.set_level(logging.INFO)

    log(event)

    level = logging.ERROR if event in ERRORS else logging.WARNING if event in WARNINGS else logging.INFO
    assert caplog.records[0].levelno == level


def test_a_line_stays_one_line(caplog: pytest.LogCaptureFixture) -> None:
    log(LogEvent.CHUNK_FAILED, failure="two\nlines\r\u2028")

    assert len(caplog.messages[0].splitlines()) == 1


def test_a_line_stays_short(caplog: pytest.LogCaptureFixture) -> None:
    log(LogEvent.CHUNK_FAILED, failure="x" * 900_000)

    assert len(caplog.messages[0]) < 5_000


def test_every_event_is_logged_somewhere() -> None:
    """The alert of one that is declared and never logged would never be raised."""
    calls = [node for tree in MODULES.values() for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = {node.attr for call in calls for node in ast.walk(call) if isinstance(node, ast.Attribute)}
    chosen = {LogEvent.CHUNK_ALTERED.name, LogEvent.CHUNK_FAILED.name}  # by a condition before the call

    assert {event.name for event in LogEvent} - named - chosen == set()


def start(cloud: Cloud, call: str, phone: str, signature: str) -> None:
    """Start a recording with everything that may be secret, refused or not."""
    body = start_body(
        serverCallId=call,
        audioChannelParticipantOrdering=[f"4:{phone}"],
        recordingStateCallbackUrl=f"https://caller.example/back?code={signature}",
        tags={"who": phone},
    )
    refused = start_body(recordingStorageContainerUrl=f"{CONTAINER}?sig={signature}")
    for asked in (body, refused):
        reply_or_problem("/", partial(start_reply, cloud, asked))


def start_reply(cloud: Cloud, body: bytes) -> Reply:
    request = parse_start_request(body, (CONTAINER,), ("caller.example",))
    return json_reply(recording_view(cloud.services.starts.start(request, None)))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(call=SECRET, phone=SECRET, signature=SECRET, other=SECRET)
def test_nothing_secret_or_personal_is_logged(
    caplog: pytest.LogCaptureFixture, call: str, phone: str, signature: str, other: str
) -> None:
    caplog.clear()
    caplog.set_level(logging.INFO)
    cloud = Cloud()
    keep_at_acs(cloud, 2)
    start(cloud, call, phone, signature)
    hostile = announced_chunk(1, contentLocation=f"https://storage.asm.skype.com/v1/objects/x?sig={signature}")
    host = FakeHost(cloud)
    host.publish(file_ready_event([announced_chunk(0), hostile], server_call_id=call))
    host.publish(file_ready_event(1, server_call_id=other, deleteLocation=f"https://x.example/?sig={signature}"))
    cloud.world.fail("source.open", Fault.MISSING, times=3)
    cloud.acs.recordings.clear()
    host.settle()

    logged = lines(caplog)

    assert logged
    assert not [secret for secret in (call, phone, signature, other) if secret in logged]


HOSTILE = ("participant 4:+15550100", "sig=c2VjcmV0", "x" * 5_000)
OUTSIDE: dict[str, Callable[[str], dict[str, Any]]] = {
    "its id": lambda text: file_ready_event(1) | {"id": text, "subject": "none"},
    "its type": lambda text: file_ready_event(1) | {"eventType": text},
    "its topic": lambda text: file_ready_event(1) | {"topic": text},
    "its subject": lambda text: file_ready_event(1) | {"subject": f"/recording/other/{text}"},
    "the call": lambda text: file_ready_event(1, call_id=text, subject_form=1, recordingId=None),
    "the recording": lambda text: file_ready_event(1, recording_id=text),
    "a reason": lambda text: file_ready_event([announced_chunk(endReason=text)], sessionEndReason=text),
    "a document": lambda text: file_ready_event([announced_chunk(documentId=text)]),
    "a content": lambda text: file_ready_event([announced_chunk(contentLocation=f"https://x.example/{text}")]),
    "a format": lambda text: file_ready_event(1, recordingFormatType=text),
}


@pytest.mark.parametrize("text", HOSTILE, ids=["phone number", "key", "long"])
@pytest.mark.parametrize("place", OUTSIDE)
@pytest.mark.parametrize("unknown", ["store", "ignore"])
def test_text_of_an_event_stays_out_of_the_log(
    caplog: pytest.LogCaptureFixture, unknown: str, place: str, text: str
) -> None:
    caplog.set_level(logging.INFO)
    cloud = Cloud(UNKNOWN_RECORDINGS=unknown, ACS_TOPIC=TOPIC)
    keep_at_acs(cloud, 1)
    host = FakeHost(cloud)
    host.publish(OUTSIDE[place](text))
    host.settle()

    assert "event_" in lines(caplog)
    assert text[:1_000] not in lines(caplog)


@pytest.mark.parametrize(("field", "event"), [("chunkDocumentId", "chunk_deferred"), ("callId", "chunk_incomplete")])
def test_text_of_a_metadata_file_stays_out_of_the_log(caplog: pytest.LogCaptureFixture, field: str, event: str) -> None:
    caplog.set_level(logging.INFO)
    cloud = Cloud()
    cloud.source.add(document_id(), media(), metadata(0, **{field: "4:+15550100"}))
    host = FakeHost(cloud)
    host.publish(file_ready_event(1))
    host.settle()

    assert event in lines(caplog)
    assert "15550100" not in lines(caplog)


def test_the_reason_of_a_refusal_is_cut_in_the_log_and_kept_whole(caplog: pytest.LogCaptureFixture) -> None:
    cloud = Cloud()
    cloud.services.ingest.ingest(file_ready_event([announced_chunk(n, contentLocation="no URL") for n in range(50)]))

    (reason,) = cloud.rejected.reasons.values()
    assert len(reason) > REASON_CHARACTERS_MAX
    told = json.loads(caplog.messages[-1].partition(" ")[2])["reason"]
    assert reason.startswith(told)
    assert REASON_CHARACTERS_MAX - 60 < len(told) <= REASON_CHARACTERS_MAX


def test_what_acs_says_in_a_refusal_stays_out_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    cloud = Cloud()
    cloud.acs.refuse("start", AcsRefused("No such call: aHR0cHM6Ly9hcGkuZmxpZ2h0", status=400, code="8527"))

    with pytest.raises(RecorderError):
        cloud.services.starts.start(parse_start_request(start_body(), ()), None)

    assert "aHR0cHM6Ly9hcGkuZmxpZ2h0" not in lines(caplog)
