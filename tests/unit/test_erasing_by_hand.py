"""What the API says after an operator removed a recording's files, and then its rows, as docs/operations.md tells."""

import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.domain.statuses import RecordingStatus
from tests.builders import file_ready_event, keep_at_acs
from tests.fakes import BEGINNING, Cloud, FakeHost
from tests.unit.app import App

LATER = timedelta(days=2)  # ACS and Event Grid have nothing of it any more
NOTHING = {"rebuilt": 0, "present": 0, "unreadable": 0, "continuation": None}
DAY = f"{BEGINNING:%Y-%m-%d}"


@pytest.fixture
def completed(cloud: Cloud) -> Cloud:
    keep_at_acs(cloud, 1)
    host = FakeHost(cloud)
    host.publish(file_ready_event(1))
    host.settle()
    cloud.world.advance(LATER)
    return cloud


OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
FINISHED = {RecordingStatus.COMPLETED, RecordingStatus.FAILED, RecordingStatus.EMPTY}


def remove_files(cloud: Cloud) -> None:
    for name in list(cloud.store.blobs):
        cloud.store.lose(name)


def remove_rows(cloud: Cloud) -> None:
    """The partition in the table `recordings`; what the index says of it stays."""
    cloud.catalog.rows.clear()
    cloud.catalog.told.clear()


def asked(cloud: Cloud, name: str, **request: Any) -> tuple[int, Any]:
    status, body, _ = App(cloud).http(name, **request)
    return status, body


def one(cloud: Cloud) -> dict[str, str]:
    return {"id": cloud.recording().id}


def announce_again(cloud: Cloud) -> None:
    host = FakeHost(cloud)
    host.publish(file_ready_event(1))
    host.settle()


def test_without_its_files_a_recording_is_still_told_of(completed: Cloud) -> None:
    remove_files(completed)

    status, body = asked(completed, "get_recording", route=one(completed))

    assert (status, body["status"]) == (200, "completed")


def test_without_its_files_there_is_no_link_to_them(completed: Cloud) -> None:
    remove_files(completed)

    status, problem = asked(
        completed, "chunk_content", route={**one(completed), "documentId": completed.chunk().document_id}
    )

    assert (status, problem["title"]) == (410, "Gone")


def test_without_its_files_the_consistency_report_names_each(completed: Cloud) -> None:
    remove_files(completed)

    status, report = asked(completed, "check_consistency", params={"day": DAY})

    assert status == 200
    assert "The row says that it is stored, but there is no such blob." in {
        found["difference"] for found in report["differences"] if found["blob"] == completed.chunk().content_blob
    }


def test_without_its_rows_nothing_is_known_of_it(completed: Cloud) -> None:
    id = one(completed)
    remove_files(completed)
    remove_rows(completed)

    assert asked(completed, "get_recording", route=id)[0] == 404
    assert asked(completed, "list_recordings") == (200, {"recordings": [], "unreadable": [], "continuation": None})
    assert asked(completed, "check_consistency", params={"day": DAY})[1]["differences"] == []
    assert not completed.catalog.lists[None]


def test_without_its_files_and_rows_a_rebuild_brings_nothing_back(completed: Cloud) -> None:
    remove_files(completed)
    remove_rows(completed)

    assert asked(completed, "rebuild_recordings", params={"day": DAY}) == (200, NOTHING)


def test_an_event_that_comes_once_more_brings_a_row_and_no_file(completed: Cloud) -> None:
    remove_files(completed)
    remove_rows(completed)

    announce_again(completed)

    assert (completed.store.blobs, completed.recording().status) == ({}, "failed")


def test_without_its_files_an_event_that_comes_once_more_changes_nothing(completed: Cloud) -> None:
    remove_files(completed)

    announce_again(completed)

    assert (completed.store.blobs, completed.recording().status) == ({}, "completed")


def test_without_its_rows_a_chunk_is_not_known(completed: Cloud) -> None:
    route = {**one(completed), "documentId": completed.chunk().document_id}
    remove_files(completed)
    remove_rows(completed)

    assert asked(completed, "chunk_content", route=route)[0] == 404


def test_without_its_files_a_rebuild_comes_upon_nothing(completed: Cloud) -> None:
    remove_files(completed)

    assert asked(completed, "rebuild_recordings", params={"day": DAY}) == (200, NOTHING)


def test_the_document_tells_just_that() -> None:
    told = OPERATIONS.read_text()
    rows = re.findall(r"^\| `(?:GET|POST) (\S+)` \| (.+?) \| (.+?) \|$", told, re.MULTILINE)

    assert rows == [
        ("/api/recordings/{id}", "200, still `completed`", "404"),
        ("…/chunks/{documentId}/content", "410", "404"),
        ("/api/recordings", "lists it", "does not, and removes its entry from the list"),
        (
            "/api/consistency?day=",
            '"The row says that it is stored, but there is no such blob."',
            "no difference",
        ),
        ("/api/rebuild?day=", "nothing comes back", "nothing comes back"),
    ]


def ending_of_rows() -> str:
    return OPERATIONS.read_text().partition("## End old rows")[2]


def test_rows_are_ended_of_finished_recordings_only() -> None:
    (statuses,) = re.findall(r"for status in (.+); do", ending_of_rows())

    assert set(statuses.split()) == FINISHED


def test_rows_of_refused_starts_are_ended_too() -> None:
    """They hold tags and ids of calls as others do, and a list leaves them out unless it is asked for them."""
    lists = re.findall(r"acsrec list (.+)", ending_of_rows())

    assert lists
    assert [asked for asked in lists if "--include-refused" not in asked] == []


def test_the_ids_of_a_list_are_what_the_document_takes_from_it() -> None:
    (program,) = re.findall(r"python3 -c \\\n +'(.+)'", ending_of_rows())
    printed = json.dumps({"recordings": [{"id": "6f1c", "status": "completed"}, {"id": "7a2d"}], "unreadable": []})

    done = subprocess.run([sys.executable, "-c", program], input=printed, capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["6f1c", "7a2d"]
