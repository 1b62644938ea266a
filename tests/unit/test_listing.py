"""Lists of recordings: newest first, filtered, page by page, and no scan."""

import logging
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from msgspec.structs import replace

from shared.api.continuations import continuation_of, cursor_of
from shared.api.queries import DAY, ListQuery, list_query, read_query, scope, time_of
from shared.control.list_recordings import ENTRIES_AT_ONCE_MAX, ENTRIES_READ_MAX, ROWS_READ_MAX, Page
from shared.domain.errors import CatalogConflict, InvalidRequest
from shared.domain.json_fields import parse_time
from shared.domain.list_entry import ListEntry
from shared.domain.statuses import RecordingStatus, StartFailure
from tests.builders import SERVER_CALL_ID, a_recording
from tests.fakes import BEGINNING, Cloud, Effect, acs_recording_id

ONE_DAY = timedelta(days=1)


def page(cloud: Cloud, **params: str) -> Page:
    named = {name.replace("__", "."): value for name, value in params.items()}
    named |= {"from": named.pop("from_")} if "from_" in named else {}
    asked = read_query(ListQuery, urlencode(named))
    bound_to = scope("list_recordings", asked)
    query = list_query(asked, cursor_of(asked.continuation, bound_to))
    found = cloud.services.recording_lists.page(query)
    return Page(found.recordings, continuation_of(found.continuation, bound_to), found.unreadable)


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


def test_recordings_of_any_age_are_listed(cloud: Cloud) -> None:
    """D3."""
    for years in (0, 1, 9):
        add(cloud, str(years), age=years * 365 * ONE_DAY)

    assert ids(cloud) == ["0", "1", "9"]
    assert ids(cloud, to="2025-12-31") == ["1", "9"]


def test_the_age_of_a_list_costs_nothing(cloud: Cloud) -> None:
    add(cloud, "old", age=4000 * ONE_DAY)
    cloud.world.counts.clear()

    assert ids(cloud, from_="2000-01-01") == ["old"]
    assert cloud.world.counts == {"catalog.listed": 1, "catalog.recording": 1, "days.first": 1}


@pytest.mark.parametrize("start", ["2026-11-20", "2026-11-20T00:00:00Z", "2026-11-20T02:00:00 02:00"])
def test_a_list_begins_where_it_is_told_to(five: Cloud, start: str) -> None:
    assert ids(five, from_=start) == ["0", "1", "2"]


def test_a_list_ends_where_it_is_told_to(five: Cloud) -> None:
    assert ids(five, to="2026-11-20T08:00:00Z") == ["2", "3", "4"]


def to_the_end(cloud: Cloud, **params: str) -> list[Page]:
    pages = [page(cloud, **params)]
    while pages[-1].continuation is not None:
        pages.append(page(cloud, **params, continuation=pages[-1].continuation))
    return pages


def test_a_page_reads_a_bounded_number_of_rows_and_the_next_goes_on(cloud: Cloud) -> None:
    for number in range(ROWS_READ_MAX + 1):
        add(cloud, f"{number:05}", age=number * timedelta(seconds=1))
    add(cloud, "last", status=RecordingStatus.FAILED, age=ONE_DAY)
    cloud.world.counts.clear()

    first, second = to_the_end(cloud, status="failed", limit="50")

    assert (first.recordings, [recording.id for recording in second.recordings]) == ((), ["last"])
    assert cloud.world.counts["catalog.recording"] == ROWS_READ_MAX + 2


def test_a_page_of_tags_that_nothing_has_reads_no_row(cloud: Cloud) -> None:
    """People D7."""
    for number in range(2 * ENTRIES_AT_ONCE_MAX):
        add(cloud, f"{number:05}", tags={"case": "41"})
    cloud.world.counts.clear()

    assert page(cloud, tag__case="42") == Page((), None)
    assert cloud.world.counts == {"catalog.listed": 2, "days.first": 1}


def test_a_page_looks_at_a_bounded_number_of_entries(cloud: Cloud) -> None:
    entries = [ListEntry(id=f"{number:05}", created_at=BEGINNING, tags={}) for number in range(ENTRIES_READ_MAX)]
    cloud.catalog.lists[None] = {entry.place: entry for entry in entries}
    add(cloud, "last", age=ONE_DAY, tags={"case": "42"})

    first, second = to_the_end(cloud, tag__case="42")

    assert (first.recordings, [recording.id for recording in second.recordings]) == ((), ["last"])


def test_an_entry_that_does_not_say_its_tags_has_its_row_asked(cloud: Cloud) -> None:
    add(cloud, "a", tags={"case": "42"})
    (entry,) = cloud.catalog.lists[None].values()
    cloud.catalog.put_listed(replace(entry, tags=None), None)

    assert ids(cloud, tag__case="42") == ["a"]
    assert ids(cloud, tag__case="43") == []


def test_a_page_that_ends_with_the_list_says_so(five: Cloud) -> None:
    assert page(five, limit="5").continuation is not None  # whether more follow is not known without asking
    assert page(five, limit="6").continuation is None


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


