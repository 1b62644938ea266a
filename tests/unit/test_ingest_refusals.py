"""What is not understood is kept and told, never raised and never dropped."""

from datetime import timedelta

import pytest

from shared.domain.models import Messages
from shared.domain.statuses import ChunkStatus, FilesStatus, RecordingStatus, StartFailure
from tests.builders import (
    OUR_ID,
    RECORDING_ID,
    TOPIC,
    Event,
    a_recording,
    announced_chunk,
    document_id,
    file_ready_event,
    keep_at_acs,
)
from tests.fakes import Cloud, FakeHost


def ingest(cloud: Cloud, event: Event) -> Messages:
    return cloud.services.ingest.ingest(event).messages


def start(cloud: Cloud, **fields: object) -> None:
    """A recording of ours that ACS has confirmed."""
    cloud.catalog.save_recording(a_recording(**fields))
    cloud.catalog.link_acs_id(RECORDING_ID, OUR_ID)


@pytest.mark.parametrize("written", [TOPIC, TOPIC.lower(), f"{TOPIC}/"])
def test_an_event_of_our_topic_is_taken_in_however_it_is_written(written: str) -> None:
    cloud = Cloud(ACS_TOPIC=written)

    assert len(ingest(cloud, file_ready_event(2)).transfers) == 2


def test_an_event_of_another_topic_is_kept_and_nothing_else() -> None:
    cloud = Cloud(ACS_TOPIC=f"{TOPIC}-another")

    ingest(cloud, file_ready_event())

    assert "does not come from ACS_TOPIC" in "".join(cloud.rejected.reasons.values())
    assert cloud.catalog.rows == {}


def test_an_event_that_is_not_understood_is_kept_once(cloud: Cloud) -> None:
    for _ in range(3):
        ingest(cloud, {"eventType": "Something.Else", "id": "1"})

    assert list(cloud.rejected.events.values()) == [b'{"eventType":"Something.Else","id":"1"}']


@pytest.mark.parametrize("broken", ["\ud800", float("inf"), "ä€", {"deep": [1, None]}])
def test_whatever_an_event_holds_it_can_be_kept(cloud: Cloud, broken: object) -> None:
    ingest(cloud, {"eventType": broken})

    assert len(cloud.rejected.events) == 1


def test_a_refused_chunk_is_failed_while_the_others_proceed(cloud: Cloud) -> None:
    hostile = announced_chunk(1, contentLocation="https://evil.example/v1/objects/x")

    messages = ingest(cloud, file_ready_event([announced_chunk(0), hostile]))

    assert [chunk.status for chunk in cloud.chunks()] == [ChunkStatus.PENDING, ChunkStatus.FAILED]
    assert [ref.document_id for ref in messages.transfers] == [document_id(0)]


def test_a_refused_chunk_says_why_and_its_event_is_kept(cloud: Cloud) -> None:
    ingest(cloud, file_ready_event([announced_chunk(0, contentLocation="https://evil.example/x")]))

    assert "rejected-events" in str(cloud.chunk().failure)
    assert len(cloud.rejected.events) == 1


@pytest.mark.parametrize("field", ["contentLocation", "metadataLocation"])
def test_media_and_metadata_must_name_the_chunk_s_own_document(cloud: Cloud, field: str) -> None:
    other = f"https://storage.asm.skype.com/v1/objects/{document_id(9)}/content/video"

    ingest(cloud, file_ready_event([announced_chunk(0, **{field: other})]))

    assert cloud.chunk().status is ChunkStatus.FAILED


def test_a_recording_whose_every_chunk_is_refused_has_failed(cloud: Cloud) -> None:
    ingest(cloud, file_ready_event([announced_chunk(0, contentLocation=None)]))

    assert cloud.recording().status is RecordingStatus.FAILED


def test_an_event_of_unreadable_chunks_makes_a_failed_recording_that_says_so(cloud: Cloud) -> None:
    ingest(cloud, file_ready_event([{"documentId": "a/b"}]))

    assert cloud.recording().status is RecordingStatus.FAILED
    assert "rejected-events" in str(cloud.recording().failure)


