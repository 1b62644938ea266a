"""Lists of recordings: newest first, filtered, page by page, and no scan."""

import logging
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

from shared.api.continuations import continuation_of, cursor_of
from shared.api.queries import DAY, ListQuery, list_query, read_query, scope, time_of
from shared.control.list_recordings import ROWS_READ_MAX, Page
from shared.domain.durations import DAYS_PER_REQUEST_MAX
from shared.domain.errors import InvalidRequest
from shared.domain.json_fields import parse_time
from shared.domain.models import RecordingStatus
from tests.builders import SERVER_CALL_ID, a_recording
from tests.fakes import BEGINNING, Cloud, acs_recording_id

ONE_DAY = timedelta(days=1)


def page(cloud: Cloud, **params: str) -> Page:
    named = {name.replace("__", "."): value for name, value in params.items()}
    named |= {"from": named.pop("from_")} if "from_" in named else {}
    asked = read_query(ListQuery, urlencode(named))
    bound_to = scope("list_recordings", asked)
    query = list_query(asked, cloud.world.now, cursor_of(asked.continuation, bound_to))
    found = cloud.services.recording_lists.page(query)
    return Page(found.recordings, continuation_of(found.continuation, bound_to))


def ids(cloud: Cloud, **params: str) -> list[str]:
    return [recording.id for recording in page(cloud, **params).recordings]


def add(cloud: Cloud, id: str, *, age: timedelta = timedelta(0), **fields: object) -> None:
    cloud.catalog.save_recording(a_recording(id=id, created_at=BEGINNING - age, **fields))


@pytest.fixture
def five(cloud: Cloud) -> Cloud:
    """One recording a day, the newest is "0"."""
    for number in range(5):
        add(cloud, str(number), age=number * ONE_DAY)
    return cloud


def test_recordings_are_listed_newest_first(five: Cloud) -> None:
    assert ids(five) == ["0", "1", "2", "3", "4"]


def test_recordings_of_one_day_are_listed_newest_first(cloud: Cloud) -> None:
    for number in (2, 0, 1):
        add(cloud, str(number), age=timedelta(minutes=number))

    assert ids(cloud) == ["0", "1", "2"]


def test_an_empty_list_has_no_end_to_go_on_from(cloud: Cloud) -> None:
    assert page(cloud) == Page((), None)


@pytest.mark.parametrize("limit", ["1", "2", "3"])
def test_pages_show_everything_once(five: Cloud, limit: str) -> None:
    seen: list[str] = []
    params: dict[str, str] = {}
    while True:
        shown = page(five, limit=limit, **params)
        seen += [recording.id for recording in shown.recordings]
        if shown.continuation is None:
            break
        params = {"continuation": shown.continuation}

    assert seen == ["0", "1", "2", "3", "4"]


def test_a_page_goes_on_after_its_last_even_if_newer_ones_came(five: Cloud) -> None:
    first = page(five, limit="2")
    add(five, "newer", age=timedelta(minutes=-1))

    assert ids(five, continuation=str(first.continuation)) == ["2", "3", "4"]


def test_without_a_time_a_month_is_listed(cloud: Cloud) -> None:
    add(cloud, "month", age=31 * ONE_DAY)
    add(cloud, "older", age=31 * ONE_DAY + timedelta(seconds=1))

    assert ids(cloud) == ["month"]


@pytest.mark.parametrize("start", ["2026-11-20", "2026-11-20T00:00:00Z", "2026-11-20T02:00:00 02:00"])
def test_a_list_begins_where_it_is_told_to(five: Cloud, start: str) -> None:
    assert ids(five, from_=start) == ["0", "1", "2"]


def test_a_list_ends_where_it_is_told_to(five: Cloud) -> None:
    assert ids(five, to="2026-11-20T08:00:00Z") == ["2", "3", "4"]


def test_years_are_walked_page_by_page(cloud: Cloud) -> None:
    add(cloud, "old", age=(DAYS_PER_REQUEST_MAX + 10) * ONE_DAY)
    first = page(cloud, from_="2024-01-01")

    assert first.recordings == ()
    assert ids(cloud, from_="2024-01-01", continuation=str(first.continuation)) == ["old"]


def test_a_page_reads_a_bounded_number_of_rows(cloud: Cloud) -> None:
    for number in range(ROWS_READ_MAX + 1):
        add(cloud, f"{number:05}", status=RecordingStatus.EMPTY if number == 0 else RecordingStatus.ACTIVE)
    first = page(cloud, status="active", limit="200")
    empty = page(cloud, status="failed")

    assert len(first.recordings) == 200
    assert (empty.recordings, empty.continuation is None) == ((), False)


