"""The list of what is at risk: soonest first, whatever the status, and never falsely calm."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from shared.control.list_at_risk import AtRiskPage
from shared.control.list_recordings import ROWS_READ_MAX, Query
from shared.domain.errors import CatalogUnavailable, InvalidRequest
from shared.domain.statuses import RecordingStatus
from tests.builders import SERVER_CALL_ID, a_recording, announced_chunk, file_ready_event, keep_at_acs
from tests.fakes import BEGINNING, Cloud, FakeHost, Fault
from tests.unit.app import App

HOUR = timedelta(hours=1)
REFUSED = [announced_chunk(contentLocation="https://example.org/v1/objects/a/content/video")]


def page(cloud: Cloud, **asked: object) -> AtRiskPage:
    return cloud.services.at_risk_list.page(replace(Query(), **asked))


def ids(cloud: Cloud, **asked: object) -> list[str]:
    return [one.recording.id for one in page(cloud, **asked).recordings]


def add(cloud: Cloud, id: str, *, left: timedelta, **fields: object) -> None:
    """A recording that ended, of which ACS announced nothing, and that it destroys in so long a time."""
    ended = cloud.world.now + left - timedelta(hours=24)
    row = cloud.catalog.save_recording(a_recording(id=id, status=RecordingStatus.STOPPED, **fields))
    cloud.services.open_work.watch(replace(row, ended_at=ended), BEGINNING + HOUR)


def test_a_refused_chunk_is_at_risk_though_its_recording_failed(cloud: Cloud) -> None:
    """People D1: exactly the case that an operator must see."""
    cloud.services.ingest.ingest(file_ready_event(REFUSED))
    assert ids(cloud) == []

    cloud.world.advance(12 * HOUR)
    (found,) = page(cloud).recordings

    assert found.recording.status is RecordingStatus.FAILED
    assert found.deadline == BEGINNING + 24 * HOUR


def test_a_stopped_recording_whose_event_never_came_is_at_risk(cloud: Cloud) -> None:
    add(cloud, "a", left=11 * HOUR)

    assert [one.deadline for one in page(cloud).recordings] == [BEGINNING + 11 * HOUR]


def test_a_waiting_chunk_is_at_risk_until_it_is_saved(cloud: Cloud) -> None:
    keep_at_acs(cloud, 1)
    cloud.services.ingest.ingest(file_ready_event(1))
    cloud.world.advance(13 * HOUR)
    assert len(ids(cloud)) == 1

    FakeHost(cloud).settle()

    assert ids(cloud) == []


def test_what_is_long_before_its_end_is_not_at_risk(cloud: Cloud) -> None:
    add(cloud, "a", left=12 * HOUR + timedelta(seconds=1))
    add(cloud, "b", left=12 * HOUR)

    assert ids(cloud) == ["b"]


def test_the_soonest_comes_first_page_by_page(cloud: Cloud) -> None:
    for hours in (5, 1, 9, 3, 7):
        add(cloud, str(hours), left=hours * HOUR)

    first = page(cloud, limit=2)
    second = page(cloud, limit=2, cursor=first.continuation)
    last = page(cloud, limit=2, cursor=second.continuation)

    found = [one.recording.id for part in (first, second, last) for one in part.recordings]
    assert found == ["1", "3", "5", "7", "9"]
    assert last.continuation is None


def test_a_page_is_found_behind_whatever_was_completed_since(cloud: Cloud) -> None:
    """People D2: a list by day was empty, with a continuation, while something was at risk."""
    add(cloud, "at risk", left=HOUR)
    for number in range(2100):
        cloud.catalog.save_recording(a_recording(id=f"{number:04}", status=RecordingStatus.COMPLETED))
    cloud.world.counts.clear()

    assert ids(cloud) == ["at risk"]
    assert cloud.world.counts == {"catalog.expiring_entries": 1, "catalog.recording": 1}


def test_what_its_row_says_is_saved_is_not_shown(cloud: Cloud) -> None:
    add(cloud, "a", left=HOUR)
    cloud.catalog.save_recording(
        replace(a_recording(id="a", status=RecordingStatus.COMPLETED), etag=cloud.recording().etag)
    )

    assert ids(cloud) == []


def test_the_other_filters_count_too(cloud: Cloud) -> None:
    add(cloud, "a", left=HOUR, tags={"case": "42"})
    add(cloud, "b", left=2 * HOUR, server_call_id="another")

    assert ids(cloud, tags={"case": "42"}) == ["a"]
    assert ids(cloud, status=RecordingStatus.ACTIVE) == []


def test_a_filter_that_lets_little_through_reads_a_bounded_number_of_rows(cloud: Cloud) -> None:
    for number in range(ROWS_READ_MAX + 1):
        add(cloud, f"{number:04}", left=HOUR)

    first = page(cloud, tags={"case": "42"})

    assert (first.recordings, first.continuation is None) == ((), False)
    assert page(cloud, tags={"case": "42"}, cursor=first.continuation).continuation is None


def test_a_row_that_cannot_be_read_is_told(cloud: Cloud) -> None:
    add(cloud, "a", left=HOUR)
    cloud.catalog.spoil("a")

    assert page(cloud) == AtRiskPage((), None, ("a",))


def test_a_row_that_is_gone_is_told_too(cloud: Cloud) -> None:
    add(cloud, "a", left=HOUR)
    del cloud.catalog.rows["a", ""]

    assert page(cloud).unreadable == ("a",)


def test_an_outage_is_no_calm(cloud: Cloud) -> None:
    add(cloud, "a", left=HOUR)
    cloud.world.fail("catalog.expiring_entries", Fault.ERROR_BEFORE)

    with pytest.raises(CatalogUnavailable):
        page(cloud)


def test_a_continuation_that_no_page_gave_is_refused(cloud: Cloud) -> None:
    with pytest.raises(InvalidRequest, match="continuation"):
        page(cloud, cursor="zzz")


def test_the_api_says_when_the_first_original_dies(app: App, cloud: Cloud) -> None:
    add(cloud, "a", left=11 * HOUR, server_call_id=SERVER_CALL_ID)

    status, reply, _ = app.http("list_recordings", params={"atRisk": "true"})

    assert (status, [one["expiresAt"] for one in reply["recordings"]]) == (200, ["2026-11-22T19:00:00.000Z"])
    assert app.http("list_recordings", params={"atRisk": "false"})[1]["recordings"][0]["expiresAt"] is None
