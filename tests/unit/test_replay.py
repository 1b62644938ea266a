"""Replay lifts what only replay lifts."""

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from shared.domain.errors import CatalogUnavailable, InvalidRequest, NotFound, RowUnreadable, StoreUnavailable
from shared.domain.index_entry import IndexEntry
from shared.domain.models import Chunk, ChunkRef, Messages
from shared.domain.statuses import ChunkStatus, RecordingStatus
from shared.pipeline.queue_messages import merged
from shared.pipeline.replay import ENTRIES_MAX, EVENTS_MAX
from tests.builders import (
    OUR_ID,
    RECORDING_ID,
    TOPIC,
    a_chunk,
    a_recording,
    announced_chunk,
    document_id,
    file_ready_event,
    keep_at_acs,
)
from tests.fakes import BEGINNING, Cloud, Effect, FakeHost, Fault
from tests.unit.app import App
from tests.unit.steps import warnings

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
    return cloud.services.replay.recording(cloud.recording().id).messages


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
    (ref,) = cloud.services.ingest.ingest(file_ready_event(1)).messages.transfers
    cloud.world.fail("source.open", Fault.MISSING, times=2)
    cloud.services.transfer.transfer(ref)

    assert replay(cloud) == Messages(transfers=(ref,))


def test_a_failed_chunk_begins_anew_and_one_that_waits_goes_on(failed: Cloud) -> None:
    def replayed(chunk: Chunk) -> Chunk:
        failed.catalog.written((chunk.id, chunk.document_id), replace(chunk, bytes_done=400))
        replay(failed)
        return failed.chunk()

    assert replayed(failed.chunk()).bytes_done == 0
    assert replayed(failed.chunk()).bytes_done == 400


def test_a_chunk_that_waits_for_its_deletion_is_sent_there() -> None:
    cloud = Cloud(UNKNOWN_RECORDINGS="manage")
    keep_at_acs(cloud, 1)
    (ref,) = cloud.services.ingest.ingest(file_ready_event(1)).messages.transfers
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


def test_a_refused_chunk_is_read_again_although_its_original_cannot_be_deleted(cloud: Cloud) -> None:
    other = f"https://us-storage.asm.skype.com/v1/objects/{document_id(7)}"
    chunk = announced_chunk(0, deleteLocation=other) | {
        "contentLocation": f"https://new.host.example/v1/objects/{document_id()}/content/video"
    }
    cloud.services.ingest.ingest(file_ready_event([chunk]))
    cloud.configure(RECORDING_HOST_SUFFIXES=".host.example,.asm.skype.com")

    assert replay(cloud).transfers == (cloud.chunk().ref,)


def test_an_event_without_files_is_tied_by_a_replay_to_a_recording_that_was_not_known(cloud: Cloud) -> None:
    cloud.services.ingest.ingest(file_ready_event(0))
    cloud.catalog.save_recording(a_recording(status=RecordingStatus.STARTING, recording_id=None))

    cloud.services.replay.since(BEGINNING)

    assert "ACS announced no file" in str(cloud.recording().failure)


def test_a_recording_without_files_reads_the_events_again_that_name_it() -> None:
    cloud = Cloud(ACS_TOPIC=f"{TOPIC}-of-others")
    cloud.catalog.save_recording(a_recording(status=RecordingStatus.STOPPED))
    cloud.catalog.link_acs_id(RECORDING_ID, OUR_ID)
    cloud.services.ingest.ingest(file_ready_event(2))
    cloud.configure(ACS_TOPIC=TOPIC)

    messages = cloud.services.replay.recording(OUR_ID).messages

    assert (len(messages.transfers), cloud.rejected.events) == (2, {})


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

    messages = failed.services.replay.since(BEGINNING).messages

    assert messages == Messages(transfers=(failed.chunk().ref,))


def test_what_failed_since_a_time_is_replayed_although_it_was_started_before(cloud: Cloud) -> None:
    """Contract D6: in an outage that is every call that ran when it began."""
    (id,) = failed_recordings(cloud, 1)
    row = cloud.catalog.save_recording(
        replace(cloud.recording(), created_at=BEGINNING - 9 * HOUR, updated_at=BEGINNING)
    )
    cloud.services.open_work.watch_failure(row, BEGINNING)

    assert ids_of(cloud.services.replay.since(BEGINNING).messages) == [id]


