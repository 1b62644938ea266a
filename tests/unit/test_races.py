"""Somebody else writes first: the decision is made again on what is there, and not for ever."""

from collections.abc import Callable

import pytest

from shared.domain.errors import CatalogConflict, NotFound
from shared.domain.models import Messages
from shared.domain.open_work import chunk_entry
from shared.domain.ports import AcsState
from shared.domain.recording_rows import SAVE_TRIES, existing_recording, link_acs_id, save_recording
from shared.domain.statuses import FilesStatus, RecordingStatus
from tests.builders import OUR_ID, a_chunk, a_recording, file_ready_event
from tests.fakes import BEGINNING, Cloud, Effect, Plan

KEY = (OUR_ID, "")


def whenever(name: str, act: Callable[[], object], times: int = 10**6) -> Plan:
    """Do something just before effects of a name."""

    def plan(effect: Effect) -> None:
        if effect.name == name and effect.count <= times:
            act()

    return plan


def touch(cloud: Cloud) -> None:
    """Write the recording's row as it is, which renews its etag."""
    cloud.catalog.written(KEY, cloud.recording())


@pytest.fixture
def transferring(cloud: Cloud) -> Cloud:
    """A recording whose only chunk is finished."""
    row = a_recording(status=RecordingStatus.TRANSFERRING, folder="2026/11/22/x")
    row = cloud.catalog.save_recording(row)
    cloud.catalog.add_chunks(row, [a_chunk(0, open=False, due_at=None)])
    cloud.world.counts.clear()
    return cloud


def test_a_change_is_made_anew_on_what_somebody_else_wrote(transferring: Cloud) -> None:
    before = transferring.recording()
    touch(transferring)

    saved = save_recording(transferring.catalog, before, lambda row: row.with_files(FilesStatus.FAILED, BEGINNING))

    assert (saved.status, transferring.recording()) == (RecordingStatus.FAILED, saved)


def test_a_recording_whose_row_is_written_meanwhile_is_linked_once(transferring: Cloud) -> None:
    transferring.world.plan = whenever("catalog.save_recording", lambda: touch(transferring), times=2)

    transferring.services.starts.record_start(
        transferring.recording(), AcsState("eyJQ", active=True), pause_on_start=False
    )

    assert transferring.world.counts["catalog.link_acs_id"] == 1
    assert transferring.recording().recording_id == "eyJQ"


def test_a_crash_before_a_linked_row_is_written_leaves_the_other_row_marked(transferring: Cloud) -> None:
    other = transferring.catalog.save_recording(a_recording(id="other"))
    transferring.catalog.link_acs_id("eyJQ", other.id)

    ours = existing_recording(transferring.catalog, OUR_ID)

    assert link_acs_id(transferring.catalog, ours, "eyJQ") == other.id

    assert existing_recording(transferring.catalog, other.id).same_as == OUR_ID
    assert existing_recording(transferring.catalog, OUR_ID) == ours


def test_a_change_that_never_works_out_is_a_conflict(transferring: Cloud) -> None:
    transferring.world.plan = whenever("catalog.save_recording", lambda: touch(transferring))

    with pytest.raises(CatalogConflict):
        save_recording(
            transferring.catalog, transferring.recording(), lambda row: row.with_files(FilesStatus.FAILED, BEGINNING)
        )

    assert transferring.world.counts["catalog.save_recording"] == SAVE_TRIES


def test_a_change_of_a_row_that_is_gone_finds_nothing(transferring: Cloud) -> None:
    before = transferring.recording()
    del transferring.catalog.rows[KEY]

    with pytest.raises(NotFound):
        save_recording(transferring.catalog, before, lambda row: row.with_files(FilesStatus.FAILED, BEGINNING))


def test_a_completion_is_decided_anew(transferring: Cloud) -> None:
    transferring.world.plan = whenever("catalog.save_recording", lambda: touch(transferring), times=1)

    transferring.services.completion.complete_if_last(OUR_ID)

    assert transferring.recording().status is RecordingStatus.COMPLETED


