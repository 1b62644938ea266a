"""Every catalog answers the questions that are not asked by key: of a call, of ACS's id, of a day, of open work."""

from datetime import UTC, datetime, timedelta
from itertools import batched

import msgspec
import pytest

from shared.domain.errors import CatalogConflict
from shared.domain.identifiers import CallId, CallIdKind
from shared.domain.index_entry import IndexEntry
from shared.domain.list_entry import ListEntry, list_entry
from shared.domain.models import ChunkRef, Recording
from shared.domain.ports import CHUNKS_PER_BATCH, Catalog

from .samples import CALL, NOW, SERVER_CALL_ID, a_chunk, a_line, a_recording, ids_listed, ids_of_call

SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)
MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)


def saved(catalog: Catalog, created_at: datetime = NOW, server_call_id: str | None = None) -> str:
    return catalog.save_recording(a_recording(created_at=created_at, server_call_id=server_call_id)).id


def with_chunks(catalog: Catalog, count: int) -> Recording:
    recording = catalog.save_recording(a_recording())
    chunks = [a_chunk(recording, index=index, open=False) for index in range(count)]
    for batch in batched(chunks, CHUNKS_PER_BATCH, strict=False):
        recording = catalog.add_chunks(recording, batch)
    return recording


def test_more_chunks_than_a_page_holds_are_all_there_in_the_order_of_their_documents(catalog: Catalog) -> None:
    recording = with_chunks(catalog, 1500)

    chunks = list(catalog.chunks(recording.id))

    names = [chunk.document_id for chunk in chunks]
    assert names == sorted(names)
    assert sorted(chunk.index for chunk in chunks) == list(range(1500))


def test_chunks_of_another_recording_are_not_among_them(catalog: Catalog) -> None:
    with_chunks(catalog, 2)
    recording = with_chunks(catalog, 1)

    assert [chunk.id for chunk in catalog.chunks(recording.id)] == [recording.id]


def test_a_recording_without_chunks_has_no_open_one(catalog: Catalog) -> None:
    recording = catalog.save_recording(a_recording())

    assert not catalog.has_open_chunk(recording.id)


def test_one_open_chunk_among_many_is_found(catalog: Catalog) -> None:
    recording = with_chunks(catalog, 150)
    catalog.add_chunks(recording, [a_chunk(recording, open=True)])

    assert catalog.has_open_chunk(recording.id)


def test_a_recording_whose_chunks_are_finished_has_no_open_one(catalog: Catalog) -> None:
    recording = with_chunks(catalog, 3)
    with_open = catalog.save_recording(a_recording())
    catalog.add_chunks(with_open, [a_chunk(with_open, open=True)])

    assert not catalog.has_open_chunk(recording.id)


@pytest.mark.parametrize(("count", "most", "found"), [(0, 3, 0), (3, 3, 3), (4, 3, None)])
def test_few_chunks_are_read_at_once_and_many_are_not(
    catalog: Catalog, count: int, most: int, found: int | None
) -> None:
    recording = with_chunks(catalog, count)

    chunks = catalog.few_chunks(recording.id, most)

    assert (None if chunks is None else len(chunks)) == found
    assert chunks in (None, list(catalog.chunks(recording.id)))


def test_a_recording_and_its_chunks_are_read_by_one_question(catalog: Catalog) -> None:
    recording = with_chunks(catalog, 120)

    row, chunks = catalog.recording_and_chunks(recording.id)

    assert row == recording
    assert list(chunks.values()) == list(catalog.chunks(recording.id))
    assert catalog.recording_and_chunks("none") == (None, {})


@pytest.mark.parametrize("there", [[], [""], ["0-a"], ["", "0-a"]])
def test_entries_of_one_recording_are_removed_together_whichever_are_there(catalog: Catalog, there: list[str]) -> None:
    others = [a_line(id="a", document_id="0-b"), a_line(id="b", document_id="")]
    catalog.put_entries([*others, *(a_line(id="a", document_id=name) for name in there)])

    catalog.remove_entries("a", ["", "0-a"])

    assert due(catalog, NOW) == others


def test_an_unknown_acs_id_belongs_to_nobody(catalog: Catalog) -> None:
    assert catalog.recording_by_acs_id("eyJQ") is None


def test_who_links_an_acs_id_first_keeps_it(catalog: Catalog) -> None:
    acs_id = "eyJQbGF0Zm9ybUVuZHBvaW50SWQi/+=#?"

    answers = [catalog.link_acs_id(acs_id, "first"), catalog.link_acs_id(acs_id, "second")]

    assert answers == ["first", "first"]
    assert catalog.recording_by_acs_id(acs_id) == "first"