def test_what_got_stuck_since_a_time_is_sent_at_once(cloud: Cloud) -> None:
    keep_at_acs(cloud, 2)
    cloud.services.ingest.ingest(file_ready_event(2))
    stuck, well = cloud.chunks()
    cloud.world.advance(HOUR)
    cloud.world.fail("source.open", Fault.ERROR_BEFORE, times=2)
    cloud.services.transfer.transfer(stuck.ref)
    assert cloud.chunk().stuck_since == BEGINNING + HOUR

    assert cloud.services.replay.since(BEGINNING).messages == Messages(transfers=(stuck.ref,))
    assert (cloud.chunk().stuck_since, cloud.chunk(1)) == (None, well)


def test_a_chunk_that_got_stuck_before_that_time_is_left_to_the_sweep(cloud: Cloud) -> None:
    keep_at_acs(cloud, 1)
    cloud.services.ingest.ingest(file_ready_event(1))
    cloud.world.fail("source.open", Fault.ERROR_BEFORE, times=2)
    cloud.services.transfer.transfer(cloud.chunk().ref)

    assert cloud.services.replay.since(BEGINNING + HOUR).messages == Messages()


def test_a_recording_with_many_stuck_chunks_is_reopened_once(cloud: Cloud) -> None:
    keep_at_acs(cloud, 3)
    cloud.services.ingest.ingest(file_ready_event(3))
    cloud.world.fail("source.open", Fault.ERROR_BEFORE, times=6)
    for chunk in cloud.chunks():
        cloud.services.transfer.transfer(chunk.ref)
    cloud.world.counts.clear()

    assert len(cloud.services.replay.since(BEGINNING).messages.transfers) == 3
    assert cloud.world.counts["catalog.save_recording"] <= 1


@pytest.mark.parametrize("back", [timedelta(days=7, microseconds=1), timedelta(days=9000)])
def test_a_replay_goes_back_no_further_than_entries_stay(cloud: Cloud, back: timedelta) -> None:
    """People D4."""
    with pytest.raises(InvalidRequest, match="since: it must be within the last 7 days"):
        cloud.services.replay.since(BEGINNING - back)

    assert cloud.world.counts == {}


def test_a_replay_that_was_begun_in_time_is_gone_on_with_although_time_passes(cloud: Cloud) -> None:
    """Its parts take minutes, and what they go by stays a day longer."""
    failed_recordings(cloud, ENTRIES_MAX + 2)
    cloud.world.advance(timedelta(days=7))
    first = cloud.services.replay.since(BEGINNING)
    cloud.world.advance(timedelta(seconds=30))

    assert len(cloud.services.replay.since(BEGINNING, first.continuation).messages.transfers) == 2


def test_a_replay_is_bounded_by_what_it_resets_too(cloud: Cloud) -> None:
    """The entry of a failed recording stands for all of its chunks, however many."""
    ids = failed_recordings(cloud, 3)
    lost = {"status": ChunkStatus.FAILED, "open": False, "due_at": None}
    for id in ids:
        for first in range(10, 10 + ENTRIES_MAX, 50):
            row = cloud.catalog.recording(id)
            assert row is not None
            cloud.catalog.add_chunks(row, [a_chunk(number, id=id, **lost) for number in range(first, first + 50)])

    replays = replay_to_the_end(cloud, BEGINNING)

    assert [len(set(ids_of(messages))) for messages in replays] == [1, 1, 1]
    assert len(set(merged(replays).transfers)) == 3 * (ENTRIES_MAX + 1)


def test_what_version_0_1_failed_is_found_once_the_sweep_has_looked_at_it(cloud: Cloud) -> None:
    """Its entries do not say since when; the next look, within the hour, writes that from the row."""
    (id,) = failed_recordings(cloud, 1)
    cloud.catalog.put_entries([replace(cloud.catalog.open[id, ""], stuck_since=None)])
    before = cloud.services.replay.since(BEGINNING).messages
    cloud.world.advance(HOUR)
    cloud.services.sweep.sweep()

    assert (before, ids_of(cloud.services.replay.since(BEGINNING).messages)) == (Messages(), [id])


def test_a_replay_costs_the_same_however_many_recordings_there_were(cloud: Cloud) -> None:
    for number in range(100):
        cloud.catalog.save_recording(a_recording(id=f"{number:03}", status=RecordingStatus.COMPLETED))
    cloud.world.counts.clear()

    assert cloud.services.replay.since(BEGINNING - HOUR).messages == Messages()
    assert cloud.world.counts == {"rejected.names": 1, "catalog.stuck_entries": 1}


