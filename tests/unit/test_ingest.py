"""From events to rows and messages: duplicates, parts, any order, and whatever else comes."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from shared.domain.errors import CatalogUnavailable
from shared.domain.identifiers import CallId, CallIdKind
from shared.domain.models import Messages
from shared.domain.ports import AcsState
from shared.domain.statuses import ChunkStatus, FilesStatus, RecordingStatus
from tests.builders import (
    CALL_CONNECTION_ID,
    OUR_ID,
    RECORDING_ID,
    SERVER_CALL_ID,
    Event,
    a_chunk,
    a_recording,
    announced_chunk,
    document_id,
    file_ready_event,
    keep_at_acs,
)
from tests.fakes import BEGINNING, Cloud, FakeHost, Fault

DEADLINE = BEGINNING + timedelta(hours=24)


def ingest(cloud: Cloud, event: Event) -> Messages:
    return cloud.services.ingest.ingest(event).messages


def start(cloud: Cloud, **fields: object) -> None:
    """A recording of ours that ACS has confirmed."""
    cloud.catalog.save_recording(a_recording(**fields))
    cloud.catalog.link_acs_id(RECORDING_ID, OUR_ID)


def test_every_chunk_becomes_a_pending_row(cloud: Cloud) -> None:
    ingest(cloud, file_ready_event(3))

    assert [(chunk.index, chunk.status) for chunk in cloud.chunks()] == [(n, ChunkStatus.PENDING) for n in range(3)]


def test_every_chunk_becomes_a_message(cloud: Cloud) -> None:
    messages = ingest(cloud, file_ready_event(3))

    assert messages == Messages(transfers=tuple(chunk.ref for chunk in cloud.chunks()))


def test_every_chunk_and_the_recording_are_open_work(cloud: Cloud) -> None:
    ingest(cloud, file_ready_event(2))

    assert {document for _, document in cloud.catalog.open} == {"", document_id(0), document_id(1)}


def test_the_recording_knows_what_the_event_tells(cloud: Cloud) -> None:
    start(cloud)
    ingest(cloud, file_ready_event())
    recording = cloud.recording()

    assert (recording.files, recording.session_end_reason) == (FilesStatus.TRANSFERRING, "CallEnded")
    assert (recording.recording_format_type, recording.recording_duration_ms) == ("wav", 6620)
    assert recording.recording_start_time == datetime(2026, 11, 22, 7, 59, 23, 608975, UTC)


def test_a_redelivered_event_changes_nothing(cloud: Cloud) -> None:
    ingest(cloud, file_ready_event())
    before = dict(cloud.catalog.rows)

    messages = ingest(cloud, file_ready_event())

    assert (cloud.catalog.rows, messages) == (before, Messages())


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_parts_of_a_recording_come_in_any_order(cloud: Cloud, order: tuple[int, ...]) -> None:
    for number in order:
        ingest(cloud, file_ready_event([announced_chunk(number)]))

    assert [chunk.index for chunk in cloud.chunks()] == [0, 1, 2]
    assert len(cloud.recordings()) == 1


def test_parts_that_overlap_add_only_what_is_new(cloud: Cloud) -> None:
    ingest(cloud, file_ready_event([announced_chunk(0), announced_chunk(1)]))

    messages = ingest(cloud, file_ready_event([announced_chunk(1), announced_chunk(2)]))

    assert [ref.document_id for ref in messages.transfers] == [document_id(2)]


def test_two_thousand_chunks_are_taken_in(cloud: Cloud) -> None:
    messages = ingest(cloud, file_ready_event(2000))

    assert len(cloud.chunks()) == len(messages.transfers) == 2000


def test_twins_of_one_index_are_two_chunks(cloud: Cloud) -> None:
    ingest(cloud, file_ready_event([announced_chunk(0), announced_chunk(1, index=0)]))

    assert [(chunk.index, chunk.document_id) for chunk in cloud.chunks()] == [(0, document_id(0)), (0, document_id(1))]


def test_twins_have_blobs_of_their_own(cloud: Cloud) -> None:
    ingest(cloud, file_ready_event([announced_chunk(0), announced_chunk(1, index=0)]))

    assert len({chunk.content_blob for chunk in cloud.chunks()}) == 2


def test_an_event_that_comes_before_our_row_says_so_is_ours(cloud: Cloud) -> None:
    start(cloud, status=RecordingStatus.STARTING, recording_id=None)

    ingest(cloud, file_ready_event())

    assert cloud.recording().id == OUR_ID
    assert cloud.chunk().managed


def test_the_day_of_a_blob_is_that_of_the_start_in_utc(cloud: Cloud) -> None:
    ingest(cloud, file_ready_event(1, recordingStartTime="2026-11-22T01:00:00+02:00"))

    assert cloud.chunk().content_blob == f"2026/11/21/{cloud.recording().id}/0000-{document_id(0)}.wav"


def test_without_a_start_it_is_the_day_of_the_event(cloud: Cloud) -> None:
    ingest(cloud, file_ready_event(1, recordingStartTime=None))

    assert cloud.chunk().content_blob.startswith("2026/11/22/")


def test_the_folder_stays_where_the_first_event_put_it(cloud: Cloud) -> None:
    ingest(cloud, file_ready_event([announced_chunk(0)]))
    folder = cloud.recording().folder

    ingest(cloud, file_ready_event([announced_chunk(1)], recordingStartTime="2026-11-21T23:59:00Z"))

    assert {chunk.content_blob.rpartition("/")[0] for chunk in cloud.chunks()} == {folder}


@pytest.mark.parametrize(
    ("form", "extension"), [("Mp3", "mp3"), ("wav", "wav"), ("WAV", "wav"), (None, "mp4"), ("Flac", "mp4")]
)
def test_a_blob_is_named_for_its_format(cloud: Cloud, form: str | None, extension: str) -> None:
    ingest(cloud, file_ready_event(1, recordingFormatType=form))

    assert cloud.chunk().content_blob.endswith(f".{extension}")


def test_the_format_asked_for_names_the_blob_when_the_event_does_not(cloud: Cloud) -> None:
    start(cloud, recording_format_type="mp3")

    ingest(cloud, file_ready_event(1, recordingFormatType=None))

    assert cloud.chunk().content_blob.endswith(".mp3")


def test_the_deadline_is_the_event_s_time_and_the_retention(cloud: Cloud) -> None:
    ingest(cloud, file_ready_event())

    assert (cloud.chunk().expires_at, cloud.recording().expires_at) == (DEADLINE, DEADLINE)


def test_a_later_part_does_not_move_the_deadline_of_the_recording(cloud: Cloud) -> None:
    ingest(cloud, file_ready_event([announced_chunk(0)]))

    ingest(cloud, file_ready_event([announced_chunk(1)], event_time=BEGINNING + timedelta(hours=3)))

    assert cloud.recording().expires_at == DEADLINE


def test_a_recording_of_others_is_stored_and_never_deleted_by_default(cloud: Cloud) -> None:
    ingest(cloud, file_ready_event(1))

    assert (cloud.recording().origin, cloud.chunk().managed) == ("event", False)


def test_a_recording_of_others_is_deleted_too_when_managed() -> None:
    cloud = Cloud(UNKNOWN_RECORDINGS="manage")

    ingest(cloud, file_ready_event(1))

    assert cloud.chunk().managed


def test_a_recording_of_others_leaves_no_trace_when_ignored() -> None:
    cloud = Cloud(UNKNOWN_RECORDINGS="ignore")

    messages = ingest(cloud, file_ready_event())

    assert (messages, cloud.catalog.rows, cloud.catalog.open) == (Messages(), {}, {})


def test_our_own_recording_is_taken_in_when_others_are_ignored() -> None:
    cloud = Cloud(UNKNOWN_RECORDINGS="ignore")
    start(cloud)

    assert len(ingest(cloud, file_ready_event(2)).transfers) == 2


def test_another_row_for_the_same_recording_is_linked_and_nothing_moves(cloud: Cloud) -> None:
    ingest(cloud, file_ready_event())
    foreign = cloud.recording()
    ours = cloud.catalog.save_recording(a_recording(recording_id=None, status=RecordingStatus.STARTING))

    cloud.services.starts.record_start(ours, AcsState(RECORDING_ID, active=True), pause_on_start=False)

    linked = {recording.id: recording.same_as for recording in cloud.recordings()}
    assert linked == {foreign.id: OUR_ID, OUR_ID: foreign.id}
    assert {chunk.id for chunk in cloud.chunks()} == {foreign.id}


def calls(cloud: Cloud, *calls: CallId) -> list[list[str]]:
    return [[entry.id for entry in cloud.catalog.listed_of_call(call, None, 10)] for call in calls]


def test_a_recording_is_found_by_the_call_that_its_event_names(cloud: Cloud) -> None:
    start(cloud, server_call_id=None, group_call_id="a group")
    ingest(cloud, file_ready_event(subject_form=4))

    asked = [CallId(CallIdKind.SERVER_CALL, SERVER_CALL_ID), CallId(CallIdKind.GROUP_CALL, "a group")]
    assert cloud.recording().server_call_id == SERVER_CALL_ID
    assert calls(cloud, *asked) == [[OUR_ID], [OUR_ID]]


def test_a_recording_whose_write_failed_is_found_by_its_call_after_the_next(cloud: Cloud) -> None:
    start(cloud, server_call_id=None, group_call_id="a group")
    cloud.world.fail("catalog.add_chunks", Fault.ERROR_BEFORE)
    with pytest.raises(CatalogUnavailable):
        ingest(cloud, file_ready_event(subject_form=4))

    ingest(cloud, file_ready_event(subject_form=4))

    assert calls(cloud, CallId(CallIdKind.SERVER_CALL, SERVER_CALL_ID)) == [[OUR_ID]]


def test_the_call_connection_of_an_event_is_not_taken_for_the_one_of_a_start(cloud: Cloud) -> None:
    """It may be the recorder's own. Of a recording that nobody started here it is what is known."""
    start(cloud)
    ingest(cloud, file_ready_event(subject_form=6))
    ingest(cloud, file_ready_event(subject_form=5, call_id="another"))

    ours, other = sorted(cloud.recordings(), key=lambda row: row.origin)
    assert (ours.call_connection_id, other.call_connection_id) == (None, CALL_CONNECTION_ID)