def test_linking_an_acs_id_again_to_the_same_recording_is_fine(catalog: Catalog) -> None:
    catalog.link_acs_id("eyJQ", "first")

    assert catalog.link_acs_id("eyJQ", "first") == "first"


def test_the_acs_id_is_the_same_with_and_without_padding(catalog: Catalog) -> None:
    catalog.link_acs_id(" eyJQ", "first")

    assert catalog.link_acs_id("eyJQ==", "second") == "first"
    assert catalog.recording_by_acs_id("eyJQ= ") == "first"


def test_recordings_of_a_call_come_newest_first(catalog: Catalog) -> None:
    old, newest, middle = (saved(catalog, NOW + offset * SECOND, SERVER_CALL_ID) for offset in (0, 2, 1))
    saved(catalog, NOW, "anotherCall")

    assert ids_of_call(catalog, CALL, NOW + 3 * SECOND) == [newest, middle, old]


def test_recordings_of_a_call_that_were_created_later_are_left_out(catalog: Catalog) -> None:
    then = saved(catalog, NOW, SERVER_CALL_ID)
    saved(catalog, NOW + MICROSECOND, SERVER_CALL_ID)

    assert ids_of_call(catalog, CALL, NOW) == [then]


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("aHR0cHM6Ly9h+/8=#", "aHR0cHM6Ly9h+/8=#"),
        ("aHR0cHM6Ly9hcA==", "aHR0cHM6Ly9hcA"),
        ("aHR0cHM6Ly9hcA", "aHR0cHM6Ly9hcA=="),
        ("aHR0+/+/cHM=", "aHR0-_-_cHM"),
        ("aHR0cHM6Ly9h/8=", "aHR0cHM6Ly9h%2F8%3D"),
    ],
)
def test_a_call_is_found_however_its_id_is_padded_or_written(catalog: Catalog, given: str, asked: str) -> None:
    recording = saved(catalog, NOW, given)

    assert ids_of_call(catalog, CallId(CallIdKind.SERVER_CALL, asked), NOW) == [recording]


def test_a_recording_without_a_server_call_id_is_of_no_call(catalog: Catalog) -> None:
    saved(catalog)

    assert ids_of_call(catalog, CALL, NOW) == []


GUID = "411f0b00-dc73-4528-a9e6-968ba983d2a1"
COLUMNS = {
    CallIdKind.SERVER_CALL: "server_call_id",
    CallIdKind.CALL_CONNECTION: "call_connection_id",
    CallIdKind.GROUP_CALL: "group_call_id",
    CallIdKind.ROOM: "room_id",
    CallIdKind.SERVER_CALL_CLUE: "clue_server_call_id",
    CallIdKind.CALL_CLUE: "clue_call_id",
}


@pytest.mark.parametrize("kind", CallIdKind)
def test_a_recording_is_found_by_each_kind_of_id_of_its_call(catalog: Catalog, kind: CallIdKind) -> None:
    recording = catalog.save_recording(a_recording(**{COLUMNS[kind]: GUID})).id
    catalog.save_recording(a_recording(**{COLUMNS[kind]: "another call"}))

    assert ids_of_call(catalog, CallId(kind, GUID), NOW) == [recording]


@pytest.mark.parametrize("id", ["\ud800", "", "a/b#?\\", "\x00", "é" * 40_000])
def test_whatever_an_event_calls_a_call_it_can_be_asked_for(catalog: Catalog, id: str) -> None:
    assert ids_of_call(catalog, CallId(CallIdKind.CALL_CONNECTION, id), NOW) == []


@pytest.mark.parametrize("kind", CallIdKind)
def test_an_id_of_one_kind_is_never_taken_for_one_of_another(catalog: Catalog, kind: CallIdKind) -> None:
    catalog.save_recording(a_recording(**{COLUMNS[kind]: GUID}))

    others = [other for other in CallIdKind if other is not kind]
    assert [ids_of_call(catalog, CallId(other, GUID), NOW) for other in others] == [[]] * len(others)


@pytest.mark.parametrize("kind", [CallIdKind.CALL_CONNECTION, CallIdKind.GROUP_CALL, CallIdKind.ROOM])
def test_the_case_of_a_guid_makes_no_difference(catalog: Catalog, kind: CallIdKind) -> None:
    recording = catalog.save_recording(a_recording(**{COLUMNS[kind]: GUID.upper()})).id

    assert ids_of_call(catalog, CallId(kind, f" {GUID}"), NOW) == [recording]