def test_what_failed_before_that_time_is_left_alone(failed: Cloud) -> None:
    assert failed.services.replay.since(BEGINNING + HOUR).messages == Messages()


def test_what_is_complete_is_left_alone(cloud: Cloud) -> None:
    keep_at_acs(cloud, 2)
    host = FakeHost(cloud)
    host.publish(file_ready_event(2))
    host.settle()

    assert cloud.services.replay.since(BEGINNING - HOUR).messages == Messages()


def replay_to_the_end(cloud: Cloud, moment: datetime) -> list[Messages]:
    replays = [cloud.services.replay.since(moment)]
    while replays[-1].continuation is not None:
        replays.append(cloud.services.replay.since(moment, replays[-1].continuation))
    return [replayed.messages for replayed in replays]


def test_a_replay_takes_a_bounded_number_of_recordings_and_the_next_goes_on_behind_them(cloud: Cloud) -> None:
    failed_recordings(cloud, ENTRIES_MAX + 2)

    replays = replay_to_the_end(cloud, BEGINNING)

    assert [len(messages.transfers) for messages in replays] == [ENTRIES_MAX, 2]
    assert len(set(merged(replays).transfers)) == ENTRIES_MAX + 2


def test_a_replay_reads_a_bounded_number_of_events_and_the_next_goes_on_behind_them(cloud: Cloud) -> None:
    (recording,) = failed_recordings(cloud, 1)
    kept_events(cloud, EVENTS_MAX + 1)
    cloud.rejected.keep("0.json", b"{}", "It can never be understood.")

    replays = replay_to_the_end(cloud, BEGINNING)

    assert (len(replays), len(replays[0].transfers)) == (2, EVENTS_MAX - 1)
    assert recording in ids_of(replays[1])
    assert len(set(merged(replays).transfers)) == EVENTS_MAX + 1 + 1
    assert (list(cloud.rejected.events), cloud.world.counts["rejected.read"]) == (["0.json"], EVENTS_MAX + 2)


def test_rejected_events_are_read_by_the_first_of_several_replays(cloud: Cloud) -> None:
    cloud.services.ingest.ingest({"eventType": "Another"})

    cloud.services.replay.since(BEGINNING, f"{OUR_ID}:")

    assert cloud.world.counts["rejected.read"] == 0


@pytest.mark.parametrize("continuation", ["x", "/", f"{OUR_ID}", "2026-13-01/x", "../x:", f"{OUR_ID}:a/b"])
def test_a_continuation_that_no_replay_gave_is_refused_before_anything_is_sent(
    failed: Cloud, continuation: str
) -> None:
    with pytest.raises(InvalidRequest, match="continuation"):
        failed.services.replay.since(BEGINNING, continuation)

    assert failed.chunk().status is ChunkStatus.FAILED


def test_rejected_events_are_read_again_too(cloud: Cloud) -> None:
    cloud.configure(ACS_TOPIC=f"{TOPIC}-mistyped")
    cloud.services.ingest.ingest(file_ready_event(2))
    cloud.configure()

    messages = cloud.services.replay.since(BEGINNING + HOUR).messages

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


# One thing never stops the others.


def kept_events(cloud: Cloud, count: int) -> None:
    """Events of as many recordings were rejected since a setting was wrong; now it is mended."""
    cloud.configure(ACS_TOPIC=f"{TOPIC}-mistyped")
    for number in range(count):
        event = file_ready_event([announced_chunk(number)], subject_form=1, call_id=f"call-{number}")
        cloud.services.ingest.ingest(event)
    cloud.configure()


def failed_recordings(cloud: Cloud, count: int) -> list[str]:
    """As many recordings, each of which lost a chunk."""
    ids = [f"{OUR_ID[:-3]}{number:03}" for number in range(1, count + 1)]
    lost = {"status": ChunkStatus.FAILED, "open": False, "due_at": None}
    for number, id in enumerate(ids):
        recording = cloud.catalog.save_recording(
            a_recording(id=id, status=RecordingStatus.FAILED, created_at=BEGINNING, recording_id=None)
        )
        recording = replace(recording, updated_at=BEGINNING)
        cloud.services.open_work.watch_failure(
            cloud.catalog.add_chunks(recording, [a_chunk(number, id=id, **lost)]), BEGINNING + HOUR
        )
    return ids


def replay_all(cloud: Cloud) -> Messages:
    return cloud.services.replay.since(BEGINNING).messages