def test_more_than_two_hundred_recordings_of_a_call_come_page_by_page(cloud: Cloud) -> None:
    for number in range(450):
        add(cloud, f"{number:03}", age=number * timedelta(seconds=1))

    pages = to_the_end(cloud, serverCallId=SERVER_CALL_ID, limit="200")

    assert [recording.id for one in pages for recording in one.recordings] == [f"{number:03}" for number in range(450)]


CALLS = {
    "serverCallId": "server_call_id",
    "callConnectionId": "call_connection_id",
    "groupCallId": "group_call_id",
    "roomId": "room_id",
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_can_be_asked_for_by_each_of_its_ids(cloud: Cloud, name: str) -> None:
    add(cloud, "a", age=ONE_DAY, **{CALLS[name]: "c1"})
    add(cloud, "b", age=ONE_DAY, **{CALLS[name]: "c2"})

    assert ids(cloud, **{name: "c1"}) == ["a"]


def test_of_two_ids_of_a_call_both_count(cloud: Cloud) -> None:
    add(cloud, "a", group_call_id="g", room_id="r")
    add(cloud, "b", group_call_id="g", room_id="another")

    assert ids(cloud, groupCallId="g", roomId="r") == ["a"]


def refused(cloud: Cloud, id: str, status: int = 404, age: timedelta = timedelta(0)) -> None:
    columns = {"start_failure": StartFailure.REFUSED, "refused_status": status, "refused_code": "8522"}
    add(cloud, id, age=age, status=RecordingStatus.STARTING, recording_id=None, **columns)


@pytest.mark.parametrize("status", [404, 429], ids=["judged", "not judged"])
def test_refused_starts_are_listed_only_where_they_are_asked_for(cloud: Cloud, status: int) -> None:
    add(cloud, "a", status=RecordingStatus.FAILED)
    refused(cloud, "b", status)

    assert ids(cloud) == ids(cloud, status="failed") == ["a"]
    assert ids(cloud, includeRefused="true") == ids(cloud, status="failed", includeRefused="true") == ["a", "b"]


def test_refused_starts_of_a_call_hide_nothing(cloud: Cloud) -> None:
    """R13."""
    add(cloud, "live", age=ONE_DAY)
    for number in range(210):
        refused(cloud, f"{number:03}")

    pages = to_the_end(cloud, serverCallId=SERVER_CALL_ID)

    assert [recording.id for one in pages for recording in one.recordings] == ["live"]
    assert ids(cloud, serverCallId=SERVER_CALL_ID, includeRefused="true") == ["live"]  # they left the call's list
    assert len(ids(cloud, includeRefused="true", limit="200")) == 200


def test_a_recording_that_two_writers_made_is_listed_once(cloud: Cloud) -> None:
    """D2: whoever meets the entry that is not true removes it."""
    add(cloud, "a")
    with pytest.raises(CatalogConflict):
        add(cloud, "a", age=timedelta(seconds=1))

    for params in ({}, {"serverCallId": SERVER_CALL_ID}):
        assert ids(cloud, **params) == ["a"]
        assert ids(cloud, **params, limit="1") == ["a"]
    assert [len(entries) for entries in cloud.catalog.lists.values()] == [1, 1]


def test_pages_of_a_recording_that_two_writers_made_come_to_an_end(five: Cloud) -> None:
    for seconds in (1, 2):
        with pytest.raises(CatalogConflict):
            add(five, "2", age=2 * ONE_DAY + timedelta(seconds=seconds))

    pages = to_the_end(five, serverCallId=SERVER_CALL_ID, limit="1")

    assert [recording.id for one in pages for recording in one.recordings] == ["0", "1", "2", "3", "4"]


def test_an_entry_without_a_row_stays_for_an_hour(cloud: Cloud) -> None:
    """A process died between the two, or has not come to the second yet."""
    add(cloud, "a")
    del cloud.catalog.rows["a", ""]
    cloud.world.advance(timedelta(hours=1))
    assert ids(cloud) == []
    assert cloud.catalog.lists[None]

    cloud.world.advance(timedelta(microseconds=1))
    assert ids(cloud) == []
    assert cloud.catalog.lists[None] == {}


def test_an_entry_whose_row_comes_while_it_is_removed_is_put_back(cloud: Cloud) -> None:
    add(cloud, "late")
    row = cloud.catalog.rows.pop(("late", ""))
    cloud.world.advance(ONE_DAY)

    def writing(effect: Effect) -> None:
        if effect.name == "catalog.remove_listed":
            cloud.catalog.rows["late", ""] = row

    cloud.world.plan = writing
    assert ids(cloud) == []

    assert ids(cloud) == ["late"]


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


def test_a_list_goes_on_behind_an_entry_that_has_gone(five: Cloud) -> None:
    first = page(five, serverCallId=SERVER_CALL_ID, limit="1")
    for entries in five.catalog.lists.values():
        entries.pop((BEGINNING, "0"))

    assert ids(five, serverCallId=SERVER_CALL_ID, continuation=str(first.continuation)) == ["1", "2", "3", "4"]


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
    assert page(five).unreadable == ("1", "3")


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
    assert record.getMessage().startswith('rows_unreadable {"units": 2, ')
