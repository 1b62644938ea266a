"""The check of one day: every difference between rows and blobs is reported, nothing is changed."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from msgspec.structs import replace

from shared.api.queries import ConsistencyQuery, read_query
from shared.domain.errors import CatalogUnavailable, InvalidRequest, StoreUnavailable
from shared.domain.list_entry import ListEntry
from shared.domain.ports import BlobProperties
from shared.domain.statuses import ChunkStatus, RecordingStatus
from shared.pipeline.consistency import RECORDINGS_MAX, ROWS_READ_MAX, Report
from tests.builders import (
    CONTAINER,
    OUR_ID,
    a_chunk,
    a_recording,
    announced_chunk,
    file_ready_event,
    keep_at_acs,
)
from tests.fakes import BEGINNING, Cloud, FakeHost, FakeStore, Fault

MANIFEST = "recording.json"


@pytest.fixture
def completed(cloud: Cloud) -> Cloud:
    keep_at_acs(cloud, 2)
    host = FakeHost(cloud)
    host.publish(file_ready_event(2))
    host.settle()
    return cloud


def check(cloud: Cloud) -> Report:
    return cloud.services.consistency.check(BEGINNING, None)


def differences(cloud: Cloud) -> list[tuple[str | None, str]]:
    return [(found.blob, found.difference) for found in check(cloud).differences]


def manifest(cloud: Cloud) -> str:
    return f"{cloud.recording().folder}/{MANIFEST}"


def test_a_day_in_order_has_no_differences(completed: Cloud) -> None:
    assert check(completed) == Report(recordings=1, blobs=5, differences=(), continuation=None)


def test_the_check_changes_nothing(completed: Cloud) -> None:
    rows, blobs = dict(completed.catalog.rows), dict(completed.store.blobs)
    completed.store.lose(manifest(completed))
    del blobs[manifest(completed)]

    check(completed)

    assert (completed.catalog.rows, completed.store.blobs) == (rows, blobs)


def test_a_blob_that_is_gone_is_reported(completed: Cloud) -> None:
    name = completed.chunk().content_blob
    completed.store.lose(name)

    ((blob, difference),) = differences(completed)

    assert blob == name
    assert "no such blob" in difference


def test_metadata_that_are_gone_are_reported(completed: Cloud) -> None:
    name = completed.chunk(1).metadata_blob
    completed.store.lose(str(name))

    assert [blob for blob, _ in differences(completed)] == [name]


def test_a_blob_of_another_length_is_reported(completed: Cloud) -> None:
    completed.store.overwrite(completed.chunk().content_blob, b"short")

    assert "The row says 1000 bytes, the blob has 5." in differences(completed)[0][1]


def test_a_blob_that_was_written_again_is_reported(completed: Cloud) -> None:
    completed.store.retag(completed.chunk().content_blob)

    assert "written again" in differences(completed)[0][1]


def test_a_missing_manifest_is_reported(completed: Cloud) -> None:
    completed.store.lose(manifest(completed))

    assert "without a manifest" in differences(completed)[0][1]


def test_a_manifest_of_other_chunks_is_reported(completed: Cloud) -> None:
    completed.catalog.save_chunk(replace(completed.chunk(), sha256="another"))

    assert "other chunks" in differences(completed)[0][1]


@pytest.mark.parametrize("name", ["stray.wav", "2026/11/22/stray.wav", "2026/11/22/nobody/recording.json"])
def test_a_blob_that_no_row_explains_is_reported(completed: Cloud, name: str) -> None:
    completed.store.overwrite(name, b"x")

    expected = [(name, "No row explains this blob.")] if name.startswith("2026/11/22/") else []
    assert differences(completed) == expected


def test_what_was_copied_of_a_chunk_before_it_ended_is_explained_by_its_row(completed: Cloud) -> None:
    stem, _, extension = completed.chunk().content_blob.rpartition(".")
    for kind in (extension, "metadata.json"):
        completed.store.overwrite(f"{stem}.unfinished.{kind}", b"RIFF")

    assert check(completed).differences == ()


def test_what_is_not_stored_yet_is_not_missing(cloud: Cloud) -> None:
    cloud.services.ingest.ingest(file_ready_event(2))

    assert (cloud.chunk().status, differences(cloud)) == (ChunkStatus.PENDING, [])


def test_metadata_that_acs_never_had_are_not_missing(cloud: Cloud) -> None:
    keep_at_acs(cloud, 1)
    host = FakeHost(cloud)
    host.publish(file_ready_event([announced_chunk(0, metadataLocation=None)]))
    host.settle()

    assert (cloud.chunk().status, differences(cloud)) == (ChunkStatus.STORED, [])


def test_what_lies_in_own_storage_is_not_looked_for() -> None:
    cloud = Cloud(BYOS_CONTAINERS=CONTAINER)
    cloud.services.ingest.ingest(file_ready_event(1))
    cloud.catalog.save_chunk(replace(cloud.chunk(), own_storage=True, status=ChunkStatus.STORED))

    assert differences(cloud) == []


def test_a_long_day_is_checked_in_parts(cloud: Cloud) -> None:
    for number in range(RECORDINGS_MAX + 1):
        cloud.catalog.save_recording(a_recording(id=f"{number:05}", created_at=BEGINNING, status=RecordingStatus.EMPTY))
    first = check(cloud)

    rest = cloud.services.consistency.check(BEGINNING, first.continuation)

    assert (first.recordings, rest.recordings, rest.continuation) == (RECORDINGS_MAX, 1, None)


# A day's report covers that day's folder, whenever its rows were written.


def told(cloud: Cloud) -> list[tuple[int, int]]:
    """(day, differences) of each report of a week that tells of any; each is asked for to its end."""
    found = []
    for day in range(19, 27):
        differences, continuation = 0, None
        while True:
            report = cloud.services.consistency.check(BEGINNING.replace(day=day, hour=0), continuation)
            differences, continuation = differences + len(report.differences), report.continuation
            if continuation is None:
                break
        found += [(day, differences)] if differences else []
    return found


def announced_after_midnight(cloud: Cloud, began: str = "2026-11-22T23:50:00Z") -> None:
    cloud.world.now = BEGINNING.replace(day=23, hour=0, minute=10)
    keep_at_acs(cloud, 1)
    host = FakeHost(cloud)
    host.publish(file_ready_event(1, recordingStartTime=began, event_time=cloud.world.now))
    host.settle()


def test_of_a_recording_before_midnight_that_was_announced_after_it_one_report_tells(cloud: Cloud) -> None:
    """R25."""
    announced_after_midnight(cloud)
    cloud.store.lose(cloud.chunk().content_blob)

    assert told(cloud) == [(22, 1)]


def test_of_a_recording_whose_blobs_are_all_gone_one_report_tells(cloud: Cloud) -> None:
    announced_after_midnight(cloud)
    cloud.store.all.clear()

    assert told(cloud) == [(22, 3)]


def test_of_a_recording_that_lasted_a_day_and_was_announced_a_day_later_one_report_tells(cloud: Cloud) -> None:
    announced_after_midnight(cloud, began="2026-11-21T00:20:00Z")
    cloud.store.all.clear()

    assert told(cloud) == [(21, 3)]


def test_of_a_recording_that_waited_a_day_to_be_resumed_one_report_tells(cloud: Cloud) -> None:
    recording = a_recording(created_at=BEGINNING, folder="2026/11/23/x", status=RecordingStatus.COMPLETED)
    cloud.catalog.save_recording(recording)

    assert told(cloud) == [(23, 1)]


def test_what_was_handed_in_days_later_is_covered_as_long_as_it_has_a_blob(cloud: Cloud) -> None:
    announced_after_midnight(cloud, began="2026-11-19T08:00:00Z")
    cloud.store.lose(cloud.chunk().content_blob)

    assert told(cloud) == [(19, 1)]


def test_a_recording_without_a_folder_is_of_the_day_on_which_it_was_created(cloud: Cloud) -> None:
    cloud.catalog.save_recording(a_recording(created_at=BEGINNING, status=RecordingStatus.STOPPED))
    cloud.catalog.spoil(OUR_ID)

    assert told(cloud) == [(22, 1)]


def test_two_entries_of_one_recording_are_compared_once(cloud: Cloud) -> None:
    cloud.catalog.save_recording(a_recording(created_at=BEGINNING, status=RecordingStatus.STOPPED))
    cloud.catalog.put_listed(ListEntry(id=OUR_ID, created_at=BEGINNING + timedelta(seconds=1)), None)

    assert check(cloud).recordings == 1


def test_a_day_of_many_folders_is_checked_in_parts_and_each_of_them_once(cloud: Cloud) -> None:
    for number in range(RECORDINGS_MAX + 1):
        cloud.store.overwrite(f"2026/11/22/6f1c2d3e-0000-4000-8000-{number:012}/a.wav", b"x")
    cloud.store.overwrite("2026/11/22/" + "a" * 900 + "/a.wav", b"x")

    first = check(cloud)
    rest = cloud.services.consistency.check(BEGINNING, first.continuation)

    assert (first.blobs, rest.blobs, rest.continuation) == (RECORDINGS_MAX + 1, 1, None)
    blobs = [found.blob for report in (first, rest) for found in report.differences]
    assert (len(blobs), len(set(blobs))) == (RECORDINGS_MAX + 2, RECORDINGS_MAX + 2)


def test_a_call_reads_a_bounded_number_of_rows_of_other_days(cloud: Cloud) -> None:
    for number in range(ROWS_READ_MAX + 1):
        cloud.catalog.save_recording(a_recording(id=f"{number:05}", created_at=BEGINNING + timedelta(days=1)))
    first = check(cloud)

    rest = cloud.services.consistency.check(BEGINNING, first.continuation)

    assert (first.recordings, rest.recordings, rest.continuation) == (0, 0, None)
    assert first.continuation is not None


def test_files_of_a_recording_that_has_chunks_but_no_row_are_explained_by_none(completed: Cloud) -> None:
    """As after a rebuild that died."""
    del completed.catalog.rows[completed.recording().id, ""]

    assert {difference for _, difference in differences(completed)} == {"No row explains this blob."}


def test_a_line_without_a_row_is_passed_over(completed: Cloud) -> None:
    del completed.catalog.rows[completed.recording().id, ""]

    assert check(completed).recordings == 0


@pytest.mark.parametrize("day", ["", "2026-11-22T08:00:00", "22.11.2026", "2026-13-01", "20261124", "2026-W48-2"])
def test_what_is_no_day_is_refused(day: str) -> None:
    with pytest.raises(InvalidRequest, match="day: it must be a day such as"):
        read_query(ConsistencyQuery, urlencode({"day": day}))


def test_a_report_is_of_a_day() -> None:
    with pytest.raises(InvalidRequest, match="day: it is missing"):
        read_query(ConsistencyQuery, "")


NOT_OURS = [b"not json", b"", b"[]", b"[" * 200_000, b"\xff\xfe", b"7", b"{}", b'{"chunks": ' + b"9" * 5000 + b"}"]


@pytest.mark.parametrize("content", NOT_OURS, ids=range(len(NOT_OURS)))
def test_a_manifest_that_is_none_is_a_difference(completed: Cloud, content: bytes) -> None:
    """R1. The report of the day goes on."""
    completed.store.overwrite(manifest(completed), content)
    completed.store.overwrite("2026/11/22/stray.wav", b"x")

    found = {one.blob: one for one in check(completed).differences}

    assert found.pop(manifest(completed)).difference == "The manifest could not be read: it is none of ours."
    assert [(one.id, one.blob) for one in found.values()] == [("", "2026/11/22/stray.wav")]


@pytest.mark.parametrize("content", [b'{"chunks": [1, null, "x"]}', b'{"chunks": [{"documentId": []}]}', b'{"a": 1}'])
def test_a_manifest_of_no_chunks_is_a_difference(completed: Cloud, content: bytes) -> None:
    completed.store.overwrite(manifest(completed), content)

    assert differences(completed) == [(manifest(completed), "The manifest lists other chunks than the rows.")]


def test_a_manifest_that_was_archived_is_a_difference(completed: Cloud) -> None:
    completed.store.archive(manifest(completed))

    assert [blob for blob, _ in differences(completed)] == [manifest(completed)]


def beside(cloud: Cloud) -> None:
    """Another recording of the day, one of whose blobs is gone."""
    chunk = {"status": ChunkStatus.STORED, "open": False, "bytes": 7, "sha256": "ab"}
    recording = cloud.catalog.save_recording(a_recording(created_at=BEGINNING))
    cloud.catalog.add_chunks(recording, [a_chunk(7, **chunk)])


def test_a_recording_that_cannot_be_read_is_a_difference_and_the_others_are_compared(completed: Cloud) -> None:
    """R2."""
    spoiled = completed.recording().id
    beside(completed)
    completed.catalog.spoil(spoiled)

    report = check(completed)

    found = {difference.id: difference.difference for difference in report.differences}
    assert report.recordings == 2
    assert "could not be read" in found[spoiled]
    assert "column status" in found[spoiled]
    assert "no such blob" in found[OUR_ID]


def test_a_chunk_that_cannot_be_read_is_a_difference_and_the_others_are_compared(completed: Cloud) -> None:
    first, second = completed.chunks()
    completed.catalog.spoil(first.id, first.document_id)
    completed.store.lose(second.content_blob)

    found = {(one.document_id, one.blob): one.difference for one in check(completed).differences}

    assert "could not be read" in found.pop((first.document_id, None))
    assert "no such blob" in found.pop((second.document_id, second.content_blob))
    assert set(found) == {(None, first.content_blob), (None, first.metadata_blob)}
    assert set(found.values()) == {"The row that may explain it is unreadable."}


def test_a_chunk_that_nobody_foresaw_is_a_difference(completed: Cloud) -> None:
    first, second = completed.chunks()

    class Odd(FakeStore):
        def stat(self, name: str) -> BlobProperties:
            if name == first.content_blob:
                raise RuntimeError("a secret")
            return super().stat(name)

    odd = Odd(completed.world)
    odd.all = completed.store.all
    completed.services.store = odd
    completed.store.lose(second.content_blob)

    found = {one.document_id: one.difference for one in check(completed).differences}

    assert set(found) == {first.document_id, second.document_id}
    assert "RuntimeError" in found[first.document_id]
    assert "a secret" not in str(found)


@pytest.mark.parametrize("name", ["catalog.recording", "catalog.chunks", "catalog.listed"])
def test_a_report_that_would_not_be_whole_is_not_given(completed: Cloud, name: str) -> None:
    completed.world.fail(name, Fault.ERROR_BEFORE)

    with pytest.raises(CatalogUnavailable):
        check(completed)


@pytest.mark.parametrize("name", ["store.stat", "store.names", "store.read"])
def test_a_report_without_the_store_is_not_given(completed: Cloud, name: str) -> None:
    completed.world.fail(name, Fault.ERROR_BEFORE)

    with pytest.raises(StoreUnavailable):
        check(completed)


@pytest.mark.parametrize("folder", ["it's", "päß", "a" * 900, "a#b?c%20", " "])
def test_only_what_can_be_an_id_of_ours_is_looked_up(completed: Cloud, folder: str) -> None:
    """A key that Table Storage refuses would end the report like an outage."""
    completed.store.overwrite(f"2026/11/22/{folder}/a.wav", b"x")
    before = completed.world.counts["catalog.chunks"]

    assert [blob for blob, _ in differences(completed)] == [f"2026/11/22/{folder}/a.wav"]
    assert completed.world.counts["catalog.chunks"] == before + 1