def ids_of(messages: Messages) -> list[str]:
    return [ref.id for ref in messages.transfers]


def test_two_replays_at_once_do_not_disturb_each_other(cloud: Cloud) -> None:
    """R6. What vanished between the list and the read was done by the other."""
    kept_events(cloud, 3)
    other: list[Messages] = []

    def plan(effect: Effect) -> None:
        if effect.name == "rejected.read" and not other:
            other.append(Messages())
            other.append(replay_all(cloud))

    cloud.world.plan = plan

    both = [replay_all(cloud), other[1]]

    assert sorted(len(messages.transfers) for messages in both) == [0, 3]
    assert cloud.rejected.events == {}


def test_two_replays_of_different_recordings_do_not_disturb_each_other(cloud: Cloud) -> None:
    """R6."""
    refuse(cloud)
    cloud.services.ingest.ingest({"eventType": "Another"})

    def plan(effect: Effect) -> None:
        if effect.name == "rejected.read":
            cloud.rejected.events.clear()

    cloud.world.plan = plan

    assert replay(cloud) == Messages()


UNREADABLE = [b"not json", b"", b"[" * 200_000, b"\xff\xfe", b"[]", b"7", b"null", b'[{"eventType": "x"}]', b"9" * 5000]


@pytest.mark.parametrize("content", UNREADABLE, ids=range(len(UNREADABLE)))
def test_a_kept_event_that_cannot_be_read_stays_and_stops_no_other(cloud: Cloud, content: bytes) -> None:
    cloud.rejected.keep("0.json", content, "put there by hand")
    kept_events(cloud, 2)

    assert len(replay_all(cloud).transfers) == 2
    assert cloud.rejected.events == {"0.json": content}


def test_a_kept_event_that_was_archived_stays_and_stops_no_other(cloud: Cloud) -> None:
    kept_events(cloud, 3)
    archived = min(cloud.rejected.events)
    cloud.rejected.archived.add(archived)

    assert len(replay_all(cloud).transfers) == 2
    assert set(cloud.rejected.events) == {archived}


def test_what_lay_on_a_queue_is_no_event(cloud: Cloud) -> None:
    event = b'{"eventType": "Microsoft.Communication.RecordingFileStatusUpdated"}'
    cloud.rejected.keep("messages/0a.json", event, "It is no message of ours.")

    assert replay_all(cloud) == Messages()
    assert (set(cloud.rejected.events), cloud.world.counts["rejected.read"]) == ({"messages/0a.json"}, 0)


@pytest.mark.parametrize("effect", ["rejected.read", "catalog.save_recording", "catalog.add_chunks"])
def test_an_outage_at_one_kept_event_stops_no_other(
    cloud: Cloud, caplog: pytest.LogCaptureFixture, effect: str
) -> None:
    kept_events(cloud, 3)
    cloud.world.fail(effect, Fault.ERROR_BEFORE)

    messages = replay_all(cloud)

    assert (len(messages.transfers), len(cloud.rejected.events)) == (2, 1)
    assert len(warnings(caplog, "sweep_interrupted")) == 1


def test_a_kept_event_that_cannot_be_removed_is_sent_all_the_same(cloud: Cloud) -> None:
    """R3, of replay."""
    kept_events(cloud, 3)
    cloud.world.fail("rejected.remove", Fault.ERROR_BEFORE)

    messages = replay_all(cloud)

    assert (len(messages.transfers), len(cloud.rejected.events)) == (3, 1)


def test_kept_events_that_cannot_be_listed_stop_no_recording(cloud: Cloud) -> None:
    ids = failed_recordings(cloud, 2)
    cloud.world.fail("rejected.names", Fault.ERROR_BEFORE)

    assert sorted(ids_of(replay_all(cloud))) == ids


@pytest.mark.parametrize("effect", ["catalog.recording", "catalog.chunks", "catalog.put_entries", "catalog.save_chunk"])
def test_an_outage_at_one_recording_stops_no_other(cloud: Cloud, caplog: pytest.LogCaptureFixture, effect: str) -> None:
    """R4, of replay."""
    failed_recordings(cloud, 3)
    cloud.world.fail(effect, Fault.ERROR_BEFORE)

    assert len(ids_of(replay_all(cloud))) == 2
    assert len(warnings(caplog, "sweep_interrupted")) == 1