def test_a_completion_that_never_works_out_is_a_conflict(transferring: Cloud) -> None:
    transferring.world.plan = whenever("catalog.save_recording", lambda: touch(transferring))

    with pytest.raises(CatalogConflict):
        transferring.services.completion.complete_if_last(OUR_ID)


def test_a_chunk_that_comes_while_it_is_decided_keeps_the_recording_open(transferring: Cloud) -> None:
    def add() -> None:
        transferring.catalog.written((OUR_ID, "late"), a_chunk(1, document_id="late"))

    transferring.world.plan = whenever("catalog.few_chunks", add, times=1)

    transferring.services.completion.complete_if_last(OUR_ID)

    assert transferring.recording().status is RecordingStatus.TRANSFERRING
    assert transferring.store.blobs == {}


def test_chunks_that_an_event_adds_behind_those_that_were_read_keep_the_recording_open(transferring: Cloud) -> None:
    """The event writes the recording's row, of which the version from before the chunks is refused."""

    def plan(effect: Effect) -> None:
        were_read = effect.name != "catalog.few_chunks" and transferring.world.counts["catalog.few_chunks"] == 1
        if were_read and len(transferring.chunks()) == 1:
            transferring.catalog.written((OUR_ID, "late"), a_chunk(1, document_id="late"))
            touch(transferring)

    transferring.world.plan = plan

    transferring.services.completion.complete_if_last(OUR_ID)

    assert len(transferring.chunks()) == 2
    assert transferring.recording().status is RecordingStatus.TRANSFERRING


def test_a_recording_that_is_reopened_while_its_line_is_closed_gets_one_again(transferring: Cloud) -> None:
    def reopen() -> None:
        row = transferring.recording().with_files(FilesStatus.TRANSFERRING, BEGINNING)
        transferring.catalog.written(KEY, row)

    transferring.world.plan = whenever("catalog.remove_entry", reopen)

    transferring.services.completion.complete_if_last(OUR_ID)

    assert KEY in transferring.catalog.open


def test_a_recording_that_is_gone_when_its_line_is_closed_gets_none(transferring: Cloud) -> None:
    transferring.world.plan = whenever("catalog.remove_entry", lambda: transferring.catalog.rows.pop(KEY))

    transferring.services.completion.complete_if_last(OUR_ID)

    assert transferring.catalog.open == {}


def test_an_event_is_written_anew(transferring: Cloud) -> None:
    transferring.world.plan = whenever("catalog.add_chunks", lambda: touch(transferring), times=3)
    transferring.catalog.link_acs_id(str(transferring.recording().recording_id), OUR_ID)

    messages = transferring.services.ingest.ingest(file_ready_event(3)).messages

    assert len(messages.transfers) == 2


def test_an_event_that_cannot_be_written_comes_again(transferring: Cloud) -> None:
    transferring.world.plan = whenever("catalog.add_chunks", lambda: touch(transferring))
    transferring.catalog.link_acs_id(str(transferring.recording().recording_id), OUR_ID)

    with pytest.raises(CatalogConflict):
        transferring.services.ingest.ingest(file_ready_event(3))


@pytest.mark.parametrize("times", [1, 2])
def test_a_warning_that_meets_another_writer_is_repeated_rather_than_lost(
    transferring: Cloud, caplog: pytest.LogCaptureFixture, times: int
) -> None:
    chunk = a_chunk(1)
    key = (chunk.id, chunk.document_id)
    transferring.catalog.written(key, chunk)
    transferring.catalog.put_entries([chunk_entry(chunk, chunk.expires_at)])
    transferring.world.now = chunk.expires_at - (chunk.expires_at - BEGINNING) / 3
    transferring.world.plan = whenever(
        "catalog.save_chunk", lambda: transferring.catalog.written(key, transferring.chunk(1)), times=times
    )

    for _ in range(times + 1):
        assert transferring.services.sweep.sweep() == Messages()

    assert len([record for record in caplog.messages if record.startswith("chunk_at_risk")]) == times + 1
    assert transferring.chunk(1).warned == 1