def unreadable_beside_readable() -> Event:
    return file_ready_event([announced_chunk(0), announced_chunk(1, documentId="0_wus_1")])


def test_a_recording_of_which_a_chunk_could_not_be_read_is_not_completed(cloud: Cloud) -> None:
    start(cloud, status=RecordingStatus.STOPPED)
    keep_at_acs(cloud, 2)
    host = FakeHost(cloud)
    host.publish(unreadable_beside_readable())
    host.work()
    cloud.world.advance(timedelta(hours=1))
    host.sweep()

    assert [chunk.status for chunk in cloud.chunks()] == [ChunkStatus.DELETED]
    assert cloud.recording().status is RecordingStatus.TRANSFERRING
    assert "rejected-events" in str(cloud.recording().waits_for)


def test_it_is_completed_once_the_event_came_again_corrected(cloud: Cloud) -> None:
    start(cloud, status=RecordingStatus.STOPPED)
    keep_at_acs(cloud, 2)
    host = FakeHost(cloud)
    for event in (unreadable_beside_readable(), file_ready_event(1) | {"id": "another"}, file_ready_event(2)):
        assert cloud.recording().status is not RecordingStatus.COMPLETED
        host.publish(event)
        host.work()

    assert cloud.recording().status is RecordingStatus.COMPLETED


def test_each_event_with_an_unreadable_chunk_must_come_again(cloud: Cloud) -> None:
    start(cloud, status=RecordingStatus.STOPPED)
    keep_at_acs(cloud, 2)
    host = FakeHost(cloud)
    others = {"id": "another"}
    for event in (unreadable_beside_readable(), unreadable_beside_readable() | others, file_ready_event(2)):
        host.publish(event)
        host.work()
    assert cloud.recording().status is RecordingStatus.TRANSFERRING

    host.publish(file_ready_event(2) | others)
    host.work()

    assert cloud.recording().status is RecordingStatus.COMPLETED


def test_a_recording_of_ours_whose_event_cannot_be_read_says_so_at_once_and_once(cloud: Cloud) -> None:
    start(cloud, status=RecordingStatus.STOPPED)
    for _ in range(2):
        ingest(cloud, file_ready_event([{"documentId": "a/b"}]))

    assert cloud.recording().status is RecordingStatus.FAILED
    assert "rejected-events" in str(cloud.recording().failure)
    assert cloud.world.counts["rejected.keep"] == 2


def test_a_refused_chunk_is_taken_up_when_its_event_comes_again_understood(cloud: Cloud) -> None:
    ingest(cloud, file_ready_event([announced_chunk(0, contentLocation="https://evil.example/x")]))

    messages = ingest(cloud, file_ready_event([announced_chunk(0)]))

    assert cloud.chunk().status is ChunkStatus.PENDING
    assert messages.transfers == (cloud.chunk().ref,)


def test_without_a_metadata_location_the_media_is_stored_and_nothing_deleted(cloud: Cloud) -> None:
    start(cloud)

    ingest(cloud, file_ready_event([announced_chunk(0, metadataLocation=None)]))

    assert (cloud.chunk().metadata_blob, cloud.chunk().delete_location) == (None, None)


def test_without_a_delete_location_the_chunk_is_stored_and_nothing_deleted(cloud: Cloud) -> None:
    start(cloud)

    ingest(cloud, file_ready_event([announced_chunk(0, deleteLocation=None)]))

    assert cloud.chunk().delete_location is None
    assert not cloud.rejected.events


def test_a_delete_location_that_names_another_document_is_kept_told_and_on_the_row(cloud: Cloud) -> None:
    start(cloud)
    keep_at_acs(cloud, 1)
    other = f"https://us-storage.asm.skype.com/v1/objects/{document_id(7)}"

    ingest(cloud, file_ready_event([announced_chunk(0, deleteLocation=other)]))
    cloud.services.transfer.transfer(cloud.chunk().ref)

    (told,) = cloud.rejected.reasons.values()
    assert document_id(7) in told
    assert (cloud.chunk().status, cloud.chunk().open) == (ChunkStatus.STORED, False)
    assert "names another document" in str(cloud.chunk().failure)