def test_a_status_can_be_asked_for(cloud: Cloud) -> None:
    add(cloud, "a")
    add(cloud, "b", status=RecordingStatus.FAILED)

    assert ids(cloud, status="failed") == ["b"]


def test_tags_can_be_asked_for(cloud: Cloud) -> None:
    add(cloud, "a", tags={"case": "42", "team": "x"})
    add(cloud, "b", tags={"case": "43"})

    assert ids(cloud, tag__case="42") == ["a"]
    assert ids(cloud, tag__case="42", tag__team="y") == []


def test_a_call_can_be_asked_for_at_any_age(cloud: Cloud) -> None:
    add(cloud, "a", age=4000 * ONE_DAY)
    add(cloud, "b", server_call_id="another")

    assert ids(cloud, serverCallId=SERVER_CALL_ID.rstrip("=")) == ["a"]


def test_recordings_of_a_call_come_page_by_page(five: Cloud) -> None:
    first = page(five, serverCallId=SERVER_CALL_ID, limit="2")

    assert ids(five, serverCallId=SERVER_CALL_ID, continuation=str(first.continuation)) == ["2", "3", "4"]


def test_acs_s_id_can_be_asked_for_at_any_age(cloud: Cloud) -> None:
    add(cloud, "a", age=4000 * ONE_DAY)
    cloud.catalog.link_acs_id(acs_recording_id(1), "a")

    assert ids(cloud, recordingId=f"{acs_recording_id(1)}==") == ["a"]
    assert ids(cloud, recordingId=acs_recording_id(2)) == []


def test_of_two_ids_that_are_asked_for_both_count(cloud: Cloud) -> None:
    add(cloud, "a", server_call_id="aHR0/+8=")
    cloud.catalog.link_acs_id(acs_recording_id(1), "a")

    assert ids(cloud, recordingId=acs_recording_id(1), serverCallId="aHR0_-8") == ["a"]
    assert ids(cloud, recordingId=acs_recording_id(1), serverCallId="another") == []


def test_an_age_narrows_what_is_looked_up_too(cloud: Cloud) -> None:
    add(cloud, "a", age=4 * ONE_DAY)

    assert ids(cloud, serverCallId=SERVER_CALL_ID, from_="2026-11-20") == []


def test_recordings_at_risk_can_be_asked_for(cloud: Cloud) -> None:
    soon, later = BEGINNING + timedelta(hours=11), BEGINNING + timedelta(hours=13)
    add(cloud, "at risk", status=RecordingStatus.TRANSFERRING, expires_at=soon)
    add(cloud, "not yet", status=RecordingStatus.TRANSFERRING, expires_at=later)
    add(cloud, "done", status=RecordingStatus.COMPLETED, expires_at=soon)

    assert ids(cloud, atRisk="true") == ["at risk"]
    assert len(ids(cloud, atRisk="false")) == 3


def test_a_line_without_a_row_is_passed_over(five: Cloud) -> None:
    del five.catalog.rows["1", ""]

    assert ids(five) == ["0", "2", "3", "4"]


@pytest.mark.parametrize(
    "params",
    [
        {"state": "active"},
        {"tags": "x"},
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "-1"},
        {"limit": "ten"},
        {"limit": "9" * 5000},
        {"limit": "٣"},
        {"status": "done"},
        {"status": ""},
        {"from": "yesterday"},
        {"from": ""},
        {"serverCallId": ""},
        {"recordingId": ""},
        {"serverCallId": "a" * 2049},
        {"tag.": "x"},
        {"tag.case": "x" * 257},
        {"tag": "case"},
        {"continuation": ""},
        {"atRisk": "1"},
        {"atRisk": "yes"},
        {"atRisk": "True"},
        {"from": "2026-02-29"},
        {"from": "20261124"},
        {"from": "2026-W48-2"},
        {"from": "2201-01-01"},
        {"from": "1999-12-31"},
        {"to": "2026-11-22T24:00:00Z"},
        {"to": "22.11.2026"},
        {"to": "0001-01-01T00:00:00+14:00"},
        {"from": "9999-12-31"},
    ],
)
def test_what_makes_no_sense_is_refused_by_name(params: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest, match=next(iter(params)).removesuffix(".case")):
        read_query(ListQuery, urlencode(params))


