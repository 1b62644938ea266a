"""The lists by day of version 0.1, while they are moved: merged page by page, and no line ever lost."""

from datetime import timedelta
from typing import Any

import pytest

from shared.control.list_recordings import Query
from shared.domain.errors import CatalogUnavailable
from shared.domain.list_entry import ListEntry
from shared.domain.statuses import ChunkStatus, FilesStatus, StartFailure
from shared.domain.units import Run
from shared.pipeline.upgrade import LINES_PER_RUN
from tests.builders import OUR_ID, a_chunk, a_recording
from tests.fakes import BEGINNING, Cloud, Crash, Fault
from tests.fakes.world import Effect
from tests.unit.steps import warnings

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def old(cloud: Cloud, id: str, age: timedelta, **columns: object) -> None:
    """A recording that version 0.1 wrote."""
    row = a_recording(id=id, created_at=BEGINNING - age, **columns)
    cloud.catalog.written((id, ""), row)
    line = ListEntry(id=id, created_at=row.created_at)
    cloud.day_lines.all[line.place] = line


def listed(cloud: Cloud, **asked: Any) -> list[list[str]]:
    """The ids on every page."""
    cursor: str | None = None
    pages: list[list[str]] = []
    while True:
        page = cloud.services.recording_lists.page(Query(cursor=cursor, **asked))
        pages.append([recording.id for recording in page.recordings])
        cursor = page.continuation
        if cursor is None:
            return pages


def flat(pages: list[list[str]]) -> list[str]:
    return [id for page in pages for id in page]


@pytest.fixture
def mixed(cloud: Cloud) -> Cloud:
    """Old and new recordings that follow each other in turn."""
    for number in range(6):
        if number % 2:
            old(cloud, str(number), number * 20 * HOUR)
        else:
            cloud.catalog.save_recording(a_recording(id=str(number), created_at=BEGINNING - number * 20 * HOUR))
    return cloud


@pytest.mark.parametrize("limit", [1, 2, 5, 6, 50])
def test_old_and_new_recordings_are_listed_as_one_list(mixed: Cloud, limit: int) -> None:
    assert flat(listed(mixed, limit=limit)) == ["0", "1", "2", "3", "4", "5"]


def test_what_is_just_being_moved_is_listed_once(mixed: Cloud) -> None:
    line = next(iter(mixed.day_lines.all.values()))
    mixed.catalog.put_listed(line, None)

    assert flat(listed(mixed)) == ["0", "1", "2", "3", "4", "5"]


@pytest.mark.parametrize("moment", ["days.first", "days.of_day", "catalog.listed", "catalog.recording"])
@pytest.mark.parametrize("limit", [2, 50])
def test_what_is_moved_while_a_page_is_read_is_listed_once(moment: str, limit: int) -> None:
    moves: list[Effect] = []

    def move_at(effect: Effect) -> Fault | None:
        if effect.name == moment and not moves:
            moves.append(effect)
            cloud.services.sweep.upgrade.move_some(Run("sweep"))
        return None

    cloud = Cloud(move_at)
    for number in range(6):
        old(cloud, str(number), number * 20 * HOUR)

    assert flat(listed(cloud, limit=limit)) == ["0", "1", "2", "3", "4", "5"]
    assert cloud.day_lines.all == {}


def test_a_page_reads_of_a_full_day_what_it_wants(cloud: Cloud) -> None:
    for number in range(9):
        old(cloud, str(number), timedelta(0))  # they share one moment

    assert listed(cloud, limit=2) == [["0", "1"], ["2", "3"], ["4", "5"], ["6", "7"], ["8"]]


def test_what_acs_may_still_have_is_moved_before_what_is_long_over(cloud: Cloud) -> None:
    for number in range(2 * LINES_PER_RUN):
        old(cloud, f"old-{number}", 30 * DAY)
    old(cloud, OUR_ID, 30 * HOUR)

    cloud.services.sweep.sweep()

    assert OUR_ID not in {line.id for line in cloud.day_lines.all.values()}
    assert len(cloud.day_lines.all) == LINES_PER_RUN + 1