def test_a_chunk_that_acs_still_records_is_not_deleted(cloud: Cloud) -> None:
    """The document may grow; what is copied of it is not all there will be."""
    start(cloud)
    keep_at_acs(cloud, 1)

    ingest(cloud, file_ready_event([announced_chunk(0, endReason="chunkIsBeingRecorded")]))
    cloud.services.transfer.transfer(cloud.chunk().ref)

    assert (cloud.chunk().status, cloud.chunk().open) == (ChunkStatus.STORED, False)
    assert list(cloud.source.documents) == [document_id(0)]


def test_an_event_that_lists_no_file_is_kept_and_tied_to_its_recording(cloud: Cloud) -> None:
    start(cloud)

    messages = ingest(cloud, file_ready_event(0))

    assert (messages, len(cloud.rejected.events)) == (Messages(), 1)
    row = cloud.recording()
    assert (row.files, row.heard_at) == (FilesStatus.NONE, cloud.world.now)
    assert "ACS announced no file" in str(row.failure)


def test_an_event_that_lists_no_file_links_its_recording_to_the_id_that_it_names(cloud: Cloud) -> None:
    cloud.catalog.save_recording(a_recording(status=RecordingStatus.STARTING, recording_id=None))

    ingest(cloud, file_ready_event(0))

    assert cloud.recording().recording_id == RECORDING_ID


@pytest.mark.parametrize("report", [None, "ACS reported that it could not start."])
def test_an_event_that_lists_no_file_refutes_that_there_was_no_start_unless_acs_reported_that(
    cloud: Cloud, report: str | None
) -> None:
    start(cloud, start_failure=StartFailure.UNCONFIRMED, start_failure_reason="No event came.", start_report=report)

    ingest(cloud, file_ready_event(0))

    assert cloud.recording().start_failure is (StartFailure.UNCONFIRMED if report else None)


def test_an_event_that_lists_no_file_and_comes_again_writes_nothing(cloud: Cloud) -> None:
    start(cloud)
    ingest(cloud, file_ready_event(0))
    before = cloud.recording()
    cloud.world.now += timedelta(hours=1)

    ingest(cloud, file_ready_event(0))

    assert cloud.recording() == before


def test_an_event_that_lists_no_file_takes_nothing_back(cloud: Cloud) -> None:
    start(cloud)
    ingest(cloud, file_ready_event(1))
    before = cloud.recording()

    ingest(cloud, file_ready_event(0))

    assert cloud.recording() == before


def test_files_that_come_after_all_clear_what_an_event_without_files_said(cloud: Cloud) -> None:
    start(cloud)
    ingest(cloud, file_ready_event(0))

    ingest(cloud, file_ready_event(1))

    assert (cloud.recording().files, cloud.recording().failure) == (FilesStatus.TRANSFERRING, None)


def test_an_event_of_an_unknown_recording_that_lists_no_file_is_kept_and_makes_no_row(cloud: Cloud) -> None:
    ingest(cloud, file_ready_event(0))

    assert (len(cloud.rejected.events), cloud.catalog.rows) == (1, {})


def test_an_event_with_a_delete_location_of_no_known_form_is_kept_though_its_chunk_proceeds(cloud: Cloud) -> None:
    messages = ingest(cloud, file_ready_event([announced_chunk(0, deleteLocation="https://evil.example/x")]))

    assert (len(messages.transfers), len(cloud.rejected.events)) == (1, 1)


def test_the_longer_form_of_a_delete_location_is_known(cloud: Cloud) -> None:
    url = f"https://us-storage.asm.skype.com/v1/objects/{document_id(0)}/content/deletedata"

    ingest(cloud, file_ready_event([announced_chunk(0, deleteLocation=url)]))

    assert cloud.chunk().delete_location == url