def test_a_list_that_ends_before_it_begins_is_refused(cloud: Cloud) -> None:
    with pytest.raises(InvalidRequest, match="to: it must not be before from"):
        page(cloud, from_="2026-11-22", to="2026-11-21")


def test_a_day_counts_whole_at_either_end(five: Cloud) -> None:
    """R24."""
    assert ids(five, from_="2026-11-20", to="2026-11-21") == ["1", "2"]
    assert ids(five, from_="2026-11-21", to="2026-11-21") == ["1"]


def test_what_is_asked_twice_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="limit: it is given twice"):
        read_query(ListQuery, "limit=1&limit=2")


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_query(ListQuery, "limit=0&status=done&loud=1")

    assert [field for field, _ in refused.value.faults] == ["status", "limit", "loud"]
    assert "starting, active, paused" in str(refused.value)


@pytest.mark.parametrize("continuation", ["nonsense", "2026-13-01/x", "zzz", "AAAA", "\u0663" * 8])
def test_a_continuation_that_is_not_ours_is_refused(cloud: Cloud, continuation: str) -> None:
    with pytest.raises(InvalidRequest, match="continuation"):
        page(cloud, continuation=continuation)


def test_a_continuation_of_other_filters_is_refused(five: Cloud) -> None:
    first = page(five, limit="2")

    with pytest.raises(InvalidRequest, match="continuation"):
        page(five, limit="2", status="active", continuation=str(first.continuation))


def test_a_continuation_goes_on_with_another_limit(five: Cloud) -> None:
    first = page(five, limit="1")

    assert ids(five, limit="3", continuation=str(first.continuation)) == ["1", "2", "3"]


def test_a_continuation_of_a_call_that_leads_nowhere_is_refused(five: Cloud) -> None:
    """It would begin anew for ever."""
    first = page(five, serverCallId=SERVER_CALL_ID, limit="1")
    five.catalog.by_call.clear()

    with pytest.raises(InvalidRequest, match="continuation"):
        page(five, serverCallId=SERVER_CALL_ID, continuation=str(first.continuation))


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("2026-11-22T08:00:00", datetime(2026, 11, 22, 8, tzinfo=UTC)),
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=UTC)),
        ("2026-11-22T10:00 02:00", datetime(2026, 11, 22, 8, tzinfo=UTC)),
        ("2028-02-29T08:00:00.5Z", datetime(2028, 2, 29, 8, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_a_time_is_utc_unless_it_has_a_zone(text: str, means: datetime) -> None:
    assert time_of(text) == means


def test_a_day_ends_with_its_last_moment() -> None:
    assert time_of("2026-11-22", is_end=True) == datetime(2026, 11, 22, 23, 59, 59, 999_999, tzinfo=UTC)


def test_every_day_of_the_calendar_is_one_and_no_other() -> None:
    days = {f"{year}-{month:02}-{day:02}" for year in range(1999, 2202) for month in range(14) for day in range(33)}

    assert {day for day in days if re.fullmatch(DAY, day)} == {day for day in days if parse_time(day)}


def spoiled(cloud: Cloud, *ids: str) -> None:
    for id in ids:
        cloud.catalog.spoil(id)


def test_a_row_that_cannot_be_read_is_passed_over(five: Cloud) -> None:
    """R2."""
    spoiled(five, "1", "3")

    assert ids(five) == ["0", "2", "4"]


def test_a_row_that_cannot_be_read_is_passed_over_among_those_of_a_call(five: Cloud) -> None:
    spoiled(five, "0")

    assert ids(five, serverCallId=SERVER_CALL_ID) == ["1", "2", "3", "4"]


def test_a_row_that_cannot_be_read_is_passed_over_among_those_of_an_acs_id(five: Cloud) -> None:
    five.catalog.link_acs_id(acs_recording_id(1), "0")
    spoiled(five, "0")

    assert ids(five, recordingId=acs_recording_id(1)) == []


def test_a_list_goes_on_behind_a_row_that_cannot_be_read(five: Cloud) -> None:
    spoiled(five, "1")
    first = page(five, limit="1")

    assert [recording.id for recording in page(five, limit="1", continuation=str(first.continuation)).recordings] == [
        "2"
    ]


def test_a_list_tells_once_and_alerts_nobody(five: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    spoiled(five, "1", "3")

    page(five)

    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "2 rows" in record.getMessage()