def test_whoever_replays_a_recording_that_could_not_be_reopened_is_told(failed: Cloud) -> None:
    """What was lifted has its lines: the sweep sends it. But nobody may believe that the recording was reopened."""
    failed.world.fail("catalog.save_recording", Fault.ERROR_BEFORE)

    with pytest.raises(CatalogUnavailable):
        replay(failed)

    assert failed.chunk().status is ChunkStatus.PENDING
    assert failed.chunk().ref in {line_ref(line) for line in failed.catalog.open.values()}


def line_ref(line: IndexEntry) -> ChunkRef:
    return ChunkRef(line.id, line.document_id)


def test_an_outage_with_nothing_to_send_is_raised(cloud: Cloud) -> None:
    failed_recordings(cloud, 1)
    cloud.world.fail("catalog.save_chunk", Fault.ERROR_BEFORE)

    with pytest.raises(CatalogUnavailable):
        replay_all(cloud)


def test_an_outage_of_kept_events_with_nothing_to_send_is_raised(cloud: Cloud) -> None:
    cloud.world.fail("rejected.names", Fault.ERROR_BEFORE)

    with pytest.raises(StoreUnavailable):
        replay_all(cloud)


def test_a_recording_that_cannot_be_read_stops_no_other(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    """R2."""
    spoiled, *others = failed_recordings(cloud, 3)
    cloud.catalog.spoil(spoiled)

    assert sorted(ids_of(replay_all(cloud))) == others
    (line,) = warnings(caplog, "unforeseen_fault")
    assert spoiled in line


def test_a_chunk_that_cannot_be_read_stops_no_other(cloud: Cloud) -> None:
    """R2."""
    first, second = failed_recordings(cloud, 2)
    cloud.catalog.add_chunks(cloud.recordings()[0], [a_chunk(7, id=first, status=ChunkStatus.FAILED, open=False)])
    cloud.catalog.spoil(first, document_id(0))

    messages = replay_all(cloud)

    assert {(ref.id, ref.document_id) for ref in messages.transfers} == {
        (first, document_id(7)),
        (second, document_id(1)),
    }


def test_whoever_replays_a_recording_is_told_that_its_row_cannot_be_read(failed: Cloud) -> None:
    failed.catalog.spoil(failed.recording().id)

    with pytest.raises(RowUnreadable, match="column status"):
        replay(failed)


def test_whoever_replays_a_recording_is_told_that_its_chunk_cannot_be_read(failed: Cloud) -> None:
    failed.catalog.spoil(failed.recording().id, document_id(0))

    with pytest.raises(RowUnreadable, match=document_id(0)):
        replay(failed)


def test_the_other_chunks_of_a_recording_are_lifted_beside_one_that_cannot_be_read(failed: Cloud) -> None:
    id = failed.recording().id
    failed.catalog.add_chunks(failed.recording(), [a_chunk(7, id=id, status=ChunkStatus.FAILED, open=False)])
    failed.catalog.spoil(id, document_id(0))

    assert [ref.document_id for ref in replay(failed).transfers] == [document_id(7)]


@pytest.mark.parametrize("effect", ["rejected.names"])
def test_whoever_replays_everything_is_told_that_a_part_was_not_done_and_the_rest_is_sent(
    cloud: Cloud, app: App, effect: str
) -> None:
    """Who believes that all was replayed does not come back, and the originals die."""
    failed_recordings(cloud, 2)
    cloud.world.advance(timedelta(days=2))
    cloud.world.fail(effect, Fault.ERROR_BEFORE)
    since = {"since": BEGINNING.isoformat()}

    interrupted, problem, _ = app.http("replay_failed", params=since, outputs=True)
    sent = app.transfers.sent
    whole, _, _ = app.http("replay_failed", params=since, outputs=True)

    assert (interrupted, len(sent), whole) == (503, 2, 202)
    assert "Send the same request again" in problem["detail"]


def test_whoever_replays_a_recording_is_told_that_a_part_was_not_done_and_the_rest_is_sent(
    cloud: Cloud, app: App
) -> None:
    (id,) = failed_recordings(cloud, 1)
    lost = a_chunk(1, id=id, status=ChunkStatus.FAILED, open=False, due_at=None)
    cloud.catalog.add_chunks(cloud.recording(), [lost])
    cloud.world.fail("catalog.save_chunk", Fault.ERROR_BEFORE)

    status, problem, _ = app.http("replay_recording", route={"id": id}, outputs=True)

    assert (status, len(app.transfers.sent)) == (503, 1)
    assert "Send the same request again" in problem["detail"]
