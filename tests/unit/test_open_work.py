"""Which entries stand in the open-work index, and how long: what is not saved is at risk until ACS destroys it."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from shared.domain.errors import CatalogConflict
from shared.domain.index_entry import IndexEntry
from shared.domain.open_work import chunk_entry
from shared.domain.statuses import ChunkStatus, FilesStatus, RecordingStatus
from shared.pipeline.sweep import ENTRIES_PER_RUN_MAX, WARNINGS_PER_RUN_MAX
from tests.builders import a_chunk, a_recording, announced_chunk, document_id, file_ready_event, keep_at_acs
from tests.fakes import BEGINNING, Cloud, Crash, FakeHost, Fault
from tests.unit.steps import warnings

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
RETENTION = 24 * HOUR
REFUSED = file_ready_event([announced_chunk(contentLocation="https://example.org/v1/objects/a/content/video")])


def entry(cloud: Cloud, document: str = "") -> IndexEntry | None:
    return next((line for (_, name), line in cloud.catalog.open.items() if name == document), None)


def sweeps(cloud: Cloud, hours: int) -> None:
    for _ in range(hours):
        cloud.world.advance(HOUR)
        cloud.services.sweep.sweep()


@pytest.fixture
def refused(cloud: Cloud) -> Cloud:
    cloud.services.ingest.ingest(REFUSED)
    return cloud


def test_a_refused_chunk_is_at_risk_until_acs_destroys_it(refused: Cloud) -> None:
    """People D1."""
    line = entry(refused, document_id())
    assert line is not None
    assert (line.failed, line.expires_at, line.stuck_since) == (True, BEGINNING + RETENTION, BEGINNING)

    sweeps(refused, 23)
    assert entry(refused, document_id()) is not None
    sweeps(refused, 2)
    assert entry(refused, document_id()) is None


def test_a_refused_chunk_is_warned_of_like_any_other(refused: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    sweeps(refused, 26)

    assert len(warnings(caplog, "chunk_at_risk")) == 2


def test_the_end_of_a_failed_chunk_is_not_told_again(refused: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    sweeps(refused, 26)

    assert warnings(caplog, "chunk_failed") == []  # its event was told as rejected


def test_a_refused_chunk_that_acs_has_destroyed_is_not_warned_of(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    cloud.world.advance(25 * HOUR)
    cloud.services.ingest.ingest(REFUSED)  # handed in a day late

    cloud.services.sweep.sweep()

    assert warnings(caplog, "chunk_at_risk") == []
    assert entry(cloud, document_id()) is None


def test_a_refused_chunk_whose_row_comes_while_its_entry_is_removed_keeps_it(refused: Cloud) -> None:
    refused.catalog.earlier.clear()
    orphan = IndexEntry(id=refused.chunk().id, document_id=document_id(), due_at=BEGINNING, since=BEGINNING)
    refused.catalog.note([orphan])
    refused.world.advance(2 * HOUR)
    refused.world.fail("catalog.chunk", Fault.STALE)

    refused.services.sweep.sweep()

    line = entry(refused, document_id())
    assert line is not None
    assert (line.failed, line.expires_at) == (True, BEGINNING + RETENTION)


def failed_chunk(cloud: Cloud) -> IndexEntry:
    """A chunk that failed and can be replayed, thirteen hours later; its entry as a sweep lists it."""
    keep_at_acs(cloud, 1)
    cloud.services.ingest.ingest(file_ready_event(1))
    chunk = cloud.chunk()
    cloud.services.open_work.finish(
        cloud.catalog.save_chunk(replace(chunk, status=ChunkStatus.FAILED, open=False, due_at=None)), BEGINNING
    )
    cloud.world.advance(13 * HOUR)
    line = entry(cloud, chunk.document_id)
    assert line is not None
    return line


def test_a_warning_leaves_a_chunk_due_that_was_replayed_meanwhile(cloud: Cloud) -> None:
    listed = failed_chunk(cloud)
    cloud.services.replay.recording(listed.id)

    cloud.services.sweep.chunks.warn(listed, cloud.world.now)

    line = entry(cloud, listed.document_id)
    assert line is not None
    assert (line.failed, line.due_at) == (False, cloud.chunk().due_at)
    assert line.warned == 1


def test_a_warning_leaves_a_failure_told_that_came_meanwhile(cloud: Cloud) -> None:
    kept = failed_chunk(cloud)
    listed = replace(kept, failed=False, due_at=cloud.world.now)

    cloud.services.sweep.chunks.warn(listed, cloud.world.now)

    assert entry(cloud, listed.document_id) == kept


def test_a_chunk_that_failed_in_a_crash_is_told_and_kept(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    keep_at_acs(cloud, 1)
    cloud.services.ingest.ingest(file_ready_event(1))
    chunk = cloud.chunk()
    failed = replace(chunk, status=ChunkStatus.FAILED, open=False, due_at=None, failure="Two reads differ.")
    cloud.catalog.save_chunk(failed)

    sweeps(cloud, 1)

    assert len(warnings(caplog, "chunk_failed")) == 1
    line = entry(cloud, chunk.document_id)
    assert line is not None
    assert (line.failed, line.due_at) == (True, chunk.expires_at)


def test_what_is_saved_is_not_at_risk() -> None:
    saved = [a_chunk(status=status) for status in (ChunkStatus.STORED, ChunkStatus.DELETED)]
    unsaved = [a_chunk(status=status) for status in (ChunkStatus.PENDING, ChunkStatus.FAILED)]

    assert [chunk_entry(chunk, BEGINNING).expires_at for chunk in saved] == [None, None]
    assert None not in [chunk_entry(chunk, BEGINNING).expires_at for chunk in unsaved]


ENDED = {"status": RecordingStatus.STOPPED, "ended_at": BEGINNING}
UNTIL = BEGINNING + RETENTION


@pytest.mark.parametrize(
    ("row", "until"),
    [
        (ENDED, UNTIL),
        (ENDED | {"status": RecordingStatus.FAILED}, UNTIL),
        ({}, None),
        ({"status": RecordingStatus.EMPTY}, None),
        ({"status": RecordingStatus.TRANSFERRING, "folder": "f", "heard_at": BEGINNING}, None),
        (
            {
                "status": RecordingStatus.TRANSFERRING,
                "folder": "f",
                "heard_at": BEGINNING,
                "told": "recording_incomplete",
            },
            UNTIL,
        ),
        ({"status": RecordingStatus.COMPLETED, "folder": "f"}, None),
        ({"status": RecordingStatus.FAILED, "folder": "f", "unread_events": "abc", "expires_at": UNTIL}, UNTIL),
    ],
    ids=["stopped", "failed", "active", "empty", "transferring", "incomplete", "completed", "unreadable"],
)
def test_what_acs_did_not_announce_is_at_risk(cloud: Cloud, row: dict[str, object], until: object) -> None:
    assert cloud.services.open_work.recording_entry(a_recording(**row), BEGINNING).expires_at == until


def test_a_stored_copy_that_is_gone_is_at_risk_before_its_row_says_so() -> None:
    cloud = Cloud(UNKNOWN_RECORDINGS="manage")
    keep_at_acs(cloud, 1)
    host = FakeHost(cloud)
    host.publish(file_ready_event(1))
    cloud.world.fail("source.delete", Fault.ERROR_BEFORE)
    host.work()
    stored = cloud.chunk()
    assert stored.status is ChunkStatus.STORED
    assert entry(cloud, document_id()) is not None
    cloud.store.lose(stored.content_blob)
    cloud.world.advance(HOUR)
    messages = cloud.services.sweep.sweep()
    cloud.world.fail("catalog.save_chunk", Fault.CRASH_BEFORE)

    with pytest.raises(Crash):
        cloud.services.deletion.delete(messages.deletions[0])

    line = entry(cloud, document_id())
    assert line is not None
    assert line.expires_at == stored.expires_at


def test_whoever_lost_a_chunk_has_its_entry_say_what_the_row_says(cloud: Cloud) -> None:
    """Its copy was found gone meanwhile: it must not be taken for saved."""
    keep_at_acs(cloud, 1)
    cloud.services.ingest.ingest(file_ready_event(1))
    pending = cloud.chunk()
    stale = replace(pending, status=ChunkStatus.STORED, etag="an older one")

    with pytest.raises(CatalogConflict):
        cloud.services.open_work.postpone(stale, BEGINNING + HOUR)

    line = entry(cloud, document_id())
    assert line is not None
    assert (line.expires_at, line.due_at) == (pending.expires_at, pending.due_at)


def test_a_failed_recording_is_open_for_eight_days(refused: Cloud) -> None:
    sweeps(refused, 8 * 24)
    assert entry(refused) is not None

    sweeps(refused, 2)
    assert entry(refused) is None
    assert refused.recording().files is FilesStatus.FAILED


# Many of them


def stuck(cloud: Cloud, count: int, since: timedelta = HOUR) -> None:
    """Chunks that are sent again and again, and never come to an end."""
    for number in range(count):
        chunk = a_chunk(number, id=f"stuck-{number:06}", due_at=BEGINNING - since)
        cloud.catalog.rows[chunk.id, chunk.document_id] = replace(chunk, etag="v0")
        cloud.catalog.note([chunk_entry(chunk, BEGINNING - since)])


def test_nothing_starves_behind_thirty_thousand_stuck_entries(cloud: Cloud) -> None:
    """Performance, §6: what came last in the order of keys was never reached."""
    stuck(cloud, 30_000)
    keep_at_acs(cloud, 1)
    cloud.services.ingest.ingest(file_ready_event(1))
    ours = next(chunk.ref for chunk in cloud.chunks() if not chunk.id.startswith("stuck"))
    for _ in range(46):  # 15 of them until it is due
        cloud.world.advance(MINUTE)
        if ours in cloud.services.sweep.sweep().transfers:
            return

    pytest.fail("It was never sent again.")


def test_a_run_does_no_more_than_so_much_however_much_is_due(cloud: Cloud) -> None:
    stuck(cloud, 3 * ENTRIES_PER_RUN_MAX)
    cloud.world.counts.clear()

    cloud.services.sweep.sweep()

    assert cloud.world.counts["catalog.chunk"] == ENTRIES_PER_RUN_MAX
    assert cloud.world.counts["catalog.due_entries"] == 1


def test_what_is_not_due_costs_a_run_nothing(cloud: Cloud) -> None:
    for number in range(2000):
        cloud.catalog.note([IndexEntry(id=f"{number:05}", document_id="d", due_at=BEGINNING + HOUR)])
    cloud.world.advance(MINUTE)  # all that is open is counted every five minutes
    cloud.world.counts.clear()

    cloud.services.sweep.sweep()

    index = {name: count for name, count in cloud.world.counts.items() if name.startswith("catalog.")}
    assert index == {"catalog.due_entries": 1, "catalog.expiring_entries": 1}


def test_many_that_come_near_their_end_at_once_are_warned_of_in_turn(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(2 * WARNINGS_PER_RUN_MAX + 1):
        chunk = a_chunk(number, id=f"{number:06}", due_at=BEGINNING + HOUR, expires_at=BEGINNING + 11 * HOUR)
        cloud.catalog.rows[chunk.id, chunk.document_id] = replace(chunk, etag="v0")
        cloud.catalog.note([chunk_entry(chunk, BEGINNING + HOUR)])
    told = []
    for _ in range(4):
        cloud.services.sweep.sweep()
        told.append(len(warnings(caplog, "chunk_at_risk")))

    assert told == [WARNINGS_PER_RUN_MAX, 2 * WARNINGS_PER_RUN_MAX, *[2 * WARNINGS_PER_RUN_MAX + 1] * 2]


def test_those_that_cannot_be_warned_of_hold_up_no_other(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    stuck(cloud, WARNINGS_PER_RUN_MAX)
    keep_at_acs(cloud, 1)
    cloud.services.ingest.ingest(file_ready_event(1))
    for (id, name), line in list(cloud.catalog.open.items()):
        if id.startswith("stuck"):
            cloud.catalog.spoiled[id, name] = "status"
            cloud.catalog.open[id, name] = replace(line, expires_at=BEGINNING)
    cloud.world.advance(13 * HOUR)
    for _ in range(3):
        cloud.services.sweep.sweep()
        cloud.world.advance(MINUTE)

    assert len(warnings(caplog, "chunk_at_risk")) == 1


def test_an_entry_without_a_row_is_put_off_and_then_forgotten(cloud: Cloud) -> None:
    cloud.catalog.note([IndexEntry(id="a", document_id="d", due_at=BEGINNING, since=BEGINNING)])
    cloud.catalog.note([IndexEntry(id="b", due_at=BEGINNING, since=BEGINNING)])

    cloud.services.sweep.sweep()
    assert [line.due_at for line in cloud.catalog.open.values()] == [BEGINNING + 15 * MINUTE] * 2

    cloud.world.advance(HOUR + MINUTE)
    cloud.services.sweep.sweep()
    assert cloud.catalog.open == {}