@pytest.mark.parametrize("status", [FilesStatus.TRANSFERRING, FilesStatus.FAILED])
def test_a_refused_chunk_is_at_risk_and_replayed_although_another_cannot_be_read(
    cloud: Cloud, status: FilesStatus, caplog: pytest.LogCaptureFixture
) -> None:
    old(cloud, OUR_ID, HOUR, files=status, expires_at=BEGINNING - HOUR)
    refused = {"status": ChunkStatus.FAILED, "open": False, "due_at": None}
    for chunk in (a_chunk(0, **refused), a_chunk(1)):
        cloud.catalog.written((OUR_ID, chunk.document_id), chunk)
    cloud.catalog.spoil(OUR_ID, a_chunk(1).document_id)

    cloud.services.sweep.sweep()

    entry = cloud.catalog.open[OUR_ID, a_chunk(0).document_id]
    assert (entry.expires_at, entry.stuck_since) == (a_chunk(0).expires_at, a_chunk(0).created_at)
    assert cloud.day_lines.all == {}
    assert warnings(caplog, "sweep_interrupted") == []


def test_a_list_of_long_ago_is_walked_some_days_a_page(cloud: Cloud) -> None:
    old(cloud, "new", HOUR)
    old(cloud, "old", 100 * DAY)

    pages = listed(cloud)

    assert [page for page in pages if page] == [["new"], ["old"]]
    assert len(pages) == 3
    assert cloud.world.counts["days.of_day"] <= 103 + len(pages)


def test_where_nothing_is_left_a_page_costs_one_question_more(cloud: Cloud) -> None:
    cloud.catalog.save_recording(a_recording())
    cloud.world.counts.clear()

    listed(cloud)

    assert cloud.world.counts == {"days.first": 1, "catalog.listed": 1, "catalog.recording": 1}


def test_a_sweep_moves_every_line(mixed: Cloud) -> None:
    mixed.services.sweep.sweep()

    assert mixed.day_lines.all == {}
    assert flat(listed(mixed)) == ["0", "1", "2", "3", "4", "5"]


@pytest.mark.parametrize("effect", ["catalog.put_listed", "catalog.index_calls", "days.remove"])
@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER])
def test_a_sweep_that_dies_loses_no_line(mixed: Cloud, effect: str, fault: Fault) -> None:
    mixed.world.fail(effect, fault)

    with pytest.raises(Crash):
        mixed.services.sweep.sweep()
    mixed.restart()
    assert flat(listed(mixed)) == ["0", "1", "2", "3", "4", "5"]
    mixed.services.sweep.sweep()

    assert flat(listed(mixed)) == ["0", "1", "2", "3", "4", "5"]
    assert mixed.day_lines.all == {}


def test_a_line_without_a_row_is_left_for_an_hour(cloud: Cloud) -> None:
    old(cloud, "a", timedelta(0))
    del cloud.catalog.rows["a", ""]

    cloud.services.sweep.sweep()
    assert len(cloud.day_lines.all) == 1

    cloud.world.advance(HOUR + timedelta(seconds=1))
    cloud.services.sweep.sweep()
    assert cloud.day_lines.all == {}


def test_a_row_that_cannot_be_read_stays_in_the_list(cloud: Cloud) -> None:
    old(cloud, "a", HOUR)
    cloud.catalog.spoil("a")

    cloud.services.sweep.sweep()
    cloud.catalog.mend("a")

    assert (cloud.day_lines.all, listed(cloud)) == ({}, [["a"]])


def test_a_refused_start_is_moved_but_into_no_list_of_its_call(cloud: Cloud) -> None:
    refusal = {"start_failure": StartFailure.REFUSED, "refused_status": 404, "refused_code": "8522"}
    old(cloud, "a", HOUR, recording_id=None, **refusal)

    cloud.services.sweep.sweep()

    assert listed(cloud, include_refused=True) == [["a"]]
    assert set(cloud.catalog.lists) == {None}


def test_an_outage_while_moving_keeps_nothing_that_is_due_from_being_done(
    mixed: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    mixed.world.fail("catalog.put_listed", Fault.ERROR_BEFORE)

    with pytest.raises(CatalogUnavailable):
        mixed.services.sweep.sweep()

    assert len(mixed.day_lines.all) == 1
    assert len(warnings(caplog, "sweep_interrupted")) == 1