def test_a_recording_is_found_by_the_ids_that_its_row_is_about_to_name(catalog: Catalog) -> None:
    recording = catalog.save_recording(a_recording(call_connection_id=GUID))

    for _ in range(2):
        catalog.index_calls(msgspec.structs.replace(recording, server_call_id=SERVER_CALL_ID, clue_call_id="c"))

    asked = [CALL, CallId(CallIdKind.CALL_CONNECTION, GUID), CallId(CallIdKind.CALL_CLUE, "c")]
    assert [ids_of_call(catalog, call, NOW) for call in asked] == [[recording.id]] * 3
    assert catalog.recording(recording.id) == recording
    assert ids_listed(catalog) == [recording.id]


def test_all_recordings_come_newest_first_whatever_their_day(catalog: Catalog) -> None:
    first, last, middle = (saved(catalog, MIDNIGHT + offset * timedelta(days=1)) for offset in (-4000, 200, 0))

    assert ids_listed(catalog) == [last, middle, first]


def test_recordings_a_microsecond_apart_keep_their_order(catalog: Catalog) -> None:
    ids = [saved(catalog, NOW + offset * MICROSECOND) for offset in range(12)]

    assert ids_listed(catalog) == ids[::-1]


def test_a_list_goes_on_behind_any_place(catalog: Catalog) -> None:
    for offset in range(9):
        saved(catalog, NOW + (offset // 3) * SECOND)  # three share each moment
    everything = list(catalog.listed(None, 100))

    rests = [list(catalog.listed(entry.place, 2)) for entry in everything]

    assert rests == [everything[count:] for count in range(1, 10)]


def test_an_entry_says_what_its_row_says(catalog: Catalog) -> None:
    recording = catalog.save_recording(a_recording(tags={"case": "42"}, server_call_id=SERVER_CALL_ID))

    wanted = [ListEntry(id=recording.id, created_at=recording.created_at, tags={"case": "42"})]
    assert list(catalog.listed(None, 10)) == wanted
    assert list(catalog.listed_of_call(CALL, None, 10)) == wanted


def test_more_recordings_than_a_request_gets_are_all_listed(catalog: Catalog) -> None:
    ids = {saved(catalog, NOW + offset * MICROSECOND, SERVER_CALL_ID) for offset in range(40)}

    assert set(ids_listed(catalog, at_once=15)) == ids
    assert len(list(catalog.listed_of_call(CALL, None, 15))) == 40


def test_a_second_writer_of_a_recording_leaves_an_entry_of_its_own(catalog: Catalog) -> None:
    recording = a_recording()
    catalog.save_recording(recording)

    with pytest.raises(CatalogConflict):
        catalog.save_recording(msgspec.structs.replace(recording, created_at=NOW + MICROSECOND))

    assert ids_listed(catalog) == [recording.id] * 2


@pytest.mark.parametrize("call", [None, CALL], ids=["all", "of a call"])
def test_an_entry_can_be_removed_and_put_back(catalog: Catalog, call: CallId | None) -> None:
    recording = catalog.save_recording(a_recording(server_call_id=SERVER_CALL_ID))
    other = catalog.save_recording(a_recording(server_call_id=SERVER_CALL_ID))

    def listed() -> set[str]:
        return set(ids_listed(catalog) if call is None else ids_of_call(catalog, call))

    for _ in range(2):
        catalog.remove_listed(list_entry(recording), call)
    assert listed() == {other.id}

    for _ in range(2):
        catalog.put_listed(list_entry(recording), call)
    assert listed() == {recording.id, other.id}
    assert set(ids_listed(catalog)) == {recording.id, other.id}


def test_rows_are_read_side_by_side(catalog: Catalog) -> None:
    recordings = [catalog.save_recording(a_recording()) for _ in range(20)]
    ids = [recording.id for recording in recordings]

    assert catalog.recordings([*ids, "none", ids[0]]) == dict(zip(ids, recordings, strict=True))
    assert catalog.recordings([]) == {}


def due(catalog: Catalog, now: datetime) -> list[IndexEntry]:
    return sorted(catalog.due_entries(now), key=lambda work: (work.id, work.document_id))


def test_open_work_comes_back_as_it_was_noted(catalog: Catalog) -> None:
    lines = [a_line(id="a"), a_line(id="b", document_id=""), a_line(id="c", due_at=NOW - timedelta(days=400))]

    catalog.put_entries(lines)

    assert due(catalog, NOW) == lines


def test_work_is_due_when_its_time_has_come_and_not_before(catalog: Catalog) -> None:
    line = a_line()
    catalog.put_entries([line])

    assert due(catalog, NOW - SECOND) == []
    assert due(catalog, NOW) == [line]


def test_noting_work_again_renews_its_hint(catalog: Catalog) -> None:
    line = a_line()
    later = msgspec.structs.replace(line, due_at=NOW + SECOND)

    for noted in (line, line, later):
        catalog.put_entries([noted])

    assert due(catalog, NOW) == []
    assert due(catalog, NOW + SECOND) == [later]


def test_more_lines_than_a_batch_holds_are_noted_in_one_go(catalog: Catalog) -> None:
    lines = [a_line(id="a", document_id=f"{number:04}") for number in range(950)]

    catalog.put_entries(lines)

    assert due(catalog, NOW) == lines


def test_noting_nothing_is_fine(catalog: Catalog) -> None:
    catalog.put_entries([])

    assert due(catalog, NOW) == []


def test_closed_work_is_not_due_any_more(catalog: Catalog) -> None:
    recording = a_recording()
    chunk, other = a_chunk(recording), a_chunk(recording)
    catalog.put_entries([IndexEntry(id=one.id, document_id=one.document_id, due_at=NOW) for one in (chunk, other)])

    catalog.remove_entry(chunk.id, chunk.document_id)

    assert [line.document_id for line in due(catalog, NOW)] == [other.document_id]


def test_closing_work_twice_is_fine(catalog: Catalog) -> None:
    chunk = a_chunk(a_recording())
    catalog.put_entries([IndexEntry(id=chunk.id, document_id=chunk.document_id, due_at=NOW)])

    for _ in range(2):
        catalog.remove_entry(chunk.id, chunk.document_id)

    assert due(catalog, NOW) == []


def test_lines_may_be_closed_and_renewed_while_they_are_listed(catalog: Catalog) -> None:
    chunks = [a_chunk(a_recording()) for _ in range(20)]
    catalog.put_entries([IndexEntry(id=chunk.id, document_id=chunk.document_id, due_at=NOW) for chunk in chunks])

    seen = 0
    for line in catalog.due_entries(NOW):
        catalog.put_entries([msgspec.structs.replace(line, due_at=NOW + SECOND)])
        seen += 1

    assert seen == 20
    assert due(catalog, NOW) == []


def test_what_ceases_to_be_there_soon_is_found(catalog: Catalog) -> None:
    offsets = {"a": 0, "b": 1, "c": 2}
    lines = [a_line(id=id, expires_at=NOW + seconds * SECOND) for id, seconds in offsets.items()]
    catalog.put_entries([*lines, a_line(id="never")])

    assert {entry.id for entry in catalog.expiring_entries(NOW + SECOND)} == {"a", "b"}


def test_an_entry_forgets_what_its_row_says_no_more(catalog: Catalog) -> None:
    line = a_line(expires_at=NOW, stuck_since=NOW, told=True)
    catalog.put_entries([line])

    catalog.put_entries([well := msgspec.structs.replace(line, expires_at=None, stuck_since=None, told=False)])

    assert list(catalog.expiring_entries(NOW + SECOND)) == []
    assert list(catalog.stuck_entries(NOW, None)) == []
    assert list(catalog.open_entries()) == [well]


def test_what_got_stuck_since_a_time_is_found_page_by_page(catalog: Catalog) -> None:
    stuck = [a_line(id=f"{number:02}", stuck_since=NOW + number * SECOND) for number in range(12)]
    catalog.put_entries([*stuck, a_line(id="well")])

    found = list(catalog.stuck_entries(NOW + 2 * SECOND, None))

    assert {entry.id for entry in found} == {f"{number:02}" for number in range(2, 12)}
    places = [ChunkRef(entry.id, entry.document_id) for entry in found]
    rests = [list(catalog.stuck_entries(NOW + 2 * SECOND, place)) for place in places]
    assert rests == [found[count:] for count in range(1, 11)]


def test_what_got_stuck_of_one_recording_comes_together_its_own_entry_first(catalog: Catalog) -> None:
    documents = ["", "0-a", "0-b"]
    catalog.put_entries([a_line(id=id, document_id=one, stuck_since=NOW) for one in documents for id in ("a", "b")])

    found = [(entry.id, entry.document_id) for entry in catalog.stuck_entries(NOW, None)]

    assert sorted(found) == [(id, one) for id in ("a", "b") for one in documents]
    assert [found[:3], found[3:]] in ([sorted(found)[:3], sorted(found)[3:]], [sorted(found)[3:], sorted(found)[:3]])


def test_all_that_is_open_can_be_counted(catalog: Catalog) -> None:
    lines = [a_line(id=f"{number:02}", due_at=NOW + number * SECOND) for number in range(30)]
    catalog.put_entries(lines)

    assert sorted(entry.id for entry in catalog.open_entries()) == [line.id for line in lines]
