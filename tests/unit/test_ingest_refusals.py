"""What is not understood is kept and told, never raised and never dropped."""

import pytest

from shared.domain.models import ChunkStatus, Messages, RecordingStatus
from tests.builders import (
    OUR_ID,
    RECORDING_ID,
    TOPIC,
    Event,
    a_recording,
    announced_chunk,
    document_id,
    file_ready_event,
)
from tests.fakes import Cloud


def ingest(cloud: Cloud, event: Event) -> Messages:
    return cloud.services.ingest.ingest(event)


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


def test_a_refused_chunk_is_taken_up_when_its_event_comes_again_understood(cloud: Cloud) -> None:
    ingest(cloud, file_ready_event([announced_chunk(0, contentLocation="https://evil.example/x")]))

    messages = ingest(cloud, file_ready_event([announced_chunk(0)]))

    assert cloud.chunk().status is ChunkStatus.PENDING
    assert messages.transfers == (cloud.chunk().ref,)


def test_without_a_metadata_location_the_media_is_stored_and_nothing_deleted(cloud: Cloud) -> None:
    start(cloud)

    ingest(cloud, file_ready_event([announced_chunk(0, metadataLocation=None)]))

    assert (cloud.chunk().metadata_blob, cloud.chunk().delete_location) == (None, None)


@pytest.mark.parametrize("url", [None, f"https://us-storage.asm.skype.com/v1/objects/{document_id(7)}"])
def test_what_does_not_name_the_document_is_not_deleted(cloud: Cloud, url: str | None) -> None:
    start(cloud)

    ingest(cloud, file_ready_event([announced_chunk(0, deleteLocation=url)]))

    assert cloud.chunk().delete_location is None
    assert not cloud.rejected.events


def test_an_event_with_a_delete_location_of_no_known_form_is_kept_though_its_chunk_proceeds(cloud: Cloud) -> None:
    messages = ingest(cloud, file_ready_event([announced_chunk(0, deleteLocation="https://evil.example/x")]))

    assert (len(messages.transfers), len(cloud.rejected.events)) == (1, 1)


def test_the_longer_form_of_a_delete_location_is_known(cloud: Cloud) -> None:
    url = f"https://us-storage.asm.skype.com/v1/objects/{document_id(0)}/content/deletedata"

    ingest(cloud, file_ready_event([announced_chunk(0, deleteLocation=url)]))

    assert cloud.chunk().delete_location == url
