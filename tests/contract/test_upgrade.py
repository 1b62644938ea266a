"""The upgrade: tables that version 0.1 itself wrote are listed, moved and worked on as if this version had."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from azure.data.tables import EdmType, EntityProperty, TableClient

from shared.adapters.old_lists import TableOldLists
from shared.adapters.table_catalog import TableCatalog
from shared.control.list_recordings import Query
from shared.domain.identifiers import CallId, CallIdKind
from shared.domain.models import Recording, RecordingStatus
from shared.domain.old_lists import OldLists
from shared.domain.units import Run
from shared.pipeline.upgrade import Upgrade
from shared.services import Services
from tests.fakes import Cloud
from tests.fakes.old_lists import FakeOldLists
from tests.fakes.world import World

from .samples import NOW, a_recording, ids_listed, ids_of_call

TABLES = Path(__file__).parent / "version_0_1" / "tables.json"
DAY, HOUR, MICROSECOND = timedelta(days=1), timedelta(hours=1), timedelta(microseconds=1)


def column(value: Any) -> object:
    match value:
        case ["Edm.DateTime", moment]:
            return datetime.fromisoformat(moment)
        case ["Edm.Int64", number]:
            return EntityProperty(number, EdmType.INT64)
    return value


class Upgraded:
    """This version on tables of version 0.1, a moment later."""

    def __init__(self, catalog: TableCatalog) -> None:
        dump = json.loads(TABLES.read_text(encoding="utf-8"))
        for client, rows in zip((catalog.table, catalog.index), dump["tables"].values(), strict=True):
            for row in rows:
                client.create_entity({name: column(value) for name, value in row.items()})
        self.catalog = catalog
        self.cloud = Cloud()
        self.cloud.world.now = datetime.fromisoformat(dump["now"])
        self.services: Services = self.cloud.services
        self.services.catalog = catalog
        self.services.old_lists = TableOldLists(catalog.index)
        recordings = [row for row in dump["tables"]["recordings"] if row["RowKey"] == "recording"]
        self.ids = {json.loads(row["tags"]).get("what", "foreign"): row["id"] for row in recordings}
        newest = sorted(recordings, key=lambda row: row["id"])
        newest.sort(key=lambda row: str(row["createdAt"][1]), reverse=True)
        self.listed = [row["id"] for row in newest if "refusedStatus" not in row]

    def pages(self, **query: Any) -> list[str]:
        """What the pages of a list show, in turn."""
        ids, cursor = [], None
        while True:
            page = self.services.recording_lists.page(Query(cursor=cursor, **query))
            ids += [recording.id for recording in page.recordings]
            assert not page.unreadable
            cursor = page.continuation
            if cursor is None:
                return ids

    def lines(self) -> list[str]:
        rows = self.catalog.index.query_entities("PartitionKey ge 'day-' and PartitionKey lt 'day.'")
        return [str(row["PartitionKey"]) for row in rows]

    def shows_right_lists(self) -> None:
        completed = [id for id in self.listed if self.recording(id).status is RecordingStatus.COMPLETED]
        assert self.pages() == self.pages(limit=3) == self.listed
        assert self.pages(tags={"what": "pending"}) == [self.ids["pending"]]
        assert self.pages(status=RecordingStatus.COMPLETED) == completed
        call = CallId(CallIdKind.SERVER_CALL, str(self.recording(self.ids["doubly listed"]).server_call_id))
        assert self.pages(calls=(call,)) == [self.ids["doubly listed"]]

    def recording(self, id: str) -> Recording:
        recording = self.catalog.recording(id)
        assert recording is not None
        return recording


@pytest.fixture
def upgraded(table_catalog: TableCatalog) -> Upgraded:
    return Upgraded(table_catalog)


@pytest.mark.stack
def test_lists_are_right_before_while_and_after_the_lines_are_moved(upgraded: Upgraded) -> None:
    services = upgraded.services
    moves = Upgrade(services.catalog, services.open_work, services.old_lists, services.clock, lines_per_run=8)
    left = len(upgraded.lines())
    upgraded.shows_right_lists()

    for expected in (left - 8, left - 16, 0):
        moves.move_some(Run("sweep"))
        assert len(upgraded.lines()) == expected
        upgraded.shows_right_lists()

    assert set(ids_listed(upgraded.catalog)) == {*upgraded.listed, upgraded.ids["refused"]}


@pytest.mark.stack
def test_every_id_of_a_call_finds_what_version_0_1_started(upgraded: Upgraded) -> None:
    upgraded.services.sweep.sweep()

    for id in upgraded.listed:
        row = upgraded.recording(id)
        named = {
            CallIdKind.SERVER_CALL: row.server_call_id,
            CallIdKind.CALL_CONNECTION: row.call_connection_id,
            CallIdKind.GROUP_CALL: row.group_call_id,
            CallIdKind.ROOM: row.room_id,
        }
        for kind, name in named.items():
            assert name is None or ids_of_call(upgraded.catalog, CallId(kind, name), NOW + DAY) == [id]
    refused = upgraded.recording(upgraded.ids["refused"])
    assert ids_of_call(upgraded.catalog, CallId(CallIdKind.SERVER_CALL, str(refused.server_call_id)), NOW + DAY) == []


@pytest.mark.stack
def test_a_refused_chunk_that_acs_still_has_is_at_risk(upgraded: Upgraded) -> None:
    upgraded.services.sweep.sweep()

    unsaved = {entry.id for entry in upgraded.catalog.expiring_entries(NOW + 2 * DAY) if entry.document_id}
    named = {name for name, id in upgraded.ids.items() if id in unsaved}
    assert named == {"refused chunk", "pending", "pending and refused chunk", "foreign"}


@pytest.mark.stack
def test_a_stopped_recording_without_an_event_is_at_risk_until_its_retention_is_over(upgraded: Upgraded) -> None:
    upgraded.services.sweep.sweep()

    entries = {entry.id: entry for entry in upgraded.catalog.open_entries() if not entry.document_id}
    stopped = upgraded.ids["stopped"]
    assert entries[stopped].expires_at == (upgraded.recording(stopped).ended_at or NOW) + DAY


@pytest.mark.stack
def test_a_chunk_whose_message_was_on_its_way_is_sent_again(upgraded: Upgraded) -> None:
    messages = upgraded.services.sweep.sweep()

    assert [ref.id for ref in messages.transfers].count(upgraded.ids["pending"]) == 2
    assert upgraded.ids["stored, not deleted"] in {ref.id for ref in messages.deletions}


@pytest.mark.stack
def test_a_line_without_a_row_goes_after_an_hour(upgraded: Upgraded) -> None:
    moment = upgraded.cloud.world.now
    for id, created_at in (("young", moment - HOUR), ("old", moment - HOUR - MICROSECOND)):
        line(upgraded.catalog.index, id, created_at)

    upgraded.services.sweep.sweep()
    assert len(upgraded.lines()) == 1

    upgraded.cloud.world.advance(HOUR)
    upgraded.services.sweep.sweep()
    assert upgraded.lines() == []
    upgraded.shows_right_lists()


@pytest.mark.stack
def test_an_unreadable_row_is_listed_and_holds_up_no_other(upgraded: Upgraded) -> None:
    id = upgraded.ids["paused"]
    upgraded.catalog.table.update_entity({"PartitionKey": id, "RowKey": "recording", "status": "archived"})

    upgraded.services.sweep.sweep()

    assert upgraded.lines() == []
    assert upgraded.services.recording_lists.page(Query()).unreadable == (id,)


@pytest.mark.stack
def test_lines_that_version_0_1_writes_beside_are_moved_as_they_come(upgraded: Upgraded) -> None:
    upgraded.services.sweep.sweep()
    recording = a_recording(created_at=upgraded.cloud.world.now, updated_at=upgraded.cloud.world.now)
    recording = upgraded.catalog.save_recording(recording)
    upgraded.catalog.remove_listed(next(upgraded.catalog.listed(None, 1)), None)
    line(upgraded.catalog.index, recording.id, recording.created_at)
    upgraded.listed.insert(2, recording.id)
    assert set(upgraded.pages()) == set(upgraded.listed)

    upgraded.services.sweep.sweep()

    assert upgraded.lines() == []
    assert set(upgraded.pages()) == set(upgraded.listed)


def line(index: TableClient, id: str, created_at: datetime) -> None:
    """Have version 0.1 list a recording."""
    since = (created_at - datetime(1970, 1, 1, tzinfo=UTC)) // MICROSECOND
    index.upsert_entity(
        {"PartitionKey": f"day-{created_at:%Y-%m-%d}", "RowKey": f"{10**17 - since:018}:{id}", "id": id}
    )


type Writer = Callable[[str, datetime], None]


@pytest.fixture(params=["fake", pytest.param("azurite", marks=pytest.mark.stack)])
def old(request: pytest.FixtureRequest) -> Iterator[tuple[OldLists, Writer]]:
    """The lists by day, and how version 0.1 writes them."""
    if request.param == "fake":
        fake = FakeOldLists(World())
        yield fake, fake.write
        return
    catalog: TableCatalog = request.getfixturevalue("table_catalog")
    yield TableOldLists(catalog.index), partial(line, catalog.index)


def walked(old: OldLists, most: int) -> list[str]:
    """The lines of all pages."""
    place, ids = (NOW + DAY, ""), []
    while True:
        page = old.page(place, most)
        ids += [one.id for one in page.lines]
        if page.end is None:
            return ids
        place = page.end


@pytest.mark.parametrize("most", [1, 2, 3, 100])
def test_lines_come_newest_first_over_gaps_of_days(old: tuple[OldLists, Writer], most: int) -> None:
    lists, write = old
    days = [0, 0, 1, 2, 9, 400, 401]
    for number, day in enumerate(days):
        write(f"{number}", NOW - day * DAY - number * MICROSECOND)

    assert walked(lists, most) == [f"{number}" for number in range(len(days))]


def test_more_days_than_one_page_walks_are_all_walked(old: tuple[OldLists, Writer]) -> None:
    lists, write = old
    for day in range(90):
        write(f"{day}", NOW - day * DAY)

    assert walked(lists, 500) == [f"{day}" for day in range(90)]


def test_a_removed_line_is_gone_and_may_be_removed_twice(old: tuple[OldLists, Writer]) -> None:
    lists, write = old
    write("a", NOW)
    write("b", NOW - DAY)
    (first, _) = lists.page((NOW + DAY, ""), 10).lines

    lists.remove(first)
    lists.remove(first)

    assert walked(lists, 10) == ["b"]


def test_where_nothing_was_written_there_is_nothing(old: tuple[OldLists, Writer]) -> None:
    assert msgspec.to_builtins(old[0].page((NOW, ""), 10)) == {"lines": [], "end": None}
