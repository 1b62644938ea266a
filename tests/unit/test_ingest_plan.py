"""What an event makes of the rows, before anything is written."""

from datetime import timedelta

from shared.domain.models import Chunk
from shared.domain.statuses import ChunkStatus, FilesStatus
from shared.pipeline.file_ready_event import parse_file_ready
from shared.pipeline.ingest_plan import IngestPolicy, Plan, plan_event
from shared.settings import UnknownRecordings
from tests.builders import Event, a_chunk, a_recording, announced_chunk, document_id, file_ready_event
from tests.fakes import BEGINNING, Cloud

POLICY = IngestPolicy(
    topic=None,
    unknown_recordings=UnknownRecordings.MANAGE,
    host_suffixes=("asm.skype.com",),
    byos_containers=(),
    retention=timedelta(hours=24),
    message_patience=timedelta(minutes=15),
)
REFUSED = a_chunk(0, status=ChunkStatus.FAILED, content_location="", etag="v7")


def plan(event: Event, known: dict[str, Chunk | None]) -> Plan:
    return plan_event(parse_file_ready(event, BEGINNING), a_recording(etag="v1"), known, POLICY, BEGINNING)


def test_chunks_that_have_no_row_are_added() -> None:
    planned = plan(file_ready_event(2), {document_id(0): a_chunk(0)})

    assert [row.document_id for row in planned.added] == [document_id(1)]
    assert planned.recording.files is FilesStatus.TRANSFERRING
    assert planned.refusals == ()


def test_an_event_whose_chunks_all_have_rows_plans_nothing() -> None:
    planned = plan(file_ready_event(2), {document_id(number): a_chunk(number) for number in range(2)})

    assert planned.is_empty


def test_a_refused_chunk_that_is_understood_now_is_revived_on_its_row() -> None:
    planned = plan(file_ready_event(1), {document_id(0): REFUSED})

    assert [(row.status, row.etag) for row in planned.changed] == [(ChunkStatus.PENDING, "v7")]
    assert planned.added == ()


def test_a_refused_chunk_that_is_still_not_understood_changes_nothing_and_says_why() -> None:
    planned = plan(file_ready_event([announced_chunk(0, contentLocation="https://x")]), {document_id(0): REFUSED})

    assert planned.is_empty
    assert "not of the form" in planned.refusals[0].reason


def test_a_chunk_whose_row_cannot_be_read_is_left_alone_and_says_so() -> None:
    planned = plan(file_ready_event(1), {document_id(0): None})

    assert planned.is_empty
    assert document_id(0) in planned.refusals[0].reason


def test_a_refused_chunk_has_a_row_without_a_url() -> None:
    (row,) = plan(file_ready_event([announced_chunk(0, contentLocation="https://x")]), {}).added

    assert row.refused
    assert row.content_location == ""


def test_a_chunk_that_expired_is_not_refused() -> None:
    assert not a_chunk(0, status=ChunkStatus.FAILED).refused


def test_an_event_with_a_refused_chunk_that_comes_again_writes_no_row_and_no_entry(cloud: Cloud) -> None:
    event = file_ready_event([announced_chunk(0, contentLocation="https://evil.example/x")])
    cloud.services.ingest.ingest(event)
    before = cloud.recording(), cloud.chunks(), dict(cloud.catalog.open)
    cloud.world.now += timedelta(hours=1)

    cloud.services.ingest.ingest(event)

    assert (cloud.recording(), cloud.chunks(), cloud.catalog.open) == before
