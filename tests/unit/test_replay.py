"""Replay lifts what only replay lifts."""

from datetime import timedelta

import pytest

from shared.errors import NotFound
from shared.models import ChunkStatus, Messages, RecordingStatus
from tests.builders import announced_chunk, document_id, file_ready_event, keep_at_acs
from tests.fakes import BEGINNING, Cloud, Effect, FakeHost, Fault

HOUR = timedelta(hours=1)


@pytest.fixture
def failed(cloud: Cloud) -> Cloud:
    """Two chunks are announced; another content has the name of the first one's blob."""
    keep_at_acs(cloud, 2)
    cloud.services.ingest.ingest(file_ready_event(2))
    cloud.store.overwrite(cloud.chunk().content_blob, b"somebody else's")
    FakeHost(cloud).settle()
    assert cloud.recording().status is RecordingStatus.FAILED
    return cloud


def replay(cloud: Cloud) -> Messages:
    return cloud.services.replay.recording(cloud.recording().id)


def refuse(cloud: Cloud) -> None:
    """The only chunk of a recording is refused because of its host."""
    url = f"https://new.host.example/v1/objects/{document_id()}/content/video"
    cloud.services.ingest.ingest(file_ready_event([announced_chunk(0, contentLocation=url)]))


def test_failed_chunks_become_pending_and_are_sent(failed: Cloud) -> None:
    messages = replay(failed)

    assert messages == Messages(transfers=(failed.chunk().ref,))
    assert (failed.chunk().status, failed.chunk().open, failed.chunk().failure) == (ChunkStatus.PENDING, True, None)


def test_the_recording_is_reopened(failed: Cloud) -> None:
    replay(failed)

    assert (failed.recording().status, failed.recording().failure) == (RecordingStatus.TRANSFERRING, None)


def test_a_mended_cause_ends_in_a_complete_recording(failed: Cloud) -> None:
    failed.store.lose(failed.chunk().content_blob)
    host = FakeHost(failed)

    host.send(replay(failed))
    host.settle()

    assert failed.recording().status is RecordingStatus.COMPLETED


def test_a_cause_that_was_not_mended_fails_again(failed: Cloud) -> None:
    host = FakeHost(failed)

    host.send(replay(failed))
    host.settle()

    assert failed.recording().status is RecordingStatus.FAILED


def test_a_chunk_that_waits_for_its_next_try_is_sent_now(cloud: Cloud) -> None:
    keep_at_acs(cloud, 1)
    (ref,) = cloud.services.ingest.ingest(file_ready_event(1)).transfers
    cloud.world.fail("source.open", Fault.MISSING, times=2)
    cloud.services.transfer.transfer(ref)

    assert replay(cloud) == Messages(transfers=(ref,))


def test_a_chunk_that_waits_for_its_deletion_is_sent_there() -> None:
    cloud = Cloud(UNKNOWN_RECORDINGS="manage")
    keep_at_acs(cloud, 1)
    (ref,) = cloud.services.ingest.ingest(file_ready_event(1)).transfers
    cloud.services.transfer.transfer(ref)

    assert replay(cloud) == Messages(deletions=(ref,))


def test_a_complete_recording_stays_as_it_is(cloud: Cloud) -> None:
    keep_at_acs(cloud, 2)
    host = FakeHost(cloud)
    host.publish(file_ready_event(2))
    host.settle()
    before = dict(cloud.catalog.rows)

    assert replay(cloud) == Messages()
    assert cloud.catalog.rows == before


def test_a_chunk_that_a_worker_took_meanwhile_is_left_to_it(failed: Cloud) -> None:

    def plan(effect: Effect) -> None:
        if effect.name == "catalog.save_chunk":
            failed.catalog.written((failed.chunk().id, failed.chunk().document_id), failed.chunk())

    failed.world.plan = plan

    assert replay(failed) == Messages()


def test_an_unknown_recording_is_not_found(cloud: Cloud) -> None:
    with pytest.raises(NotFound):
        cloud.services.replay.recording("nobody")


def test_a_refused_chunk_is_read_again_after_the_settings_changed(cloud: Cloud) -> None:
    refuse(cloud)
    cloud.configure(RECORDING_HOST_SUFFIXES=".host.example,.asm.skype.com")

    messages = replay(cloud)

    assert messages.transfers == (cloud.chunk().ref,)
    assert cloud.chunk().content_location.startswith("https://new.host.example/")
    assert cloud.rejected.events == {}


def test_a_refused_chunk_stays_refused_under_the_same_settings(cloud: Cloud) -> None:
    refuse(cloud)

    assert replay(cloud) == Messages()
    assert (cloud.chunk().status, len(cloud.rejected.events)) == (ChunkStatus.FAILED, 1)


def test_only_events_of_this_recording_are_read_again(cloud: Cloud) -> None:
    refuse(cloud)
    cloud.services.ingest.ingest({"eventType": "Another"})
    cloud.configure(RECORDING_HOST_SUFFIXES=".host.example,.asm.skype.com")

    replay(cloud)

    assert len(cloud.rejected.events) == 1


def test_all_failed_since_a_time_are_replayed(failed: Cloud) -> None:
    failed.world.advance(timedelta(days=3))

    messages = failed.services.replay.since(BEGINNING)

    assert messages == Messages(transfers=(failed.chunk().ref,))


def test_what_failed_before_that_time_is_left_alone(failed: Cloud) -> None:
    assert failed.services.replay.since(BEGINNING + HOUR) == Messages()


def test_what_is_complete_is_left_alone(cloud: Cloud) -> None:
    keep_at_acs(cloud, 2)
    host = FakeHost(cloud)
    host.publish(file_ready_event(2))
    host.settle()

    assert cloud.services.replay.since(BEGINNING - HOUR) == Messages()


def test_rejected_events_are_read_again_too(cloud: Cloud) -> None:
    cloud.configure(ACS_TOPIC="/subscriptions/mistyped")
    cloud.services.ingest.ingest(file_ready_event(2))
    cloud.configure()

    messages = cloud.services.replay.since(BEGINNING + HOUR)

    assert (len(messages.transfers), cloud.rejected.events) == (2, {})


def test_what_is_still_not_understood_stays_kept(cloud: Cloud) -> None:
    cloud.services.ingest.ingest({"eventType": "Another"})

    cloud.services.replay.since(BEGINNING)

    assert len(cloud.rejected.events) == 1


def test_a_chunk_without_its_deletion_is_not_a_reason_to_read_an_event_for_ever(cloud: Cloud) -> None:
    cloud.services.ingest.ingest(file_ready_event([announced_chunk(0, deleteLocation="https://evil.example/x")]))

    replay(cloud)

    assert cloud.chunk().delete_location is None
    assert len(cloud.rejected.events) == 1