def test_a_late_event_reopens_a_completed_recording(cloud: Cloud) -> None:
    keep_at_acs(cloud, 2)
    host = FakeHost(cloud)
    host.publish(file_ready_event([announced_chunk(0)]))
    host.settle()

    ingest(cloud, file_ready_event([announced_chunk(1)]))

    assert (cloud.recording().status, cloud.recording().completed_at) == (RecordingStatus.TRANSFERRING, None)


@pytest.mark.parametrize("status", sorted(set(RecordingStatus) - {RecordingStatus.COMPLETED}))
def test_an_event_is_taken_in_whatever_state_its_recording_is_in(cloud: Cloud, status: RecordingStatus) -> None:
    start(cloud, status=status)

    ingest(cloud, file_ready_event())

    assert cloud.recording().files is FilesStatus.TRANSFERRING


@pytest.mark.parametrize("status", sorted(set(RecordingStatus) - {RecordingStatus.FAILED}))
def test_an_event_never_writes_what_acs_confirmed(cloud: Cloud, status: RecordingStatus) -> None:
    start(cloud, status=status)
    before = cloud.recording()

    ingest(cloud, file_ready_event())

    after = cloud.recording()
    assert (after.control, after.ended_at, after.control_version) == (
        before.control,
        before.ended_at,
        before.control_version,
    )


def test_only_our_own_outage_raises(cloud: Cloud) -> None:
    cloud.world.fail("catalog.add_chunks", Fault.ERROR_BEFORE)

    with pytest.raises(CatalogUnavailable):
        ingest(cloud, file_ready_event())


def test_an_event_without_a_home_during_an_outage_is_a_dead_letter_and_then_ingested(cloud: Cloud) -> None:
    keep_at_acs(cloud)
    host = FakeHost(cloud)
    host.publish(file_ready_event())
    cloud.world.fail("catalog.put_entries", Fault.ERROR_BEFORE, times=30)

    host.settle()

    assert cloud.recording().status is RecordingStatus.COMPLETED
    assert cloud.letters.events == {}


def test_a_row_that_somebody_else_wrote_first_is_read_again(cloud: Cloud) -> None:
    start(cloud)
    cloud.world.fail("catalog.recording", Fault.STALE, times=2)

    ingest(cloud, file_ready_event())

    assert len(cloud.chunks()) == 2


def test_a_chunk_that_failed_for_another_reason_waits_for_replay(cloud: Cloud) -> None:
    start(cloud)
    recording = cloud.recording()
    cloud.catalog.add_chunks(recording, [a_chunk(0, status=ChunkStatus.FAILED, open=False, due_at=None)])

    messages = ingest(cloud, file_ready_event([announced_chunk(0)]))

    assert messages == Messages()
